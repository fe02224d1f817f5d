//! The figures of a row, for forms that have them all.

use super::Row;

/// A figure's name, and the figure. What isn't known is absent.
pub(super) type Column = (&'static str, fn(&Row) -> Option<u64>);

/// Each figure, by the name that it has in CSV and JSON.
pub(super) const COLUMNS: &[Column] = &[
    ("maps", |row| Some(row.maps)),
    ("on_stack", |row| Some(row.on_stack)),
    ("entries", |row| Some(row.entries)),
    ("entries_p50", |row| Some(row.size_at(50))),
    ("entries_p99", |row| Some(row.size_at(99))),
    ("entries_max", |row| Some(row.size_at(100))),
    ("capacity", |row| Some(row.capacity)),
    ("tombstones", |row| row.tombstones),
    ("tables", |row| Some(row.tables)),
    ("bytes", Row::bytes),
    ("table_bytes", |row| Some(row.table_bytes)),
    ("entry_bytes", |row| row.entry_bytes),
];

/// The figures of a single map: the others are of several.
pub(super) fn is_of_one(name: &str) -> bool {
    !["maps", "on_stack", "entries_p50", "entries_p99", "entries_max"].contains(&name)
}

/// Where a map is.
pub(super) fn address(row: &Row) -> Option<String> {
    row.map.as_ref().map(|map| format!("{:#x}", map.address))
}
