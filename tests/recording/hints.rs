//! Hints that can be written in the source of a recorded program, and what they save.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use mapscope::engines::go::Toolchain;
use mapscope::hints::{Group, grown_bytes, hinted_bytes};
use serde_json::Value;

use super::{record, rows, toolchains};
use crate::cli_process::Place;
use crate::common::{self, Run};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/hinted");

pub(super) fn place() -> Place {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(PROGRAM).join(file), place.path().join(file)).expect("copied");
    }
    place
}

/// `mapscope maps r --hints --go GO ARGS`, which says nothing else.
fn hints(place: &Place, go: &Toolchain, args: &[&str]) -> String {
    let outcome = place.run_command(&mut hinting(go, args));
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{args:?}");
    outcome.stdout
}

fn hinting(go: &Toolchain, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["maps", "r", "--hints", "--go"]).arg(&go.path).args(args);
    command.env("GOTOOLCHAIN", "local").env_remove("GOFLAGS");
    command
}

fn hinted(place: &Place, go: &Toolchain) -> Value {
    serde_json::from_str(&hints(place, go, &["--format", "json"])).expect("JSON")
}

#[test]
fn a_hint_is_found_where_the_length_is_known_before() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let maps = hinted(&place, &go);
        for (function, kind, with) in [
            ("main.indexed", "copy", "make(map[int]string, len(names))"),
            ("main.numbered", "each", "make(map[string]int, len(names))"),
            ("main.copied", "copy", "make(map[string]int, len(from))"),
            ("main.odd", "some", "make(map[string]bool, len(names))"),
            ("main.counted", "counted", "make(map[int]int, n)"),
            // On a stack: its place is that of the write.
            ("main.stacked", "each", "make(map[string]struct{}, len(names))"),
            ("main.table", "constant", "make(map[int]int, 93)"),
        ] {
            let [row] = rows(&maps, function)[..] else { panic!("{function}: {maps}") };
            let hint = &row["hint"];
            assert_eq!((&hint["kind"], &hint["with"]), (&kind.into(), &with.into()), "go{}: {function}", go.version);
            assert_eq!(hint["sure"], kind == "copy");
            let source = fs::read_to_string(place.path().join("main.go")).expect("the program");
            let line = hint["line"].as_u64().expect("a line") as usize;
            let line = source.lines().nth(line - 1).expect("it is there");
            let column = hint["column"].as_u64().expect("a column") as usize;
            assert!(line[column - 1..].starts_with("map[") || line[column - 1..].starts_with("make("), "{line}");
            assert_eq!(hint["saves_bytes_max"], row["hint_saves_bytes"], "{function}");
        }
        let [row] = rows(&maps, "main.passed")[..] else { panic!("{maps}") };
        assert!(row["hint"]["why"].as_str().is_some_and(|why| why.contains("filled elsewhere")), "{row}");
        // Of the table, those that it shows.
        let table = hints(&place, &go, &["--top", "1"]);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        let shown = table.split("\nHints in the source\n").nth(1).expect("hints");
        assert!(shown.contains("  sure: every round of the loop inserts a key of its own\n"), "{shown}");
        assert_eq!(shown.matches("make(").count(), 1, "{shown}");
        let page = hints(&place, &go, &["--format", "html"]);
        assert!(page.contains("<code>make(map[int]string, len(names))</code>"));
        assert!(!place.run(&["maps", "r", "--format", "html"]).stdout.contains("id=\"hints\""));
    }
}

#[test]
fn a_program_that_is_recorded_outside_of_its_module_has_its_table_and_no_hint() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, outside) = (place(), Place::new());
    record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
    let program = place.path().join("prog");
    let outcome = outside.run(&["record", "--out", "r", "--", program.to_str().expect("UTF-8")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let maps = hinted(&outside, &go);
    let [row] = rows(&maps, "main.indexed")[..] else { panic!("{maps}") };
    assert!(row["hint"]["why"].as_str().is_some_and(|why| why.contains("recorded in is in no module")), "{row}");
}

#[test]
fn a_source_that_is_not_what_was_recorded_has_no_hint() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let path = place.path().join("main.go");
    let source = fs::read_to_string(&path).expect("the program");
    fs::write(&path, source.replace("// by index\n", "\n\n")).expect("written");
    let maps = hinted(&place, &go);
    let why = |function| rows(&maps, function)[0]["hint"]["why"].as_str().unwrap_or_default().to_owned();
    assert!(why("main.numbered").contains("or the source changed"), "{maps}");
    fs::write(&path, "// Code generated by hand. DO NOT EDIT.\n".to_owned() + &source).expect("written");
    let maps = hinted(&place, &go);
    assert!(rows(&maps, "main.odd")[0]["hint"]["why"].as_str().is_some_and(|why| why.contains("generated")));
    fs::remove_file(&path).expect("removed");
    let maps = hinted(&place, &go);
    assert!(rows(&maps, "main.odd")[0]["hint"]["why"].as_str().is_some_and(|why| why.contains("can't be read")));
}

