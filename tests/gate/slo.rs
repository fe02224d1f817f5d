//! Objectives: what a metric may be at all.

use mapscope::gate::{Bound, FORMATS, Judged, Kind, Level, Outcome, Policy, Verdict, What, compare};
use mapscope::record::{Results, Status};

use super::fixture::{METRICS, cell, record, timed, with_count};

fn judge(policy: &str, results: &Results) -> Verdict {
    compare(results, results, &Policy::parse(policy, "gate.toml", METRICS).unwrap(), METRICS)
}

/// `std` allocates 1152 bytes, `go-classic` 2000.
fn two() -> Results {
    let mut results = record([cell("std"), cell("go-classic")]);
    *results.cells[1].count.as_mut().unwrap().quantities.entry("alloc_bytes") = 2000;
    results
}

fn slo(limit: &str) -> String {
    format!("[[slo]]\nlimit = \"{limit}\"\n")
}

#[test]
fn a_ceiling_is_kept_up_to_itself_whatever_the_baseline_was() {
    let kept = judge(&slo("alloc_bytes <= 2000"), &two());
    assert_eq!((kept.outcome(), kept.tally.limits, kept.changes.len()), (Outcome::Pass, 2, 0));
    assert!(
        kept.summary().ends_with(" compared: nothing changed; 2 figures compared with limits"),
        "{}",
        kept.summary()
    );
    let broken = judge(&slo("alloc_bytes<=1999.5"), &two());
    assert_eq!(broken.outcome(), Outcome::Regression);
    let change = &broken.changes[0];
    assert_eq!((change.cell.map.as_str(), change.kind, change.level), ("go-classic", Kind::LimitBroken, Level::Fail));
    assert_eq!(change.worsening, 0.5 / 1999.5);
    assert!(matches!(change.what, What::Limit { bound: Bound::Ceiling(1999.5), .. }));
}

#[test]
fn a_floor_is_for_what_is_better_high() {
    let results = with_count(&two(), |count| *count.quantities.entry("slot_reuses") = 250);
    let floor = |least: &str| format!("{}cells = \"std *\"", slo(&format!("slot_reuse_ratio >= {least}")));
    assert_eq!(judge(&floor("0.25"), &results).outcome(), Outcome::Pass);
    let verdict = judge(&floor("0.5"), &results);
    assert_eq!((verdict.outcome(), verdict.tally.limits), (Outcome::Regression, 1));
    assert_eq!(verdict.changes[0].worsening, 0.5);
    let zero = judge(&slo("same_size_grow_events <= 0"), &results);
    assert_eq!((zero.outcome(), zero.tally.limits), (Outcome::Pass, 2));
}

#[test]
fn a_limit_that_nothing_is_held_against_does_not_pass() {
    let untimed = judge(&slo("ns_per_op <= 1e9"), &two());
    assert_eq!((untimed.outcome(), untimed.tally.limits), (Outcome::Unjudged, 0));
    let what = "Nothing was compared with the limit `ns_per_op <= 1000000000` (gate.toml:1): no cell in the current record \
                has this metric. Run the pass that measures it, or mend the limit.";
    assert_eq!(untimed.unjudged, [what]);
    let elsewhere = judge(&format!("\n{}cells = \"java-*\"", slo("alloc_bytes <= 1")), &two());
    assert_eq!(elsewhere.outcome(), Outcome::Unjudged);
    assert!(elsewhere.unjudged[0].contains("(gate.toml:2): no cell that matches `java-*` in"), "{elsewhere:?}");
    let mut failed = two();
    failed.cells.iter_mut().for_each(|cell| cell.status = Status::Panicked);
    assert_eq!(judge(&slo("alloc_bytes <= 1"), &failed).outcome(), Outcome::Unjudged, "a failed cell has no figures");
}

#[test]
fn the_current_record_is_held_against_limits_even_where_it_can_be_compared_with_none() {
    let policy = Policy::parse(&slo("alloc_bytes <= 1152"), "gate.toml", METRICS).unwrap();
    let verdict = compare(&record([cell("btree")]), &two(), &policy, METRICS);
    assert_eq!((verdict.outcome(), verdict.changes.len(), verdict.unjudged.len()), (Outcome::Regression, 1, 1));
    let junit = rendered("junit", &record([cell("btree")]), &two(), &verdict);
    assert!(
        junit.contains("tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"1\""),
        "cells that nobody compared have not passed: {junit}"
    );
    let only = format!("[[rule]]\nmetric = \"*\"\naction = \"ignore\"\n{}", slo("alloc_bytes <= 2000"));
    assert_eq!(judge(&only, &two()).outcome(), Outcome::Pass, "a policy of limits alone judges something");
}

