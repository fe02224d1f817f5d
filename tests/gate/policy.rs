//! The policy file: what its rules do, and what it refuses.

use mapscope::gate::{Level, Policy, compare};

use super::fixture::{METRICS, cell, record, with_count};

/// The levels of the changes when `std` and `go-classic` allocate `after` bytes instead of 1152; `alloc_bytes` only.
fn levels(policy: &str, after: u64) -> [Option<Level>; 2] {
    let policy = Policy::parse(policy, "gate.toml", METRICS).unwrap();
    ["std", "go-classic"].map(|map| {
        let baseline = record([cell(map)]);
        let current = with_count(&baseline, |count| *count.quantities.entry("alloc_bytes") = after);
        let verdict = compare(&baseline, &current, &policy, &METRICS[1..2]);
        verdict.changes.first().map(|change| change.level)
    })
}

#[test]
fn limits_are_inclusive_and_the_larger_one_counts() {
    use Level::{Allowed, Fail};
    let both = |policy: &str, after, level| assert_eq!(levels(policy, after), [Some(level); 2], "{policy} {after}");
    both("", 1153, Fail);
    let rule = "[[rule]]\nmetric = \"alloc_bytes\"\n";
    both(rule, 1153, Fail);
    both(&format!("{rule}relative = 0.25"), 1440, Allowed);
    both(&format!("{rule}relative = 0.25"), 1441, Fail);
    both(&format!("{rule}absolute = 3"), 1155, Allowed);
    both(&format!("{rule}absolute = 3"), 1156, Fail);
    both(&format!("{rule}relative = 0.25\nabsolute = 3"), 1440, Allowed);
    both(&format!("{rule}relative = 0.25\nabsolute = 300"), 1452, Allowed);
    both(&format!("{rule}relative = 0.25\nabsolute = 300"), 1453, Fail);
    both(&format!("{rule}relative = 0.0"), 1153, Fail);
    both(&format!("{rule}relative = 0.25\naction = \"warn\""), 1441, Level::Warn);
    both(&format!("{rule}action = \"warn\""), 1153, Level::Warn);
    assert_eq!(levels(&format!("{rule}action = \"ignore\""), 9999), [None; 2]);
}

#[test]
fn a_share_of_a_hundred_is_allowed_to_its_last_unit() {
    for percent in 1..100_u64 {
        let policy = format!("[[rule]]\nmetric = \"alloc_bytes\"\nrelative = {}", percent as f64 / 100.0);
        let policy = Policy::parse(&policy, "gate.toml", METRICS).unwrap();
        let baseline = with_count(&record([cell("std")]), |count| *count.quantities.entry("alloc_bytes") = 100);
        let level = |after| {
            let current = with_count(&baseline, |count| *count.quantities.entry("alloc_bytes") = after);
            compare(&baseline, &current, &policy, &METRICS[1..2]).changes[0].level
        };
        assert_eq!((level(100 + percent), level(101 + percent)), (Level::Allowed, Level::Fail), "{percent} %");
    }
}

#[test]
fn the_last_matching_rule_counts_whole() {
    let policy = r#"
        [[rule]]
        metric = "*"
        absolute = 10
        action = "warn"

        [[rule]]
        metric = "alloc_*"
        map = "go-*"
        relative = 0.5
    "#;
    assert_eq!(levels(policy, 1162), [Some(Level::Allowed), Some(Level::Allowed)]);
    assert_eq!(levels(policy, 1163), [Some(Level::Warn), Some(Level::Allowed)]);
    assert_eq!(levels(policy, 1729), [Some(Level::Warn), Some(Level::Fail)]);
}

