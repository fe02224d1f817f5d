//! Pieces of records, for tests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use crate::record::{Cause, Cell, CellId, EndState, LatencyHistogram, OpKind, Status, Time};

/// A cell that ended well without having run any pass.
pub(super) fn cell(map: &str) -> Cell {
    Cell {
        id: CellId {
            map: map.into(),
            keys: "uniform".into(),
            mix: "fill".into(),
            load_factor: None,
            hint: 0,
            entry: "u64/u64".into(),
            ops: 1_000_000,
            seed: 1,
            threads: None,
            thread_keys: None,
        },
        status: Status::Ok,
        error: None,
        exact: true,
        environment: 0,
        map_version: format!("{map} 1.0.0"),
        key_bytes: 8,
        value_bytes: 8,
        expected: EndState::default(),
        count: None,
        time: None,
        profile: None,
    }
}

/// A time pass with these repetitions.
pub(super) fn time(bare_elapsed_ns: &[u64], histograms: Vec<LatencyHistogram>) -> Time {
    Time {
        ops: 1_000_000,
        bare_elapsed_ns: bare_elapsed_ns.to_vec(),
        clocked_elapsed_ns: bare_elapsed_ns.iter().map(|ns| ns + ns / 4).collect(),
        clock_floor_ns: 11.5,
        ticks_per_ns: 2.5,
        pinned_to: Some(1),
        started_unix_ms: 1_750_000_000_250,
        threads: Vec::new(),
        collector: None,
        heat: None,
        moments: None,
        histograms,
    }
}

/// A histogram of `(value in nanoseconds, how often)`.
pub(super) fn histogram(kind: OpKind, cause: Cause, recordings: &[(u64, u64)]) -> LatencyHistogram {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    for &(value, count) in recordings {
        histogram.record_n(value, count).unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
    LatencyHistogram { kind, cause, count: histogram.len(), hdr_v2_deflate_base64: BASE64_STANDARD.encode(bytes) }
}
