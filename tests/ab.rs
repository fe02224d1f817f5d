//! `mapscope ab`, as a process. What it measures is chance, and no test asserts it: where the call matters, two maps lie so far
//! apart that the policy alone decides.

use std::fs;

use mapscope::plan::Flags;
use mapscope::run::{Asked, NoTurn, Turning};
use serde_json::Value;

use crate::cli_process::{Outcome, Place, script};

const MAPSCOPE: &str = env!("CARGO_BIN_EXE_mapscope");

/// Few rounds of few operations.
const QUICK: [&str; 6] = ["--mix", "fill", "--ops", "640", "--rounds", "7"];

fn ab(place: &Place, args: &[&str]) -> Outcome {
    place.run(&[&["ab"], args, &QUICK].concat())
}

#[track_caller]
fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr))
}

#[test]
fn two_programs_are_timed_by_turns_and_their_exact_metrics_are_equal() {
    let place = Place::new();
    let args = [MAPSCOPE, MAPSCOPE, "--map", "std,btree", "--format", "json", "--policy", "ignore.toml"];
    // Equal programs may be called slower by chance, so nothing follows from it here.
    let rule = "[[rule]]\nmetric = \"undisturbed_ns_per_op\"\naction = \"ignore\"\n";
    fs::write(place.path().join("ignore.toml"), rule).unwrap();
    let outcome = ab(&place, &args);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{}", outcome.stdout);
    assert!(outcome.left.is_empty(), "left {:?}", outcome.left);
    let comparison = json(&outcome);
    assert_eq!((&comparison["outcome"], &comparison["exit_code"]), (&"pass".into(), &0.into()));
    let cells = comparison["cells"].as_array().expect("cells");
    assert_eq!(cells.iter().map(|cell| cell["cell"]["map"].as_str().unwrap()).collect::<Vec<_>>(), ["std", "btree"]);
    for cell in cells {
        assert_eq!((&cell["rounds"], &cell["changed"]), (&7.into(), &Value::Array(Vec::new())), "{cell}");
        assert!(cell["repetitions"].as_u64() >= Some(1), "{cell}");
        for interval in [&cell["ratio"], &cell["control"]] {
            let [low, ratio, high] = ["low", "ratio", "high"].map(|key| interval[key].as_f64().expect("a number"));
            assert!(0.0 < low && low <= ratio && ratio <= high, "{cell}");
        }
        assert!(cell["old_ns_per_op"].as_f64() > Some(0.0) && cell["new_ns_per_op"].as_f64() > Some(0.0), "{cell}");
    }
}

#[test]
fn of_two_maps_the_exact_metrics_that_differ_are_named_in_every_form() {
    let place = Place::new();
    let table = ab(&place, &["hashbrown", "btree"]);
    assert!(matches!(table.code, Some(0 | 1)), "{}", table.stderr);
    for words in ["OLD  hashbrown\n", "NEW  btree\n", "hashbrown uniform fill u64/u64 ops=640 seed=1\n", " changed"] {
        assert!(table.stdout.contains(words), "no {words:?} in\n{}", table.stdout);
    }
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 80), "{}", table.stdout);
    let markdown = ab(&place, &["hashbrown", "btree", "--format", "md"]);
    assert!(markdown.stdout.contains("| hashbrown uniform fill u64/u64 ops=640 seed=1 | "), "{}", markdown.stdout);
    assert!(markdown.stdout.contains("alloc\\_bytes\\_per\\_write "), "{}", markdown.stdout);
    let comparison = json(&ab(&place, &["hashbrown", "btree", "--format", "json"]));
    let changed = comparison["cells"][0]["changed"].as_array().expect("metrics");
    assert!(changed.iter().any(|of| of["metric"] == "alloc_bytes" && of["old"] != of["new"]), "{changed:?}");
}

#[test]
fn a_cell_whose_work_differs_each_time_is_not_timed_in_words() {
    let outcome = ab(&Place::new(), &["scc", "scc", "--format", "json"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let comparison = json(&outcome);
    let why = comparison["cells"][0]["error"].as_str().expect("why");
    assert!(why.starts_with("OLD: its operations don't do the same work each time"), "{why}");
    assert_eq!(comparison["outcome"], "unjudged");
}

#[test]
fn what_can_t_be_asked_is_refused_before_anything_runs() {
    let place = Place::new();
    script(&place.path().join("other"), "#!/bin/sh\necho 'error: unrecognized subcommand' >&2; exit 2\n");
    script(&place.path().join("newer"), "#!/bin/sh\necho '{\"protocol\":9,\"said\":0}'\n");
    fs::write(place.path().join("wrong.toml"), "[[rule]]\nmetric = \"undisturbed_ns_per_op\"\nrelative = -1\n")
        .unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["std", MAPSCOPE], "is a program and std is none: give two programs, as paths, or two maps"),
        (&["std", "btree", "--map", "std"], "--map: OLD and NEW name the maps already"),
        (&["./other", MAPSCOPE], "./other: takes no turns: build it with mapscope"),
        (&["./newer", MAPSCOPE], "./newer: takes turns by version 9 of their protocol, and this mapscope by version 5"),
        (&["./none", MAPSCOPE], "./none: can't be started: "),
        (&["std", "btre"], "btre: --map: unknown map \"btre\", did you mean \"btree\"?"),
        (&["std", "btree", "--trace", "-"], "--trace: standard input can be read once"),
        (&["std", "btree", "--format", "xml"], "unknown format \"xml\""),
        (&["std", "btree", "--policy", "wrong.toml"], "wrong.toml:3: `relative` is -1"),
        (&["std", "btree", "--budget", "0"], "expected seconds above 0"),
    ];
    for (args, words) in cases {
        let outcome = ab(&place, args);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
    }
    let few = place.run(&["ab", "std", "btree", "--rounds", "6"]);
    assert!(few.code == Some(2) && few.stderr.contains("expected auto, or 7 or more"), "{}", few.stderr);
}

#[test]
fn what_prints_or_ends_in_a_run_is_told_so_at_once() {
    let place = Place::new();
    let told = |name: &str, does: &str| {
        let path = place.path().join(name);
        script(&path, &format!("#!/bin/sh\nread asked\n{does}\n"));
        let turning = Turning::begin(&path, &Asked { flags: Flags::default(), cell: 0 }, 0).and_then(Turning::ready);
        turning.and_then(|mut turning| turning.go(1)).expect_err("it does no run")
    };
    let prints = NoTurn::Cell("its map writes to standard output, where the times are told".to_owned());
    let answers = r#"cat >/dev/null; echo '{"protocol":5,"said":{"Err":"-"}}'"#;
    for (name, does) in [
        ("in a run", format!("echo; read runs; echo here; {answers}")),
        ("as JSON", format!("echo; read runs; echo '{{1: 2}}'; echo; {answers}")),
        ("at first", format!("echo here; echo; {answers}")),
        ("for ever", "echo; read runs; echo here; cat >/dev/null".to_owned()),
    ] {
        assert_eq!(told(name, &does), prints, "{name}");
    }
    let ends = "its process ended with exit status: 3: out of luck";
    assert_eq!(told("ends", "echo; read runs; echo out of luck >&2; exit 3"), NoTurn::Cell(ends.to_owned()));
    let refuses = r#"echo '{"protocol":5,"said":{"Err":"no such cell"}}'"#;
    assert_eq!(told("refuses", refuses), NoTurn::Cell("no such cell".to_owned()));
}
