//! One table: its rows in columns.

use super::canvas::{Canvas, Text};
use super::{ACCENT, FRONTIER, INK, LINE, MUTED, PAPER, SOFT, WASH, WIDTH_MAX};
use crate::inspect::text::{grouped, key_text_short};
use crate::inspect::{Moment, TableSummary, Watch};
use crate::maps::anatomy::{Anatomy, Entry, Kind, Row, Slot, Stage, Table};

/// Colours of a slot.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub fill: &'static str,
    pub stroke: &'static str,
    pub stroke_width: f64,
    /// Of what is written in it.
    pub ink: &'static str,
    /// Of a slot that is no more than a dot.
    dot: &'static str,
}

impl Paint {
    /// The same with a frame, or in its colour where there is no room for one.
    pub fn outlined(self, colour: &'static str, scale: &Scale) -> Paint {
        let fill = if scale.detail == Detail::Dot { colour } else { self.fill };
        Paint { fill, stroke: colour, stroke_width: 2.0, ..self }
    }
}

/// The colours of a kind of slot; `noted` for an entry whose state is to be seen.
fn paint(kind: Kind, noted: bool) -> Paint {
    let paint = |fill, stroke, ink, dot| Paint { fill, stroke, stroke_width: 1.0, ink, dot };
    match kind {
        Kind::Full if noted => paint("#f3e1ea", "#c98fae", "#6d2c51", "#c98fae"),
        Kind::Full => paint("#d9e7f3", "#7fa6c9", INK, "#3f7db0"),
        Kind::Empty => paint(PAPER, LINE, MUTED, "#e9e9e4"),
        Kind::Tombstone => paint("#fbe3d0", "#e8a06a", "#a8480a", "#e8905a"),
        Kind::Evacuated => paint("#e4e5e7", "#c9ccd0", MUTED, "#bfc3c8"),
    }
}

/// How large rows are drawn.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    cell: (f64, f64),
    /// From one row to the next.
    pitch: f64,
    /// From one slot to the next, less its width.
    gap: f64,
    detail: Detail,
    /// Rows of a column at the most.
    column_rows: usize,
    /// Every so many rows one has its index beside it.
    label_every: usize,
}

/// How much of a slot can be seen.
#[derive(Clone, Copy, PartialEq)]
enum Detail {
    /// Its byte and its key.
    Words,
    /// A square of its own.
    Square,
    /// Its colour.
    Dot,
}

impl Scale {
    /// For all tables of a map.
    pub fn of(anatomy: &Anatomy) -> Scale {
        const TABLES_MAX: usize = 4;
        let rows: usize = anatomy.tables.iter().map(|table| table.row_count).sum();
        let scale = |cell, pitch, gap, detail, column_rows: usize, label_every| Scale {
            cell,
            pitch,
            gap,
            detail,
            // Many tables are squares rather than strips.
            column_rows: if anatomy.tables.len() > TABLES_MAX { column_rows.min(32) } else { column_rows },
            label_every,
        };
        match rows {
            0..=64 => {
                let entries = anatomy.tables.iter().flat_map(|table| &table.rows).flat_map(|row| row.entries());
                let longest = entries.map(|(_, _, entry)| written(entry).chars().count()).max().unwrap_or(1);
                let wide = (longest as f64 * 6.5 + 8.0).max(30.0);
                scale((wide, 27.0), 33.0, 2.0, Detail::Words, 32, 1)
            }
            65..=512 => scale((10.0, 10.0), 13.0, 1.0, Detail::Square, 64, 1),
            513..=2048 => scale((6.0, 6.0), 7.0, 0.5, Detail::Dot, 128, 8),
            _ => scale((3.5, 3.5), 4.5, 0.5, Detail::Dot, 192, 16),
        }
    }

    /// The colours of a slot drawn so.
    pub fn paint(&self, kind: Kind, noted: bool) -> Paint {
        let paint = paint(kind, noted);
        match self.detail {
            Detail::Dot => Paint { fill: paint.dot, stroke: paint.dot, ink: PAPER, ..paint },
            Detail::Words | Detail::Square => paint,
        }
    }

    fn bucket_width(&self, slots: usize) -> f64 {
        slots as f64 * (self.cell.0 + self.gap) - self.gap
    }

