//! What the map moves, and how many bytes it writes and allocates for each that it was asked to store.

use super::{Column, Formula::Counted, Formula::Integer, Shown::Nowhere, allocs, cost, per, rows, work};
use crate::record::Cell;

/// As the map itself counts, else by the census: moved entries and their bytes are of the same count.
fn moved(cell: &Cell, [inside, census]: [&super::Metric; 2]) -> Option<i128> {
    let has = |metrics: [&super::Metric; 2]| metrics.iter().all(|metric| metric.integer(cell).is_some());
    let by_map = has([&INSIDE_MOVED_ENTRIES, &INSIDE_MOVED_BYTES]);
    let by_census = || has([&CENSUS_MOVED_ENTRIES, &CENSUS_MOVED_BYTES]);
    if by_map { inside.integer(cell) } else { by_census().then(|| census.integer(cell))? }
}

rows! {
    INSIDE_MOVED_ENTRIES =
        cost("inside_moved_entries", "count", "Entries that moved, as the map itself says.", Counted).shown(Nowhere);
    INSIDE_MOVED_BYTES = cost("inside_moved_bytes", "bytes", "Bytes copied for them.", Counted).shown(Nowhere);
    CENSUS_MOVED_ENTRIES = cost(
        "census_moved_entries",
        "count",
        "Entries that moved, by the census: their keys' addresses changed.",
        Counted,
    )
    .shown(Nowhere);
    CENSUS_MOVED_BYTES = cost(
        "census_moved_bytes",
        "bytes",
        "Sizes of the keys and values whose addresses changed.",
        Counted,
    )
    .shown(Nowhere);
    MOVED_ENTRIES = cost(
        "moved_entries",
        "count",
        "Entries already in the map whose address changed: as the map itself counts them, else by the census.",
        Integer(|c| moved(c, [&INSIDE_MOVED_ENTRIES, &CENSUS_MOVED_ENTRIES])),
    );
    MOVED_BYTES = cost(
        "moved_bytes",
        "bytes",
        "Bytes copied inside the map for the moved entries.",
        Integer(|c| moved(c, [&INSIDE_MOVED_BYTES, &CENSUS_MOVED_BYTES])),
    );
    MOVES_PER_INSERT = cost(
        "moves_per_insert",
        "moves/insert",
        "moved_entries / inserts: how often an entry is moved later on.",
        per(&MOVED_ENTRIES, &work::INSERTS),
    )
    .column(
        Column::new(34, "moves", "/insert", "moves: entries already there that changed their address")
            .rank(7)
            .decimals(2),
    );
    WRITTEN_SLOT_BYTES = cost(
        "written_slot_bytes",
        "bytes",
        "Bytes written into slots: slot_payload_bytes + moved_bytes.",
        Integer(|c| work::SLOT_PAYLOAD_BYTES.integer(c)?.checked_add(MOVED_BYTES.integer(c)?)),
    )
    .shown(Nowhere);
    WRITE_AMPLIFICATION = cost(
        "write_amplification",
        "ratio",
        "(payload bytes in slots + moved_bytes) / payload bytes in slots: bytes written for each byte asked for. Payload bytes in \
         slots are payload_bytes without what keys and values own on the heap.",
        per(&WRITTEN_SLOT_BYTES, &work::SLOT_PAYLOAD_BYTES),
    )
    .column(
        Column::new(
            36,
            "write",
            "amp",
            "write amp: bytes written into slots for each byte of payload there, moves included",
        )
        .rank(13)
        .decimals(2),
    );
    ALLOC_AMPLIFICATION = cost(
        "alloc_amplification",
        "ratio",
        "alloc_bytes / payload bytes in slots: bytes that the map allocates for each byte that lies in its slots. Payload bytes \
         in slots are payload_bytes without what keys and values own on the heap.",
        per(&allocs::ALLOC_BYTES, &work::SLOT_PAYLOAD_BYTES),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EndState;
    use crate::record::metrics::allocs::{ALLOC_BYTES, ALLOC_BYTES_PER_WRITE, ALLOC_COUNT, ALLOCS_PER_WRITE};
    use crate::record::metrics::fixture::counted;
    use crate::record::metrics::{Number, all};

    fn cell() -> Cell {
        let mut cell = crate::record::metrics::fixture::cell("std");
        cell.expected = EndState { inserts: 6, overwrites: 1, removes: 1, payload_bytes: 112, ..EndState::none() };
        let moved = [(CENSUS_MOVED_ENTRIES, 9), (CENSUS_MOVED_BYTES, 144)];
        cell.count = Some(counted(&[[(ALLOC_COUNT, 3), (ALLOC_BYTES, 448)], moved].concat()));
        cell
    }

    #[test]
    fn fractions_are_not_rounded() {
        let cell = cell();
        assert_eq!(ALLOCS_PER_WRITE.value(&cell), Some(Number::Real(0.375)));
        assert_eq!(ALLOC_BYTES_PER_WRITE.value(&cell), Some(Number::Real(56.0)));
        assert_eq!(MOVES_PER_INSERT.value(&cell), Some(Number::Real(1.5)));
        assert_eq!(WRITE_AMPLIFICATION.value(&cell), Some(Number::Real(256.0 / 112.0)));
        assert_eq!(ALLOC_AMPLIFICATION.value(&cell), Some(Number::Real(4.0)));
    }

    #[test]
    fn what_entries_own_is_in_no_amplification() {
        let mut cell = cell();
        (cell.expected.payload_bytes, cell.expected.payload_heap_bytes) = (112 + 7_000_000, Some(7_000_000));
        assert_eq!(ALLOC_AMPLIFICATION.value(&cell), Some(Number::Real(4.0)));
        assert_eq!(WRITE_AMPLIFICATION.value(&cell), Some(Number::Real(256.0 / 112.0)));
        cell.expected.payload_heap_bytes = None;
        assert_eq!(ALLOC_AMPLIFICATION.value(&cell), None, "a record of schema 1");
        assert_eq!(WRITE_AMPLIFICATION.value(&cell), None);
    }

    #[test]
    fn the_map_s_own_count_of_moves_goes_before_the_census() {
        let mut cell = cell();
        let quantities = &mut cell.count.as_mut().unwrap().quantities;
        quantities.set(INSIDE_MOVED_ENTRIES.name, Some(12));
        quantities.set(INSIDE_MOVED_BYTES.name, Some(192));
        assert_eq!(MOVED_ENTRIES.value(&cell), Some(Number::Int(12)));
        assert_eq!(MOVED_BYTES.value(&cell), Some(Number::Int(192)));
        assert_eq!(MOVES_PER_INSERT.value(&cell), Some(Number::Real(2.0)));
    }

    #[test]
    fn a_lookup_workload_has_no_cost_per_write() {
        let mut cell = cell();
        cell.expected = EndState { gets: 5, ..EndState::none() };
        for metric in [ALLOCS_PER_WRITE, ALLOC_BYTES_PER_WRITE, MOVES_PER_INSERT, WRITE_AMPLIFICATION] {
            assert_eq!(metric.value(&cell), None, "{}", metric.name);
        }
    }

    #[test]
    fn a_cell_without_any_pass_has_only_its_workload() {
        let mut cell = cell();
        cell.count = None;
        let present: Vec<_> = all().iter().filter(|m| m.value(&cell).is_some()).map(|m| m.name).collect();
        let work = ["writes", "inserts", "overwrites", "removes", "gets", "clears", "iterations", "payload_bytes"];
        assert_eq!(present, work);
    }
}
