//! What the columns of a table say: exactly those that are shown, in words that fit what they are of.

use super::figures::Column;
use super::group::{Group, HINT, LOAD_FACTOR, THREADS, about};

/// Names of columns that mean the same, and what they mean.
pub(super) type Entry = (Vec<&'static str>, String);

/// What each column says; neighbours that say the same are explained once.
pub(super) fn entries<'a>(columns: impl Iterator<Item = &'a Column>, groups: &[Group<'_>]) -> Vec<Entry> {
    let kind = one_kind(groups).unwrap_or(match groups.iter().all(|group| group.mainly().is_some()) {
        true => "operation of the kind that the heading names",
        false => "operation of the kind that the heading or the row names",
    });
    let mut entries: Vec<Entry> = Vec::new();
    for column in columns {
        let (name, meaning) = column.legend.split_once(": ").unwrap_or((column.top, column.legend));
        let meaning = meaning.replace("{kind}", kind);
        match entries.last_mut().filter(|(_, known)| *known == meaning) {
            Some((names, _)) if names.contains(&name) => {}
            Some((names, _)) => names.push(name),
            None => entries.push((vec![name], meaning)),
        }
    }
    entries
}

/// What one operation is called whose latencies tables show; `None` where that differs from workload to workload.
pub(super) fn one_kind(groups: &[Group<'_>]) -> Option<&'static str> {
    let mainly = groups.first()?.mainly()?;
    groups.iter().all(|group| group.mainly() == Some(mainly)).then(|| mainly.singular())
}

/// What stands in the names of rows, and how these are ordered.
pub(super) fn of_rows(groups: &[Group<'_>]) -> Vec<String> {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let named = |part: &str| rows().any(|row| row.label.contains(part));
    let parts =
        [(LOAD_FACTOR, "load factor"), (THREADS, "threads"), (HINT, "the entries that the map was told to expect")];
    let parts: Vec<String> = (parts.iter())
        .filter(|(part, _)| named(part))
        .map(|(part, meaning)| format!("{}: {meaning}", part.trim_matches([' ', '='])))
        .collect();
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(parts.join("; ") + ".");
    }
    let of_several_maps =
        |group: &&Group<'_>| group.rows.iter().any(|row| row.cell.id.map != group.rows[0].cell.id.map);
    let several = || groups.iter().filter(of_several_maps);
    let in_order = |column: &Column| {
        let has_figure = |group: &Group<'_>| group.rows.iter().any(|row| !row.failed() && column.value(row).is_some());
        several().next().is_some() && several().all(has_figure)
    };
    if let Some(column) = about(groups).filter(in_order) {
        let best = if column.larger { "largest" } else { "least" };
        lines.push(format!("Maps are in the order of {}, the {best} first.", column.top));
    }
    lines
}
