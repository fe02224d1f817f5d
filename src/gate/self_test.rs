//! Does the gate fire? Every exact metric of every cell is made worse, one integer at a time, through the whole of it.
//!
//! No metric is named here. Each raw integer of a cell's record is changed by one, up and down; the changed record is
//! written as JSON, read back and compared. Which metrics that made worse is worked out beside the comparison, and
//! the comparison must name every one of them, and nothing when none is. Where a metric can't get worse (a share that
//! is 0 already), the changed record is the baseline and the true one the regression. A metric that no change of any
//! integer makes worse counts as a failure too: nobody knows whether it is gated.

use std::path::Path;

use serde_json::Value;

use super::compare::compare;
use super::number::{plural, real};
use super::policy::Policy;
use super::verdict::{Level, Outcome, Verdict, What};
use crate::record::metrics::{Better, Class, Metric, Number};
use crate::record::{self, Cell, CellId, Results, Status};

/// The smallest step, then larger ones for ratios of integers so large that one more gives the same real.
const STEPS: [u64; 6] = [1, 1 << 10, 1 << 20, 1 << 30, 1 << 40, 1 << 50];

/// What the self-test of the gate found.
#[derive(Debug, Clone, Default)]
pub struct SelfTest {
    /// Cells tested.
    pub cells: usize,
    /// Exact metrics with a value, summed over these cells.
    pub metrics: usize,
    /// Regressions injected: pairs of a changed integer and a metric that it made worse.
    pub injected: usize,
    /// Those that the comparison named.
    pub caught: usize,
    /// Those that it did not.
    pub slips: Vec<Slip>,
    /// Metrics that no change of an integer made worse.
    pub uncovered: Vec<(CellId, &'static str)>,
    /// Comparisons of a cell that failed although nothing in it was worse: the cell, and what had been changed.
    pub false_alarms: Vec<(CellId, String)>,
    /// Cells without figures to worsen, because they failed.
    pub failed_cells: Vec<CellId>,
}

/// A regression that was injected and not caught.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The cell.
    pub cell: CellId,
    /// The metric that was worse.
    pub metric: &'static str,
    /// The integer that was changed, and how: `count/quantities/alloc_bytes 1152 -> 1153`.
    pub change: String,
}

/// Tests the comparison under the default policy, on the cells of `results`.
pub fn self_test(results: &Results, metrics: &[Metric]) -> SelfTest {
    test(results, metrics, compare)
}

/// The comparison under test.
type Compare = fn(&Results, &Results, &Policy, &[Metric]) -> Verdict;

fn test(results: &Results, metrics: &[Metric], compare: Compare) -> SelfTest {
    let exact: Vec<Metric> = metrics.iter().filter(|metric| metric.class == Class::Exact).copied().collect();
    let mut test = SelfTest::default();
    let cells = results.cells.iter().map(counted).collect();
    let whole = Results { partial: false, profile: String::new(), accepted: Vec::new(), cells, ..results.clone() };
    for (index, cell) in results.cells.iter().enumerate() {
        if cell.status == Status::Ok {
            test.cell(cell, index, &whole, &exact, compare);
        } else {
            test.failed_cells.push(cell.id.clone());
        }
    }
    test
}

/// The cell without what exact metrics don't come from, however long that is: a test reads it back thousands of times.
fn counted(cell: &Cell) -> Cell {
    Cell { time: None, profile: None, map_version: String::new(), ..cell.clone() }
}

