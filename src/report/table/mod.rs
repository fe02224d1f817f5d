//! The table on the terminal, and the line on what stands out.

pub(super) mod columns;
pub(super) mod group;
mod standout;

use comfy_table::{Attribute, Cell as TableCell, CellAlignment, Color, Row as TableRow, Table, TableStyle};

pub use standout::standout;

use super::human::Scale;
use crate::record::Results;
use columns::COLUMNS;
use group::{Group, Row};

/// Spaces left of every column.
const GAP: usize = 2;

/// The summary of a record as a table of at most `width` columns: a row a cell, cells of one workload together, and a
/// legend of what is shown.
///
/// Figures of one column share their unit and their decimals. Columns without any figure are left out, and on a
/// narrow terminal the less important ones. A failed cell has its status in place of figures. With `colour` the best
/// figure of a workload is green and failures are red, as ANSI escapes; otherwise the text is plain.
pub fn summary(results: &Results, width: usize, colour: bool) -> String {
    let groups = group::groups(results);
    let mut columns = group::columns_in_use(groups.iter().flat_map(|group| &group.rows));
    while !columns.is_empty() && line_width(&table_lines(&groups, &columns, false)) > width {
        let last = columns.iter().map(|&at| COLUMNS[at].rank).max();
        columns.retain(|&at| Some(COLUMNS[at].rank) != last);
    }
    let mut lines = table_lines(&groups, &columns, colour).into_iter();
    let heading: Vec<String> = lines.by_ref().take(2).collect();
    let mut screen = Screen { text: String::new(), width, colour };
    if !columns.is_empty() {
        heading.iter().for_each(|line| screen.line(line));
    }
    let label_width = groups.iter().flat_map(|group| &group.rows).map(|row| row.label.chars().count()).max();
    for group in &groups {
        screen.line("");
        screen.painted("1", &group.workload);
        for row in &group.rows {
            let line = lines.next().unwrap_or_default();
            match row.ok() {
                true if columns.is_empty() => screen.painted("0", &format!("  {}", row.label)),
                true => screen.line(&line),
                false => screen.painted("31", &failed(row, label_width.unwrap_or_default())),
            }
        }
    }
    screen.line("");
    wrap(&legend(results, &groups, &columns), width).iter().for_each(|line| screen.painted("2", line));
    screen.text
}

/// What has been written so far.
struct Screen {
    text: String,
    width: usize,
    colour: bool,
}

impl Screen {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A line in an ANSI style, cut to the width.
    fn painted(&mut self, style: &str, line: &str) {
        let mut line = line.to_owned();
        if line.chars().count() > self.width {
            line = line.chars().take(self.width.saturating_sub(1)).chain(['…']).collect();
        }
        match self.colour && !line.is_empty() {
            true => self.line(&format!("\u{1b}[{style}m{line}\u{1b}[0m")),
            false => self.line(&line),
        }
    }
}

fn failed(row: &Row<'_>, label_width: usize) -> String {
    format!("{:GAP$}{:label_width$}{:GAP$}{}", "", row.label, "", row.failure())
}

/// The table proper: two lines of heading, then one line a row, failed ones with their label only.
fn table_lines(groups: &[Group<'_>], columns: &[usize], colour: bool) -> Vec<String> {
    let scales: Vec<Scale> = columns.iter().map(|&at| group::scale(groups, at)).collect();
    let mut table = Table::new();
    table.load_style(TableStyle::new()).force_no_tty();
    if colour {
        table.enforce_styling();
    }
    let titles = columns.iter().zip(&scales).map(|(&at, scale)| {
        let column = &COLUMNS[at];
        format!("{}\n{}{}", column.title, scale.unit, column.per)
    });
    let titles = ["map\n".to_owned()].into_iter().chain(titles);
    table.set_header(titles.map(|title| TableCell::new(title).add_attribute(Attribute::Bold)).collect::<Vec<_>>());
    for group in groups {
        let best: Vec<Vec<bool>> =
            columns.iter().zip(&scales).map(|(&at, scale)| group::best(group, at, scale)).collect();
        for (row_at, row) in group.rows.iter().enumerate() {
            let mut cells = vec![TableCell::new(&row.label)];
            for ((&at, scale), best) in columns.iter().zip(&scales).zip(&best) {
                let cell = TableCell::new(row.shown(at, scale));
                cells.push(if best[row_at] { cell.fg(Color::Green) } else { cell });
            }
            table.add_row(TableRow::from(cells));
        }
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if at == 0 { CellAlignment::Left } else { CellAlignment::Right });
        column.set_padding((GAP as u16, 0));
    }
    table.lines().collect()
}

fn line_width(lines: &[String]) -> usize {
    lines.iter().map(|line| line.trim_end().chars().count()).max().unwrap_or(0)
}

fn legend(results: &Results, groups: &[Group<'_>], columns: &[usize]) -> String {
    let mut legend: Vec<String> =
        group::legend(columns).into_iter().map(|(name, words)| format!("{name}: {words}")).collect();
    legend.extend(group::marks(results, groups));
    legend.join("; ")
}

/// Breaks text between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    fn without_escapes(text: &str) -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| out + part.split_once('m').map_or("", |(_, rest)| rest))
    }

    #[test]
    fn fits_every_width_and_keeps_every_row() {
        let results = fixture::results();
        for width in [10, 40, 60, 80, 100, 120, 200] {
            let text = summary(&results, width, false);
            assert!(
                line_width(&text.lines().map(str::to_owned).collect::<Vec<_>>()) <= width.max(17),
                "{width}:\n{text}"
            );
            if width >= 40 {
                assert_eq!(text.matches("\n  hashbrown").count(), 2, "{text}");
                assert_eq!(text.matches("timed-out: ").count(), 1, "{text}");
            }
        }
    }

    #[test]
    fn the_important_columns_go_last() {
        let results = fixture::results();
        let heading = |width| summary(&results, width, false).lines().next().unwrap().split_whitespace().count();
        assert_eq!(heading(200), 1 + 2 + COLUMNS.len(), "`get p50` and `get p99` are two words each");
        let narrow = summary(&results, 80, false);
        let heading = narrow.lines().next().unwrap();
        for title in ["time", "max", "tail", "alloc", "moves", "live"] {
            assert!(heading.contains(title), "{title}: {heading}");
        }
        assert!(!heading.contains("get"), "{heading}");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let results = fixture::results();
        let plain = summary(&results, 120, false);
        let coloured = summary(&results, 120, true);
        assert!(!plain.contains('\u{1b}'));
        assert!(coloured.contains("\u{1b}[31m  btree"), "failures are red");
        let trimmed: Vec<_> = without_escapes(&coloured).lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_record_without_figures_still_lists_its_cells() {
        let mut results = fixture::results();
        for cell in &mut results.cells {
            (cell.count, cell.time) = (None, None);
        }
        let text = summary(&results, 80, false);
        assert_eq!(text.lines().filter(|line| line.trim() == "std").count(), 2, "{text}");
        results.cells.clear();
        assert_eq!(summary(&results, 80, false), "\n");
    }
}
