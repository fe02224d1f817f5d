//! Maps that misbehave: each is a row with its status, all other rows are there, and the run exits with 1.
//!
//! This binary is the program itself with a few more maps, as a user's own binary would be; it starts itself for each
//! cell. Hence its own `main` instead of the test harness.

mod shared;

use std::alloc::System;
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use mapscope::maps::{Family, FixedFold, Hashing, Info, Map, Options, Quantity};
use mapscope::plan::Term;
use mapscope::probe::alloc::Counting;
use mapscope::probe::event::{Cause, Probe};
use mapscope::run::Subjects;
use mapscope::workload::{Key, Value};

macro_rules! bad {
    ($name:ident, $term:literal, $terrible:expr, $loses:literal) => {
        bad!($name, $term, $terrible, $loses, &[]);
    };
    ($name:ident, $term:literal, $terrible:expr, $loses:literal, $counts:expr) => {
        pub(crate) struct $name;

        impl Family for $name {
            const INFO: Info = Info {
                term: Term::plain($term, "misbehaves", ""),
                version: "test",
                load_factor: None,
                hint: false,
                exact: true,
                alloc_cause: Cause::Overflow,
                tells: &[],
                layout: None,
                state: &["len"],
            };
            type Hasher = FixedFold;
            type Map<K: Key, V: Value, S: Hashing, P: Probe> = Bad<K, V>;

            fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> Bad<K, V> {
                let map = std::collections::BTreeMap::new();
                Bad { map, inserts: 0, terrible: $terrible, loses: $loses, counts: $counts }
            }
        }
    };
}

mod quantities;
mod repetitions;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// A `BTreeMap` that does something terrible at its 100th insert.
struct Bad<K, V> {
    map: BTreeMap<K, V>,
    inserts: u32,
    terrible: fn(),
    loses: bool,
    /// What it calls the number of its inserts.
    counts: &'static [Quantity],
}

impl<K: Key, V: Value> Map<K, V> for Bad<K, V> {
    fn insert(&mut self, key: K, value: V) -> bool {
        self.inserts += 1;
        if self.inserts == 100 {
            (self.terrible)();
            if self.loses {
                return false;
            }
        }
        self.map.insert(key, value).is_some()
    }
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.map.get_key_value(key)
    }
    fn remove(&mut self, key: &K) -> bool {
        self.map.remove(key).is_some()
    }
    fn clear(&mut self) {
        self.map.clear();
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter().for_each(|(key, value)| f(key, value));
    }
    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64)) {
        self.counts.iter().for_each(|quantity| report(quantity.clone(), self.inserts.into()));
    }
}

bad!(Panics, "panics", || panic!("no room left"), false);
bad!(Aborts, "aborts", || std::process::abort(), false);
bad!(
    Loops,
    "loops",
    || loop {
        std::hint::spin_loop()
    },
    false
);
bad!(Exits, "exits", || std::process::exit(0), false);
bad!(Loses, "loses-an-entry", || (), true);
bad!(
    Hoards,
    "hoards",
    || {
        let mut hoard: Vec<Vec<u8>> = Vec::new();
        loop {
            hoard.push(vec![1; 64 << 20]);
        }
    },
    false
);

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|arg| arg == "run" || arg == "replay" || arg == mapscope::run::HIDDEN_VERB) {
        let subjects = Subjects::builtin().with::<Panics>().with::<Aborts>().with::<Loops>();
        let subjects = subjects.with::<Exits>().with::<Loses>().with::<Hoards>();
        let subjects = subjects.with::<repetitions::Steady>().with::<repetitions::Second>();
        let subjects = subjects.with::<repetitions::Tires>().with::<repetitions::Stalls>().with::<repetitions::Slow>();
        let subjects = subjects.with::<quantities::Reports>().with::<quantities::Misnames>();
        let subjects = subjects.with::<quantities::Stutters>().with::<quantities::Contradicts>();
        let subjects = subjects.with_shared::<shared::Sound>().with_shared::<shared::Loses>();
        let subjects = subjects.with_shared::<shared::Lies>().with_shared::<shared::Mistakes>();
        return mapscope::cmd::main(&subjects.with_shared::<shared::Panics>().with_shared::<shared::Hangs>());
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one_thread = [
        ("std", "ok", ""),
        ("panics", "panicked", "no room left"),
        ("aborts", "aborted", "abort"),
        ("loops", "timed-out", "20 s"),
        ("exits", "aborted", "ended the process"),
        ("loses-an-entry", "wrong-content", "expected"),
        ("hoards", "out-of-memory", "memory allocation of"),
        ("btree", "ok", ""),
    ];
    expect_rows(folder.path(), "bad", ONE_THREAD, &[], &one_thread);
    let two_threads = [
        ("sound-shared", "ok", ""),
        ("loses-shared", "wrong-content", "is missing, and nobody can have removed it last"),
        ("lies-shared", "wrong-content", "inserts found no entry and 0 removes found one, but"),
        ("mistakes-shared", "wrong-content", "found what was never put there"),
        ("panics-shared", "panicked", "a thread of its own (at tests/bad_maps/shared.rs:"),
        ("hangs-shared", "timed-out", "20 s"),
        ("dashmap", "ok", ""),
    ];
    expect_rows(folder.path(), "shared", TWO_THREADS, &[], &two_threads);
    // Each thread has a stack, and a process its limit: room for two, and much left for what else is allocated.
    let stack = [("RUST_MIN_STACK", "100000000")];
    let too_many = [("sound-shared", "harness-failed", "300 threads can't be started: ")];
    expect_rows(folder.path(), "many", TOO_MANY_THREADS, &stack, &too_many);
    replays_a_map_of_ones_own(folder.path());
    quantities::of_a_map_are_in_every_report_and_gated();
    quantities::of_a_map_that_threads_share_are_recorded();
    quantities::that_are_not_declared_well_fail_their_cell();
    repetitions::are_processes_in_rounds();
    repetitions::may_take_their_limit_each();
    repetitions::stay_when_the_run_is_interrupted();
    println!(
        "test every_misbehaving_map_is_a_row ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"
    );
    ExitCode::SUCCESS
}

