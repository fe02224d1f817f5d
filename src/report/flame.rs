//! Flame graphs: a frame is as wide as what it and everything it called cost. Each is one SVG that needs nothing beside
//! it, and can be searched and zoomed in a browser.
//!
//! The hue says what is counted. Its strength says whose code a frame is: vivid where the map's, pale where it is what
//! the map calls, grey where it is the harness's.

use std::io;

use inferno::flamegraph::color::{BackgroundColor, Color, PaletteMap};
use inferno::flamegraph::{self, Options};

use super::stacks::{KINDS, Kind, folded_name};
use super::{Emit, Format};
use crate::record::{Cell, Results};

pub(super) const FORMAT: Format = Format {
    name: "flame",
    summary: "cells/*/{alloc,copy,cpu}.svg: flame graphs of bytes allocated, bytes copied, processor time",
    always: true,
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
                emit(&path, &draw(kind, cell, &lines)?)?;
            }
        }
    }
    Ok(())
}

fn draw(kind: &Kind, cell: &Cell, lines: &[String]) -> io::Result<Vec<u8>> {
    let mut palette = palette(kind, cell);
    let mut options = options(kind);
    options.subtitle = Some(format!("{}. Vivid: the map. Pale: what it calls.", cell.id));
    options.palette_map = Some(&mut palette);
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(svg)
}

/// What all graphs of a kind have in common.
pub(super) fn options<'a>(kind: &Kind) -> Options<'a> {
    let mut options = Options::default();
    options.title = kind.title.to_owned();
    options.count_name = kind.unit.to_owned();
    options.bgcolors = Some(BackgroundColor::Flat((255, 255, 255).into()));
    // A frame that the palette has not would get a random colour.
    options.deterministic = true;
    options.min_width = MIN_WIDTH_PERCENT;
    // Some monospaced fonts are wider than inferno assumes, and names would run into the next frame.
    options.font_width = 0.62;
    options
}

/// A colour for each frame of the cell.
fn palette(kind: &Kind, cell: &Cell) -> PaletteMap {
    let mut palette = PaletteMap::default();
    for frame in cell.profile.iter().flat_map(|profile| &profile.frames) {
        let name = folded_name(frame);
        palette.insert(&name, colour(kind, Owner::of(&frame.function), &name));
    }
    // What everything stands on: the whole, and the map's name.
    for root in ["", &cell.id.map] {
        palette.insert(root, hsl(0.0, 0.0, 0.92));
    }
    palette
}

/// Whose code a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// The map under test's.
    Map,
    /// Whatever the map calls: the standard library's, the hasher's, the allocator's, the system's.
    Callee,
    /// mapscope's own, around the map.
    Harness,
}

impl Owner {
    pub fn of(function: &str) -> Owner {
        // A standard collection is a map under test; the rest of the standard library serves it.
        const MAPS: [&str; 5] =
            ["mapscope::maps::", "hashbrown::", "indexmap::", "std::collections::", "alloc::collections::"];
        let path = function.trim_start_matches(['<', '&', '*', '[']);
        if MAPS.iter().any(|prefix| path.starts_with(prefix)) {
            Owner::Map
        } else if ["mapscope::", "counting_alloc::"].iter().any(|own| path.starts_with(own)) || path.starts_with('(') {
            Owner::Harness
        } else {
            Owner::Callee
        }
    }
}

/// The name shifts the shade a little: neighbours can be told apart, and a function looks alike in every graph of one
/// kind, in every run.
fn colour(kind: &Kind, owner: Owner, name: &str) -> Color {
    let shade = f64::from(blake3::hash(name.as_bytes()).as_bytes()[0]) / 255.0;
    let hue = 24.0 * shade
        + match kind.name {
            "alloc" => 150.0,
            "copy" => 265.0,
            _ => 18.0,
        };
    // Light enough for black letters.
    match owner {
        Owner::Map => hsl(hue, 0.75, 0.66 + 0.08 * shade),
        Owner::Callee => hsl(hue, 0.45, 0.86 + 0.04 * shade),
        Owner::Harness => hsl(0.0, 0.0, 0.82 + 0.06 * shade),
    }
}

/// A colour by hue (degrees, 0 to 360), saturation and lightness (0 to 1).
fn hsl(hue: f64, saturation: f64, lightness: f64) -> Color {
    let amplitude = saturation * lightness.min(1.0 - lightness);
    let channel = |n: f64| {
        let k = (n + hue / 30.0) % 12.0;
        let value = lightness - amplitude * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    Color { r: channel(0.0), g: channel(8.0), b: channel(4.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_belongs_to_the_map_its_callees_or_the_harness() {
        for (function, owner) in [
            ("hashbrown::raw::RawTable<T,A>::reserve_rehash", Owner::Map),
            ("<mapscope::maps::go::classic::GoClassicMap<K,V> as mapscope::maps::Map<K,V>>::insert", Owner::Map),
            ("alloc::collections::btree::node::Handle<N,T>::insert", Owner::Map),
            ("<core::hash::sip::Hasher<S> as core::hash::Hasher>::write", Owner::Callee),
            ("alloc::alloc::alloc", Owner::Callee),
            ("__memcpy_avx_unaligned_erms", Owner::Callee),
            ("mapscope::run::count", Owner::Harness),
            ("counting_alloc::scope::measure", Owner::Harness),
            ("(the measuring loop)", Owner::Harness),
        ] {
            assert_eq!(Owner::of(function), owner, "{function}");
        }
    }

    #[test]
    fn hues_are_where_they_should_be() {
        assert_eq!(hsl(0.0, 1.0, 0.5), Color { r: 255, g: 0, b: 0 });
        assert_eq!(hsl(120.0, 1.0, 0.5), Color { r: 0, g: 255, b: 0 });
        assert_eq!(hsl(240.0, 1.0, 0.5), Color { r: 0, g: 0, b: 255 });
        assert_eq!(hsl(77.0, 0.0, 1.0), Color { r: 255, g: 255, b: 255 });
    }

    #[test]
    fn black_letters_can_be_read_on_every_colour() {
        for kind in &KINDS {
            for owner in [Owner::Map, Owner::Callee, Owner::Harness] {
                for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                    let Color { r, g, b } = colour(kind, owner, name);
                    let linear = |channel: u8| (f64::from(channel) / 255.0).powf(2.2);
                    let luminance = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
                    // WCAG 2.1 asks for a contrast of 4.5 to 1; this is contrast with black.
                    assert!((luminance + 0.05) / 0.05 >= 4.5, "{} {owner:?} {r} {g} {b}", kind.name);
                }
            }
        }
    }
}
