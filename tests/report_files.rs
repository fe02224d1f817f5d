//! The files written for each cell, from a small record made by hand.
//!
//! `MAPSCOPE_BLESS=1 cargo test --test suite report_files::` writes the golden files anew; read the difference.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use mapscope::record::{CellId, Profile, Results, read};
use mapscope::report::FORMATS;
use pprof::protos::{self, Message as _};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden_cells");

/// The folder of the first cell's files.
const FIRST: &str = "cells/go-classic_uniform_fill_lf6.5_u64-u64_1000_s1";

fn record() -> Results {
    read(&Path::new(GOLDEN).join("record.json")).expect("the record")
}

/// What one format writes.
fn files(format: &str, results: &Results) -> BTreeMap<String, Vec<u8>> {
    let format = FORMATS.iter().find(|row| row.name == format).expect("the format");
    let mut files = BTreeMap::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        assert!(files.insert(path.to_owned(), bytes.to_vec()).is_none(), "{path} is written twice");
        Ok(())
    };
    (format.render)(results, &mut emit).expect("rendered");
    files
}

fn profile(results: &Results) -> &Profile {
    results.cells[0].profile.as_ref().expect("the first cell has a profile")
}

fn assert_golden(path: &str, bytes: &[u8]) {
    let name = path.strip_prefix(FIRST).expect("of the first cell").trim_start_matches('/');
    let golden = Path::new(GOLDEN).join(name);
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        std::fs::write(&golden, bytes).expect("written");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(String::from_utf8_lossy(bytes), expected, "{name} differs; MAPSCOPE_BLESS=1 accepts it");
}

fn sorted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{FIRST}/{name}")).collect()
}

#[test]
fn folded_stacks_are_as_before() {
    let files = files("folded", &record());
    assert!(files.keys().eq(&sorted(&["alloc.folded", "copy.folded", "cpu.folded"])), "{:?}", files.keys());
    for (path, bytes) in &files {
        assert_golden(path, bytes);
    }
}

#[test]
fn folded_stacks_are_sorted_and_add_up() {
    let results = record();
    let files = files("folded", &results);
    let total = |name: &str| -> u64 {
        let text = String::from_utf8(files[&format!("{FIRST}/{name}.folded")].clone()).expect("UTF-8");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|line| line.starts_with("go-classic;")));
        lines.iter().map(|line| line.rsplit_once(' ').expect("a weight").1.parse::<u64>().expect("a number")).sum()
    };
    let profile = profile(&results);
    assert_eq!(total("alloc"), profile.alloc.iter().map(|x| x.alloc_bytes).sum::<u64>());
    assert_eq!(total("copy"), profile.copy.iter().map(|x| x.moved_bytes).sum::<u64>());
    assert_eq!(total("cpu"), profile.cpu.iter().map(|x| x.samples).sum::<u64>());
}

#[test]
fn flame_graphs_say_what_they_show() {
    let results = record();
    let files = files("flame", &results);
    assert!(files.keys().eq(&sorted(&["alloc.svg", "copy.svg", "cpu.svg"])), "{:?}", files.keys());
    let svg = |name: &str| String::from_utf8(files[&format!("{FIRST}/{name}.svg")].clone()).expect("UTF-8");
    for (name, title, total) in [
        ("alloc", "Bytes allocated", "all (6,472 bytes, 100%)"),
        ("copy", "Bytes copied", "all (2,048 bytes, 100%)"),
        ("cpu", "Processor time", "all (13 samples, 100%)"),
    ] {
        let svg = svg(name);
        assert!(svg.contains(title), "{name}: {title}");
        assert!(svg.contains("go-classic uniform fill load_factor=6.5 u64/u64 ops=1000 seed=1"), "{name}: the cell");
        assert!(svg.contains(total), "{name}: {total}");
        assert!(svg.trim_end().ends_with("</svg>"), "{name} is whole");
        let addresses = ["src=\"http", "href=\"http", "url(http", "@import"];
        assert!(addresses.iter().all(|address| !svg.contains(address)), "{name} needs nothing beside it");
    }
    assert!(svg("alloc").contains("GoClassicMap::start_growth (5,000 bytes, 77.26%)"));
    assert!(svg("cpu").contains("&lt;[T, N]&gt;::map"), "names are escaped");
    assert!(!svg("cpu").contains("<[T"));
    assert_eq!(files, self::files("flame", &results), "the same every time");
}

