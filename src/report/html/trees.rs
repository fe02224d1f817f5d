//! Call stacks as trees, small enough to carry those of thousands of cells.

use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer};

use super::super::flame::Owner;
use super::super::stacks::{KINDS, folded_name};
use crate::record::Cell;

/// What weighs less than this share of the whole is added up beside its larger neighbours: less than a pixel.
const SHARE_MIN: f64 = 0.001;

/// The functions of all trees, each once: `[name, whose]`. The first stands for what was added up.
pub(super) struct Names {
    names: Vec<(String, Owner)>,
    index: HashMap<(String, Owner), u32>,
}

impl Default for Names {
    fn default() -> Names {
        Names { names: vec![("(less than 0.1 % each)".to_owned(), Owner::Callee)], index: HashMap::new() }
    }
}

impl Names {
    fn of(&mut self, function: (String, Owner)) -> u32 {
        *self.index.entry(function).or_insert_with_key(|function| {
            self.names.push(function.clone());
            self.names.len() as u32 - 1
        })
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names.iter().map(|(name, owner)| {
            let whose = match owner {
                Owner::Map => "map",
                Owner::Callee => "callee",
                Owner::Harness => "harness",
            };
            (name, whose)
        }))
    }
}

/// A frame: `[function, weight of itself and everything below, frames below]`.
#[derive(Serialize)]
pub(super) struct Node(u32, u64, #[serde(skip_serializing_if = "Vec::is_empty")] Vec<Node>);

/// The trees of a cell under their kinds' names, for those that have any weight; `None` where none has.
pub(super) fn of(cell: &Cell, names: &mut Names) -> Option<BTreeMap<&'static str, Vec<Node>>> {
    let profile = cell.profile.as_ref()?;
    let functions: Vec<u32> =
        (profile.frames.iter()).map(|frame| names.of((folded_name(frame), Owner::of(&frame.function)))).collect();
    let mut trees = BTreeMap::new();
    for kind in &KINDS {
        let mut root = Growing::default();
        for (stack, weight) in kind.stacks(profile).filter(|&(_, weight)| weight > 0) {
            root.add(stack.iter().map(|&frame| functions[frame as usize]), weight);
        }
        if root.weight > 0 {
            let least = (root.weight as f64 * SHARE_MIN) as u64;
            trees.insert(kind.name, root.below(least));
        }
    }
    (!trees.is_empty()).then_some(trees)
}

/// A tree while stacks are added to it.
#[derive(Default)]
struct Growing {
    weight: u64,
    below: BTreeMap<u32, Growing>,
}

impl Growing {
    fn add(&mut self, stack: impl Iterator<Item = u32>, weight: u64) {
        self.weight += weight;
        let mut node = self;
        for function in stack {
            node = node.below.entry(function).or_default();
            node.weight += weight;
        }
    }

    fn below(self, least: u64) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut small = 0;
        for (function, child) in self.below {
            if child.weight >= least.max(1) {
                nodes.push(Node(function, child.weight, child.below(least)));
            } else {
                small += child.weight;
            }
        }
        if small > 0 {
            nodes.push(Node(0, small, Vec::new()));
        }
        nodes
    }
}
