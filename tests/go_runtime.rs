//! The real Go runtime as a subject. Needs a `go` command: those that MAPSCOPE_GO names (separated as in PATH), or the
//! one on the PATH; without any, the tests that need one say so and pass.

use std::path::PathBuf;
use std::process::Command;

use mapscope::engines::go;
use mapscope::record::{self, Cause, OpKind, Results, Status, metrics};

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
    let entries = "u64/u64,u64/64,u64/256,string(24)/u64,string(24)/256";
    let mixes = "fill,churn(records=500),overwrite,ycsb-a,waves";
    let args = ["--map", "go-runtime", "--entry", entries, "--mix", mixes, "--ops", "3000", "--passes", "count"];
    let Some(results) = run(&place, &args) else { return };
    assert_eq!(results.cells.len(), 25 * toolchains().len());
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
        assert!(
            shed == 0 || cell.map_version.starts_with("Go 1.23") && (0..200).contains(&shed),
            "{}: {count:?}",
            cell.id
        );
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
