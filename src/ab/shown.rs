//! What all forms say in the same words.

use super::{Call, Cell, Changed, Comparison, Interval, Outcome, Timed};
use crate::gate::Action;
use crate::gate::number::{difference, plural};
use crate::record::metrics::Number;

/// `1.022..1.040`.
pub(super) fn interval(interval: Interval) -> String {
    format!("{:.3}..{:.3}", interval.low, interval.high)
}

/// What the turns say, and what follows.
pub(super) fn call(timed: &Timed) -> &'static str {
    match (timed.compared.call(), timed.action) {
        (Call::None, _) => "",
        (Call::Faster, _) => "faster",
        (Call::Slower, Some(Action::Fail)) => "SLOWER",
        (Call::Slower, _) => "slower",
    }
}

/// Whether exact metrics differ.
pub(super) fn exact(cell: &Cell) -> String {
    if cell.changed.is_empty() { "equal".to_owned() } else { format!("{} changed", cell.changed.len()) }
}

/// A metric that changed: `alloc_bytes +64 (+0.50 %)`.
pub(super) fn changed(Changed { metric, before, after }: &Changed) -> String {
    let text = |number: &Number| match number {
        Number::Int(n) => n.to_string(),
        Number::Real(x) => x.to_string(),
    };
    let how = match (before, after) {
        (Some(before), Some(after)) => difference(*before, *after),
        (Some(before), None) => format!("{}, now absent", text(before)),
        (None, Some(after)) => format!("new, {}", text(after)),
        (None, None) => "absent".to_owned(),
    };
    format!("{} {how}", metric.name)
}

/// The sentence that says it all.
pub(super) fn conclusion(comparison: &Comparison) -> String {
    let cells = &comparison.cells;
    let timed = || cells.iter().filter_map(|cell| cell.timed.as_ref().ok());
    let called = |call: Call| timed().filter(|timed| timed.compared.call() == call).count();
    let failed = timed().filter(|timed| timed.action == Some(Action::Fail)).count();
    let mut words = match comparison.outcome() {
        Outcome::Pass => "PASS".to_owned(),
        Outcome::Worse => "WORSE".to_owned(),
        Outcome::Unjudged => "NOT JUDGED".to_owned(),
    };
    words += &format!(": of {}, {} slower", plural(cells.len(), "cell"), called(Call::Slower));
    words += &format!(" ({failed} beyond the policy's limit), {} faster", called(Call::Faster));
    let untimed = cells.len() - timed().count();
    words += &if untimed > 0 { format!(", {untimed} not timed") } else { String::new() };
    words
}

/// As many cells are answered one by one.
const ANSWERS_MAX: usize = 3;

/// What the turns say of each of a few cells, in words.
pub(super) fn answers(comparison: &Comparison) -> Vec<String> {
    let few = Some(&comparison.cells).filter(|cells| cells.len() <= ANSWERS_MAX);
    let [old, new] = &comparison.sides;
    let answer = |cell: &Cell| {
        let Timed { ns_per_op: [before, after], compared, .. } = cell.timed.as_ref().ok()?;
        let (id, Interval { ratio, low, high }) = (&cell.id, compared.ratio);
        let times = format!("{after:.1} and {before:.1} ns an operation, {low:.3} to {high:.3} times at 95 %");
        Some(match compared.call() {
            Call::None => {
                format!("On {}, no difference in time is certain: {new} and {old} take {times}", id.work())
            }
            _ => format!("On {}, {new} takes {ratio:.3} times as long as {old}: {times}", id.work()),
        })
    };
    few.into_iter().flatten().filter_map(answer).collect()
}

/// What the columns mean.
pub(super) const LEGEND: &str = "ns: sum of the least blocks of 64 operations over all rounds, an operation. NEW/OLD is the \
                                 median over the rounds, with its 95 % interval. Control: the interval of OLD against itself \
                                 in the same rounds. Called is a change whose interval lies beyond the control's.";
