//! The highest rates of arrival that keep a limit of response times, as a small table.

use super::group::Group;
use super::number::{duration, integer, plain};
use super::side::{ABSENT, Side, median};
use crate::record::{HighestRate, Services};

/// Where the headings have whose times the operations take.
const TIMES: usize = 3;

pub(super) const SIDE: Side = Side {
    title: "The highest rate that keeps a limit",
    headings: &["map", "limit", "arrivals", "times", "highest /s"],
    legend: &[(
        None,
        "The highest rate at which callers may arrive so that their response times, wait and service, keep the limit, worked out \
        from the time of each operation, less the clock's floor; the median over the repetitions where times are observed; at \
        most the rate at which the map is always busy. 0 is a limit that no rate keeps.",
    )],
    dropped: &[TIMES],
    differs: Some(TIMES),
    rows,
    on_terminal: |_| true,
};

/// Undisturbed times first.
fn rows(group: &Group<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for row in group.rows.iter().filter(|row| !row.failed()) {
        let all = row.cell.time.iter().flat_map(|time| &time.highest_rates);
        let of = |services| all.clone().filter(move |one| one.services == services);
        rows.extend(of(Services::Undisturbed).chain(of(Services::Observed)).map(|one| texts(&row.label, one)));
    }
    rows
}

fn texts(label: &str, one: &HighestRate) -> Vec<String> {
    let share = match one.quantile {
        1.0 => "max".to_owned(),
        quantile => format!("p{}", plain(quantile * 100.0)),
    };
    let rate = median(one.rates_per_s.iter().map(|&rate| rate as f64));
    vec![
        label.to_owned(),
        format!("{share} {}", duration(one.limit_ns as f64)),
        one.arrivals.name().to_owned(),
        one.services.name().to_owned(),
        rate.map_or(ABSENT.to_owned(), |rate| integer(rate as u64)),
    ]
}
