//! `mapscope verify` as its users run it. Needs go commands, as `tests/go_runtime.rs` does.

mod cli_process;

use std::path::PathBuf;
use std::process::Command;

use cli_process::Place;

fn go_commands() -> Vec<PathBuf> {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if named.is_empty() {
        println!("skipped: name go commands in MAPSCOPE_GO");
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
    }
}
