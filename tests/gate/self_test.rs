//! The self-test of the gate: it passes where the gate fires, and fails where it can't.

use std::collections::BTreeMap;

use mapscope::gate::{Outcome, self_test};
use mapscope::record::Status;
use mapscope::record::metrics::{Better, Class, Formula, Metric};

use super::fixture::{EXACT, METRICS, cell, record, timed};

#[test]
fn every_exact_metric_of_every_cell_is_worsened_and_caught() {
    let test = self_test(&record([cell("std"), timed("btree", &[1, 2, 3]), cell("go-classic")]), METRICS);
    assert!(test.slips.is_empty() && test.uncovered.is_empty() && test.false_alarms.is_empty(), "{}", test.markdown());
    assert_eq!((test.cells, test.metrics), (3, 3 * EXACT));
    assert_eq!(test.injected, test.caught);
    assert!(test.injected >= test.metrics, "{} of {}", test.injected, test.metrics);
    assert_eq!(test.outcome(), Outcome::Pass);
}

fn by_map<'a>(pairs: impl Iterator<Item = (&'a str, &'static str)>) -> BTreeMap<String, Vec<&'static str>> {
    let mut map: BTreeMap<String, Vec<_>> = BTreeMap::new();
    pairs.for_each(|(cell, metric)| map.entry(cell.to_owned()).or_default().push(metric));
    map
}

#[test]
fn a_metric_that_no_integer_moves_is_not_known_to_be_gated() {
    let metric = |name, formula| Metric::new(name, "count", Class::Exact, Better::Lower, "", Formula::Integer(formula));
    let constant = metric("constant", |_| Some(7));
    let timed_only = metric("from_time", |cell| Some(cell.time.as_ref()?.ops.into()));
    let metrics = [METRICS[1], constant, timed_only];
    let test = self_test(&record([cell("std"), timed("btree", &[1, 2, 3])]), &metrics);
    let uncovered = by_map(test.uncovered.iter().map(|(cell, metric)| (cell.map.as_str(), *metric)));
    let expected = [("btree".to_owned(), vec!["constant", "from_time"]), ("std".to_owned(), vec!["constant"])];
    assert_eq!(uncovered, BTreeMap::from(expected));
    assert!(test.slips.is_empty());
    assert_eq!(test.outcome(), Outcome::Regression);
}

#[test]
fn ratios_of_large_integers_are_worsened_by_a_step_that_shows() {
    let mut results = record([cell("std")]);
    *results.cells[0].count.as_mut().unwrap().quantities.entry("alloc_bytes") = 1 << 62;
    let test = self_test(&results, METRICS);
    assert_eq!(test.outcome(), Outcome::Pass, "{}", test.markdown());
}

#[test]
fn inexact_cells_must_be_warned_of() {
    let mut results = record([cell("std")]);
    results.cells[0].exact = false;
    let test = self_test(&results, METRICS);
    assert_eq!(test.outcome(), Outcome::Pass, "{}", test.markdown());
    assert_eq!(test.metrics, EXACT);
}

#[test]
fn failed_cells_are_named_and_a_record_of_nothing_else_is_not_judged() {
    let mut results = record([cell("std"), cell("btree")]);
    results.cells[0].status = Status::Panicked;
    let test = self_test(&results, METRICS);
    assert_eq!((test.outcome(), test.cells, test.failed_cells.len()), (Outcome::Pass, 1, 1));
    results.cells.pop();
    assert_eq!(self_test(&results, METRICS).outcome(), Outcome::Unjudged);
    assert_eq!(self_test(&record([]), METRICS).outcome(), Outcome::Unjudged);
}

#[test]
fn statistical_metrics_are_left_alone() {
    let times: Vec<Metric> = METRICS.iter().filter(|m| m.class == Class::Statistical).copied().collect();
    assert!(times.iter().any(|metric| metric.better == Better::Lower));
    let test = self_test(&record([timed("std", &[1, 2, 3])]), &times);
    assert_eq!((test.metrics, test.injected, test.outcome()), (0, 0, Outcome::Unjudged));
}
