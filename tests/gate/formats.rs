//! The verdict in the forms that programs read.

use mapscope::gate::{FORMATS, Judged, Policy, compare, find};
use mapscope::record::{Results, Status};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use serde_json::Value;

use super::fixture::{METRICS, cell, environment, record, timed, with_count};

fn rendered(format: &str, baseline: &Results, current: &Results) -> String {
    let verdict = compare(baseline, current, &Policy::default(), METRICS);
    let judged = Judged::new(baseline, current, &verdict);
    (find(format).expect("the format").render)(&judged).expect("rendered")
}

/// `std` is dearer, `btree` panicked, `hashbrown` fails in both, `indexmap` is slower, `go-classic` as it was, and there
/// is a new cell.
fn mixed() -> (Results, Results) {
    let mut baseline = record([
        cell("std"),
        cell("btree"),
        cell("hashbrown"),
        timed("indexmap", &[100_000, 101_000, 101_000, 102_000]),
        cell("go-classic"),
    ]);
    baseline.cells[2].status = Status::TimedOut;
    let mut current = with_count(&baseline, |count| {
        *count.quantities.entry("alloc_bytes") = 1153;
        *count.quantities.entry("same_size_grow_events") = 1;
    });
    current.cells[1].status = Status::Panicked;
    current.cells[1].error = Some("count pass: <T> & \u{1b}[31m100 %: a,b\nsecond line".to_owned());
    current.cells[3].time.as_mut().unwrap().clocked_elapsed_ns = vec![200_000, 210_000, 210_000, 220_000];
    current.cells.push(cell("go-swiss"));
    (baseline, current)
}

#[test]
fn every_format_has_a_name_and_is_described() {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names, ["md", "github", "json", "junit"]);
    assert!(FORMATS.iter().all(|format| format.summary.len() > 20));
}

fn junit(baseline: &Results, current: &Results) -> Report {
    Report::deserialize_from_str(&rendered("junit", baseline, current)).expect("JUnit XML")
}

fn failure(case: &TestCase) -> (NonSuccessKind, &str, &str, &str) {
    match &case.status {
        TestCaseStatus::NonSuccess { kind, message, ty, description, .. } => {
            let text = |of: &Option<quick_junit::XmlString>| of.as_ref().map_or("", |text| text.as_str()).to_owned();
            let [message, ty, description] = [text(message), text(ty), text(description)].map(|text| &*text.leak());
            (*kind, ty, message, description)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn junit_has_a_case_a_cell() {
    let (baseline, current) = mixed();
    let report = junit(&baseline, &current);
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.failures, suite.skipped, suite.errors), (6, 2, 1, 0));
    let names: Vec<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names[0], "std uniform churn u64/u64 ops=1100 seed=1");
    assert_eq!(names[5], "go-swiss uniform churn load_factor=6.5 u64/u64 ops=1100 seed=1");
    let classes = suite.test_cases.iter().map(|case| case.classname.as_ref().expect("a class").as_str());
    assert!(classes.into_iter().all(|class| class == "uniform churn u64/u64 ops=1100 seed=1"));
    assert_eq!(
        failure(&suite.test_cases[0]),
        (
            NonSuccessKind::Failure,
            "worse",
            "3 metrics worse, most of all same_size_grow_events 0 -> 1: +1 (from 0)",
            "same_size_grow_events 0 -> 1: +1 (from 0)\nalloc_bytes 1152 -> 1153: +1 (+0.09 %)\n\
             alloc_bytes_per_write 1.04727 -> 1.04818: +0.000909091 (+0.09 %)"
        )
    );
    let (kind, ty, message, _) = failure(&suite.test_cases[1]);
    assert_eq!((kind, ty), (NonSuccessKind::Failure, "failed"));
    assert_eq!(message, "status ok -> panicked: failed: count pass: <T> & 100 %: a,b", "ANSI styles are left out");
    assert!(matches!(&suite.test_cases[2].status, TestCaseStatus::Skipped { message: Some(message), .. }
        if message.as_str() == "status timed-out -> timed-out: failed in both"));
    let slower = &suite.test_cases[3];
    assert!(matches!(slower.status, TestCaseStatus::Success { .. }), "times only warn");
    assert!(slower.system_out.as_ref().is_some_and(|text| text.as_str().starts_with("ns_per_op 91.8182 -> 190.909")));
    assert!(suite.test_cases[4].system_out.is_none());
    let property = |name: &str| suite.properties.iter().find(|property| property.name.as_str() == name);
    assert_eq!(property("baseline.cpu").expect("the processor").value.as_str(), "Example CPU");
    assert!(property("current.rustc").is_some() && property("summary").is_some());
}

