//! Small records that are whole, and a few metrics of our own: the gate knows no metric by name.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use mapscope::probe::Cause;
use mapscope::record::metrics::{Better, Class, Formula, Metric};
use mapscope::record::{
    AllocStack, Cell, CellId, Count, Distributions, EndState, Environment, Frame, KindPercentiles, LatencyHistogram,
    OpKind, Profile, Results, SCHEMA, Status, Time,
};

const fn metric(name: &'static str, class: Class, better: Better, formula: Formula) -> Metric {
    Metric::new(name, "count", class, better, "", formula)
}

fn ratio(numerator: u64, denominator: u64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

fn ns_per_op(cell: &Cell) -> Option<f64> {
    let time = cell.time.as_ref()?;
    let mut elapsed = time.clocked_elapsed_ns.clone();
    elapsed.sort_unstable();
    ratio(*elapsed.get(elapsed.len() / 2)?, time.ops)
}

fn elapsed_ns_per_op(cell: &Cell) -> Vec<f64> {
    let Some(time) = &cell.time else { return Vec::new() };
    time.clocked_elapsed_ns.iter().map(|&ns| ns as f64 / time.ops as f64).collect()
}

fn counted(cell: &Cell, name: &str) -> Option<u64> {
    cell.count.as_ref()?.quantities.get(name)
}

/// Integers, ratios and an optional one; each direction; both classes.
pub static METRICS: &[Metric] = &[
    metric("inserts", Class::Exact, Better::Neither, Formula::Integer(|cell| Some(cell.expected.inserts.into()))),
    metric("alloc_bytes", Class::Exact, Better::Lower, Formula::Counted),
    metric(
        "alloc_bytes_per_write",
        Class::Exact,
        Better::Lower,
        Formula::Real(|cell| ratio(counted(cell, "alloc_bytes")?, cell.expected.inserts + cell.expected.removes)),
    ),
    metric("same_size_grow_events", Class::Exact, Better::Lower, Formula::Counted),
    metric(
        "slot_reuse_ratio",
        Class::Exact,
        Better::Higher,
        Formula::Real(|cell| ratio(counted(cell, "slot_reuses")?, cell.expected.inserts)),
    ),
    metric("ns_per_op", Class::Statistical, Better::Lower, Formula::Real(ns_per_op)).repeated(elapsed_ns_per_op),
    metric(
        "clock_floor_ns",
        Class::Statistical,
        Better::Neither,
        Formula::Real(|cell| Some(cell.time.as_ref()?.clock_floor_ns)),
    ),
];

/// The exact ones of [`METRICS`].
pub const EXACT: usize = 5;

pub fn histogram(values: &[u64]) -> String {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1 << 40, 3).unwrap();
    values.iter().for_each(|&value| histogram.record(value).unwrap());
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
    STANDARD.encode(bytes)
}

/// 1000 inserts and 100 removes, of 1152 bytes allocated; no times.
pub fn cell(map: &str) -> Cell {
    let causes = [
        (OpKind::Insert, [(Cause::Steady, 990), (Cause::Grow, 10)].into()),
        (OpKind::Remove, [(Cause::Steady, 100)].into()),
    ];
    Cell {
        id: CellId {
            map: map.to_owned(),
            keys: "uniform".to_owned(),
            mix: "churn".to_owned(),
            load_factor: map.starts_with("go-").then_some(6.5),
            hint: 0,
            entry: "u64/u64".to_owned(),
            ops: 1100,
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
        expected: EndState {
            entries: 900,
            checksum: 0xfeed_f00d_dead_beef,
            inserts: 1000,
            removes: 100,
            remove_hits: 100,
            payload_bytes: 16_000,
            live_payload_bytes: 14_400,
            ..EndState::none()
        },
        count: Some(Count {
            quantities: [
                ("alloc_count", 10),
                ("alloc_bytes", 1152),
                ("free_count", 9),
                ("free_bytes", 128),
                ("live_bytes", 1024),
                ("peak_bytes", 1088),
                ("drained_bytes", 0),
                ("census_moved_entries", 500),
                ("census_moved_bytes", 8000),
                ("max_moves_in_one_write", 250),
                ("max_alloc_bytes_in_one_write", 1024),
                ("grow_events", 10),
                ("same_size_grow_events", 0),
                ("slot_reuses", 0),
                ("buckets", 128),
            ]
            .into_iter()
            .collect(),
            causes: BTreeMap::from(causes),
            distributions: Distributions { occupancy: Some(vec![28, 60, 40]), ..Distributions::default() },
            ..Count::default()
        }),
        time: None,
        profile: None,
        instructions: None,
    }
}

/// [`cell`] with a time pass of these repetitions.
pub fn timed(map: &str, clocked_elapsed_ns: &[u64]) -> Cell {
    let time = Time {
        ops: 1100,
        bare_elapsed_ns: vec![50_000; clocked_elapsed_ns.len()],
        clocked_elapsed_ns: clocked_elapsed_ns.to_vec(),
        clock_floor_ns: 7.25,
        ticks_per_ns: 2.1,
        pinned_to: Some(1),
        started_unix_ms: 1_700_000_000_000,
        percentiles: vec![KindPercentiles {
            max_ns: vec![4001; clocked_elapsed_ns.len()],
            ..KindPercentiles::of(OpKind::Insert)
        }],
        kind_ns: [(OpKind::Insert, 4050 * clocked_elapsed_ns.len() as u64)].into(),
        threads: Vec::new(),
        collector: None,
        heat: None,
        moments: None,
        responses: Vec::new(),
        highest_rates: Vec::new(),
        undisturbed: Vec::new(),
        sensors: None,
        hashing: None,
        histograms: vec![LatencyHistogram {
            kind: OpKind::Insert,
            cause: Cause::Steady,
            count: 3,
            hdr_v2_deflate_base64: histogram(&[20, 30, 4000]),
        }],
    };
    let profile = Profile {
        frames: vec![Frame { function: "main".to_owned(), file: None, line: None }],
        alloc: vec![AllocStack {
            stack: vec![0],
            alloc_count: 1,
            alloc_bytes: 8,
            live_count: Some(0),
            live_bytes: Some(0),
        }],
        ..Profile::default()
    };
    Cell { time: Some(time), profile: Some(profile), ..cell(map) }
}

pub fn environment() -> Environment {
    Environment {
        cpu: "Example CPU".to_owned(),
        cpus: 2,
        kernel: "Linux 6.1".to_owned(),
        page_bytes: 4096,
        rustc: "1.95.0".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        allocator: "system".to_owned(),
        mapscope: "0.1.0".to_owned(),
    }
}

pub fn record(cells: impl Into<Vec<Cell>>) -> Results {
    Results {
        schema: SCHEMA,
        mapscope: "0.1.0".to_owned(),
        profile: "ci".to_owned(),
        partial: false,
        environments: vec![environment()],
        accepted: Vec::new(),
        cells: cells.into(),
    }
}

/// `results` after `edit` of its first cell's count pass.
pub fn with_count(results: &Results, edit: impl FnOnce(&mut Count)) -> Results {
    let mut results = results.clone();
    edit(results.cells[0].count.as_mut().unwrap());
    results
}
