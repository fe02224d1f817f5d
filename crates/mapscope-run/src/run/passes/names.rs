//! Gives the stacks of a profile pass their names, in the parent.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::profile::{CPU_FREQUENCY_HZ, Unnamed};
use crate::probe::modules::Modules;
use crate::probe::symbols::{self, Symbols, is_defined_in};
use crate::record::{AllocStack, CopyStack, CpuStack, Frame, Profile};
use crate::subject::Failure;

/// Everything up to and including the innermost function defined here is the harness, not the map.
const HARNESS: &str = "mapscope::run::";

/// What names the stacks of all cells of a run.
#[derive(Default)]
pub(in crate::run) struct Names {
    symbols: Symbols,
    modules: Modules,
}

impl Names {
    /// The profile, with names.
    pub fn profile(&mut self, of: &Unnamed) -> Result<Profile, Failure> {
        if !symbols::available() {
            let why = "the program's file was removed or built anew since the run began, and stacks have no names: run it \
                       again";
            return Err(Failure::harness(why));
        }
        self.modules = Modules::loaded();
        let mut frames = Frames::default();
        let allocs = of.allocs.iter().map(|raw| AllocStack {
            stack: frames.intern(self.stack(of, &raw.frames)),
            alloc_count: raw.alloc_count,
            alloc_bytes: raw.alloc_bytes,
            live_count: of.live_is_known.then_some(raw.live_count),
            live_bytes: of.live_is_known.then_some(raw.live_bytes),
        });
        let alloc = merge(
            allocs.collect(),
            |raw| raw.stack.clone(),
            |into, from| {
                into.alloc_count = into.alloc_count.saturating_add(from.alloc_count);
                into.alloc_bytes = into.alloc_bytes.saturating_add(from.alloc_bytes);
                into.live_count = into.live_count.zip(from.live_count).map(|(a, b)| a.saturating_add(b));
                into.live_bytes = into.live_bytes.zip(from.live_bytes).map(|(a, b)| a.saturating_add(b));
            },
        );
        let mut copies = Vec::new();
        for raw in &of.copies {
            let stack = frames.intern(self.stack(of, &raw.frames));
            copies.push(CopyStack { stack, moved_entries: raw.moved_entries, moved_bytes: raw.moved_bytes });
        }
        for (what, &(moved_entries, moved_bytes)) in &of.in_place {
            let function = format!("{what} (entries moved in place, seen by the census)");
            let stack = frames.intern(vec![symbols::Frame { function, file: None, line: None }]);
            copies.push(CopyStack { stack, moved_entries, moved_bytes });
        }
        let copy = merge(
            copies,
            |raw| raw.stack.clone(),
            |into, from| {
                into.moved_entries = into.moved_entries.saturating_add(from.moved_entries);
                into.moved_bytes = into.moved_bytes.saturating_add(from.moved_bytes);
            },
        );
        let mut cpu = Vec::new();
        for (sample, samples) in &of.cpu {
            if !self.is_in_operations(of, sample) {
                continue;
            }
            let mut stack = self.stack(of, sample);
            if is_of_the_loop(&stack) {
                stack = vec![symbols::Frame { function: LOOP.into(), file: None, line: None }];
            }
            cpu.push(CpuStack { stack: frames.intern(stack), samples: *samples });
        }
        let cpu =
            merge(cpu, |raw| raw.stack.clone(), |into, from| into.samples = into.samples.saturating_add(from.samples));
        Ok(Profile {
            frames: frames.table,
            alloc,
            copy,
            cpu,
            cpu_frequency_hz: CPU_FREQUENCY_HZ.into(),
            cpu_elapsed_ns: of.cpu_elapsed_ns,
        })
    }

    /// Where that code lies in this process; 0, which has no name, where it is not here.
    fn here(&self, of: &Unnamed, address: usize) -> usize {
        of.modules.translate(address, &self.modules).unwrap_or(0)
    }

    fn stack(&mut self, of: &Unnamed, addresses: &[usize]) -> Vec<symbols::Frame> {
        let here: Vec<usize> = addresses.iter().map(|&address| self.here(of, address)).collect();
        self.symbols.stack(&here, HARNESS)
    }

    fn is_in_operations(&mut self, of: &Unnamed, sample: &[usize]) -> bool {
        sample.iter().any(|&address| {
            let here = self.here(of, address);
            let frames = self.symbols.frames(here);
            let names = frames.iter().map(|frame| &frame.function);
            names.into_iter().any(|name| is_defined_in(HARNESS, name) && name.contains("measured_ops"))
        })
    }
}

/// The name shown for samples in the measuring loop itself.
const LOOP: &str = "(the measuring loop)";

/// Whether no map is on a stack below the harness: there is nothing, or the harness itself has called the standard library,
/// as its iterators and clocks do. A map that the library is called for is between the two.
fn is_of_the_loop(stack: &[symbols::Frame]) -> bool {
    let is_std = |frame: &symbols::Frame| frame.file.as_deref().is_some_and(|file| file.starts_with("library/"));
    stack.first().is_none_or(is_std)
}

/// Adds up the stacks that became equal once the harness was cut off; in the order of their frames.
fn merge<T>(stacks: Vec<T>, key: impl Fn(&T) -> Vec<u32>, mut add: impl FnMut(&mut T, T)) -> Vec<T> {
    let mut merged: BTreeMap<Vec<u32>, T> = BTreeMap::new();
    for stack in stacks {
        match merged.entry(key(&stack)) {
            Entry::Occupied(mut known) => add(known.get_mut(), stack),
            Entry::Vacant(free) => {
                free.insert(stack);
            }
        }
    }
    merged.into_values().collect()
}

/// The record's table of frames, each once.
#[derive(Default)]
struct Frames {
    table: Vec<Frame>,
    known: HashMap<Frame, u32>,
}

impl Frames {
    /// The stack (root first) as indices.
    fn intern(&mut self, stack: Vec<symbols::Frame>) -> Vec<u32> {
        let mut indices = Vec::with_capacity(stack.len());
        for symbols::Frame { function, file, line } in stack {
            let frame = Frame { function, file, line };
            let index = *self.known.entry(frame.clone()).or_insert_with(|| {
                self.table.push(frame);
                self.table.len() as u32 - 1
            });
            indices.push(index);
        }
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_harness_calls_the_library_for_is_the_loop_s_and_what_a_map_does_is_the_map_s() {
        let stack = |frames: &[(&str, Option<&str>)]| -> Vec<symbols::Frame> {
            let frame = |&(function, file): &(&str, Option<&str>)| symbols::Frame {
                function: function.into(),
                file: file.map(Into::into),
                line: None,
            };
            frames.iter().map(frame).collect()
        };
        let next = ("core::slice::iter::IterMut::next", Some("library/core/src/slice/iter/macros.rs"));
        let insert = ("<std::collections::HashMap as mapscope::maps::Map>::insert", Some("src/maps/std_map.rs"));
        // As of a program without debug information.
        let bare = ("alloc::collections::btree::map::BTreeMap::insert", None);
        assert!(is_of_the_loop(&[]));
        assert!(is_of_the_loop(&stack(&[next])));
        assert!(is_of_the_loop(&stack(&[next, ("__memcpy", None)])));
        assert!(!is_of_the_loop(&stack(&[insert, next])));
        assert!(!is_of_the_loop(&stack(&[bare])));
    }
}
