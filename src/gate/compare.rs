//! The comparison of two records.

use std::collections::BTreeMap;

use super::environment::{circumstances, words};
use super::mann_whitney::REPETITIONS_MIN;
use super::number::{plural, real};
use super::policy::{Action, Decision, Policy};
use super::timing::Incomparable;
use super::verdict::{Chance, Change, Kind, Level, Outcome, Tally, Verdict, What};
use crate::record::metrics::{Better, Class, Metric, Number, Rank};
use crate::record::{CLOCK_STEP_NS, Cell, Results, SchemasDiffer, Status, Time, at_equal_repetitions};

/// Compares `current` with `baseline`, metric by metric. [The module](super) says what follows from which difference.
pub fn compare(baseline: &Results, current: &Results, policy: &Policy, metrics: &[Metric]) -> Verdict {
    let before: BTreeMap<_, &Cell> = baseline.cells.iter().map(|cell| (cell.id.key(), cell)).collect();
    let after: BTreeMap<_, &Cell> = current.cells.iter().map(|cell| (cell.id.key(), cell)).collect();
    let mut comparison = Comparison::new(baseline, current, policy, metrics);
    if let Err(SchemasDiffer { before, after }) = baseline.comparable(current) {
        let (what, again) = match before < after {
            true => ("baseline", "; then renew it (`mapscope baseline accept`)"),
            false => ("current record", ""),
        };
        comparison.verdict.unjudged.push(format!(
            "The baseline has schema {before}, the current record {after}, and their figures don't mean the same: run the \
             {what}'s cells again with this mapscope{again}."
        ));
    }
    if before.is_empty() || !before.keys().any(|key| after.contains_key(key)) {
        let (n, m) = (before.len(), after.len());
        let what =
            format!("The records have no cell in common ({n} in the baseline, {m} now): run both with one profile.");
        comparison.verdict.unjudged.push(what);
    }
    if !comparison.verdict.unjudged.is_empty() {
        comparison.hold();
        return comparison.verdict;
    }
    for (name, results) in [("baseline", baseline), ("current record", current)] {
        if results.partial {
            let what =
                format!("The {name} is partial: its run ended before all cells were done; run it again, to its end.");
            comparison.verdict.unjudged.push(what);
        }
    }
    for cell in &baseline.cells {
        comparison.cell(cell, after.get(&cell.id.key()).copied());
    }
    for cell in current.cells.iter().filter(|cell| !before.contains_key(&cell.id.key())) {
        comparison.new_cell(cell);
    }
    comparison.hold();
    let mut verdict = comparison.finish();
    let Tally { exact, statistical, limits, .. } = verdict.tally;
    if verdict.outcome() == Outcome::Pass && exact + statistical + limits == 0 {
        let what = match verdict.tally.cells {
            0 => "no cell has figures in both records. Make a record whose cells ended well the new baseline.",
            _ => "the policy ignores every metric that both records have.",
        };
        verdict.unjudged.push(format!("Nothing was compared: {what}"));
    }
    verdict
}

/// Compares cells of two records by the rules of [`compare`], whatever their identities: each pair is one of `baseline`
/// and one of `current`, and changes bear the identity of the former.
pub fn compare_pairs<'a>(
    (baseline, current): (&'a Results, &'a Results),
    pairs: impl IntoIterator<Item = (&'a Cell, &'a Cell)>,
    policy: &'a Policy,
    metrics: &'a [Metric],
) -> Verdict {
    let mut comparison = Comparison::new(baseline, current, policy, metrics);
    for (before, after) in pairs {
        comparison.cell(before, Some(after));
    }
    comparison.finish()
}

struct Comparison<'a> {
    baseline: &'a Results,
    current: &'a Results,
    policy: &'a Policy,
    metrics: &'a [Metric],
    verdict: Verdict,
    /// Why times were not compared, and in how many cells.
    times: BTreeMap<Incomparable, Uncompared>,
    /// What differs that exact metrics may depend on, in words, and in how many cells.
    circumstances: BTreeMap<String, usize>,
    /// What differs that costs of a build depend on, in words, and in how many cells.
    builds: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Uncompared {
    cells: usize,
    /// Whether a rule says that one of the times fails.
    must_be_judged: bool,
}

/// The two records of one cell, and what holds for all of its metrics.
struct Pair<'a> {
    before: &'a Cell,
    after: &'a Cell,
    /// Both records call it exact.
    exact: bool,
    /// Why none of their times can be compared.
    incomparable: Option<Incomparable>,
    /// Their instructions are of one build, or only one has any.
    one_build: bool,
    /// Whether one has undisturbed times, and not both after equally many repetitions.
    settled_apart: bool,
}