#[test]
fn a_hint_that_is_too_small_is_named() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let path = place.path().join("main.go");
    let source = fs::read_to_string(&path).expect("the program");
    fs::write(&path, source.replace("make(map[string]int, 0)", "make(map[string]int, 9)")).expect("written");
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let maps = hinted(&place, &go);
    let why = "it is made with the hint 9, which is too small for what was recorded";
    assert_eq!(rows(&maps, "main.copied")[0]["hint"]["why"], why, "{maps}");
}

#[test]
fn what_maps_allocate_with_a_hint_and_without_is_what_the_model_says() {
    let group = Group { bytes: 136, has_pointers: false };
    for entries in ["8", "9", "100", "448", "896", "1000"] {
        let args = ["--map", "go-swiss", "--keys", "sequential", "--mix", "fill", "--ops", entries, "--hint", "0,ops"];
        let rows = Run::new([common::PATIENT]).args(args).args(["--entry", "u64/u64", "--passes", "count"]).rows();
        let bytes: Vec<u64> = rows.iter().map(|row| common::metric(row, "alloc_bytes") as u64).collect();
        const HEADER_BYTES: u64 = 48;
        let entries = entries.parse().expect("a number");
        let expected = [grown_bytes(entries, group).expect("known"), hinted_bytes(entries, group)];
        assert_eq!(bytes, expected.map(|bytes| bytes + HEADER_BYTES), "{entries}");
    }
}

#[test]
fn a_patch_saves_what_was_said() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let before = hinted(&place, &go);
        let source = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let patch = hints(&place, &go, &["--fix", "-"]);
        assert_eq!(fs::read_to_string(place.path().join("main.go")).expect("the program"), source);
        fs::write(place.path().join("hints.patch"), &patch).expect("written");
        let applied = place.run_command(Command::new("patch").args(["-p1", "-i", "hints.patch"]));
        assert_eq!(applied.code, Some(0), "{}{patch}", applied.stdout);
        let patched = fs::read_to_string(place.path().join("main.go")).expect("the program");
        // As gofmt has it: a longer line moves the comments below it.
        assert!(
            patched.contains(
                "\tm := make(map[int]string, len(names)) // by index\n\tvar total int                         "
            )
        );
        record(&place, &go, &["--out", "after", "--", "go", "run", "."]);
        let after: Value =
            serde_json::from_str(&place.run(&["maps", "after", "--format", "json"]).stdout).expect("JSON");
        let bytes = |maps: &Value, function| rows(maps, function)[0]["alloc_bytes"].as_u64().expect("a figure") as f64;
        for function in ["main.indexed", "main.numbered", "main.copied", "main.counted", "main.stacked", "main.table"] {
            let said = rows(&before, function)[0]["hint"]["saves_bytes_max"].as_f64().expect("a figure");
            let saved = bytes(&before, function) - bytes(&after, function);
            assert!((saved / said - 1.0).abs() < 0.02, "go{}: {function}: {saved} of {said}", go.version);
        }
        // Half of the names are in it: it is a bound.
        assert!(bytes(&before, "main.odd") - bytes(&after, "main.odd") < 13_456.0, "{after}");
    }
}

#[test]
fn sources_are_changed_only_on_request_and_as_they_were_otherwise() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let path = place.path().join("main.go");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let outcome = place.run_command(&mut hinting(&go, &["--kind", "copy", "--fix", "x.patch"]));
    assert_eq!((outcome.code, outcome.left), (Some(0), vec!["x.patch".into()]), "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("x.patch: a patch of 1 file: git -C "), "{}", outcome.stderr);
    let outcome = place.run_command(&mut hinting(&go, &["--kind", "copy", "--write"]));
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), "1 file changed\n"));
    let source = fs::read_to_string(&path).expect("the program");
    assert_eq!(source.matches(", len(").count(), 1 + 1, "{source}");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o640);
    // Once is enough.
    let outcome = place.run_command(&mut hinting(&go, &["--kind", "copy", "--fix", "-"]));
    assert_eq!((outcome.code, &*outcome.stdout), (Some(0), ""));
}
