//! What comes from outside acts on nothing: not on a terminal, not on what reads a log, not on a spreadsheet, not on a
//! parser, whatever a record, a trace, a profile or a file's name holds.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::text::acts;

use crate::cli_process::{Outcome, Place};

/// Escapes, a title for the terminal, a command for GitHub on a line of its own, a mark of direction, what XML can't hold.
const HOSTILE: &str = "x\u{1b}[31m\u{1b}]0;t\u{7}\n::error::INJECTED\r\n\u{202e}##[error]\u{fffe}\u{9b}2J<b>|`";

/// The record of `tests/golden_cells`, each of its names hostile.
fn hostile_record(place: &Place, name: &str, edit: impl Fn(&mut serde_json::Value)) -> PathBuf {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden_cells/record.json")).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hostile =
        |value: &mut serde_json::Value| *value = format!("{}{HOSTILE}", value.as_str().unwrap_or("=1+1")).into();
    hostile(&mut record["profile"]);
    for name in ["cpu", "kernel", "rustc", "target", "allocator"] {
        hostile(&mut record["environments"][0][name]);
    }
    for cell in record["cells"].as_array_mut().unwrap() {
        ["map", "keys", "mix"].iter().for_each(|name| hostile(&mut cell["id"][*name]));
        cell["id"]["map"] = format!("=HYPERLINK({}", cell["id"]["map"].as_str().unwrap()).into();
        hostile(&mut cell["map_version"]);
        hostile(&mut cell["error"]);
        let frames = cell.pointer_mut("/profile/frames").and_then(|frames| frames.as_array_mut());
        for frame in frames.into_iter().flatten() {
            let fields = frame.as_object_mut().into_iter().flat_map(|frame| frame.values_mut());
            fields.filter(|field| field.is_string()).for_each(hostile);
        }
    }
    edit(&mut record);
    let folder = place.path().join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("results.json"), serde_json::to_string(&record).unwrap()).unwrap();
    folder
}

/// Nothing in a text acts, and no line begins with a command that is not ours.
#[track_caller]
fn inert(what: &str, text: &str) {
    let acting = text.chars().find(|&c| acts(c) && !matches!(c, '\n' | '\t'));
    assert_eq!(
        acting,
        None,
        "{what}: {:?}",
        text.find(acts).map(|at| &text[text.floor_char_boundary(at.saturating_sub(80))..])
    );
    for line in text.lines().map(str::trim_start).filter(|line| line.starts_with("::")) {
        let command = line[2..].split([' ', ':']).next().unwrap_or_default();
        assert!(["error", "warning", "notice"].contains(&command) && line.contains(" title="), "{what}: {line}");
    }
    assert!(!text.contains("::INJECTED\n") && !text.contains("\n::error::INJECTED"), "{what}");
}

