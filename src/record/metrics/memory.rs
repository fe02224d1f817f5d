//! Memory held: at the end, at the peak, and after everything has been removed.

use super::{Better, Class, Metric, Number, ratio};
use crate::record::Cell;

const fn memory(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Exact, Better::Lower, summary, value)
}

/// What `bytes`, of which keys and values take so many an entry, take beyond them; negative only where entries share
/// storage.
fn overhead(cell: &Cell, bytes: u64, entry_bytes: i128) -> Option<Number> {
    let entries = cell.expected.entries;
    let payload = i128::from(entries) * entry_bytes;
    (entries > 0).then(|| Number::Real((i128::from(bytes) - payload) as f64 / entries as f64))
}

/// Bytes of a key and a value, what they own on the heap included.
fn entry_bytes(cell: &Cell) -> i128 {
    i128::from(cell.key_bytes) + i128::from(cell.value_bytes)
}

/// What slots take beyond the keys and values in them, an entry.
pub(super) fn slot_overhead(cell: &Cell, slot_bytes: u64) -> Option<Number> {
    let entries = i128::from(cell.expected.entries);
    let heap = i128::from(cell.expected.live_payload_heap_bytes?).checked_div(entries)?;
    overhead(cell, slot_bytes, entry_bytes(cell) - heap)
}

pub(super) const LIVE_BYTES: Metric = memory(
    "live_bytes",
    "bytes",
    "Bytes the map holds after the last operation, keys' and values' heap bytes included.",
    |c| c.count.as_ref().map(|n| Number::Int(n.live_bytes)),
);

pub(super) const PEAK_BYTES: Metric = memory(
    "peak_bytes",
    "bytes",
    "The most bytes the map held at any moment until the last operation was done.",
    |c| c.count.as_ref()?.peak_bytes.map(Number::Int),
);

pub(super) const BYTES_PER_ENTRY: Metric =
    memory("bytes_per_entry", "bytes/entry", "live_bytes / live entries at the end.", |c| {
        ratio(c.count.as_ref()?.live_bytes, c.expected.entries)
    });

pub(super) const OVERHEAD_BYTES_PER_ENTRY: Metric = memory(
    "overhead_bytes_per_entry",
    "bytes/entry",
    "bytes_per_entry - key_bytes - value_bytes: everything held that is neither key nor value.",
    |c| overhead(c, c.count.as_ref()?.live_bytes, entry_bytes(c)),
);

pub(super) const SPACE_AMPLIFICATION: Metric =
    memory("space_amplification", "ratio", "live_bytes / payload bytes of the live entries.", |c| {
        ratio(c.count.as_ref()?.live_bytes, c.expected.live_payload_bytes)
    });

pub(super) const PEAK_AMPLIFICATION: Metric =
    memory("peak_amplification", "ratio", "peak_bytes / payload bytes of the live entries.", |c| {
        ratio(c.count.as_ref()?.peak_bytes?, c.expected.live_payload_bytes)
    });

pub(super) const DRAINED_BYTES: Metric =
    memory("drained_bytes", "bytes", "Bytes still held after every entry was removed one by one, the map kept.", |c| {
        c.count.as_ref().map(|n| Number::Int(n.drained_bytes))
    });

pub(super) const SHRUNK_BYTES: Metric = memory(
    "shrunk_bytes",
    "bytes",
    "Bytes still held after that, and after the map was asked to shrink to fit; absent where nobody can ask.",
    |c| c.count.as_ref()?.shrunk_bytes.map(Number::Int),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Count, EndState};

    #[test]
    fn bytes_per_entry_and_what_of_it_is_overhead() {
        let mut cell = crate::record::metrics::fixture::cell("std");
        (cell.key_bytes, cell.value_bytes) = (8, 8);
        cell.expected = EndState { entries: 8, live_payload_bytes: 128, ..EndState::default() };
        cell.count = Some(Count { live_bytes: 300, peak_bytes: Some(448), drained_bytes: 300, ..Count::default() });
        assert_eq!((BYTES_PER_ENTRY.value)(&cell), Some(Number::Real(37.5)));
        assert_eq!((OVERHEAD_BYTES_PER_ENTRY.value)(&cell), Some(Number::Real(21.5)));
        assert_eq!((SPACE_AMPLIFICATION.value)(&cell), Some(Number::Real(300.0 / 128.0)));
        assert_eq!((PEAK_AMPLIFICATION.value)(&cell), Some(Number::Real(3.5)));
        assert_eq!((DRAINED_BYTES.value)(&cell), Some(Number::Int(300)));
    }

    #[test]
    fn an_empty_map_has_no_bytes_per_entry() {
        let mut cell = crate::record::metrics::fixture::cell("std");
        cell.expected = EndState::default();
        cell.count = Some(Count { live_bytes: 48, ..Count::default() });
        assert_eq!((LIVE_BYTES.value)(&cell), Some(Number::Int(48)));
        for metric in [BYTES_PER_ENTRY, OVERHEAD_BYTES_PER_ENTRY, SPACE_AMPLIFICATION, PEAK_AMPLIFICATION] {
            assert_eq!((metric.value)(&cell), None, "{}", metric.name);
        }
    }
}
