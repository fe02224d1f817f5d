//! Records for tests: single pieces, and one whole record such as a run leaves behind.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use crate::record::{
    AllocStack, Cause, Cell, CellId, CopyStack, Count, CpuStack, EndState, Environment, Frame, LatencyHistogram,
    OpKind, Profile, Results, SCHEMA, Status, Structure, Time,
};

/// A cell that ended well without having run any pass.
pub(crate) fn cell(map: &str) -> Cell {
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
pub(crate) fn time(bare_elapsed_ns: &[u64], histograms: Vec<LatencyHistogram>) -> Time {
    Time {
        ops: 1_000_000,
        bare_elapsed_ns: bare_elapsed_ns.to_vec(),
        clocked_elapsed_ns: bare_elapsed_ns.iter().map(|ns| ns + ns / 4).collect(),
        clock_floor_ns: 11.5,
        ticks_per_ns: 2.5,
        pinned_to: Some(1),
        started_unix_ms: 1_750_000_000_250,
        histograms,
    }
}

/// A histogram of `(value in nanoseconds, how often)`.
pub(crate) fn histogram(kind: OpKind, cause: Cause, recordings: &[(u64, u64)]) -> LatencyHistogram {
    let mut histogram = Histogram::<u64>::new(3).unwrap();
    for &(value, count) in recordings {
        histogram.record_n(value, count).unwrap();
    }
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).unwrap();
    LatencyHistogram { kind, cause, count: histogram.len(), hdr_v2_deflate_base64: BASE64_STANDARD.encode(bytes) }
}

/// A map's figures for a million uniform puts: what a run of it counted and timed, in round numbers.
struct Figures {
    map: &'static str,
    version: &'static str,
    load_factor: Option<f64>,
    allocs: u64,
    alloc_bytes: u64,
    live_bytes: u64,
    peak_bytes: u64,
    moved: u64,
    grows: u64,
    elapsed_ns: u64,
    dear: Cause,
    dearest_ns: u64,
}

const FIGURES: [Figures; 5] = [
    Figures {
        map: "go-classic",
        version: "Go 1.23.9",
        load_factor: Some(6.5),
        allocs: 21_840,
        alloc_bytes: 45_219_840,
        live_bytes: 23_658_496,
        peak_bytes: 34_603_008,
        moved: 851_971,
        grows: 18,
        elapsed_ns: 118_240_000,
        dear: Cause::Grow,
        dearest_ns: 3_112_959,
    },
    Figures {
        map: "std",
        version: "rustc 1.95.0",
        load_factor: None,
        allocs: 18,
        alloc_bytes: 35_651_820,
        live_bytes: 17_825_808,
        peak_bytes: 26_738_720,
        moved: 917_497,
        grows: 18,
        elapsed_ns: 71_900_000,
        dear: Cause::Grow,
        dearest_ns: 9_437_183,
    },
    Figures {
        map: "hashbrown",
        version: "hashbrown 0.17.1",
        load_factor: None,
        allocs: 18,
        alloc_bytes: 35_651_820,
        live_bytes: 17_825_808,
        peak_bytes: 26_738_720,
        moved: 917_497,
        grows: 18,
        elapsed_ns: 38_400_000,
        dear: Cause::Grow,
        dearest_ns: 7_864_319,
    },
    Figures {
        map: "indexmap",
        version: "indexmap 2.14.2",
        load_factor: None,
        allocs: 37,
        alloc_bytes: 83_886_040,
        live_bytes: 34_602_992,
        peak_bytes: 51_380_208,
        moved: 1_179_640,
        grows: 18,
        elapsed_ns: 52_750_000,
        dear: Cause::Grow,
        dearest_ns: 11_534_335,
    },
    Figures {
        map: "btree",
        version: "rustc 1.95.0",
        load_factor: None,
        allocs: 91_412,
        alloc_bytes: 18_145_120,
        live_bytes: 18_145_120,
        peak_bytes: 18_145_120,
        moved: 2_431_906,
        grows: 0,
        elapsed_ns: 287_310_000,
        dear: Cause::Overflow,
        dearest_ns: 96_255,
    },
];

