//! A verdict cell by cell, for the forms that have one row a cell.

use std::collections::BTreeMap;

use super::number::{difference, plural, texts};
use super::subject::{Identity, Subject};
use super::verdict::{Change, Kind, Level, Verdict, What};
use crate::record::Status;
use crate::record::metrics::Number;

/// The changes of one cell.
pub(super) struct CellChanges<'a, Id> {
    pub cell: &'a Id,
    /// The worst first.
    pub changes: Vec<&'a Change<Id>>,
}

impl<Id: Subject> Verdict<Id> {
    /// The cells with changes, the worst first.
    pub(super) fn by_cell(&self) -> Vec<CellChanges<'_, Id>> {
        let mut places = BTreeMap::new();
        let mut cells: Vec<CellChanges<'_, Id>> = Vec::new();
        for change in &self.changes {
            let place = *places.entry(Identity(&change.cell)).or_insert(cells.len());
            if place == cells.len() {
                cells.push(CellChanges { cell: &change.cell, changes: Vec::new() });
            }
            cells[place].changes.push(change);
        }
        let worse = |a: &Change<Id>, b: &Change<Id>| a.level.cmp(&b.level).then(b.worsening.total_cmp(&a.worsening));
        cells.iter_mut().for_each(|cell| cell.changes.sort_by(|a, b| worse(a, b)));
        cells.sort_by(|a, b| worse(a.changes[0], b.changes[0]));
        cells
    }
}

impl<'a, Id> CellChanges<'a, Id> {
    pub fn level(&self) -> Level {
        self.changes[0].level
    }

    /// The changes of its own level, which are those that decide.
    pub fn deciding(&self) -> impl Iterator<Item = &'a Change<Id>> + '_ {
        self.changes.iter().copied().filter(|change| change.level == self.level())
    }

    /// `3 metrics worse: alloc_bytes 1152 -> 1153, +1 (+0.09 %)`, or what else decides; one line.
    pub fn headline(&self) -> String {
        let first = self.changes[0];
        let alike = self.deciding().filter(|change| change.kind == first.kind).count();
        let worst = if alike > 1 { ", most of all " } else { "" };
        match &first.what {
            What::Metric { .. } if alike > 1 => {
                format!("{} {}{worst}{}", plural(alike, "metric"), first.kind.word(), line(first))
            }
            What::Limit { .. } if alike > 1 => format!("{} broken{worst}{}", plural(alike, "limit"), line(first)),
            _ => line(first),
        }
    }
}

/// A change in one line: `alloc_bytes 1152 -> 1153: +1 (+0.09 %)`.
pub(super) fn line<Id>(change: &Change<Id>) -> String {
    match &change.what {
        What::Metric { metric, before: Some(before), after: Some(after) } => {
            let [a, b] = texts(*before, *after);
            let word = if change.kind == Kind::WorkChanged { ", different work" } else { "" };
            format!("{} {a} -> {b}: {}{word}", metric.name, difference(*before, *after))
        }
        What::Metric { metric, before, after } => {
            let text = |number: Option<Number>| number.map_or("-".to_owned(), |n| texts(n, n)[0].clone());
            format!("{} {} -> {}: {}", metric.name, text(*before), text(*after), change.kind.word())
        }
        What::Limit { metric, bound, value } => {
            let limit = Number::Real(bound.value());
            let [_, value_text] = texts(limit, *value);
            let difference = difference(limit, *value);
            format!("{} {value_text}, limit {bound} {}: {difference}", metric.name, metric.unit)
        }
        What::Status { before, after, error } => {
            let text = |status: Option<Status>| status.map_or("-", Status::name);
            let error = error.as_deref().and_then(|error| error.lines().next()).map(|line| format!(": {line}"));
            let error = error.unwrap_or_default();
            format!("status {} -> {}: {}{error}", text(*before), text(*after), change.kind.word())
        }
    }
}