    /// Between a bucket and the one chained to it.
    fn chain_gap(&self) -> f64 {
        if self.detail == Detail::Words { 18.0 } else { self.cell.0.max(4.0) }
    }

    fn row_width(&self, row: &Row) -> f64 {
        let buckets = row.buckets.iter().map(|slots| self.bucket_width(slots.len()) + self.chain_gap());
        buckets.sum::<f64>() - self.chain_gap()
    }
}

/// What is to be outlined.
pub(super) struct Highlight<'a> {
    pub moment: &'a Moment,
    pub watched: &'a [Watch],
}

impl Highlight<'_> {
    fn row(&self, table: &Table, row: &Row) -> bool {
        self.watched.iter().any(|watch| match watch {
            Watch::Row { table: number, index, .. } => {
                *index == row.index && (number.is_none() || *number == table.number)
            }
            _ => false,
        })
    }

    /// The outline of a slot: of a watched key, or of the last operation's.
    fn slot(&self, slot: &Slot) -> Option<&'static str> {
        let key = slot.entry.as_ref()?.key;
        if self.watched.contains(&Watch::Key(key)) {
            return Some(ACCENT);
        }
        let last = self.moment.last.filter(|row| row.action.has_key() && row.key == key);
        last.map(|_| INK)
    }
}

/// A table, laid out.
pub(super) struct Panel<'a> {
    word: &'static str,
    table: &'a Table,
    summed: &'a TableSummary,
    scale: &'a Scale,
    highlight: &'a Highlight<'a>,
    touched: Vec<usize>,
    /// Width of the rows' names.
    label_width: f64,
    /// The columns: their rows, and their left edges and tops within the panel.
    columns: Vec<(&'a [Row], f64, f64)>,
    size: (f64, f64),
}

/// Above the rows.
const HEADING: f64 = 44.0;
/// What its line and its name take beside the rows.
const FRONTIER_WIDTH: f64 = 112.0;
/// Between two columns.
const COLUMN_GAP: f64 = 22.0;

