//! What is known of each distinct call stack, and which stack each live block came from.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use super::{RawAllocStack, RawCopyStack, Recording};

/// The seed matters to nobody: addresses differ from process to process anyway.
const HASHER: FixedState = FixedState::with_seed(0);

/// Aggregates of one recording. Every growth is by `try_reserve`: memory that can't be had drops one event, and counts
/// it, instead of ending the process from inside the allocator.
pub(super) struct Tables {
    /// Tells this recording from others: indices are only good in their own.
    pub session: u32,
    /// The frames of all stacks, end to end.
    frames: Vec<usize>,
    stacks: Vec<Totals>,
    /// Indices into `stacks`, by their frames.
    index: HashTable<u32>,
    /// Live blocks by address.
    blocks: HashMap<usize, Block, FixedState>,
    pub dropped: u64,
    pub truncated: u64,
}

/// One distinct stack.
#[derive(Default)]
struct Totals {
    frames_start: usize,
    frames_end: usize,
    alloc_count: u64,
    alloc_bytes: u64,
    live_count: u64,
    live_bytes: u64,
    moved_entries: u64,
    moved_bytes: u64,
}

/// A live block.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub stack: u32,
    pub bytes: usize,
}

impl Tables {
    pub fn new(session: u32) -> Tables {
        Tables {
            session,
            frames: Vec::new(),
            stacks: Vec::new(),
            index: HashTable::new(),
            blocks: HashMap::with_hasher(HASHER),
            dropped: 0,
            truncated: 0,
        }
    }

    /// The index of the stack with these frames, new or known; `None` when there is no memory for a new one.
    pub fn stack(&mut self, frames: &[usize]) -> Option<u32> {
        let hash = HASHER.hash_one(frames);
        let Tables { frames: all, stacks, index, .. } = self;
        let of = |stack: u32| {
            let totals = &stacks[stack as usize];
            &all[totals.frames_start..totals.frames_end]
        };
        if let Some(&known) = index.find(hash, |&stack| of(stack) == frames) {
            return Some(known);
        }
        index.try_reserve(1, |&stack| HASHER.hash_one(of(stack))).ok()?;
        let new = u32::try_from(stacks.len()).ok()?;
        all.try_reserve(frames.len()).ok()?;
        stacks.try_reserve(1).ok()?;
        let frames_start = all.len();
        all.extend_from_slice(frames);
        stacks.push(Totals { frames_start, frames_end: all.len(), ..Totals::default() });
        index.insert_unique(hash, new, |_| unreachable!("reserved above"));
        Some(new)
    }

    /// A block was allocated from this stack.
    pub fn allocated(&mut self, address: usize, block: Block) {
        self.allocated_in_a_model(block.stack, block.bytes as u64);
        self.insert(address, block);
    }

    /// Bytes were allocated from this stack that are no block of this process.
    pub fn allocated_in_a_model(&mut self, stack: u32, bytes: u64) {
        let totals = &mut self.stacks[stack as usize];
        totals.alloc_count += 1;
        totals.alloc_bytes += bytes;
    }

    /// Puts a block among the live ones. An entry that is there already was freed where nothing is counted, so it
    /// stays live here as it does in the tallies.
    pub fn insert(&mut self, address: usize, block: Block) {
        if self.blocks.try_reserve(1).is_err() {
            self.dropped += 1;
            return;
        }
        self.blocks.insert(address, block);
        let totals = &mut self.stacks[block.stack as usize];
        totals.live_count += 1;
        totals.live_bytes += block.bytes as u64;
    }

    /// Takes a block out of the live ones.
    pub fn remove(&mut self, address: usize) -> Option<Block> {
        let block = self.blocks.remove(&address)?;
        let totals = &mut self.stacks[block.stack as usize];
        totals.live_count -= 1;
        totals.live_bytes -= block.bytes as u64;
        Some(block)
    }

    /// Entries were moved by this stack.
    pub fn copied(&mut self, stack: u32, entries: u64, bytes: u64) {
        let totals = &mut self.stacks[stack as usize];
        totals.moved_entries += entries;
        totals.moved_bytes += bytes;
    }

    /// The recording, in the order in which the stacks were first seen.
    pub fn recording(&self) -> Recording {
        let frames = |totals: &Totals| self.frames[totals.frames_start..totals.frames_end].to_vec();
        let allocs = self.stacks.iter().filter(|totals| totals.alloc_count > 0);
        let copies = self.stacks.iter().filter(|totals| totals.moved_entries > 0);
        Recording {
            allocs: allocs
                .map(|totals| RawAllocStack {
                    frames: frames(totals),
                    alloc_count: totals.alloc_count,
                    alloc_bytes: totals.alloc_bytes,
                    live_count: totals.live_count,
                    live_bytes: totals.live_bytes,
                })
                .collect(),
            copies: copies
                .map(|totals| RawCopyStack {
                    frames: frames(totals),
                    moved_entries: totals.moved_entries,
                    moved_bytes: totals.moved_bytes,
                })
                .collect(),
            dropped: self.dropped,
            truncated: self.truncated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_share_their_totals() {
        let mut tables = Tables::new(1);
        let (a, b) = (tables.stack(&[1, 2, 3]).unwrap(), tables.stack(&[1, 2]).unwrap());
        assert_eq!((a, b), (0, 1));
        assert_eq!(tables.stack(&[1, 2, 3]), Some(a));
        tables.allocated(0x1000, Block { stack: a, bytes: 10 });
        tables.allocated(0x2000, Block { stack: a, bytes: 20 });
        tables.allocated(0x3000, Block { stack: b, bytes: 5 });
        tables.copied(b, 7, 56);
        assert_eq!(tables.remove(0x1000).map(|block| block.bytes), Some(10));
        assert!(tables.remove(0x1000).is_none());
        let recording = tables.recording();
        assert_eq!(
            recording.allocs,
            [
                RawAllocStack { frames: vec![1, 2, 3], alloc_count: 2, alloc_bytes: 30, live_count: 1, live_bytes: 20 },
                RawAllocStack { frames: vec![1, 2], alloc_count: 1, alloc_bytes: 5, live_count: 1, live_bytes: 5 },
            ]
        );
        assert_eq!(recording.copies, [RawCopyStack { frames: vec![1, 2], moved_entries: 7, moved_bytes: 56 }]);
    }

    #[test]
    fn growth_loses_nothing() {
        let mut tables = Tables::new(1);
        for n in 0..10_000 {
            let stack = tables.stack(&[n % 1_000, n % 7]).unwrap();
            tables.allocated(n + 1, Block { stack, bytes: n });
        }
        let recording = tables.recording();
        assert_eq!(recording.allocs.len(), 7_000);
        assert_eq!(recording.allocs.iter().map(|stack| stack.alloc_count).sum::<u64>(), 10_000);
        assert_eq!(recording.allocs.iter().map(|stack| stack.live_bytes).sum::<u64>(), 9_999 * 10_000 / 2);
        assert_eq!((recording.dropped, recording.truncated), (0, 0));
    }
}
