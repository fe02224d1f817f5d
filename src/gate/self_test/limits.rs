//! Limits: a figure is held against one that it just keeps and one that it just breaks, in a policy's own words.

use std::slice;

use crate::gate::policy::Policy;
use crate::gate::verdict::{Outcome, Verdict, What};
use crate::record::Results;
use crate::record::metrics::{Better, Metric};

/// What the comparison got wrong of a metric that is `value` in the one cell of `alone`; `None` where nothing.
pub(super) fn misjudged(
    alone: &Results,
    metric: &Metric,
    value: f64,
    compare: impl Fn(&Results, &Results, &Policy, &[Metric]) -> Verdict,
) -> Option<String> {
    let (operator, beyond) = match metric.better {
        Better::Higher => (">=", value.next_up()),
        Better::Lower | Better::Neither => ("<=", value.next_down()),
    };
    let verdict = |bound: f64| {
        let policy = format!("[[slo]]\nlimit = \"{} {operator} {bound} {}\"", metric.name, metric.unit);
        let policy = Policy::parse(&policy, "self-test", slice::from_ref(metric)).ok()?;
        Some(compare(alone, alone, &policy, slice::from_ref(metric)))
    };
    let seen = verdict(beyond).is_some_and(|verdict| broken(&verdict) && verdict.outcome() == Outcome::Regression);
    let kept = verdict(value).is_some_and(|verdict| !broken(&verdict) && verdict.tally.limits == 1);
    match (seen, kept) {
        (true, true) => None,
        (false, _) => Some(format!("{value}, broke the limit `{operator} {beyond}`, and the gate did not say so")),
        (true, false) => Some(format!("{value}, kept the limit `{operator} {value}`, and the gate denied it")),
    }
}

fn broken(verdict: &Verdict) -> bool {
    verdict.changes.iter().any(|change| matches!(change.what, What::Limit { .. }))
}
