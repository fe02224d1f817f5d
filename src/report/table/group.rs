//! Cells that were asked to do the same work, side by side.

use std::collections::BTreeSet;

use super::super::human::{Scale, thousands};
use super::columns::{COLUMNS, Column, Figure};
use crate::record::{Cell, Results, Status};

/// The cells of one workload.
pub(in crate::report) struct Group<'a> {
    /// The workload, in words.
    pub workload: String,
    /// Its cells, in the order of the record.
    pub rows: Vec<Row<'a>>,
}

/// One cell's line.
pub(in crate::report) struct Row<'a> {
    /// The map, and what tells this cell from the group's others of that map.
    pub label: String,
    /// The cell.
    pub cell: &'a Cell,
    /// One figure for each of [`COLUMNS`]; none at all for a cell that failed.
    pub figures: Vec<Option<Figure>>,
}

impl Row<'_> {
    /// Whether the cell ended well.
    pub fn ok(&self) -> bool {
        self.cell.status == Status::Ok
    }

    fn number(&self, column: usize) -> Option<f64> {
        match self.figures[column] {
            Some(Figure::Number(x)) => Some(x),
            _ => None,
        }
    }

    /// The figure in a column as text; `-` where it is absent, nothing where the cell failed.
    pub fn shown(&self, column: usize, scale: &Scale) -> String {
        match &self.figures[column] {
            Some(Figure::Number(x)) => scale.show(*x),
            Some(Figure::Text(text)) => text.clone(),
            None if self.ok() => "-".to_owned(),
            None => String::new(),
        }
    }

    /// `timed-out: what went wrong`, on one line.
    pub fn failure(&self) -> String {
        let error = self.cell.error.as_deref().unwrap_or_default();
        let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
        let status = self.cell.status.name();
        if error.is_empty() { status.to_owned() } else { format!("{status}: {error}") }
    }
}

/// The record's cells by workload, in the order in which workloads first occur.
pub(in crate::report) fn groups<'a>(results: &'a Results) -> Vec<Group<'a>> {
    let mut groups: Vec<(String, Vec<&'a Cell>)> = Vec::new();
    for cell in &results.cells {
        let id = &cell.id;
        let workload =
            format!("{} · {} · {} · {} ops · seed {}", id.keys, id.mix, id.entry, thousands(id.ops), id.seed);
        match groups.iter_mut().find(|(other, _)| *other == workload) {
            Some((_, cells)) => cells.push(cell),
            None => groups.push((workload, vec![cell])),
        }
    }
    let group = |(workload, cells): (String, Vec<&'a Cell>)| {
        let rows = cells.iter().map(|&cell| Row { label: label(cell, &cells), cell, figures: figures(cell) }).collect();
        Group { workload, rows }
    };
    groups.into_iter().map(group).collect()
}

fn figures(cell: &Cell) -> Vec<Option<Figure>> {
    COLUMNS.iter().map(|column| column.figure(cell).filter(|_| cell.status == Status::Ok)).collect()
}

/// The map; with it load factor, hint and machine where the group has the map with several of them.
fn label(cell: &Cell, group: &[&Cell]) -> String {
    let same_map = || group.iter().filter(|other| other.id.map == cell.id.map);
    let mut label = cell.id.map.replace(char::is_control, " ");
    if let Some(x) = cell.id.load_factor
        && same_map().any(|other| other.id.load_factor != Some(x))
    {
        label.push_str(&format!(" lf={x}"));
    }
    if cell.id.hint > 0 || same_map().any(|other| other.id.hint > 0) {
        label.push_str(&format!(" hint={}", cell.id.hint));
    }
    let machines: BTreeSet<usize> = group.iter().map(|other| other.environment).collect();
    if machines.len() > 1 {
        label.push_str(&format!(" @{}", cell.environment + 1));
    }
    if !cell.exact {
        label.push('~');
    }
    label
}

/// Those of [`COLUMNS`] that have a figure in any of these rows, by index.
pub(in crate::report) fn columns_in_use<'a>(rows: impl Iterator<Item = &'a Row<'a>> + Clone) -> Vec<usize> {
    (0..COLUMNS.len()).filter(|&at| rows.clone().any(|row| row.figures[at].is_some())).collect()
}

/// One scale for a column over all these groups.
pub(in crate::report) fn scale<'a>(groups: impl IntoIterator<Item = &'a Group<'a>>, column: usize) -> Scale {
    let rows = groups.into_iter().flat_map(|group| &group.rows);
    let numbers: Vec<f64> = rows.filter_map(|row| row.number(column)).collect();
    Scale::fit(COLUMNS[column].quantity, numbers.iter().copied())
}

