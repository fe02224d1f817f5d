//! `mapscope record` and `mapscope maps` on a Go program whose figures are known: by the runtime's own account, by the model
//! of its maps, and by hand. Needs go commands, named in `MAPSCOPE_GO`.

mod arm64;
mod compared;
mod ended;
mod forms;
mod generated;
mod hints;
mod inside;
mod java;
mod lint;
mod live;
mod otlp;
mod own;
mod page;
mod rates;
mod refused;
mod rust;
mod scratch;
mod switched;
mod traced;
mod tries;
mod written;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mapscope::engines::go;
use serde_json::Value;

use crate::cli_process::{Outcome, Place};
use crate::common::skip::skip;
use crate::common::{self, Run};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/program");

/// The toolchains that are named, and have Swiss maps or not.
fn toolchains(swiss: bool) -> Vec<go::Toolchain> {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    let classic = ["Go 1.21", "Go 1.22", "Go 1.23"];
    let is_swiss = |found: &go::Toolchain| !classic.iter().any(|version| found.is_of(version));
    let found = if named.is_empty() { Vec::new() } else { go::find(&named).expect("MAPSCOPE_GO names go commands") };
    let found: Vec<_> = found.into_iter().filter(|found| is_swiss(found) == swiss).collect();
    if found.is_empty() {
        let which = if swiss { "1.24 or newer" } else { "1.21 to 1.23" };
        skip("go", &format!("name a go command of Go {which} in MAPSCOPE_GO"));
    }
    found
}

/// A folder with the program.
fn place() -> Place {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(PROGRAM).join(file), place.path().join(file)).expect("copied");
    }
    place
}

/// `mapscope record --go GO FLAGS -- COMMAND`, which works.
fn record(place: &Place, go: &go::Toolchain, args: &[&str]) -> Outcome {
    let outcome = place.run_command(&mut recording(go, args));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    outcome
}

fn recording(go: &go::Toolchain, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "--go"]).arg(&go.path).args(args).env("GOTOOLCHAIN", "local").env_remove("GOFLAGS");
    command
}

/// What `mapscope maps` says of a recording.
fn maps(place: &Place, path: &str) -> Value {
    let outcome = place.run(&["maps", path, "--format", "json"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{path}");
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// The rows of a function of the program.
fn rows<'a>(maps: &'a Value, function: &str) -> Vec<&'a Value> {
    let of = |row: &&Value| row["function"].as_str().expect("a name").starts_with(function);
    maps["places"].as_array().expect("places").iter().filter(of).collect()
}

fn sum(rows: &[&Value], figure: &str) -> u64 {
    rows.iter().map(|row| row[figure].as_u64().expect("a figure")).sum()
}

#[test]
fn bytes_are_those_of_the_runtime_and_output_is_as_without_recording() {
    for go in toolchains(true) {
        let place = place();
        let recorded = record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let mut plain = Command::new(&go.path);
        let plain = place.run_command(plain.args(["run", "."]).env("GOTOOLCHAIN", "local").env_remove("GOFLAGS"));
        let lines = |outcome: &Outcome| outcome.stdout.lines().map(str::to_owned).collect::<Vec<_>>();
        let (recorded, plain) = (lines(&recorded), lines(&plain));
        // Nothing is allocated for the recording. The second line depends on seeds.
        assert_eq!((recorded.len(), &recorded[0]), (2, &plain[0]), "go{}", go.version);
        let maps = maps(&place, "r");
        let all = rows(&maps, "main.filled");
        assert_eq!(sum(&all, "alloc_bytes").to_string(), recorded[1], "go{}", go.version);
        assert_eq!(sum(&all, "maps"), 8 * 2 * 6 * 2);
        for kind in ["maps", "places", "types", "names"] {
            assert_eq!(maps["dropped"][kind], 0, "{kind}");
        }
    }
}

#[test]
fn operations_are_counted_one_by_one() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let maps = maps(&place, "r");
        let [row] = rows(&maps, "main.counted")[..] else { panic!("{maps}") };
        for (figure, expected) in [
            ("maps", 2),
            ("hinted_maps", 0),
            ("entries", 180),
            ("entries_p50", 100),
            ("entries_p99", 100),
            ("entries_max", 100),
            ("writes", 260),
            ("inserts", 200),
            ("overwrites", 60),
            ("removes", 20),
            ("lookups", 100),
            ("iterations", 2),
            ("clears", 0),
            // One group, then tables of 16, 32, 64 and 128 slots, each replaced with 7/8 of them taken.
            ("growths", 2 * 4),
            ("moved_entries", 2 * (8 + 14 + 28 + 56)),
            ("entry_bytes", 0),
        ] {
            assert_eq!(row[figure], expected, "go{}: {figure}", go.version);
        }
        let at = row["place"].as_str().expect("a place");
        let line = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let line = line.lines().position(|line| line.contains("m := map[string]int{}")).expect("the line") + 1;
        assert_eq!((at, &row["type"]), (&*format!("main.go:{line}"), &"map[string]int".into()));
        // Eight goroutines at once.
        let shared = rows(&maps, "main.shared");
        assert_eq!((sum(&shared, "maps"), sum(&shared, "lookups")), (9, 80_000), "go{}", go.version);
        assert_eq!((sum(&shared, "inserts"), sum(&shared, "overwrites")), (8_001, 8 * 9_000));
    }
}

