//! Flame graphs: a frame is as wide as what it and everything it called cost. Each is one SVG that needs nothing beside
//! it, and can be searched and zoomed in a browser.

use std::io;

use inferno::flamegraph::color::{BackgroundColor, BasicPalette};
use inferno::flamegraph::{self, Options, Palette};

use super::stacks::{KINDS, Kind};
use super::{Emit, Format};
use crate::record::{CellId, Results};

pub(super) const FORMAT: Format = Format {
    name: "flame",
    summary: "cells/*/{alloc,copy,cpu}.svg: flame graphs of bytes allocated, bytes copied, processor time",
    render,
};

/// Narrower frames are left out, in percent of the width: about one pixel.
const MIN_WIDTH_PERCENT: f64 = 0.1;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        for kind in &KINDS {
            let lines = kind.folded(cell);
            if !lines.is_empty() {
                let path = format!("cells/{}/{}.svg", cell.id.file_stem(), kind.name);
                emit(&path, &draw(kind, &cell.id, &lines)?)?;
            }
        }
    }
    Ok(())
}

fn draw(kind: &Kind, id: &CellId, lines: &[String]) -> io::Result<Vec<u8>> {
    let mut options = Options::default();
    options.title = kind.title.to_owned();
    options.subtitle = Some(id.to_string());
    options.count_name = kind.unit.to_owned();
    options.colors = Palette::Basic(match kind.name {
        "alloc" => BasicPalette::Green,
        "copy" => BasicPalette::Aqua,
        _ => BasicPalette::Hot,
    });
    options.bgcolors = Some(BackgroundColor::Flat((255, 255, 255).into()));
    // By the name's hash: the same function has the same colour in every graph, and in every run.
    options.deterministic = true;
    options.min_width = MIN_WIDTH_PERCENT;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(svg)
}
