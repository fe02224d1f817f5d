//! What a change of the program did to its maps: `mapscope diff` and `mapscope gate` of two recordings.

use std::fs;
use std::process::Command;

use mapscope::engines::go;
use serde_json::Value;

use super::{place, record, toolchains};
use crate::cli_process::{Outcome, Place};

/// The program recorded to `out` after `edit` of its source.
fn recorded(place: &Place, go: &go::Toolchain, out: &str, edit: impl Fn(&str) -> String) {
    let path = place.path().join("main.go");
    let text = fs::read_to_string(&path).expect("the program");
    let edited = edit(&text);
    fs::write(&path, &edited).expect("written");
    record(place, go, &["--out", out, "--", "go", "run", "."]);
    fs::write(&path, text).expect("written");
}

/// The map of `hinted` grows six times instead of three, from 16 slots on; what is above moves it two lines down.
fn grown(text: &str) -> String {
    let text = text.replace("make(map[uint64]uint64, 100)", "make(map[uint64]uint64, 14)");
    text.replace("type pointers", "// Two lines\n// more.\ntype pointers")
}

fn hinted_line(text: &str) -> usize {
    text.lines().position(|line| line.contains("make(map[uint64]uint64, ")).expect("the line") + 1
}

fn gate(place: &Place, args: &[&str]) -> (Outcome, Value) {
    let outcome = place.run(&[&["gate", "--format", "json"], args].concat());
    let document = serde_json::from_str(&outcome.stdout).unwrap_or_default();
    (outcome, document)
}

