//! Entries that are not compiled in: a program of one map and one entry, built by the `cargo` on the PATH.

use std::path::Path;
use std::process::{Command, Stdio};

use mapscope::record::{self, Results, Status};

use crate::cli_process::{Outcome, Place, script};
use crate::common;

/// Runs cells, with what is built kept from one run of these tests to the next.
fn run(place: &Place, args: &[&str], path: Option<&str>) -> (Outcome, Results) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["run", common::PATIENT, "--out", "out"]).args(args);
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("runners"));
    command.env_remove("RUSTC");
    path.map(|path| command.env("PATH", path));
    let outcome = place.run_command(&mut command);
    let results = record::read(&place.path().join("out")).expect("a record");
    (outcome, results)
}

#[test]
fn an_entry_that_is_not_compiled_in_is_built_and_measured() {
    let place = Place::new();
    let args = ["--map", "hashbrown", "--entry", "u32/u32,u64/u64", "--keys", "sequential,uniform", "--ops", "1000"];
    let (outcome, results) = run(&place, &args, None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(results.cells.len(), 4);
    for cell in &results.cells {
        assert_eq!(cell.status, Status::Ok, "{}: {:?}", cell.id, cell.error);
        let entry_bytes = if cell.id.entry == "u32/u32" { 8 } else { 16 };
        let count = cell.count.as_ref().expect("counted");
        // 2,048 buckets, a control byte each and a group's more.
        let table = |buckets: u64| buckets * entry_bytes + buckets + 16;
        assert_eq!(count.quantities.get("live_bytes"), Some(table(2_048)), "{}", cell.id);
        let grown: u64 = [4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048].map(table).iter().sum();
        assert_eq!(count.quantities.get("alloc_bytes"), Some(grown), "{}", cell.id);
        assert_eq!(cell.expected.payload_bytes, 1_000 * entry_bytes, "{}", cell.id);
        assert!(cell.time.as_ref().is_some_and(|time| !time.bare_elapsed_ns.is_empty()), "{}", cell.id);
        let profile = cell.profile.as_ref().expect("stacks");
        let named = |part: &str| profile.frames.iter().any(|frame| frame.function.contains(part));
        assert!(named("hashbrown::raw::RawTable") && !named("mapscope::run::"), "{}: {:?}", cell.id, profile.frames);
        assert_eq!(cell.map_version, results.cells[0].map_version);
    }
    // What is counted depends on nothing but the entry's own sizes: both are the same map.
    let (again, kept) = run(&Place::new(), &args, None);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    for (one, other) in results.cells.iter().zip(&kept.cells) {
        assert_eq!(one.count, other.count, "{}", one.id);
    }
}

/// One of each kind of map, with threads and without, and types of keys and values that no common entry has.
#[test]
fn every_kind_of_map_can_have_any_entry() {
    let place = Place::new();
    let entry = "string(43)/bytes(100)";
    let args = ["--map", "dashmap,scc,go-swiss", "--entry", entry, "--ops", "500", "--passes", "count"];
    let (outcome, results) = run(&place, &args, None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(results.cells.len(), 3);
    for cell in &results.cells {
        assert_eq!((cell.status, cell.id.entry.as_str()), (Status::Ok, entry), "{}: {:?}", cell.id, cell.error);
        assert_eq!(cell.expected.payload_bytes, 500 * (16 + 43 + 16 + 100), "{}", cell.id);
        let count = cell.count.as_ref().expect("counted");
        assert_eq!(count.quantities.get("entry_alloc_bytes"), Some(500 * (43 + 100)), "{}", cell.id);
    }
    let place = Place::new();
    let args = ["--map", "dashmap,scc", "--entry", "u64/bool", "--mix", "ycsb-a(records=100)", "--threads", "3"];
    let (outcome, results) = run(&place, &[&args[..], &["--ops", "3000", "--passes", "time"]].concat(), None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(results.cells.len() == 2 && results.cells.iter().all(|cell| cell.status == Status::Ok));
}

#[test]
fn without_cargo_the_row_says_what_can_be_had() {
    let place = Place::new();
    let (outcome, results) =
        run(&place, &["--map", "hashbrown", "--entry", "u64/u64,u64/100", "--ops", "100"], Some(""));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let [has, lacks] = &results.cells[..] else { panic!("two cells") };
    assert_eq!((has.status, lacks.status), (Status::Ok, Status::Unavailable));
    let error = lacks.error.as_deref().expect("a reason");
    assert_eq!(
        error,
        "the entry u64/100 is not compiled in, and there is no rustc on the PATH to build a program for it: install Rust \
         (rustup.rs); the nearest that is compiled in: u64/64"
    );
}

#[test]
fn what_no_entry_can_be_is_refused_before_anything_runs() {
    let place = Place::new();
    for (entry, words) in [
        ("u64/i64", "no type of values"),
        ("u16/u64", "no type of keys"),
        ("u64/0", "from 1 to 65536"),
        ("u64", "expected KEY/VALUE"),
        ("u64/999999", "from 1 to 65536"),
    ] {
        let outcome = place.run(&["run", "--map", "std", "--entry", entry, "--ops", "10"]);
        assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{entry}");
        assert!(outcome.stderr.contains("--entry: ") && outcome.stderr.contains(words), "{entry}: {}", outcome.stderr);
    }
    let (all, _) =
        run(&Place::new(), &["--map", "java-hashmap", "--entry", "9/u64,string(1)/u64", "--ops", "32"], Some(""));
    assert!(!all.stderr.contains("too few"), "{}", all.stderr);
    let narrow = place.run(&["run", "--map", "std", "--entry", "string(1)/u64", "--ops", "33"]);
    assert_eq!(narrow.code, Some(2), "{}", narrow.stderr);
    assert!(narrow.stderr.contains("keys of 5 bits are too few for so many operations"), "{}", narrow.stderr);
    let (outcome, results) = run(&place, &["--map", "java-hashmap", "--entry", "9/u64", "--ops", "10"], None);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert_eq!(
        results.cells[0].error.as_deref(),
        Some(
            "there is no java-hashmap with the entry 9/u64: a Java array equals no other and is no key; 16 bytes are a UUID"
        )
    );
}

/// A `cargo` that says where it is and never ends, and what it has started.
#[test]
fn ctrl_c_ends_a_build_and_all_that_it_has_started() {
    let place = Place::new();
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).expect("made");
    let (begun, at) = (place.path().join("begun"), bin.join("cargo"));
    script(&at, &format!("#!/bin/sh\nsleep 1000 &\necho $! > {0}.new\nmv {0}.new {0}\nwait\n", begun.display()));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["run", "--map", "std", "--entry", "u64/7", "--ops", "10", "--out", "out"]).current_dir(place.path());
    command.env("PATH", format!("{}:{path}", bin.display())).env("XDG_CACHE_HOME", place.path().join("cache"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    while !begun.exists() {
        assert!(child.try_wait().expect("watched").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    // SAFETY: only sends a signal, to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let sleeper: i32 = std::fs::read_to_string(&begun).expect("a number").trim().parse().expect("a number");
    // It dies when it is next run, and is there until whoever takes over has waited for it. One that lives never ends this.
    let lives = || std::fs::read_to_string(format!("/proc/{sleeper}/stat")).is_ok_and(|state| !state.contains(") Z"));
    while lives() {
        std::thread::yield_now();
    }
}
