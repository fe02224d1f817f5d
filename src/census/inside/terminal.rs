//! The inside of a map on a terminal of 80 columns.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::super::swiss::SLOTS;
use super::super::terminal::{percent, s};
use super::{Buckets, Classic, Growth, Inside, InsideFormat, Layout, Swiss};
use crate::report::number::{self, integer};
use crate::text::{pad, pad_start};

pub(super) const FORMAT: InsideFormat = InsideFormat { name: "table", render };

/// What a row is called, before its figures.
const HEAD_WIDTH: usize = 26;
const FIGURE_WIDTH: usize = 6;
/// Columns of 80 for figures; what is more is added up in the last one.
const FIGURES_MAX: usize = 9;

fn render(inside: &Inside, rows_max: usize, width: usize) -> io::Result<String> {
    let map = &inside.map;
    let name = inside.program.rsplit('/').next().unwrap_or_default();
    let mut text = format!("{name} ({}), {}: map at {:#x}\n", inside.go, inside.of, map.address);
    let stack = if map.on_stack { "  (on a stack)" } else { "" };
    let _ = writeln!(
        text,
        "  {}{stack}",
        number::fit_ends(&map.kind.name(), width.saturating_sub(2 + stack.len()).max(20))
    );
    let (entries, slots) = (integer(map.entries), integer(map.capacity));
    let load = percent(map.entries, map.capacity);
    let _ =
        writeln!(text, "{entries} entr{} in {slots} slots, load {load}", if map.entries == 1 { "y" } else { "ies" });
    let elsewhere = match map.entry_bytes() {
        None => "; keys or values elsewhere are not counted".to_owned(),
        Some(0) => String::new(),
        Some(bytes) => format!(", and {} of keys and values elsewhere", integer(bytes)),
    };
    let _ = writeln!(text, "{} bytes{elsewhere}", integer(map.table_bytes));
    if !inside.agrees {
        text += "Its parts do not agree: it was changed whenever it was read, or is damaged\n";
    }
    text.push('\n');
    match &inside.layout {
        Layout::Swiss(swiss) => of_swiss(&mut text, swiss, map.capacity / SLOTS, rows_max),
        Layout::Classic(classic) => of_classic(&mut text, classic, rows_max),
    }
    Ok(text)
}

fn of_swiss(text: &mut String, swiss: &Swiss, count: u64, rows_max: usize) {
    let groups = &swiss.groups;
    let tables = swiss.tables.len() as u64;
    let _ = match swiss.directory {
        0 => writeln!(text, "a single group of 8 slots, without a table"),
        length => writeln!(
            text,
            "a directory of {} (depth {}), {} table{}, {} groups of 8 slots",
            integer(length),
            swiss.depth,
            integer(tables),
            s(tables),
            integer(count),
        ),
    };
    if swiss.unread > 0 {
        let n = integer(swiss.unread);
        let _ = writeln!(text, "{n} table{} could not be read: replaced meanwhile, or damaged", s(swiss.unread));
    }
    if let dark @ 1.. = swiss.tables.iter().filter(|table| table.groups.is_none()).count() as u64 {
        let why = "too large, of an unknown type, replaced meanwhile, or damaged";
        let _ = writeln!(text, "the groups of {} table{} are not looked into:\n  {why}", integer(dark), s(dark));
    }
    if groups.count() == 0 {
        return;
    }
    text.push('\n');
    let by_full: BTreeMap<u64, u64> = (0..).zip(groups.by_full).collect();
    figures(text, "entries in a group", "groups", &by_full);
    let _ = writeln!(
        text,
        "\n{} free slot{}; look-ups go past {} deleted one{} (tombstones)",
        integer(groups.empty),
        s(groups.empty),
        integer(groups.deleted),
        s(groups.deleted),
    );
    let _ = match groups.without_empty {
        // A look-up in a single group ends there, full or not.
        _ if swiss.directory == 0 => Ok(()),
        0 => writeln!(text, "each group has a free slot: no look-up goes on to a second one"),
        full => writeln!(
            text,
            "{} group{} without a free slot: look-ups go on; {} in a row at most",
            integer(full),
            s(full),
            integer(groups.longest_run),
        ),
    };
    if swiss.directory > 0 {
        text.push('\n');
        figures(text, "groups that a miss visits", "groups it begins in", &groups.misses);
        if let Some(mean) = swiss.miss_mean {
            let _ =
                writeln!(text, "{} on average; those that a hit visits, only its hash would tell", number::plain(mean));
        }
        of_tables(text, swiss, rows_max);
    }
}

fn of_tables(text: &mut String, swiss: &Swiss, rows_max: usize) {
    let heads = ["table", "depth", "slots", "entries", "load", "deleted", "before growth", "a miss"];
    let widths = [9, 6, 7, 8, 6, 8, 14, 7];
    let row = |cells: [String; 8]| {
        let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| pad_start(cell, width)).collect();
        cells.join(" ")
    };
    let _ = writeln!(text, "\n{}", row(heads.map(str::to_owned)));
    for table in swiss.tables.iter().take(rows_max) {
        let of_groups = |figure: fn(&super::Groups) -> String| table.groups.as_ref().map_or("-".to_owned(), figure);
        let cells = [
            integer(table.index),
            table.local_depth.to_string(),
            integer(table.capacity),
            integer(table.used),
            percent(table.used, table.capacity),
            of_groups(|groups| integer(groups.deleted)),
            integer(table.growth_left),
            of_groups(|groups| number::plain(groups.miss_mean())),
        ];
        let _ = writeln!(text, "{}", row(cells));
    }
    more(text, swiss.tables.len(), rows_max, "table");
}

