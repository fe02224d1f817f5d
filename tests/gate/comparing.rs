//! What follows from which difference between two records.

use mapscope::gate::{Chance, Kind, Level, Outcome, Policy, Tally, Verdict, What, compare};
use mapscope::record::metrics::{self, Better, Class, Formula, Metric, Number, Quantity};
use mapscope::record::{Cell, Results, Status};
use proptest::prelude::*;

use super::fixture::{EXACT, METRICS, cell, record, timed, with_count};

fn judge(baseline: &Results, current: &Results) -> Verdict {
    compare(baseline, current, &Policy::default(), METRICS)
}

fn judge_by(policy: &str, baseline: &Results, current: &Results) -> Verdict {
    compare(baseline, current, &Policy::parse(policy, "gate.toml", METRICS).unwrap(), METRICS)
}

/// `map metric-or-status kind level` of every change.
fn changes(verdict: &Verdict) -> Vec<(String, &'static str, Kind, Level)> {
    let name = |what: &What| match what {
        What::Metric { metric, .. } | What::Limit { metric, .. } => metric.name,
        What::Status { .. } => "status",
    };
    verdict.changes.iter().map(|c| (c.cell.map.clone(), name(&c.what), c.kind, c.level)).collect()
}

fn two() -> Results {
    record([cell("std"), cell("go-classic")])
}

#[test]
fn a_record_passes_against_itself() {
    let results = record([cell("std"), timed("btree", &[100, 110, 120, 130]), cell("go-classic")]);
    let verdict = judge(&results, &results);
    assert_eq!(verdict.outcome(), Outcome::Pass);
    assert_eq!(verdict.outcome().exit_code(), 0);
    assert!(verdict.changes.is_empty() && verdict.notes.is_empty() && verdict.unjudged.is_empty(), "{verdict:?}");
    assert_eq!(
        verdict.tally,
        Tally { cells: 3, exact: 3 * EXACT, statistical: 1, limits: 0, ignored: 0, by_chance: 0 }
    );
}

#[test]
fn cells_are_matched_by_identity_not_by_place() {
    let mut turned = two();
    turned.cells.reverse();
    assert_eq!(judge(&two(), &turned).outcome(), Outcome::Pass);
    assert_eq!(judge(&two(), &turned).tally.cells, 2);
}

#[test]
fn one_byte_more_fails_and_names_every_metric_that_it_makes_worse() {
    let current = with_count(&two(), |count| *count.quantities.entry("alloc_bytes") += 1);
    let verdict = judge(&two(), &current);
    let std = |metric| ("std".to_owned(), metric, Kind::Worse, Level::Fail);
    assert_eq!(changes(&verdict), [std("alloc_bytes"), std("alloc_bytes_per_write")]);
    assert_eq!(verdict.changes[0].worsening, 1.0 / 1152.0);
    assert_eq!(verdict.outcome().exit_code(), 1);

    let back = judge(&current, &two());
    assert_eq!(back.outcome(), Outcome::Pass);
    assert!(back.changes.iter().all(|change| change.level == Level::Better), "{back:?}");
    assert_eq!(back.changes[0].worsening, -1.0 / 1153.0);
}

#[test]
fn where_more_is_better_less_fails() {
    let [few, many] = [10, 20].map(|n| with_count(&two(), |count| *count.quantities.entry("slot_reuses") = n));
    assert_eq!(judge(&few, &many).outcome(), Outcome::Pass);
    let verdict = judge(&many, &few);
    assert_eq!(changes(&verdict), [("std".to_owned(), "slot_reuse_ratio", Kind::Worse, Level::Fail)]);
    assert_eq!(verdict.changes[0].worsening, 0.5);
}

#[test]
fn from_zero_any_worsening_is_infinite() {
    let grown = with_count(&two(), |count| *count.quantities.entry("same_size_grow_events") = 1);
    assert_eq!(judge(&two(), &grown).changes[0].worsening, f64::INFINITY);
    assert_eq!(judge(&grown, &two()).changes[0].worsening, -1.0);
    let policy = "[[rule]]\nmetric = \"same_size*\"\nrelative = 1000.0";
    assert_eq!(judge_by(policy, &two(), &grown).outcome(), Outcome::Regression);
    let policy = "[[rule]]\nmetric = \"same_size*\"\nabsolute = 1";
    assert_eq!(judge_by(policy, &two(), &grown).outcome(), Outcome::Pass);
}

