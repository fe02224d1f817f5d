//! The table on a terminal: a place in two lines, its figures above, where it is below.

use std::fmt::Write as _;
use std::io;

use unicode_width::UnicodeWidthStr as _;

use super::{Counts, Format, Process, Recorded, Row, Sample};
use crate::report::number;
use crate::text::{pad_start, shown};

pub(super) const FORMAT: Format = Format { name: "table", binary: false, of_sources: false, render };

/// A head, and a figure. All together are 80 columns wide.
pub(super) type Column = (&'static str, usize, fn(&Counts) -> String);

pub(super) const COLUMNS: [Column; 8] = [
    ("bytes", 8, |c| or_dash(c.of_tables(c.alloc_bytes()))),
    ("abandoned", 9, |c| percent(c.abandoned_bytes, c.alloc_bytes())),
    ("hint saves", 10, |c| or_dash(c.hint_saves_bytes())),
    ("maps", 7, |c| number::scaled(c.maps)),
    ("p50/p99/largest", 17, sizes),
    ("inserts", 7, |c| number::scaled(c.inserts)),
    ("growths", 7, |c| or_dash(c.of_tables(c.growths))),
    ("moves", 7, |c| or_dash(c.of_tables(c.moved_entries))),
];

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let table = recorded.table;
    let mut text = summary(recorded);
    if !table.rows.is_empty() {
        text += "\n";
        let heads = COLUMNS.map(|(head, width, _)| pad_start(head, width));
        text += &format!("{}\n", heads.join(" "));
    }
    for row in table.rows.iter().take(recorded.rows_max) {
        text += &lines(row, recorded.width);
    }
    let left_out = table.rows.len().saturating_sub(recorded.rows_max);
    if left_out > 0 {
        let s = if left_out == 1 { "" } else { "s" };
        let _ = writeln!(text, "\n{} more place{s}: --top N, or --format csv", number::integer(left_out as u64));
    }
    text += &hints(recorded);
    Ok(text.into_bytes())
}

/// What the sources say, where they were read.
fn hints(recorded: &Recorded<'_>) -> String {
    /// Columns of a place, however long the hint is.
    const AT_LEAST: usize = 24;
    let mut text = String::new();
    match recorded.hints {
        None => {}
        Some([]) => text += "\nNo hint would save bytes at these places\n",
        Some(hints) => {
            text += "\nHints in the source\n";
            let width = recorded.width.max(40);
            // Of several types at a place the same may be said.
            let mut said: Vec<String> = Vec::new();
            for hint in hints {
                let row = &recorded.table.rows[hint.row];
                // Its number comes last.
                let with = number::fit_ends(&hint.with(), width - AT_LEAST - 2);
                let room = width - with.width() - 2;
                let mut lines = format!("\n{}  {with}\n", end_of(&row.place.at, room));
                for line in hint.why(row) {
                    let _ = writeln!(lines, "  {line}");
                }
                if !said.contains(&lines) {
                    said.push(lines);
                }
            }
            text += &said.concat();
        }
    }
    text
}

fn lines(row: &Row, width: usize) -> String {
    let figures = COLUMNS.map(|(_, width, figure)| pad_start(&figure(&row.counts), width));
    format!("{}\n  {}\n", figures.join(" "), place_and_type(row, width.saturating_sub(2)))
}

/// Where it is, and of which type, in so many columns.
pub(super) fn place_and_type(row: &Row, width: usize) -> String {
    let of_type = number::fit_ends(&row.ty, (width / 2).max(30));
    let counts = &row.counts;
    // Where none is measured, the figures are dashes.
    let some = match counts.unmeasured_maps {
        1.. if counts.unmeasured_maps < counts.maps => {
            let known = counts.maps - counts.unmeasured_maps;
            format!("  bytes of {} map{}", number::integer(known), if known == 1 { "" } else { "s" })
        }
        _ => String::new(),
    };
    let room = width.saturating_sub(of_type.chars().count() + 2 + some.len());
    format!("{}  {of_type}{some}", end_of(&row.place.at, room))
}

/// A path in so many columns: its end says more than its beginning.
fn end_of(at: &str, room: usize) -> String {
    match at.chars().count() {
        long if long > room => format!("…{}", at.chars().skip(long + 1 - room).collect::<String>()),
        _ => at.to_owned(),
    }
}

fn of_places(rows: u64) -> String {
    if rows == 1 { "1 place and type".to_owned() } else { format!("{} places and types", number::integer(rows)) }
}

