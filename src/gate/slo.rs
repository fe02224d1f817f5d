//! Objectives of the service level: what a metric may be at all, whatever it was before.

use std::fmt;

use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use super::names::{glob_or_all, instead};
use super::number::real;
use crate::record::CellId;
use crate::record::metrics::{Better, Metric, Number};
use crate::text::shown;

/// An objective as it is written; nothing in it is trusted yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSlo {
    limit: Spanned<String>,
    cells: Option<Spanned<String>>,
}

/// A metric's bound in the cells of a pattern.
#[derive(Debug, Clone)]
pub(super) struct Slo {
    /// Where it is written, as `file:line`.
    pub place: String,
    metric: String,
    unit: Option<String>,
    pub bound: Bound,
    cells: GlobMatcher,
    /// As it is written, unless it is left out.
    pattern: Option<String>,
}

/// What a metric may be; finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// So much, or less.
    Ceiling(f64),
    /// So much, or more.
    Floor(f64),
}

impl Bound {
    /// The number.
    pub const fn value(self) -> f64 {
        match self {
            Bound::Ceiling(value) | Bound::Floor(value) => value,
        }
    }

    /// How far `value` is beyond it, in the metric's unit; 0 or less within it.
    pub(super) fn beyond(self, value: Number) -> f64 {
        match self {
            Bound::Ceiling(most) => real(value) - most,
            Bound::Floor(least) => least - real(value),
        }
    }
}

/// `<= 500`.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Ceiling(most) => write!(f, "<= {most}"),
            Bound::Floor(least) => write!(f, ">= {least}"),
        }
    }
}

impl Slo {
    /// The objective, or the byte offset of what is wrong with it and what that is.
    pub fn new(wire: WireSlo, metrics: &[Metric], place: String) -> Result<Slo, (usize, String)> {
        let start = wire.limit.span().start;
        let (metric, unit, bound) = limit(wire.limit.get_ref(), metrics).map_err(|what| (start, what))?;
        let cells = glob_or_all(wire.cells.as_ref(), "cells", "cells")?;
        Ok(Slo { place, metric, unit, bound, cells, pattern: wire.cells.map(Spanned::into_inner) })
    }

    /// Whether it is of this metric.
    pub fn is_of(&self, metric: &Metric) -> bool {
        metric.name == self.metric && self.unit.as_deref().is_none_or(|unit| unit == metric.unit)
    }

    /// Whether it holds for this cell, whose name is as tables have it: `std uniform fill u64/u64 ops=1000 seed=1`.
    pub fn holds_for(&self, cell: &CellId) -> bool {
        self.cells.is_match(cell.to_string())
    }

    /// What to say where no cell has the metric: a limit that nothing is held against has not been kept.
    pub fn idle(&self) -> String {
        let Slo { place, metric, bound, pattern, .. } = self;
        let of = match pattern.as_deref() {
            None | Some("*") => String::new(),
            Some(pattern) => format!(" that matches `{}`", shown(pattern)),
        };
        format!(
            "Nothing was compared with the limit `{metric} {bound}` ({place}): no cell{of} in the current record has this metric. \
             Run the pass that measures it, or mend the limit."
        )
    }
}

/// `NAME <= NUMBER`, `NAME >= NUMBER`, either with the metric's unit at its end; or what is wrong with it.
fn limit(text: &str, metrics: &[Metric]) -> Result<(String, Option<String>, Bound), String> {
    let form = || format!("`{}` is no limit: expected NAME <= NUMBER or NAME >= NUMBER, a unit after it", shown(text));
    let (name, ceiling, rest) = match (text.split_once("<="), text.split_once(">=")) {
        (Some((name, rest)), None) => (name.trim(), true, rest),
        (None, Some((name, rest))) => (name.trim(), false, rest),
        _ => return Err(form()),
    };
    let mut words = rest.split_whitespace();
    let (Some(number), unit, None) = (words.next(), words.next(), words.next()) else { return Err(form()) };
    let named: Vec<&Metric> = metrics.iter().filter(|metric| metric.name == name).collect();
    let Some(metric) = named.first() else {
        return Err(format!("no metric is called `{}`{}", shown(name), instead(name, metrics)));
    };
    if let Some(unit) = unit.filter(|unit| named.iter().all(|metric| metric.unit != *unit)) {
        return Err(format!(
            "`{name}` is in {}, not in {}: give the limit in {}",
            metric.unit,
            shown(unit),
            metric.unit
        ));
    }
    match (metric.better, ceiling) {
        (Better::Lower, false) => return Err(format!("less of `{name}` is better: expected a ceiling, `<=`")),
        (Better::Higher, true) => return Err(format!("more of `{name}` is better: expected a floor, `>=`")),
        _ => {}
    }
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            let bound = if ceiling { Bound::Ceiling(value) } else { Bound::Floor(value) };
            Ok((name.to_owned(), unit.map(str::to_owned), bound))
        }
        Ok(_) => Err(format!("`{}` is not finite: a limit is a number that can be reached", shown(number))),
        Err(_) => Err(format!("`{}` is not a number: expected one as 500, 0.5 or 1e6", shown(number))),
    }
}