/// Latencies of `count` operations without structural work around a median of `ns`.
fn steady(kind: OpKind, ns: u64, count: u64) -> LatencyHistogram {
    let share = |per_mille| count * per_mille / 1000;
    let tail = [(ns * 3 / 2, share(200)), (ns * 2, share(80)), (ns * 4, share(15)), (ns * 9, share(1))];
    let rest = count - tail.iter().map(|(_, n)| n).sum::<u64>();
    histogram(kind, Cause::Steady, &[&[(ns, rest)], &tail[..]].concat())
}

fn uniform_fill(figures: &Figures) -> Cell {
    let mut cell = cell(figures.map);
    cell.id.load_factor = figures.load_factor;
    cell.map_version = figures.version.into();
    cell.expected = EndState {
        entries: 632_198,
        checksum: 0x5eed_c0de,
        inserts: 632_198,
        overwrites: 367_802,
        payload_bytes: 16_000_000,
        live_payload_bytes: 10_115_168,
        ..EndState::default()
    };
    let buckets = figures.load_factor.is_some();
    cell.count = Some(Count {
        alloc_count: figures.allocs,
        alloc_bytes: figures.alloc_bytes,
        free_count: figures.allocs - 1,
        free_bytes: figures.alloc_bytes - figures.live_bytes,
        live_bytes: figures.live_bytes,
        peak_bytes: figures.peak_bytes,
        drained_bytes: if figures.map == "btree" { 0 } else { figures.live_bytes },
        inside_moved_entries: buckets.then_some(figures.moved),
        inside_moved_bytes: buckets.then_some(figures.moved * 16),
        census_moved_entries: figures.moved,
        census_moved_bytes: figures.moved * 16,
        max_moves_in_one_write: if buckets { 31 } else { figures.moved / 2 },
        max_alloc_bytes_in_one_write: figures.live_bytes,
        grow_events: figures.grows,
        causes: BTreeMap::from([(OpKind::Insert, BTreeMap::from([(figures.dear, figures.grows.max(91_412))]))]),
        structure: Structure {
            buckets: buckets.then_some(131_072),
            overflow_buckets: buckets.then_some(9_103),
            chain_length_max: buckets.then_some(3),
            in_use_bytes: buckets.then_some(20_185_200),
            hit_probes: buckets.then_some(2_113_004),
            miss_probes: buckets.then_some(632_198),
            occupancy: buckets.then(|| vec![1_100, 5_200, 12_600, 20_300, 24_600, 23_700, 43_572]),
            ..Structure::default()
        },
        ..Count::default()
    });
    let median = figures.elapsed_ns / 1_400_000;
    let dear: Vec<_> = (0..figures.grows.max(12)).map(|n| (figures.dearest_ns >> n | 64, 3)).collect();
    cell.time = Some(time(
        &[figures.elapsed_ns, figures.elapsed_ns + 1_000_000, figures.elapsed_ns - 500_000],
        vec![
            steady(OpKind::Insert, median + 9, 632_198 * 3),
            histogram(OpKind::Insert, figures.dear, &dear),
            steady(OpKind::Overwrite, median + 4, 367_802 * 3),
        ],
    ));
    cell
}

fn zipfian_churn(figures: &Figures) -> Cell {
    let mut cell = uniform_fill(figures);
    (cell.id.keys, cell.id.mix) = ("zipfian(0.99)".into(), "mix(insert=40,remove=40,get=20)".into());
    cell.id.entry = "string(24)/u64".into();
    (cell.key_bytes, cell.value_bytes) = (40, 8);
    cell.expected = EndState {
        entries: 61_204,
        checksum: 0xfeed,
        inserts: 214_377,
        overwrites: 185_911,
        removes: 399_904,
        remove_hits: 153_173,
        gets: 199_808,
        get_hits: 88_190,
        payload_bytes: 19_213_824,
        live_payload_bytes: 2_937_792,
    };
    let count = cell.count.as_mut().unwrap();
    count.alloc_bytes /= 10;
    count.live_bytes = count.live_bytes / 11 + 61_204 * 24;
    count.peak_bytes = count.peak_bytes / 10 + 61_204 * 24;
    count.drained_bytes /= 11;
    count.census_moved_entries /= 8;
    count.census_moved_bytes = count.census_moved_entries * 24;
    (count.inside_moved_entries, count.inside_moved_bytes) = (None, None);
    count.structure = Structure::default();
    let time = cell.time.as_mut().unwrap();
    time.bare_elapsed_ns.iter_mut().for_each(|ns| *ns += 31_000_000);
    time.histograms.push(steady(OpKind::Remove, 45, 399_904 * 3));
    time.histograms.push(steady(OpKind::Get, 31, 199_808 * 3));
    cell
}

