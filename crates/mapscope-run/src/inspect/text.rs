//! A moment as text: header, a summary of each table, and its rows or the telling ones of them.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::summary::TableSummary;
use super::{Moment, Summary, operation};
use crate::maps::anatomy::{Entry, Field, Kind, Mark, Row, Slot, Stage, Table};

/// How to write.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns of the terminal; 40 at the least.
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
    /// Whether to show every row and table.
    pub all: bool,
    /// Whether to show what values are made of.
    pub values: bool,
}

/// Rows of a table that are shown unless all are asked for.
const ROWS_MAX: usize = 16;
/// The same for tables.
const TABLES_MAX: usize = 4;
/// Rows before which a histogram says nothing that the rows themselves don't.
const HISTOGRAM_FROM_ROWS: usize = 9;
/// The longest text of a key.
const KEY_COLUMNS_MAX: usize = 13;

const BOLD: &str = "1";
const DIM: &str = "2";
const BLUE: &str = "34";
const YELLOW: &str = "33";
const MAGENTA: &str = "35";
const RED: &str = "31";

/// Writes a moment of `map`, which does `what`.
pub fn render(moment: &Moment, title: &str, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    let summary = Summary::of(&moment.anatomy);
    let last = moment.last.map_or("just made".to_owned(), |row| operation(&row));
    page.wrapped(BOLD, &format!("{title}, after operation {}: {last}", moment.operation));
    page.text.push('\n');
    page.fields("header", &moment.anatomy.header);
    page.text.push('\n');
    page.fields("so far", &moment.so_far);
    let word = moment.anatomy.row_word;
    if moment.anatomy.tables.is_empty() {
        let _ = writeln!(page.text, "\nno {word}s yet: they come with the first entry");
    }
    let touched = |table| moment.touched.iter().filter(move |(it, _)| *it == table).map(|&(_, row)| row);
    let mut left_out = 0;
    for (index, (table, summed)) in moment.anatomy.tables.iter().zip(&summary.tables).enumerate() {
        if !style.all && index >= TABLES_MAX && touched(index).next().is_none() {
            left_out += 1;
            continue;
        }
        page.table(word, table, summed, &touched(index).collect::<Vec<_>>());
    }
    if left_out > 0 {
        let _ = writeln!(page.text, "\nand {left_out} more tables; --all shows them");
    }
    page.legend(&summary);
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.style.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Prose, wrapped.
    fn wrapped(&mut self, code: &str, text: &str) {
        for line in wrap(text, self.style.width) {
            let line = self.paint(code, &line);
            let _ = writeln!(self.text, "{line}");
        }
    }

    /// Name, figure, unit and meaning of each.
    fn fields(&mut self, heading: &str, fields: &[Field]) {
        let heading = self.paint(BOLD, heading);
        let _ = writeln!(self.text, "{heading}");
        let name_width = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        let figures: Vec<String> = fields.iter().map(|field| grouped(&field.figure.to_string())).collect();
        let figure_width = figures.iter().map(|figure| figure.width()).max().unwrap_or(0);
        for (field, figure) in fields.iter().zip(&figures) {
            let gap = if field.unit.is_empty() || field.meaning.is_empty() { "" } else { ": " };
            let said = format!("{}{gap}{}", field.unit, field.meaning);
            let beside = 6 + name_width + figure_width;
            // Below, where there is little room beside.
            let below = self.style.width < beside + 24;
            let indent = if below { 6 } else { beside };
            let line = format!("  {:name_width$}  {figure:>figure_width$}", field.name);
            self.text.push_str(&line);
            for (n, said) in wrap(&said, self.style.width - indent).iter().enumerate() {
                let gap = if n == 0 && !below { "  ".to_owned() } else { format!("\n{:indent$}", "") };
                if !said.is_empty() {
                    let said = self.paint(DIM, said);
                    self.text.push_str(&format!("{gap}{said}"));
                }
            }
            self.text.push('\n');
        }
    }

    fn table(&mut self, word: &str, table: &Table, summed: &TableSummary, touched: &[usize]) {
        let counted = |n: u64, one: &str| format!("{} {one}{}", grouped(&n.to_string()), if n == 1 { "" } else { "s" });
        let mut said = vec![counted(table.row_count as u64, word)];
        if summed.overflow_buckets > 0 {
            said.push(counted(summed.overflow_buckets, "overflow bucket"));
        }
        let entries = if summed.entries == 1 {
            "1 entry".to_owned()
        } else {
            format!("{} entries", grouped(&summed.entries.to_string()))
        };
        said.push(format!("{entries} in {}", counted(summed.slots, "slot")));
        if summed.tombstones > 0 {
            said.push(counted(summed.tombstones, "tombstone"));
        }
        self.text.push('\n');
        self.wrapped(BOLD, &format!("{}: {}", table.name, said.join(", ")));
        if !table.fields.is_empty() {
            let fields = table.fields.iter().map(|field| format!("{} {}", field.name, field.figure));
            for line in wrap(&fields.collect::<Vec<_>>().join(", "), self.style.width - 2) {
                let _ = writeln!(self.text, "  {line}");
            }
        }
        self.evacuation(table, summed);
        if table.row_count >= HISTOGRAM_FROM_ROWS {
            self.histogram(word, summed);
            if summed.chain_length_max > 1 {
                let rows: Vec<_> = summed.longest_rows.iter().take(8).map(usize::to_string).collect();
                let more = if summed.longest_rows.len() > 8 { ", ..." } else { "" };
                let (length, rows) = (summed.chain_length_max, rows.join(", "));
                let text = format!("longest chains: {length} {word}s, from {word} {rows}{more}");
                wrap(&text, self.style.width - 2).iter().for_each(|line| self.text.push_str(&format!("  {line}\n")));
            }
        }
        self.rows(word, table, summed, touched);
    }

    fn evacuation(&mut self, table: &Table, summed: &TableSummary) {
        let Some(frontier) = table.frontier else { return };
        let (done, of) = (summed.evacuated_rows, table.row_count as u64);
        let cells = 32.min(of);
        let filled = (done * cells / of.max(1)) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(cells as usize - filled));
        let bar = self.paint(MAGENTA, &bar);
        let _ =
            writeln!(self.text, "  evacuated {done} of {of} {bar} frontier ({}) at {}", frontier.name, frontier.row);
    }

    fn histogram(&mut self, word: &str, summed: &TableSummary) {
        const ENTRIES: &str = "entries";
        let most = summed.occupancy.iter().copied().max().unwrap_or(0).max(1);
        let (words, count_width) = (format!("{word}s"), grouped(&most.to_string()).len().max(word.len() + 1));
        let room = self.style.width.saturating_sub(2 + ENTRIES.len() + 2 + count_width + 2).clamp(4, 40) as u64;
        let head = self.paint(DIM, &format!("{ENTRIES}  {words:>count_width$}"));
        let _ = writeln!(self.text, "  {head}");
        for (entries, &rows) in summed.occupancy.iter().enumerate() {
            let bar = "█".repeat((rows * room).div_ceil(most) as usize);
            let (bar, rows) = (self.paint(BLUE, &bar), grouped(&rows.to_string()));
            let line = format!("  {entries:>7}  {rows:>count_width$}  {bar}");
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
    }

    fn rows(&mut self, word: &str, table: &Table, summed: &TableSummary, touched: &[usize]) {
        let shown = self.chosen(table, summed, touched);
        // The heading says of which table.
        let label = |row: &Row| format!("{word} {}", row.index);
        let rows: Vec<&Row> = table.rows.iter().filter(|row| shown.contains(&row.index)).collect();
        let chained = rows.iter().map(|row| row.buckets.len()).max().unwrap_or(1) - 1;
        let overflow = if chained > 0 { format!("  + overflow {chained}").len() } else { 0 };
        // Of the others the slots tell.
        let stage = |row: &Row| if row.stage == Stage::Waiting { row.stage.name() } else { "" };
        let labels = rows.iter().map(|row| label(row).len() + 1 + stage(row).len());
        let label_width = labels.max().unwrap_or(0).max(overflow);
        let room = self.style.width.saturating_sub(2 + label_width);
        let cell_width = |long| {
            let slots = rows.iter().flat_map(|row| row.buckets.iter().flatten());
            slots.map(|slot| self.plain(slot, long).width()).max().unwrap_or(1)
        };
        let fitting = |width: usize| [8, 4, 2].into_iter().find(|n| n * (width + 1) <= room).unwrap_or(1);
        // Long keys are shortened rather than broken into more lines.
        let long = fitting(cell_width(true)) >= fitting(cell_width(false));
        let (cell_width, per_line) = (cell_width(long), fitting(cell_width(long)));
        let gap = if per_line * (cell_width + 2) <= room { "  " } else { " " };
        let mut next = 0;
        for row in rows {
            self.frontier_or_gap(word, table, &mut next, row.index);
            let mut name = format!("{} {}", label(row), stage(row)).trim_end().to_owned();
            if touched.contains(&row.index) && self.style.colour {
                name = format!("\x1b[{BOLD}m{name}\x1b[0m{}", " ".repeat(label_width.saturating_sub(name.len())));
            }
            // Nobody has used it yet.
            let untouched = row.stage == Stage::Waiting;
            for (number, slots) in row.buckets.iter().enumerate() {
                let mut label = if number == 0 { name.clone() } else { format!("  + overflow {number}") };
                if untouched {
                    let _ = writeln!(self.text, "  {label}");
                    break;
                }
                for cells in slots.chunks(per_line) {
                    let line: Vec<_> = cells.iter().map(|slot| self.cell(slot, cell_width, long)).collect();
                    let line = format!("  {label:label_width$} {}", line.join(gap));
                    let _ = writeln!(self.text, "{}", line.trim_end());
                    label.clear();
                }
            }
        }
        self.frontier_or_gap(word, table, &mut next, table.row_count);
    }

    /// Says where the frontier is, or that rows are left out, between the row shown last and the one shown `next`.
    fn frontier_or_gap(&mut self, word: &str, table: &Table, shown: &mut usize, next: usize) {
        let gap = next - *shown;
        if gap > 0 {
            let text = format!("  ... {gap} {word}{} more", if gap == 1 { "" } else { "s" });
            let text = self.paint(DIM, &text);
            let _ = writeln!(self.text, "{text}");
        }
        if let Some(frontier) = table.frontier.filter(|&at| at.row == next || (*shown < at.row && at.row < next)) {
            let line = format!("---- {} = {}: all above are evacuated ", frontier.name, frontier.row);
            let line = format!("  {line}{}", "-".repeat(self.style.width.min(80).saturating_sub(2 + line.len())));
            let line = self.paint(RED, &line);
            let _ = writeln!(self.text, "{line}");
        }
        *shown = next + 1;
    }

    /// The rows shown: the last operation's, those around the frontier, the longest chains, and the first ones.
    fn chosen(&self, table: &Table, summed: &TableSummary, touched: &[usize]) -> Vec<usize> {
        if self.style.all || table.row_count <= ROWS_MAX {
            return (0..table.row_count).collect();
        }
        let frontier = table.frontier.into_iter().flat_map(|at| [at.row.wrapping_sub(1), at.row, at.row + 1]);
        let longest = summed.longest_rows.iter().copied().filter(|_| summed.chain_length_max > 1).take(3);
        let mut chosen: Vec<usize> = Vec::new();
        for row in touched.iter().copied().chain(frontier).chain(longest).chain(0..table.row_count) {
            if row < table.row_count && !chosen.contains(&row) && chosen.len() < ROWS_MAX {
                chosen.push(row);
            }
        }
        chosen.sort_unstable();
        chosen
    }

    fn plain(&self, slot: &Slot, long: bool) -> String {
        match &slot.entry {
            Some(entry) => format!("{:02x} {}", slot.byte, self.entry(entry, long)),
            None => slot.mark.sign.to_owned(),
        }
    }

    fn entry(&self, entry: &Entry, long: bool) -> String {
        let mut text = if long { key_text(entry) } else { key_text_short(entry) };
        if self.style.values {
            text.push('=');
            text.push_str(&entry.value.map_or("-".to_owned(), |value| value.to_string()));
        }
        text.push_str(entry.note.map_or("", |note| note.sign));
        text
    }

    fn cell(&self, slot: &Slot, width: usize, long: bool) -> String {
        let plain = self.plain(slot, long);
        let rest = " ".repeat(width.saturating_sub(plain.width()));
        let painted = match (&slot.entry, slot.mark.kind) {
            (Some(entry), _) => {
                let byte = self.paint(DIM, &format!("{:02x}", slot.byte));
                format!("{byte} {}", self.paint(BLUE, &self.entry(entry, long)))
            }
            (None, Kind::Tombstone) => self.paint(YELLOW, &plain),
            (None, Kind::Evacuated) => self.paint(MAGENTA, &plain),
            (None, _) => self.paint(DIM, &plain),
        };
        painted + &rest
    }

    /// What the signs that occur mean.
    fn legend(&mut self, summary: &Summary) {
        if summary.marks.is_empty() {
            return;
        }
        self.text.push('\n');
        let full = |mark: &Mark| if mark.kind == Kind::Full { "xx key" } else { mark.sign };
        let marks = summary.marks.iter().map(|mark| (full(mark), mark.name, mark.meaning));
        let notes = summary.notes.iter().filter(|note| !note.sign.is_empty());
        for (sign, name, meaning) in marks.chain(notes.map(|note| (note.sign, note.name, note.meaning))) {
            let lines = wrap(&format!("{name}: {meaning}"), self.style.width.saturating_sub(10));
            for (n, line) in lines.iter().enumerate() {
                let sign = if n == 0 { sign } else { "" };
                let pad = " ".repeat(6usize.saturating_sub(sign.width()));
                let line = self.paint(DIM, line);
                let _ = writeln!(self.text, "  {sign}{pad}  {line}");
            }
        }
    }
}

/// A key as it is shown: text is quoted and shortened in the middle.
pub(super) fn key_text(entry: &Entry) -> String {
    let Some(text) = &entry.key_text else { return entry.key.to_string() };
    let chars: Vec<char> = text.chars().collect();
    if chars.len() + 2 <= KEY_COLUMNS_MAX {
        return format!("\"{text}\"");
    }
    let head: String = chars[..4].iter().collect();
    let tail: String = chars[chars.len() - (KEY_COLUMNS_MAX - 7)..].iter().collect();
    format!("\"{head}…{tail}\"")
}

/// The same with long numbers shortened, too.
pub(super) fn key_text_short(entry: &Entry) -> String {
    const DIGITS_MAX: usize = 10;
    let text = key_text(entry);
    match text.len() {
        long if long > DIGITS_MAX && entry.key_text.is_none() => format!("{}…{}", &text[..4], &text[long - 4..]),
        _ => text,
    }
}

/// Digits in groups of three.
pub(super) fn grouped(digits: &str) -> String {
    if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

/// Breaks prose into lines.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
