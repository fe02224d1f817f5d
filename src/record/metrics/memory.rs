//! What the map holds.

use super::Better::Lower;
use super::Number::{Int, Real};
use super::{Metric, exact, ratio};

pub(super) const METRICS: &[Metric] = &[
    exact("live_bytes", "bytes", Lower, "Bytes the map holds at the end, what keys and values own included.", |c| {
        Some(Int(c.count.as_ref()?.live_bytes))
    }),
    exact("peak_bytes", "bytes", Lower, "The most it held at any moment, within an operation too.", |c| {
        Some(Int(c.count.as_ref()?.peak_bytes))
    }),
    exact("bytes_per_entry", "bytes/entry", Lower, "live_bytes / live entries.", |c| {
        ratio(c.count.as_ref()?.live_bytes, c.expected.entries)
    }),
    exact(
        "overhead_bytes_per_entry",
        "bytes/entry",
        Lower,
        "bytes_per_entry less the sizes of a key and a value, what they own included.",
        |c| {
            let held = ratio(c.count.as_ref()?.live_bytes, c.expected.entries)?;
            Some(Real(held.as_f64() - (c.key_bytes + c.value_bytes) as f64))
        },
    ),
    exact(
        "in_use_overhead_bytes_per_entry",
        "bytes/entry",
        Lower,
        "Bytes of the buckets in use / live entries, less the sizes of a key and a value: no reserve, no header.",
        |c| {
            let held = ratio(c.count.as_ref()?.structure.in_use_bytes?, c.expected.entries)?;
            Some(Real(held.as_f64() - (c.key_bytes + c.value_bytes) as f64))
        },
    ),
    exact("space_amplification", "ratio", Lower, "live_bytes / payload of the live entries.", |c| {
        ratio(c.count.as_ref()?.live_bytes, c.expected.live_payload_bytes)
    }),
    exact("peak_amplification", "ratio", Lower, "peak_bytes / payload of the live entries.", |c| {
        ratio(c.count.as_ref()?.peak_bytes, c.expected.live_payload_bytes)
    }),
    exact("drained_bytes", "bytes", Lower, "Bytes still held after every entry was removed, the map kept.", |c| {
        Some(Int(c.count.as_ref()?.drained_bytes))
    }),
];
