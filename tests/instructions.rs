//! The pass of instructions: what Valgrind counts, which is the same in each run.

use std::process::{Command, Stdio};
use std::thread;

use mapscope::gate::{self, Kind, Level, Outcome, Policy};
use mapscope::record::metrics::{self, Number};
use mapscope::record::{self, Cell, OpKind, Results, Status};

use crate::cli_process::Place;
use crate::common::{PATIENT, Run, skip::skip};

/// Whether there is one; says so where there isn't.
fn valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    let here = asked.is_ok_and(|status| status.success());
    if !here {
        skip("valgrind", "no valgrind on the PATH");
    }
    here
}

fn run(args: &[&str]) -> Results {
    let run = Run::new([PATIENT, "--passes", "instructions"]).args(args.iter().copied());
    let output = run.output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    record::read(&run.out()).expect("a record")
}

fn figure(cell: &Cell, name: &str) -> f64 {
    match metrics::find(name).expect(name).value(cell) {
        Some(Number::Real(value)) => value,
        other => panic!("{name} of {}: {other:?}", cell.id),
    }
}

/// Other digits in the process's number, another length of the environment and other work beside it: all that moves blocks
/// and frames.
#[test]
fn counts_are_the_same_in_each_run() {
    if !valgrind() {
        return;
    }
    let args = ["--map", "hashbrown,btree,skiplist", "--mix", "ycsb-a(records=300)", "--ops", "600"];
    let first = run(&args);
    let again = thread::scope(|scope| {
        let beside = scope.spawn(|| run(&args));
        let again = run(&args);
        assert_eq!(again.cells, beside.join().expect("it runs").cells);
        again
    });
    assert_eq!(first.cells, again.cells);
    for cell in &first.cells {
        assert_eq!((cell.status, &cell.count, &cell.time), (Status::Ok, &None, &None), "{:?}", cell.error);
        let counted = cell.instructions.as_ref().expect("counted");
        assert_eq!(counted.kinds.keys().collect::<Vec<_>>(), [&OpKind::Overwrite, &OpKind::Get], "{}", cell.id);
        let of_kinds = ["overwrite_instructions", "get_instructions"].map(|name| figure(cell, name));
        let [ops, overwrites, gets] = [cell.id.ops, cell.expected.overwrites, cell.expected.gets].map(|n| n as f64);
        let mean = (of_kinds[0] * overwrites + of_kinds[1] * gets) / ops;
        assert!((figure(cell, "instructions_per_op") - mean).abs() < 1e-9 * mean, "{}", cell.id);
        assert!(of_kinds.iter().all(|of| *of > 20.0), "{}: {of_kinds:?}", cell.id);
        assert!(figure(cell, "branches_per_op") < mean / 2.0, "{}", cell.id);
    }
}

/// Neither the set-up nor what is done between batches is counted: a kind costs as much whatever comes before it.
#[test]
fn what_is_counted_is_the_operations_alone() {
    if !valgrind() {
        return;
    }
    let of = |mix: &str, ops: &str| run(&["--map", "btree", "--keys", "sequential", "--mix", mix, "--ops", ops]);
    let [few, many] = ["500", "2000"].map(|ops| of("mix(get=1,records=200)", ops));
    let [few, many] = [&few, &many].map(|results| figure(&results.cells[0], "get_instructions"));
    assert!((few - many).abs() < 0.02 * few, "{few} and {many}, of the same map");
    let [entries, more] = ["100", "3000"].map(|ops| of("fill", ops));
    let [entries, more] = [&entries, &more].map(|results| figure(&results.cells[0], "insert_instructions"));
    assert!(more > entries, "{more} in a tree that is taller, {entries} in a low one");
}

/// Entries that own memory: the loop without a map forgets and then drops them.
#[test]
fn entries_that_own_memory_are_dropped_once() {
    if !valgrind() {
        return;
    }
    let results = run(&["--map", "std", "--entry", "string(24)/u64", "--mix", "churn(records=50)", "--ops", "400"]);
    let cell = &results.cells[0];
    let [insert, remove] = ["insert_instructions", "remove_instructions"].map(|name| figure(cell, name));
    assert!(insert > 50.0 && remove > 50.0, "{insert} {remove}");
}

#[test]
fn what_has_no_stacks_has_no_instructions() {
    if !valgrind() {
        return;
    }
    let run = Run::new([PATIENT, "--passes", "instructions", "--map", "dashmap", "--threads", "2", "--ops", "100"]);
    assert_eq!(run.output().status.code(), Some(1));
    let cell = &record::read(&run.out()).expect("a record").cells[0];
    assert_eq!(cell.status, Status::NotRun);
    assert_eq!(cell.error.as_deref(), Some("this map has none of the passes asked for with --threads"));
}

#[test]
fn without_valgrind_nothing_begins() {
    let place = Place::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let outcome =
        place.run_command(command.args(["run", "--passes", "count,instructions", "--ops", "100"]).env("PATH", "."));
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.left), (Some(2), "", vec![]));
    assert_eq!(
        outcome.stderr,
        "error: --passes instructions: there is no valgrind on the PATH, which counts them: install it (package valgrind, or \
         valgrind.org), or leave this pass out\n"
    );
}

/// The gate fails on half a per cent more instructions of one build, and only informs of those of another.
#[test]
fn the_gate_knows_one_build_from_another() {
    if !valgrind() {
        return;
    }
    let before = run(&["--map", "btree", "--ops", "300"]);
    let judged = |per_mille: u64, build: &str| {
        let mut after = before.clone();
        let counted = after.cells[0].instructions.as_mut().expect("counted");
        counted.build += build;
        let idle = counted.idle[&OpKind::Insert].instructions;
        let sum = &mut counted.kinds.get_mut(&OpKind::Insert).expect("inserts").instructions;
        *sum += (*sum - idle) * per_mille / 1000;
        gate::compare(&before, &after, &Policy::default(), metrics::all())
    };
    let levels = |per_mille, build| {
        let verdict = judged(per_mille, build);
        let of = verdict.changes.iter().map(|change| (change.kind, change.level)).collect::<Vec<_>>();
        (of, verdict.outcome())
    };
    assert_eq!(levels(0, ""), (vec![], Outcome::Pass));
    assert_eq!(levels(4, ""), (vec![(Kind::Worse, Level::Allowed); 2], Outcome::Pass), "in total and of inserts");
    assert_eq!(levels(6, ""), (vec![(Kind::Worse, Level::Fail); 2], Outcome::Regression));
    assert_eq!(levels(60, ", another"), (vec![(Kind::Worse, Level::Inform); 2], Outcome::Pass));
    assert!(judged(60, ", another").summary().contains("2 metrics of another build changed"));
    let note = &judged(60, ", another").notes[0];
    assert!(note.starts_with("Instructions of 1 cell are of another build, and only inform: `rustc "), "{note}");
    let test = gate::self_test(&before, metrics::all());
    assert_eq!(test.outcome(), Outcome::Pass, "{}", test.markdown());
}
