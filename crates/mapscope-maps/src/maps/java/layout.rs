//! What an entry costs in a `HashMap`, by the sizes that the map itself reports.

use super::{BINS_MAX, DEFAULT_BINS, objects, threshold};
use crate::entry::Meaning;
use crate::maps::Options;
use crate::maps::layout::{EntryShape, Heap, Layout, Owned, Part, Shape, Slot, Step, When, doubling};

/// The table doubles in the put that brings more than its threshold.
pub(super) fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Layout {
    let (mut old_bins, mut held) = (0, 0);
    let steps = doubling(DEFAULT_BINS as u64, entries, |slots, from| {
        let bins = slots as usize;
        held = threshold(old_bins, held, bins, options.load_factor as f32);
        old_bins = bins;
        let (holds, bytes) = ((bins <= BINS_MAX).then_some(held as u64), objects::table(bins));
        Step { slots, from: Some(from), holds, blocks: vec![bytes], bytes }
    });
    let layout = Layout::new(slot(), entry)
        .steps(steps)
        .with(When::Map, "the HashMap", objects::HASH_MAP)
        .with(When::Entry, "the node", objects::node(false))
        .with(When::Instead, "the node of a tree", objects::node(true))
        .with(When::Sometimes, "what it takes to make a tree, and to compare boxed keys in it", None)
        .open("hashes decide which bins have nine entries and become trees, or double a table of less than 64 bins");
    Layout { owns: owned(entry), early: true, ..layout }
}

/// What keys and values of these shapes own.
fn owned(entry: &EntryShape) -> Vec<Owned> {
    let EntryShape { key, value } = entry;
    let array = |shape: &Shape| match shape.heap {
        Heap::None => Some(objects::array(shape.room.bytes)),
        Heap::Bytes(bytes) => Some(objects::array(bytes)),
        Heap::Varies => None,
    };
    let own = |what, bytes| vec![Owned { what, bytes }];
    let number = |what, shape: &Shape| own(what, Some(objects::box_bytes(shape.room.bytes)));
    let text = |what, shape: &Shape| [own(what, Some(objects::STRING)), own("its bytes", array(shape))].concat();
    let of_key = match key.meaning {
        Meaning::Number => number("the key's box (-128 to 127 have none)", key),
        Meaning::Text => text("the key, a String", key),
        Meaning::Bytes => own("the key, a UUID", Some(objects::UUID)),
    };
    let of_value = match value.meaning {
        Meaning::Number => number("the value's box (-128 to 127 have none)", value),
        Meaning::Text => text("the value, a String", value),
        Meaning::Bytes if value.room.bytes == 0 => Vec::new(),
        Meaning::Bytes => own("the value, a byte[]", array(value)),
    };
    [of_key, of_value].concat().into_iter().filter(|owned| owned.bytes != Some(0)).collect()
}

/// A node, as it is in Java: a header of 12 bytes, a hash, three references.
fn slot() -> Slot {
    let reference = Part { bytes: objects::REFERENCE, indirect: true };
    Slot {
        bytes: objects::NODE,
        align: 8,
        key: reference,
        value: reference,
        other_bytes: 12 + 4 + objects::REFERENCE,
        apart: false,
        node: true,
    }
}