#[test]
fn an_elementary_leaf_counts_for_its_caller() {
    let files = files("folded", &record());
    let text = String::from_utf8_lossy(&files[&format!("{FIRST}/cpu.folded")]).into_owned();
    // 7 in the function and 3 in `core::ptr::read` below it.
    assert!(text.lines().any(|line| line == "go-classic;GoClassicMap::insert 10"), "{text}");
    assert!(!text.contains("core::ptr::read"), "{text}");
}

fn decode(bytes: &[u8]) -> protos::Profile {
    assert_eq!(bytes[4..8], [0; 4], "no time of writing");
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip");
    protos::Profile::decode(plain.as_slice()).expect("a profile")
}

/// `TYPE/UNIT` of each sample type with the sum of its values.
fn totals(profile: &protos::Profile) -> Vec<(String, i64)> {
    let text = |index: i64| profile.string_table[index as usize].as_str();
    let types = profile.sample_type.iter().map(|of| format!("{}/{}", text(of.ty), text(of.unit)));
    types.enumerate().map(|(n, name)| (name, profile.sample.iter().map(|sample| sample.value[n]).sum())).collect()
}

#[test]
fn pprof_profiles_hold_the_record() {
    let results = record();
    let files = files("pprof", &results);
    assert!(files.keys().eq(&sorted(&["copy.pb.gz", "cpu.pb.gz", "heap.pb.gz"])), "{:?}", files.keys());
    assert_eq!(files, self::files("pprof", &results), "the same every time");
    let of = |name: &str| decode(&files[&format!("{FIRST}/{name}.pb.gz")]);
    let named = |pairs: &[(&str, i64)]| pairs.iter().map(|&(name, sum)| (name.to_owned(), sum)).collect::<Vec<_>>();
    let (heap, copy, cpu) = (of("heap"), of("copy"), of("cpu"));
    assert_eq!(
        totals(&heap),
        named(&[
            ("alloc_objects/count", 14),
            ("alloc_space/bytes", 6472),
            ("inuse_objects/count", 3),
            ("inuse_space/bytes", 3048)
        ])
    );
    assert_eq!(totals(&copy), named(&[("copy_objects/count", 128), ("copy_space/bytes", 2048)]));
    assert_eq!(totals(&cpu), named(&[("samples/count", 13), ("cpu/nanoseconds", 13 * 1_000_000)]));
    assert_eq!((cpu.period, cpu.duration_nanos), (1_000_000, 14_000_000));
    assert_eq!(heap.time_nanos, 1_700_000_000_123_000_000);
    for (profile, default) in [(&heap, "alloc_space"), (&copy, "copy_space"), (&cpu, "cpu")] {
        assert_eq!(profile.string_table[profile.default_sample_type as usize], default);
        assert_eq!(profile.string_table[0], "");
        assert_eq!(profile.string_table.iter().collect::<HashSet<_>>().len(), profile.string_table.len());
        assert!(profile.location.iter().map(|location| location.id).eq(1..=profile.location.len() as u64));
        assert!(profile.function.iter().map(|function| function.id).eq(1..=profile.function.len() as u64));
        let ids = profile.sample.iter().flat_map(|sample| &sample.location_id);
        assert!(ids.copied().all(|id| (1..=profile.location.len() as u64).contains(&id)));
    }
}

#[test]
fn pprof_stacks_are_leaf_first_with_whole_names() {
    let results = record();
    let heap = decode(&files("pprof", &results)[&format!("{FIRST}/heap.pb.gz")]);
    let text = |index: i64| heap.string_table[index as usize].as_str();
    let function =
        |location: u64| &heap.function[heap.location[location as usize - 1].line[0].function_id as usize - 1];
    let stack = &profile(&results).alloc[0].stack;
    let sample = &heap.sample[0];
    for (&location, &frame) in sample.location_id.iter().zip(stack.iter().rev()) {
        let recorded = &profile(&results).frames[frame as usize];
        assert_eq!(text(function(location).system_name), recorded.function);
        assert_eq!(text(function(location).filename), recorded.file.as_deref().unwrap_or_default());
    }
    assert_eq!(text(function(sample.location_id[0]).name), "mapscope::heap::alloc_zeroed");
    assert_eq!((text(sample.label[0].key), text(sample.label[0].str)), ("map", "go-classic"));
}

