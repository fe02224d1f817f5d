//! How many entries a map is built for.

use super::draft::{put, whole};
use super::{Absent, Axis, Column, Draft, Kind, Put, Scope, Takes, Unfit, Value};
use crate::plan::Source;
use crate::plan::cell::OPS_MAX;
use crate::plan::place::Raw;

/// Stands for each cell's own operations.
const OPS: &str = "ops";
const MIB: u64 = 1 << 20;

pub(super) const AXIS: Axis = Axis {
    key: "hint",
    flag: "--hint",
    label: "hint",
    help: "Capacity hints in entries; 0 for none, ops for as many as operations",
    one: Some(("Capacity hint in entries; 0 for none, ops for as many as operations", "N")),
    takes: Takes::Numbers(&[OPS]),
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
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let hint = match &*raw.text {
        // Known when the cell has its operations.
        OPS => None,
        _ => Some(whole(raw, 0, OPS_MAX).map_err(|error| format!("{error}; or {OPS}, for as many as operations"))?),
    };
    if hint != Some(0) && !scope.maps.iter().any(|map| map.offer.hint) {
        return Err(format!("can't be given: {} takes no capacity hint", scope.names()));
    }
    Ok(put(move |draft| draft.cell.hint = hint.unwrap_or_default()))
}

/// Maps that take no hint run once, with 0.
fn settle(draft: &mut Draft, scope: &Scope<'_>, written: Option<&Raw>) -> Result<(), Unfit> {
    let cell = &mut draft.cell;
    if !draft.offer.hint {
        cell.hint = 0;
    } else if written.is_some_and(|raw| raw.text == OPS) {
        cell.hint = cell.workload.ops;
        if cell.hint == OPS_MAX && matches!(cell.workload.source, Source::Trace(_)) {
            let what = "how many operations a trace has is known when it is read: give ops too, or a number";
            return Err(what.to_owned().into());
        }
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
        )
        .into());
    }
    Ok(())
}
