//! Which cells of two runs are compared with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::Pair;
use crate::plan::axes::{AXES, Axis, Column};
use crate::record::{Cell, CellId, Results};

/// The one field of two identities that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, in words: `load factor`.
    pub name: &'static str,
    /// Its value in the first run.
    pub before: String,
    /// Its value in the second run.
    pub after: String,
}

/// All cells of two runs.
pub(super) struct Pairing<'a> {
    pub pairs: Vec<Pair<'a>>,
    pub only_before: Vec<&'a Cell>,
    pub only_after: Vec<&'a Cell>,
    /// Cells left over for which there was more than one.
    pub ambiguous: usize,
}

pub(super) fn pairing<'a>(before: &'a Results, after: &'a Results) -> Pairing<'a> {
    let by_key: BTreeMap<_, &Cell> = after.cells.iter().map(|cell| (cell.id.key(), cell)).collect();
    let keys: BTreeSet<_> = before.cells.iter().map(|cell| cell.id.key()).collect();
    let rest_before: Vec<&Cell> = before.cells.iter().filter(|cell| !by_key.contains_key(&cell.id.key())).collect();
    let rest_after: Vec<&Cell> = after.cells.iter().filter(|cell| !keys.contains(&cell.id.key())).collect();

    let fields_of = |cells: &[&Cell]| cells.iter().map(|cell| fields(&cell.id)).collect::<Vec<_>>();
    let (fields_before, fields_after) = (fields_of(&rest_before), fields_of(&rest_after));
    // By index into the rests: which could be paired, and with how many each of them could.
    let mut candidates: Vec<(usize, usize, FieldChange)> = Vec::new();
    for (a, before) in fields_before.iter().enumerate() {
        let similar = |(b, after): (usize, &Fields)| Some((a, b, only_difference(before, after)?));
        candidates.extend(fields_after.iter().enumerate().filter_map(similar));
    }
    let (mut choices_before, mut choices_after) = (vec![0; rest_before.len()], vec![0; rest_after.len()]);
    for (a, b, _) in &candidates {
        choices_before[*a] += 1;
        choices_after[*b] += 1;
    }
    candidates.retain(|(a, b, _)| (choices_before[*a], choices_after[*b]) == (1, 1));

    let mut chosen: BTreeMap<_, (&Cell, FieldChange)> = BTreeMap::new();
    for (a, b, field) in candidates {
        (choices_before[a], choices_after[b]) = (PAIRED, PAIRED);
        chosen.insert(rest_before[a].id.key(), (rest_after[b], field));
    }
    let pair = |cell: &'a Cell| match by_key.get(&cell.id.key()) {
        Some(&after) => Some(Pair { before: cell, after, field: None }),
        None => {
            chosen.get(&cell.id.key()).map(|(after, field)| Pair { before: cell, after, field: Some(field.clone()) })
        }
    };
    let left = |rest: Vec<&'a Cell>, choices: &[usize]| -> Vec<&'a Cell> {
        rest.into_iter().zip(choices).filter(|&(_, &choices)| choices != PAIRED).map(|(cell, _)| cell).collect()
    };
    let undecided = choices_before.iter().chain(&choices_after).filter(|&&choices| choices != 0 && choices != PAIRED);
    Pairing {
        pairs: before.cells.iter().filter_map(pair).collect(),
        ambiguous: undecided.count(),
        only_before: left(rest_before, &choices_before),
        only_after: left(rest_after, &choices_after),
    }
}

/// In place of a number of choices: it has been paired.
const PAIRED: usize = usize::MAX;

/// The field in which two identities differ; `None` where they differ in none or in several.
fn only_difference(a: &Fields, b: &Fields) -> Option<FieldChange> {
    let mut differing = a.iter().zip(b).filter(|((_, x), (_, y))| x != y);
    let ((name, before), (_, after)) = differing.next()?;
    let change = || FieldChange { name, before: before.clone(), after: after.clone() };
    differing.next().is_none().then(change)
}

/// The fields of an identity: the label of each axis, and the value there.
pub(super) type Fields = Vec<(&'static str, String)>;

/// Every field of an identity, in words.
pub(super) fn fields(id: &CellId) -> Fields {
    let columns = AXES.iter().filter_map(|axis| Some((axis, axis.column.as_ref()?)));
    let field = |(axis, column): (&'static Axis, &Column)| {
        let value = (column.value)(id).map(|value| value.to_string());
        let different = value.filter(|value| column.as_none != Some(value));
        (axis.label, different.unwrap_or_else(|| NONE.to_owned()))
    };
    columns.map(field).collect()
}

/// In place of the value that a cell does not have.
pub(super) const NONE: &str = "none";
