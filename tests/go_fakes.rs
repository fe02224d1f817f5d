//! What becomes of `go` commands that fail, and of runtimes that do: played by scripts.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use mapscope::record::{self, Cell, Status};

use crate::cli_process::{Outcome, Place, script};

/// A `go` that says this version, leaves a trace of having been asked, and builds by `build`, which finds the place of the
/// program in `$out`.
fn fake(place: &Place, folder: &str, version: &str, build: &str) -> PathBuf {
    let text = format!(
        "#!/bin/sh\n: > {asked}\nif [ \"$1\" = env ]; then echo '{version}'; exit; fi\n\
         while [ \"$1\" != -o ]; do shift; done\nout=$2\n{build}\n",
        asked = place.path().join("asked").display(),
    );
    let path = place.path().join(folder).join("go");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    script(&path, &text);
    path
}

/// A build whose program is a script.
fn program(script: &str) -> String {
    format!("cat > \"$out\" <<'END'\n#!/bin/sh\n{script}\nEND\nchmod +x \"$out\"")
}

fn mapscope(place: &Place, args: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    place.run_command(command.args(args).env("XDG_CACHE_HOME", place.path().join("cache")))
}

/// The cell of a run with a go that builds so.
fn cell(build: &str) -> Cell {
    let place = Place::new();
    let go = fake(&place, "bin", "go1.27.9", build);
    let go = go.to_str().expect("a path in UTF-8");
    let args = ["run", "--map", "go-runtime", "--ops", "100", "--passes", "count", "--go", go, "--out", "out"];
    let outcome = mapscope(&place, &args);
    assert_eq!(outcome.code, Some(1), "{}{}", outcome.stdout, outcome.stderr);
    let outcome = mapscope(&place, &["verify", "--go", go]);
    assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
    record::read(&place.path().join("out")).expect("a record").cells.remove(0)
}

#[test]
fn what_a_build_said_is_in_the_row() {
    let cell = cell("echo './main.go:7:1: no such thing' >&2; exit 1");
    let why = cell.error.expect("a reason");
    assert_eq!(cell.status, Status::HarnessFailed);
    assert!(why.contains("go1.27.9 can't build") && why.contains("main.go:7:1: no such thing"), "{why}");
}

#[test]
fn what_a_program_said_when_it_ended_is_in_the_row() {
    let oom = cell(&program("echo 'fatal error: runtime: out of memory' >&2; exit 2"));
    assert_eq!(oom.status, Status::OutOfMemory, "{:?}", oom.error);
    assert!(oom.error.expect("a reason").contains("runtime: out of memory"));
    let odd = cell(&program("echo 'a library is missing' >&2; exit 3"));
    assert_eq!(odd.status, Status::HarnessFailed);
    let why = odd.error.expect("a reason");
    assert!(why.contains("exit status: 3") && why.contains("a library is missing"), "{why}");
}

#[test]
fn a_go_that_is_too_old_is_told_so() {
    let place = Place::new();
    let go = fake(&place, "bin", "go1.20.14", "exit 1");
    let outcome = mapscope(&place, &["verify", "--go", go.to_str().expect("UTF-8")]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("needs Go 1.21 or newer"), "{}", outcome.stderr);
}

#[test]
fn two_of_one_version_can_t_be_told_apart() {
    let place = Place::new();
    let [one, two] = ["one", "two"].map(|folder| fake(&place, folder, "go1.27.9", "exit 1"));
    let [one, two] = [&one, &two].map(|path| path.to_str().expect("UTF-8"));
    let outcome = place.run(&["verify", "--go", one, "--go", two]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("are both go1.27.9: leave one of them out"), "{}", outcome.stderr);
    assert_eq!(outcome.left, [PathBuf::from("asked")]);
}

#[test]
fn the_go_on_the_path_is_asked_only_for_its_own_maps() {
    let place = Place::new();
    let go = fake(&place, "bin", "cannot say", "exit 1");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        place.run_command(command.args(args).env("PATH", go.parent().expect("a folder")))
    };
    let args = ["run", "--map", "std", "--ops", "100", "--passes", "count", "--out", "-"];
    assert_eq!(run(&args).code, Some(0));
    assert!(!place.path().join("asked").exists());
    let outcome = run(&["run", "--map", "std,go-runtime", "--ops", "100", "--passes", "count", "--out", "-"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("go: not a usable go command"), "{}", outcome.stderr);
    assert!(place.path().join("asked").exists());
    // Who means all maps that there are has not asked for those.
    let outcome = run(&["run", "--map", "*", "--ops", "10", "--passes", "count", "--out", "-"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("\nstd,"), "{}", outcome.stdout);
    let note = outcome.stderr.lines().find(|line| line.contains("left out of what patterns match")).expect("a note");
    assert!(note.contains("go-runtime") && note.contains("go: not a usable go command"), "{note}");
    let outcome = run(&["run", "--map", "*,go-runtime", "--ops", "10", "--passes", "count", "--out", "-"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert_eq!(run(&["list", "maps"]).code, Some(0));
    assert_eq!(run(&["verify"]).code, Some(2));
}
