//! `mapscope record --trace PLACE`: the operations of a place's maps, as traces that mapscope plays.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::engines::go;
use mapscope::entry::{Entry, low_bits};
use serde_json::Value;

use super::{PROGRAM, maps, place, record, recording, rows, toolchains};
use crate::cli_process::Place;
use crate::common::{self, Run};

/// The place of the map that a function of the program makes.
pub(super) fn line_of(text: &str, function: &str, make: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let begin = lines.iter().position(|line| line.starts_with(&format!("func {function}("))).expect("the function");
    let line = (begin..).find(|&line| lines[line].contains(make)).expect("the line");
    format!("main.go:{}", line + 1)
}

/// The rows of a trace of the program, and what was said.
fn traced(place: &Place, go: &go::Toolchain, at: &str, more: &[&str]) -> (Vec<String>, String) {
    let args = ["--trace", at, "--out", "r"];
    let outcome = record(place, go, &[&args[..], more, &["--", "go", "run", "."]].concat());
    let unpacked = place.run(&["convert", "r/trace-001.csv.zst", "-"]);
    assert_eq!(unpacked.code, Some(0), "{}: {}", unpacked.stderr, outcome.stderr);
    (unpacked.stdout.lines().map(str::to_owned).collect(), outcome.stderr)
}

fn program(place: &Place) -> String {
    fs::read_to_string(place.path().join("main.go")).expect("the program")
}

#[test]
fn each_operation_is_in_the_trace_of_its_map() {
    for go in toolchains(true) {
        let place = place();
        let at = line_of(&program(&place), "counted", "map[string]int{}");
        let (rows, said) = traced(&place, &go, &at, &["--trace-maps", "3"]);
        assert!(said.contains(&format!("{at}: 384 operations of 2 maps traced\n")), "{said}");
        // Names of 0 to 99 have 190 letters, and twice as many are looked up, written again or removed.
        assert!(
            said.contains("192 operations of a map[string]int: mapscope run --trace r/trace-002.csv.zst"),
            "{said}"
        );
        // Their mean is one letter, and 32 texts have one; of two, there are enough.
        assert!(said.contains("--entry 'string(2)/u64'\n"), "{said}");
        assert!(!place.path().join("r/trace-003.csv.zst").exists());
        assert_eq!(rows[0], "op,key,key_bytes,value_bytes");
        let count = |word: &str| rows.iter().filter(|row| row.starts_with(word)).count();
        assert_eq!(
            ["insert,", "get,", "remove,", "iterate,", "clear,"].map(count),
            [130, 50, 11, 1, 0],
            "go{}",
            go.version
        );
        let keys = |word: &str| -> Vec<Option<&str>> {
            rows.iter().filter(|row| row.starts_with(word)).map(|row| row.split(',').nth(1)).collect()
        };
        let mut distinct = keys("insert,");
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 100);
        // The name of 100 was never inserted.
        let missed = keys("remove,").iter().filter(|key| !distinct.contains(key)).count();
        assert_eq!((missed, keys("get,").iter().all(|key| distinct.contains(key))), (1, true));
        assert!(rows[1].ends_with(",1,8") && rows[100].ends_with(",2,8"), "{} {}", rows[1], rows[100]);
    }
}

#[test]
fn a_trace_costs_a_model_what_the_map_cost() {
    for go in toolchains(true) {
        let place = place();
        let at = line_of(&program(&place), "hinted", "make(");
        let (trace, said) = traced(&place, &go, &at, &[]);
        assert!(said.contains("--entry 'u64/u64' --hint 100\n"), "{said}");
        assert_eq!(trace.len(), 801);
        let all = maps(&place, "r");
        let [row] = rows(&all, "main.hinted")[..] else { panic!("{all}") };
        let minor: Vec<&str> = go.version.split('.').take(2).collect();
        let model = format!("go-swiss(go={})", minor.join("."));
        let path: PathBuf = place.path().join("r/trace-001.csv.zst");
        let path = path.to_str().expect("a path");
        let args = ["--map", &model, "--trace", path, "--entry", "u64/u64", "--hint", "100", "--passes", "count"];
        let model = Run::new([common::PATIENT]).args(args).rows();
        for figure in ["alloc_bytes", "moved_entries", "inserts"] {
            assert_eq!(row[figure].as_f64(), Some(common::metric(&model[0], figure)), "go{}: {figure}", go.version);
        }
    }
}

