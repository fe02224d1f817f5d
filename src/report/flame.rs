//! `cells/STEM/{alloc,copy,cpu}.svg`: flame graphs of who allocates, who copies, and who takes the time.

use std::collections::BTreeSet;
use std::io;

use inferno::flamegraph::color::{Color, PaletteMap};
use inferno::flamegraph::{self, Options};

use super::stacks::{self, Weight};
use super::stems::stems;
use super::{Emit, Format, human};
use crate::record::{CellId, Profile, Results};

pub(super) const FORMAT: Format = Format {
    name: "flame",
    summary: "cells/*/{alloc,copy,cpu}.svg: flame graphs of bytes allocated, bytes copied, CPU samples; for a browser",
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for (cell, stem) in results.cells.iter().zip(stems(results)) {
        let Some(profile) = &cell.profile else { continue };
        for weight in Weight::ALL {
            if let Some(svg) = flame_graph(&cell.id, profile, weight)? {
                emit(&format!("cells/{stem}/{}.svg", weight.file()), &svg)?;
            }
        }
    }
    Ok(())
}

/// The flame graph of one weight; `None` when nothing weighs anything.
fn flame_graph(id: &CellId, profile: &Profile, weight: Weight) -> io::Result<Option<Vec<u8>>> {
    let named = stacks::named(profile, weight);
    if named.is_empty() {
        return Ok(None);
    }
    let lines = stacks::fold(&named);

    let functions: BTreeSet<&String> = named.keys().flatten().collect();
    let mut palette = PaletteMap::default();
    // The root that holds everything.
    palette.insert("", hsl(0.0, 0.0, 0.92));
    for function in functions {
        palette.insert(function, colour(function, weight));
    }
    let total = human::thousands(named.values().sum());
    let mut options = Options::default();
    options.title = id.to_string();
    options.subtitle =
        Some(format!("{total} {}. Vivid: the map. Pale: what it calls. Grey: the harness.", weight.unit()));
    options.count_name = weight.unit().into();
    options.palette_map = Some(&mut palette);
    options.deterministic = true;
    options.font_type = "ui-monospace, Menlo, Consolas, monospace".into();
    options.font_size = 13;
    options.font_width = 0.62;
    options.frame_height = 18;
    options.min_width = 0.02;
    options.bgcolors = Some(flamegraph::color::BackgroundColor::Flat(Color { r: 255, g: 255, b: 255 }));
    options.uicolor = Color { r: 60, g: 60, b: 60 };

    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(Some(svg))
}

/// Whose code a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The map under test's.
    Map,
    /// Whatever the map calls: the standard library's, the allocator's, the hasher's, the system's.
    Callee,
    /// mapscope's own, around the map.
    Harness,
}

impl Owner {
    fn of(function: &str) -> Owner {
        let path = function.trim_start_matches(['<', '&', '*', '(']);
        // A standard collection is a map under test; the rest of the standard library serves it.
        const MAPS: [&str; 6] = [
            "mapscope::maps::",
            "hashbrown::",
            "indexmap::",
            "std::collections::",
            "alloc::collections::",
            "hash_map::",
        ];
        if MAPS.iter().any(|prefix| path.starts_with(prefix)) {
            Owner::Map
        } else if path.starts_with("mapscope::") || path == "main" || path == "_start" {
            Owner::Harness
        } else {
            Owner::Callee
        }
    }
}

/// The colour says whose code it is by strength and what is counted by hue; the name shifts the shade a little, so
/// that neighbours can be told apart and a function looks the same in every graph.
fn colour(function: &str, weight: Weight) -> Color {
    let shade = f64::from(blake3::hash(function.as_bytes()).as_bytes()[0]) / 255.0;
    let hue = match weight {
        Weight::Alloc => 150.0,
        Weight::Copy => 265.0,
        Weight::Cpu => 18.0,
    } + 24.0 * shade;
    match Owner::of(function) {
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
    use crate::record::metrics::fixture;

    #[test]
    fn a_function_belongs_to_the_map_its_callees_or_the_harness() {
        for (function, owner) in [
            ("hashbrown::raw::RawTable::<u64>::reserve_rehash", Owner::Map),
            ("<mapscope::maps::go::classic::Classic<u64> as mapscope::maps::Map<u64>>::insert", Owner::Map),
            ("<alloc::collections::btree::map::BTreeMap<u64>>::insert", Owner::Map),
            ("alloc::alloc::alloc", Owner::Callee),
            ("__libc_start_main", Owner::Callee),
            ("mapscope::run::count", Owner::Harness),
            ("mapscope_extra::f", Owner::Callee),
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
    fn a_graph_says_what_it_shows() {
        let cell = &fixture::results().cells[1];
        let profile = cell.profile.as_ref().unwrap();
        let svg = String::from_utf8(flame_graph(&cell.id, profile, Weight::Copy).unwrap().unwrap()).unwrap();
        assert!(svg.contains("std uniform fill u64/u64 ops=1000000 seed=1</text>"));
        assert!(svg.contains("66,059,784 bytes copied. Vivid"));
        assert!(svg.contains("hashbrown::raw::RawTableInner::resize_inner (66,059,784 bytes copied, 100.00%)"));
        let none = Profile { copy: vec![], ..profile.clone() };
        assert_eq!(flame_graph(&cell.id, &none, Weight::Copy).unwrap(), None);
    }
}
