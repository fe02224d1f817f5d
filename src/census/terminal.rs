//! The table on a terminal: a type, or a map, in two lines, its figures above, what it is below.

use std::fmt::Write as _;
use std::io;

use super::figures::address;
use super::{Format, Row, Shown, TypeBy};
use crate::report::number;
use crate::text::pad_start;

pub(super) const FORMAT: Format = Format { name: "table", render };

/// A head, and a figure. All together are at most 80 columns wide.
type Column = (&'static str, usize, fn(&Row) -> String);

const BYTES: Column = ("bytes", 8, |row| {
    let more = if row.entry_bytes.is_some() { "" } else { "+" };
    number::scaled(row.known_bytes()) + more
});
const ENTRIES: Column = ("entries", 8, |row| number::scaled(row.entries));
const CAPACITY: Column = ("capacity", 8, |row| number::scaled(row.capacity));
const LOAD: Column = ("load", 6, |row| percent(row.entries, row.capacity));
const TOMBSTONES: Column = ("tombstones", 10, |row| row.tombstones.map_or_else(|| "-".to_owned(), number::scaled));
const BY_ENTRY: Column = ("an entry", 8, |row| match (row.bytes(), row.entries) {
    (None, _) | (_, 0) => "-".to_owned(),
    (Some(bytes), entries) => number::plain(bytes as f64 / entries as f64),
});

const OF_TYPES: [Column; 8] = [
    BYTES,
    BY_ENTRY,
    ("maps", 7, |row| number::scaled(row.maps)),
    ENTRIES,
    CAPACITY,
    LOAD,
    TOMBSTONES,
    ("p50/p99/largest", 17, |row| [50, 99, 100].map(|percent| number::scaled(row.size_at(percent))).join("/")),
];

const OF_MAPS: [Column; 8] = [
    BYTES,
    BY_ENTRY,
    ENTRIES,
    CAPACITY,
    LOAD,
    TOMBSTONES,
    ("tables", 7, |row| number::scaled(row.tables)),
    ("address", 14, |row| address(row).unwrap_or_default()),
];

fn render(shown: &Shown<'_>) -> io::Result<String> {
    let rows = &shown.table.rows;
    let columns = if shown.each { &OF_MAPS } else { &OF_TYPES };
    let mut text = summary(shown);
    if !rows.is_empty() {
        let heads: Vec<_> = columns.iter().map(|(head, width, _)| pad_start(head, *width)).collect();
        let _ = writeln!(text, "\n{}", heads.join(" "));
    }
    for row in rows.iter().take(shown.rows_max) {
        let figures: Vec<_> = columns.iter().map(|(_, width, figure)| pad_start(&figure(row), *width)).collect();
        let _ = writeln!(text, "{}", figures.join(" "));
        let _ = writeln!(text, "  {}", type_and_how(row, shown.width.saturating_sub(2)));
    }
    if let Some(left_out @ 1..) = rows.len().checked_sub(shown.rows_max) {
        let what = if shown.each { "map" } else { "type" };
        let s = if left_out == 1 { "" } else { "s" };
        let _ = writeln!(text, "\n{} more {what}{s}: --top N, or --format csv", number::integer(left_out as u64));
    }
    Ok(text)
}

/// The type in so many columns, and how it is known where no object says it.
fn type_and_how(row: &Row, width: usize) -> String {
    let mut how = match row.kind.by {
        TypeBy::Size(1) => "  (by size)".to_owned(),
        TypeBy::Object | TypeBy::Reference | TypeBy::Size(_) | TypeBy::Nothing => String::new(),
    };
    match &row.map {
        Some(map) if map.on_stack => how += "  (on a stack)",
        None if row.on_stack > 0 => how += &format!("  ({} on stacks)", number::integer(row.on_stack)),
        _ => {}
    }
    let room = width.saturating_sub(how.chars().count()).max(20);
    number::fit_ends(&row.kind.name(), room) + &how
}

fn summary(shown: &Shown<'_>) -> String {
    let (census, total) = (shown.census, &shown.table.total);
    let mut text = String::new();
    let name = census.program.rsplit('/').next().unwrap_or_default();
    let types = if shown.each {
        String::new()
    } else {
        format!(" of {} type{}", shown.table.rows.len(), s(shown.table.rows.len() as u64))
    };
    let _ = writeln!(
        text,
        "{name} ({}), {}: {} map{}{types}",
        census.go,
        census.of,
        number::integer(total.maps),
        s(total.maps)
    );
    let by_entry = match total.entries {
        // Of what is known alone, it would be no average.
        0 => String::new(),
        _ if total.unknown > 0 => String::new(),
        entries => format!(", {} an entry", number::plain(total.bytes as f64 / entries as f64)),
    };
    let of_heap = match census.heap_bytes {
        0 => String::new(),
        heap => format!("; {} of a heap of {}", percent(total.bytes, heap), number::integer(heap)),
    };
    let more = if total.unknown > 0 { "+" } else { "" };
    let _ = writeln!(text, "{}{more} bytes{by_entry}{of_heap}", number::integer(total.bytes));
    let tombstones = total.tombstones.map(|n| format!(", {} tombstone{}", number::integer(n), s(n)));
    let _ = writeln!(
        text,
        "{} entries in {} slots{}",
        number::integer(total.entries),
        number::integer(total.capacity),
        tombstones.unwrap_or_default()
    );
    if total.unknown > 0 {
        let maps = number::integer(total.unknown);
        let _ = writeln!(text, "bytes+: {maps} map{} may have keys or values elsewhere, not counted", s(total.unknown));
    }
    if census.changing > 0 {
        let maps = number::integer(census.changing);
        let _ = writeln!(
            text,
            "Left out: {maps} map{} in the middle of a change, whose parts do not agree",
            s(census.changing)
        );
    }
    if census.is_cut {
        let _ = writeln!(text, "Only the first {} maps are looked at", number::integer(total.maps));
    }
    text
}

/// What makes several of a word.
pub(super) fn s(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}

pub(super) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        whole => format!("{:.0} %", 100.0 * part as f64 / whole as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_a_narrow_terminal() {
        for columns in [OF_TYPES, OF_MAPS] {
            assert!(columns.iter().map(|(_, width, _)| width + 1).sum::<usize>() - 1 <= 80);
        }
    }
}
