//! What callers wait at a rate of arrival, or at the pace of a trace, as small tables.

use super::group::Group;
use super::number::{duration, fixed, integer, plain};
use super::side::{ABSENT, Side, median};
use crate::record::{Pace, Responses, Services};

/// Where the headings have whose times the operations take.
const TIMES: usize = 3;

pub(super) const SIDE: Side = Side {
    title: "What callers wait",
    headings: &["map", "rate /s", "arrivals", "times", "busy", "p50", "p99", "p99.9", "max"],
    legend: &[(
        None,
        "Response times: wait and service of callers who arrive at this rate (poisson, paced), or when the trace says (trace; \
        trace*N is N times as fast; the rate is the mean), worked out from the time of each operation, less the clock's floor; \
        medians over the repetitions, of max the largest. Where the map is busy 100 % of the time or more, waits grow as long as \
        callers come.",
    )],
    dropped: &[4, 5, 6, TIMES],
    differs: Some(TIMES),
    rows,
    on_terminal: |_| true,
};

/// Undisturbed times first.
fn rows(group: &Group<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for row in group.rows.iter().filter(|row| !row.failed()) {
        let all = row.cell.time.iter().flat_map(|time| &time.responses);
        let of = |services| all.clone().filter(move |one| one.services == services);
        let ordered = of(Services::Undisturbed).chain(of(Services::Observed));
        rows.extend(ordered.map(|one| texts(&row.label, one)));
    }
    rows
}

fn texts(label: &str, one: &Responses) -> Vec<String> {
    let ns = |value: Option<f64>| value.map_or(ABSENT.to_owned(), duration);
    let percentile = |list: &[u64]| ns(median(list.iter().map(|&ns| ns as f64)));
    let busy = median(one.busy()).map_or(ABSENT.to_owned(), |share| format!("{} %", fixed(share * 100.0, 1)));
    vec![
        label.to_owned(),
        rate(one),
        arrivals(one),
        one.services.name().to_owned(),
        busy,
        percentile(&one.p50_ns),
        percentile(&one.p99_ns),
        percentile(&one.p999_ns),
        ns(one.max_ns.iter().max().map(|&ns| ns as f64)),
    ]
}

/// That of a trace is a mean, and may be less than one a second.
fn rate(one: &Responses) -> String {
    one.rate_per_s.map_or_else(|| plain(one.mean_rate_per_s()), integer)
}

fn arrivals(one: &Responses) -> String {
    let name = one.arrivals.name();
    match one.pace {
        Some(Pace { speed: speed @ 2.., .. }) => format!("{name}*{speed}"),
        _ => name.to_owned(),
    }
}
