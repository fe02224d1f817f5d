//! The work: what the workload asks for, whatever the map.

use super::Better::Neither;
use super::Shown::Nowhere;
use super::{Class, Formula, Metric, rows};
use crate::record::{Cell, EndState, OpKind};

const fn asked(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<i128>,
) -> Metric {
    Metric::new(name, unit, Class::Exact, Neither, summary, Formula::Integer(value))
}

const fn ops(name: &'static str, summary: &'static str, value: fn(&Cell) -> Option<i128>) -> Metric {
    asked(name, "count", summary, value)
}

/// Operations of a kind.
fn of(cell: &Cell, kind: OpKind) -> Option<i128> {
    cell.expected.ops(kind).map(i128::from)
}

/// Payload bytes that lie in the map's slots: without what keys and values own on the heap, which no map allocates or moves.
fn slot_payload_bytes(&EndState { payload_bytes, payload_heap_bytes, .. }: &EndState) -> Option<i128> {
    payload_bytes.checked_sub(payload_heap_bytes?).map(i128::from)
}

rows! {
    WRITES = ops("writes", "Writes: inserts + overwrites + removes.", |c| {
        Some(OpKind::ALL.into_iter().filter(|kind| kind.is_write()).filter_map(|kind| of(c, kind)).sum())
    });
    INSERTS = ops("inserts", "Puts of a key that was not there.", |c| of(c, OpKind::Insert));
    OVERWRITES = ops("overwrites", "Puts of a key that was there.", |c| of(c, OpKind::Overwrite));
    REMOVES = ops("removes", "Remove operations, whether they found their key or not.", |c| of(c, OpKind::Remove));
    GETS = ops("gets", "Lookups, whether they found their key or not.", |c| of(c, OpKind::Get));
    CLEARS = ops("clears", "Times that all entries were dropped at once.", |c| of(c, OpKind::Clear));
    ITERATIONS = ops("iterations", "Iterations over all entries.", |c| of(c, OpKind::Iterate));
    SCANS = ops("scans", "Scans of entries in the order of keys; absent where there is none.", |c| of(c, OpKind::Scan));
    SCANNED_ENTRIES = ops("scanned_entries", "Entries that scans gave.", |c| c.expected.scanned_entries.map(i128::from));
    PAYLOAD_BYTES = asked(
        "payload_bytes",
        "bytes",
        "Bytes of key and value handed to the map by inserts and overwrites, what these own on the heap included.",
        |c| Some(c.expected.payload_bytes.into()),
    );
    OPS = ops("ops", "Measured operations.", |c| Some(c.id.ops.into())).shown(Nowhere);
    ENTRIES = ops("entries", "Live entries at the end.", |c| Some(c.expected.entries.into())).shown(Nowhere);
    SLOT_PAYLOAD_BYTES = asked(
        "slot_payload_bytes",
        "bytes",
        "payload_bytes without what keys and values own on the heap.",
        |c| slot_payload_bytes(&c.expected),
    ).shown(Nowhere);
    LIVE_PAYLOAD_BYTES = asked(
        "live_payload_bytes",
        "bytes",
        "Payload bytes of the live entries at the end.",
        |c| Some(c.expected.live_payload_bytes.into()),
    ).shown(Nowhere);
}
