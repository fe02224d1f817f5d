//! `mapscope baseline accept`, as a process: what it writes, what it refuses, and what the gate says of it afterwards.

use std::fs;
use std::process::Command;

use mapscope::record::{ACCEPTANCES_MAX, Acceptance, Results, Status, read, write_atomically};

use crate::cli_process::{Outcome, Place};
use crate::common::skip;

/// A place with two small records that differ in one map, `a` and `b`.
fn place() -> Place {
    let place = Place::new();
    for (out, load_factor) in [("a", "6.5"), ("b", "4")] {
        let maps = ["--map", "go-classic,std", "--mix", "fill", "--ops", "500", "--passes", "count"];
        let outcome = place.run(&[&["run", "-q", "--load-factor", load_factor, "--out", out][..], &maps[..]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    place
}

fn accept(place: &Place, results: &str, more: &[&str]) -> Outcome {
    place.run(&[&["baseline", "accept", results][..], more].concat())
}

#[track_caller]
fn accepted(outcome: Outcome) -> String {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

#[track_caller]
fn refused(outcome: &Outcome, words: &str) {
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    assert!(outcome.stdout.is_empty() && outcome.left.is_empty(), "{} {:?}", outcome.stdout, outcome.left);
}

fn baseline(place: &Place) -> Results {
    read(&place.path().join("baseline")).expect("the baseline")
}

fn edit(place: &Place, folder: &str, edit: impl FnOnce(&mut Results)) {
    let path = place.path().join(folder).join("results.json");
    let mut results = read(&path).expect("a record");
    edit(&mut results);
    write_atomically(&path, &serde_json::to_vec(&results).expect("JSON")).expect("written");
}

#[test]
fn the_first_baseline_is_the_record_and_its_history() {
    let place = place();
    let outcome = accept(&place, "a", &["--reason", " the first\nof them "]);
    assert_eq!(
        outcome.left.iter().map(|path| path.to_str().expect("text")).collect::<Vec<_>>(),
        ["baseline", "baseline/results.json"]
    );
    assert_eq!(accepted(outcome), "accepted: baseline/results.json has 2 cells\n");
    let baseline = baseline(&place);
    let [Acceptance { date, reason, commit, environments, changes }] = &baseline.accepted[..] else {
        panic!("{:?}", baseline.accepted)
    };
    assert_eq!(date.len(), "2026-03-01T12:00:00Z".len(), "{date}");
    assert!(date.ends_with('Z') && date.as_bytes()[10] == b'T', "{date}");
    assert_eq!((reason.as_str(), commit, changes), ("the first; of them", &None, &None));
    assert_eq!(*environments, baseline.environments);
    let recorded = read(&place.path().join("a")).expect("the record");
    assert_eq!(Results { accepted: Vec::new(), ..baseline }, recorded);
    // The gate tells it, and the verdict is what it was.
    let gate = accepted(place.run(&["gate", "baseline", "a"]));
    assert!(gate.starts_with("**PASS** "), "{gate}");
    assert!(gate.contains(&format!("\nBaseline accepted {date}: the first; of them\n")), "{gate}");
    let again = accepted(place.run(&["report", "baseline", "--format", "json"]));
    assert_eq!(again, "baseline/results.json\n");
    assert_eq!(self::baseline(&place).accepted.len(), 1, "a report keeps the history");
}

#[test]
fn renewing_says_what_changed_and_keeps_the_history() {
    let place = place();
    accepted(accept(&place, "a", &["--reason", "first"]));
    edit(&place, "b", |results| results.cells.retain(|cell| cell.id.map == "std"));
    edit(&place, "b", |results| *results.cells[0].count.as_mut().expect("counted").quantities.entry("free_count") = 0);
    let screen = accepted(accept(&place, "b", &["--reason", "second"]));
    assert!(screen.contains("Exact changes: 1 metric in 1 of 1 cell"), "{screen}");
    assert!(screen.contains("free_count") && screen.contains("Only in A"), "{screen}");
    assert!(screen.ends_with("accepted: baseline/results.json has 1 cell\n"), "{screen}");
    let history = baseline(&place).accepted;
    assert_eq!(history.iter().map(|accepted| accepted.reason.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    let changes = history[1].changes.clone().expect("numbers");
    assert_eq!((changes.cells_compared, changes.cells_gone, changes.cells_new), (1, 1, 0));
    assert_eq!((changes.metrics_better, changes.metrics_worse), (1, 0));
    // The history is the baseline's: that of a record that is one elsewhere is left behind.
    let outcome = accept(&place, "baseline", &["--baseline", "other", "--reason", "elsewhere"]);
    assert_eq!(accepted(outcome), "accepted: other/results.json has 1 cell\n");
    assert_eq!(read(&place.path().join("other")).expect("a baseline").accepted.len(), 1);
}

#[test]
fn a_long_history_is_cut() {
    let place = place();
    accepted(accept(&place, "a", &["--reason", "0", "--quiet"]));
    edit(&place, "baseline", |results| {
        let first = results.accepted[0].clone();
        results.accepted = (0..30).map(|at| Acceptance { reason: at.to_string(), ..first.clone() }).collect();
    });
    accepted(accept(&place, "b", &["--reason", "30", "-q"]));
    let reasons: Vec<String> = baseline(&place).accepted.into_iter().map(|accepted| accepted.reason).collect();
    assert_eq!(reasons, (30 - ACCEPTANCES_MAX + 1..=30).map(|at| at.to_string()).collect::<Vec<_>>());
}

#[test]
fn what_is_refused_leaves_the_baseline_as_it_was() {
    let place = place();
    accepted(accept(&place, "a", &["--reason", "first"]));
    let before = fs::read(place.path().join("baseline/results.json")).expect("read");
    refused(&accept(&place, "b", &[]), "--reason");
    refused(&accept(&place, "b", &["--reason", " \n"]), "b: not accepted: a baseline is renewed for a reason");
    let long = "\u{e9}".repeat(1001);
    refused(&accept(&place, "b", &["--reason", &long]), "b: not accepted: the reason has 1001 characters; the longest");
    // As it is written.
    refused(&accept(&place, "b", &["--reason", &"\u{1b}".repeat(200)]), "the reason has 1200 characters");
    refused(&accept(&place, "a", &["--reason", "again"]), "is the baseline already");
    refused(&accept(&place, "baseline", &["--reason", "again"]), "is the baseline already");
    refused(&accept(&place, "nowhere", &["--reason", "x"]), "nowhere: cannot be read");
    edit(&place, "b", |results| results.partial = true);
    refused(&accept(&place, "b", &["--reason", "x", "--allow-failed"]), "is partial");
    edit(&place, "b", |results| {
        (results.partial, results.cells[0].status) = (false, Status::Panicked);
    });
    refused(&accept(&place, "b", &["--reason", "x"]), "1 cell of the record failed, first `go-classic uniform fill");
    edit(&place, "a", |results| results.cells.clear());
    refused(&accept(&place, "a", &["--reason", "x"]), "has no cell");
    assert_eq!(fs::read(place.path().join("baseline/results.json")).expect("read"), before);
    accepted(accept(&place, "b", &["--reason", "known to fail", "--allow-failed"]));
    // A baseline that can't be read is not overwritten.
    fs::write(place.path().join("baseline/results.json"), "{").expect("written");
    let outcome = accept(&place, "b", &["--reason", "x"]);
    refused(&outcome, "the baseline can't be read; remove it to begin anew: baseline/results.json: ends in the middle");
    assert_eq!(fs::read(place.path().join("baseline/results.json")).expect("read"), b"{");
    fs::create_dir(place.path().join("taken")).expect("made");
    fs::write(place.path().join("taken/file"), "").expect("written");
    refused(&accept(&place, "b", &["--reason", "x", "--allow-failed", "--baseline", "taken/file"]), "taken/file");
}

#[test]
fn the_commit_is_that_of_the_baselines_folder() {
    if Command::new("git").arg("--version").output().is_err() {
        return skip::skip("git", "no git on PATH");
    }
    let place = place();
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"];
        let outcome = place.run_command(Command::new("git").args(["-C", "repository"]).args(identity).args(args));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout.trim().to_owned()
    };
    fs::create_dir(place.path().join("repository")).expect("made");
    git(&["init", "-q"]);
    let last = || read(&place.path().join("repository/base")).expect("a baseline").accepted.pop().expect("one").commit;
    let base = ["--baseline", "repository/base", "--reason", "x"];
    accepted(accept(&place, "a", &base));
    assert_eq!(last(), None, "nothing is committed yet");
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "first"]);
    let id = git(&["rev-parse", "HEAD"]);
    fs::write(place.path().join("repository/untracked"), "").expect("written");
    let screen = accepted(accept(&place, "b", &base));
    assert!(screen.ends_with(&format!("accepted: repository/base/results.json has 2 cells at {id}\n")), "{screen}");
    assert_eq!(last(), Some(id.clone()));
    // Now a tracked file differs: the baseline itself.
    accepted(accept(&place, "a", &base));
    assert_eq!(last(), Some(format!("{id}+")));
    let gate = accepted(place.run(&["gate", "repository/base", "a"]));
    assert!(gate.contains(&format!(" at `{}+`: x\n", &id[..12])), "{gate}");
}

#[test]
fn records_of_before_are_still_read() {
    let place = place();
    let json = fs::read_to_string(place.path().join("a/results.json")).expect("a record");
    assert!(!json.contains("\"accepted\""), "a record that is no baseline has no history");
}
