//! A difference on the terminal.

use unicode_width::UnicodeWidthStr as _;

use super::names::Names;
use super::shown::{self, Row, STATISTICAL};
use super::{Change, Diff};
use crate::record::Cell;
use crate::report::number::{fit, one_line};

/// Spaces between columns, and before each row.
const GAP: usize = 2;
/// Longer lines of prose are hard to read.
const PROSE_WIDTH_MAX: usize = 100;
/// As many cells that only one run has are named.
const CELLS_MAX: usize = 20;

/// The difference as text: no line takes more than `width` columns, no table more than `rows_max` rows.
///
/// Where the cells' names fit beside their figures, each row bears its own; otherwise the changes of a cell stand below
/// its name, and the cell with the largest comes first. `colour` adds ANSI styles: better in green, worse in red.
pub fn terminal(diff: &Diff<'_>, width: usize, colour: bool, rows_max: usize) -> String {
    let mut screen = Screen { width, colour, rows_max, text: String::new() };
    let names = Names::new(diff);
    screen.line(&[("A", BOLD), (&format!("  {}", shown::run(&diff.before)), PLAIN)]);
    screen.line(&[("B", BOLD), (&format!("  {}", shown::run(&diff.after)), PLAIN)]);
    if !names.common.is_empty() {
        screen.line(&[(&format!("   all cells: {}", one_line(&names.common)), DIM)]);
    }
    screen.around(diff);
    screen.endings(diff, &names);
    for exact in [true, false] {
        screen.changes(diff, exact, &names);
    }
    for (title, cells) in shown::alone(diff) {
        screen.alone(&title, cells, &names);
    }
    if let Some(words) = shown::ambiguity(diff) {
        screen.prose(&words);
    }
    screen.blank();
    screen.line(&[(&shown::conclusion(diff), BOLD)]);
    if let Some(words) = shown::chance(diff) {
        screen.prose(&words);
    }
    screen.text
}

type Style = &'static str;
const PLAIN: Style = "";
const BOLD: Style = "1";
const DIM: Style = "2";
const RED: Style = "31";
const GREEN: Style = "32";

struct Screen {
    width: usize,
    colour: bool,
    rows_max: usize,
    text: String,
}

