//! How many entries a map is built for.

use mapscope_maps::entry::Entry;

use super::draft::{put, whole};
use super::{Absent, Axis, Column, Draft, Kind, Put, Scope, Takes, Unfit, Value};
use crate::plan::cell::OPS_MAX;
use crate::plan::place::Raw;
use crate::plan::{Hint, Source};

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
        OPS => Hint::Ops,
        _ => {
            let entries = whole(raw, 0, OPS_MAX);
            Hint::Entries(entries.map_err(|error| format!("{error}; or {OPS}, for as many as operations"))?)
        }
    };
    if hint != Hint::Entries(0) && !scope.maps.iter().any(|map| map.offer.hint) {
        return Err(format!("can't be given: {} takes no capacity hint", scope.names()));
    }
    Ok(put(move |draft| draft.cell.hint = hint))
}

/// Maps that take no hint run once, with 0.
fn settle(draft: &mut Draft, scope: &Scope<'_>, _: Option<&Raw>) -> Result<(), Unfit> {
    let cell = &mut draft.cell;
    if !draft.offer.hint {
        cell.hint = Hint::Entries(0);
    }
    if let Source::Generated { .. } = cell.workload.source {
        cell.hint = Hint::Entries(cell.hint.entries(cell.workload.ops));
    }
    // What a trace has is known when it is open.
    let entries = cell.hint.entries(0);
    let slot_bytes = |Entry { key, value }| key.shape().bytes + value.shape().bytes;
    let bytes = u128::from(entries) * u128::from(cell.entry.parse().map_or(0, slot_bytes));
    if bytes > u128::from(scope.memory_bytes) {
        return Err(format!(
            "{entries} entries of {} need at least {} MiB, but there are {} MiB of memory: give a smaller hint",
            cell.entry,
            bytes / u128::from(MIB),
            scope.memory_bytes / MIB,
        )
        .into());
    }
    Ok(())
}