impl<'a> Comparison<'a> {
    fn new(baseline: &'a Results, current: &'a Results, policy: &'a Policy, metrics: &'a [Metric]) -> Comparison<'a> {
        let (mut verdict, times, circumstances, builds): (Verdict, _, _, _) = Default::default();
        verdict.accepted = baseline.accepted.last().cloned();
        Comparison { baseline, current, policy, metrics, verdict, times, circumstances, builds }
    }

    fn cell(&mut self, before: &Cell, after: Option<&Cell>) {
        let Some(after) = after else {
            let lost = !self.current.partial && before.status != Status::NotRun;
            let level = if lost { Level::Fail } else { Level::Unjudged };
            return self.status(Kind::Missing, level, Some(before), None);
        };
        let (kind, level) = match (before.status, after.status) {
            (Status::Ok, Status::Ok) => return self.pair(before, after),
            (Status::NotRun, _) | (_, Status::NotRun) => (Kind::NotRun, Level::Unjudged),
            (Status::Ok, _) => (Kind::Failed, Level::Fail),
            (_, Status::Ok) => (Kind::Recovered, Level::Better),
            _ => (Kind::FailedInBoth, Level::Unjudged),
        };
        self.status(kind, level, Some(before), Some(after));
    }

    fn new_cell(&mut self, cell: &Cell) {
        let (kind, level) = match cell.status {
            Status::Ok | Status::NotRun => (Kind::NewCell, Level::Note),
            _ => (Kind::Failed, Level::Fail),
        };
        self.status(kind, level, None, Some(cell));
    }

    fn status(&mut self, kind: Kind, level: Level, before: Option<&Cell>, after: Option<&Cell>) {
        let Some(cell) = after.or(before) else { return };
        let what = What::Status {
            before: before.map(|c| c.status),
            after: after.map(|c| c.status),
            error: cell.error.clone(),
        };
        let worsening = if level == Level::Better { f64::NEG_INFINITY } else { f64::INFINITY };
        self.verdict.changes.push(Change { cell: cell.id.clone(), what, kind, level, worsening });
    }

    fn pair(&mut self, before: &Cell, after: &Cell) {
        let differences = circumstances((self.baseline, before), (self.current, after));
        let bears_on_exact = words(differences.iter().flatten().filter(|difference| difference.bears_on_exact));
        if !bears_on_exact.is_empty() {
            *self.circumstances.entry(bears_on_exact).or_default() += 1;
        }
        let bears_on_times = match &differences {
            Some(differences) => words(differences.iter().filter(|difference| difference.bears_on_times)),
            None => "the environment is not recorded".to_owned(),
        };
        let repetitions = |cell: &Cell| cell.time.as_ref().map(|time| time.clocked_elapsed_ns.len());
        let incomparable = match repetitions(before).zip(repetitions(after)) {
            _ if !bears_on_times.is_empty() => Some(Incomparable::Environment(bears_on_times)),
            Some((a, b)) if a.min(b) < REPETITIONS_MIN => Some(Incomparable::Repetitions(a.min(b))),
            _ if [before, after].iter().any(|cell| cell.time.as_ref().is_some_and(Time::shared_process)) => {
                Some(Incomparable::SharedProcess)
            }
            _ => None,
        };
        let settled = |cell: &Cell| cell.time.as_ref().is_some_and(|time| !time.undisturbed.is_empty());
        let any_settled = settled(before) || settled(after);
        let [before, after] = at_equal_repetitions(before, after);
        let (before, after) = (&*before, &*after);
        let settled_apart = any_settled && !(settled(before) && settled(after));
        let builds = [before, after].map(|cell| cell.instructions.as_ref().map(|counted| &*counted.build));
        let one_build = match builds {
            [Some(before), Some(after)] if before != after => {
                *self.builds.entry(format!("`{before}` -> `{after}`")).or_default() += 1;
                false
            }
            _ => true,
        };
        let pair = Pair { before, after, exact: before.exact && after.exact, incomparable, one_build, settled_apart };
        self.verdict.tally.cells += 1;
        let mut reasons: BTreeMap<Incomparable, bool> = BTreeMap::new();
        for metric in self.metrics {
            if let Err((reason, must_be_judged)) = self.metric(metric, &pair) {
                *reasons.entry(reason).or_default() |= must_be_judged;
            }
        }
        for (reason, must_be_judged) in reasons {
            let uncompared = self.times.entry(reason).or_default();
            uncompared.cells += 1;
            uncompared.must_be_judged |= must_be_judged;
        }
    }

    /// Compares one metric; where that can't be done, gives the reason, and whether a rule says that it fails.
    fn metric(&mut self, metric: &Metric, pair: &Pair<'_>) -> Result<(), (Incomparable, bool)> {
        let statistical = metric.class == Class::Statistical;
        if statistical && metric.better == Better::Neither {
            return Ok(());
        }
        let timed = metric.timed();
        // A value that is no number can't be compared: it counts as absent, so that it can't hide either.
        let value = |cell| metric.value(cell).filter(|&value| real(value).is_finite());
        let decision = self.policy.decide(metric, &pair.before.id.map);
        let uncompared = |reason: &Incomparable| Err((reason.clone(), decision.must_be_judged));
        let both_timed = timed && pair.before.time.is_some() && pair.after.time.is_some();
        // Times are dear to evaluate: not where nothing could follow.
        let undisturbed = metric.rank.is_undisturbed();
        let incomparable = pair.incomparable.as_ref();
        // The least of three repetitions are no samples, and can be held against the least of three others.
        let incomparable =
            incomparable.filter(|reason| !(undisturbed && matches!(reason, Incomparable::Repetitions(_))));
        if let (Some(reason), true) = (incomparable, both_timed && decision.action != Action::Ignore) {
            return uncompared(reason);
        }
        let values @ (before, after) = (value(pair.before), value(pair.after));
        let level = match decision.action {
            Action::Ignore => {
                self.verdict.tally.ignored += usize::from(values != (None, None));
                return Ok(());
            }
            Action::Fail | Action::Warn if metric.rank == Rank::BuildCost && !pair.one_build => Level::Inform,
            Action::Fail if timed || pair.exact => Level::Fail,
            Action::Fail | Action::Warn => Level::Warn,
            Action::Inform => Level::Inform,
        };
        let own = || [pair.before, pair.after].map(|cell| metric.repetitions(cell));
        let (kind, level, worsening) = match values {
            (None, None) if undisturbed && pair.settled_apart => return uncompared(&Incomparable::Unsettled),
            (None, None) => return Ok(()),
            // All repetitions together may give what none of them does: then it depends on how many there are.
            (Some(_), None) | (None, Some(_)) if both_timed && own().iter().all(Vec::is_empty) => {
                return uncompared(&Incomparable::Unrepeated(metric.name));
            }
            (Some(_), None) => (Kind::Vanished, level, f64::INFINITY),
            (None, Some(_)) => (Kind::Appeared, Level::Note, f64::INFINITY),
            (Some(a), Some(b)) => {
                if undisturbed {
                    self.verdict.tally.statistical += 1;
                    let apart = |before, after| moved_by(metric, &decision, before, after);
                    if !settled_apart(&[pair.before, pair.after].map(|cell| metric.settled(cell)), apart) {
                        return Ok(());
                    }
                } else if timed {
                    let own = own();
                    let Some(differs) = self.verdict.chance.differs(&own, [real(a), real(b)]) else {
                        return uncompared(&Incomparable::Unrepeated(metric.name));
                    };
                    self.verdict.tally.statistical += 1;
                    if !differs {
                        return Ok(());
                    }
                } else {
                    self.verdict.tally.exact += 1;
                }
                let by = worsening(metric.better, a, b);
                if by == 0.0 {
                    return Ok(());
                }
                match metric.better {
                    Better::Neither => (Kind::WorkChanged, level, f64::INFINITY),
                    _ if statistical && decision.allows(real(a), by.abs()) => return Ok(()),
                    _ => decision.judge(real(a), by, level),
                }
            }
        };
        let what = What::Metric { metric: *metric, before, after };
        self.verdict.changes.push(Change { cell: pair.before.id.clone(), what, kind, level, worsening });
        Ok(())
    }

    /// Holds the current record against the policy's objectives.
    fn hold(&mut self) {
        for slo in self.policy.slos() {
            let judged = |cell: &&Cell| cell.status == Status::Ok && slo.holds_for(&cell.id);
            let mut held = 0;
            for cell in self.current.cells.iter().filter(judged) {
                let values = self.metrics.iter().filter(|metric| slo.is_of(metric));
                let values = values.filter_map(|metric| Some((*metric, metric.value(cell)?)));
                for (metric, value) in values.filter(|(_, value)| real(*value).is_finite()) {
                    held += 1;
                    let (bound, beyond) = (slo.bound, slo.bound.beyond(value));
                    if beyond > 0.0 {
                        let worsening = beyond / bound.value().abs();
                        let (what, kind, level) =
                            (What::Limit { metric, bound, value }, Kind::LimitBroken, Level::Fail);
                        self.verdict.changes.push(Change { cell: cell.id.clone(), what, kind, level, worsening });
                    }
                }
            }
            if held == 0 {
                self.verdict.unjudged.push(slo.idle());
            }
            self.verdict.tally.limits += held;
        }
    }

    fn finish(self) -> Verdict {
        let Comparison { mut verdict, baseline, current, policy, times, circumstances, builds, .. } = self;
        for (reason, Uncompared { cells, must_be_judged }) in times {
            verdict.times_not_compared.push((reason.clone(), cells));
            let cells = plural(cells, "cell");
            let what = reason.of();
            if must_be_judged {
                let what =
                    format!("The policy says that times fail, but {what} of {cells} can't be compared: {reason}.");
                verdict.unjudged.push(what);
            } else {
                verdict.notes.push(format!("Not compared: {what} of {cells}: {reason}."));
            }
        }
        let named = |change: &Change| {
            matches!(change.what, What::Metric { metric, .. } if metric.class == Class::Statistical)
                && matches!(change.kind, Kind::Worse | Kind::Better)
        };
        if verdict.changes.iter().any(named) {
            let Chance { compared, expected, apart } = verdict.chance;
            let of = plural(compared, "time");
            verdict.notes.push(format!(
                "Of {of}, {expected:.2} would rank apart by chance alone; {apart} did. A busy machine is not in that number, \
                 and times of one cell go up and down together."
            ));
        }
        for (difference, cells) in circumstances {
            verdict.notes.push(format!(
                "{} under other circumstances: {difference}. Exact metrics were compared all the same; a change in them may \
                 come from this. If it is wanted, make the current record the new baseline.",
                plural(cells, "cell")
            ));
        }
        for (difference, cells) in builds {
            verdict.notes.push(format!(
                "Instructions of {} are of another build, and only inform: {difference}.",
                plural(cells, "cell")
            ));
        }
        let inexact = [baseline, current].map(|results| results.cells.iter().filter(|cell| !cell.exact).count());
        if let Some(cells @ 1..) = inexact.into_iter().max() {
            let cells = plural(cells, "cell");
            verdict.notes.push(format!("{cells} can't be seeded (`exact = false`): exact metrics only warn there."));
        }
        if verdict.tally.ignored > 0 {
            let metrics = plural(verdict.tally.ignored, "metric");
            verdict.notes.push(format!("The policy ignored {metrics}."));
        }
        let maps = baseline.cells.iter().chain(&current.cells).map(|cell| &*cell.id.map);
        for rule in policy.rules_for_none_of(maps) {
            verdict.notes.push(format!("The rule at {rule} is for maps that are in neither record."));
        }
        verdict
    }
}

