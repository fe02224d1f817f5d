//! What an entry costs in a map of buckets, by the sizes that the map itself uses.

use super::bucket::{self, SLOTS};
use super::design::{Design, Link, Part as _};
use super::hmap::{Extra, allocated_buckets};
use super::{WITHOUT_HEADERS, capacity};
use crate::maps::Options;
use crate::maps::go::slice::Slice;
use crate::maps::go::{heap, stored};
use crate::maps::layout::{EntryShape, Layout, Slot, Step, When, doubling};

/// Arrays are exact; overflow buckets behind them are left out.
pub(in crate::maps::go) fn layout<D: Design>(entry: &EntryShape, options: &Options, entries: u64) -> Layout {
    let headers = options.release != Some(WITHOUT_HEADERS);
    let occupied = |bytes: usize, headerless: bool| heap::occupied_bytes(bytes, headerless || !headers) as u64;
    let [key, value] = [entry.key, entry.value].map(stored::place_for);
    let bucket = bucket::bytes(key, value, D::Link::BYTES);
    let noscan = !(entry.key.pointers() || entry.value.pointers() || key.indirect || value.indirect);
    let header = 48 + if D::INLINE { bucket } else { 0 };

    // A small table holds a bucket's worth whatever its load factor. Several then follow each other, each as soon as the one
    // before has been evacuated, which takes an insert for each of its buckets at the most.
    let capacity = |b: u8| capacity(options.load_factor, b) as u64;
    let in_time = |b: u8| b < 2 || capacity(1) > capacity(0) || capacity(b - 1) >= capacity(0) + (1 << (b - 1));
    let steps = doubling(1, entries, |buckets, from| {
        let b = buckets.ilog2() as u8;
        let bytes = match b {
            0 if D::INLINE => 0,
            _ => occupied(allocated_buckets::<D>(b, bucket, noscan || !headers) * bucket, noscan),
        };
        let blocks = if bytes > 0 { vec![bytes] } else { Vec::new() };
        let from = in_time(b).then_some(from);
        Step { slots: buckets * SLOTS as u64, from, holds: Some(capacity(b)), blocks, bytes }
    });
    let slot = Slot::apart(key.part(), value.part(), key.align.max(value.align) as u64);
    let mut layout = Layout::new(slot, entry).steps(steps).with(When::Map, "the header", occupied(header, false));
    layout = stored::with_objects(layout, entry, headers);
    let extra = occupied(size_of::<Extra<u64, u64, D>>(), false);
    layout = if D::Slab::HAS {
        layout.with(When::Sometimes, "the slab", extra).with(When::Sometimes, "its chunks, each twice the last", None)
    } else {
        let bytes = occupied(bucket, noscan);
        layout.with(When::Sometimes, "an overflow bucket of 8 slots", bytes).with(
            When::Sometimes,
            "what keeps track of overflow buckets",
            extra,
        )
    };
    if noscan && D::HEAPED {
        let list = occupied(size_of::<Slice<u64>>(), false);
        layout = layout.with(When::Sometimes, "a list of overflow buckets", list).with(
            When::Sometimes,
            "its array, as append grows it",
            None,
        );
    }
    layout.gradual().open(
        "hashes decide which buckets overflow, and how many overflow buckets are allocated beyond the array's own",
    )
}
