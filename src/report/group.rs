//! Cells side by side that had the same work to do.

use std::collections::{BTreeSet, HashMap};

use super::figures::{Column, Figures, columns};
use super::number::integer;
use crate::record::metrics::mainly::Mainly;
use crate::record::{CellId, OpKind, Results};

/// Goes before a load factor in a row's name.
pub(super) const LOAD_FACTOR: &str = " lf=";

/// Goes before a number of threads in a row's name.
pub(super) const THREADS: &str = " t=";

/// Goes before a capacity hint in a row's name.
pub(super) const HINT: &str = " hint=";

/// The cells of one workload: same keys, mix, entry and operations, and unless it is a table the same capacity hint.
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
    let mut groups = gathered(results, true);
    let varied = Varied::by_map(results);
    groups.iter_mut().for_each(|group| group.order(&varied, None));
    groups
}

/// The same as tables to read: cells that differ in their hint are rows of one, and the rows are in the order of the first
/// column, the best first; those of one map stay neighbours.
pub(super) fn tables(results: &Results) -> Vec<Group<'_>> {
    let mut tables = gathered(results, false);
    let (about, varied) = (about(&tables), Varied::by_map(results));
    for table in &mut tables {
        table.order(&varied, about.as_ref());
        table.name_hints(&varied);
        table.name_kinds();
    }
    tables
}

/// What the tables are about: the first of their columns on the terminal that any cell has.
pub(super) fn about(groups: &[Group<'_>]) -> Option<Column> {
    let rows = || groups.iter().flat_map(|group| &group.rows).filter(|row| !row.failed());
    let mut columns = groups.first()?.columns.iter().filter(|column| column.rank.is_some());
    columns.find(|column| rows().any(|row| column.value(row).is_some())).copied()
}

fn gathered(results: &Results, by_hint: bool) -> Vec<Group<'_>> {
    let (several, columns) = (Several::of(results), columns(results));
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = HashMap::new();
    for cell in &results.cells {
        let id = &cell.id;
        let workload = (&*id.keys, &*id.mix, &*id.entry, id.ops, by_hint.then_some(id.hint));
        let place = *places.entry(workload).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { rows: Vec::new(), name: several.name(id, by_hint), columns: columns.clone() });
        }
        groups[place].rows.push(Figures::new(cell, &columns));
    }
    groups
}

impl<'a> Group<'a> {
    /// The identity of its first cell, which shares its workload with the others.
    fn id(&self) -> &'a CellId {
        &self.rows[0].cell.id
    }

    /// The whole workload: `uniform fill, u64/u64, 100,000 ops, 100,000 entries at the end`.
    pub fn title(&self) -> String {
        let id = self.id();
        let hints: BTreeSet<u64> = self.rows.iter().map(|row| row.cell.id.hint).collect();
        let hint = match hints.first() {
            Some(&hint) if hints.len() == 1 && hint > 0 => format!(", hint {}", integer(hint)),
            _ => String::new(),
        };
        let crews: BTreeSet<_> = self.rows.iter().map(|row| row.cell.id.crew()).collect();
        let threads = match crews.first() {
            Some(Some((threads, keys))) if crews.len() == 1 => format!(", {threads} threads, {keys} keys"),
            _ => String::new(),
        };
        let left: BTreeSet<u64> =
            self.rows.iter().filter(|row| !row.failed()).map(|row| row.cell.expected.entries).collect();
        let entries = match left.first() {
            Some(&entries) if left.len() == 1 => format!(", {} entries at the end", integer(entries)),
            _ => String::new(),
        };
        format!("{}, {}, {} ops{entries}{hint}{threads}", id.work(), id.entry, integer(id.ops))
    }

    /// What its latencies are of; `None` where that differs from row to row, as it may between seeds.
    pub fn mainly(&self) -> Option<Mainly> {
        let mut kinds = self.rows.iter().filter(|row| !row.failed()).map(|row| Mainly::of(row.cell));
        let first = kinds.next().unwrap_or_else(|| Mainly::of(self.rows[0].cell));
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// What its latencies are of, for its heading.
    pub fn latencies_of(&self) -> &'static str {
        self.mainly().map_or("what each row names", Mainly::plural)
    }

    /// Whether it has no writes, which its latencies would otherwise be of.
    pub fn writes_nothing(&self) -> bool {
        let expected = &self.rows[0].cell.expected;
        !OpKind::ALL.into_iter().any(|kind| kind.is_write() && expected.ops(kind).is_some_and(|ops| ops > 0))
    }

    /// Orders the rows, by the best that each map has of a column where one is given, and names them.
    fn order(&mut self, varied: &HashMap<&str, Varied>, about: Option<&Column>) {
        let mut maps: Vec<(&str, Option<f64>)> = Vec::new();
        for row in &self.rows {
            let sign = if about.is_some_and(|column| column.larger) { -1.0 } else { 1.0 };
            let figure = about.filter(|_| !row.failed()).and_then(|column| column.value(row)).map(|x| sign * x);
            match maps.iter_mut().find(|(map, _)| *map == row.cell.id.map) {
                Some((_, best)) => *best = [*best, figure].into_iter().flatten().reduce(f64::min),
                None => maps.push((&row.cell.id.map, figure)),
            }
        }
        // One without a figure comes last; of equals the first of the plan.
        maps.sort_by(|(_, a), (_, b)| a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY)));
        self.rows.sort_by(|a, b| {
            let [x, y] = [&a.cell.id, &b.cell.id];
            let place = |id: &CellId| maps.iter().position(|&(map, _)| map == id.map);
            let load_factor = |id: &CellId| id.load_factor.unwrap_or(0.0);
            let by_map =
                place(x).cmp(&place(y)).then(load_factor(x).total_cmp(&load_factor(y))).then(x.hint.cmp(&y.hint));
            by_map.then(x.thread_keys.cmp(&y.thread_keys)).then(x.threads.cmp(&y.threads)).then(x.seed.cmp(&y.seed))
        });
        let ids: Vec<&CellId> = self.rows.iter().map(|row| &row.cell.id).collect();
        let beside = Varied::of(&ids);
        for row in &mut self.rows {
            row.label = label_of(&row.cell.id, &varied[&*row.cell.id.map], &beside);
        }
    }

    /// Names what the latencies of each row are of, where that is not the same of all.
    fn name_kinds(&mut self) {
        if self.mainly().is_none() {
            for row in self.rows.iter_mut().filter(|row| !row.failed()) {
                row.label.push_str(&format!(" ({})", Mainly::of(row.cell).plural()));
            }
        }
    }

    /// Names the hints, where cells of the same map have others.
    fn name_hints(&mut self, varied: &HashMap<&str, Varied>) {
        for row in &mut self.rows {
            let id = &row.cell.id;
            if varied[&*id.map].hints {
                row.label.push_str(&format!("{HINT}{}", integer(id.hint)));
            }
        }
    }
}