impl<'a> Panel<'a> {
    pub fn new(
        anatomy: &'a Anatomy,
        index: usize,
        table: &'a Table,
        summed: &'a TableSummary,
        scale: &'a Scale,
        highlight: &'a Highlight<'a>,
    ) -> Panel<'a> {
        let touched = highlight.moment.touched.iter().filter(|(it, _)| *it == index).map(|&(_, row)| row).collect();
        let digits = table.row_count.saturating_sub(1).to_string().len() as f64;
        let label_width = match scale.detail {
            Detail::Words => (anatomy.row_word.len() as f64 + 1.0 + digits) * 6.6 + 12.0,
            _ => digits * 6.0 + 8.0,
        };
        let (mut x, mut y, mut band): (f64, f64, f64) = (0.0, HEADING, 0.0);
        let mut size: (f64, f64) = (0.0, 0.0);
        let mut columns = Vec::new();
        for rows in table.rows.chunks(scale.column_rows) {
            // The frontier's name stands at the right of its line.
            let named = table.frontier.is_some_and(|at| rows.iter().any(|row| row.index == at.row));
            let frontier = if named { FRONTIER_WIDTH } else { 0.0 };
            let wide = label_width + rows.iter().map(|row| scale.row_width(row)).fold(0.0, f64::max) + frontier;
            if x > 0.0 && x + wide > WIDTH_MAX {
                (x, y, band) = (0.0, y + band + COLUMN_GAP, 0.0);
            }
            columns.push((rows, x, y));
            let high = rows.len() as f64 * scale.pitch;
            band = band.max(high);
            size = (size.0.max(x + wide), size.1.max(y + high));
            x += wide + COLUMN_GAP;
        }
        let heading = Text { size: 12.0, ..Text::default() }.wide(&said(anatomy.row_word, table, summed));
        let size = (size.0.max(heading), size.1);
        Panel { word: anatomy.row_word, table, summed, scale, highlight, touched, label_width, columns, size }
    }

    pub fn is_old(&self) -> bool {
        self.table.old
    }

    pub fn size(&self) -> (f64, f64) {
        self.size
    }

    pub fn draw(&self, canvas: &mut Canvas, x: f64, y: f64) {
        canvas.text(x, y + 12.0, &capital(&self.table.name), Text { size: 15.0, weight: 700, ..Text::default() });
        let said = said(self.word, self.table, self.summed);
        canvas.text(x, y + 30.0, &said, Text { size: 12.0, fill: SOFT, ..Text::default() });
        for &(rows, left, top) in &self.columns {
            for (n, row) in rows.iter().enumerate() {
                self.row(canvas, row, x + left, y + top + n as f64 * self.scale.pitch);
            }
            self.frontier(canvas, rows, x + left, y + top);
        }
    }

    fn row(&self, canvas: &mut Canvas, row: &Row, x: f64, y: f64) {
        let scale = self.scale;
        let name = self.table.row_name(self.word, row.index);
        let stage = if row.stage == Stage::InUse { String::new() } else { format!(", {}", row.stage.name()) };
        let keys: Vec<_> = row.entries().map(|(_, _, entry)| entry.key.to_string()).collect();
        let watched = self.highlight.row(self.table, row);
        let left = x + self.label_width;
        canvas.open(&format!(
            "{name}{stage}: {} entries{}{}",
            keys.len(),
            if keys.is_empty() { "" } else { ": " },
            keys.join(", ")
        ));
        if watched {
            let wide = scale.row_width(row);
            // What there is no room for would be drawn over.
            let (out, stroke) = if scale.detail == Detail::Dot { (1.0, 1.5) } else { (2.5, 2.0) };
            let (wide, high) = (wide + 2.0 * out, scale.cell.1 + 2.0 * out);
            canvas.rect((left - out, y - out), (wide, high), "none", ACCENT, stroke);
        }
        if watched || row.index.is_multiple_of(scale.label_every) {
            self.label(canvas, row, watched, left, y);
        }
        let mut at = left;
        for (number, slots) in row.buckets.iter().enumerate() {
            if number > 0 {
                let middle = y + scale.cell.1 / 2.0;
                canvas.line(
                    (at - scale.chain_gap(), middle),
                    (at, middle),
                    MUTED,
                    if scale.detail == Detail::Words { 1.5 } else { 1.0 },
                );
            }
            if scale.detail == Detail::Dot {
                self.dots(canvas, row, slots, at, y);
            } else {
                for (n, slot) in slots.iter().enumerate() {
                    self.slot(canvas, row, (number, n), slot, at + n as f64 * (scale.cell.0 + scale.gap), y);
                }
            }
            at += scale.bucket_width(slots.len()) + scale.chain_gap();
        }
        canvas.close();
    }

    fn label(&self, canvas: &mut Canvas, row: &Row, watched: bool, left: f64, y: f64) {
        let words = self.scale.detail == Detail::Words;
        let label = if words { format!("{} {}", self.word, row.index) } else { row.index.to_string() };
        let fill = match row.stage {
            _ if watched => ACCENT,
            Stage::Evacuated | Stage::Waiting => "#9aa0aa",
            _ => MUTED,
        };
        let size = if words { 11.5 } else { (self.scale.pitch + 1.5).clamp(7.0, 10.0) };
        let weight = if watched || self.touched.contains(&row.index) { 700 } else { 400 };
        let baseline = y + self.scale.cell.1 / 2.0 + size * 0.36;
        canvas.text(left - 7.0, baseline, &label, Text { size, weight, fill, anchor: "end", mono: false });
    }

    fn slot(&self, canvas: &mut Canvas, row: &Row, place: (usize, usize), slot: &Slot, x: f64, y: f64) {
        let (wide, high) = self.scale.cell;
        let noted = slot.entry.as_ref().and_then(|entry| entry.note).is_some_and(|note| !note.sign.is_empty());
        let paint = self.paint_of(row, slot, noted);
        let chain = if place.0 == 0 { String::new() } else { format!(" overflow {}", place.0) };
        let entry = slot.entry.as_ref().map_or(String::new(), |entry| {
            let value = entry.value.map_or(String::new(), |value| format!(", value {value}"));
            let note = entry.note.map_or(String::new(), |note| format!(", {}", note.name));
            format!(", key {}{value}{note}", entry.key_text.clone().unwrap_or(entry.key.to_string()))
        });
        let name = self.table.row_name(self.word, row.index);
        canvas.open(&format!("{name}{chain} slot {}: {}, byte {:02x}{entry}", place.1, slot.mark.name, slot.byte));
        canvas.rect((x, y), (wide, high), paint.fill, paint.stroke, paint.stroke_width);
        if self.scale.detail == Detail::Words {
            let look = Text { size: 10.5, fill: paint.ink, anchor: "middle", mono: true, ..Text::default() };
            match &slot.entry {
                Some(entry) => {
                    let byte = Text { size: 8.0, fill: MUTED, anchor: "middle", mono: true, ..Text::default() };
                    canvas.text(x + wide / 2.0, y + 9.5, &format!("{:02x}", slot.byte), byte);
                    canvas.text(x + wide / 2.0, y + 21.5, &written(entry), look);
                }
                None => canvas.text(x + wide / 2.0, y + high / 2.0 + 3.5, slot.mark.sign, look),
            }
        }
        if let Some(outline) = self.highlight.slot(slot) {
            canvas.rect((x, y), (wide, high), "none", outline, 2.0);
        }
        canvas.close();
    }

    fn paint_of(&self, row: &Row, slot: &Slot, noted: bool) -> Paint {
        let paint = paint(slot.mark.kind, noted);
        if row.stage == Stage::Waiting { Paint { fill: WASH, dot: WASH, ..paint } } else { paint }
    }

    /// Slots that are dots, those of one colour at once.
    fn dots(&self, canvas: &mut Canvas, row: &Row, slots: &[Slot], x: f64, y: f64) {
        let mut colours: Vec<(&'static str, Vec<(f64, f64)>)> = Vec::new();
        for (n, slot) in slots.iter().enumerate() {
            let noted = slot.entry.as_ref().and_then(|entry| entry.note).is_some_and(|note| !note.sign.is_empty());
            let dot = self.highlight.slot(slot).unwrap_or(self.paint_of(row, slot, noted).dot);
            let place = (x + n as f64 * (self.scale.cell.0 + self.scale.gap), y);
            match colours.iter_mut().find(|(colour, _)| *colour == dot) {
                Some((_, places)) => places.push(place),
                None => colours.push((dot, vec![place])),
            }
        }
        colours.iter().for_each(|(colour, places)| canvas.squares(places, self.scale.cell.0, colour));
    }

    /// The line that the evacuation has come to, where it is in this column.
    fn frontier(&self, canvas: &mut Canvas, rows: &[Row], x: f64, y: f64) {
        let (Some(frontier), Some(first)) = (self.table.frontier, rows.first()) else { return };
        let Some(n) = frontier.row.checked_sub(first.index).filter(|&n| n < rows.len()) else { return };
        let wide = self.label_width + rows.iter().map(|row| self.scale.row_width(row)).fold(0.0, f64::max);
        let between = (self.scale.pitch - self.scale.cell.1) / 2.0;
        let at = y + n as f64 * self.scale.pitch - between;
        canvas.line((x, at), (x + wide + 8.0, at), FRONTIER, 1.5);
        let text = format!("{} = {}", frontier.name, frontier.row);
        canvas.text(
            x + wide + 12.0,
            at + 4.0,
            &text,
            Text { size: 11.0, weight: 600, fill: FRONTIER, ..Text::default() },
        );
    }
}

/// What a table comes to, in a line.
fn said(word: &str, table: &Table, summed: &TableSummary) -> String {
    let counted = |n: u64, one: &str| format!("{} {one}{}", grouped(&n.to_string()), if n == 1 { "" } else { "s" });
    let entries = if summed.entries == 1 { "entry" } else { "entries" };
    let mut said = vec![
        counted(table.row_count as u64, word),
        format!("{} {entries} in {}", grouped(&summed.entries.to_string()), counted(summed.slots, "slot")),
    ];
    if summed.overflow_buckets > 0 {
        said.push(format!("{} overflow", grouped(&summed.overflow_buckets.to_string())));
    }
    if summed.tombstones > 0 {
        said.push(counted(summed.tombstones, "tombstone"));
    }
    if table.old {
        said.push(format!("{} of {} evacuated", summed.evacuated_rows, table.row_count));
    }
    if summed.waiting_rows > 0 {
        said.push(format!("{} waiting", grouped(&summed.waiting_rows.to_string())));
    }
    said.join(", ")
}

/// A key as it is written into its slot, with the sign of its entry's state.
fn written(entry: &Entry) -> String {
    format!("{}{}", key_text_short(entry), entry.note.map_or("", |note| note.sign))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
