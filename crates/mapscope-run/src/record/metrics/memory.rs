//! Memory held: at the end, at the peak, and after everything has been removed.

use super::{Column, Formula::Counted, Formula::Integer, Metric, Shown::Nowhere, cost, per, rows, work};
use crate::record::Cell;

/// What `bytes`, of which keys and values take so many an entry, take beyond them; negative only where entries share
/// storage.
pub(super) fn overhead(cell: &Cell, bytes: &Metric, entry_bytes: i128) -> Option<i128> {
    let payload = i128::from(cell.expected.entries).checked_mul(entry_bytes)?;
    bytes.integer(cell)?.checked_sub(payload)
}

/// Bytes of a key and a value, what they own on the heap included.
pub(super) fn entry_bytes(cell: &Cell) -> i128 {
    i128::from(cell.key_bytes) + i128::from(cell.value_bytes)
}

/// Bytes of one.
const MIB: f64 = 1_048_576.0;

rows! {
    LIVE_BYTES = cost(
        "live_bytes",
        "bytes",
        "Bytes the map holds after the last operation, keys' and values' heap bytes included.",
        Counted,
    )
    .column(Column::new(37, "live", "MiB", "live: bytes held at the end").rank(14).decimals(3).divisor(MIB));
    PEAK_BYTES = cost(
        "peak_bytes",
        "bytes",
        "The most bytes the map held at any moment until the last operation was done.",
        Counted,
    )
    .column(Column::new(39, "peak", "MiB", "peak: the most bytes held at any moment").rank(6).decimals(3).divisor(MIB));
    BYTES_PER_ENTRY = cost(
        "bytes_per_entry",
        "bytes/entry",
        "live_bytes / live entries at the end.",
        per(&LIVE_BYTES, &work::ENTRIES),
    )
    .column(Column::new(38, "live", "B/entry", "live: bytes held at the end").rank(4).decimals(1));
    OVERHEAD_BYTES = cost(
        "overhead_bytes",
        "bytes",
        "live_bytes without the keys and values of the live entries.",
        Integer(|c| overhead(c, &LIVE_BYTES, entry_bytes(c))),
    )
    .shown(Nowhere);
    OVERHEAD_BYTES_PER_ENTRY = cost(
        "overhead_bytes_per_entry",
        "bytes/entry",
        "bytes_per_entry - key_bytes - value_bytes: everything held that is neither key nor value.",
        per(&OVERHEAD_BYTES, &work::ENTRIES),
    );
    SPACE_AMPLIFICATION = cost(
        "space_amplification",
        "ratio",
        "live_bytes / payload bytes of the live entries.",
        per(&LIVE_BYTES, &work::LIVE_PAYLOAD_BYTES),
    );
    PEAK_AMPLIFICATION = cost(
        "peak_amplification",
        "ratio",
        "peak_bytes / payload bytes of the live entries.",
        per(&PEAK_BYTES, &work::LIVE_PAYLOAD_BYTES),
    )
    .column(
        Column::new(40, "peak", "amp", "peak amp: the most bytes held, over the payload alive at the end").rank(15).decimals(2),
    );
    DRAINED_BYTES = cost(
        "drained_bytes",
        "bytes",
        "Bytes still held after every entry was removed one by one, the map kept.",
        Counted,
    )
    .column(Column::new(41, "drained", "bytes", "drained: bytes held after every entry was removed"));
    SHRUNK_BYTES = cost(
        "shrunk_bytes",
        "bytes",
        "Bytes still held after that, and after the map was asked to shrink to fit; absent where nobody can ask.",
        Counted,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EndState;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::counted;

    #[test]
    fn bytes_per_entry_and_what_of_it_is_overhead() {
        let mut cell = crate::record::metrics::fixture::cell("std");
        (cell.key_bytes, cell.value_bytes) = (8, 8);
        cell.expected = EndState { entries: 8, live_payload_bytes: 128, ..EndState::default() };
        cell.count = Some(counted(&[(LIVE_BYTES, 300), (PEAK_BYTES, 448), (DRAINED_BYTES, 300)]));
        assert_eq!(BYTES_PER_ENTRY.value(&cell), Some(Number::Real(37.5)));
        assert_eq!(OVERHEAD_BYTES_PER_ENTRY.value(&cell), Some(Number::Real(21.5)));
        assert_eq!(SPACE_AMPLIFICATION.value(&cell), Some(Number::Real(300.0 / 128.0)));
        assert_eq!(PEAK_AMPLIFICATION.value(&cell), Some(Number::Real(3.5)));
        assert_eq!(DRAINED_BYTES.value(&cell), Some(Number::Int(300)));
    }

    #[test]
    fn an_empty_map_has_no_bytes_per_entry() {
        let mut cell = crate::record::metrics::fixture::cell("std");
        cell.expected = EndState::default();
        cell.count = Some(counted(&[(LIVE_BYTES, 48)]));
        assert_eq!(LIVE_BYTES.value(&cell), Some(Number::Int(48)));
        for metric in [BYTES_PER_ENTRY, OVERHEAD_BYTES_PER_ENTRY, SPACE_AMPLIFICATION, PEAK_AMPLIFICATION] {
            assert_eq!(metric.value(&cell), None, "{}", metric.name);
        }
    }
}
