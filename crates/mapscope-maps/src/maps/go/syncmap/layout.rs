//! What an entry costs in a `sync.Map`: each key and each value is boxed, and no release has them in a table.

use super::boxed::with_contents;
use super::trie::{ENTRY_BYTES, NODE_BYTES};
use crate::entry::Meaning;
use crate::maps::go::classic::{self, GoClassic};
use crate::maps::go::heap;
use crate::maps::layout::{EntryShape, Heap, Layout, Part, Room, Shape, Slot, When};
use crate::maps::{Family, Options};

/// Go's `any`, and a pointer to an entry.
const ANY_BYTES: u64 = 16;
const WORD_BYTES: u64 = 8;

fn occupied(bytes: usize) -> u64 {
    heap::occupied_bytes(bytes, false) as u64
}

/// From Go 1.24 on.
pub(super) fn of_trie(entry: &EntryShape) -> Layout {
    let bytes = occupied(ENTRY_BYTES);
    // Whether it is an entry, what overflows from it, the types of both.
    let other_bytes = 4 * WORD_BYTES;
    let (key, value) = (Part::POINTER, Part::POINTER);
    let slot = Slot { bytes, align: WORD_BYTES, key, value, other_bytes, apart: false, node: true };
    let layout = Layout::new(slot, entry)
        .with(When::Map, "the map", occupied(48))
        .with(When::Map, "the root", occupied(NODE_BYTES))
        .with(When::Entry, "the entry", bytes);
    let layout = with_contents(layout, entry);
    let least = layout.object_bytes(When::Entry).unwrap_or(0) as f64;
    layout
        .at_least(least)
        .with(When::Sometimes, "a node of 16 children", occupied(NODE_BYTES))
        .open("hashes decide how many nodes it takes to tell the entries apart")
}

/// Up to Go 1.23: the map that inserts go to is a runtime map.
pub(super) fn of_pair(entry: &EntryShape, options: &Options, entries: u64) -> Layout {
    let pointers =
        |bytes| Shape { room: Room { bytes, align: WORD_BYTES }, heap: Heap::Bytes(0), meaning: Meaning::Bytes };
    let inner = EntryShape { key: pointers(ANY_BYTES), value: pointers(WORD_BYTES) };
    let options = Options { load_factor: GoClassic::INFO.load_factor_of(options.release), ..*options };
    let dirty = classic::layout::layout::<classic::Go>(&inner, &options, entries);
    let slot = Slot { key: Part { indirect: true, ..dirty.slot.key }, value: Part::POINTER, ..dirty.slot };
    let layout = Layout { slot, owns: Layout::new(slot, entry).owns, ..dirty }
        .with(When::Map, "the map", occupied(32))
        .with(When::Map, "what its read side points to", occupied(16))
        .with(When::Entry, "the entry", occupied(8))
        .with(When::Entry, "the value's type and address", ANY_BYTES);
    with_contents(layout, entry).with(When::Sometimes, "a copy of that, garbage at once", ANY_BYTES).open(
        "lookups and ranges make the other map of the pair, which has its own buckets; hashes decide which overflow",
    )
}
