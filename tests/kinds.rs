//! Work that is about all entries at once, clears and iterations: it has counts, causes, latencies and its share of the time,
//! on every map that one thread has to itself.

use crate::common::{PATIENT, Row, Run, metric};

/// A trace of so many rounds: eight inserts, a lookup, an iteration, a clear; the first operation is an iteration.
fn trace(folder: &tempfile::TempDir, rounds: u64) -> String {
    let path = folder.path().join("rounds.csv");
    let mut rows = "op,key\niterate,\n".to_owned();
    for round in 0..rounds {
        (0..8).for_each(|n| rows += &format!("insert,{}\n", (round * 5 + n) % 64));
        rows += &format!("get,{}\niterate,\nclear,\n", round % 64);
    }
    std::fs::write(&path, rows).expect("a trace");
    path.to_str().expect("UTF-8").to_owned()
}

fn is_absent(row: &Row, name: &str) -> bool {
    row[name].is_empty()
}

#[test]
fn clears_and_iterations_are_counted_on_every_map() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = trace(&folder, 50);
    let maps = "go-classic,go-classic-inline,go-classic-slab,go-classic-pooled,go-swiss,go-syncmap,java-hashmap,redis-dict,\
                cuckoo,std,hashbrown,griddle,indexmap,btree,imbl-hashmap,imbl-ordmap,skiplist,rwlock-hashbrown,\
                sharded-mutex,dashmap,papaya,flurry";
    let run = Run::new([PATIENT, "--map", maps, "--passes", "count", "--entry", "u64/u64,string(24)/u64", "--trace"]);
    let cells = run.args([&*trace]).cells();
    assert_eq!(cells.len(), 2 * (maps.matches(',').count() + 1));
    for cell in &cells {
        let id = &cell["id"];
        assert_eq!(cell["status"], "ok", "{id}: {}", cell["error"]);
        assert_eq!((&cell["expected"]["clears"], &cell["expected"]["iterations"]), (&50.into(), &51.into()), "{id}");
        let of = |kind: &str| -> u64 {
            cell["count"]["causes"][kind].as_object().expect(kind).values().map(|n| n.as_u64().expect("a number")).sum()
        };
        assert_eq!((of("clear"), of("iterate"), of("get"), of("insert")), (50, 51, 50, 400), "{id}");
        let peaks = cell["count"]["timeline"]["peak_bytes"].as_array().expect("peaks");
        assert_eq!(
            peaks.iter().filter_map(|peak| peak.as_u64()).max(),
            cell["count"]["quantities"]["peak_bytes"].as_u64(),
            "{id}"
        );
        let heap = if id["entry"] == "u64/u64" { 0 } else { 400 * 24 };
        assert_eq!(cell["expected"]["payload_heap_bytes"], heap, "{id}");
        // What entries own on the heap of a JVM or of a Redis server is that program's, and not what the workload makes.
        if id["map"] != "java-hashmap" && id["map"] != "redis-dict" {
            assert_eq!(cell["count"]["quantities"]["entry_alloc_bytes"], heap, "{id}");
            assert_eq!(cell["count"]["quantities"]["entry_alloc_count"], heap / 24, "{id}");
        }
    }
}

#[test]
fn each_kind_has_latencies_and_the_shares_of_the_time_add_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = trace(&folder, 400);
    let run = Run::new([PATIENT, "--map", "hashbrown,go-syncmap,btree", "--passes", "time", "--trace"]);
    let rows = run.args([&*trace]).rows();
    assert_eq!(rows.len(), 3);
    for row in &rows {
        let kinds = ["insert", "get", "clear", "iterate"];
        let shares: f64 = kinds.iter().map(|kind| metric(row, &format!("time_share_{kind}"))).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{}: {shares}", row["map"]);
        for kind in kinds {
            assert!(metric(row, &format!("{kind}_max_ns")) > 0.0, "{}: {kind}", row["map"]);
        }
        assert!(is_absent(row, "time_share_remove") && is_absent(row, "remove_max_ns"), "{}", row["map"]);
        assert_eq!((metric(row, "clears"), metric(row, "iterations")), (400.0, 401.0));
    }
}

/// A kind that only occurs where caches are cold has latencies all the same, and so has a trace of two operations.
#[test]
fn a_single_operation_of_a_kind_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("few.csv");
    for (rows, kinds) in [("iterate,\ninsert,1\n".to_owned(), ["iterate", "insert"]), (first_get(), ["get", "insert"])]
    {
        std::fs::write(&path, format!("op,key\n{rows}")).expect("a trace");
        let run = Run::new([PATIENT, "--map", "hashbrown", "--passes", "count,time", "--trace"]);
        let cells = run.args([path.to_str().expect("UTF-8")]).cells();
        for kind in kinds {
            let histograms = cells[0]["time"]["histograms"].as_array().expect("histograms");
            assert!(histograms.iter().any(|of| of["kind"] == kind), "{kind} of {rows:.40}");
            assert!(cells[0]["time"]["kind_ns"][kind].is_u64(), "{kind} of {rows:.40}");
        }
    }
}

/// A lookup, and more inserts than small maps are timed with.
fn first_get() -> String {
    (0..500).fold("get,1\n".to_owned(), |rows, key| rows + &format!("insert,{key}\n"))
}

#[test]
fn threads_refuse_what_is_about_all_entries() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("whole.csv");
    for (op, why) in [("clear", "it clears the map"), ("iterate", "it iterates over the map")] {
        std::fs::write(&path, format!("op,key\ninsert,1\n{op},\n")).expect("a trace");
        let run = Run::new([PATIENT, "--map", "dashmap", "--threads", "2", "--trace"]);
        let output = run.args([path.to_str().expect("UTF-8")]).output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
