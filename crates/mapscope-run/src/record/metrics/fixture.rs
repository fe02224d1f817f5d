//! Pieces of records, for tests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use super::{Metric, Number, find, registry};
use crate::record::{
    Cause, Cell, CellId, Collector, Count, Distributions, EndState, Executed, Hashing, Instructions, KindPercentiles,
    LatencyHistogram, OpKind, Quantities, Results, SCHEMA, Status, ThreadTime, Time, Undisturbed,
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
        key_lengths: None,
        value_lengths: None,
        key_bytes: 8,
        value_bytes: 8,
        expected: EndState::default(),
        count: None,
        time: None,
        profile: None,
        instructions: None,
    }
}

/// A record of these cells.
pub(super) fn results(cells: Vec<Cell>) -> Results {
    let (environments, accepted) = Default::default();
    let (mapscope, profile) = ("0.1.0".to_owned(), "custom".to_owned());
    Results { schema: SCHEMA, mapscope, profile, partial: false, environments, accepted, cells }
}

/// A cell that no metric is absent from, which no map can be.
pub(super) fn cell_with_everything() -> Cell {
    let histograms: Vec<_> = OpKind::ALL
        .into_iter()
        .flat_map(|kind| Cause::ALL.map(|cause| histogram(kind, cause, &[(20, 9000), (100, 3)])))
        .collect();
    let thread = ThreadTime { ops: 10, bare_elapsed_ns: vec![5], histograms: histograms.clone(), ..Default::default() };
    let collector = Collector { cycles: vec![1, 2, 1], pauses_ns: vec![7, 6, 8, 9], heap_peak_bytes: vec![9, 8, 9] };
    // Each quantity that there is, so that a new one is among them: an even 9, but where others bound it.
    let counted = registry().iter().filter(|metric| metric.counted());
    let mut quantities: Quantities = counted.map(|metric| (metric.name, 9)).collect();
    quantities.set("live_bytes", Some(300));
    let sums = |sum| Executed {
        instructions: sum,
        branches: sum / 3,
        mispredictions: sum / 9,
        l1_misses: sum / 9,
        ll_misses: sum / 90,
    };
    let executed = |sum| OpKind::ALL.map(|kind| (kind, sums(sum))).into();
    let distributions = Distributions { occupancy: Some(vec![1, 2, 1]), ..Distributions::default() };
    let count = Count { quantities, distributions, ..Count::default() };
    Cell {
        expected: EndState {
            entries: 4,
            inserts: 6,
            overwrites: 1,
            removes: 2,
            remove_hits: 2,
            gets: 1,
            get_hits: 1,
            clears: Some(1),
            iterations: Some(1),
            scans: Some(2),
            scanned_entries: Some(9),
            payload_bytes: 112,
            live_payload_bytes: 64,
            ..EndState::none()
        },
        count: Some(count),
        instructions: Some(Instructions { build: "a build".into(), kinds: executed(900), idle: executed(90) }),
        time: Some(Time {
            threads: vec![thread],
            collector: Some(collector),
            percentiles: OpKind::ALL.map(percentiles).to_vec(),
            kind_ns: OpKind::ALL.map(|kind| (kind, 180_300)).into(),
            undisturbed: [(3, 1_900_000), (5, 1_800_000), (8, 1_750_000)]
                .map(|least| undisturbed(least, &histograms))
                .to_vec(),
            hashing: Some(Hashing { ops: 10, hashed_ns: vec![120, 140, 130], idle_ns: vec![30, 20, 40] }),
            ..time(&[1_000_000, 3_000_000, 2_000_000], histograms.clone())
        }),
        ..cell("std")
    }
}

/// Those of three repetitions with as many operations each as [`cell_with_everything`] has in all.
fn percentiles(kind: OpKind) -> KindPercentiles {
    let [p50_ns, p90_ns, p99_ns, p999_ns] = [vec![19, 20, 21], vec![20; 3], vec![20, 20, 30], vec![20, 90, 100]];
    KindPercentiles { kind, p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns: vec![100; 3], max_ns: vec![100, 99, 98] }
}

fn undisturbed((repetitions, blocks_ns): (u32, u64), histograms: &[LatencyHistogram]) -> Undisturbed {
    Undisturbed { repetitions, blocks_ns, histograms: histograms.to_vec() }
}

/// What a metric of all formats is in a cell.
pub(super) fn value(cell: &Cell, name: &str) -> Option<Number> {
    find(name).expect(name).value(cell)
}

/// A count pass that counted these.
pub(super) fn counted(quantities: &[(Metric, u64)]) -> Count {
    let quantities = quantities.iter().map(|(metric, value)| (metric.name, *value)).collect();
    Count { quantities, ..Count::default() }
}

/// A cell whose time pass recorded these.
pub(super) fn timed_cell(histograms: Vec<LatencyHistogram>) -> Cell {
    Cell { time: Some(time(&[1], histograms)), ..cell("std") }
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
        responses: Vec::new(),
        highest_rates: Vec::new(),
        undisturbed: Vec::new(),
        sensors: None,
        hashing: None,
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
