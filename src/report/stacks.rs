//! Call stacks of a record, as the formats that show them need them.
//!
//! Frames are shown by their [short names](names). In folded stacks and flame graphs a CPU sample that was taken inside
//! an [elementary operation](names::is_elementary) of the core library counts for the function that does it: such
//! operations are a few instructions, inlined, and hide who runs. The pprof profile keeps every frame and whole names.

mod names;

use std::collections::BTreeMap;

pub(super) use names::short_name;

use crate::record::{Cell, Frame, Profile};

/// One of the three things that stacks are recorded for.
pub(crate) struct Kind {
    /// The file name, as in `alloc.svg`.
    pub name: &'static str,
    /// What a flame graph of it shows.
    pub title: &'static str,
    /// What one is of the weights.
    pub unit: &'static str,
    /// Every stack, root first, with its weight.
    weights: fn(&Profile) -> Vec<Weighted<'_>>,
    /// Whether a leaf counts for its caller.
    merges: fn(&Frame) -> bool,
}

/// A stack's frames and its weight.
type Weighted<'a> = (&'a [u32], u64);

/// Allocations by bytes, copies by bytes, the processor by samples.
pub(crate) static KINDS: [Kind; 3] = [
    Kind {
        name: "alloc",
        title: "Bytes allocated, by who allocated them",
        unit: "bytes",
        weights: |profile| profile.alloc.iter().map(|x| (x.stack.as_slice(), x.alloc_bytes)).collect(),
        merges: |_| false,
    },
    Kind {
        name: "copy",
        title: "Bytes copied, by who moved the entries or requested memory to move them to",
        unit: "bytes",
        weights: |profile| profile.copy.iter().map(|x| (x.stack.as_slice(), x.moved_bytes)).collect(),
        merges: |_| false,
    },
    Kind {
        name: "cpu",
        title: "Processor time, by who was running",
        unit: "samples",
        weights: |profile| profile.cpu.iter().map(|x| (x.stack.as_slice(), x.samples)).collect(),
        merges: |frame| names::is_elementary(&frame.function),
    },
];

impl Kind {
    /// Every stack, root first, as indices into the profile's frames, with its weight. A stack may come more than once.
    pub fn stacks<'a>(&self, profile: &'a Profile) -> impl Iterator<Item = Weighted<'a>> {
        (self.weights)(profile).into_iter().map(|(stack, weight)| {
            let merged = |&&frame: &&u32| (self.merges)(&profile.frames[frame as usize]);
            let leaves = stack.iter().rev().take_while(merged).count();
            // A stack of nothing else keeps its root.
            (&stack[..(stack.len() - leaves).max(stack.len().min(1))], weight)
        })
    }

    /// The stacks of a cell as lines, root first and below the map's name: `btree;BTreeMap::insert 96`. Sorted, each
    /// stack once, none without weight; empty where nothing was recorded.
    pub fn folded(&self, cell: &Cell) -> Vec<String> {
        let Some(profile) = &cell.profile else { return Vec::new() };
        let names: Vec<_> = profile.frames.iter().map(folded_name).collect();
        let mut lines = BTreeMap::<String, u64>::new();
        for (shown, weight) in self.stacks(profile) {
            let mut line = foldable(&cell.id.map);
            for &frame in shown {
                line.push(';');
                line.push_str(&names[frame as usize]);
            }
            let sum = lines.entry(line).or_default();
            *sum = sum.saturating_add(weight);
        }
        let mut lines: Vec<_> = lines
            .into_iter()
            .filter(|(_, weight)| *weight > 0)
            .map(|(line, weight)| format!("{line} {weight}"))
            .collect();
        // A space sorts before `;`, and readers expect whole lines in order.
        lines.sort_unstable();
        lines
    }
}

/// What a frame of the profile is called in a folded stack.
pub(super) fn folded_name(frame: &Frame) -> String {
    foldable(&short_name(&frame.function))
}

/// Without what separates frames and lines in folded stacks.
fn foldable(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c == ';' {
                ','
            } else if c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect()
}
