//! The table on the terminal: one row a cell, grouped by workload, as wide as the terminal and no wider.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, CellAlignment, Color, Table};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::figures::{Column, Figures};
use super::group::{Group, tables};
use super::legend;
use super::number::{decimals, fit, one_line};
use super::side::{ABSENT, Side};
use super::sides::SIDES;
pub use super::standout::sentences as findings;
use super::undisturbed;
use crate::record::Results;
use crate::record::metrics::times::CLOCK_FLOOR_NS;
use crate::text::pad_start;

/// Spaces before each row, so that the workloads' headings stand out.
const INDENT: usize = 2;
/// Spaces between columns.
const GAP: usize = 2;
/// Longer lines of prose are hard to read.
const LEGEND_WIDTH_MAX: usize = 120;

/// The summary of a record as a table with a legend; no line takes more than `width` columns of the terminal.
///
/// Columns without a value in any cell are left out; a terminal too narrow for all drops the less important ones, and
/// the legend says which. `colour` adds ANSI styles: the best figure of a group in green, failed cells in red.
pub fn summary(results: &Results, width: usize, colour: bool) -> String {
    let groups = tables(results);
    let (shown, dropped) = choose(&groups, width);
    let paint = Paint { colour };
    let mut lines = Vec::new();

    // Failed cells and headings span all columns: they go between the lines of the table, which has neither.
    let mut table = figures_table(&groups, &shown, width, colour).into_iter();
    if !shown.is_empty() {
        lines.extend(table.by_ref().take(2));
    }
    let label_width = label_width(&groups, width);
    let names_kinds = legend::one_kind(&groups).is_none() && shown.iter().any(|shown| shown.column.metric.timed());
    for group in &groups {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut title = group.title();
        if names_kinds {
            title.push_str(&format!(" (latencies of {})", group.latencies_of()));
        }
        lines.extend(wrap(&one_line(&title), width).iter().map(|line| paint.bold(line)));
        for row in &group.rows {
            let label = RowLabel::new(&row.label, label_width);
            lines.extend(label.above(width));
            if row.failed() {
                let begin = format!("{:INDENT$}{}{:GAP$}", "", label.beside(), "");
                let room = width.saturating_sub(begin.width()).max(1);
                for (index, part) in wrap(&failure(row), room).iter().enumerate() {
                    let begin = if index == 0 { begin.clone() } else { " ".repeat(begin.width()) };
                    lines.push(fit(&begin, width) + &paint.red(&fit(part, width.saturating_sub(begin.width()))));
                }
            } else if shown.is_empty() {
                lines.push(fit(&format!("{:INDENT$}{}", "", label.beside()), width));
            } else {
                lines.extend(table.next());
            }
        }
    }
    lines.push(String::new());
    lines.extend(
        legend(&groups, &shown, &dropped, results).iter().flat_map(|text| wrap(text, width.min(LEGEND_WIDTH_MAX))),
    );
    lines.extend(SIDES.iter().flat_map(|side| beside(side, &groups, width, &paint)));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A small table below the figures, with as many of its columns as fit.
fn beside(side: &Side, groups: &[Group<'_>], width: usize, paint: &Paint) -> Vec<String> {
    let mut tables = side.of(groups);
    let rows = || tables.iter().flat_map(|(_, rows)| rows);
    let Some(first) = rows().next().filter(|_| (side.on_terminal)(rows().count())) else { return Vec::new() };
    let widest = |column: usize| rows().map(|row| row[column].width()).max().unwrap_or(0);
    let width_of = |column: usize| match column {
        0 => label_width(groups, width),
        column => widest(column).max(side.headings[column].width()),
    };
    let mut widths: Vec<usize> = (0..side.headings.len()).map(width_of).collect();
    let mut columns: Vec<usize> = (0..widths.len()).collect();
    let alike = |column: usize| rows().all(|row| row[column] == first[column]);
    columns.retain(|&column| side.differs != Some(column) || !alike(column));
    columns.retain(|&column| rows().any(|row| row[column] != ABSENT));
    let told = side.differs.filter(|column| columns.contains(column));
    for dropped in side.dropped {
        let taken = INDENT + columns.iter().map(|&column| widths[column] + GAP).sum::<usize>() - GAP;
        if taken > width {
            columns.retain(|column| column != dropped);
        }
    }
    // Last of all the name gives way: where there is no room for it, it is above its figures.
    let figures = columns.iter().skip(1).map(|&column| GAP + widths[column]).sum::<usize>();
    widths[0] = widths[0].min(width.saturating_sub(INDENT + figures)).max(side.headings[0].width());
    let lost = told.filter(|column| !columns.contains(column));
    if let Some(lost) = lost {
        for (_, rows) in &mut tables {
            let mut seen = BTreeSet::new();
            rows.retain(|row| seen.insert(row[..lost].to_vec()));
        }
    }
    let line = |row: &[String]| {
        let text = |&column: &usize| match column {
            0 => format!("{:INDENT$}{}", "", RowLabel::new(&row[0], widths[0]).beside()),
            column => format!("{:GAP$}{}", "", pad_start(&row[column], widths[column])),
        };
        fit(&columns.iter().map(text).collect::<String>(), width)
    };
    let headings: Vec<String> = side.headings.iter().map(|&heading| heading.to_owned()).collect();
    let mut lines = vec![String::new()];
    lines.extend(wrap(side.title, width).iter().map(|line| paint.bold(line)));
    lines.push(paint.bold(&line(&headings)));
    for (group, rows) in &tables {
        lines.push(String::new());
        lines.extend(wrap(&one_line(&group.title()), width).iter().map(|line| paint.bold(line)));
        for row in rows {
            lines.extend(RowLabel::new(&row[0], widths[0]).above(width));
            lines.push(line(row));
        }
    }
    lines.push(String::new());
    let mut legend = side.legend(|column| columns.contains(&column));
    if lost.is_some() {
        legend.push_str(" Undisturbed where a cell has such times.");
    }
    lines.extend(wrap(&legend, width.min(LEGEND_WIDTH_MAX)));
    lines
}

/// The name of a row: beside its figures where there is room, otherwise on lines of its own above them.
struct RowLabel<'a> {
    text: &'a str,
    room: usize,
}

impl<'a> RowLabel<'a> {
    fn new(text: &'a str, room: usize) -> RowLabel<'a> {
        RowLabel { text, room }
    }

    /// As wide as the room there is.
    fn beside(&self) -> String {
        let text = if self.text.width() <= self.room { self.text } else { "" };
        text.to_owned() + &" ".repeat(self.room - text.width())
    }

    fn above(&self, width: usize) -> Vec<String> {
        if self.text.width() <= self.room {
            return Vec::new();
        }
        let lines = wrap(self.text, width.saturating_sub(INDENT));
        lines.iter().map(|line| fit(&format!("{:INDENT$}{line}", ""), width)).collect()
    }
}

/// The status and, shortly, why.
fn failure(row: &Figures<'_>) -> String {
    match row.cell.error.as_deref().map(one_line) {
        Some(error) if !error.is_empty() => format!("{}: {error}", row.cell.status.name()),
        _ => row.cell.status.name().to_owned(),
    }
}

/// A column that is shown, with what all of its rows share.
struct Shown {
    column: Column,
    decimals: usize,
    width: usize,
}

impl Shown {
    /// `None` where no cell has a value that is worth the room, and for columns that are not for the terminal.
    fn new(column: Column, groups: &[Group<'_>]) -> Option<Shown> {
        let rows = || groups.iter().flat_map(|group| &group.rows).filter(|row| !row.failed());
        column.rank?;
        rows().filter(|row| (column.worth)(row.cell)).find_map(|row| column.value(row))?;
        let decimals = decimals(rows().filter_map(|row| column.value(row)), column.decimals);
        let texts = rows().map(|row| column.text(row, decimals));
        let headings = [column.top, column.unit].map(str::width).into_iter().max();
        let width = texts.map(|text| text.width()).chain(headings).max().unwrap_or(0);
        Some(Shown { column, decimals, width })
    }
}

/// As wide as the widest label that leaves room for figures; longer ones are above theirs.
fn label_width(groups: &[Group<'_>], width: usize) -> usize {
    let room = (width / 2).saturating_sub(INDENT);
    let widths = groups.iter().flat_map(|group| &group.rows).map(|row| row.label.width());
    widths.filter(|&widest| widest <= room).max().unwrap_or(0).max("map".len())
}

/// The columns that fit, and those that don't, both in their order.
fn choose(groups: &[Group<'_>], width: usize) -> (Vec<Shown>, Vec<Shown>) {
    let all = groups.first().map_or(&[][..], |group| &group.columns);
    let mut columns: Vec<(Shown, bool)> =
        all.iter().filter_map(|&column| Some((Shown::new(column, groups)?, false))).collect();
    let mut by_rank: Vec<&mut (Shown, bool)> = columns.iter_mut().collect();
    by_rank.sort_by_key(|(shown, _)| shown.column.rank);
    let mut taken = INDENT + label_width(groups, width);
    for (shown, fits) in by_rank {
        *fits = taken + GAP + shown.width <= width;
        if *fits {
            taken += GAP + shown.width;
        }
    }
    let (shown, dropped): (Vec<_>, Vec<_>) = columns.into_iter().partition(|&(_, fits)| fits);
    let columns = |chosen: Vec<(Shown, bool)>| chosen.into_iter().map(|(shown, _)| shown).collect();
    (columns(shown), columns(dropped))
}

/// Two lines of headings, then one line for each cell that did not fail.
fn figures_table(groups: &[Group<'_>], shown: &[Shown], width: usize, colour: bool) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    if colour {
        table.enforce_styling().style_text_only();
    }
    let bold = |text: String| Cell::new(text).add_attribute(Attribute::Bold);
    let headings = shown.iter().map(|shown| bold(format!("{}\n{}", shown.column.top, shown.column.unit)));
    table.set_header(std::iter::once(bold("\nmap".to_owned())).chain(headings));
    let label_width = label_width(groups, width);
    for group in groups {
        let rows: Vec<&Figures<'_>> = group.rows.iter().filter(|row| !row.failed()).collect();
        let compares = |shown: &&Shown| !shown.column.latency || group.mainly().is_some();
        let best = |shown| Some(shown).filter(compares).and_then(|shown| best(shown, &rows));
        let best: Vec<Option<String>> = shown.iter().map(best).collect();
        for row in rows {
            // A column is as wide as the labels of failed cells too.
            let mut cells = vec![Cell::new(RowLabel::new(&row.label, label_width).beside())];
            for (shown, best) in shown.iter().zip(&best) {
                let text = shown.column.text(row, shown.decimals);
                let is_best = best.as_ref() == Some(&text);
                let cell = Cell::new(text);
                cells.push(if is_best { cell.fg(Color::DarkGreen) } else { cell });
            }
            table.add_row(cells);
        }
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        let (gap, alignment) = if index == 0 { (INDENT, CellAlignment::Left) } else { (GAP, CellAlignment::Right) };
        column.set_padding((gap as u16, 0));
        column.set_cell_alignment(alignment);
    }
    table.lines().collect()
}

/// The best figure of a column within a group, as shown; `None` where all are alike.
fn best(shown: &Shown, rows: &[&Figures<'_>]) -> Option<String> {
    let column = &shown.column;
    let values = || rows.iter().filter_map(|row| Some((column.value(row)?, column.text(row, shown.decimals))));
    let by_figure = |(a, _): &(f64, _), (b, _): &(f64, _)| if column.larger { b.total_cmp(a) } else { a.total_cmp(b) };
    let (_, best) = values().min_by(by_figure).filter(|_| column.named.is_none())?;
    values().any(|(_, text)| text != best).then_some(best)
}

fn legend(groups: &[Group<'_>], shown: &[Shown], dropped: &[Shown], results: &Results) -> Vec<String> {
    let mut legend = Vec::new();
    let entries = legend::entries(shown.iter().map(|shown| &shown.column), groups);
    let entries: Vec<_> = entries.iter().map(|(names, meaning)| format!("{}: {meaning}", names.join(", "))).collect();
    if !entries.is_empty() {
        legend.push(entries.join("; ") + ".");
    }
    legend.extend(legend::of_rows(groups));
    if shown.iter().any(|shown| shown.column.metric.timed()) {
        legend.extend(undisturbed::notes(results));
    }
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let has_latencies = shown.iter().any(|shown| shown.column.latency);
    let floors = rows().filter_map(|row| row.metric(CLOCK_FLOOR_NS)).filter(|_| has_latencies);
    if let Some(floor_ns) = floors.reduce(f64::max) {
        legend.push(format!("Latencies include one reading of the clock, up to {floor_ns:.0} ns here."));
    }
    if !dropped.is_empty() {
        let names: Vec<String> = dropped.iter().map(|dropped| dropped.column.heading()).collect();
        legend.push(format!("Too narrow here for {}: see results.md.", names.join(", ")));
    }
    if results.partial {
        legend.push("Partial: the run ended before all cells were done.".to_owned());
    }
    legend
}

/// Lines of at most `width` columns, broken between words, and within one only where it is wider than that.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if lines[last].width() + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else {
            lines[last].push(' ');
            lines[last].push_str(word);
        }
        while let Some(rest) = lines.last_mut().and_then(|line| cut(line, width)) {
            lines.push(rest);
        }
    }
    // A character may be wider than a line.
    lines.iter().map(|line| fit(line, width)).collect()
}

/// Leaves as many columns of a line as fit, one character at the least, and gives the rest.
fn cut(line: &mut String, width: usize) -> Option<String> {
    let mut taken = 0;
    let end = line.char_indices().find(|&(at, c)| {
        taken += c.width().unwrap_or(0);
        at > 0 && taken > width
    });
    end.map(|(at, _)| line.split_off(at))
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn bold(&self, text: &str) -> String {
        self.style("1", text)
    }

    fn red(&self, text: &str) -> String {
        self.style("31", text)
    }

    fn style(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
