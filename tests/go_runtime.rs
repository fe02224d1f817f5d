//! The real Go runtime as a subject. Needs a `go` command: those that MAPSCOPE_GO names (separated as in PATH), or the
//! one on the PATH; without any, the tests that need one say so and pass.

use std::path::PathBuf;
use std::process::Command;

use mapscope::engines::go;
use mapscope::record::{self, Cause, OpKind, Results, Status, metrics};
use mapscope::workload::ENTRIES;

use crate::cli_process::Place;
use crate::common;
use crate::common::skip;

/// The toolchains to test with.
fn toolchains() -> Vec<go::Toolchain> {
    let named: Vec<PathBuf> =
        std::env::var_os("MAPSCOPE_GO").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    let found = go::find(&named).expect("MAPSCOPE_GO names go commands");
    if found.is_empty() {
        skip::skip("go", "no go command; name some in MAPSCOPE_GO");
    }
    found
}

/// Runs cells of the real runtimes found, and gives their record; `None` without any.
fn run(place: &Place, args: &[&str]) -> Option<Results> {
    let toolchains = toolchains();
    if toolchains.is_empty() {
        return None;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["run", common::PATIENT, "--out", "out"]).args(args);
    for toolchain in &toolchains {
        command.arg("--go").arg(&toolchain.path);
    }
    let outcome = place.run_command(&mut command);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    Some(record::read(&place.path().join("out")).expect("a record"))
}

#[test]
fn without_go_its_cells_say_how_to_get_it_and_the_others_run() {
    let place = Place::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let args = ["run", "--map", "std,go-runtime", "--ops", "1000", "--passes", "count", "--out", "out"];
    let outcome = place.run_command(command.args(args).env("PATH", ""));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let results = record::read(&place.path().join("out")).expect("a record");
    let [std, go] = &results.cells[..] else { panic!("two cells") };
    assert_eq!((std.status, go.status), (Status::Ok, Status::Unavailable));
    assert_eq!(go.id.map, "go-runtime");
    let error = go.error.as_deref().expect("a reason");
    assert!(error.contains("go.dev/dl") && error.contains("--go PATH"), "{error}");
}

