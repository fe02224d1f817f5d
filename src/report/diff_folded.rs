//! Call stacks of two cells beside each other: `stack before after`, one line a stack, as `inferno-diff-folded` and
//! FlameGraph's `difffolded.pl` write it, for any tool that draws differential flame graphs.
//!
//! Stacks begin with [`ROOT`] instead of the map's name, so that those of two maps can be compared. Addresses of
//! functions without a name (`0x7f00`), which differ from process to process, all read `0x...`.

use inferno::differential::{self, Options};

use super::stacks::Kind;
use crate::record::Cell;

/// What every stack begins with.
pub const ROOT: &str = "map";

/// Each stack of either cell with what it weighs in the one and in the other: `map;BTreeMap::insert 96 48`. Sorted, each
/// stack once, 0 where a cell has it not; empty where neither has any.
///
/// The columns add up to what the cells' records do. Of cells that did different numbers of operations, and of
/// [samples](Kind::is_sampled), only shares of a column can be compared.
pub fn lines(kind: &Kind, before: &Cell, after: &Cell) -> Vec<String> {
    let folded = |cell: &Cell| kind.folded_below(ROOT, cell).join("\n").into_bytes();
    let mut output = Vec::new();
    let options = Options { strip_hex: true, ..Options::default() };
    differential::from_readers(options, folded(before).as_slice(), folded(after).as_slice(), &mut output)
        .expect("memory can be read and written");
    let mut lines: Vec<_> = String::from_utf8_lossy(&output).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// A line's stack, and what it weighs before and after.
pub(super) fn parse(line: &str) -> Option<(&str, u64, u64)> {
    let (rest, after) = line.rsplit_once(' ')?;
    let (stack, before) = rest.rsplit_once(' ')?;
    Some((stack, before.parse().ok()?, after.parse().ok()?))
}