impl Screen {
    /// A line of styled parts, cut at the width.
    fn line(&mut self, parts: &[(&str, Style)]) {
        let mut left = self.width;
        let mut line = String::new();
        for (part, style) in parts {
            let part = fit(part, left);
            left -= part.width().min(left);
            match self.colour && !style.is_empty() && !part.trim().is_empty() {
                true => line += &format!("\x1b[{style}m{part}\x1b[0m"),
                false => line += &part,
            }
        }
        self.text += line.trim_end();
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn heading(&mut self, words: &str) {
        self.blank();
        self.line(&[(words, BOLD)]);
    }

    fn prose(&mut self, words: &str) {
        let width = self.width.min(PROSE_WIDTH_MAX);
        let mut line = String::new();
        for word in words.split(' ') {
            if !line.is_empty() && GAP + line.width() + 1 + word.width() > width {
                self.line(&[(&format!("{:GAP$}{line}", ""), DIM)]);
                line.clear();
            }
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
        self.line(&[(&format!("{:GAP$}{line}", ""), DIM)]);
    }

    fn around(&mut self, diff: &Diff<'_>) {
        let lines = shown::around(diff);
        if lines.is_empty() {
            return;
        }
        self.heading("Circumstances");
        let widest = lines.iter().map(|(subject, _)| subject.width()).max().unwrap_or(0);
        for (subject, text) in lines {
            self.line(&[(&format!("{:GAP$}{subject:widest$}  {text}", ""), PLAIN)]);
        }
    }

    fn endings(&mut self, diff: &Diff<'_>, names: &Names) {
        if diff.endings().next().is_none() {
            return;
        }
        self.heading("Ended differently");
        for pair in diff.endings() {
            let name = format!("{:GAP$}{}  ", "", one_line(&names.pair(pair)));
            let style = if pair.before.status > pair.after.status { GREEN } else { RED };
            self.line(&[(&name, PLAIN), (&shown::ending(pair), style)]);
        }
    }

    fn alone(&mut self, title: &str, cells: &[&Cell], names: &Names) {
        self.heading(title);
        for cell in cells.iter().take(CELLS_MAX) {
            self.line(&[(&format!("{:GAP$}{}", "", one_line(&names.cell(cell))), PLAIN)]);
        }
        if let Some(more @ 1..) = cells.len().checked_sub(CELLS_MAX) {
            self.line(&[(&format!("{:GAP$}and {more} more", ""), DIM)]);
        }
    }

    fn changes(&mut self, diff: &Diff<'_>, exact: bool, names: &Names) {
        let changes: Vec<&Change> = diff.of_class(exact).collect();
        if changes.is_empty() {
            return;
        }
        self.heading(&shown::title(diff, exact));
        if !exact {
            self.prose(STATISTICAL);
        }
        let shown = changes.iter().take(self.rows_max);
        let rows: Vec<(usize, Row)> = shown.map(|change| (change.pair, Row::new(change, diff, names))).collect();
        self.table(&rows);
        if let Some(more @ 1..) = changes.len().checked_sub(rows.len()) {
            self.prose(&format!("and {more} smaller: --rows 0 shows all, --out DIR writes them down."));
        }
    }

    fn table(&mut self, rows: &[(usize, Row)]) {
        const HEADINGS: [&str; 5] = ["metric", "A", "B", "change", ""];
        let texts = |row: &Row| [row.metric.to_owned(), row.before.clone(), row.after.clone(), row.change.clone()];
        let mut widths: [usize; 4] = std::array::from_fn(|column| HEADINGS[column].width());
        for (_, row) in rows {
            for (width, text) in widths.iter_mut().zip(texts(row)) {
                *width = (*width).max(text.width());
            }
        }
        let word = rows.iter().map(|(_, row)| row.word.width()).max().unwrap_or(0);
        let figures = widths.iter().sum::<usize>() + word + 5 * GAP;
        let cell = rows.iter().map(|(_, row)| row.cell.width()).max().unwrap_or(0).max("cell".len());
        let flat = GAP + cell + figures <= self.width;
        let cells = |text: [String; 4], widths: [usize; 4]| {
            let [a, b, c, d] = text;
            let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
            let [p, q, r, s] = [pad(&a, widths[0]), pad(&b, widths[1]), pad(&c, widths[2]), pad(&d, widths[3])];
            format!("{a}{p}  {q}{b}  {r}{c}  {s}{d}")
        };
        let lead = |name: &str| match flat {
            true => format!("{:GAP$}{name}{}  ", "", " ".repeat(cell.saturating_sub(name.width()))),
            false => format!("{:1$}", "", 2 * GAP),
        };
        let heading = cells(std::array::from_fn(|column| HEADINGS[column].to_owned()), widths);
        self.line(&[(&lead("cell"), DIM), (&heading, DIM)]);
        let mut order: Vec<usize> = rows.iter().map(|&(pair, _)| pair).collect();
        if !flat {
            let mut seen = std::collections::BTreeSet::new();
            order.retain(|&pair| seen.insert(pair));
        }
        let blocks: Vec<Vec<&Row>> = match flat {
            true => vec![rows.iter().map(|(_, row)| row).collect()],
            false => (order.iter())
                .map(|&pair| rows.iter().filter(|(of, _)| *of == pair).map(|(_, row)| row).collect())
                .collect(),
        };
        for block in blocks {
            if !flat {
                self.line(&[(&format!("{:GAP$}{}", "", block[0].cell), BOLD)]);
            }
            let mut above = "";
            for row in block {
                let style = row.worse.map_or(PLAIN, |worse| if worse { RED } else { GREEN });
                let word = format!("  {}", row.word);
                let [metric, before, after, change] = texts(row);
                let figures = cells([metric, before, after, String::new()], [widths[0], widths[1], widths[2], 0]);
                let gap = " ".repeat(widths[3].saturating_sub(change.width()));
                let name = if row.cell == above { "" } else { &row.cell };
                above = &row.cell;
                self.line(&[(&lead(name), PLAIN), (&figures, PLAIN), (&(gap + &change + &word), style)]);
            }
        }
    }
}
