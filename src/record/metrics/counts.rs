//! Quantities as counted: the workload's operations, allocations, moves, growths.

use super::Better::{Lower, Neither};
use super::{Better, Class, Metric, Number};
use crate::record::{Cell, Count, OpKind};

/// A metric that is an integer of the record.
const fn counted(
    name: &'static str,
    unit: &'static str,
    better: Better,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Exact, better, summary, value)
}

/// Writes that the workload asks for. [`read`](crate::record::read) has made sure that they fit.
pub(super) fn writes(cell: &Cell) -> u64 {
    let of = |kind: OpKind| cell.expected.ops(kind).unwrap_or(0);
    OpKind::ALL.into_iter().filter(|kind| kind.is_write()).map(of).fold(0, u64::saturating_add)
}

/// Moved entries and their bytes: as the map itself counts them, else as the census does.
pub(super) fn moved(count: &Count) -> Option<(u64, u64)> {
    let inside = count.inside_moved_entries.zip(count.inside_moved_bytes);
    inside.or(count.census_moved_entries.zip(count.census_moved_bytes))
}

pub(super) const WRITES: Metric =
    counted("writes", "count", Neither, "Writes: inserts + overwrites + removes.", |c| Some(Number::Int(writes(c))));

pub(super) const INSERTS: Metric = counted("inserts", "count", Neither, "Puts of a key that was not there.", |c| {
    Some(Number::Int(c.expected.inserts))
});

pub(super) const OVERWRITES: Metric = counted("overwrites", "count", Neither, "Puts of a key that was there.", |c| {
    Some(Number::Int(c.expected.overwrites))
});

pub(super) const REMOVES: Metric =
    counted("removes", "count", Neither, "Remove operations, whether they found their key or not.", |c| {
        Some(Number::Int(c.expected.removes))
    });

pub(super) const GETS: Metric =
    counted("gets", "count", Neither, "Lookups, whether they found their key or not.", |c| {
        Some(Number::Int(c.expected.gets))
    });

pub(super) const CLEARS: Metric =
    counted("clears", "count", Neither, "Times that all entries were dropped at once.", |c| {
        c.expected.clears.map(Number::Int)
    });

pub(super) const ITERATIONS: Metric =
    counted("iterations", "count", Neither, "Iterations over all entries.", |c| c.expected.iterations.map(Number::Int));

pub(super) const PAYLOAD_BYTES: Metric = counted(
    "payload_bytes",
    "bytes",
    Neither,
    "Bytes of key and value handed to the map by inserts and overwrites, what these own on the heap included.",
    |c| Some(Number::Int(c.expected.payload_bytes)),
);

pub(super) const ALLOC_COUNT: Metric = counted(
    "alloc_count",
    "count",
    Lower,
    "Allocations of the map that succeeded; a realloc is one allocation and one free.",
    |c| c.count.as_ref().map(|n| Number::Int(n.alloc_count)),
);

pub(super) const ALLOC_BYTES: Metric =
    counted("alloc_bytes", "bytes", Lower, "Bytes that the map allocated; a realloc counts its new size.", |c| {
        c.count.as_ref().map(|n| Number::Int(n.alloc_bytes))
    });

pub(super) const ENTRY_ALLOC_COUNT: Metric = counted(
    "entry_alloc_count",
    "count",
    Lower,
    "Allocations that the keys and values put own, which the map's user made; none of them is in alloc_count.",
    |c| c.count.as_ref()?.entry_alloc_count.map(Number::Int),
);

pub(super) const ENTRY_ALLOC_BYTES: Metric = counted(
    "entry_alloc_bytes",
    "bytes",
    Lower,
    "Bytes on the heap that the keys and values put own: a string's, a value's of the entry u64/bytes. None of them is in \
     alloc_bytes.",
    |c| c.count.as_ref()?.entry_alloc_bytes.map(Number::Int),
);