#[test]
fn ignored_metrics_and_rules_for_absent_maps_are_noted() {
    let policy = "[[rule]]\nmetric = \"alloc_*\"\naction = \"ignore\"\n\n[[rule]]\nmetric = \"*\"\nmap = \"java-*\"\n";
    let policy = Policy::parse(policy, "ci/gate.toml", METRICS).unwrap();
    let verdict = compare(&record([cell("std")]), &record([cell("std")]), &policy, METRICS);
    assert_eq!(verdict.tally.ignored, 2);
    assert_eq!(
        verdict.notes,
        ["The policy ignored 2 metrics.", "The rule at ci/gate.toml:5 is for maps that are in neither record."]
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_the_nearest_right_word() {
    let rule = |lines: &str| format!("# limits\n[[rule]]\nmetric = \"alloc_bytes\"\n{lines}");
    let neither = "`inserts` describes the work and must not change at all: take the limit out";
    let cases = [
        ("[[rules]]\nmetric = \"*\"".to_owned(), 1, "unknown key `rules` (did you mean `rule`?): expected rule or slo"),
        (
            rule("relativ = 0.1"),
            4,
            "unknown key `relativ` (did you mean `relative`?): expected metric, map, relative, absolute or action",
        ),
        (rule("xyzzy = 0.1"), 4, "unknown key `xyzzy`: expected metric, map, relative, absolute or action"),
        (
            "\n[[rule]]\nmetric = \"alloc_byte\"".to_owned(),
            3,
            "no metric matches `alloc_byte` (did you mean `alloc_bytes`?); `mapscope list metrics` shows them all",
        ),
        ("[[rule]]\nmetric = \"\"".to_owned(), 2, "no metric matches ``; `mapscope list metrics` shows them all"),
        (
            "[[rule]]\nmetric = \"alloc_[\"".to_owned(),
            2,
            "no metric matches `alloc_[`; `mapscope list metrics` shows them all",
        ),
        ("[[rule]]\nmap = \"*\"".to_owned(), 1, "missing field `metric`"),
        (rule("map = \"\""), 4, "`map` is empty: leave it out for all maps"),
        (
            rule("relative = -0.1"),
            4,
            "`relative` is -0.1: expected 0 or more; to allow anything say action = \"ignore\"",
        ),
        (rule("relative = nan"), 4, "`relative` is NaN: expected 0 or more; to allow anything say action = \"ignore\""),
        (rule("absolute = inf"), 4, "`absolute` is inf: expected 0 or more; to allow anything say action = \"ignore\""),
        (
            rule("action = \"fial\""),
            4,
            "unknown action `fial` (did you mean `fail`?): expected fail, warn, inform or ignore",
        ),
        (
            rule("absolute = 1\naction = \"ignore\""),
            4,
            "a limit beside action \"ignore\" means nothing: take one of them out",
        ),
        ("[[rule]]\nmetric = \"ins*\"\nabsolute = 1".to_owned(), 3, &neither.replace("inserts", "ins*")),
        (rule("relative = \"1 %\""), 4, "invalid type: string \"1 %\", expected f64"),
        (rule("map = \"a\"\nmap = \"b\""), 5, "duplicate key"),
        ("rule = 1".to_owned(), 1, "invalid type: integer `1`, expected a sequence"),
    ];
    for (text, line, what) in cases {
        let error = Policy::parse(&text, "ci/gate.toml", METRICS).expect_err(&text);
        assert_eq!((error.line, error.what.as_str()), (line, what), "{text}");
        assert_eq!(error.to_string(), format!("ci/gate.toml:{line}: {what}"));
    }
    for text in ["[[rule", "metric", "[[rule]]\r\nmetric = *\r\n", "\u{0}", "[[rule]]\nmetric = \"a\n\""] {
        Policy::parse(text, "gate.toml", METRICS).expect_err(text);
    }
}

#[test]
fn crlf_and_an_empty_file_are_fine() {
    Policy::parse("", "gate.toml", METRICS).unwrap();
    Policy::parse("[[rule]]\r\nmetric = \"*\"\r\naction = \"warn\"\r\n", "gate.toml", METRICS).unwrap();
}

#[test]
fn by_turns_three_per_cent_fail_unless_a_rule_for_the_undisturbed_time_says_otherwise() {
    use mapscope::gate::Action;
    let by_turns = |policy: &str, map: &str, ratio| {
        let policy = Policy::parse(policy, "gate.toml", mapscope::record::metrics::all()).unwrap();
        policy.by_turns(map, 40.0, ratio)
    };
    assert_eq!([1.2, 1.03, 0.5].map(|ratio| by_turns("", "std", ratio)), [Some(Action::Fail), None, None]);
    let rule = "[[rule]]\nmetric = \"undisturbed_ns_per_op\"\nmap = \"std\"\n";
    assert_eq!(by_turns(&format!("{rule}relative = 0.5"), "std", 1.4), None);
    assert_eq!(by_turns(&format!("{rule}relative = 0.5"), "btree", 1.4), Some(Action::Fail), "no rule of its own");
    assert_eq!(by_turns(&format!("{rule}absolute = 10"), "std", 1.25), None, "10 ns of 40");
    assert_eq!(by_turns(&format!("{rule}action = \"warn\""), "std", 1.04), Some(Action::Warn));
}
