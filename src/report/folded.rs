//! `cells/STEM/{alloc,copy,cpu}.folded`: call stacks as text, `root;...;leaf WEIGHT`.

use std::io;

use super::stacks::{self, Weight};
use super::stems::stems;
use super::{Emit, Format};
use crate::record::Results;

pub(super) const FORMAT: Format = Format {
    name: "folded",
    summary: "cells/*/{alloc,copy,cpu}.folded: folded stacks; for inferno, FlameGraph, speedscope, differential graphs",
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for (cell, stem) in results.cells.iter().zip(stems(results)) {
        let Some(profile) = &cell.profile else { continue };
        for weight in Weight::ALL {
            let named = stacks::named(profile, weight);
            if named.is_empty() {
                continue;
            }
            let lines = stacks::fold(&named);
            emit(&format!("cells/{stem}/{}.folded", weight.file()), format!("{}\n", lines.join("\n")).as_bytes())?;
        }
    }
    Ok(())
}
