//! What an entry costs in a map of groups, by the sizes that the map itself uses.

use super::group::{self, SLOTS};
use super::table::{MAX_SLOTS, growth_limit};
use crate::maps::go::{heap, stored};
use crate::maps::layout::{EntryShape, Layout, Slot, Step, When, doubling};

const HEADER_BYTES: usize = 48;
const TABLE_BYTES: usize = 32;
const POINTER_BYTES: usize = 8;

/// Exact up to the largest table; how many of these a larger map has is open.
pub(super) fn layout(entry: &EntryShape, entries: u64) -> Layout {
    let [key, value] = [entry.key, entry.value].map(stored::place_for);
    let noscan = !(entry.key.pointers() || entry.value.pointers() || key.indirect || value.indirect);
    let occupied = |bytes: usize| heap::occupied_bytes(bytes, false) as u64;
    let groups = |slots: usize| heap::occupied_bytes(slots / SLOTS * group::bytes(key, value), noscan) as u64;
    let (table, directory) = (occupied(TABLE_BYTES), occupied(POINTER_BYTES));

    let steps = doubling(SLOTS as u64, entries, |slots, from| {
        let slots = slots as usize;
        let of_table = vec![table, groups(slots)];
        let (holds, blocks, bytes) = match slots {
            SLOTS => (Some(SLOTS), vec![groups(slots)], groups(slots)),
            ..=MAX_SLOTS => {
                let bytes = table + groups(slots) + directory;
                let first = if slots == 2 * SLOTS { vec![directory] } else { Vec::new() };
                (Some(growth_limit(slots)), [of_table, first].concat(), bytes)
            }
            _ => (None, Vec::new(), 0),
        };
        Step { slots: slots as u64, from: Some(from), holds: holds.map(|holds| holds as u64), blocks, bytes }
    });
    let stride = group::stride(key, value) as u64;
    let (align, other_bytes) = (key.align.max(value.align) as u64, 0);
    let slot =
        Slot { bytes: stride, align, key: key.part(), value: value.part(), other_bytes, apart: false, node: false };
    let layout = Layout::new(slot, entry).steps(steps).with(When::Map, "the header", occupied(HEADER_BYTES));
    // Large objects of Go 1.24 and later have headers.
    let layout = stored::with_objects(layout, entry, true);
    let in_full_tables = (table + groups(MAX_SLOTS)) as f64 / growth_limit(MAX_SLOTS) as f64;
    let least = in_full_tables + layout.object_bytes(When::Entry).unwrap_or(0) as f64;
    layout
        .at_least(least)
        .with(When::Sometimes, "the head of a table, beyond 896 entries", table)
        .with(When::Sometimes, "its groups, of 1,024 slots", groups(MAX_SLOTS))
        .with(When::Sometimes, "the directory, doubled as tables split", None)
        .open("beyond 896 entries a full table becomes two of 1,024 slots, and hashes decide which is full when")
}