/// Runs a profile: each map's status is as expected, and its error tells of what is expected.
fn expect_rows(
    folder: &std::path::Path,
    name: &str,
    text: &str,
    environment: &[(&str, &str)],
    expected: &[(&str, &str, &str)],
) {
    let (out, profile) = (folder.join(name), folder.join(name).with_extension("toml"));
    std::fs::write(&profile, text).expect("the profile is written");
    let program = std::env::current_exe().expect("this program");
    let mut run = Command::new(program);
    run.arg("run").arg(&profile).arg("--out").arg(&out).envs(environment.iter().copied());
    let run = run.output().expect("it runs");
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));

    let text = std::fs::read_to_string(out.join("results.json")).expect("results.json");
    let results: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let cells = results["cells"].as_array().expect("cells");
    let rows: Vec<_> =
        cells.iter().map(|cell| (word(&cell["id"]["map"]), word(&cell["status"]), word(&cell["error"]))).collect();
    assert_eq!(rows.len(), expected.len(), "{rows:?}");
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!((row.0.as_str(), row.1.as_str()), (expected.0, expected.1), "{}", row.2);
        assert!(row.2.contains(expected.2), "{}: {:?} should tell of {:?}", row.0, row.2, expected.2);
    }
}

/// A trace is played on maps that only this program has; a panic is told with the row that made it, and leaves no file.
fn replays_a_map_of_ones_own(folder: &std::path::Path) {
    let rows: String = (0..200).map(|key| format!("insert,{key}\n")).collect();
    std::fs::write(folder.join("trace.csv"), format!("op,key\n{rows}")).expect("a trace");
    let replay = |map: &str| {
        let mut replay = Command::new(std::env::current_exe().expect("this program"));
        replay.args(["replay", "--map", map, "trace.csv", "--per-op", "rows.csv"]).current_dir(folder);
        replay.output().expect("it runs")
    };
    let panicked = replay("panics");
    assert_eq!(panicked.status.code(), Some(2));
    let said = String::from_utf8_lossy(&panicked.stderr);
    let expected = "error: trace.csv:101: panics panicked in this operation: no room left (at tests/bad_maps/main.rs:";
    assert!(said.starts_with(expected) && said.lines().count() == 1, "{said}");
    let left = || std::fs::read_dir(folder).expect("the folder").count();
    assert_eq!(left(), 7, "three profiles, what they left, and trace.csv");
    let lost = replay("loses-an-entry");
    assert_eq!(lost.status.code(), Some(0), "{}", String::from_utf8_lossy(&lost.stderr));
    let rows = std::fs::read_to_string(folder.join("rows.csv")).expect("rows");
    assert_eq!(rows.lines().count(), 201);
    assert!(rows.starts_with("op,key,hash,alloc_bytes,allocs,len\n"), "{}", rows.lines().next().unwrap_or_default());
    // The 100th insert is lost: 99 entries before and after.
    assert!(rows.contains("\ninsert,98,,0,0,99\ninsert,99,,0,0,99\n"), "{rows}");
}

const ONE_THREAD: &str = r#"
summary = "maps that misbehave, between two that don't"
passes = ["count"]
time_limit_s = 20
memory_limit_mb = 256
[[cells]]
map = ["std", "panics", "aborts", "loops", "exits", "loses-an-entry", "hoards", "btree"]
keys = "uniform"
mix = "fill"
ops = 1000
"#;

const TWO_THREADS: &str = r#"
summary = "maps that two threads can't rely on, and two that they can"
passes = ["count", "time"]
repetitions = 1
time_limit_s = 20
[[cells]]
map = [
    "sound-shared", "loses-shared", "lies-shared", "mistakes-shared", "panics-shared", "hangs-shared", "dashmap",
]
keys = "uniform"
mix = "mix(insert=50,get=50)"
ops = 1000
threads = 2
"#;

const TOO_MANY_THREADS: &str = r#"
summary = "more threads than there is memory for"
passes = ["count"]
time_limit_s = 20
memory_limit_mb = 256
[[cells]]
map = "sound-shared"
keys = "uniform"
mix = "fill"
ops = 1000
threads = 300
"#;
