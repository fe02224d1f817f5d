//! What a metric weighs: costs fail, descriptions inform, times warn, undisturbed ones fail beyond size and scatter.

use mapscope::gate::{Kind, Level, Outcome, Policy, Verdict, compare, self_test};
use mapscope::record::Results;
use mapscope::record::metrics::{Metric, Rank};

use super::fixture::{METRICS, cell, record, timed, with_count};

/// [`METRICS`], of which reuse is a description and the time an undisturbed one.
fn metrics() -> Vec<Metric> {
    let ranked = |metric: &Metric| match metric.name {
        "slot_reuse_ratio" => metric.rank(Rank::Description),
        "ns_per_op" => {
            fn own() -> &'static Metric {
                METRICS.iter().find(|metric| metric.name == "ns_per_op").expect("it is there")
            }
            metric.rank(Rank::UndisturbedTime).settling(|cell| own().repetitions(cell))
        }
        _ => *metric,
    };
    METRICS.iter().map(ranked).collect()
}

fn judge(policy: &str, baseline: &Results, current: &Results) -> Verdict {
    let metrics = metrics();
    compare(baseline, current, &Policy::parse(policy, "gate.toml", &metrics).unwrap(), &metrics)
}

fn levels(verdict: &Verdict) -> Vec<(Kind, Level)> {
    verdict.changes.iter().map(|change| (change.kind, change.level)).collect()
}

fn reused(slots: Option<u64>) -> Results {
    with_count(&record([cell("std")]), |count| count.quantities.set("slot_reuses", slots))
}

#[test]
fn a_description_informs_whichever_way_it_goes() {
    let [few, many, none] = [Some(10), Some(20), None].map(reused);
    for (a, b, kind) in [(&many, &few, Kind::Worse), (&few, &many, Kind::Better), (&many, &none, Kind::Vanished)] {
        let verdict = judge("", a, b);
        assert_eq!((levels(&verdict), verdict.outcome()), (vec![(kind, Level::Inform)], Outcome::Pass));
    }
    let verdict = judge("", &many, &few);
    assert!(verdict.summary().starts_with("**PASS** 1 description changed. Compared: "), "{}", verdict.summary());
    assert!(verdict.markdown().contains("\n### For information\n"), "{}", verdict.markdown());
}

#[test]
fn a_rule_overrides_a_rank() {
    let [few, many] = [Some(10), Some(20)].map(reused);
    let fails = "[[rule]]\nmetric = \"slot_reuse*\"\naction = \"fail\"";
    assert_eq!(levels(&judge(fails, &many, &few)), [(Kind::Worse, Level::Fail)]);
    let with_limit = format!("{fails}\nrelative = 0.5");
    assert_eq!(levels(&judge(&with_limit, &many, &few)), [(Kind::Worse, Level::Allowed)]);
    let dearer = with_count(&few, |count| *count.quantities.entry("alloc_bytes") += 1);
    let informs = "[[rule]]\nmetric = \"alloc_*\"\naction = \"inform\"";
    assert_eq!(levels(&judge("", &few, &dearer)), [(Kind::Worse, Level::Fail); 2]);
    assert_eq!(levels(&judge(informs, &few, &dearer)), [(Kind::Worse, Level::Inform); 2]);
}

#[test]
fn a_limit_that_nothing_follows_from_is_refused() {
    let limit = "[[rule]]\nmetric = \"slot_*\"\nrelative = 0.1\n";
    let error = Policy::parse(limit, "gate.toml", &metrics()).expect_err("it only informs");
    let what = "`slot_*` describes, and only informs: add action = \"fail\" or \"warn\" to the limit";
    assert_eq!((error.line, error.what.as_str()), (3, what));
    let error = Policy::parse(&format!("{limit}action = \"inform\""), "gate.toml", &metrics()).expect_err("the same");
    assert_eq!(error.what, "a limit beside action \"inform\" means nothing: take one of them out");
    Policy::parse(&format!("{limit}action = \"warn\""), "gate.toml", &metrics()).unwrap();
}

#[test]
fn an_undisturbed_time_fails_beyond_a_quarter_and_the_scatter_of_both_runs() {
    let judge = |before: &[u64], after: &[u64]| {
        let [a, b] = [before, after].map(|elapsed| record([timed("std", elapsed)]));
        let verdict = judge("", &a, &b);
        (levels(&verdict), verdict.outcome())
    };
    let base = [100_000, 101_000, 102_000, 103_000, 104_000, 105_000];
    let times = |factor: u64| base.map(|ns| ns * factor / 100);
    assert_eq!(judge(&base, &times(126)), (vec![(Kind::Worse, Level::Fail)], Outcome::Regression));
    assert_eq!(judge(&times(150), &base), (vec![(Kind::Better, Level::Better)], Outcome::Pass));
    assert_eq!(judge(&base, &times(124)), (vec![], Outcome::Pass), "within a quarter");
    // One repetition of the old run took as long as one of the new: ranks are apart, ranges are not.
    let mut scattered = base;
    scattered[5] = times(150)[0];
    assert_eq!(judge(&scattered, &times(150)), (vec![], Outcome::Pass));
    let mut scattered = times(150);
    scattered[0] = base[5];
    assert_eq!(judge(&base, &scattered), (vec![], Outcome::Pass));
}

/// That it fails by default doesn't make a comparison on another machine one that must be judged.
#[test]
fn an_undisturbed_time_of_another_machine_is_noted() {
    let [a, mut b] = [100, 900].map(|ns| record([timed("std", &[ns; 4])]));
    b.environments[0].cpu = "Other CPU".to_owned();
    let verdict = judge("", &a, &b);
    assert_eq!((verdict.outcome(), verdict.notes.len()), (Outcome::Pass, 1));
    let rule = "[[rule]]\nmetric = \"ns_per_op\"\naction = \"fail\"";
    assert_eq!(judge(rule, &a, &b).outcome(), Outcome::Unjudged);
}

#[test]
fn the_self_test_asks_of_each_metric_what_its_rank_asks() {
    let test = self_test(&record([timed("std", &[1, 2, 3, 4])]), &metrics());
    assert_eq!(test.outcome(), Outcome::Pass, "{}", test.markdown());
    assert_eq!((test.injected, test.limits), (test.caught, METRICS.len()));
}