#[test]
fn keys_are_hashes_that_another_process_has_otherwise() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let at = line_of(&program(&place), "known", "map[uint64]uint64{}");
    let (first, _) = traced(&place, &go, &at, &[]);
    fs::rename(place.path().join("r"), place.path().join("before")).expect("moved");
    let (second, _) = traced(&place, &go, &at, &[]);
    assert_eq!((first.len(), second.len()), (801, 801));
    assert!(first.iter().skip(1).all(|row| !second.contains(row)));
    // What it holds besides is told without it.
    let without = |path: &str| -> Value {
        let mut all = maps(&place, path);
        all["places"].take()
    };
    assert_eq!(without("before"), without("r"));
}

#[test]
fn keys_fit_the_entry_that_is_named_whatever_they_are() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    fs::copy(Path::new(PROGRAM).join("../keys.go"), place.path().join("main.go")).expect("copied");
    let program = program(&place);
    let mut seen = Vec::new();
    for (index, _) in program.lines().enumerate().filter(|(_, line)| line.starts_with("\tfilled(")) {
        // As a shell completes it.
        let at = format!("./main.go:{}", index + 1);
        let (rows, said) = traced(&place, &go, &at, &[]);
        let (_, entry) = said.trim_end().rsplit_once(" --entry ").expect("an entry");
        let entry = entry.trim_matches('\'');
        let bits = entry.parse::<Entry>().expect("an entry").key.shape().bits;
        assert!(rows.len() > 2, "{said}");
        for row in &rows[1..] {
            let key = row.split(',').nth(1).and_then(|key| key.parse().ok()).expect("a key");
            assert_eq!(low_bits(key, bits), key, "{entry}: {row}");
        }
        seen.push(entry.to_owned());
        fs::remove_dir_all(place.path().join("r")).expect("removed");
    }
    assert_eq!(seen, ["1/u64", "u32/u8", "2/()", "string(2)/u8", "string(16)/u8", "1/()", "3/21"]);
}

#[test]
fn each_of_several_places_has_traces_of_its_own() {
    for go in toolchains(true) {
        let place = place();
        let text = program(&place);
        let [counted, known] = [("counted", "map[string]int{}"), ("known", "map[uint64]uint64{}")]
            .map(|(function, make)| line_of(&text, function, make));
        let flags =
            ["--trace", &known, "--trace", "nowhere.go:1", "--trace", &counted, "--trace", &known, "--out", "r"];
        let outcome = record(&place, &go, &[&flags[..], &["--", "go", "run", "."]].concat());
        let said: Vec<_> = outcome.stderr.lines().filter(|line| line.contains(".go:")).collect();
        let [of_known, of_none, of_counted] = said[..] else { panic!("{}", outcome.stderr) };
        assert_eq!(of_known, format!("{known}: 800 operations of 1 map traced"));
        assert!(of_none.starts_with("nowhere.go:1: no map of this place was recorded"), "{of_none}");
        assert_eq!(of_counted, format!("{counted}: 384 operations of 2 maps traced"));
        for (trace, operations) in [("trace-001", 800), ("trace-002", 192)] {
            let rows = place.run(&["convert", &format!("r/{trace}.csv.zst"), "-"]).stdout;
            assert_eq!(rows.lines().count(), 1 + operations, "go{}: {trace}", go.version);
        }
        assert!(!place.path().join("r/trace-003.csv.zst").exists());
        let manifest: Value =
            serde_json::from_slice(&fs::read(place.path().join("r/recording.json")).expect("read")).expect("JSON");
        assert_eq!(manifest["trace"], serde_json::json!([known, "nowhere.go:1", counted]));
    }
}

