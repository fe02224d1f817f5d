//! The files of a difference.

use std::io;

use super::names::Names;
use super::{Diff, Pair, html, json, markdown};
use crate::record::{Cell, Status};
use crate::report::stacks::{KINDS, Kind};
use crate::report::{Emit, differential};

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

/// Writes everything that says what changed: `diff.html`, `diff.md`, `diff.json`, and for each pair of cells with stacks
/// `cells/*/{alloc,copy,cpu}.diff.{folded,svg}`, named after the second run's cell. Hands each file to `emit` as a path
/// relative to the output folder and its bytes.
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
        emit(&format!("{path}.folded"), (lines.join("\n") + "\n").as_bytes())?;
        let subtitle = format!("{}. Red: more in B. Blue: less. As wide as in B.", names.pair(&diff.pairs[*pair]));
        // What is gone altogether leaves nothing to draw.
        if lines.iter().any(|line| !line.ends_with(" 0")) {
            emit(&format!("{path}.svg"), &differential::svg(lines, kind.title, &subtitle, kind.unit)?)?;
        }
    }
    Ok(())
}

fn stacks(diff: &Diff<'_>) -> Vec<Stacks> {
    let mut found = Vec::new();
    for (index, pair) in diff.pairs.iter().enumerate() {
        let profiled = |cell: &Cell| cell.status == Status::Ok && cell.profile.is_some();
        for kind in KINDS.iter().filter(|_| profiled(pair.before) && profiled(pair.after)) {
            let [before, after] = [pair.before, pair.after].map(|cell| below_one_root(pair, kind.folded(cell), cell));
            let lines = differential::folded(&before, &after);
            if !lines.is_empty() {
                let path = format!("cells/{}/{}.diff", pair.after.id.file_stem(), kind.name);
                found.push(Stacks { pair: index, kind, lines, path });
            }
        }
    }
    found
}

/// Stacks begin with the map's name: where that differs, they would have nothing in common.
fn below_one_root(pair: &Pair<'_>, lines: Vec<String>, cell: &Cell) -> Vec<String> {
    let [a, b] = [&pair.before.id.map, &pair.after.id.map];
    let strip = |line: &String| Some(format!("{a} → {b}{}", line.strip_prefix(&cell.id.map)?));
    if a == b { lines } else { lines.iter().filter_map(strip).collect() }
}
