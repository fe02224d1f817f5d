//! How many entries a map is built for.

use super::draft::{OPS_MAX, put, whole};
use super::{Absent, Axis, Column, Draft, Kind, Put, Scope, Takes, Value};
use crate::spec::place::Raw;

const MIB: u64 = 1 << 20;

pub(super) const AXIS: Axis = Axis {
    key: "hint",
    flag: "--hint",
    label: "hint",
    help: "Capacity hints in entries; 0 for none",
    one: Some(("Capacity hint in entries; 0 for none", "N")),
    takes: Takes::Numbers(&[]),
    absent: Absent::Default("0"),
    column: Some(Column {
        kind: Kind::Int,
        value: |id| Some(Value::Int(id.hint)),
        whole: "hint={}",
        short: "hint={}",
        stem: "hint{}",
        unsaid: Some("0"),
        grouped: true,
        ..Column::WORDS
    }),
    depth: 6,
    read,
    settle,
    ..Axis::PLAIN
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let hint = whole(raw, 0, OPS_MAX)?;
    if hint > 0 && !scope.maps.iter().any(|map| map.offer.hint) {
        return Err(format!("can't be given: {} takes no capacity hint", scope.names()));
    }
    Ok(put(move |draft| draft.cell.hint = hint))
}

/// Maps that take no hint run once, with 0.
fn settle(draft: &mut Draft, scope: &Scope<'_>, _: Option<&Raw>) -> Result<(), String> {
    let cell = &mut draft.cell;
    if !draft.offer.hint {
        cell.hint = 0;
    }
    let entry = scope.catalog.entries.iter().find(|offer| offer.term.name == cell.entry);
    let bytes = u128::from(cell.hint) * u128::from(entry.map_or(0, |offer| offer.slot_bytes));
    if bytes > u128::from(scope.memory_bytes) {
        return Err(format!(
            "{} entries of {} need at least {} MiB, but there are {} MiB of memory: give a smaller hint",
            cell.hint,
            cell.entry,
            bytes / u128::from(MIB),
            scope.memory_bytes / MIB,
        ));
    }
    Ok(())
}
