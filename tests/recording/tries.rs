//! Maps of type sync.Map.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::{maps, record, recording, rows, sum, toolchains};
use crate::cli_process::Place;

pub(super) const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/tries");

fn place() -> Place {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(PROGRAM).join(file), place.path().join(file)).expect("copied");
    }
    place
}

#[test]
fn operations_are_counted_and_bytes_are_those_of_the_runtime() {
    for go in toolchains(true) {
        let place = place();
        let outcome = record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let maps = maps(&place, "r");
        let filled = rows(&maps, "main.filled");
        assert_eq!(sum(&filled, "alloc_bytes").to_string(), outcome.stdout.trim(), "go{}", go.version);
        assert!(filled.iter().all(|row| row["held_bytes_max"].is_null()), "they were cleared: {maps}");
        let source = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let line = |text: &str| {
            let number = source.lines().position(|line| line.contains(text)).expect("the line") + 1;
            format!("main.go:{number}")
        };
        let all = rows(&maps, "main.counted");
        let is_at = |at: &str| all.iter().find(|row| row["place"] == *at).unwrap_or_else(|| panic!("{at}: {maps}"));
        let counted = is_at(&line("m.Store(boxed[i], boxed[i])"));
        for (figure, expected) in [
            ("maps", 1),
            ("writes", 100 + 10 + 1 + 1),
            ("inserts", 101),
            ("overwrites", 11),
            ("removes", 3),
            ("entries", 98),
            ("entries_max", 101),
            ("lookups", 50 + 2 + 2 + 2),
            ("iterations", 1),
            ("clears", 0),
            ("growths", 0),
            ("moved_entries", 0),
            ("abandoned_bytes", 0),
            ("hint_saves_bytes", 0),
            // A header for the size is no part of objects up to 512 bytes.
            ("entry_bytes", 112 * 48),
        ] {
            assert_eq!(counted[figure], expected, "go{}: {figure}", go.version);
        }
        assert_eq!(counted["type"], "sync.Map");
        let bytes = |figure: &str| counted[figure].as_u64().expect("bytes");
        assert!(bytes("held_bytes_max") <= bytes("alloc_bytes") - 10 * 48, "{counted}");
        assert_eq!(is_at(&line("new(sync.Map).Range"))["iterations"], 0);
        let shared = rows(&maps, "main.shared.func1");
        let [writes, inserts] = [8 * 1000 + 1000, 2000];
        for (figure, expected) in
            [("maps", 1), ("writes", writes), ("inserts", inserts), ("entries", 2000), ("lookups", 16_000)]
        {
            assert_eq!(sum(&shared, figure), expected, "go{}: {figure}", go.version);
        }
    }
}

#[test]
fn a_trace_ends_with_the_content_of_the_map_however_many_wrote_to_it() {
    for go in toolchains(true) {
        let place = place();
        let source = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let line = source.lines().position(|line| line.contains("m.Store(boxed[0], 0)")).expect("the line") + 1;
        let at = format!("main.go:{line}");
        for lookups in [true, false] {
            let out = if lookups { "r" } else { "w" };
            let flags: &[&str] = if lookups { &[] } else { &["--no-lookups"] };
            let args = [&["--trace", &at, "--out", out], flags, &["--", "go", "run", ".", "changed"]].concat();
            let said = record(&place, &go, &args).stderr;
            let path = format!("{out}/trace-001.csv.zst");
            assert!(said.contains(&format!("of a sync.Map: mapscope run --trace {path} --entry '16/16'\n")), "{said}");
            let unpacked = place.run(&["convert", &path, "-"]);
            let (mut content, mut looked_up, mut clears) = (HashSet::new(), None, 0);
            for row in unpacked.stdout.lines().skip(1) {
                let (word, rest) = row.split_once(',').expect("a key");
                let key = rest.split(',').next().expect("a key");
                match word {
                    "insert" => drop(content.insert(key)),
                    "remove" => assert!(content.remove(key), "go{}: what was not there is removed", go.version),
                    "clear" => {
                        content.clear();
                        clears += 1;
                    }
                    // From then on the program looks at what is left.
                    "iterate" => looked_up = Some(HashSet::new()),
                    "get" => drop(looked_up.as_mut().map(|keys| keys.insert(key))),
                    other => panic!("{other}"),
                }
            }
            assert_eq!(clears, 2);
            assert!(!content.is_empty());
            assert_eq!(looked_up, lookups.then_some(content), "go{}", go.version);
            let recorded = maps(&place, out);
            let [row] = rows(&recorded, "main.changed")[..] else { panic!("{recorded}") };
            let count = |word: &str| unpacked.stdout.lines().filter(|row| row.starts_with(word)).count();
            assert_eq!(row["writes"], count("insert,"));
            assert_eq!(row["removes"], count("remove,"));
        }
    }
}

#[test]
fn a_remove_of_what_is_not_there_is_a_lookup_in_the_trace() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let source = fs::read_to_string(place.path().join("main.go")).expect("the program");
    let line = source.lines().position(|line| line.contains("m.Store(boxed[i], boxed[i])")).expect("the line") + 1;
    let at = format!("main.go:{line}");
    record(&place, &go, &["--trace", &at, "--out", "r", "--", "go", "run", "."]);
    let unpacked = place.run(&["convert", "r/trace-001.csv.zst", "-"]).stdout;
    let count = |word: &str| unpacked.lines().filter(|row| row.starts_with(word)).count();
    // The key that is removed twice is a lookup of the trace, and none of the figures.
    assert_eq!(["insert,", "get,", "remove,", "iterate,"].map(count), [112, 56 + 1, 3, 1], "{unpacked}");
    let replayed = place.run(&["replay", "r/trace-001.csv.zst", "--map", "go-syncmap"]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    assert!(replayed.stdout.contains("len 98,"), "{}", replayed.stdout);
}

#[test]
fn two_recordings_differ_by_no_more_than_chance_makes_of_it() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    for out in ["a", "b"] {
        record(&place, &go, &["--out", out, "--", "go", "run", "."]);
    }
    let gate = place.run(&["gate", "a", "b"]);
    assert_eq!(gate.code, Some(0), "{}{}", gate.stdout, gate.stderr);
}

#[test]
fn the_race_detector_finds_nothing() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let mut command = recording(&go, &["--out", "r", "--", "go", "run", "-race", "."]);
    let outcome = place.run_command(&mut command);
    if outcome.stderr.contains("requires cgo") || outcome.stderr.contains("C compiler") {
        return crate::common::skip::skip("cgo", "install a C compiler");
    }
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(sum(&rows(&maps(&place, "r"), "main.shared.func1"), "lookups"), 16_000);
}
