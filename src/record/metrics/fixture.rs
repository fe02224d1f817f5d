//! Pieces of records, for tests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use crate::record::{
    Cause, Cell, CellId, Collector, Count, EndState, KindPercentiles, LatencyHistogram, OpKind, Status, Structure,
    ThreadTime, Time,
};

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
            ..CellId::default()
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

/// A cell that no metric is absent from, which no map can be.
pub(super) fn cell_with_everything() -> Cell {
    let histograms: Vec<_> = OpKind::ALL
        .into_iter()
        .flat_map(|kind| Cause::ALL.map(|cause| histogram(kind, cause, &[(20, 9000), (100, 3)])))
        .collect();
    let thread = ThreadTime { ops: 10, bare_elapsed_ns: vec![5], histograms: histograms.clone(), ..Default::default() };
    let collector = Collector { cycles: vec![1, 2, 1], pauses_ns: vec![7, 6, 8, 9], heap_peak_bytes: vec![9, 8, 9] };
    let count = Count {
        alloc_count: 3,
        alloc_bytes: 448,
        entry_alloc_count: Some(0),
        entry_alloc_bytes: Some(0),
        free_count: Some(2),
        free_bytes: Some(148),
        realloc_moved_bytes: Some(1),
        live_bytes: 300,
        peak_bytes: Some(448),
        drained_bytes: 300,
        shrunk_bytes: Some(48),
        inside_moved_entries: Some(7),
        inside_moved_bytes: Some(112),
        max_moves_in_one_write: Some(4),
        max_alloc_bytes_in_one_write: 208,
        grow_events: Some(1),
        same_size_grow_events: Some(1),
        split_events: Some(1),
        directory_grow_events: Some(1),
        prune_events: Some(1),
        promote_events: Some(1),
        dirty_copy_events: Some(1),
        rehash_events: Some(1),
        lock_wait_events: Some(1),
        slots_freed: Some(3),
        slot_reuses: Some(2),
        slot_reuse_age_writes: Some(5),
        structure: Structure {
            buckets: Some(4),
            overflow_buckets: Some(1),
            chain_length_max: Some(2),
            in_use_bytes: Some(208),
            hit_probes: Some(9),
            miss_probes: Some(8),
            hit_groups: Some(9),
            miss_groups: Some(8),
            miss_groups_of: Some(4),
            probe_groups_max: Some(2),
            tables: Some(1),
            directory_entries: Some(1),
            tombstones: Some(1),
            occupancy: Some(vec![1, 2, 1]),
            chain_lengths: Some(vec![0, 3, 1]),
            hit_probe_lengths: Some(vec![0, 1, 1, 2]),
            hit_group_lengths: None,
        },
        ..Count::default()
    };
    Cell {
        expected: EndState {
            entries: 4,
            inserts: 6,
            overwrites: 1,
            removes: 2,
            remove_hits: 2,
            gets: 1,
            get_hits: 1,
            payload_bytes: 112,
            live_payload_bytes: 64,
            ..EndState::none()
        },
        count: Some(count),
        time: Some(Time {
            threads: vec![thread],
            collector: Some(collector),
            percentiles: OpKind::ALL.map(percentiles).to_vec(),
            kind_ns: OpKind::ALL.map(|kind| (kind, 180_300)).into(),
            ..time(&[1_000_000, 3_000_000, 2_000_000], histograms)
        }),
        ..cell("std")
    }
}

/// Those of three repetitions with as many operations each as [`cell_with_everything`] has in all.
fn percentiles(kind: OpKind) -> KindPercentiles {
    let [p50_ns, p90_ns, p99_ns, p999_ns] = [vec![19, 20, 21], vec![20; 3], vec![20, 20, 30], vec![20, 90, 100]];
    KindPercentiles { kind, p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns: vec![100; 3], max_ns: vec![100, 99, 98] }
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
        kind_ns: Default::default(),
        percentiles: Vec::new(),
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
