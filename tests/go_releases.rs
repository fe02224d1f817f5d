//! The releases of Go's models as their users choose them: on the command line, by a recording, by a toolchain.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use crate::cli_process::{Outcome, Place, script};
use crate::common::skip;

/// A recording in `tests/data`, by the beginning of its name.
fn recording(prefix: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let names = fs::read_dir(folder).expect("every clone has it").map(|entry| entry.expect("an entry").path());
    let found = names.map(|path| path.to_str().expect("UTF-8").to_owned());
    let mut found: Vec<String> = found.filter(|path| path.contains(&format!("/{prefix}"))).collect();
    assert_eq!(found.len(), 1, "{prefix}");
    found.remove(0)
}

fn check(place: &Place, map: &str, recording: &str) -> Outcome {
    place.run(&["replay", "--map", map, "--check", recording])
}

/// The recording written anew with another first word.
fn of_another_go(place: &Place, recording: &str, go: &str) -> String {
    let text = zstd::decode_all(File::open(recording).expect("a recording")).expect("zstd");
    let text = String::from_utf8(text).expect("text");
    let (_, rest) = text.split_once(" layout=").expect("a first line");
    fs::write(place.path().join("another.csv"), format!("#{go} layout={rest}")).expect("a file");
    "another.csv".to_owned()
}

#[test]
fn a_recording_is_played_on_the_release_that_it_was_recorded_from() {
    for (name, map, canonical) in [
        ("classic-u64-u64-h0-scenario-4000-go1.21.13", "go-classic", "go-classic(go=1.21)"),
        ("classic-u64-u64-h0-scenario-4000-go1.22.10", "go-classic", "go-classic(go=1.22)"),
        ("classic-u64-u64-h0-scenario-8000-go1.23.9", "go-classic", "go-classic"),
        ("swiss-u64-u64-h0-scenario-4000-go1.24.11", "go-swiss", "go-swiss(go=1.24)"),
        ("swiss-u64-u64-h0-scenario-4000-go1.25.5", "go-swiss", "go-swiss(go=1.25)"),
        ("swiss-u64-u64-h0-scenario-4000-go1.26.6", "go-swiss", "go-swiss(go=1.26)"),
        ("swiss-u64-u64-h0-scenario-8000-go1.27.3", "go-swiss", "go-swiss"),
    ] {
        let outcome = check(&Place::new(), map, &recording(name));
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{}", outcome.stdout);
        let expected = format!("000 operations on {canonical}, no difference in alloc_bytes, ");
        assert!(outcome.stdout.contains(&expected), "{}", outcome.stdout);
    }
}

