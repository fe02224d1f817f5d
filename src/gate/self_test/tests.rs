//! A gate that doesn't fire is found out.

use super::*;
use crate::record::metrics::Formula;
use crate::record::{Count, EndState, Environment, SCHEMA};

const ALLOC_BYTES: Metric = Metric::new("alloc_bytes", "bytes", Class::Exact, Better::Lower, "", Formula::Counted);
const REUSES: Metric = Metric::new("slot_reuses", "count", Class::Exact, Better::Higher, "", Formula::Counted);

fn record() -> Results {
    let unknown = || "unknown".to_owned();
    let [cpu, kernel, rustc, target, allocator, mapscope] = std::array::from_fn(|_| unknown());
    let always = ["alloc_count", "live_bytes", "drained_bytes", "max_alloc_bytes_in_one_write"].map(|name| (name, 0));
    let quantities = [("alloc_bytes", 64), ("slot_reuses", 0)].into_iter().chain(always);
    let cell = |map: &str| Cell {
        id: CellId {
            map: map.to_owned(),
            keys: "uniform".to_owned(),
            mix: "fill".to_owned(),
            load_factor: None,
            hint: 0,
            entry: "u64/u64".to_owned(),
            ops: 10,
            seed: 1,
            ..CellId::default()
        },
        status: Status::Ok,
        error: None,
        exact: true,
        environment: 0,
        map_version: unknown(),
        key_lengths: None,
        value_lengths: None,
        key_bytes: 8,
        value_bytes: 8,
        expected: EndState::default(),
        count: Some(Count { quantities: quantities.clone().collect(), ..Count::default() }),
        time: None,
        profile: None,
        instructions: None,
    };
    Results {
        schema: SCHEMA,
        mapscope: unknown(),
        profile: "ci".to_owned(),
        partial: false,
        environments: vec![Environment { cpu, cpus: 1, kernel, page_bytes: 1, rustc, target, allocator, mapscope }],
        accepted: Vec::new(),
        cells: vec![cell("a"), cell("b")],
    }
}

fn slipped(compare: Compare) -> SelfTest {
    let test = test(&record(), &[ALLOC_BYTES, REUSES], compare);
    assert_eq!(test.outcome(), Outcome::Regression, "{}", test.markdown());
    assert_eq!(test.injected, test.caught + test.slips.len());
    test
}

#[test]
fn the_gate_as_it_is_catches_everything() {
    let test = self_test(&record(), &[ALLOC_BYTES, REUSES]);
    // In each cell: alloc_bytes 64 -> 65, again among all cells, and slot_reuses 1 -> 0.
    assert_eq!((test.injected, test.caught), (6, 6), "{}", test.markdown());
    assert_eq!(test.outcome(), Outcome::Pass);
}

#[test]
fn what_a_record_says_in_words_is_not_read_back() {
    let mut wordy = record();
    wordy.environments.push(wordy.environments[0].clone());
    wordy.profile = "p".repeat(100);
    wordy.cells[1].environment = 1;
    wordy.cells[1].map_version = "v".repeat(100);
    let seen: Compare = |baseline, current, policy, metrics| {
        let versions = baseline.cells.iter().map(|cell| cell.map_version.len());
        assert_eq!(baseline.profile.len() + versions.sum::<usize>(), 0);
        assert!(baseline.cells.len() == 2 || baseline.environments.len() == 1);
        compare(baseline, current, policy, metrics)
    };
    let test = test(&wordy, &[ALLOC_BYTES, REUSES], seen);
    assert_eq!((test.injected, test.caught, test.outcome()), (6, 6, Outcome::Pass), "{}", test.markdown());
}

#[test]
fn a_comparison_that_sees_nothing_is_found_out() {
    let test = slipped(|_, _, _, _| Verdict::default());
    assert_eq!((test.caught, test.slips.len()), (0, 6));
    assert_eq!(test.slips[0].change, "count/quantities/alloc_bytes 64 -> 65");
}

#[test]
fn a_comparison_that_skips_a_metric_is_found_out() {
    let test = slipped(|a, b, policy, metrics| compare(a, b, policy, &metrics[..1]));
    assert!(test.slips.iter().all(|slip| slip.metric == "slot_reuses") && test.slips.len() == 2, "{}", test.markdown());
}

#[test]
fn a_comparison_that_looks_at_the_first_cell_only_is_found_out() {
    let test = slipped(|a, b, policy, metrics| {
        let first = |results: &Results| Results { cells: results.cells[..1].to_vec(), ..results.clone() };
        compare(&first(a), &first(b), policy, metrics)
    });
    assert!(test.slips.iter().all(|slip| slip.cell.map == "b") && test.slips.len() == 1, "{}", test.markdown());
}

#[test]
fn a_comparison_the_wrong_way_round_is_found_out() {
    let test = slipped(|a, b, policy, metrics| compare(b, a, policy, metrics));
    assert_eq!(test.caught, 0);
    assert!(!test.false_alarms.is_empty());
}

#[test]
fn a_comparison_that_always_fails_is_found_out() {
    let test = slipped(|a, b, policy, metrics| {
        let mut lighter = a.clone();
        lighter
            .cells
            .iter_mut()
            .filter_map(|cell| cell.count.as_mut())
            .for_each(|count| *count.quantities.entry("alloc_bytes") = 0);
        Verdict { changes: compare(&lighter, b, policy, metrics).changes, ..compare(a, b, policy, metrics) }
    });
    assert!(test.false_alarms.iter().any(|(_, change)| change == "nothing changed"), "{}", test.markdown());
}

#[test]
fn a_comparison_that_does_not_hold_figures_against_limits_is_found_out() {
    let test = slipped(|a, b, _, metrics| compare(a, b, &Policy::default(), metrics));
    assert_eq!((test.limits, test.limit_slips.len(), test.slips.len()), (4, 4, 0));
    let text = test.markdown();
    assert!(text.contains("4 limits broken, 0 caught") && text.contains("and the gate did not say so"), "{text}");
}

#[test]
fn a_comparison_that_fails_by_a_description_is_found_out() {
    let metrics = [ALLOC_BYTES, REUSES.rank(Rank::Description)];
    assert_eq!(self_test(&record(), &metrics).outcome(), Outcome::Pass);
    let test = test(&record(), &metrics, |a, b, policy, metrics| {
        let costs: Vec<Metric> = metrics.iter().map(|metric| metric.rank(Rank::Cost)).collect();
        compare(a, b, policy, &costs)
    });
    assert!(test.false_alarms.iter().any(|(_, change)| change.starts_with("count/quantities/slot_reuses")));
    assert_eq!(test.outcome(), Outcome::Regression);
}