#[test]
fn a_map_that_grows_twice_as_often_fails_the_gate_with_its_line() {
    for go in toolchains(true) {
        let place = place();
        recorded(&place, &go, "base", str::to_owned);
        recorded(&place, &go, "new", grown);
        let text = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let (was, line) = (hinted_line(&text), hinted_line(&grown(&text)));
        assert_eq!(line, was + 2);
        let (outcome, verdict) = gate(&place, &["base", "new"]);
        assert_eq!((outcome.code, &verdict["outcome"]), (Some(1), &"regression".into()), "{}", outcome.stderr);
        let failed: Vec<&Value> =
            verdict["changes"].as_array().expect("changes").iter().filter(|change| change["level"] == "fail").collect();
        assert!(failed.iter().all(|change| change["place"]["at"] == format!("main.go:{line}")), "{verdict}");
        let growths = failed.iter().find(|change| change["metric"] == "growths").expect("growths");
        assert_eq!((&growths["baseline"], &growths["current"]), (&3.into(), &6.into()), "go{}", go.version);
        assert_eq!(growths["place"]["type"], "map[uint64]uint64");
        for (format, expected) in [
            ("md", format!("| `main.go:{line} map[uint64]uint64` | growths ")),
            (
                "github",
                format!("::error file=main.go,line={line},title=mapscope%3A main.go%3A{line} map[uint64]uint64::"),
            ),
            ("junit", format!("<testcase name=\"main.go:{line} map[uint64]uint64\" classname=\"main.hinted\">")),
        ] {
            let outcome = place.run(&["gate", "--format", format, "base", "new"]);
            assert_eq!(outcome.code, Some(1));
            assert!(outcome.stdout.contains(&expected), "{expected}: {}", outcome.stdout);
        }
        let outcome = place.run(&["diff", "--exit-code", "base", "new"]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let shown = format!("\nmain.go:{line}  map[uint64]uint64\n  was main.go:{was}\n");
        assert!(outcome.stdout.contains(&shown), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("+3 (+100.00 %)\n"), "{}", outcome.stdout);
        assert!(outcome.stdout.lines().all(|line| line.chars().count() <= 80), "{}", outcome.stdout);
        // The rest of the program did the same, and lies elsewhere.
        recorded(&place, &go, "moved", |text| grown(text).replace("uint64, 14)", "uint64, 100)"));
        for [a, b] in [["base", "moved"], ["moved", "base"]] {
            let (outcome, verdict) = gate(&place, &[a, b]);
            assert_eq!((outcome.code, &verdict["changes"]), (Some(0), &Value::Array(Vec::new())), "{}", outcome.stdout);
            assert_eq!(place.run(&["diff", "--exit-code", a, b]).code, Some(0));
        }
    }
}

#[test]
fn places_that_are_new_or_gone_are_told_and_a_policy_allows() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    recorded(&place, &go, "base", str::to_owned);
    recorded(&place, &go, "new", |text| {
        grown(text).replace("\tknown(800)", "\tk := map[int]bool{}\n\tk[1] = true\n\tkept = append(kept, k)")
    });
    let rule = "[[rule]]\nmap = \"main.go:* map?uint64?uint64\"\n";
    let policy = |name: &str, rest: &str| fs::write(place.path().join(name), format!("{rule}{rest}")).expect("written");
    policy("allow.toml", "metric = \"*\"\nrelative = 2.0");
    let (outcome, verdict) = gate(&place, &["--policy", "allow.toml", "base", "new"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let levels = |level: &str| -> Vec<String> {
        let changes = verdict["changes"].as_array().expect("changes").iter().filter(|change| change["level"] == level);
        changes.map(|change| format!("{} {}", change["place"]["function"], change["metric"]).replace('"', "")).collect()
    };
    assert_eq!(levels("note"), ["main.main alloc_bytes", "main.known alloc_bytes"]);
    assert!(levels("allowed").contains(&"main.hinted growths".to_owned()), "{verdict}");
    let outcome = place.run(&["diff", "base", "new", "--out", "d"]);
    assert!(outcome.stdout.contains("\nOnly in B\nmain.go:") && outcome.stdout.contains("\nOnly in A\nmain.go:"));
    assert!(place.path().join("d/diff.txt").is_file());
    let written = fs::read(place.path().join("d/diff.json")).expect("written");
    let written: Value = serde_json::from_slice(&written).expect("JSON");
    assert_eq!(written["only_in_a"][0]["place"]["function"], "main.known");
    policy("wrong.toml", "metric = \"growth\"");
    let (outcome, _) = gate(&place, &["--policy", "wrong.toml", "base", "new"]);
    assert_eq!(outcome.code, Some(2));
    let instead =
        "did you mean `growths`?); expected alloc_bytes, abandoned_bytes, growths, moved_entries, maps or writes";
    assert!(outcome.stderr.contains(instead), "{}", outcome.stderr);
    policy("limit.toml", "metric = \"*\"\n[[slo]]\nlimit = \"growths <= 3\"");
    let (outcome, verdict) = gate(&place, &["--policy", "limit.toml", "base", "base"]);
    assert_eq!((outcome.code, verdict["unjudged"].as_array().map(Vec::len)), (Some(2), Some(1)));
}

#[test]
fn what_cannot_be_compared_is_not() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    recorded(&place, &go, "base", str::to_owned);
    record(&place, &go, &["--sample", "1/2", "--out", "half", "--", "go", "run", "."]);
    let (outcome, verdict) = gate(&place, &["base", "half"]);
    assert_eq!((outcome.code, &verdict["outcome"]), (Some(2), &"unjudged".into()));
    assert!(verdict["unjudged"][0].as_str().is_some_and(|why| why.contains("without --sample")), "{verdict}");
    for verb in ["diff", "gate"] {
        let outcome = place.run(&[verb, "base", "main.go"]);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains("base is a recording (`mapscope record`), and main.go is none"));
    }
    let file = fs::read_dir(place.path().join("base")).expect("a folder").map(|entry| entry.expect("a file").path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|name| name == "maps")).expect("a process");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let outcome = place.run_command(command.arg("diff").arg(&file).arg("base"));
    assert!(outcome.code == Some(0) && outcome.stdout.contains("No figure of "), "{}", outcome.stdout);
}
