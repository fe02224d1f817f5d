//! Moments as a picture: a row for each bucket or group, its slots coloured, chains to the right, the old table beside the
//! new one with the line that its evacuation has come to.
//!
//! The more rows there are, the smaller they are drawn: with keys, as squares, as dots. The colours are those of the
//! report's light theme, and there is no other: a picture that is put into a page should not change with the reader.

mod canvas;
mod panel;

use super::text::grouped;
use super::{Moment, Summary, Watch, operation};
use crate::maps::anatomy::{Field, Kind};
use canvas::{Canvas, Text};
use panel::{Highlight, Panel, Scale};

const INK: &str = "#17191e";
const SOFT: &str = "#454b57";
const MUTED: &str = "#636a77";
const LINE: &str = "#e2e2dc";
const PAPER: &str = "#ffffff";
const WASH: &str = "#f6f6f3";
const ACCENT: &str = "#0a5a9c";
const FRONTIER: &str = "#b3261e";

/// Around everything.
const MARGIN: f64 = 32.0;
/// The widest that tables beside each other may be.
const WIDTH_MAX: f64 = 1240.0;
const WIDTH_MIN: f64 = 760.0;
/// Between tables.
const GAP: f64 = 36.0;

/// Draws moments below each other. The places that are watched are outlined.
pub fn render(moments: &[Moment], title: &str, watched: &[Watch]) -> String {
    let mut canvas = Canvas::default();
    let mut top = MARGIN;
    for moment in moments {
        top = draw(&mut canvas, moment, title, watched, top) + MARGIN;
    }
    canvas.finish(top, WIDTH_MIN + 2.0 * MARGIN, MARGIN, title)
}

/// Draws one from `top` on; gives where it ends.
fn draw(canvas: &mut Canvas, moment: &Moment, title: &str, watched: &[Watch], top: f64) -> f64 {
    let summary = Summary::of(&moment.anatomy);
    let last = moment.last.map_or("just made".to_owned(), |row| operation(&row));
    canvas.text(MARGIN, top + 20.0, title, Text { size: 21.0, weight: 700, ..Text::default() });
    let after = format!("After operation {}: {last}", grouped(&moment.operation.to_string()));
    canvas.text(MARGIN, top + 44.0, &after, Text { size: 14.0, fill: SOFT, ..Text::default() });
    let highlight = Highlight { moment, watched };
    let scale = Scale::of(&moment.anatomy);
    let panels = moment.anatomy.tables.iter().zip(&summary.tables).enumerate();
    let panels =
        panels.map(|(index, (table, summed))| Panel::new(&moment.anatomy, index, table, summed, &scale, &highlight));
    let lines = lines(panels.collect());
    let wide = lines.iter().map(|line| width(line)).fold(WIDTH_MIN + 100.0, f64::max);
    let mut y = figures(canvas, &moment.anatomy.header, top + 62.0, wide);
    y = figures(canvas, &moment.so_far, y + 6.0, wide) + 30.0;
    if moment.anatomy.tables.is_empty() {
        let text = format!("No {}s yet: they come with the first entry.", moment.anatomy.row_word);
        canvas.text(MARGIN, y + 6.0, &text, Text { size: 14.0, fill: SOFT, ..Text::default() });
        return y + 24.0;
    }
    for line in &lines {
        let mut x = MARGIN;
        for panel in line {
            panel.draw(canvas, x, y);
            x += panel.size().0 + GAP;
        }
        y += line.iter().map(|panel| panel.size().1).fold(0.0, f64::max) + GAP;
    }
    legend(canvas, &summary, &highlight, &scale, y)
}

/// Puts tables beside each other while there is room, and an old one beside the one that takes its place in any case.
fn lines(panels: Vec<Panel<'_>>) -> Vec<Vec<Panel<'_>>> {
    let mut lines: Vec<Vec<Panel>> = Vec::new();
    for panel in panels {
        match lines.last_mut() {
            Some(line) if line.last().is_some_and(Panel::is_old) || width(line) + GAP + panel.size().0 <= WIDTH_MAX => {
                line.push(panel);
            }
            _ => lines.push(vec![panel]),
        }
    }
    lines
}

fn width(line: &[Panel]) -> f64 {
    line.iter().map(|panel| panel.size().0 + GAP).sum::<f64>() - GAP
}

/// Names above figures, side by side; gives where they end.
fn figures(canvas: &mut Canvas, fields: &[Field], top: f64, width: f64) -> f64 {
    const HEIGHT: f64 = 40.0;
    let (mut x, mut y) = (MARGIN, top);
    for field in fields {
        let figure = grouped(&field.figure.to_string());
        let wide = (field.name.len() as f64 * 6.4).max(figure.chars().count() as f64 * 9.8) + 18.0;
        if x + wide > MARGIN + width {
            (x, y) = (MARGIN, y + HEIGHT);
        }
        canvas.open(&format!("{}: {} {}, {}", field.name, field.figure, field.unit, field.meaning));
        canvas.text(x, y + 13.0, field.name, Text { size: 11.0, fill: MUTED, ..Text::default() });
        canvas.text(x, y + 30.0, &figure, Text { size: 15.0, weight: 600, ..Text::default() });
        canvas.close();
        x += wide;
    }
    y + HEIGHT
}

/// What the colours that occur mean, each in a line; gives where it ends.
fn legend(canvas: &mut Canvas, summary: &Summary, highlight: &Highlight, scale: &Scale, top: f64) -> f64 {
    const HEIGHT: f64 = 19.0;
    let mut y = top;
    let mut line = |canvas: &mut Canvas, paint: panel::Paint, sign: &str, name: &str, meaning: &str| {
        canvas.rect((MARGIN, y), (24.0, 13.0), paint.fill, paint.stroke, paint.stroke_width);
        canvas.text(
            MARGIN + 12.0,
            y + 10.0,
            sign,
            Text { size: 9.5, fill: paint.ink, anchor: "middle", mono: true, ..Text::default() },
        );
        canvas.entry(MARGIN + 34.0, y + 10.5, name, meaning, 12.0);
        y += HEIGHT;
    };
    for mark in &summary.marks {
        let sign = if mark.kind == Kind::Full { "k" } else { mark.sign };
        line(canvas, scale.paint(mark.kind, false), sign, mark.name, mark.meaning);
    }
    for note in summary.notes.iter().filter(|note| !note.sign.is_empty()) {
        line(canvas, scale.paint(Kind::Full, true), note.sign, note.name, note.meaning);
    }
    if let Some(row) = highlight.moment.last.filter(|row| row.action.has_key()) {
        let outlined = scale.paint(Kind::Full, false).outlined(INK, scale);
        line(canvas, outlined, "", &format!("key {}", row.key), "the last operation's, where it is in the map");
    }
    if !highlight.watched.is_empty() {
        let outlined = scale.paint(Kind::Empty, false).outlined(ACCENT, scale);
        let places = highlight.watched.iter().map(Watch::to_string).collect::<Vec<_>>().join(", ");
        line(canvas, outlined, "", &places, "watched");
    }
    y
}