#[test]
fn different_work_fails_in_both_directions() {
    let mut more = two();
    more.cells[0].expected.inserts += 1;
    for (a, b) in [(&two(), &more), (&more, &two())] {
        let verdict = judge(a, b);
        assert!(changes(&verdict).contains(&("std".to_owned(), "inserts", Kind::WorkChanged, Level::Fail)));
        assert_eq!(verdict.outcome(), Outcome::Regression);
    }
}

#[test]
fn a_metric_that_vanished_fails_and_a_new_one_is_named() {
    let without = with_count(&two(), |count| count.quantities.set("slot_reuses", None));
    let name = ("std".to_owned(), "slot_reuse_ratio");
    let verdict = judge(&two(), &without);
    assert_eq!(changes(&verdict), [(name.0.clone(), name.1, Kind::Vanished, Level::Fail)]);
    assert_eq!(verdict.outcome(), Outcome::Regression);
    let verdict = judge(&without, &two());
    assert_eq!(changes(&verdict), [(name.0, name.1, Kind::Appeared, Level::Note)]);
    assert_eq!(verdict.outcome(), Outcome::Pass);
}

#[test]
fn a_value_that_is_no_number_is_a_value_that_vanished() {
    let odd = Formula::Real(|cell| Some(if cell.key_bytes == 16 { f64::NAN } else { 1.0 }));
    let metrics = [Metric::new("alloc_bytes", "bytes", Class::Exact, Better::Lower, "", odd)];
    let mut nan = two();
    nan.cells[0].key_bytes = 16;
    let verdict = compare(&two(), &nan, &Policy::default(), &metrics);
    assert_eq!(changes(&verdict), [("std".to_owned(), "alloc_bytes", Kind::Vanished, Level::Fail)]);
}

#[test]
fn cells_that_are_missing_failed_or_new_are_named() {
    let std = |kind, level| vec![("std".to_owned(), "status", kind, level)];
    let with = |status| {
        let mut results = two();
        results.cells[0].status = status;
        results
    };
    let ok = two();
    let short = record([cell("go-classic")]);
    let panicked = with(Status::Panicked);
    let killed = with(Status::Killed);
    let not_run = with(Status::NotRun);
    use Outcome::{Pass, Regression, Unjudged};
    let cases = [
        (&ok, &short, Kind::Missing, Level::Fail, Regression),
        (&panicked, &short, Kind::Missing, Level::Fail, Regression),
        (&not_run, &short, Kind::Missing, Level::Unjudged, Unjudged),
        (&short, &ok, Kind::NewCell, Level::Note, Pass),
        (&short, &panicked, Kind::Failed, Level::Fail, Regression),
        (&ok, &panicked, Kind::Failed, Level::Fail, Regression),
        (&panicked, &killed, Kind::FailedInBoth, Level::Unjudged, Unjudged),
        (&panicked, &panicked, Kind::FailedInBoth, Level::Unjudged, Unjudged),
        (&panicked, &ok, Kind::Recovered, Level::Better, Pass),
        (&ok, &not_run, Kind::NotRun, Level::Unjudged, Unjudged),
        (&not_run, &ok, Kind::NotRun, Level::Unjudged, Unjudged),
    ];
    for (baseline, current, kind, level, outcome) in cases {
        let verdict = judge(baseline, current);
        assert_eq!(changes(&verdict), std(kind, level));
        assert_eq!(verdict.outcome(), outcome, "{kind:?}");
        assert_eq!(verdict.tally.cells, 1);
    }
}

