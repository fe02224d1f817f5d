//! The files of a difference.

use std::io;

use super::names::Names;
use super::{Diff, html, json, markdown};
use crate::record::{Cell, Status};
use crate::report::diff_flame::{self, Widths};
use crate::report::stacks::{KINDS, Kind};
use crate::report::{Emit, diff_folded};

/// Two cells' stacks of one kind on each other.
pub(super) struct Stacks {
    /// Index into [`Diff::pairs`].
    pub pair: usize,
    pub kind: &'static Kind,
    /// `a;b;c BEFORE AFTER`, sorted.
    pub lines: Vec<String>,
    /// The path of its files, without their endings.
    pub path: String,
}

/// What [`write()`] writes: name, and what it is and who reads it.
pub const FILES: [(&str, &str); 5] = [
    ("html", "diff.html: what changed to look at, in one file: tables, differential flame graphs"),
    ("md", "diff.md: every change as tables to read"),
    ("json", "diff.json: every change for programs, numbers as they were counted"),
    ("folded", "cells/*/{alloc,copy,cpu}.diff.folded: both runs' stacks, for inferno and FlameGraph"),
    ("flame", "cells/*/{alloc,copy,cpu}.diff{,.before}.svg: differential flame graphs, as wide as B and as A"),
];

/// Writes everything that says what changed: `diff.html`, `diff.md`, `diff.json`, and for each pair of cells with stacks
/// `cells/*/{alloc,copy,cpu}.diff.{folded,svg,before.svg}`, named after the second run's cell; the pictures are as wide as
/// in the second run and as in the first. Hands each file to `emit` as a path relative to the output folder and its bytes.
///
/// # Errors
///
/// `emit`'s own.
pub fn write(diff: &Diff<'_>, emit: &mut Emit<'_>) -> io::Result<()> {
    let stacks = stacks(diff);
    emit("diff.html", html::page(diff, &stacks)?.as_bytes())?;
    emit("diff.md", markdown::markdown(diff).as_bytes())?;
    emit("diff.json", &json::json(diff)?)?;
    let names = Names::new(diff);
    for Stacks { pair, kind, lines, path } in &stacks {
        let cell = names.pair(&diff.pairs[*pair]);
        emit(&format!("{path}.folded"), (lines.join("\n") + "\n").as_bytes())?;
        // What is nowhere in B has no width there.
        for (ending, widths) in [("svg", Widths::After), ("before.svg", Widths::Before)] {
            if let Some(svg) = diff_flame::draw(kind, lines, &cell, ("A", "B"), widths)? {
                emit(&format!("{path}.{ending}"), &svg)?;
            }
        }
    }
    Ok(())
}

fn stacks(diff: &Diff<'_>) -> Vec<Stacks> {
    let mut found = Vec::new();
    for (index, pair) in diff.pairs.iter().enumerate() {
        let profiled = |cell: &Cell| cell.status == Status::Ok && cell.profile.is_some();
        for kind in KINDS.iter().filter(|_| profiled(pair.before) && profiled(pair.after)) {
            let lines = diff_folded::lines(kind, pair.before, pair.after);
            if !lines.is_empty() {
                let path = format!("cells/{}/{}.diff", pair.after.id.file_stem(), kind.name);
                found.push(Stacks { pair: index, kind, lines, path });
            }
        }
    }
    found
}
