//! Cells side by side that had the same work to do.

use std::collections::BTreeSet;

use super::figures::{Column, Figures, columns};
use super::number::integer;
use crate::record::{CellId, OpKind, Results};

/// Goes before a load factor in a row's name.
pub(super) const LOAD_FACTOR: &str = " lf=";

/// Goes before a number of threads in a row's name.
pub(super) const THREADS: &str = " t=";

/// The cells of one workload: same keys, mix, entry, operations and capacity hint.
pub(super) struct Group<'a> {
    /// Its cells; those of one map are neighbours.
    pub rows: Vec<Figures<'a>>,
    /// What tells it from the record's other groups: `uniform fill`.
    pub name: String,
    /// Every column that the record's tables may have.
    pub columns: Vec<Column>,
}

/// The groups, in the order of the plan.
pub(super) fn groups(results: &Results) -> Vec<Group<'_>> {
    let (several, columns) = (Several::of(results), columns(results));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for cell in &results.cells {
        let row = Figures::new(cell, &columns);
        match groups.iter_mut().find(|group| workload(group.id()) == workload(&cell.id)) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { rows: vec![row], name: several.name(&cell.id), columns: columns.clone() }),
        }
    }
    for group in &mut groups {
        group.gather_maps();
        group.label();
    }
    groups
}

fn workload(id: &CellId) -> impl Eq + '_ {
    (&*id.keys, &*id.mix, &*id.entry, id.ops, id.hint)
}

impl<'a> Group<'a> {
    /// The identity of its first cell, which shares its workload with the others.
    fn id(&self) -> &'a CellId {
        &self.rows[0].cell.id
    }

    /// The whole workload: `uniform fill, u64/u64, 100,000 ops`.
    pub fn title(&self) -> String {
        let id = self.id();
        let hint = if id.hint > 0 { format!(", hint {}", integer(id.hint)) } else { String::new() };
        let crews: BTreeSet<_> = self.rows.iter().map(|row| row.cell.id.crew()).collect();
        let threads = match crews.first() {
            Some(Some((threads, keys))) if crews.len() == 1 => format!(", {threads} threads, {keys} keys"),
            _ => String::new(),
        };
        format!("{} {}, {}, {} ops{hint}{threads}", id.keys, id.mix, id.entry, integer(id.ops))
    }

    /// The kind whose latencies it shows for want of writes; `None` where it writes.
    pub fn instead_of_writes(&self) -> Option<OpKind> {
        let expected = &self.rows[0].cell.expected;
        let kinds = || OpKind::ALL.into_iter().filter(|&kind| expected.ops(kind).is_some_and(|ops| ops > 0));
        if kinds().any(OpKind::is_write) { None } else { kinds().next() }
    }

    fn gather_maps(&mut self) {
        let mut maps: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !maps.contains(&&*row.cell.id.map) {
                maps.push(&row.cell.id.map);
            }
        }
        self.rows.sort_by(|a, b| {
            let [x, y] = [&a.cell.id, &b.cell.id];
            let place = |id: &CellId| maps.iter().position(|&map| map == id.map);
            let load_factor = |id: &CellId| id.load_factor.unwrap_or(0.0);
            let by_map = place(x).cmp(&place(y)).then(load_factor(x).total_cmp(&load_factor(y)));
            by_map.then(x.thread_keys.cmp(&y.thread_keys)).then(x.threads.cmp(&y.threads)).then(x.seed.cmp(&y.seed))
        });
    }

    /// Names the rows, as shortly as tells them apart.
    fn label(&mut self) {
        let seeds: BTreeSet<u64> = self.rows.iter().map(|row| row.cell.id.seed).collect();
        let labels: Vec<String> = self.rows.iter().map(|row| self.label_of(&row.cell.id, seeds.len() > 1)).collect();
        for (row, label) in self.rows.iter_mut().zip(labels) {
            row.label = label;
        }
    }

    fn label_of(&self, id: &CellId, with_seed: bool) -> String {
        let ids = || self.rows.iter().map(|row| &row.cell.id).filter(|other| other.map == id.map);
        let mut label = id.map.clone();
        if let Some(x) = id.load_factor.filter(|_| ids().any(|other| other.load_factor != id.load_factor)) {
            label.push_str(&format!("{LOAD_FACTOR}{x}"));
        }
        let crews: BTreeSet<_> = self.rows.iter().map(|row| row.cell.id.crew()).collect();
        if crews.len() > 1 {
            label.push_str(&id.threads.map(|threads| format!("{THREADS}{threads}")).unwrap_or_default());
            let both = crews.iter().flatten().map(|(_, keys)| keys).collect::<BTreeSet<_>>().len() > 1;
            if let Some(keys) = id.thread_keys.as_deref().filter(|_| both && id.threads > Some(1)) {
                label.push_str(&format!(" {keys}"));
            }
        }
        if with_seed {
            label.push_str(&format!(" seed={}", id.seed));
        }
        label
    }
}

/// What varies between the workloads of a record.
struct Several {
    entries: bool,
    ops: bool,
}

impl Several {
    fn of(results: &Results) -> Several {
        let first = results.cells.first().map(|cell| &cell.id);
        let differs = |other: fn(&CellId, &CellId) -> bool| {
            first.is_some_and(|first| results.cells.iter().any(|cell| other(first, &cell.id)))
        };
        Several { entries: differs(|a, b| a.entry != b.entry), ops: differs(|a, b| a.ops != b.ops) }
    }

    fn name(&self, id: &CellId) -> String {
        let mut name = format!("{} {}", id.keys, id.mix);
        if self.entries {
            name.push_str(&format!(" of {}", id.entry));
        }
        if self.ops {
            name.push_str(&format!(", {} ops", integer(id.ops)));
        }
        if id.hint > 0 {
            name.push_str(&format!(" with hint {}", integer(id.hint)));
        }
        name
    }
}
