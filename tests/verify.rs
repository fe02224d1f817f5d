//! `mapscope verify` as its users run it. Needs go commands, as `tests/go_runtime.rs` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli_process::{Place, script};
use crate::common::skip;

fn go_commands() -> Vec<PathBuf> {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if named.is_empty() {
        skip::skip("go", "name go commands in MAPSCOPE_GO");
    }
    named
}

#[test]
fn without_go_nothing_can_be_compared() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let outcome = Place::new().run_command(command.arg("verify").env("PATH", ""));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("go.dev/dl") && outcome.stderr.contains("--go PATH"), "{}", outcome.stderr);
}

#[test]
fn a_path_that_is_no_go_is_refused() {
    let outcome = Place::new().run(&["verify", "--go", "/nowhere"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("/nowhere: not a usable go command"), "{}", outcome.stderr);
}

/// A `go` that builds its sources only after a change.
fn changed(place: &Place, go: &Path, change: &str) -> Command {
    let text =
        format!("#!/bin/sh\nif [ \"$1\" = build ]; then sed -i '{change}' main.go; fi\nexec {} \"$@\"\n", go.display());
    let fake = place.path().join("go");
    script(&fake, &text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["verify", "--go", "./go", "--ops", "6000"]).env("XDG_CACHE_HOME", place.path().join("cache"));
    command
}

/// What a runtime does that says a byte more for every operation than it allocated.
const A_BYTE_MORE: &str = "s/p.put(bit(hit), hash, p.after/p.put(bit(hit), hash, 1+p.after/";

#[test]
fn a_runtime_that_differs_is_told_with_a_recording_to_replay() {
    for go in go_commands() {
        let place = Place::new();
        let outcome = place.run_command(&mut changed(&place, &go, A_BYTE_MORE));
        assert_eq!(outcome.code, Some(1), "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains("the first in operation 1: alloc_bytes is "), "{}", outcome.stdout);
        let again = outcome.stdout.lines().find_map(|line| line.trim().strip_prefix("again: mapscope "));
        let again: Vec<&str> = again.expect("a line to type").split(' ').collect();
        let outcome = place.run(&again);
        assert_eq!(outcome.code, Some(1), "{again:?}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains("line 3, new: alloc_bytes: expected "), "{}", outcome.stdout);
    }
}

#[test]
fn what_a_runtime_showed_before_it_died_counts() {
    for go in go_commands() {
        let place = Place::new();
        let dies = "s/case .r., .R.:/&\\nif len(p.intervals) > 0 { panic(\"enough\") }/";
        let outcome = place.run_command(&mut changed(&place, &go, &format!("{A_BYTE_MORE};{dies}")));
        assert_eq!(outcome.code, Some(1), "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains("the first in operation 1: alloc_bytes is "), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("it ended (exit status: 2): panic: enough"), "{}", outcome.stderr);
    }
}

/// Every shape, on every runtime: no difference, and as many operations as were asked for.
#[test]
fn the_models_do_what_the_runtimes_do() {
    for go in go_commands() {
        let place = Place::new();
        let path = go.to_str().expect("a path in UTF-8");
        let outcome = place.run(&["verify", "--go", path, "--ops", "60000", "--seed", "5"]);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
        let sums: Vec<_> =
            outcome.stdout.lines().filter(|line| line.contains("ap: ") && !line.contains("no model")).collect();
        let compared: u64 =
            sums.iter().map(|line| line.split(' ').nth_back(3).expect("a sum").parse::<u64>().expect("a sum")).sum();
        assert_eq!(compared, 60_000, "{}", outcome.stdout);
        assert!(sums.iter().all(|line| line.ends_with(" operations, 0 differences")), "{}", outcome.stdout);
        assert_eq!(outcome.stdout.matches("u64/u64 ").count(), sums.len(), "{}", outcome.stdout);
        let said = Command::new(&go).args(["env", "GOVERSION"]).output().expect("its version").stdout;
        let said = String::from_utf8(said).expect("text");
        let release = said.trim().trim_start_matches("go").splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
        let model = format!(" map, held against the model of Go {release}\n");
        assert!(outcome.stdout.contains(&model), "{model}{}", outcome.stdout);
    }
}
