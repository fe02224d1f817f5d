//! What cells are called: as shortly as tells them apart. What all cells of both runs share is said once.

use super::pairing::{Fields, NONE, fields};
use super::{Diff, Pair};
use crate::plan::axes::{AXES, Column};
use crate::record::{Cell, CellId};
use crate::report::number::grouped;

/// The fields that every name begins with.
const ALWAYS: [&str; 3] = ["map", "keys", "mix"];

pub(super) struct Names {
    /// The fields that all cells share, by name.
    shared: Vec<&'static str>,
    /// These fields' values in words: `u64/u64, 20,000 ops, seed 1`.
    pub common: String,
}

impl Names {
    pub fn new(diff: &Diff<'_>) -> Names {
        let ids = || diff.before.results.cells.iter().chain(&diff.after.results.cells).map(|cell| &cell.id);
        let mut shared: Vec<&'static str> = Vec::new();
        let mut common = Vec::new();
        if let Some(first) = ids().next().map(fields) {
            let others: Vec<Fields> = ids().skip(1).map(fields).collect();
            for (at, (name, value)) in first.iter().enumerate().filter(|(_, (name, _))| !ALWAYS.contains(name)) {
                if others.iter().all(|other| other[at].1 == *value) {
                    shared.push(name);
                    common.extend(word(name, value));
                }
            }
        }
        Names { shared, common: common.join(", ") }
    }

    /// `go-classic uniform fill, load factor 6.5 → 5`.
    pub fn pair(&self, pair: &Pair<'_>) -> String {
        match &pair.field {
            None => self.name(&pair.before.id, None),
            Some(field) => format!("{}, {}", self.name(&pair.before.id, Some(field.name)), changed(field)),
        }
    }

    pub fn cell(&self, cell: &Cell) -> String {
        self.name(&cell.id, None)
    }

    fn name(&self, id: &CellId, but: Option<&str>) -> String {
        let told = |name: &str| but != Some(name) && !self.shared.contains(&name);
        let words =
            fields(id).into_iter().filter(|(name, _)| told(name)).filter_map(|(name, value)| word(name, &value));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// `load factor 6.5 → 5`.
pub(super) fn changed(field: &super::FieldChange) -> String {
    let value = |value| shown(field.name, value);
    format!("{} {} → {}", field.name, value(&field.before), value(&field.after))
}

/// A field in a name; nothing where there is nothing to say.
fn word(name: &str, value: &str) -> Option<String> {
    let column = column(name)?;
    let silent = value == NONE || column.unsaid == Some(value);
    (!silent).then(|| column.short.replacen("{}", &shown(name, value), 1))
}

/// A field's value as a person reads it.
fn shown(name: &str, value: &str) -> String {
    if column(name).is_some_and(|column| column.grouped) { grouped(value) } else { value.to_owned() }
}

fn column(label: &str) -> Option<&'static Column> {
    AXES.iter().find(|axis| axis.label == label)?.column.as_ref()
}
