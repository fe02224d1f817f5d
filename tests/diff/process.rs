use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli_process::{Outcome, PATIENT, Place};

#[track_caller]
fn ok(outcome: Outcome) -> String {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

fn record(place: &Place, out: &str, passes: &str, load_factor: &str) {
    let maps = ["--map", "go-classic,std,btree", "--mix", "fill,churn", "--ops", "2000", "--passes", passes];
    ok(place.run(&[&["run", PATIENT, "-q", "--load-factor", load_factor, "--out", out][..], &maps[..]].concat()));
}

fn json(place: &Place, folder: &str) -> Value {
    let bytes = fs::read(place.path().join(folder).join("diff.json")).expect("diff.json");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Map and mix of every cell with a change of a class.
fn cells(diff: &Value, class: &str) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of_class = |change: &&Value| change["class"] == class;
    let changes = diff["changes"].as_array().expect("changes").iter().filter(of_class);
    changes.map(|change| (text(&change["cell"]["map"]), text(&change["cell"]["mix"]))).collect()
}

fn both_mixes_of_go_classic() -> BTreeSet<(String, String)> {
    ["fill", "churn"].map(|mix| ("go-classic".to_owned(), mix.to_owned())).into()
}

#[test]
fn another_load_factor_of_one_map_shows_its_cells_and_no_other() {
    let place = Place::new();
    record(&place, "a", "count", "6.5");
    record(&place, "b", "count", "4");
    let screen = ok(place.run(&["diff", "a", "b", "--out", "changed"]));
    assert!(screen.contains("go-classic uniform fill, load factor 6.5 → 4"), "{screen}");
    assert!(screen.ends_with("\n4 cells are the same.\n\nreport: changed/diff.html\n"), "{screen}");
    assert!(!screen.contains("std") && !screen.contains("btree") && !screen.contains("Only in"), "{screen}");
    let diff = json(&place, "changed");
    assert_eq!(cells(&diff, "exact"), both_mixes_of_go_classic());
    assert_eq!(cells(&diff, "statistical"), BTreeSet::new());
    assert_eq!(diff["cells"]["same"], 4);
    let fields = diff["changes"].as_array().expect("changes").iter().map(|change| &change["field"]);
    let expected = serde_json::json!({ "name": "load factor", "a": "6.5", "b": "4" });
    assert!(fields.into_iter().all(|field| *field == expected));
    assert!(Path::new(&place.path().join("changed/diff.md")).is_file());
}

#[test]
fn with_times_no_cell_that_is_the_same_shows_an_exact_change() {
    let place = Place::new();
    record(&place, "a", "count,time", "6.5");
    record(&place, "b", "count,time", "4");
    ok(place.run(&["diff", "a", "b", "--quiet", "--out", "changed"]));
    let diff = json(&place, "changed");
    assert_eq!(cells(&diff, "exact"), both_mixes_of_go_classic());
    assert_eq!(diff["cells"]["same_exactly"], 4);
}

#[test]
fn the_exit_code_is_0_unless_asked_for() {
    let place = Place::new();
    record(&place, "a", "count", "6.5");
    record(&place, "b", "count", "4");
    assert!(ok(place.run(&["diff", "a", "a", "--exit-code"])).contains("Nothing differs: 6 cells are the same."));
    assert_eq!(place.run(&["diff", "a", "b"]).code, Some(0));
    let outcome = place.run(&["diff", "a", "b", "--exit-code", "-q"]);
    assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()), (Some(1), "", ""));
    for (args, words) in [
        (&["diff", "a"][..], "<B>"),
        (&["diff", "a", "nowhere"], "nowhere: cannot be read"),
        (&["diff", "a", "b", "--out", "a"], "a: is not empty"),
    ] {
        let outcome = place.run(args);
        assert_eq!(outcome.code, Some(2), "{args:?}");
        assert!(outcome.stderr.contains(words) && outcome.stdout.is_empty(), "{}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
}