fn rendered(format: &str, baseline: &Results, current: &Results, verdict: &Verdict) -> String {
    let format = FORMATS.iter().find(|of| of.name == format).expect(format);
    (format.render)(&Judged::new(baseline, current, verdict)).expect("rendered")
}

#[test]
fn every_form_of_the_verdict_has_the_limit_and_the_figure() {
    let results = record([timed("std", &[110_000, 110_000, 110_000, 110_000])]);
    let policy = format!("{}{}", slo("ns_per_op <= 80 count"), slo("alloc_bytes <= 1000"));
    let verdict = judge(&policy, &results);
    assert!(verdict.summary().starts_with("**FAIL** 2 limits broken. Compared: "), "{}", verdict.summary());
    for (form, words) in [
        (
            "md",
            vec![
                "| ns_per_op   |  <= 80 |   100 | +20 (+25.00 %)",
                "| alloc_bytes | <= 1000 |  1152 | +152 (+15.20 %)",
            ],
        ),
        ("github", vec!["::error title=mapscope%3A std", "ns_per_op 100, limit <= 80 count: +20 (+25.00 %25)"]),
        ("json", vec!["\"kind\": \"limit broken\"", "\"ceiling\": 80.0", "\"current\": 100.0", "\"limits\": 2"]),
        ("junit", vec!["type=\"limit broken\"", "2 limits broken, most of all ns_per_op 100, limit &lt;= 80 count"]),
    ] {
        let text = rendered(form, &results, &results, &verdict);
        let squeezed = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed.contains(&word), "{form} lacks `{word}`:\n{text}");
        }
    }
}

#[test]
fn a_limit_that_is_none_is_refused_with_its_line() {
    let form = |text: &str| format!("`{text}` is no limit: expected NAME <= NUMBER or NAME >= NUMBER, a unit after it");
    for (limit, what) in [
        ("alloc_bytes", form("alloc_bytes")),
        ("alloc_bytes < 5", form("alloc_bytes < 5")),
        ("1 <= alloc_bytes <= 5", form("1 <= alloc_bytes <= 5")),
        ("alloc_bytes <= >= 5", form("alloc_bytes <= >= 5")),
        ("alloc_bytes <=", form("alloc_bytes <=")),
        ("alloc_bytes <= 5 count a", form("alloc_bytes <= 5 count a")),
        (
            "alloc_byte <= 5",
            "no metric is called `alloc_byte` (did you mean `alloc_bytes`?); `mapscope list metrics` shows them all"
                .into(),
        ),
        ("alloc_* <= 5", "no metric is called `alloc_*`; `mapscope list metrics` shows them all".into()),
        ("<= 5", "no metric is called ``; `mapscope list metrics` shows them all".into()),
        ("ns_per_op <= 5 us", "`ns_per_op` is in count, not in us: give the limit in count".into()),
        ("alloc_bytes >= 5", "less of `alloc_bytes` is better: expected a ceiling, `<=`".into()),
        ("slot_reuse_ratio <= 5", "more of `slot_reuse_ratio` is better: expected a floor, `>=`".into()),
        ("alloc_bytes <= nan", "`nan` is not finite: a limit is a number that can be reached".into()),
        ("alloc_bytes <= 1e999", "`1e999` is not finite: a limit is a number that can be reached".into()),
        ("alloc_bytes <= 5ns", "`5ns` is not a number: expected one as 500, 0.5 or 1e6".into()),
    ] {
        let error = Policy::parse(&format!("# ours\n{}", slo(limit)), "ci/gate.toml", METRICS).expect_err(limit);
        assert_eq!((error.line, error.what.as_str()), (3, what.as_str()), "{limit}");
    }
    for (key, what) in [
        ("cells = \"\"", "`cells` is empty: leave it out for all cells"),
        ("cell = \"*\"", "unknown key `cell` (did you mean `cells`?): expected limit or cells"),
    ] {
        let error = Policy::parse(&(slo("alloc_bytes <= 5") + key), "gate.toml", METRICS).expect_err(key);
        assert_eq!((error.line, error.what.as_str()), (3, what));
    }
    assert_eq!(Policy::parse("[[slo]]", "gate.toml", METRICS).expect_err("empty").what, "missing field `limit`");
}
