//! A plausible record: two workloads, five maps, one failed cell.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use mapscope::probe::event::Cause;
use mapscope::record::{
    AllocStack, Cell, CellId, CopyStack, Count, CpuStack, EndState, Environment, Frame, LatencyHistogram, OpKind,
    Profile, Results, SCHEMA, Status, Time, Undisturbed,
};

const OPS: u64 = 100_000;

/// A histogram of `(latency in nanoseconds, how often)`.
pub fn histogram(kind: OpKind, cause: Cause, latencies: &[(u64, u64)]) -> LatencyHistogram {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1_000_000_000, 3).unwrap();
    latencies.iter().for_each(|&(ns, count)| histogram.record_n(ns, count).unwrap());
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
    LatencyHistogram { kind, cause, count: histogram.len(), hdr_v2_deflate_base64: STANDARD.encode(bytes) }
}

/// A cell without any pass.
fn cell(map: &str, keys: &str, mix: &str, expected: EndState) -> Cell {
    Cell {
        id: CellId {
            map: map.to_owned(),
            keys: keys.to_owned(),
            mix: mix.to_owned(),
            load_factor: (map == "go-classic").then_some(6.5),
            hint: 0,
            entry: "u64/u64".to_owned(),
            ops: OPS,
            seed: 1,
            ..CellId::default()
        },
        status: Status::Ok,
        error: None,
        exact: true,
        environment: 0,
        map_version: format!("{map} 1.2.3"),
        key_lengths: None,
        value_lengths: None,
        key_bytes: 8,
        value_bytes: 8,
        expected,
        count: None,
        time: None,
        profile: None,
        instructions: None,
    }
}

