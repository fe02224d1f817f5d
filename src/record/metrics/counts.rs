//! What was asked of the map, and what it did, as counted.

use super::Better::{Lower, Neither};
use super::Number::Int;
use super::{Cell, Metric, exact, moved, writes};
use crate::record::Count;

fn count(cell: &Cell, of: fn(&Count) -> u64) -> Option<super::Number> {
    cell.count.as_ref().map(|count| Int(of(count)))
}

pub(super) const METRICS: &[Metric] = &[
    exact("writes", "count", Neither, "Inserts, overwrites and removes measured.", |c| Some(Int(writes(c)))),
    exact("inserts", "count", Neither, "Puts of a key that was not there.", |c| Some(Int(c.expected.inserts))),
    exact("overwrites", "count", Neither, "Puts of a key that was there.", |c| Some(Int(c.expected.overwrites))),
    exact("removes", "count", Neither, "Removes, hit or miss.", |c| Some(Int(c.expected.removes))),
    exact("gets", "count", Neither, "Lookups, hit or miss.", |c| Some(Int(c.expected.gets))),
    exact(
        "payload_bytes",
        "bytes",
        Neither,
        "Bytes of the keys and values handed over by inserts and overwrites.",
        |c| c.count.as_ref().map(|_| Int(c.expected.payload_bytes)),
    ),
    exact("alloc_count", "count", Lower, "Allocations by the measured operations.", |c| count(c, |n| n.alloc_count)),
    exact("alloc_bytes", "bytes", Lower, "Bytes allocated by the measured operations.", |c| count(c, |n| n.alloc_bytes)),
    exact("free_count", "count", Neither, "Frees by the measured operations.", |c| count(c, |n| n.free_count)),
    exact("free_bytes", "bytes", Neither, "Bytes freed by the measured operations.", |c| count(c, |n| n.free_bytes)),
    exact("realloc_moved_bytes", "bytes", Lower, "Old sizes of the reallocations that changed their address.", |c| {
        count(c, |n| n.realloc_moved_bytes)
    }),
    exact("moved_entries", "count", Lower, "Entries already in the map that changed their address.", |c| {
        count(c, |n| moved(n).0)
    }),
    exact("moved_bytes", "bytes", Lower, "Bytes copied to move those entries.", |c| count(c, |n| moved(n).1)),
];