impl SelfTest {
    fn cell(&mut self, cell: &Cell, index: usize, whole: &Results, metrics: &[Metric], compare: Compare) {
        let mut uncovered: Vec<Metric> =
            metrics.iter().filter(|metric| metric.value(cell).is_some()).copied().collect();
        self.cells += 1;
        self.metrics += uncovered.len();
        let environments = whole.environments.get(cell.environment).cloned().into_iter().collect();
        let alone = Cell { environment: 0, ..whole.cells[index].clone() };
        let alone = Results { environments, cells: vec![alone], ..whole.clone() };
        let mut json = serde_json::to_value(&alone).unwrap_or_default();
        let leaves = leaves(&json["cells"][0]);
        let (id, exact) = (&cell.id, cell.exact);
        let mut trial = Trial { test: self, cell: id, exact, metrics, uncovered: &mut uncovered, compare };
        trial.run(&alone, &alone, "nothing changed");

        let mut in_company = Some(whole);
        for step in STEPS {
            for (path, value) in &leaves {
                for changed in [value.checked_add(step), value.checked_sub(step)].into_iter().flatten() {
                    let Some(current) = read_back(&mut json, path, *value, changed) else { continue };
                    let change = format!("{} {value} -> {changed}", path.trim_start_matches('/'));
                    let caused = trial.run(&alone, &current, &change);
                    if caused && let Some(whole) = in_company.take() {
                        // Once a cell, among all the others: matching is a part of the gate too.
                        let mut cells = whole.cells.clone();
                        cells[index] = Cell { environment: cell.environment, ..current.cells[0].clone() };
                        trial.run(whole, &Results { cells, ..whole.clone() }, &change);
                    }
                    if trial.gains(&alone, &current) {
                        trial.run(&current, &alone, &format!("{change}, reversed"));
                    }
                }
            }
            if trial.uncovered.is_empty() {
                break;
            }
        }
        self.uncovered.extend(uncovered.iter().map(|metric| (cell.id.clone(), metric.name)));
    }

    /// A pass when all was caught; a regression when the gate can't be trusted; unjudged when there was nothing to worsen.
    pub fn outcome(&self) -> Outcome {
        if !(self.slips.is_empty() && self.uncovered.is_empty() && self.false_alarms.is_empty()) {
            Outcome::Regression
        } else if self.injected == 0 {
            Outcome::Unjudged
        } else {
            Outcome::Pass
        }
    }

    /// What was found, in Markdown: a line that sums it up, then whatever went wrong.
    pub fn markdown(&self) -> String {
        let word = match self.outcome() {
            Outcome::Pass => "PASS",
            Outcome::Regression => "FAIL",
            Outcome::Unjudged => "NOT JUDGED",
        };
        let (metrics, cells) = (plural(self.metrics, "exact metric"), plural(self.cells, "cell"));
        let (injected, caught) = (plural(self.injected, "regression"), self.caught);
        let mut text = format!("**{word}** {injected} injected, {caught} caught; {metrics} in {cells}.\n");
        let mut lines = Vec::new();
        for Slip { cell, metric, change } in &self.slips {
            lines.push(format!("`{cell}`: {metric} got worse by {change}, and the gate did not say so."));
        }
        for (cell, metric) in &self.uncovered {
            lines.push(format!("`{cell}`: {metric} gets worse by no integer of the record: not known to be gated."));
        }
        for (cell, change) in &self.false_alarms {
            lines.push(format!("`{cell}`: the gate failed although no metric was worse ({change})."));
        }
        for cell in &self.failed_cells {
            lines.push(format!("`{cell}`: failed in this record, nothing to worsen."));
        }
        for (index, line) in lines.iter().enumerate() {
            text += &format!("{}- {line}\n", if index == 0 { "\n" } else { "" });
        }
        text
    }
}

/// The injections into one cell.
struct Trial<'a> {
    test: &'a mut SelfTest,
    cell: &'a CellId,
    exact: bool,
    metrics: &'a [Metric],
    uncovered: &'a mut Vec<Metric>,
    compare: Compare,
}

