//! Differential flame graphs: one of two cells' stacks, coloured by what changed to the other's. Red is more after than
//! before, blue is less, the stronger the more; a frame's colour is about its own weight, without what it calls.
//!
//! What is nowhere on the side that gives the widths can't be seen: draw both.

use std::io::{self, ErrorKind};

use inferno::flamegraph;
use inferno::flamegraph::color::StrokeColor;

use super::diff_folded::parse;
use super::flame::options;
use super::stacks::Kind;

/// The side whose weights a graph is as wide as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Widths {
    /// What was: shows what went away.
    Before,
    /// What is: shows what came.
    After,
}

/// Draws [`lines`](super::diff_folded::lines) as one SVG; `None` where the side that gives the widths has no weight.
/// `cell` names what is compared, and `before` and `after` its two sides, a few words each.
///
/// Bytes are compared as they are. Of samples, of which there are as many as the sampling took time, shares are
/// compared: those of the side that doesn't give the widths are scaled to the other's total, to whole samples.
///
/// # Errors
/// Lines that are no such lines, and what inferno can't draw.
pub fn draw(
    kind: &Kind,
    lines: &[String],
    cell: &str,
    (before, after): (&str, &str),
    widths: Widths,
) -> io::Result<Option<Vec<u8>>> {
    let parsed =
        |line| parse(line).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("no such line: {line}")));
    let parsed: Vec<_> = lines.iter().map(|line| parsed(line.as_str())).collect::<io::Result<_>>()?;
    let total = |side: fn(&(&str, u64, u64)) -> u64| parsed.iter().map(side).map(u128::from).sum::<u128>();
    let (total_before, total_after) = (total(|line| line.1), total(|line| line.2));
    let (width, other) = match widths {
        Widths::Before => (total_before, total_after),
        Widths::After => (total_after, total_before),
    };
    if width == 0 {
        return Ok(None);
    }
    let balanced = kind.is_sampled() && other > 0;
    let columns = parsed.iter().map(|&(stack, before, after)| {
        let (shown, compared) = if widths == Widths::After { (after, before) } else { (before, after) };
        let compared = u128::from(compared);
        let compared = if balanced { (compared * width + other / 2) / other } else { compared };
        format!("{stack} {compared} {shown}")
    });
    let columns: Vec<_> = columns.collect();
    let mut options = options(kind);
    // What didn't change is nearly as white as the page.
    options.stroke_color = StrokeColor::Color((200, 200, 200).into());
    options.negate_differentials = widths == Widths::Before;
    options.title = format!("{}: {cell}", kind.title);
    let side = if widths == Widths::After { after } else { before };
    let shares = if balanced { " shares of the samples;" } else { "" };
    options.subtitle = Some(format!("Red: more in {after} than in {before}; blue: less;{shares} widths: {side}."));
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, columns.iter().map(String::as_str), &mut svg)?;
    Ok(Some(svg))
}