#[track_caller]
fn inert_outcome(outcome: &Outcome) {
    inert("stdout", &outcome.stdout);
    inert("stderr", &outcome.stderr);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

#[test]
fn no_form_of_a_report_lets_a_record_act() {
    let place = Place::new();
    let folder = hostile_record(&place, "a", |_| {});
    let original = folder.join("results.json");
    let outcome = place.run(&["report", "a", "--format", "all"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    inert_outcome(&outcome);
    let mut forms = 0;
    for path in files(&folder) {
        let Ok(text) = String::from_utf8(fs::read(&path).unwrap()) else { continue };
        // Rendered anew, the record is clean too.
        assert!(path != original || !text.contains("\\u001b"), "the record is as it was");
        let scripts = path.ends_with("index.html");
        let text = if scripts { text.split("<script").next().unwrap_or_default().to_owned() } else { text };
        inert(&path.display().to_string(), &text);
        assert!(!scripts || !text.contains("<b>|"), "markup");
        forms += 1;
    }
    assert!(forms >= 20, "{forms} files");
    let rows = fs::read_to_string(folder.join("results.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(rows.as_bytes());
    for row in rows.records() {
        let row = row.unwrap();
        assert!(row[0].starts_with("'=HYPERLINK("), "{}", &row[0]);
        assert!(row.iter().all(|field| !field.starts_with(['=', '+', '-', '@'])));
    }
}

#[test]
fn no_verdict_lets_a_record_act() {
    let place = Place::new();
    hostile_record(&place, "a", |_| {});
    hostile_record(&place, "b", |record| {
        for cell in record["cells"].as_array_mut().unwrap() {
            let bytes = cell.pointer_mut("/count/alloc_bytes");
            bytes.into_iter().for_each(|bytes| *bytes = 1_000_000_u64.into());
        }
    });
    fs::write(place.path().join("p.toml"), "[[rule]]\nmetric = \"*\"\nmap = \"none\"\naction = \"warn\"\n").unwrap();
    for format in ["md", "github", "json", "junit"] {
        for policy in [&["--policy", "p.toml"][..], &[]] {
            let outcome = place.run(&[&["gate", "a", "b", "--format", format], policy].concat());
            // Failed cells can't be judged.
            assert!(matches!(outcome.code, Some(1 | 2)) && !outcome.stdout.is_empty(), "{}", outcome.stderr);
            inert_outcome(&outcome);
        }
    }
    let outcome = place.run(&["diff", "a", "b", "--out", "d"]);
    assert!(matches!(outcome.code, Some(0 | 1)), "{}", outcome.stderr);
    inert_outcome(&outcome);
    let outcome = place.run(&["baseline", "accept", "a", "--reason", HOSTILE, "--allow-failed"]);
    inert_outcome(&outcome);
}

#[test]
fn names_that_no_table_can_hold_are_refused() {
    let place = Place::new();
    let long = "m".repeat(70_000);
    hostile_record(&place, "a", |record| record["cells"][0]["id"]["map"] = long.clone().into());
    for args in [&["gate", "a", "a"][..], &["report", "a"], &["diff", "a", "a", "--out", "d"]] {
        let outcome = place.run(args);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("map is a name of 70000 bytes; the longest allowed has 4096"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.len() < 1000 && outcome.left.is_empty());
    }
    // What a cell says of its failure is as long as it is.
    hostile_record(&place, "b", |record| {
        record["cells"][0]["status"] = "panicked".into();
        record["cells"][0]["error"] = "e".repeat(1 << 20).into();
    });
    for args in
        [&["gate", "b", "b"][..], &["gate", "b", "b", "--format", "github"], &["report", "b", "--format", "all"]]
    {
        let outcome = place.run(args);
        assert!(outcome.code.is_some() && !outcome.stderr.contains("panicked at"), "{:.2000}", outcome.stderr);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_without_its_bytes_acting() {
    let place = Place::new();
    let long = "k".repeat(1 << 20);
    let profile = |text: String| ("p.toml", text, vec!["run", "p.toml"]);
    let policy = |text: String| ("q.toml", text, vec!["gate", "a", "a", "--policy", "q.toml"]);
    let record = |text: String| ("results.json", text, vec!["report", "."]);
    let trace = |text: String| ("t.csv", text, vec!["replay", "--map", "go-classic", "t.csv"]);
    hostile_record(&place, "a", |_| {});
    let cases = [
        profile(format!("\"{}\" = 1\n", "\\u001B[31m\\n::error::INJECTED")),
        profile(format!("[[cells]]\nmap = \"\\u001b[31m{long}\"\n")),
        profile("[[cells]]\nmap = \"std\u{202e}\u{85}\"\nkeys = 'uniform'\nmix = 'fill'\nops = 1\n".to_owned()),
        profile(format!("x = {long}\u{202e}")),
        policy(format!("[[rule]]\nmetric = \"{long}\"\n")),
        policy("[[rule]]\nmetric = \"\\u001b[31m\\n::error::INJECTED\"\n".to_owned()),
        policy(format!("[[rule]]\n\"{long}\" = 1\n")),
        record(format!("{{\"schema\": \"{long}\", \"mapscope\": \"\\u001b\"}}")),
        record(format!("{{\"schema\": 1, \"mapscope\": \"1\", \"{long}\\n::error::INJECTED\": 1}}")),
        trace("# layout=\u{1b}[31mX type=u64/u64 hint=0 key_size=8 elem_size=8\nop,key\n".to_owned()),
        trace("# layout=classic type=\u{1b}[31m\u{202e} hint=0 key_size=8 elem_size=8\nop,key\n".to_owned()),
        trace("op\u{202e},\u{1b}[31mkey\n".to_owned()),
        trace("op,key\n\u{1b}[31m\u{202e},1\n".to_owned()),
    ];
    for (name, text, args) in cases {
        fs::write(place.path().join(name), &text).unwrap();
        let outcome = place.run(&args);
        assert_eq!(outcome.code, Some(2), "{:.300}: {}", text, outcome.stderr);
        inert_outcome(&outcome);
        assert!(outcome.stderr.len() < 4000, "{} bytes", outcome.stderr.len());
        fs::remove_file(place.path().join(name)).unwrap();
    }
}

#[test]
fn names_of_files_do_not_act() {
    let place = Place::new();
    let bytes = [b"a\n::error::INJECTED\x1b[31m\xff".as_slice(), "\u{202e}.csv".as_bytes()].concat();
    let name = OsStr::from_bytes(&bytes);
    fs::write(place.path().join(name), "op,key\ninsert,1\nget,1\n").unwrap();
    let mapscope = |args: &[&OsStr]| place.run_command(Command::new(env!("CARGO_BIN_EXE_mapscope")).args(args));
    let verb = |args: &str| -> Vec<std::ffi::OsString> { args.split(' ').map(Into::into).collect() };
    for before in ["replay --map std", "gate", "report", "run", "inspect --map go-classic --trace", "diff . "] {
        let mut args = verb(before.trim());
        args.push(name.to_owned());
        inert_outcome(&mapscope(&args.iter().map(|arg| &**arg).collect::<Vec<_>>()));
    }
    let per_op = place.path().join(name);
    inert_outcome(&mapscope(&[
        "replay".as_ref(),
        "--map".as_ref(),
        "std".as_ref(),
        "--per-op".as_ref(),
        per_op.as_os_str(),
        per_op.as_os_str(),
    ]));
    let text = "op,key\ninsert,1\n";
    let named = "b\n::error::INJECTED\u{202e}.csv";
    fs::write(place.path().join(named), text).unwrap();
    let args = ["run", "--map", "std", "--passes", "count", "--trace", named, "--out", "o"];
    let outcome = place.run(&args);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    inert_outcome(&outcome);
    for path in files(&place.path().join("o")).iter().filter(|path| !path.ends_with("index.html")) {
        inert(&path.display().to_string(), &fs::read_to_string(path).unwrap());
    }
}