#[test]
fn a_path_that_is_no_go_command_is_refused() {
    let place = Place::new();
    for path in ["/nowhere/go", "/bin/true", "."] {
        let outcome = place.run(&["run", "--map", "go-runtime", "--go", path]);
        assert_eq!(outcome.code, Some(2), "{path}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("not a usable go command"), "{path}: {}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{path}: {:?}", outcome.left);
    }
}

#[test]
fn the_collector_s_settings_are_checked() {
    let place = Place::new();
    for (map, message) in [
        ("go-runtime(gogc=-2)", "gogc must be a whole number >= -1"),
        ("go-runtime(limit_mb=0)", "limit_mb must be a whole number >= 1"),
        ("go-runtime(gc=1)", "unknown argument \"gc\""),
        ("go-runtim", "did you mean \"go-runtime\"?"),
    ] {
        let outcome = place.run(&["run", "--map", map, "--ops", "10"]);
        assert_eq!(outcome.code, Some(2), "{map}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(message), "{map}: {}", outcome.stderr);
    }
}

/// Every entry and the kinds of operation: content as expected, or the cells would not be ok.
#[test]
fn every_entry_and_mix_keeps_its_content() {
    let place = Place::new();
    let mixes = "fill,churn(records=500),overwrite,ycsb-a,waves";
    let args = ["--map", "go-runtime", "--entry", "*", "--mix", mixes, "--ops", "3000", "--passes", "count"];
    let Some(results) = run(&place, &args) else { return };
    assert_eq!(results.cells.len(), ENTRIES.len() * 5 * toolchains().len());
    for cell in &results.cells {
        let count = cell.count.as_ref().expect("counted");
        let counted = |name: &str| count.quantities.get(name);
        assert!(cell.id.map.starts_with("go-runtime@1."), "{}", cell.id);
        assert!(
            !cell.exact && counted("census_moved_entries").is_none() && counted("peak_bytes").is_none(),
            "{}",
            cell.id
        );
        assert!(counted("live_bytes") > Some(cell.expected.live_payload_bytes), "{}: {count:?}", cell.id);
        assert!(!count.causes.values().any(|causes| causes.contains_key(&Cause::Unknown)), "{}: {count:?}", cell.id);
    }
}

/// Keys and values of every form, those that share a byte with their neighbours among them, in both kinds of map.
#[test]
fn any_entry_of_the_grammar_keeps_its_content() {
    let place = Place::new();
    let entries = "u32/u32,u64/(),16/u64,3/u8,4/12,200/200,string(4)/string(7),string(24)/string(100),u64/bytes,\
                   u64/bytes(33)";
    let maps = "go-runtime,go-runtime-syncmap";
    let args =
        ["--map", maps, "--entry", entries, "--mix", "ycsb-a(records=300)", "--ops", "1500", "--passes", "count"];
    let Some(results) = run(&place, &args) else { return };
    assert_eq!(results.cells.len(), 20 * toolchains().len());
}

/// A trace's lengths are those of the values: what they come to is compared with what the map contains.
#[test]
fn values_are_as_long_as_each_operation_says() {
    let place = Place::new();
    let rows = (0..2000).map(|n| format!("insert,{},{}\n", n % 300, n % 97));
    let trace = std::iter::once("op,key,value_bytes\n".to_owned()).chain(rows).collect::<String>();
    std::fs::write(place.path().join("trace.csv"), trace).expect("a file");
    let args = ["--map", "go-runtime", "--entry", "u64/bytes", "--trace", "trace.csv", "--passes", "count,time"];
    let Some(results) = run(&place, &args) else { return };
    for cell in &results.cells {
        let puts: u64 = (0..2000_u64).map(|n| (n % 97).max(8)).sum();
        assert_eq!(cell.expected.payload_heap_bytes, Some(puts), "{}", cell.id);
        // Each has its size class, or a share of a block.
        let entries = cell.count.as_ref().expect("counted").quantities.get("entry_alloc_bytes").expect("counted");
        assert!((puts..2 * puts).contains(&entries), "{}: {entries} for {puts}", cell.id);
    }
}

/// A user's program that asks `runtime.MemStats` what its map took: in all, in how many objects, and what of it lives.
const TEN_LINES: &str = r#"package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

var m map[KEY]VALUE

func main() {
	debug.SetGCPercent(-1)
	var before, filled, live runtime.MemStats
	keys, value, same := make([]KEY, 100000), *new(VALUE), strings.Clone
	for id := range keys {
		keys[id] = MADE
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	m = make(map[KEY]VALUE)
	for _, key := range keys {
		m[PUT] = value
	}
	runtime.ReadMemStats(&filled)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&live)
	_ = same
	fmt.Print(filled.TotalAlloc-before.TotalAlloc, " ", filled.Mallocs-before.Mallocs, " ", live.HeapAlloc-before.HeapAlloc)
	runtime.KeepAlive(keys)
}
"#;

/// The figures beside those of a program that mapscope has no part in. The runtime draws other hashes in each, and so has
/// some overflow buckets more or fewer, or splits a table that the other doesn't.
#[test]
fn figures_are_those_of_a_program_of_ten_lines() {
    let place = Place::new();
    let entries = [
        ("u32/u32", "uint32", "uint32", "uint32(id)", "key"),
        ("u64/128", "uint64", "[128]byte", "uint64(id)", "key"),
        ("string(43)/u64", "string", "uint64", "fmt.Sprintf(\"user%039d\", id)", "same(key)"),
    ];
    let names = entries.map(|(name, ..)| name).join(",");
    let args =
        ["--map", "go-runtime", "--entry", &names, "--keys", "sequential", "--ops", "100000", "--passes", "count"];
    let Some(results) = run(&place, &args) else { return };
    for toolchain in toolchains() {
        for (name, key, value, made, put) in entries {
            let forms = [("KEY", key), ("VALUE", value), ("MADE", made), ("PUT", put)];
            let source = forms.iter().fold(TEN_LINES.to_owned(), |source, (form, text)| source.replace(form, text));
            std::fs::write(place.path().join("main.go"), source).expect("a file");
            let mut go = Command::new(&toolchain.path);
            go.args(["run", "main.go"]).current_dir(place.path()).env("GOTOOLCHAIN", "local").env_remove("GOGC");
            let output = go.output().expect("a go command");
            let said = String::from_utf8_lossy(&output.stdout);
            let said: Vec<u64> = said.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            assert_eq!(said.len(), 3, "{}", String::from_utf8_lossy(&output.stderr));
            let map = format!("go-runtime@{}", toolchain.version);
            let cell = results.cells.iter().find(|cell| cell.id.map == map && cell.id.entry == name).expect("a cell");
            let count = cell.count.as_ref().expect("counted");
            let counted =
                |names: &[&str]| names.iter().map(|name| count.quantities.get(name).expect(name)).sum::<u64>();
            let figures = [
                counted(&["alloc_bytes", "entry_alloc_bytes"]),
                counted(&["alloc_count", "entry_alloc_count"]),
                counted(&["live_bytes"]),
            ];
            println!("{map} {name}: {figures:?}, the program {said:?}");
            for (at, (ours, theirs)) in figures.into_iter().zip(said).enumerate() {
                // Objects are mostly overflow buckets in the classic layout: some 4,000, whose number varies by a tenth.
                let percent = if at == 1 { 20 } else { 3 };
                assert!(ours.abs_diff(theirs) * 100 <= theirs * percent, "{map} {name}: {ours}, not {theirs}");
            }
        }
    }
}

/// Whether a release has the classic layout.
fn is_classic(version: &str) -> bool {
    ["Go 1.21", "Go 1.22", "Go 1.23"].iter().any(|classic| version.starts_with(classic))
}

/// Overwrites of a map that has been given room allocate nothing; what building it allocated is what it holds.
#[test]
fn what_a_map_holds_is_what_it_allocated_when_nothing_was_given_back() {
    let place = Place::new();
    let args = ["--map", "go-runtime", "--keys", "sequential", "--ops", "1000", "--hint", "1000", "--passes", "count"];
    let Some(results) = run(&place, &args) else { return };
    for cell in &results.cells {
        let count = cell.count.as_ref().expect("counted");
        assert_eq!(count.causes[&OpKind::Insert].values().sum::<u64>(), 1000);
        // The list of overflow buckets of the classic layout is made anew as it grows, and so shed.
        let counted = |name: &str| count.quantities.get(name).expect(name);
        let shed = counted("alloc_bytes") as i64 - counted("live_bytes") as i64;
        assert!(shed == 0 || is_classic(&cell.map_version) && (0..200).contains(&shed), "{}: {count:?}", cell.id);
        assert!(counted("drained_bytes") == counted("live_bytes"), "{}: {count:?}", cell.id);
    }
}

#[test]
fn timed_runs_tell_what_the_collector_did() {
    let place = Place::new();
    let maps = "go-runtime(gogc=-1),go-runtime(gogc=50)";
    let args =
        ["--map", maps, "--mix", "churn(records=2000)", "--entry", "u64/256", "--ops", "60000", "--passes", "time"];
    let Some(results) = run(&place, &args) else { return };
    let cycles = |cell| metrics::find("gc_cycles").expect("a metric").value(cell).expect("a value").as_f64();
    let (offs, ons): (Vec<_>, Vec<_>) = results.cells.iter().partition(|cell| cell.id.map.ends_with("(gogc=-1)"));
    assert_eq!((offs.len(), ons.len()), (toolchains().len(), toolchains().len()));
    for (off, on) in offs.into_iter().zip(ons) {
        let time = on.time.as_ref().expect("timed");
        assert_eq!(cycles(off), 0.0);
        assert!(
            time.collector.as_ref().is_some_and(|collector| collector.heap_peak_bytes.iter().all(|&n| n > 100_000))
        );
        let recorded: u64 = time.histograms.iter().map(|histogram| histogram.count).sum();
        assert_eq!(recorded, 5 * (60_000 - 59 * 4), "five repetitions, less four operations of each of 59 batches");
    }
}

/// The harness's own work makes no garbage on the heap that is measured: keys of lookups least of all.
#[test]
fn reading_makes_no_garbage() {
    let place = Place::new();
    let entries = "u64/u64,string(24)/u64";
    let args = ["--map", "go-runtime(gogc=10)", "--mix", "ycsb-c(records=2000)", "--entry", entries, "--ops", "200000"];
    let Some(results) = run(&place, &[&args[..], &["--passes", "time"]].concat()) else { return };
    assert_eq!(results.cells.len(), 2 * toolchains().len());
    for cell in &results.cells {
        let time = cell.time.as_ref().expect("timed");
        let collector = time.collector.as_ref().expect("a collector");
        assert_eq!(collector.cycles, [0; 5], "{}: {collector:?}", cell.id);
        assert!(collector.heap_peak_bytes.iter().all(|&n| 50_000 < n && n < 400_000), "{}: {collector:?}", cell.id);
    }
}
