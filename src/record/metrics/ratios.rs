//! Costs for each write.

use super::Better::Lower;
use super::Number::Real;
use super::{Metric, exact, moved, ratio, writes};

pub(super) const METRICS: &[Metric] = &[
    exact("allocs_per_write", "allocs/write", Lower, "alloc_count / writes.", |c| {
        ratio(c.count.as_ref()?.alloc_count, writes(c))
    }),
    exact("alloc_bytes_per_write", "bytes/write", Lower, "alloc_bytes / writes.", |c| {
        ratio(c.count.as_ref()?.alloc_bytes, writes(c))
    }),
    exact("moves_per_insert", "moves/insert", Lower, "moved_entries / inserts.", |c| {
        ratio(moved(c.count.as_ref()?).0, c.expected.inserts)
    }),
    exact(
        "write_amplification",
        "ratio",
        Lower,
        "(payload_bytes + moved_bytes) / payload_bytes: bytes written for each byte handed over.",
        |c| ratio(moved(c.count.as_ref()?).1, c.expected.payload_bytes).map(|moved| Real(1.0 + moved.as_f64())),
    ),
    exact(
        "alloc_amplification",
        "ratio",
        Lower,
        "alloc_bytes / payload_bytes: bytes allocated for each byte handed over.",
        |c| ratio(c.count.as_ref()?.alloc_bytes, c.expected.payload_bytes),
    ),
];
