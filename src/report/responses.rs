//! What callers wait at a rate of arrival, as small tables.

use super::group::Group;
use super::number::{duration, fixed, integer};
use crate::record::{Responses, Results, Services};

pub(super) const COLUMNS: usize = 9;

pub(super) const HEADINGS: [&str; COLUMNS] =
    ["map", "rate /s", "arrivals", "times", "busy", "p50", "p99", "p99.9", "max"];

/// Where [`HEADINGS`] has whose times the operations take.
pub(super) const TIMES: usize = 3;

/// In the order in which a narrow terminal drops them.
pub(super) const DROPPED: [usize; 4] = [TIMES, 4, 5, 6];

/// What the tables need to be read.
pub(super) const LEGEND: &str = "Response times: wait and service of callers who arrive at this rate, worked out from the \
    time of each operation, less the clock's floor; medians over the repetitions, of max the largest. Where the map is busy \
    100 % of the time or more, waits grow as long as callers come.";

/// Whether the record has any.
pub(super) fn any(results: &Results) -> bool {
    results.cells.iter().filter_map(|cell| cell.time.as_ref()).any(|time| !time.responses.is_empty())
}

/// The rows of a group, undisturbed times first; none where it has no response times.
pub(super) fn rows(group: &Group<'_>) -> Vec<[String; COLUMNS]> {
    let mut rows = Vec::new();
    for row in group.rows.iter().filter(|row| !row.failed()) {
        let all = row.cell.time.iter().flat_map(|time| &time.responses);
        let of = |services| all.clone().filter(move |one| one.services == services);
        let ordered = of(Services::Undisturbed).chain(of(Services::Observed));
        rows.extend(ordered.map(|one| texts(&row.label, one)));
    }
    rows
}

fn texts(label: &str, one: &Responses) -> [String; COLUMNS] {
    let ns = |value: Option<f64>| value.map_or("-".to_owned(), duration);
    let percentile = |list: &[u64]| ns(median(list.iter().map(|&ns| ns as f64)));
    let busy = median(one.busy()).map_or("-".to_owned(), |share| format!("{} %", fixed(share * 100.0, 1)));
    [
        label.to_owned(),
        integer(one.rate_per_s),
        one.arrivals.name().to_owned(),
        one.services.name().to_owned(),
        busy,
        percentile(&one.p50_ns),
        percentile(&one.p99_ns),
        percentile(&one.p999_ns),
        ns(one.max_ns.iter().max().map(|&ns| ns as f64)),
    ]
}

/// Halfway between the middle two where their number is even.
fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let above = *values.get(values.len() / 2)?;
    let below = values[(values.len() - 1) / 2];
    Some((below + above) / 2.0)
}
