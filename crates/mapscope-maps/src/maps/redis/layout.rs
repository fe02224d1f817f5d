//! What an entry costs in a dict, by the sizes that the map itself reports.

use super::Release;
use super::dict::{ENTRY_BYTES, INITIAL_BUCKETS, LIST_NODE_BYTES};
use super::table::BUCKET_BYTES;
use crate::maps::layout::{EntryShape, Layout, Part, Slot, Step, When, doubling};

/// Exact: a table is replaced by the add that finds as many entries as buckets.
pub(super) fn layout(entry: &EntryShape, release: Release, entries: u64) -> Layout {
    let class = |bytes| release.heap().class(bytes);
    let steps = doubling(INITIAL_BUCKETS as u64, entries, |buckets, from| {
        let bytes = class(buckets * BUCKET_BYTES);
        let blocks = match release {
            Release::V7_0 => vec![bytes],
            Release::V7_4 => vec![bytes, class(LIST_NODE_BYTES)],
        };
        Step { slots: buckets, from: Some(from), holds: Some(buckets), blocks, bytes }
    });
    let slot = Slot {
        bytes: class(ENTRY_BYTES),
        align: 8,
        key: Part::POINTER,
        value: Part::POINTER,
        other_bytes: 8,
        apart: false,
        node: true,
    };
    let layout = Layout::new(slot, entry).steps(steps).with(When::Map, "the dict", class(release.dict_bytes())).with(
        When::Entry,
        "the entry",
        class(ENTRY_BYTES),
    );
    Layout { owns: release.heap().owned(entry), ..layout.gradual() }
}
