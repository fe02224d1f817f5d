//! Folded stacks: one line a stack, `root;...;leaf weight`. Flame graph tools of every language read them; lines of
//! several cells can be concatenated, because the root is the map.

use std::io;

use super::stacks::KINDS;
use super::{Emit, Format};
use crate::record::Results;

pub(super) const FORMAT: Format = Format {
    name: "folded",
    summary: "cells/*/{alloc,copy,cpu}.folded: call stacks for inferno, FlameGraph and speedscope",
    always: true,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        for kind in &KINDS {
            let lines = kind.folded(cell);
            if !lines.is_empty() {
                let path = format!("cells/{}/{}.folded", cell.id.file_stem(), kind.name);
                emit(&path, (lines.join("\n") + "\n").as_bytes())?;
            }
        }
    }
    Ok(())
}