pub(super) const FREE_COUNT: Metric = counted(
    "free_count",
    "count",
    Lower,
    "Frees, of what entries own too; a realloc is one allocation and one free.",
    |c| c.count.as_ref()?.free_count.map(Number::Int),
);

pub(super) const FREE_BYTES: Metric =
    counted("free_bytes", "bytes", Lower, "Bytes freed, entries' own included; a realloc counts its old size.", |c| {
        c.count.as_ref()?.free_bytes.map(Number::Int)
    });

pub(super) const REALLOC_MOVED_BYTES: Metric =
    counted("realloc_moved_bytes", "bytes", Lower, "Old sizes of the reallocs that changed the address.", |c| {
        c.count.as_ref()?.realloc_moved_bytes.map(Number::Int)
    });

pub(super) const MOVED_ENTRIES: Metric = counted(
    "moved_entries",
    "count",
    Lower,
    "Entries already in the map whose address changed: as the map itself counts them, else by the census.",
    |c| Some(Number::Int(moved(c.count.as_ref()?)?.0)),
);

pub(super) const MOVED_BYTES: Metric =
    counted("moved_bytes", "bytes", Lower, "Bytes copied inside the map for the moved entries.", |c| {
        Some(Number::Int(moved(c.count.as_ref()?)?.1))
    });

pub(super) const GROW_EVENTS: Metric =
    counted("grow_events", "count", Lower, "Larger tables allocated, the first one included.", |c| {
        c.count.as_ref()?.grow_events.map(Number::Int)
    });

pub(super) const SAME_SIZE_GROW_EVENTS: Metric = counted(
    "same_size_grow_events",
    "count",
    Lower,
    "Tables of the same size allocated, to shed tombstones or chains.",
    |c| c.count.as_ref()?.same_size_grow_events.map(Number::Int),
);

pub(super) const SPLIT_EVENTS: Metric =
    counted("split_events", "count", Lower, "Tables replaced by two, each with half of the hashes.", |c| {
        c.count.as_ref()?.split_events.map(Number::Int)
    });

pub(super) const DIRECTORY_GROW_EVENTS: Metric =
    counted("directory_grow_events", "count", Lower, "Times that the directory of tables was made larger.", |c| {
        c.count.as_ref()?.directory_grow_events.map(Number::Int)
    });

pub(super) const PRUNE_EVENTS: Metric =
    counted("prune_events", "count", Lower, "Times that a table's tombstones were cleared in place.", |c| {
        c.count.as_ref()?.prune_events.map(Number::Int)
    });

pub(super) const PROMOTE_EVENTS: Metric = counted(
    "promote_events",
    "count",
    Lower,
    "Times that the table written to under a lock became the one read without.",
    |c| c.count.as_ref()?.promote_events.map(Number::Int),
);

pub(super) const DIRTY_COPY_EVENTS: Metric = counted(
    "dirty_copy_events",
    "count",
    Lower,
    "Times that a table to be written to under a lock was made and given every live entry.",
    |c| c.count.as_ref()?.dirty_copy_events.map(Number::Int),
);

pub(super) const REHASH_EVENTS: Metric =
    counted("rehash_events", "count", Lower, "Chains linked into another table, their entries where they were.", |c| {
        c.count.as_ref()?.rehash_events.map(Number::Int)
    });

pub(super) const MAX_MOVES_IN_ONE_WRITE: Metric =
    counted("max_moves_in_one_write", "count", Lower, "The most entries that a single write moved.", |c| {
        c.count.as_ref()?.max_moves_in_one_write.map(Number::Int)
    });

pub(super) const MAX_ALLOC_BYTES_IN_ONE_WRITE: Metric =
    counted("max_alloc_bytes_in_one_write", "bytes", Lower, "The most bytes that a single write allocated.", |c| {
        c.count.as_ref().map(|n| Number::Int(n.max_alloc_bytes_in_one_write))
    });