#[test]
fn where_nothing_is_compared_nothing_passes() {
    let failed = |statuses: [Status; 2]| {
        let mut results = two();
        results.cells.iter_mut().zip(statuses).for_each(|(cell, status)| cell.status = status);
        results
    };
    let (ok, panicked) = (Status::Ok, Status::Panicked);
    let why = "Nothing was compared: no cell has figures in both records. Make a record whose cells ended well the new \
               baseline.";
    let verdict = judge(&failed([panicked, panicked]), &two());
    assert_eq!((verdict.outcome(), verdict.unjudged), (Outcome::Unjudged, vec![why.to_owned()]));
    // One is enough, a regression is one, and what is unjudged in other words needs no more.
    assert_eq!(judge(&failed([panicked, ok]), &two()).outcome(), Outcome::Pass);
    assert_eq!(judge(&failed([panicked, panicked]), &record([cell("std")])).outcome(), Outcome::Regression);
    let both = judge(&failed([panicked, panicked]), &failed([panicked, panicked]));
    assert_eq!((both.outcome(), both.unjudged.len()), (Outcome::Unjudged, 0));
    // A policy that looks away from everything looks at nothing.
    let all = judge_by("[[rule]]\nmetric = \"*\"\naction = \"ignore\"", &two(), &two());
    let why = "Nothing was compared: the policy ignores every metric that both records have.";
    assert_eq!((all.outcome(), all.unjudged), (Outcome::Unjudged, vec![why.to_owned()]));
}

#[test]
fn partial_records_are_not_judged_unless_what_is_there_is_worse() {
    let partial = |results: &Results| Results { partial: true, ..results.clone() };
    let verdict = judge(&partial(&two()), &two());
    assert_eq!(verdict.outcome().exit_code(), 2);
    assert_eq!(
        verdict.unjudged,
        ["The baseline is partial: its run ended before all cells were done; run it again, to its end."]
    );
    let verdict = judge(&two(), &partial(&record([cell("std")])));
    assert_eq!(changes(&verdict), [("go-classic".to_owned(), "status", Kind::Missing, Level::Unjudged)]);
    assert_eq!(verdict.outcome(), Outcome::Unjudged);
    let worse = with_count(&two(), |count| *count.quantities.entry("alloc_bytes") += 1);
    assert_eq!(judge(&two(), &partial(&worse)).outcome(), Outcome::Regression);
}

#[test]
fn records_with_nothing_in_common_are_not_judged() {
    let none = record([]);
    let other = record([cell("hashbrown")]);
    for (baseline, current, n, m) in
        [(&none, &two(), 0, 2), (&two(), &none, 2, 0), (&two(), &other, 2, 1), (&none, &none, 0, 0)]
    {
        let verdict = judge(baseline, current);
        let what =
            format!("The records have no cell in common ({n} in the baseline, {m} now): run both with one profile.");
        assert_eq!(verdict.unjudged, [what]);
        assert_eq!(verdict.outcome(), Outcome::Unjudged);
        assert!(verdict.changes.is_empty());
    }
}

#[test]
fn records_of_different_schemas_are_not_judged() {
    let older = Results { schema: 1, ..two() };
    let verdict = judge(&older, &two());
    let again = "run the baseline's cells again with this mapscope; then renew it (`mapscope baseline accept`).";
    let different = "and their figures don't mean the same:";
    let what = format!("The baseline has schema 1, the current record 2, {different} {again}");
    assert_eq!(verdict.unjudged, [what]);
    assert_eq!((verdict.outcome(), verdict.changes.len()), (Outcome::Unjudged, 0));
    let again = "run the current record's cells again with this mapscope.";
    let what = format!("The baseline has schema 2, the current record 1, {different} {again}");
    assert_eq!(judge(&two(), &older).unjudged, [what]);
    assert_eq!(judge(&older, &older).outcome(), Outcome::Pass, "two old ones mean the same");
}

fn own(better: Better) -> Quantity {
    Quantity::exact("own.hops", "count", better, "Of a map of one's own.")
}

/// [`two`], of which the first cell declares a quantity and has so much of it.
fn declaring(quantity: Quantity, value: u64) -> Results {
    with_count(&two(), |count| {
        count.quantities.set(&quantity.name, Some(value));
        count.declared.push(quantity);
    })
}

