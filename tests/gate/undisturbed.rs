//! Undisturbed times: compared after equally many repetitions, one number after the other.

use mapscope::gate::{Kind, Level, Outcome, Policy, Verdict, What, compare};
use mapscope::record::metrics::all;
use mapscope::record::{Cause, LatencyHistogram, OpKind, Results, Undisturbed};

use super::fixture::{histogram, record, timed};

/// What was the least after so many repetitions: the sum of blocks, and the inserts' latencies.
type Least<'a> = (u32, u64, &'a [u64]);

fn settled(least: &[Least<'_>]) -> Results {
    let mut cell = timed("std", &[100_000; 15]);
    cell.time.as_mut().unwrap().undisturbed = least
        .iter()
        .map(|&(repetitions, blocks_ns, inserts_ns)| Undisturbed {
            repetitions,
            blocks_ns,
            histograms: vec![LatencyHistogram {
                kind: OpKind::Insert,
                cause: Cause::Steady,
                count: inserts_ns.len() as u64,
                hdr_v2_deflate_base64: histogram(inserts_ns),
            }],
        })
        .collect();
    record([cell])
}

fn judge(policy: &str, before: &[Least<'_>], after: &[Least<'_>]) -> Verdict {
    let (before, after) = (settled(before), settled(after));
    compare(&before, &after, &Policy::parse(policy, "gate.toml", all()).unwrap(), all())
}

fn changes(verdict: &Verdict) -> Vec<(&'static str, Kind, Level)> {
    let named = verdict.changes.iter().filter_map(|change| match change.what {
        What::Metric { metric, .. } => Some((metric.name, change.kind, change.level)),
        _ => None,
    });
    named.collect()
}

const SAME: &[u64] = &[50; 100];

#[test]
fn a_busy_start_hides_no_slowdown() {
    let before = [(3, 900_000, SAME), (5, 700_000, SAME), (8, 600_000, SAME)];
    let after = [(3, 1_300_000, SAME), (5, 1_000_000, SAME), (8, 890_000, SAME)];
    let verdict = judge("", &before, &after);
    assert_eq!(changes(&verdict), [("undisturbed_ns_per_op", Kind::Worse, Level::Fail)]);
    assert_eq!(verdict.outcome(), Outcome::Regression);
    let better = judge("", &after, &before);
    assert_eq!(changes(&better), [("undisturbed_ns_per_op", Kind::Better, Level::Better)]);
    // After five repetitions the one was as quick as the other.
    let once = [(3, 1_300_000, SAME), (5, 700_000, SAME), (8, 890_000, SAME)];
    assert_eq!(changes(&judge("", &before, &once)), []);
}

#[test]
fn figures_after_equally_many_repetitions_are_compared() {
    let long = [(3, 900_000, SAME), (5, 700_000, SAME), (15, 300_000, SAME)];
    assert_eq!(changes(&judge("", &long, &long[..2])), [], "the least of fifteen is no measure of the least of five");
    let verdict = judge("", &long, &[(3, 1_200_000, SAME), (5, 1_000_000, SAME)]);
    assert_eq!(changes(&verdict), [("undisturbed_ns_per_op", Kind::Worse, Level::Fail)]);
}

#[test]
fn a_step_of_the_clock_is_no_change_and_tails_warn() {
    let of = |ns: u64, max_ns: u64| {
        let mut inserts = vec![ns; 99];
        inserts.push(max_ns);
        inserts
    };
    let judged = |before: &[u64], after: &[u64]| {
        changes(&judge("", &[(3, 500_000, before), (5, 500_000, before)], &[(3, 500_000, after), (5, 500_000, after)]))
    };
    assert_eq!(judged(&of(10, 900), &of(20, 900)), [], "p50 is twice as long, by one step");
    let longer = judged(&of(10, 900), &of(21, 900));
    assert_eq!(longer[0], ("insert_undisturbed_p50_ns", Kind::Worse, Level::Fail));
    let tail = judged(&of(10, 900), &of(10, 2000));
    assert_eq!(tail, [("insert_undisturbed_max_ns", Kind::Worse, Level::Warn)]);
}

#[test]
fn what_one_record_lacks_is_not_passed_over() {
    let there = [(3, 900_000, SAME), (5, 700_000, SAME)];
    for (before, after) in [(&there[..], &[][..]), (&[], &there), (&there[..1], &there[1..])] {
        let verdict = judge("", before, after);
        assert_eq!((changes(&verdict), verdict.outcome()), (vec![], Outcome::Pass));
        let note = "Not compared: undisturbed times of 1 cell";
        assert!(verdict.notes.iter().any(|said| said.starts_with(note)), "{:?}", verdict.notes);
        let rule = "[[rule]]\nmetric = \"undisturbed_ns_per_op\"\nrelative = 0.1\naction = \"fail\"";
        assert_eq!(judge(rule, before, after).outcome(), Outcome::Unjudged);
    }
    let none = judge("", &[], &[]);
    assert!(none.notes.iter().all(|said| !said.contains("undisturbed times")), "{:?}", none.notes);
}
