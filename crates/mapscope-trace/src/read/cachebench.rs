//! CacheLib's traces of key-value caches, as CacheBench replays them.

use super::columns::Slot;
use super::csv::Table;
use super::{Format, Sample, Units, verb};

pub(super) const FORMAT: Format = Format {
    name: "cachebench",
    summary: "CacheLib's kvcache traces: a header with key, op, size, op_count, key_size",
    fills: "an operation is done op_count times; a lease is its operation; ttl and hits are left out",
    units: Units::Lines,
    has_columns: true,
    has_times: true,
    is: |sample| {
        let header = sample.lines().next().unwrap_or_default().to_ascii_lowercase();
        let has = |name: &[u8]| header.split(|&byte| byte == b',').any(|cell| cell == name);
        has(b"key") && has(b"op") && has(b"op_count")
    },
    open: |sample: &Sample<'_>, columns| Ok(Box::new(Table::open(sample, &NAMES, verb, columns)?)),
};

const NAMES: [(Slot, &[&str]); 6] = [
    (Slot::Op, &["op"]),
    (Slot::Key, &["key"]),
    (Slot::ValueBytes, &["size"]),
    (Slot::KeyBytes, &["key_size"]),
    (Slot::Times, &["op_count"]),
    (Slot::Time, &["op_time"]),
];