#[test]
fn the_candidate_does_not_say_what_a_quantity_means() {
    let name = ("std".to_owned(), "own.hops");
    let baseline = declaring(own(Better::Lower), 3);
    let judge = |current: &Results| {
        let metrics = metrics::of([&baseline, current]);
        compare(&baseline, current, &Policy::default(), &metrics)
    };
    let worse = judge(&declaring(own(Better::Lower), 4));
    assert_eq!(changes(&worse), [(name.0.clone(), name.1, Kind::Worse, Level::Fail)]);
    let in_bytes = Quantity { unit: "bytes".into(), ..own(Better::Lower) };
    for otherwise in [own(Better::Higher), own(Better::Neither), own(Better::Lower).statistical(), in_bytes] {
        for value in [3, 4] {
            let verdict = judge(&declaring(otherwise.clone(), value));
            let mut found = changes(&verdict);
            found.sort_by_key(|change| change.3);
            let vanished = (name.0.clone(), name.1, Kind::Vanished, Level::Fail);
            let appeared = (name.0.clone(), name.1, Kind::Appeared, Level::Note);
            assert_eq!(found, [vanished, appeared], "{otherwise:?}");
            assert_eq!(verdict.outcome(), Outcome::Regression);
        }
    }
    let reworded = Quantity { summary: "In other words.".into(), ..own(Better::Lower) };
    assert_eq!(changes(&judge(&declaring(reworded, 3))), []);
}

/// In exact cells: what can't be seeded never fails.
#[test]
fn a_statistical_quantity_fails_where_a_rule_says_so() {
    let [before, same, more] = [100, 110, 111].map(|value| declaring(own(Better::Lower).statistical(), value));
    let metrics = metrics::of([&before]);
    let judge = |policy: &str, before: &Results, after: &Results| {
        let policy = Policy::parse(policy, "gate.toml", &metrics).unwrap();
        compare(before, after, &policy, &metrics).changes.iter().map(|change| change.level).collect::<Vec<_>>()
    };
    let rule = "[[rule]]\nmetric = \"own.*\"\naction = \"fail\"\n";
    assert_eq!(judge("", &before, &same), []);
    assert_eq!(judge("", &before, &more), [Level::Warn]);
    assert_eq!(judge(rule, &before, &same), []);
    assert_eq!(judge(rule, &before, &more), [Level::Fail]);
    let mut inexact = more;
    inexact.cells[0].exact = false;
    assert_eq!(judge(rule, &before, &inexact), [Level::Warn]);
}

#[test]
fn inexact_cells_only_warn() {
    let worse = with_count(&two(), |count| *count.quantities.entry("alloc_bytes") += 1);
    for side in 0..2 {
        let mut pair = [two(), worse.clone()];
        pair[side].cells[0].exact = false;
        let verdict = judge(&pair[0], &pair[1]);
        assert_eq!(verdict.outcome(), Outcome::Pass);
        assert_eq!(verdict.at(Level::Warn).count(), 2);
        assert_eq!(verdict.notes, ["1 cell can't be seeded (`exact = false`): exact metrics only warn there."]);
    }
}

#[test]
fn what_exact_metrics_depend_on_is_named_and_they_are_compared_all_the_same() {
    let mut other = with_count(&two(), |count| *count.quantities.entry("alloc_bytes") += 1);
    other.cells[0].map_version = "std 1.0.1".to_owned();
    other.environments[0].rustc = "1.96.0".to_owned();
    other.environments[0].cpu = "Other CPU".to_owned();
    let verdict = judge(&two(), &other);
    assert_eq!(verdict.outcome(), Outcome::Regression);
    assert_eq!(verdict.notes.len(), 2, "{:?}", verdict.notes);
    assert!(verdict.notes[0].starts_with("1 cell under other circumstances: rustc `1.95.0` -> `1.96.0`. Exact"));
    let with_version = "rustc `1.95.0` -> `1.96.0`, map version `std 1.0.0` -> `std 1.0.1`";
    assert!(verdict.notes[1].starts_with(&format!("1 cell under other circumstances: {with_version}. Exact")));
}

fn times(baseline: &[u64], current: &[u64]) -> [Results; 2] {
    [baseline, current].map(|elapsed_ns| record([timed("std", elapsed_ns)]))
}

