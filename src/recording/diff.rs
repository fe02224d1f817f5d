//! What a change of a program did to its maps, for people who ask what and not whether it passes.

use std::fmt::Write as _;
use std::io;

use serde_json::{Map, Value, json};

use super::compare::{apart_by_chance, id};
use super::figures::{COLUMNS, Column, value};
use super::pairing::Pairing;
use super::terminal::{name_of, place_and_type};
use super::{Recorded, Recording, Row, Sample};
use crate::gate::number::{difference, plural};
use crate::record::metrics::Number;
use crate::report::number;
use crate::text::pad_start;

/// One of the two recordings.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// The recording.
    pub recording: &'a Recording,
}

/// A figure that differs.
struct Change {
    name: &'static str,
    before: u64,
    after: u64,
    /// Whether seeds may account for it.
    by_chance: bool,
}

/// A place, as it was and as it is, and what differs of it.
struct Changed<'a> {
    before: &'a Row,
    after: &'a Row,
    changes: Vec<Change>,
}

/// What differs, the place first whose bytes do most.
struct Difference<'a> {
    changed: Vec<Changed<'a>>,
    new: Vec<&'a Row>,
    gone: Vec<&'a Row>,
    paired: usize,
}

impl<'a> Difference<'a> {
    fn of(before: Side<'a>, after: Side<'a>) -> Difference<'a> {
        let Pairing { pairs, mut gone, mut new } = Pairing::new(&before.recording.table, &after.recording.table);
        let (a, b) = (before.recording.shown(), after.recording.shown());
        let paired = pairs.len();
        let changed = pairs.into_iter().map(|(before, after)| {
            let changes = COLUMNS.iter().filter_map(|column| change((&a, before), (&b, after), column)).collect();
            Changed { before, after, changes }
        });
        let mut changed: Vec<_> = changed.filter(|changed| !changed.changes.is_empty()).collect();
        changed.sort_by_key(|Changed { before, after, changes }| {
            let bytes = before.counts.alloc_bytes().abs_diff(after.counts.alloc_bytes());
            let sure = changes.iter().filter(|change| !change.by_chance).count();
            std::cmp::Reverse((bytes, sure))
        });
        for alone in [&mut gone, &mut new] {
            alone.sort_by_key(|row| std::cmp::Reverse(row.counts.alloc_bytes()));
        }
        Difference { changed, new, gone, paired }
    }

    /// Whether anything differs besides what seeds may account for.
    fn differs_exactly(&self) -> bool {
        let surely = |changed: &Changed<'_>| changed.changes.iter().any(|change| !change.by_chance);
        !(self.new.is_empty() && self.gone.is_empty()) || self.changed.iter().any(surely)
    }
}

/// Figures that some maps may lack.
const OF_TABLES: [&str; 8] = [
    "growths",
    "moved_entries",
    "alloc_bytes",
    "table_bytes",
    "entry_bytes",
    "abandoned_bytes",
    "held_bytes_max",
    "hint_saves_bytes",
];