fn of_classic(text: &mut String, classic: &Classic, rows_max: usize) {
    let array = integer(classic.array);
    let _ = match &classic.growth {
        None => writeln!(text, "{array} bucket{} of 8 cells, not growing", s(classic.array)),
        Some(growth) => {
            let to = if growth.is_same_size { "to have fewer that overflow".to_owned() } else { format!("to {array}") };
            writeln!(text, "growing from {} buckets of 8 cells {to}", integer(growth.old))
        }
    };
    if let Some(growth) = &classic.growth {
        of_growth(text, growth, rows_max);
        text.push_str("\nBuckets that are in use already:\n");
    }
    of_buckets(text, &classic.buckets);
}

fn of_growth(text: &mut String, growth: &Growth, rows_max: usize) {
    let waiting = &growth.waiting;
    let _ = writeln!(
        text,
        "{} of {} old ones are copied, all below {};\n{} wait, with {} entr{} to be copied",
        integer(growth.evacuated),
        integer(growth.old),
        integer(growth.reached),
        integer(waiting.count),
        integer(waiting.entries()),
        ies(waiting.entries()),
    );
    text.push_str("\nOld buckets that wait:\n");
    of_buckets(text, waiting);
    let _ = writeln!(text, "\n{} {}", pad_start("old bucket", 10), pad_start("to be copied", 12));
    for (bucket, entries) in growth.copies.iter().take(rows_max) {
        let _ = writeln!(text, "{} {}", pad_start(&integer(*bucket), 10), pad_start(&integer(*entries), 12));
    }
    more(text, growth.copies.len(), rows_max, "old bucket");
    if let Some(unlisted @ 1..) = waiting.count.checked_sub(growth.copies.len() as u64) {
        let _ = writeln!(text, "\n{} further old bucket{} not listed", integer(unlisted), s(unlisted));
    }
}

fn of_buckets(text: &mut String, buckets: &Buckets) {
    if buckets.unread > 0 {
        let _ = writeln!(text, "{} bucket{} could not be read", integer(buckets.unread), s(buckets.unread));
    }
    if buckets.beyond > 0 {
        let n = integer(buckets.beyond);
        let _ = writeln!(text, "{n} more bucket{} not looked into: the map is too large", s(buckets.beyond));
    }
    if buckets.cut > 0 {
        let n = integer(buckets.cut);
        let _ = writeln!(text, "of {n} chain{} not all could be read: changed meanwhile, or a loop", s(buckets.cut));
    }
    if buckets.count == 0 {
        return;
    }
    text.push('\n');
    figures(text, "overflow buckets", "buckets", &buckets.by_overflow);
    figures(text, "entries, overflow included", "buckets", &buckets.by_entries);
    figures(text, "buckets that a hit visits", "entries", &buckets.hits);
    let _ = writeln!(
        text,
        "\n{} cell{} of removed entries before others (tombstones)\n{} free after the last entry",
        integer(buckets.tombstones),
        s(buckets.tombstones),
        integer(buckets.rest),
    );
}

/// Two lines: a figure, and how many have it. What has no room is added up in the last column.
fn figures(text: &mut String, figure: &str, count: &str, of: &BTreeMap<u64, u64>) {
    let mut columns: Vec<(String, u64)> = of.iter().map(|(at, many)| (integer(*at), *many)).collect();
    if columns.len() > FIGURES_MAX {
        let rest = columns.split_off(FIGURES_MAX - 1);
        columns.push((format!("{}+", rest[0].0), rest.iter().map(|(_, many)| many).sum()));
    }
    let line = |head: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| pad_start(cell, FIGURE_WIDTH)).collect();
        format!("{}{cells}\n", pad(head, HEAD_WIDTH))
    };
    text.push_str(&line(figure, columns.iter().map(|(at, _)| at.clone()).collect()));
    text.push_str(&line(count, columns.iter().map(|(_, many)| number::scaled(*many)).collect()));
}

fn more(text: &mut String, all: usize, shown: usize, what: &str) {
    if let Some(left_out @ 1..) = all.checked_sub(shown) {
        let n = left_out as u64;
        let _ = writeln!(text, "\n{} more {what}{}: --top N, or --format json", integer(n), s(n));
    }
}

fn ies(n: u64) -> &'static str {
    if n == 1 { "y" } else { "ies" }
}

#[cfg(test)]
mod tests {
    use super::super::Groups;
    use super::*;

    #[test]
    fn a_single_group_that_is_full_sends_no_look_up_on() {
        let groups =
            Groups { by_full: [0, 0, 0, 0, 0, 0, 0, 0, 1], without_empty: 1, longest_run: 1, ..Groups::default() };
        let mut text = String::new();
        of_swiss(&mut text, &Swiss { groups, ..Swiss::default() }, 1, 20);
        assert!(text.starts_with("a single group of 8 slots, without a table\n"), "{text}");
        assert!(text.ends_with("0 free slots; look-ups go past 0 deleted ones (tombstones)\n"), "{text}");
    }

    #[test]
    fn what_has_no_room_is_added_up() {
        let mut text = String::new();
        figures(&mut text, "entries, overflow included", "buckets", &(0..200).map(|at| (at, 1_000_000)).collect());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.ends_with(" 7    8+")), "{text}");
        assert!(text.ends_with(" 192M\n"), "{text}");
    }
}