#[test]
fn a_time_needs_a_size_and_ranks_apart() {
    let warned = |[a, b]: &[Results; 2]| {
        let verdict = judge(a, b);
        assert_eq!(verdict.outcome(), Outcome::Pass);
        assert_eq!(verdict.tally.statistical, 1);
        verdict.at(Level::Warn).count()
    };
    let base = [100_000, 101_000, 102_000, 103_000];
    assert_eq!(warned(&times(&base, &[112_000, 113_000, 114_000, 115_000])), 1);
    // Within 10 %, however tight.
    assert_eq!(warned(&times(&base, &[109_000, 109_000, 109_000, 109_000])), 0);
    // Far slower by the median, but one repetition was no slower than the baseline's slowest.
    assert_eq!(warned(&times(&base, &[102_500, 150_000, 151_000, 152_000])), 0);
    // Of five and five, two pairs may be the other way round, and three not.
    let base = [100_000, 101_000, 102_000, 103_000, 104_000];
    assert_eq!(warned(&times(&base, &[102_500, 150_000, 151_000, 152_000, 153_000])), 1);
    assert_eq!(warned(&times(&base, &[101_500, 150_000, 151_000, 152_000, 153_000])), 0);
    let [a, b] = times(&[112_000, 113_000, 114_000, 115_000, 116_000], &base);
    assert_eq!(changes(&judge(&a, &b)), [("std".to_owned(), "ns_per_op", Kind::Better, Level::Better)]);
    let policy = "[[rule]]\nmetric = \"ns_*\"\nrelative = 0.05\naction = \"fail\"";
    let [a, b] = times(&base, &[109_000, 109_000, 109_000, 109_000, 109_000]);
    assert_eq!(judge_by(policy, &a, &b).outcome(), Outcome::Regression);
}

const NOT_CHANCE: &str = "A busy machine is not in that number, and times of one cell go up and down together.";

#[test]
fn what_chance_makes_of_many_times_is_told() {
    let maps = ["std", "btree", "indexmap"];
    let a = record(maps.map(|map| timed(map, &[100_000, 101_000, 102_000, 103_000])));
    let mut b = a.clone();
    b.cells[0].time.as_mut().unwrap().clocked_elapsed_ns = vec![104_000, 105_000, 106_000, 107_000];
    b.cells[1].time.as_mut().unwrap().clocked_elapsed_ns = vec![204_000, 205_000, 206_000, 207_000];
    let verdict = judge(&a, &b);
    let Chance { compared, expected, apart } = verdict.chance;
    assert_eq!((compared, apart, verdict.at(Level::Warn).count()), (3, 2, 1), "one ranks apart by less than 10 %");
    // Of the 70 ways to deal eight values, two rank as far apart as can be; twos of equals are dealt no other way.
    assert!((expected - 3.0 * 2.0 / 70.0).abs() < 1e-12, "{expected}");
    assert_eq!(verdict.notes, [format!("Of 3 times, 0.09 would rank apart by chance alone; 2 did. {NOT_CHANCE}")]);
    assert!(judge(&a, &a).notes.is_empty(), "where no time is named, nothing is to be said");
}

/// Ranks go by the repetitions, the size by what is reported: both must go the same way.
#[test]
fn a_time_whose_repetitions_went_the_other_way_is_no_change() {
    let [a, b] = times(&[100, 101, 102, 103], &[200, 201, 202, 203]);
    let mut falling = METRICS[5];
    falling.formula = Formula::Real(|cell| Some(1e3 / METRICS[5].value(cell)?.as_f64()));
    let falling = [falling];
    assert_eq!(compare(&a, &b, &Policy::default(), &falling).changes.len(), 0);
    assert_eq!(compare(&a, &b, &Policy::default(), &METRICS[5..6]).changes.len(), 1);
}

