//! What one write costs: quotients of what was counted and what was asked for.

use super::counts::{moved, writes};
use super::{Better, Class, Metric, Number, ratio};
use crate::record::Cell;

/// A metric that is a quotient of two integers of the record.
const fn quotient(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Exact, Better::Lower, summary, value)
}

/// Payload bytes that lie in the map's slots: without what keys and values own on the heap, which no map allocates or moves.
fn slot_payload_bytes(cell: &Cell) -> Option<u64> {
    cell.expected.payload_bytes.checked_sub(cell.expected.payload_heap_bytes?)
}

pub(super) const ALLOCS_PER_WRITE: Metric =
    quotient("allocs_per_write", "allocs/write", "alloc_count / writes, never rounded to whole allocations.", |c| {
        ratio(c.count.as_ref()?.alloc_count, writes(c))
    });

pub(super) const ALLOC_BYTES_PER_WRITE: Metric = quotient(
    "alloc_bytes_per_write",
    "bytes/write",
    "alloc_bytes / writes: what the map allocates for one write.",
    |c| ratio(c.count.as_ref()?.alloc_bytes, writes(c)),
);

pub(super) const MOVES_PER_INSERT: Metric = quotient(
    "moves_per_insert",
    "moves/insert",
    "moved_entries / inserts: how often an entry is moved later on.",
    |c| ratio(moved(c.count.as_ref()?)?.0, c.expected.inserts),
);

pub(super) const WRITE_AMPLIFICATION: Metric = quotient(
    "write_amplification",
    "ratio",
    "(payload bytes in slots + moved_bytes) / payload bytes in slots: bytes written for each byte asked for. Payload bytes in \
     slots are payload_bytes without what keys and values own on the heap.",
    |c| {
        let payload = slot_payload_bytes(c)?;
        ratio(u128::from(payload) + u128::from(moved(c.count.as_ref()?)?.1), payload)
    },
);

pub(super) const ALLOC_AMPLIFICATION: Metric = quotient(
    "alloc_amplification",
    "ratio",
    "alloc_bytes / payload bytes in slots: bytes that the map allocates for each byte that lies in its slots. Payload bytes \
     in slots are payload_bytes without what keys and values own on the heap.",
    |c| ratio(c.count.as_ref()?.alloc_bytes, slot_payload_bytes(c)?),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::{all, counts};
    use crate::record::{Count, EndState};

    fn cell() -> Cell {
        let mut cell = crate::record::metrics::fixture::cell("std");
        cell.expected = EndState { inserts: 6, overwrites: 1, removes: 1, payload_bytes: 112, ..EndState::none() };
        cell.count = Some(Count {
            alloc_count: 3,
            alloc_bytes: 448,
            census_moved_entries: Some(9),
            census_moved_bytes: Some(144),
            ..Count::default()
        });
        cell
    }

    #[test]
    fn fractions_are_not_rounded() {
        let cell = cell();
        assert_eq!((ALLOCS_PER_WRITE.value)(&cell), Some(Number::Real(0.375)));
        assert_eq!((ALLOC_BYTES_PER_WRITE.value)(&cell), Some(Number::Real(56.0)));
        assert_eq!((MOVES_PER_INSERT.value)(&cell), Some(Number::Real(1.5)));
        assert_eq!((WRITE_AMPLIFICATION.value)(&cell), Some(Number::Real(256.0 / 112.0)));
        assert_eq!((ALLOC_AMPLIFICATION.value)(&cell), Some(Number::Real(4.0)));
    }

    #[test]
    fn what_entries_own_is_in_no_amplification() {
        let mut cell = cell();
        (cell.expected.payload_bytes, cell.expected.payload_heap_bytes) = (112 + 7_000_000, Some(7_000_000));
        assert_eq!((ALLOC_AMPLIFICATION.value)(&cell), Some(Number::Real(4.0)));
        assert_eq!((WRITE_AMPLIFICATION.value)(&cell), Some(Number::Real(256.0 / 112.0)));
        cell.expected.payload_heap_bytes = None;
        assert_eq!((ALLOC_AMPLIFICATION.value)(&cell), None, "a record of schema 1");
        assert_eq!((WRITE_AMPLIFICATION.value)(&cell), None);
    }

    #[test]
    fn the_map_s_own_count_of_moves_goes_before_the_census() {
        let mut cell = cell();
        let count = cell.count.as_mut().unwrap();
        (count.inside_moved_entries, count.inside_moved_bytes) = (Some(12), Some(192));
        assert_eq!((counts::MOVED_ENTRIES.value)(&cell), Some(Number::Int(12)));
        assert_eq!((counts::MOVED_BYTES.value)(&cell), Some(Number::Int(192)));
        assert_eq!((MOVES_PER_INSERT.value)(&cell), Some(Number::Real(2.0)));
    }

    #[test]
    fn a_lookup_workload_has_no_cost_per_write() {
        let mut cell = cell();
        cell.expected = EndState { gets: 5, ..EndState::none() };
        for metric in [ALLOCS_PER_WRITE, ALLOC_BYTES_PER_WRITE, MOVES_PER_INSERT, WRITE_AMPLIFICATION] {
            assert_eq!((metric.value)(&cell), None, "{}", metric.name);
        }
    }

    #[test]
    fn a_cell_without_any_pass_has_only_its_workload() {
        let mut cell = cell();
        cell.count = None;
        let present: Vec<_> = all().iter().filter(|m| (m.value)(&cell).is_some()).map(|m| m.name).collect();
        let work = ["writes", "inserts", "overwrites", "removes", "gets", "clears", "iterations", "payload_bytes"];
        assert_eq!(present, work);
    }
}
