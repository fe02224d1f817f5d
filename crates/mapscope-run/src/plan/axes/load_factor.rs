//! How full a map gets before it grows, where that can be set.

use super::draft::put;
use super::{Absent, Axis, Column, Draft, Kind, Put, Scope, Takes, Unfit, Value};
use crate::plan::place::Raw;
use crate::text::{quoted, shown};

pub(super) const AXIS: Axis = Axis {
    key: "load_factor",
    flag: "--load-factor",
    label: "load factor",
    help: "Load factors, for the maps that let it be set",
    one: Some(("Load factor, where the map lets it be set", "F")),
    takes: Takes::Numbers(&[]),
    absent: Absent::Open("the map's own"),
    column: Some(Column {
        kind: Kind::Real,
        value: |id| id.load_factor.map(Value::Real),
        whole: "load_factor={}",
        short: "lf={}",
        stem: "lf{}",
        ..Column::WORDS
    }),
    depth: 10,
    read,
    settle,
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let x: f64 = raw.text.parse().map_err(|_| format!("must be a number, got {}", quoted(&raw.text)))?;
    if scope.maps.iter().all(|map| map.offer.load_factor.is_none()) {
        return Err(format!("can't be set: not a parameter of {}", scope.names()));
    }
    Ok(put(move |draft| draft.cell.load_factor = Some(x)))
}

/// Maps whose load factor can't be set run once.
fn settle(draft: &mut Draft, _: &Scope<'_>, written: Option<&Raw>) -> Result<(), Unfit> {
    let cell = &mut draft.cell;
    match (draft.offer.load_factor, cell.load_factor.zip(written)) {
        (Some(of), Some((x, raw))) if !(of.min..=of.max).contains(&x) => {
            let range = format!("from {} to {}", of.min, of.max);
            let what = format!("must be {range} for {}, got {}", cell.map.name, shown(&raw.text));
            Err(Unfit::map(format!("load factors {range}"), what))
        }
        (Some(of), None) => {
            cell.load_factor = Some(of.of_release(cell.map.first_word()));
            Ok(())
        }
        (Some(_), Some(_)) => Ok(()),
        (None, _) => {
            cell.load_factor = None;
            Ok(())
        }
    }
}