/// Times of `kind`: the wall time of an operation, the longest steady and the longest growing one, in nanoseconds.
fn time(kind: OpKind, ns_per_op: u64, median_ns: u64, steady_max_ns: u64, grow_max_ns: u64) -> Time {
    let steady = [(median_ns, 98_000), (median_ns * 3, 1900), (median_ns * 20, 89), (steady_max_ns, 1)];
    let mut histograms = vec![histogram(kind, Cause::Steady, &steady)];
    if grow_max_ns > 0 {
        histograms.push(histogram(kind, Cause::Grow, &[(grow_max_ns / 4, 9), (grow_max_ns, 1)]));
    }
    Time {
        ops: OPS,
        bare_elapsed_ns: vec![ns_per_op * OPS; 3],
        clocked_elapsed_ns: vec![(ns_per_op + 20) * OPS; 3],
        clock_floor_ns: 18.25,
        ticks_per_ns: 2.1,
        pinned_to: Some(1),
        started_unix_ms: 1_700_000_000_000,
        percentiles: Vec::new(),
        kind_ns: [(kind, ns_per_op * OPS * 3)].into(),
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

fn profile() -> Profile {
    let frame = |function: &str| Frame { function: function.to_owned(), file: None, line: None };
    Profile {
        frames: vec![frame("insert"), frame("grow")],
        alloc: vec![AllocStack {
            stack: vec![0, 1],
            alloc_count: 1,
            alloc_bytes: 8,
            live_count: Some(0),
            live_bytes: Some(0),
        }],
        copy: vec![CopyStack { stack: vec![0, 1], moved_entries: 1, moved_bytes: 16 }],
        cpu: vec![CpuStack { stack: vec![0], samples: 3 }],
        cpu_frequency_hz: 997,
        cpu_elapsed_ns: 1_000_000_000,
    }
}

/// Bytes allocated and moves of a fill; the rest follows.
fn filled(map: &str, alloc_bytes: u64, allocs: u64, moves: u64, times: [u64; 4]) -> Cell {
    let expected = EndState {
        entries: OPS,
        inserts: OPS,
        payload_bytes: 16 * OPS,
        live_payload_bytes: 16 * OPS,
        ..EndState::none()
    };
    let quantities = [
        ("alloc_count", allocs),
        ("alloc_bytes", alloc_bytes),
        ("live_bytes", alloc_bytes / 2),
        ("peak_bytes", alloc_bytes * 3 / 4),
        ("drained_bytes", alloc_bytes / 4),
        ("census_moved_entries", moves),
        ("census_moved_bytes", 16 * moves),
        ("max_moves_in_one_write", moves / 2),
        ("max_alloc_bytes_in_one_write", 0),
    ];
    let count = Count {
        quantities: quantities.into_iter().collect(),
        causes: BTreeMap::from([(OpKind::Insert, [(Cause::Steady, OPS - 10), (Cause::Grow, 10)].into())]),
        ..Count::default()
    };
    let [ns_per_op, median_ns, steady_max_ns, grow_max_ns] = times;
    let time = time(OpKind::Insert, ns_per_op, median_ns, steady_max_ns, grow_max_ns);
    Cell { count: Some(count), time: Some(time), profile: Some(profile()), ..cell(map, "uniform", "fill", expected) }
}

/// Half lookups, half overwrites, in a map that no longer changes.
fn popular(map: &str, ns_per_op: u64, median_ns: u64) -> Cell {
    let expected = EndState {
        entries: OPS,
        overwrites: OPS / 2,
        gets: OPS / 2,
        get_hits: OPS / 2,
        payload_bytes: 8 * OPS,
        live_payload_bytes: 16 * OPS,
        ..EndState::none()
    };
    let quantities = [
        ("alloc_count", 0),
        ("alloc_bytes", 0),
        ("live_bytes", 2_800_000),
        ("peak_bytes", 4_200_000),
        ("drained_bytes", 0),
        ("census_moved_entries", 0),
        ("census_moved_bytes", 0),
        ("max_moves_in_one_write", 0),
        ("max_alloc_bytes_in_one_write", 0),
    ];
    let count = Count { quantities: quantities.into_iter().collect(), ..Count::default() };
    let mut time = time(OpKind::Overwrite, ns_per_op, median_ns, 40_000, 0);
    time.histograms.push(histogram(OpKind::Get, Cause::Steady, &[(median_ns / 2, 100_000)]));
    time.kind_ns = [(OpKind::Overwrite, 2 * ns_per_op * OPS), (OpKind::Get, ns_per_op * OPS)].into();
    Cell { count: Some(count), time: Some(time), ..cell(map, "zipfian(0.99)", "ycsb-a", expected) }
}

/// The record.
pub fn record() -> Results {
    let mut failed = popular("indexmap", 41, 60);
    failed.status = Status::Panicked;
    failed.error = Some("count pass: the map panicked at `swap_remove`: index 4 | length 3\nnote: a backtrace".into());
    let cells = vec![
        filled("go-classic", 7_040_000, 4_120, 131_071, [52, 61, 45_000, 49_000]),
        filled("std", 5_570_560, 17, 114_688, [43, 58, 52_000, 910_000]),
        filled("hashbrown", 5_570_560, 17, 114_688, [29, 41, 38_000, 880_000]),
        filled("indexmap", 8_388_608, 34, 131_071, [47, 66, 61_000, 3_100_000]),
        filled("btree", 2_701_824, 13_411, 459_870, [118, 133, 48_000, 0]),
        popular("go-classic", 38, 47),
        popular("std", 35, 44),
        popular("hashbrown", 22, 31),
        failed,
        popular("btree", 97, 120),
    ];
    results(cells)
}

/// A record of these cells.
pub fn results(cells: Vec<Cell>) -> Results {
    let environment = Environment {
        cpu: "Example CPU | 2 GHz".to_owned(),
        cpus: 2,
        kernel: "Linux 6.1.0".to_owned(),
        page_bytes: 4096,
        rustc: "1.95.0".to_owned(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        allocator: "system".to_owned(),
        mapscope: "0.1.0".to_owned(),
    };
    Results {
        schema: SCHEMA,
        mapscope: "0.1.0".to_owned(),
        profile: "quick".to_owned(),
        partial: false,
        environments: vec![environment],
        accepted: Vec::new(),
        cells,
    }
}

/// The record with times that the machine had no share in, and that stood after five repetitions.
pub fn undisturbed(mut results: Results) -> Results {
    for time in results.cells.iter_mut().filter_map(|cell| cell.time.as_mut()) {
        let (blocks_ns, histograms) = (time.bare_elapsed_ns[0], time.histograms.clone());
        let least = |repetitions| Undisturbed { repetitions, blocks_ns, histograms: histograms.clone() };
        time.undisturbed = [3, 5].map(least).to_vec();
    }
    results
}

/// The record without the failed cell.
pub fn whole() -> Results {
    let mut results = record();
    results.cells.retain(|cell| cell.status == Status::Ok);
    results
}