/// Whether an undisturbed time went one way after each number of repetitions, by more than its limits each time.
fn settled_apart([before, after]: &[Vec<f64>; 2], moved: impl Fn(f64, f64) -> i8) -> bool {
    let mut ways = before.iter().zip(after).map(|(&before, &after)| moved(before, after));
    let first = ways.next().unwrap_or(0);
    first != 0 && ways.all(|way| way == first)
}

/// The way that a time went, beyond its limits and, where it is one operation's, a step of the clock; 0 within.
fn moved_by(metric: &Metric, decision: &Decision, before: f64, after: f64) -> i8 {
    let by = after - before;
    let within = decision.allows(before, by.abs()) || metric.whole() && by.abs() <= CLOCK_STEP_NS as f64;
    if within { 0 } else { by.signum() as i8 }
}

/// By how much `after` is worse, in the metric's unit; below 0 when it is better. Never rounded to 0.
fn worsening(better: Better, before: Number, after: Number) -> f64 {
    let rise = match (before, after) {
        // As reals, two large integers could look equal.
        (Number::Int(a), Number::Int(b)) if b >= a => (b - a) as f64,
        (Number::Int(a), Number::Int(b)) => -((a - b) as f64),
        _ => real(after) - real(before),
    };
    match better {
        Better::Lower => rise,
        Better::Higher => -rise,
        Better::Neither => rise.abs(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_one_is_seen_beyond_the_precision_of_a_real() {
        let (a, b) = (Number::Int(u64::MAX - 1), Number::Int(u64::MAX));
        assert_eq!(worsening(Better::Lower, a, b), 1.0);
        assert_eq!(worsening(Better::Lower, b, a), -1.0);
        assert_eq!(worsening(Better::Higher, b, a), 1.0);
        assert_eq!(worsening(Better::Neither, b, a), 1.0);
        assert_eq!(worsening(Better::Lower, Number::Int(1), Number::Real(1.5)), 0.5);
    }
}