impl Trial<'_> {
    /// Compares, and holds the verdict against what is worse in this cell; true when anything is.
    fn run(&mut self, baseline: &Results, current: &Results, change: &str) -> bool {
        let worse: Vec<Metric> = {
            let [before, after] = self.in_both(baseline, current);
            self.metrics.iter().filter(|m| worse(m, m.value(before), m.value(after))).copied().collect()
        };
        let verdict = (self.compare)(baseline, current, &Policy::default(), self.metrics);
        let (level, outcome_right) = match self.exact {
            true => (Level::Fail, verdict.outcome() == Outcome::Regression),
            false => (Level::Warn, true),
        };
        let named = |name: &str| {
            verdict.at(level).any(|found| {
                matches!(&found.what, What::Metric { metric, .. } if metric.name == name) && found.cell == *self.cell
            })
        };
        for metric in &worse {
            self.test.injected += 1;
            if outcome_right && named(metric.name) {
                self.test.caught += 1;
            } else {
                let slip = Slip { cell: self.cell.clone(), metric: metric.name, change: change.to_owned() };
                self.test.slips.push(slip);
            }
        }
        if worse.is_empty() && verdict.outcome() == Outcome::Regression {
            self.test.false_alarms.push((self.cell.clone(), change.to_owned()));
        }
        self.uncovered.retain(|metric| !worse.iter().any(|caused| caused.name == metric.name));
        !worse.is_empty()
    }

    /// Whether a metric not covered yet got better, so that the way back is a regression.
    fn gains(&self, baseline: &Results, current: &Results) -> bool {
        let [before, after] = self.in_both(baseline, current);
        self.uncovered.iter().any(|metric| worse(metric, metric.value(after), metric.value(before)))
    }

    fn in_both<'r>(&self, baseline: &'r Results, current: &'r Results) -> [&'r Cell; 2] {
        let find = |results: &'r Results| results.cells.iter().find(|cell| cell.id == *self.cell);
        [baseline, current].map(|results| find(results).unwrap_or(&results.cells[0]))
    }
}

/// The gate's first rule, on purpose not the comparison's own code for it.
fn worse(metric: &Metric, before: Option<Number>, after: Option<Number>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return before.is_some() && after.is_none();
    };
    let (rises, falls) = match (before, after) {
        (Number::Int(a), Number::Int(b)) => (b > a, b < a),
        _ => (real(after) > real(before), real(after) < real(before)),
    };
    match metric.better {
        Better::Lower => rises,
        Better::Higher => falls,
        Better::Neither => rises || falls,
    }
}

/// Writes the record with one integer changed and reads it as the reader does, except that the reader would notice
/// that the integer contradicts others: here the comparison must.
fn read_back(json: &mut Value, path: &str, value: u64, changed: u64) -> Option<Results> {
    let leaf = json["cells"][0].pointer_mut(path)?;
    *leaf = changed.into();
    let text = serde_json::to_vec(json).ok();
    if let Some(leaf) = json["cells"][0].pointer_mut(path) {
        *leaf = value.into();
    }
    record::parse(Path::new("self-test"), &text?).ok()
}

/// The unsigned integers of a cell that are figures, by JSON pointer.
fn leaves(cell: &Value) -> Vec<(String, u64)> {
    fn walk(value: &Value, path: &str, found: &mut Vec<(String, u64)>) {
        match value {
            Value::Number(number) => found.extend(number.as_u64().map(|number| (path.to_owned(), number))),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{path}/{index}"), found));
            }
            Value::Object(fields) => {
                fields.iter().for_each(|(name, field)| walk(field, &format!("{path}/{name}"), found))
            }
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    for (name, field) in cell.as_object().into_iter().flatten() {
        // These say which cell it is and where it ran, not what it cost.
        if !matches!(name.as_str(), "id" | "environment") {
            walk(field, &format!("/{name}"), &mut found);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Formula;
    use crate::record::{Count, EndState, Environment, SCHEMA};

    const ALLOC_BYTES: Metric = Metric::new("alloc_bytes", "bytes", Class::Exact, Better::Lower, "", Formula::Counted);
    const REUSES: Metric = Metric::new("slot_reuses", "count", Class::Exact, Better::Higher, "", Formula::Counted);

    fn record() -> Results {
        let unknown = || "unknown".to_owned();
        let [cpu, kernel, rustc, target, allocator, mapscope] = std::array::from_fn(|_| unknown());
        let always =
            ["alloc_count", "live_bytes", "drained_bytes", "max_alloc_bytes_in_one_write"].map(|name| (name, 0));
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
            key_bytes: 8,
            value_bytes: 8,
            expected: EndState::default(),
            count: Some(Count { quantities: quantities.clone().collect(), ..Count::default() }),
            time: None,
            profile: None,
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
        assert!(
            test.slips.iter().all(|slip| slip.metric == "slot_reuses") && test.slips.len() == 2,
            "{}",
            test.markdown()
        );
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
}
