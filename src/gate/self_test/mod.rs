//! Does the gate fire? Every exact metric of every cell is made worse, one integer at a time, through the whole of it.
//!
//! No metric is named here. Each raw integer of a cell's record is changed by one, up and down; the changed record is
//! written as JSON, read back and compared. Which metrics that made worse is worked out beside the comparison, and
//! the comparison must name every one of them, and nothing when none is. Where a metric can't get worse (a share that
//! is 0 already), the changed record is the baseline and the true one the regression. A metric that no change of any
//! integer makes worse counts as a failure too: nobody knows whether it is gated. What it takes to be named depends on
//! the metric's rank: a description must be named and must not fail, nor must what a build executes by half a per cent more.
//!
//! Beside that, every figure is held against limits: one that it just keeps, and one that it just doesn't.

mod limits;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Value;

use super::compare::compare;
use super::number::{plural, real};
use super::policy::Policy;
use super::verdict::{Level, Outcome, Verdict, What};
use crate::record::metrics::{Better, Class, Metric, Number, Rank};
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
    /// Limits that a figure just doesn't keep: one for each metric with a value, summed over these cells.
    pub limits: usize,
    /// Limits whose breach was not named, or that were called broken when they were just kept.
    pub limit_slips: Vec<Slip>,
    /// Metrics that no change of an integer made worse.
    pub uncovered: Vec<(CellId, &'static str)>,
    /// Comparisons of a cell that failed although nothing in it was worse: the cell, and what had been changed.
    pub false_alarms: Vec<(CellId, String)>,
    /// Cells without figures to worsen, because they failed.
    pub failed_cells: Vec<CellId>,
}

/// A regression that was injected and not caught, or a limit that was misjudged.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The cell.
    pub cell: CellId,
    /// The metric that was worse.
    pub metric: &'static str,
    /// The limit, or the integer that was changed, and how: `count/quantities/alloc_bytes 1152 -> 1153`.
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
            test.limits_of(cell, &whole, metrics, compare);
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

/// A record of this cell alone.
fn alone(cell: Cell, whole: &Results) -> Results {
    let environments = whole.environments.get(cell.environment).cloned().into_iter().collect();
    Results { environments, cells: vec![Cell { environment: 0, ..cell }], ..whole.clone() }
}

impl SelfTest {
    fn cell(&mut self, cell: &Cell, index: usize, whole: &Results, metrics: &[Metric], compare: Compare) {
        let mut uncovered: Vec<Metric> =
            metrics.iter().filter(|metric| metric.value(cell).is_some()).copied().collect();
        self.cells += 1;
        self.metrics += uncovered.len();
        let alone = alone(whole.cells[index].clone(), whole);
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

    /// Holds each figure of a cell, times too, against limits.
    fn limits_of(&mut self, cell: &Cell, whole: &Results, metrics: &[Metric], compare: Compare) {
        let timed = Cell { time: cell.time.clone(), ..counted(cell) };
        let alone = self::alone(timed, whole);
        for metric in metrics {
            let Some(value) = metric.value(cell).map(real).filter(|value| value.is_finite()) else { continue };
            self.limits += 1;
            let slip = |change| Slip { cell: cell.id.clone(), metric: metric.name, change };
            self.limit_slips.extend(limits::misjudged(&alone, metric, value, compare).map(slip));
        }
    }

    /// A pass when all was caught; a regression when the gate can't be trusted; unjudged when there was nothing to worsen.
    pub fn outcome(&self) -> Outcome {
        if !(self.slips.is_empty()
            && self.limit_slips.is_empty()
            && self.uncovered.is_empty()
            && self.false_alarms.is_empty())
        {
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
        let caught_limits = self.limits - self.limit_slips.len();
        let limits = format!("{} broken, {caught_limits} caught", plural(self.limits, "limit"));
        let mut text = format!("**{word}** {injected} injected, {caught} caught; {limits}; {metrics} in {cells}.\n");
        let mut lines = Vec::new();
        for Slip { cell, metric, change } in &self.slips {
            lines.push(format!("`{cell}`: {metric} got worse by {change}, and the gate did not say so."));
        }
        for Slip { cell, metric, change } in &self.limit_slips {
            lines.push(format!("`{cell}`: {metric}, {change}."));
        }
        for (cell, metric) in &self.uncovered {
            lines.push(format!("`{cell}`: {metric} gets worse by no integer of the record: not known to be gated."));
        }
        for (cell, change) in &self.false_alarms {
            lines.push(format!("`{cell}`: the gate failed although nothing that fails was worse ({change})."));
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
        let [before, after] = self.in_both(baseline, current);
        let worse: Vec<Metric> =
            self.metrics.iter().filter(|m| worse(m, m.value(before), m.value(after))).copied().collect();
        let verdict = (self.compare)(baseline, current, &Policy::default(), self.metrics);
        let failed = verdict.outcome() == Outcome::Regression;
        let due = |metric: &Metric| match metric.rank {
            Rank::Description => Level::Inform,
            Rank::BuildCost if within_half_a_percent(metric.value(before), metric.value(after)) => Level::Allowed,
            _ if self.exact => Level::Fail,
            _ => Level::Warn,
        };
        let named = |name: &str, level| {
            verdict.at(level).any(|found| {
                matches!(&found.what, What::Metric { metric, .. } if metric.name == name) && found.cell == *self.cell
            })
        };
        for metric in &worse {
            self.test.injected += 1;
            if named(metric.name, due(metric)) && (failed || due(metric) != Level::Fail) {
                self.test.caught += 1;
            } else {
                let slip = Slip { cell: self.cell.clone(), metric: metric.name, change: change.to_owned() };
                self.test.slips.push(slip);
            }
        }
        if failed && worse.iter().all(|metric| due(metric) != Level::Fail) {
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

fn within_half_a_percent(before: Option<Number>, after: Option<Number>) -> bool {
    before.zip(after).is_some_and(|(before, after)| (real(after) - real(before)) * 200.0 <= real(before))
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
