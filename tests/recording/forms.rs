//! What `mapscope maps` shows a recording as.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{maps, place, record, sum, toolchains};
use crate::consumers::python;

#[test]
fn only_places_of_some_packages_are_shown_and_summed_up() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let json = |args: &[&str]| -> Value {
        let outcome = place.run(&[&["maps", "r", "--format", "json"], args].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        serde_json::from_str(&outcome.stdout).expect("JSON")
    };
    let (all, own) = (json(&[]), json(&["--package", "main"]));
    let is_own = |row: &&Value| row["function"].as_str().is_some_and(|function| function.starts_with("main."));
    let rows: Vec<_> = all["places"].as_array().expect("places").iter().filter(is_own).collect();
    assert_eq!(rows, own["places"].as_array().expect("places").iter().collect::<Vec<_>>());
    for figure in ["maps", "alloc_bytes", "writes", "growths"] {
        assert_eq!(own["total"][figure], sum(&rows, figure), "{figure}");
    }
    assert!(all["total"]["maps"].as_u64() > own["total"]["maps"].as_u64(), "the runtime makes some: {all}");
    assert_eq!(own["packages"], serde_json::json!(["main"]));
    assert_eq!(json(&["--package", "ma*", "--package", "*"])["total"], all["total"]);
    let table = place.run(&["maps", "r", "--package", "main/..."]).stdout;
    assert!(table.contains("\nOnly places in main/...: sums are of these\n"), "{table}");
    for (pattern, why) in
        [("net/http", "no place is in a package net/http; some are in "), ("", "give 1 to 1000 bytes")]
    {
        let outcome = place.run(&["maps", "r", "--package", pattern]);
        assert!(outcome.code == Some(2) && outcome.stderr.contains(why), "{}", outcome.stderr);
    }
}

#[test]
fn go_tool_pprof_opens_the_profile() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let outcome = Command::new(env!("CARGO_BIN_EXE_mapscope"))
            .args(["maps", "r", "--format", "pprof"])
            .current_dir(place.path())
            .output()
            .expect("it starts");
        assert!(outcome.status.success());
        fs::write(place.path().join("maps.pb.gz"), outcome.stdout).expect("written");
        let args = ["tool", "pprof", "-top", "-sample_index=growths", "-tagfocus=type=map.string.int", "maps.pb.gz"];
        let top = place.run_command(Command::new(&go.path).args(args).env("GOTOOLCHAIN", "local"));
        let line =
            top.stdout.lines().find(|line| line.ends_with("main.counted")).unwrap_or_else(|| panic!("{}", top.stdout));
        assert_eq!(line.split_whitespace().next(), Some("8"), "{line}");
    }
}

#[test]
fn the_table_names_the_line_and_fits_the_screen() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
        let outcome = place.run(&["maps", "r", "--by", "growths", "--top", "2"]);
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
        let lines: Vec<&str> = outcome.stdout.lines().collect();
        assert!(lines[0].starts_with(&format!("recorded (go{}): ", go.version)), "{}", outcome.stdout);
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", outcome.stdout);
        let shared = lines.iter().position(|line| line.ends_with("  map[uint64]uint64"));
        let shared = shared.unwrap_or_else(|| panic!("{}", outcome.stdout));
        assert!(lines[shared].starts_with("  main.go:") && lines[shared - 1].contains("1,000/1,000/1,000"));
        assert!(outcome.stdout.ends_with(" more places: --top N, or --format csv\n"), "{}", outcome.stdout);
    }
}

/// What Python's client reads of a recording: each series, by name, place and type.
const SERIES: &str = "
import json
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open('maps.prom', encoding='utf-8', newline='').read()):
    for sample in family.samples:
        labels = [sample.labels.get(label, '') for label in ('place', 'function', 'type')]
        print(json.dumps([sample.name, *labels, sample.value]))
";

#[test]
fn openmetrics_has_every_figure_of_every_place() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let outcome = place.run(&["maps", "r", "--format", "openmetrics"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    fs::write(place.path().join("maps.prom"), &outcome.stdout).expect("written");
    let all = maps(&place, "r");
    let rows = all["places"].as_array().expect("places");
    let row = rows.iter().find(|row| row["function"] == "main.hinted").expect("the place");
    let labels = format!("place={},function=\"main.hinted\",type=\"map[uint64]uint64\"", row["place"]);
    for (name, figure) in [("growths", "growths"), ("alloc_bytes", "alloc_bytes"), ("held_max_bytes", "held_bytes_max")]
    {
        let line = format!("\nmapscope_place_{name}{{{labels}}} {}\n", row[figure]);
        assert!(outcome.stdout.contains(&line), "{line}");
    }
    let Some(read) = python::run(&["prometheus_client"], place.path(), SERIES, &[]) else { return };
    let mut series = BTreeMap::new();
    for line in read.lines() {
        let (name, at, function, ty, value): (String, String, String, String, f64) =
            serde_json::from_str(line).expect("JSON");
        series.insert((name, at, function, ty), value);
    }
    for row in rows {
        let text = |field: &str| row[field].as_str().expect("text").to_owned();
        let key = ("mapscope_place_moved_entries".to_owned(), text("place"), text("function"), text("type"));
        assert_eq!(series.get(&key).copied(), row["moved_entries"].as_f64(), "{key:?}");
    }
}

#[test]
fn the_page_has_every_place_and_needs_no_script() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let outcome = place.run(&["maps", "r", "--format", "html"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    let page = &outcome.stdout;
    assert!(page.starts_with("<!doctype html>") && page.contains("<h1 id=\"title\">recorded</h1>"));
    assert!(!page.contains("<script") && page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    let all = maps(&place, "r");
    for row in all["places"].as_array().expect("places") {
        let at = row["place"].as_str().expect("a place").replace('/', "&#x2f;");
        assert!(page.contains(&format!("<span class=\"at\">{at}</span>")), "{at}");
    }
}

#[test]
fn only_a_terminal_is_watched() {
    let place = crate::cli_process::Place::new();
    fs::write(place.path().join("x.maps"), "maps").expect("written");
    let outcome = place.run(&["maps", "x.maps", "--watch"]);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    assert!(outcome.stderr.contains("--watch shows the table on a terminal"), "{}", outcome.stderr);
    assert_eq!(place.run(&["maps", "x.maps", "--watch", "--format", "csv"]).code, Some(2));
}