#[test]
fn histogram_logs_read_back() {
    let results = record();
    let files = files("hdr-log", &results);
    assert!(files.keys().eq(&sorted(&["latency.hlog"])), "{:?}", files.keys());
    let log = &files[&format!("{FIRST}/latency.hlog")];
    assert_golden(&format!("{FIRST}/latency.hlog"), log);
    let recorded = &results.cells[0].time.as_ref().expect("timed").histograms;
    let mut read = Vec::new();
    for entry in IntervalLogIterator::new(log) {
        match entry.expect("an entry") {
            LogEntry::StartTime(time) | LogEntry::BaseTime(time) => assert_eq!(time.as_millis(), 1_700_000_000_123),
            LogEntry::Interval(interval) => {
                let bytes =
                    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, interval.encoded_histogram());
                let histogram: Histogram<u64> =
                    Deserializer::new().deserialize(&mut bytes.expect("base64").as_slice()).expect("V2 + deflate");
                assert_eq!(interval.duration().as_millis(), 5);
                assert!((interval.max() - histogram.max() as f64 / 1e6).abs() < 1e-6);
                read.push((interval.tag().expect("a tag").as_str().to_owned(), histogram.len()));
            }
        }
    }
    let expected = recorded.iter().map(|h| (format!("{}.{}", h.kind.name(), h.cause.name()), h.count));
    assert!(read.iter().cloned().eq(expected), "{read:?}");
    assert_eq!(read.len(), 2);
}

#[test]
fn nothing_is_written_for_what_was_not_measured() {
    let mut results = record();
    for cell in &mut results.cells {
        (cell.time, cell.profile) = (None, Some(Profile::default()));
    }
    for format in ["flame", "folded", "pprof", "hdr-log", "dhat", "speedscope", "hdr-percentiles"] {
        assert!(files(format, &results).is_empty(), "{format}");
    }
    // Stacks without weight are no stacks.
    let mut results = record();
    results.cells[0].profile.as_mut().expect("profiled").copy.iter_mut().for_each(|x| x.moved_bytes = 0);
    assert!(!files("flame", &results).contains_key(&format!("{FIRST}/copy.svg")));
}

#[test]
fn different_cells_have_different_files() {
    let id = |map: &str, keys: &str, entry: &str| CellId {
        map: map.to_owned(),
        keys: keys.to_owned(),
        mix: "fill".to_owned(),
        load_factor: None,
        hint: 0,
        entry: entry.to_owned(),
        ops: 10,
        seed: 1,
        ..CellId::default()
    };
    assert_eq!(id("std", "uniform", "u64/u64").file_stem(), "std_uniform_fill_u64-u64_10_s1");
    let digested = id("std", "zipfian(0.99)", "u64/u64").file_stem();
    assert!(digested.starts_with("std_zipfian-0.99_fill_u64-u64_10_s1_"), "{digested}");
    let alike = [
        id("std", "trace:a b@1", "u64/u64"),
        id("std", "trace:a-b@1", "u64/u64"),
        id("std", "trace:A-b@1", "u64/u64"),
        id("std", "trace-a-b-1", "u64/u64"),
        id("std_uniform", "x", "u64/u64"),
        id("std", "uniform_x", "u64/u64"),
        id("std", "x", "u64-u64"),
        id("std", "x", "u64/u64"),
        id("std", &format!("trace:{}1", "é".repeat(300)), "u64/u64"),
        id("std", &format!("trace:{}2", "x".repeat(300)), "u64/u64"),
        id("std", &format!("trace:{}3", "x".repeat(300)), "u64/u64"),
    ];
    let stems: HashSet<_> = alike.iter().map(CellId::file_stem).collect();
    assert_eq!(stems.len(), alike.len(), "{stems:?}");
    for stem in stems {
        assert!(stem.len() <= 128 && stem.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c)), "{stem}");
    }
}
