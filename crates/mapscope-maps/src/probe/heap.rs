//! The heap of a program that a map models, as the map's [`Event`]s report it: for models whose bytes can't be those of
//! Rust allocations.

use std::cell::Cell;
use std::ops::Add;

use super::alloc::{self, Measured, Tally};
use super::event::{Event, Listen};

/// Allocations and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allocs {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Add for Allocs {
    type Output = Allocs;

    fn add(self, other: Allocs) -> Allocs {
        Allocs { count: self.count + other.count, bytes: self.bytes + other.bytes }
    }
}

/// Adds up what events tell of a modelled heap. Events of any other kind change nothing.
#[derive(Debug, Default)]
pub struct ModelledHeap {
    /// Allocations of the map itself; frees of what it and its entries owned.
    tally: Cell<Tally>,
    entry_allocs: Cell<Allocs>,
    live_bytes: Cell<i64>,
    peak_bytes: Cell<i64>,
}

impl ModelledHeap {
    /// An empty one.
    pub const fn new() -> ModelledHeap {
        let tally = Tally { alloc_count: 0, alloc_bytes: 0, free_count: 0, free_bytes: 0, realloc_moved_bytes: 0 };
        ModelledHeap {
            tally: Cell::new(tally),
            entry_allocs: Cell::new(Allocs { count: 0, bytes: 0 }),
            live_bytes: Cell::new(0),
            peak_bytes: Cell::new(0),
        }
    }

    /// Runs `work` on the map and returns what it did to this heap, as [`alloc::measure`] does of the one that is there.
    /// The tally's allocations are the map's own. What Rust allocates meanwhile is not counted.
    pub fn measure<T>(&self, work: impl FnOnce() -> T) -> (T, Measured) {
        let live_bytes = self.live_bytes.get();
        self.tally.take();
        self.entry_allocs.take();
        self.peak_bytes.set(live_bytes);
        let out = alloc::uncounted(work);
        let measured = Measured {
            tally: self.tally.get(),
            live_delta_bytes: self.live_bytes.get() - live_bytes,
            peak_bytes: (self.peak_bytes.get() - live_bytes) as u64,
        };
        (out, measured)
    }

    /// What the latest [`measure`](ModelledHeap::measure) saw allocated for entries.
    pub fn entry_allocs(&self) -> Allocs {
        self.entry_allocs.get()
    }
}

impl Listen for ModelledHeap {
    fn hear(&self, event: Event) {
        let (mut tally, mut entry_allocs) = (self.tally.get(), self.entry_allocs.get());
        let change = match event {
            Event::Alloc { bytes } => {
                tally.alloc_count += 1;
                tally.alloc_bytes += bytes;
                bytes as i64
            }
            Event::EntryAlloc { bytes } => {
                entry_allocs.count += 1;
                entry_allocs.bytes += bytes;
                bytes as i64
            }
            Event::Free { bytes } | Event::EntryFree { bytes } => {
                tally.free_count += 1;
                tally.free_bytes += bytes;
                -(bytes as i64)
            }
            _ => return,
        };
        self.tally.set(tally);
        self.entry_allocs.set(entry_allocs);
        self.live_bytes.set(self.live_bytes.get() + change);
        self.peak_bytes.set(self.peak_bytes.get().max(self.live_bytes.get()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_lies_within_an_operation_and_entries_are_apart() {
        let heap = ModelledHeap::new();
        let tell = |events: &[Event]| heap.measure(|| events.iter().for_each(|&event| heap.hear(event)));
        let ((), built) = tell(&[Event::Alloc { bytes: 48 }, Event::Grow]);
        assert_eq!((built.tally.alloc_bytes, built.live_delta_bytes, built.peak_bytes), (48, 48, 48));
        assert_eq!(heap.entry_allocs(), Allocs::default());
        let ((), put) = tell(&[
            Event::EntryAlloc { bytes: 24 },
            Event::Alloc { bytes: 80 },
            Event::Free { bytes: 16 },
            Event::EntryFree { bytes: 24 },
            Event::Alloc { bytes: 32 },
        ]);
        let tally = Tally { alloc_count: 2, alloc_bytes: 112, free_count: 2, free_bytes: 40, realloc_moved_bytes: 0 };
        assert_eq!(put, Measured { tally, live_delta_bytes: 96, peak_bytes: 104 });
        assert_eq!(heap.entry_allocs(), Allocs { count: 1, bytes: 24 });
        assert_eq!(tell(&[]).1, Measured::default(), "an operation begins at nothing");
    }
}
