//! A differential flame graph as markup: callers above what they call. A frame is as wide as what it cost in both runs
//! together, so that what is gone shows as well as what is new; its colour says which of the two it cost more in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::files::Stacks;
use crate::report::number::{grouped, plain};

/// Narrower frames are left out, in percent of the width: a few pixels.
const MIN_WIDTH_PERCENT: f64 = 0.4;
/// A frame's height and the line below it.
const ROW_PX: usize = 22;
/// A change by this share is shown in the strongest colour.
const STRONGEST_SHARE: f64 = 0.5;

#[derive(Serialize)]
pub(super) struct Graph {
    title: &'static str,
    kind: &'static str,
    total: String,
    /// The path of the whole graph, which can be searched and zoomed; absent where nothing is left in B.
    svg: Option<String>,
    height_px: usize,
    frames: Vec<Frame>,
}

#[derive(Serialize)]
struct Frame {
    name: String,
    says: String,
    /// `more`, `less` or `same`.
    class: &'static str,
    strength_percent: f64,
    left_percent: f64,
    width_percent: f64,
    top_px: usize,
}

#[derive(Default)]
struct Node<'a> {
    weights: [u64; 2],
    below: BTreeMap<&'a str, Node<'a>>,
}

impl Node<'_> {
    fn sum(&self) -> f64 {
        self.weights.iter().map(|&weight| weight as f64).sum()
    }
}

/// The stack and both weights of a line.
fn parse(line: &str) -> Option<(&str, [u64; 2])> {
    let (rest, after) = line.rsplit_once(' ')?;
    let (stack, before) = rest.rsplit_once(' ')?;
    Some((stack, [before.parse().ok()?, after.parse().ok()?]))
}

/// Whether any stack costs more in one run than in the other.
pub(super) fn changed(lines: &[String]) -> bool {
    lines.iter().filter_map(|line| parse(line)).any(|(_, [before, after])| before != after)
}

pub(super) fn draw(stacks: &Stacks) -> Graph {
    let mut root = Node::default();
    for (stack, weights) in stacks.lines.iter().filter_map(|line| parse(line)) {
        let add = |node: &mut Node<'_>| (0..2).for_each(|side| node.weights[side] += weights[side]);
        add(&mut root);
        let mut node = &mut root;
        for name in stack.split(';') {
            node = node.below.entry(name).or_default();
            add(node);
        }
    }
    let unit = stacks.kind.unit;
    let (mut frames, mut depth) = (Vec::new(), 0);
    place(&root, (root.sum(), unit), (0, 0.0), &mut frames, &mut depth);
    let svg = (root.weights[1] > 0).then(|| format!("{}.svg", stacks.path));
    let (title, kind, total) = (stacks.kind.title, stacks.kind.name, said(root.weights, unit));
    Graph { title, kind, total, svg, height_px: depth * ROW_PX, frames }
}

fn place(node: &Node<'_>, of: (f64, &str), at: (usize, f64), frames: &mut Vec<Frame>, depth: &mut usize) {
    let (row, mut left_percent) = at;
    for (&name, below) in &node.below {
        let width_percent = 100.0 * below.sum() / of.0;
        if width_percent >= MIN_WIDTH_PERCENT {
            let [before, after] = below.weights;
            let share = (after as f64 - before as f64) / below.sum();
            *depth = (*depth).max(row + 1);
            frames.push(Frame {
                name: name.to_owned(),
                says: format!("{name}: {}", said(below.weights, of.1)),
                class: if after > before {
                    "more"
                } else if after < before {
                    "less"
                } else {
                    "same"
                },
                strength_percent: (15.0 + 85.0 * (share.abs() / STRONGEST_SHARE).min(1.0)).round(),
                left_percent,
                width_percent,
                top_px: row * ROW_PX,
            });
            place(below, of, (row + 1, left_percent), frames, depth);
        }
        left_percent += width_percent;
    }
}

/// `1,024 → 2,048 bytes (+100 %)`.
fn said([before, after]: [u64; 2], unit: &str) -> String {
    let [a, b] = [before, after].map(|n| grouped(&n.to_string()));
    let change = match (before, after) {
        (a, b) if a == b => "the same".to_owned(),
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        (a, b) => {
            let percent = (b as f64 / a as f64 - 1.0) * 100.0;
            format!("{}{} %", if percent > 0.0 { "+" } else { "" }, plain(percent))
        }
    };
    format!("{a} → {b} {unit} ({change})")
}