pub(super) fn summary(recorded: &Recorded<'_>) -> String {
    let (table, total) = (recorded.table, &recorded.table.total);
    let [inserts, bytes, moved] = [total.inserts, total.alloc_bytes(), total.moved_entries].map(number::integer);
    let (maps, places) = (number::plural(total.maps, "map"), of_places(table.rows.len() as u64));
    let mut text = String::new();
    let processes = match recorded.processes {
        [one] => format!("{} ({})", name_of(&one.program), one.built_with),
        many => format!("{} processes", many.len()),
    };
    let _ = writeln!(text, "{processes}: {maps} of {places}, {inserts} inserts");
    if let Some(packages) = recorded.packages {
        let _ = writeln!(text, "Only places in {}: sums are of these", shown(&packages.patterns().join(", ")));
    }
    match recorded.sample() {
        Some(Sample::ALL) => {}
        Some(sample) => match sample.one_of() {
            Some(n) => {
                let _ = writeln!(text, "One map of {} is recorded, and figures are of those", number::integer(n));
            }
            None => text += "Recording is off: `mapscope maps PID --set sample=1/100` switches it on\n",
        },
        None => match recorded.processes {
            [one] => text += &periods(one, recorded.packages.is_some()),
            _ => text += "Processes recorded different shares of their maps: --format json has each\n",
        },
    }
    if total.partial_maps > 0 {
        let s = if total.partial_maps == 1 { " was" } else { "s were" };
        let maps = number::integer(total.partial_maps);
        let _ = writeln!(text, "{maps} map{s} used after recording was switched off: counted until then");
    }
    let by_insert = match total.inserts {
        0 => String::new(),
        // Some of the inserts are of maps without bytes.
        _ if total.unmeasured_maps > 0 => String::new(),
        inserts => format!(", {} an insert", number::plain(total.alloc_bytes() as f64 / inserts as f64)),
    };
    let abandoned = match total.alloc_bytes() {
        0 => String::new(),
        all => format!("; {} of them abandoned by growing", percent(total.abandoned_bytes, all)),
    };
    let saves = match total.hint_saves_bytes() {
        Some(bytes) => format!("; exact hints would save {} bytes", number::integer(bytes)),
        None => String::new(),
    };
    if total.of_tables(total.alloc_bytes()).is_some() {
        let _ = writeln!(text, "{bytes} bytes allocated{by_insert}{abandoned}");
        let _ = writeln!(text, "{moved} entries moved{saves}");
    }
    if total.unhinted_maps > 0 {
        let s = if total.unhinted_maps == 1 { "" } else { "s" };
        let maps = number::integer(total.unhinted_maps);
        let why = match total.chained_maps {
            0 => "from which keys were removed",
            _ => "of which it is not known",
        };
        let _ = writeln!(text, "left out of that: {maps} map{s} {why}");
    }
    for (count, which) in [
        (total.unmeasured_maps - total.untold_maps, "of nodes: their bytes"),
        (total.untold_maps, "whose tables can't be told: their bytes"),
    ] {
        if count > 0 {
            let s = if count == 1 { "" } else { "s" };
            let _ = writeln!(text, "{} map{s} {which} are not known, and in no sum", number::integer(count));
        }
    }
    let dropped = table.dropped;
    let parts = [
        (dropped.maps, "maps are not recorded"),
        (dropped.places, "maps have no place"),
        (dropped.types, "maps have no type"),
        (dropped.names, "functions have no name"),
    ];
    for (count, what) in parts.into_iter().filter(|&(count, _)| count > 0) {
        let _ = writeln!(text, "{} {what}: there was no room for more", number::integer(count));
    }
    text
}

/// When what was recorded, of a process in which that was changed: a line each, of the last ones; with how many maps, unless
/// some places only are shown.
fn periods(process: &Process, some_only: bool) -> String {
    const SHOWN_MAX: usize = 6;
    let mut text = "What is recorded was changed while it ran, and figures are of the maps that were:\n".to_owned();
    let left_out = process.periods.len().saturating_sub(SHOWN_MAX);
    if left_out > 0 {
        let s = if left_out == 1 { "" } else { "s" };
        let _ = writeln!(text, "  {} period{s} before: --format json", number::integer(left_out as u64));
    }
    let start = process.periods[0].since;
    for (index, period) in process.periods.iter().enumerate().skip(left_out) {
        let when = match index {
            0 => "from the start on".to_owned(),
            _ => format!("after {}", number::elapsed(period.since.saturating_sub(start))),
        };
        let maps = process.maps.iter().filter(|map| map.period as usize == index).count() as u64;
        let maps = match period.sample {
            Sample::OFF => String::new(),
            _ if some_only => String::new(),
            _ => format!("{:>11} map{}", number::integer(maps), if maps == 1 { "" } else { "s" }),
        };
        let _ = writeln!(text, "{}", format!("  {when:<20} {:>9}{maps}", period.sample.to_string()).trim_end());
    }
    text
}

pub(super) fn name_of(program: &str) -> &str {
    program.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("a program")
}

fn sizes(counts: &Counts) -> String {
    let sizes = [counts.size_at(50), counts.size_at(99), counts.sizes.last().copied()];
    sizes.map(|size| size.map(number::scaled).unwrap_or_default()).join("/")
}

fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => String::new(),
        whole => format!("{:.0} %", 100.0 * part as f64 / whole as f64),
    }
}

/// A figure, if it is known.
fn or_dash(figure: Option<u64>) -> String {
    figure.map_or_else(|| "-".to_owned(), number::scaled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_a_narrow_terminal() {
        assert!(COLUMNS.iter().map(|(_, width, _)| width + 1).sum::<usize>() - 1 <= 80);
    }

    #[test]
    fn of_no_bytes_no_share_is_abandoned() {
        let table = crate::recording::Table::new(&[], None, crate::recording::Sort::Bytes);
        let recorded = Recorded {
            manifest: None,
            processes: &[],
            table: &table,
            packages: None,
            hints: None,
            root: None,
            rows_max: 20,
            width: 80,
        };
        let text = summary(&recorded);
        assert!(text.lines().any(|line| line == "0 bytes allocated"), "{text}");
    }
}
