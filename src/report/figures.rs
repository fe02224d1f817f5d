//! The figures of a cell that people compare, and the columns that show them: those rows of the registry that have one.

use super::number::fixed;
use crate::record::metrics::dearest::Dearest;
use crate::record::metrics::latency::Written;
use crate::record::metrics::{self, Metric, Number, Shown};
use crate::record::{Cell, Results, Status};

/// A cell with what is derived from its histograms, so that they are unpacked once.
pub(super) struct Figures<'a> {
    pub cell: &'a Cell,
    /// Its name among its neighbours; its group sets it.
    pub label: String,
    pub written: Option<Written>,
    /// The kind of operation that took most of the time, of several.
    pub dearest: Option<Dearest>,
    /// What the columns show, in their order.
    shown: Vec<Option<Figure>>,
}

/// What a column shows of a cell.
struct Figure {
    /// In the column's unit.
    value: f64,
    /// What it is a share of.
    of: Option<&'static str>,
}

impl<'a> Figures<'a> {
    pub fn new(cell: &'a Cell, columns: &[Column]) -> Figures<'a> {
        let shown = columns.iter().map(|column| column.figure(cell)).collect();
        Figures { cell, label: cell.id.map.clone(), written: Written::of(cell), dearest: Dearest::of(cell), shown }
    }

    pub fn failed(&self) -> bool {
        self.cell.status != Status::Ok
    }

    pub fn metric(&self, metric: Metric) -> Option<f64> {
        metric.value(self.cell).map(Number::as_f64)
    }
}

/// A column of figures.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub metric: Metric,
    shown: metrics::Column,
    /// Among all columns.
    index: usize,
}

/// Every column that a record's tables may have, times first.
pub(super) fn columns(results: &Results) -> Vec<Column> {
    let in_tables = |metric: &Metric| metric.shown < Shown::Everywhere;
    let metrics = metrics::registry().iter().copied().filter(in_tables).chain(metrics::of([results]));
    let mut columns: Vec<_> = metrics.filter_map(|metric| Some((metric, metric.column?))).collect();
    columns.sort_by_key(|(_, shown)| shown.place);
    let columns = columns.into_iter().enumerate();
    columns.map(|(index, (metric, shown))| Column { metric, shown, index }).collect()
}

impl std::ops::Deref for Column {
    type Target = metrics::Column;

    fn deref(&self) -> &metrics::Column {
        &self.shown
    }
}

impl Column {
    /// The heading on one line: `alloc B/write`, `moves/insert`.
    pub fn heading(&self) -> String {
        let space = if self.unit.starts_with('/') { "" } else { " " };
        format!("{}{space}{}", self.top, self.unit)
    }

    fn figure(&self, cell: &Cell) -> Option<Figure> {
        let value = self.metric.value(cell).filter(|_| (self.of)(cell))?.as_f64() / self.divisor;
        Some(Figure { value, of: self.named.map(|named| named(cell).unwrap_or("-")) })
    }

    /// The figure of a row, in the column's unit; `None` where the cell has none.
    pub fn value(&self, row: &Figures<'_>) -> Option<f64> {
        row.shown[self.index].as_ref().map(|figure| figure.value)
    }

    /// The figure of a row; `-` where the cell has none.
    pub fn text(&self, row: &Figures<'_>, decimals: usize) -> String {
        match &row.shown[self.index] {
            Some(Figure { value, of: Some(of) }) if !row.failed() => format!("{of} {:.0}%", value * 100.0),
            Some(Figure { value, of: None }) if !row.failed() => fixed(*value, decimals),
            _ => "-".to_owned(),
        }
    }
}