/// The name of a row, as short as tells it from its neighbours and from cells of its map anywhere in the record.
fn label_of(id: &CellId, anywhere: &Varied, beside: &Varied) -> String {
    let mut label = id.map.clone();
    if let Some(x) = id.load_factor.filter(|_| anywhere.load_factors) {
        label.push_str(&format!("{LOAD_FACTOR}{x}"));
    }
    if anywhere.crews || beside.crews {
        label.push_str(&id.threads.map(|threads| format!("{THREADS}{threads}")).unwrap_or_default());
        let several_ways = anywhere.ways || beside.ways;
        if let Some(keys) = id.thread_keys.as_deref().filter(|_| several_ways && id.threads > Some(1)) {
            label.push_str(&format!(" {keys}"));
        }
    }
    if anywhere.seeds || beside.seeds {
        label.push_str(&format!(" seed={}", id.seed));
    }
    label
}

/// What varies between cells.
struct Varied {
    load_factors: bool,
    crews: bool,
    /// How keys are dealt to threads.
    ways: bool,
    seeds: bool,
    hints: bool,
}

impl Varied {
    fn of(ids: &[&CellId]) -> Varied {
        let differ = |differ: fn(&CellId, &CellId) -> bool| ids.iter().any(|id| differ(ids[0], id));
        let ways: BTreeSet<&str> = ids.iter().filter_map(|id| Some(id.crew()?.1)).collect();
        Varied {
            load_factors: differ(|a, b| a.load_factor != b.load_factor),
            crews: differ(|a, b| a.crew() != b.crew()),
            ways: ways.len() > 1,
            seeds: differ(|a, b| a.seed != b.seed),
            hints: differ(|a, b| a.hint != b.hint),
        }
    }

    /// Between the cells of each map of a record.
    fn by_map(results: &Results) -> HashMap<&str, Varied> {
        let mut by_map: HashMap<&str, Vec<&CellId>> = HashMap::new();
        for cell in &results.cells {
            by_map.entry(&cell.id.map).or_default().push(&cell.id);
        }
        by_map.into_iter().map(|(map, ids)| (map, Varied::of(&ids))).collect()
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

    fn name(&self, id: &CellId, with_hint: bool) -> String {
        let mut name = id.work();
        if self.entries {
            name.push_str(&format!(" of {}", id.entry));
        }
        if self.ops {
            name.push_str(&format!(", {} ops", integer(id.ops)));
        }
        if with_hint && id.hint > 0 {
            name.push_str(&format!(" with hint {}", integer(id.hint)));
        }
        name
    }
}
