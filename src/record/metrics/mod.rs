//! The metrics: what a record says, by name. One file a family, one registry: [`all`]. Reports and the gate iterate it; adding a metric edits neither.

use super::Cell;

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The CSV header and the JSON key; the unit comes last in it.
    pub name: &'static str,
    /// `count`, `bytes`, `ns`, `ratio`, `percent`, `bits`, `bytes/write`, ...
    pub unit: &'static str,
    /// Exact or statistical.
    pub class: Class,
    /// Which way is better.
    pub better: Better,
    /// What it says, with its formula; one or two sentences.
    pub summary: &'static str,
    /// Its value in a cell; `None` where the cell can't have it.
    pub value: fn(&Cell) -> Option<Number>,
}

/// Whether a metric repeats bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It does.
    Exact,
    /// It is a time.
    Statistical,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// It describes the workload: any change means that the two runs did different work.
    Neither,
}

/// A metric's value: an integer as counted, or a quotient never rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Counted.
    Int(u64),
    /// Derived; finite.
    Real(f64),
}

/// Every metric, in the order of the CSV's columns.
pub fn all() -> &'static [Metric] {
    &[]
}