fn change(
    (of_before, before): (&Recorded<'_>, &Row),
    (of_after, after): (&Recorded<'_>, &Row),
    column: &Column,
) -> Option<Change> {
    let (a, b) = (value(of_before, &before.counts, column)?, value(of_after, &after.counts, column)?);
    let decided = |row: &Row| row.counts.chance.tosses.saturating_add(row.counts.chance.nodes) > 0;
    // Sums of some maps are not those of others.
    if OF_TABLES.contains(&column.0) && before.counts.unmeasured_maps + after.counts.unmeasured_maps > 0 {
        return None;
    }
    let by_chance = match column.0 {
        // The largest of several maps, and what is worked out of the others.
        "held_bytes_max" | "hint_saves_bytes" | "table_bytes" => {
            (decided(before) || decided(after))
                && a.abs_diff(b) as f64 <= apart_by_chance("alloc_bytes", &before.counts, &after.counts)
        }
        name => a.abs_diff(b) as f64 <= apart_by_chance(name, &before.counts, &after.counts),
    };
    (a != b).then_some(Change { name: column.0, before: a, after: b, by_chance })
}

/// The difference as text of so many columns, with at most so many places of each kind; and whether there is one beyond
/// what chance makes.
pub fn diff(before: Side<'_>, after: Side<'_>, width: usize, rows_max: usize) -> (String, bool) {
    let found = Difference::of(before, after);
    let mut text = String::new();
    for (letter, side) in [("A", before), ("B", after)] {
        let _ = writeln!(text, "{letter}  {}", number::fit(&about(side), width.saturating_sub(3)));
    }
    let mut any_by_chance = false;
    for Changed { before, after, changes } in found.changed.iter().take(rows_max) {
        let moved = match before.place.at == after.place.at {
            true => String::new(),
            false => format!("\n  was {}", before.place.at),
        };
        let _ = writeln!(text, "\n{}{moved}", place_and_type(after, width));
        for Change { name, before, after, by_chance } in changes {
            any_by_chance |= by_chance;
            let [a, b] = [*before, *after].map(|n| pad_start(&number::integer(n), 16));
            let difference = difference(Number::Int(*before), Number::Int(*after));
            let mark = if *by_chance { " ~" } else { "" };
            let _ = writeln!(text, "  {name:<17}{a}{b}  {difference}{mark}");
        }
    }
    more(&mut text, found.changed.len(), rows_max);
    for (title, rows) in [("Only in B", &found.new), ("Only in A", &found.gone)] {
        if !rows.is_empty() {
            let _ = writeln!(text, "\n{title}");
        }
        for row in rows.iter().take(rows_max) {
            let bytes = row.counts.of_tables(row.counts.alloc_bytes());
            let bytes = bytes.map_or_else(|| "-".to_owned(), number::integer);
            let (maps, s) = (number::integer(row.counts.maps), if row.counts.maps == 1 { "" } else { "s" });
            let _ = writeln!(text, "{}\n{:>18} bytes {maps:>13} map{s}", place_and_type(row, width), bytes);
        }
        more(&mut text, rows.len(), rows_max);
    }
    if any_by_chance {
        text += "\n~ no more than the maps' random seeds make of it (docs/RECORDING.md)\n";
    }
    let (differ, paired) = (found.changed.len(), plural(found.paired, "place"));
    let alone = match (found.new.len(), found.gone.len()) {
        (0, 0) => String::new(),
        (new, gone) => format!("; {new} new, {gone} gone"),
    };
    let _ = match differ {
        0 => writeln!(text, "\nNo figure of {paired} and types differs{alone}"),
        differ => writeln!(text, "\n{differ} of {paired} and types differ{alone}"),
    };
    (text, found.differs_exactly())
}

fn more(text: &mut String, count: usize, rows_max: usize) {
    if let Some(more @ 1..) = count.checked_sub(rows_max) {
        let _ = writeln!(text, "\nand {more} more: --rows 0 shows all, --out DIR writes them down");
    }
}

/// `reports/record-001: gofmt (go1.27.3), 2,919 maps, 4,483,616 bytes`.
fn about(side: Side<'_>) -> String {
    let total = &side.recording.table.total;
    let processes = match &side.recording.processes[..] {
        [one] => format!("{} ({})", name_of(&one.program), one.built_with),
        many => format!("{} processes", many.len()),
    };
    let maps = number::integer(total.maps);
    let bytes = match total.of_tables(total.alloc_bytes()) {
        Some(bytes) => format!("{} bytes", number::integer(bytes)),
        None => "bytes not known".to_owned(),
    };
    let share = match side.recording.shown().sample() {
        Some(Sample::ALL) => String::new(),
        Some(sample) => format!(" (sample {sample})"),
        None => " (shares that differ)".to_owned(),
    };
    format!("{}: {processes}, {maps} maps, {bytes}{share}", side.name)
}

/// The whole difference for programs.
///
/// # Errors
/// The serializer's.
pub fn diff_json(before: Side<'_>, after: Side<'_>) -> io::Result<Vec<u8>> {
    let found = Difference::of(before, after);
    let side = |side: Side<'_>| {
        let total = &side.recording.table.total;
        json!({ "name": side.name, "maps": total.maps, "alloc_bytes": total.of_tables(total.alloc_bytes()),
            "places": side.recording.table.rows.len() })
    };
    let bytes = |row: &Row| row.counts.of_tables(row.counts.alloc_bytes());
    let alone = |rows: &[&Row]| -> Vec<Value> {
        let each =
            rows.iter().map(|row| json!({ "place": id(row), "maps": row.counts.maps, "alloc_bytes": bytes(row) }));
        each.collect()
    };
    let changed = found.changed.iter().map(|Changed { before, after, changes }| {
        let figures: Map<_, _> = changes
            .iter()
            .map(|Change { name, before, after, by_chance }| {
                ((*name).to_owned(), json!({ "a": before, "b": after, "by_chance": by_chance }))
            })
            .collect();
        json!({ "place": id(after), "was_at": before.place.at, "figures": figures })
    });
    let document = json!({
        "schema": 1,
        "a": side(before),
        "b": side(after),
        "places": found.paired,
        "changed": changed.collect::<Vec<_>>(),
        "only_in_a": alone(&found.gone),
        "only_in_b": alone(&found.new),
    });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}