#[test]
fn a_release_that_is_asked_for_comes_before_the_recordings_and_is_noted() {
    let old = recording("swiss-u64-u64-h0-scenario-4000-go1.24.11");
    for (map, release) in [("go-swiss(go=1.27)", "1.27"), ("go-swiss(1.27)", "1.27"), ("go-swiss(go=1.25)", "1.25")] {
        let outcome = check(&Place::new(), map, &old);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        let note = format!("was recorded from go1.24.11, and is played on the model of Go {release}, as --map says\n");
        assert!(outcome.stderr.ends_with(&note), "{}", outcome.stderr);
    }
    let outcome = check(&Place::new(), "go-swiss(go=1.24)", &old);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{}", outcome.stdout);
    let outcome = check(&Place::new(), "go-swiss(go=1.2)", &old);
    assert_eq!(outcome.code, Some(2));
    assert!(
        outcome.stderr.contains("--map: go-swiss: go must be one of 1.24, 1.25, 1.26, 1.27, got 1.2"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_is_newer_or_older_than_the_models_is_played_on_the_nearest_and_noted() {
    let place = Place::new();
    let swiss = recording("swiss-u64-u64-h0-scenario-8000-go1.27.3");
    let outcome = check(&place, "go-swiss", &of_another_go(&place, &swiss, " go=go1.99.1"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let note =
        "another.csv: was recorded from go1.99.1, which is newer than the models: played on the newest, of Go 1.27\n";
    assert_eq!(outcome.stderr, note);
    let classic = recording("classic-u64-u64-h0-scenario-4000-go1.21.13");
    let outcome = check(&place, "go-classic", &of_another_go(&place, &classic, " go=go1.20.14"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("older than the models: played on the oldest, of Go 1.21"), "{}", outcome.stderr);
    // One that doesn't say is of the newest.
    let outcome = check(&place, "go-swiss", &of_another_go(&place, &swiss, ""));
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{}", outcome.stdout);
}

#[test]
fn the_inside_is_that_of_the_release() {
    let place = Place::new();
    let inspect = |args: &[&str]| {
        let outcome = place.run(&[&["inspect", "--at", "end", "--format", "json"], args].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    // Nine puts of eight keys.
    fs::write(place.path().join("nine.csv"), "op,key\n".to_owned() + &"insert,N\n".repeat(9)).expect("a file");
    let text = fs::read_to_string(place.path().join("nine.csv")).expect("the file");
    let numbered = (0..9).fold(text, |text, n| text.replacen('N', &(n % 8).to_string(), 1));
    fs::write(place.path().join("nine.csv"), numbered).expect("a file");
    for (map, tables) in [("go-swiss(go=1.24)", 1), ("go-swiss(go=1.26)", 1), ("go-swiss", 0)] {
        let shown = inspect(&["--map", map, "--trace", "nine.csv"]);
        assert!(shown.contains(&format!("\"map\":\"{map}\"")), "{shown}");
        let document: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let header = document["moments"][0]["header"]["tables"].as_u64();
        assert_eq!(header, Some(tables), "{map}: {shown}");
    }
    let shown = inspect(&["--map", "go-swiss(go=1.24)", "--keys", "sequential", "--ops", "20"]);
    assert!(shown.contains("\"map\":\"go-swiss(go=1.24)\""), "{shown}");
}

#[test]
fn a_run_has_the_release_in_its_cells() {
    let place = Place::new();
    let maps = "go-classic,go-classic(go=1.21),go-swiss(go=1.24),go-swiss(go=1.27)";
    let args =
        ["run", "-q", "--keys", "sequential", "--mix", "fill", "--ops", "400", "--passes", "count", "--out", "out"];
    let outcome = place.run(&[&args[..], &["--map", maps]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let record = fs::read(place.path().join("out/results.json")).expect("results");
    let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
    let cells = record["cells"].as_array().expect("cells").iter();
    let cells: Vec<_> = cells
        .map(|cell| (cell["id"]["map"].as_str(), cell["map_version"].as_str(), cell["id"]["load_factor"].as_f64()))
        .collect();
    let expected = [
        ("go-classic", "Go 1.23", Some(6.5)),
        ("go-classic(go=1.21)", "Go 1.21", Some(6.0)),
        ("go-swiss(go=1.24)", "Go 1.24", None),
        ("go-swiss", "Go 1.27", None),
    ];
    assert_eq!(cells, expected.map(|(map, version, load_factor)| (Some(map), Some(version), load_factor)));
}

/// A `go` that calls itself newer than it is.
#[test]
fn a_toolchain_newer_than_the_models_is_held_against_the_newest_and_that_is_said() {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if named.is_empty() {
        skip::skip("go", "name go commands in MAPSCOPE_GO");
    }
    for go in named {
        let place = Place::new();
        let text =
            format!("#!/bin/sh\nif [ \"$1\" = env ]; then echo go1.99.1; else exec {} \"$@\"; fi\n", go.display());
        script(&place.path().join("go"), &text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["verify", "--go", "./go", "--ops", "1200"]).env("XDG_CACHE_HOME", place.path().join("cache"));
        let outcome = place.run_command(&mut command);
        let said = |release| format!("go1.99.1 map, held against the model of Go {release}, the newest there is\n");
        let lines = [said("1.23"), said("1.27")];
        assert!(lines.iter().any(|line| outcome.stdout.contains(line)), "{}{}", outcome.stdout, outcome.stderr);
    }
}