/// The rows of a group with the least figure in a column, as far as the scale shows it; none where all show the same.
pub(in crate::report) fn best(group: &Group<'_>, column: usize, scale: &Scale) -> Vec<bool> {
    let numbers: Vec<Option<f64>> = group.rows.iter().map(|row| row.number(column)).collect();
    let shown: Vec<Option<String>> = numbers.iter().map(|number| Some(scale.show((*number)?))).collect();
    let least = numbers.iter().flatten().copied().min_by(f64::total_cmp).map(|least| scale.show(least));
    let told_apart = shown.iter().flatten().any(|text| Some(text) != least.as_ref());
    shown.iter().map(|text| told_apart && text.is_some() && *text == least).collect()
}

/// Column, legend: the words for the columns shown, neighbours with the same words together.
pub(in crate::report) fn legend(columns: &[usize]) -> Vec<(String, &'static str)> {
    let mut entries: Vec<(Vec<&Column>, &'static str)> = Vec::new();
    for column in columns.iter().map(|&at| &COLUMNS[at]) {
        match entries.last_mut() {
            Some((columns, legend)) if *legend == column.legend => columns.push(column),
            _ => entries.push((vec![column], column.legend)),
        }
    }
    let named = |columns: Vec<&Column>| match columns.as_slice() {
        [one] => one.heading(""),
        several => format!("{} to {}", several[0].title, several[several.len() - 1].title),
    };
    entries.into_iter().map(|(columns, legend)| (named(columns), legend)).collect()
}

/// What the marks on labels mean, and what all latencies contain; only what occurs.
pub(in crate::report) fn marks(results: &Results, groups: &[Group<'_>]) -> Vec<String> {
    let mut marks = Vec::new();
    let floors = results.cells.iter().filter_map(|cell| cell.time.as_ref()).map(|time| time.clock_floor_ns);
    if let Some(floor) = floors.reduce(f64::max) {
        marks.push(format!("the clock's own {floor:.1} ns are in every latency"));
    }
    let label_has = |mark| groups.iter().flat_map(|group| &group.rows).any(|row| row.label.contains(mark));
    if label_has("~") {
        marks.push("~: this map's counts vary from run to run".to_owned());
    }
    if label_has(" @") {
        marks.push("@N: the Nth machine of the record".to_owned());
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn cells_of_one_workload_come_together_in_the_order_of_the_record() {
        let results = fixture::results();
        let groups = groups(&results);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].workload, "uniform · fill · u64/u64 · 1,000,000 ops · seed 1");
        let labels: Vec<_> = groups[1].rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["go-classic", "std", "hashbrown", "indexmap", "btree"]);
        assert!(groups[1].rows[4].figures.iter().all(Option::is_none));
        assert_eq!(groups[1].rows[4].failure(), "timed-out: time pass: still running after 60 s, its limit");
    }

    #[test]
    fn a_label_says_what_tells_a_cell_from_its_likes() {
        let mut results = fixture::results();
        results.cells.truncate(2);
        results.cells.push(results.cells[0].clone());
        results.cells[2].id.load_factor = Some(4.5);
        results.cells[1].id.hint = 1000;
        results.cells[1].exact = false;
        let label = |results: &Results, at: usize| groups(results)[0].rows[at].label.clone();
        assert_eq!(label(&results, 0), "go-classic lf=6.5");
        assert_eq!(label(&results, 1), "std hint=1000~");
        assert_eq!(label(&results, 2), "go-classic lf=4.5");
        results.cells[2].id.load_factor = Some(6.5);
        results.cells[2].environment = 1;
        assert_eq!(label(&results, 0), "go-classic @1");
    }

    #[test]
    fn the_best_of_a_column_may_be_shared_but_not_by_all() {
        let results = fixture::results();
        let groups = groups(&results);
        let at = |title: &str| COLUMNS.iter().position(|column| column.title == title).unwrap();
        let best = |title| best(&groups[0], at(title), &scale(&groups, at(title)));
        assert_eq!(best("time"), [false, false, true, false, false]);
        assert_eq!(best("live"), [false, true, true, false, false]);
        assert_eq!(best("allocs"), [false, true, true, true, false], "as far as shown: <0.0001");
        assert_eq!(best("tail"), [false; 5]);
    }
}