#[test]
fn a_place_that_is_the_end_of_others_takes_no_maps_of_theirs() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = Place::new();
    let write = |path: &str, text: String| {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("go.mod", "module m\n\ngo 1.21\n".to_owned());
    let filling = |n: usize| format!("m := map[int]int{{}}; for i := range make([]int, {n}) {{ m[i] = i }}");
    let imports = "import (\"m/a/in\"; b \"m/b/in\")";
    write("main.go", format!("package main\n{imports}\nfunc main() {{ in.F(); b.F()\n\n\n{}\n}}\n", filling(30)));
    for (path, n) in [("a/in/main.go", 40), ("b/in/main.go", 50)] {
        write(path, format!("package in\n\nfunc F() {{\n\n\n{}\n}}\n", filling(n)));
    }
    let counts = |asked: &[&str]| -> Vec<String> {
        let _ = fs::remove_dir_all(place.path().join("r"));
        let flags = asked.iter().flat_map(|at| ["--trace", at]).chain(["--out", "r", "--", "go", "run", "."]);
        let said = record(&place, &go, &flags.collect::<Vec<_>>()).stderr;
        said.lines().filter_map(|line| line.split_once(" traced").map(|(of, _)| of.to_owned())).collect()
    };
    assert_eq!(counts(&["main.go:6"]), ["main.go:6: 30 operations of 1 map"]);
    assert_eq!(counts(&["in/main.go:6"]), ["in/main.go:6: 90 operations of 2 maps"]);
    assert_eq!(
        counts(&["in/main.go:6", "b/in/main.go:6", "main.go:6"]),
        [
            "in/main.go:6: 40 operations of 1 map",
            "b/in/main.go:6: 50 operations of 1 map",
            "main.go:6: 30 operations of 1 map"
        ]
    );
}

#[test]
fn maps_whose_place_had_no_room_for_its_name_are_counted() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let at = line_of(&program(&place), "counted", "map[string]int{}");
    record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
    // As if there had been none: the names of all functions are taken out once the process has ended.
    let script = "./prog; f=$(echo r/*.maps); at=$(od -An -t u8 -j 56 -N 8 $f); \
                  dd if=/dev/zero of=$f bs=4096 count=64 conv=notrunc oflag=seek_bytes seek=$((at)) status=none";
    let outcome = record(&place, &go, &["--trace", &at, "--out", "r", "--", "sh", "-c", script]);
    assert!(outcome.stderr.contains(&format!("{at}: no map of this place was recorded")), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("2 traced maps: there was no room for the name of their place"),
        "{}",
        outcome.stderr
    );
    assert!(!place.path().join("r/trace-001.csv.zst").exists());
}

#[test]
fn a_copy_is_a_map_of_its_place() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let program = program(&place);
    let line = program.lines().position(|line| line.contains("maps.Clone(")).expect("a copy");
    let at = format!("main.go:{}", line + 1);
    let args = ["--trace", &at, "--out", "r", "--", "go", "run", "."];
    let said = record(&place, &go, &args).stderr;
    assert!(
        said.contains("maps traced\n") && said.contains("maps began as copies of others or with entries"),
        "{said}"
    );
    assert!(!place.path().join("r/trace-001.csv.zst").exists());
}

#[test]
fn a_place_that_makes_no_maps_is_told_and_one_that_is_none_refused() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let outcome = record(&place, &go, &["--trace", "main.go:1", "--out", "r", "--", "go", "run", "."]);
    assert!(outcome.stderr.contains("main.go:1: no map of this place was recorded"), "{}", outcome.stderr);
    for wrong in ["main.go", "main.go:", ":12", "./:12", "main.go:0"] {
        let mut command: Command = recording(&go, &["--trace", wrong, "--", "go", "run", "."]);
        let outcome = place.run_command(&mut command);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains("give FILE:LINE, as printer.go:1426"), "{}", outcome.stderr);
    }
}
