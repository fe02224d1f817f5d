//! What changed between two runs: which cells are held against each other, what counts as a change, what is written.

mod browser;
mod pairing;
mod process;
mod shown;

use mapscope::diff::{Diff, Side, diff};
use mapscope::record::Results;

use crate::gate::fixture::METRICS;

/// `after` held against `before`, by the fixture's metrics.
fn compared<'a>(before: &'a Results, after: &'a Results) -> Diff<'a> {
    diff(Side { name: "a", results: before }, Side { name: "b", results: after }, METRICS)
}

/// The names of the metrics that changed, exact ones or the others, the largest change first.
fn changed(diff: &Diff<'_>, exact: bool) -> Vec<&'static str> {
    diff.of_class(exact).map(|change| change.metric.name).collect()
}