#[test]
fn junit_of_what_could_not_be_judged_is_an_error() {
    let report = junit(&record([cell("std")]), &record([cell("btree")]));
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.errors), (1, 1), "cells that were not compared have not passed");
    let (kind, ty, message, _) = failure(&suite.test_cases[0]);
    assert_eq!((kind, ty), (NonSuccessKind::Error, "not judged"));
    assert!(message.starts_with("The records have no cell in common"), "{message}");
    let mut partial = record([cell("std")]);
    partial.partial = true;
    let report = junit(&record([cell("std")]), &partial);
    assert_eq!((report.test_suites[0].tests, report.test_suites[0].errors), (2, 1));
}

#[test]
fn machines_beyond_the_first_are_numbered() {
    let mut results = record([cell("std")]);
    results.environments.push(environment());
    let suite = &junit(&results, &results).test_suites[0];
    assert!(suite.properties.iter().any(|property| property.name.as_str() == "current.2.cpu"));
}

#[test]
fn github_annotates_the_worst_first() {
    let (baseline, current) = mixed();
    let text = rendered("github", &baseline, &current);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    let std = "::error title=mapscope%3A std uniform churn u64/u64 ops=1100 seed=1::\
        same_size_grow_events 0 -> 1: +1 (from 0)%0Aalloc_bytes 1152 -> 1153: +1 (+0.09 %25)%0A\
        alloc_bytes_per_write 1.04727 -> 1.04818: +0.000909091 (+0.09 %25)";
    assert_eq!(lines[0], std);
    let btree = "::error title=mapscope%3A btree uniform churn u64/u64 ops=1100 seed=1::\
        status ok -> panicked: failed: count pass: <T> & \u{1b}[31m100 %25: a,b";
    assert_eq!(lines[1], btree);
    assert!(lines[2].starts_with("::warning title=mapscope%3A hashbrown uniform"), "{}", lines[2]);
    assert!(lines[3].starts_with("::warning title=mapscope%3A indexmap uniform"), "{}", lines[3]);
    assert!(lines[4].starts_with("::notice title=mapscope gate failed::FAIL 3 of 15 exact metrics worse"), "{text}");
    assert_eq!(
        rendered("github", &baseline, &baseline).lines().last(),
        Some(
            "::notice title=mapscope gate could not judge::NOT JUDGED 1 cell not judged. \
              Compared: 20 exact metrics and 1 time in 4 cells."
        )
    );
}

#[test]
fn github_counts_what_it_does_not_show() {
    let maps: Vec<String> = (0..15).map(|at| format!("map{at}")).collect();
    let baseline = record(maps.iter().map(|map| cell(map)).collect::<Vec<_>>());
    let mut current = baseline.clone();
    for (at, cell) in current.cells.iter_mut().enumerate() {
        *cell.count.as_mut().unwrap().quantities.entry("alloc_bytes") += at as u64;
    }
    let text = rendered("github", &baseline, &current);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 11, "14 cells are worse: {text}");
    assert!(lines[0].starts_with("::error title=mapscope%3A map14 "), "the worst first: {}", lines[0]);
    assert!(lines[9].starts_with("::error title=5 more::"), "{}", lines[9]);
}

#[test]
fn json_holds_the_numbers() {
    let (baseline, current) = mixed();
    let json: Value = serde_json::from_str(&rendered("json", &baseline, &current)).expect("JSON");
    assert_eq!((&json["outcome"], &json["exit_code"]), (&"regression".into(), &1.into()));
    assert_eq!(json["compared"]["cells"], 3);
    let changes = json["changes"].as_array().expect("changes");
    let of = |metric: &str| changes.iter().find(|change| change["metric"] == metric).expect("a change");
    let bytes = of("alloc_bytes");
    assert_eq!((&bytes["baseline"], &bytes["current"]), (&1152.into(), &1153.into()));
    assert_eq!((&bytes["level"], &bytes["kind"]), (&"fail".into(), &"worse".into()));
    assert_eq!(of("same_size_grow_events")["worsening"], Value::Null, "from 0 there is no share");
    assert!(changes.iter().any(|change| change["kind"] == "failed" && change["current"] == "panicked"));
}