#[test]
fn a_time_without_a_value_for_each_repetition_is_not_compared() {
    let [a, b] = times(&[100, 101, 102, 103], &[200, 201, 202, 203]);
    let mut once = METRICS[5].repeated(|_| Vec::new());
    once.name = "insert_p50_ns";
    let metrics = [METRICS[5], once];
    let verdict = compare(&a, &b, &Policy::default(), &metrics);
    assert_eq!((verdict.tally.statistical, verdict.chance.compared), (1, 1));
    let reason = "a repetition has too few operations to tell it, or no collection: give the cell more, or ignore it";
    let chance = format!("Of 1 time, 0.03 would rank apart by chance alone; 1 did. {NOT_CHANCE}");
    assert_eq!(verdict.notes, [format!("Not compared: insert_p50_ns of 1 cell: {reason}."), chance]);
    let policy = Policy::parse("[[rule]]\nmetric = \"*_p50_ns\"\naction = \"fail\"", "p.toml", &metrics).unwrap();
    let verdict = compare(&a, &b, &policy, &metrics);
    assert_eq!(verdict.outcome(), Outcome::Unjudged);
    let what = format!("The policy says that times fail, but insert_p50_ns of 1 cell can't be compared: {reason}.");
    assert_eq!(verdict.unjudged, [what]);
}

/// All repetitions together have a p99.99 where none of them does, if they are many enough.
#[test]
fn a_percentile_that_hangs_on_how_many_repetitions_there_are_neither_vanishes_nor_appears() {
    fn of_many(cell: &Cell) -> Option<i128> {
        let time = cell.time.as_ref()?;
        (time.clocked_elapsed_ns.len() > 4).then_some(900)
    }
    let [many, few] = times(&[100, 101, 102, 103, 104], &[100, 101, 102, 103]);
    let formula = Formula::Integer(of_many);
    let together = Metric::new("insert_p9999_ns", "ns", Class::Statistical, Better::Lower, "", formula);
    let kinds = |metric: Metric, a: &Results, b: &Results| {
        let verdict = compare(a, b, &Policy::default(), &[metric]);
        (verdict.changes.iter().map(|change| change.kind).collect::<Vec<_>>(), verdict.notes.len())
    };
    for (a, b) in [(&many, &few), (&few, &many)] {
        assert_eq!(kinds(together, a, b), (vec![], 1), "not compared, and said");
        let policy = Policy::parse("[[rule]]\nmetric = \"*\"\naction = \"fail\"", "p.toml", &[together]).unwrap();
        assert_eq!(compare(a, b, &policy, &[together]).outcome(), Outcome::Unjudged);
    }
    let each = together.repeated(|cell| METRICS[5].repetitions(cell));
    assert_eq!(kinds(each, &many, &few), (vec![Kind::Vanished], 0), "each of the repetitions could tell it");
    assert_eq!(kinds(each, &few, &many), (vec![Kind::Appeared], 0));
}

#[test]
fn repetitions_that_shared_a_process_are_not_compared() {
    let [a, mut b] = times(&[100, 101, 102, 103], &[200, 201, 202, 203]);
    b.cells[0].time.as_mut().unwrap().percentiles.clear();
    let reason = "an older mapscope wrote a record, whose repetitions shared a process: record it anew";
    for (a, b) in [(&a, &b), (&b, &a)] {
        let verdict = judge(a, b);
        assert_eq!((verdict.changes.len(), verdict.tally.statistical), (0, 0));
        assert_eq!(verdict.notes, [format!("Not compared: times of 1 cell: {reason}.")]);
        let ignored = judge_by("[[rule]]\nmetric = \"ns_*\"\naction = \"ignore\"", a, b);
        assert_eq!((ignored.notes, ignored.tally.ignored), (vec!["The policy ignored 1 metric.".to_owned()], 1));
    }
}

#[test]
fn times_are_compared_within_one_environment_only() {
    let [a, mut b] = times(&[100, 100, 100, 100], &[900, 900, 900, 900]);
    b.environments[0].cpu = "Other CPU".to_owned();
    b.environments[0].kernel = "Linux 6.2".to_owned();
    let verdict = judge(&a, &b);
    assert_eq!((verdict.outcome(), verdict.tally.statistical), (Outcome::Pass, 0));
    let reason = "cpu `Example CPU` -> `Other CPU`, kernel `Linux 6.1` -> `Linux 6.2`: \
                  record a baseline on this machine, with this build";
    assert_eq!(verdict.notes, [format!("Not compared: times of 1 cell: {reason}.")]);

    let policy = "[[rule]]\nmetric = \"ns_per_op\"\naction = \"fail\"";
    let verdict = judge_by(policy, &a, &b);
    assert_eq!(verdict.outcome(), Outcome::Unjudged);
    let what = format!("The policy says that times fail, but times of 1 cell can't be compared: {reason}.");
    assert_eq!(verdict.unjudged, [what]);
}

