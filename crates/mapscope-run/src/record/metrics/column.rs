//! How a table shows a metric.

use crate::record::Cell;

/// A column of the tables on the terminal and in Markdown.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its place: smaller is farther left, equal places are in the order of the registry.
    pub place: u8,
    /// First line of its heading.
    pub top: &'static str,
    /// Second line of its heading: the unit.
    pub unit: &'static str,
    /// What it says, for the legend.
    pub legend: &'static str,
    /// Whether it is a latency, with one reading of the clock in it.
    pub latency: bool,
    /// How soon a narrow terminal drops it, 1 last; `None` for Markdown only.
    pub rank: Option<u8>,
    /// The most decimals.
    pub decimals: usize,
    /// What a value is divided by to be in the column's unit.
    pub divisor: f64,
    /// Whether larger is better; otherwise smaller is.
    pub larger: bool,
    /// Which cells have a figure.
    pub of: fn(&Cell) -> bool,
    /// The terminal, which has little room, shows the column where a cell is worth it.
    pub worth: fn(&Cell) -> bool,
    /// What the figure is a share of, which goes before it; such figures are neither better nor worse.
    pub named: Option<fn(&Cell) -> Option<&'static str>>,
}

impl Column {
    /// Of whole figures, in the metric's unit, in Markdown only.
    pub(super) const fn new(place: u8, top: &'static str, unit: &'static str, legend: &'static str) -> Column {
        Column {
            place,
            top,
            unit,
            legend,
            latency: false,
            rank: None,
            decimals: 0,
            divisor: 1.0,
            larger: false,
            of: |_| true,
            worth: |_| true,
            named: None,
        }
    }

    pub(super) const fn latency(self) -> Column {
        Column { latency: true, ..self }
    }

    /// On the terminal too, whose width this rank has.
    pub(super) const fn rank(self, rank: u8) -> Column {
        Column { rank: Some(rank), ..self }
    }

    pub(super) const fn decimals(self, decimals: usize) -> Column {
        Column { decimals, ..self }
    }

    pub(super) const fn divisor(self, divisor: f64) -> Column {
        Column { divisor, ..self }
    }
}
