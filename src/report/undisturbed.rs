//! What is said of times: which are undisturbed, which are not, and what the machine did meanwhile.

use std::collections::BTreeSet;

use super::number::{integer, plain};
use crate::record::metrics::Number;
use crate::record::metrics::undisturbed::{DISTURBANCE_PERCENT, of};
use crate::record::{Cell, Results, Status};

/// The share of the time of half of the cells from which on a machine is called busy.
const BUSY_PERCENT: f64 = 25.0;

/// Sentences, for below a table.
pub(super) fn notes(results: &Results) -> Vec<String> {
    let timed = || results.cells.iter().filter(|cell| cell.status == Status::Ok && cell.time.is_some());
    if timed().next().is_none() {
        return Vec::new();
    }
    let observed: BTreeSet<&str> = timed().filter(|cell| of(cell).is_none()).map(|cell| &*cell.id.map).collect();
    let mut notes = vec![match (timed().any(|cell| of(cell).is_some()), observed.is_empty()) {
        (true, true) => {
            "Times are undisturbed: the least over the repetitions, of each operation (time: of each 64).".to_owned()
        }
        (true, false) => format!(
            "Times are undisturbed, the least over the repetitions, of each operation (time: of each 64), but for {}: those \
             are observed, and what the machine did is in them.",
            and(&observed)
        ),
        (false, _) => "Times are observed: what the machine did besides is in them.".to_owned(),
    }];
    notes.extend(busy(timed()));
    notes
}

/// A warning, where the machine took a good part of the time.
fn busy<'a>(timed: impl Iterator<Item = &'a Cell> + Clone) -> Option<String> {
    let mut shares: Vec<f64> =
        timed.clone().filter_map(|cell| DISTURBANCE_PERCENT.value(cell)).map(Number::as_f64).collect();
    shares.sort_by(f64::total_cmp);
    let median = *shares.get(shares.len() / 2)?;
    let switches = timed.filter_map(|cell| cell.time.as_ref()?.sensors.as_ref());
    let switches =
        switches.flat_map(|sensors| &sensors.involuntary_switches).fold(0_u64, |sum, &n| sum.saturating_add(n));
    (median >= BUSY_PERCENT).then(|| {
        format!(
            "The machine was busy: it took {} % of the time of half of the cells or more, and took the processor away {} \
             times. Undisturbed times leave that out, observed ones don't.",
            plain(median.round()),
            integer(switches)
        )
    })
}

/// `a`, `a and b`, `a, b and 3 more`.
fn and(names: &BTreeSet<&str>) -> String {
    const NAMED_MAX: usize = 3;
    let all: Vec<&str> = names.iter().copied().collect();
    match &all[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        few if few.len() <= NAMED_MAX => format!("{} and {}", few[..few.len() - 1].join(", "), few[few.len() - 1]),
        many => format!("{} and {} more", many[..NAMED_MAX].join(", "), many.len() - NAMED_MAX),
    }
}