#[test]
fn places_are_named_from_the_folder_by_whichever_path_it_was_entered() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, links) = (place(), Place::new());
    let link = links.path().join("link");
    symlink(place.path(), &link).expect("linked");
    let recording = recording(&go, &["--out", "r", "--", "go", "run", "."]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "cd \"$0\" && exec \"$@\""]).arg(link).arg(recording.get_program()).args(recording.get_args());
    let outcome = place.run_command(shell.env("GOTOOLCHAIN", "local").env_remove("GOFLAGS"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let maps = maps(&place, "r");
    let [row] = rows(&maps, "main.known")[..] else { panic!("{maps}") };
    assert!(row["place"].as_str().is_some_and(|place| place.starts_with("main.go:")), "{row}");
}

#[test]
fn a_map_costs_what_the_model_says() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let maps = maps(&place, "r");
        let [row] = rows(&maps, "main.known")[..] else { panic!("{maps}") };
        let minor: Vec<&str> = go.version.split('.').take(2).collect();
        let model = format!("go-swiss(go={})", minor.join("."));
        let args = ["--map", &model, "--keys", "sequential", "--mix", "fill", "--ops", "800", "--entry", "u64/u64"];
        let model = Run::new([common::PATIENT]).args(args).args(["--passes", "count"]).rows();
        for figure in ["alloc_bytes", "moved_entries", "inserts"] {
            let expected = common::metric(&model[0], figure);
            assert_eq!(row[figure].as_f64(), Some(expected), "go{}: {figure}", go.version);
        }
        // The model's first is that of the first group, which replaces nothing.
        assert_eq!(row["growths"].as_f64(), Some(common::metric(&model[0], "grow_events") - 1.0), "go{}", go.version);
        // A hint of 800 takes the map's last table, its header and its directory.
        let [held, saved, bytes] =
            ["held_bytes_max", "hint_saves_bytes", "alloc_bytes"].map(|figure| row[figure].as_u64().expect("a figure"));
        assert!(held < bytes && bytes - saved <= held, "{row}");
    }
}

#[test]
fn a_process_can_be_looked_at_while_it_runs() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--out", "r", "--", "./prog", "wait"]).current_dir(place.path());
        let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut pid = String::new();
        BufReader::new(running.stdout.as_mut().expect("piped")).read_line(&mut pid).expect("a line");
        let live = maps(&place, pid.trim());
        drop(running.stdin.take());
        assert!(running.wait().expect("it ends").success());
        assert_eq!(sum(&rows(&live, "main.counted"), "inserts"), 200);
        assert_eq!(rows(&live, "main.counted"), rows(&maps(&place, "r"), "main.counted"));
        let outcome = place.run(&["maps", pid.trim()]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    }
}

#[test]
fn each_process_has_its_file_and_a_sample_is_one_of_n() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
        let script = "./prog; ./prog & wait; exit 3";
        let outcome =
            place.run(&["record", "--sample", "1/1000000", "--no-lookups", "--out", "r", "--", "sh", "-c", script]);
        assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
        let maps = maps(&place, "r");
        assert_eq!(maps["processes"].as_array().map(Vec::len), Some(2));
        assert!(maps["processes"][0]["sample"] == 1_000_000 && maps["total"]["lookups"].is_null(), "{maps}");
        // Two hundred maps a process; that two of them are taken has a chance of one in ten million.
        assert!(maps["total"]["maps"].as_u64().is_some_and(|maps| maps < 2), "{maps}");
    }
}

#[test]
fn the_user_s_own_overlay_and_flags_stay() {
    for go in toolchains(true) {
        let place = place();
        let text = fs::read_to_string(place.path().join("main.go")).expect("the program");
        fs::write(place.path().join("other.txt"), text.replace("shared()\n}", "println(\"overlaid\")\n}"))
            .expect("written");
        fs::write(place.path().join("own.json"), r#"{"Replace":{"main.go":"other.txt"}}"#).expect("written");
        let mut command = recording(&go, &["--out", "r", "--", "go", "run", "."]);
        let outcome = place.run_command(command.env("GOFLAGS", "-overlay=own.json '-ldflags=-s -w'"));
        assert!(outcome.code == Some(0) && outcome.stderr.contains("overlaid"), "{}", outcome.stderr);
        assert_eq!(rows(&maps(&place, "r"), "main.shared").len(), 0);
    }
}