/// Call stacks of a hash table that grows, with the names as a symboliser gives them.
fn profile() -> Profile {
    let frame = |function: &str, file: &str, line| Frame {
        function: function.into(),
        file: (!file.is_empty()).then(|| file.into()),
        line: (line > 0).then_some(line),
    };
    let frames = vec![
        frame("_start", "", 0),
        frame("std::rt::lang_start::<()>", "library/std/src/rt.rs", 206),
        frame("mapscope::main", "src/main.rs", 12),
        frame("mapscope::run::cell::Driver::<u64, u64, mapscope::maps::std_map::Std>::drive", "src/run/cell.rs", 118),
        frame(
            "<mapscope::maps::std_map::StdMap<u64, u64, mapscope::maps::hashing::FixedSip> as mapscope::maps::Map<u64, u64>>::insert",
            "src/maps/std_map.rs",
            41,
        ),
        frame(
            "hashbrown::map::HashMap::<u64, u64, mapscope::maps::hashing::FixedSip>::insert",
            "hashbrown/src/map.rs",
            1801,
        ),
        frame("hashbrown::raw::RawTable::<(u64, u64)>::reserve_rehash", "hashbrown/src/raw/mod.rs", 1020),
        frame("hashbrown::raw::RawTableInner::resize_inner", "hashbrown/src/raw/mod.rs", 2874),
        frame("alloc::alloc::Global::alloc_impl", "library/alloc/src/alloc.rs", 190),
        frame("core::ptr::copy_nonoverlapping::<u8>", "library/core/src/ptr/mod.rs", 552),
        frame("<core::hash::sip::Hasher as core::hash::Hasher>::write", "library/core/src/hash/sip.rs", 240),
        frame("mapscope::workload::Stream::next_batch", "src/workload/mod.rs", 88),
    ];
    let root = |tail: &[u32]| [&[0, 1, 2, 3], tail].concat();
    let alloc = |stack, alloc_count, alloc_bytes, live_count, live_bytes| AllocStack {
        stack,
        alloc_count,
        alloc_bytes,
        live_count,
        live_bytes,
    };
    Profile {
        alloc: vec![
            alloc(root(&[4, 5, 6, 7, 8]), 17, 35_651_584, 1, 17_825_808),
            alloc(root(&[4, 5, 8]), 1, 236, 0, 0),
        ],
        copy: vec![CopyStack { stack: root(&[4, 5, 6, 7, 9]), moved_entries: 917_497, moved_bytes: 66_059_784 }],
        cpu: vec![
            CpuStack { stack: root(&[4, 5]), samples: 31 },
            CpuStack { stack: root(&[4, 5, 10]), samples: 14 },
            CpuStack { stack: root(&[4, 5, 6, 7, 9]), samples: 22 },
            CpuStack { stack: root(&[11]), samples: 5 },
        ],
        frames,
        cpu_frequency_hz: 997,
        cpu_elapsed_ns: 72_216_650,
    }
}

/// Two workloads on five maps; btree timed out on the second. Only `std` on the first has call stacks.
pub(crate) fn results() -> Results {
    let mut cells: Vec<Cell> = FIGURES.iter().map(uniform_fill).chain(FIGURES.iter().map(zipfian_churn)).collect();
    cells[1].profile = Some(profile());
    let failed = cells.last_mut().unwrap();
    failed.status = Status::TimedOut;
    failed.error = Some("time pass: still running after 60 s, its limit".into());
    (failed.count, failed.time) = (None, None);
    Results {
        schema: SCHEMA,
        mapscope: "0.1.0".into(),
        profile: "quick".into(),
        partial: false,
        environments: vec![Environment {
            cpu: "AMD EPYC 7B13".into(),
            cpus: 2,
            kernel: "Linux 6.12.8".into(),
            page_bytes: 4096,
            rustc: "1.95.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            allocator: "glibc 2.36".into(),
            mapscope: "0.1.0".into(),
        }],
        cells,
    }
}