#[test]
fn three_repetitions_are_too_few_to_judge() {
    let [a, b] = times(&[100, 100, 100], &[900, 900, 900, 900]);
    let verdict = judge(&a, &b);
    assert_eq!((verdict.outcome(), verdict.tally.statistical), (Outcome::Pass, 0));
    assert_eq!(
        verdict.notes,
        ["Not compared: times of 1 cell: 3 repetitions, 4 or more are needed: give the profile more."]
    );
}

#[test]
fn times_that_were_not_measured_now_are_a_warning() {
    let baseline = record([timed("std", &[100, 100, 100, 100])]);
    let current = record([cell("std")]);
    let verdict = judge(&baseline, &current);
    assert_eq!(changes(&verdict), [("std".to_owned(), "ns_per_op", Kind::Vanished, Level::Warn)]);
    assert_eq!(verdict.outcome(), Outcome::Pass);
}

/// Inserts, slot reuses plus one (0 for none said), same-size growths, bytes allocated.
fn counts() -> impl Strategy<Value = [u64; 4]> {
    let alloc_bytes = prop_oneof![Just(1152), 0..u64::MAX];
    (0..2000_u64, 0..3_u64, 0..3_u64, alloc_bytes).prop_map(|(a, b, c, d)| [a, b, c, d])
}

fn record_of([inserts, reuses, same_size, alloc_bytes]: [u64; 4]) -> Results {
    let mut results = with_count(&two(), |count| {
        *count.quantities.entry("alloc_bytes") = alloc_bytes;
        *count.quantities.entry("same_size_grow_events") = same_size;
        count.quantities.set("slot_reuses", reuses.checked_sub(1));
    });
    results.cells[0].expected.inserts = inserts;
    results
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_record_passes_against_itself(counts in counts()) {
        let results = record_of(counts);
        prop_assert_eq!(judge(&results, &results).outcome(), Outcome::Pass);
    }

    /// Fails exactly when an exact metric is worse, by a rule written down a second time; and once something is
    /// worse, nothing that is better elsewhere makes it pass.
    #[test]
    fn worse_never_passes_and_better_never_fails(before in counts(), after in counts()) {
        let (a, b) = (record_of(before), record_of(after));
        let worse = METRICS.iter().filter(|m| m.class == Class::Exact).any(|metric| {
            match (metric.value(&a.cells[0]), metric.value(&b.cells[0]), metric.better) {
                (Some(Number::Int(x)), Some(Number::Int(y)), Better::Lower) => y > x,
                (Some(Number::Real(x)), Some(Number::Real(y)), Better::Lower) => y > x,
                (Some(Number::Real(x)), Some(Number::Real(y)), Better::Higher) => y < x,
                (x, y, Better::Neither) => x != y,
                (x, y, _) => x.is_some() && y.is_none(),
            }
        });
        let expected = if worse { Outcome::Regression } else { Outcome::Pass };
        prop_assert_eq!(judge(&a, &b).outcome(), expected);

        let mut mixed = b.clone();
        *mixed.cells[1].count.as_mut().unwrap().quantities.entry("alloc_bytes") -= 1;
        prop_assert_eq!(judge(&a, &mixed).outcome(), expected);
    }

    /// A wider limit never turns a pass into a failure.
    #[test]
    fn wider_limits_never_fail_more(after in 0..4000_u64, limit in 0.0..2.0_f64, wider in 0.0..2.0_f64) {
        let current = with_count(&two(), |count| *count.quantities.entry("alloc_bytes") = after);
        let fails = |limit: f64| {
            let policy = format!("[[rule]]\nmetric = \"alloc_bytes*\"\nrelative = {limit:?}");
            judge_by(&policy, &two(), &current).outcome() == Outcome::Regression
        };
        prop_assert!(fails(limit) || !fails(limit + wider));
        prop_assert_eq!(fails(limit), after as f64 / 1152.0 - 1.0 > limit);
    }
}
