//! What a map says of its own structural work, and the causes derived from it. The only part of `probe` that maps
//! see.

use serde::{Deserialize, Serialize};

/// One structural step of a map, emitted by the map at the moment it takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A larger table was allocated (the first one included).
    Grow,
    /// A table of the same size was allocated, to shed tombstones or chains.
    SameSizeGrow,
    /// A smaller table was allocated.
    Shrink,
    /// A chained bucket or node was linked in, from the heap or from a preallocated reserve.
    Overflow,
    /// Entries that were already in the map changed their address.
    Move {
        /// How many entries.
        entries: u64,
        /// The bytes copied for them inside the map: slots, not what a slot points to.
        bytes: u64,
    },
    /// Chains were linked into another table, and no entry changed its address.
    Rehash,
    /// A growth that was spread over many operations has moved, or linked over, its last entry.
    GrowDone,
    /// A remove took its entry out of a slot. Slots are named by address or by any number that no other slot of the map
    /// has at the time, tables by any number.
    SlotFreed {
        /// The slot.
        slot: usize,
        /// The table that it belongs to.
        table: usize,
    },
    /// An insert put its new entry into a slot.
    SlotTaken {
        /// The slot.
        slot: usize,
    },
    /// An entry moved to a free slot of its table and left its own free.
    SlotShift {
        /// The slot that it left.
        from: usize,
        /// The slot that it came to.
        to: usize,
    },
    /// The slots of a table are given up, or were laid out anew: no insert can find one of them as a remove left it.
    SlotsLost {
        /// The table.
        table: usize,
    },
    /// The hasher was seeded anew.
    Reseed,
    /// All entries were dropped at once.
    Clear,
    /// A table was replaced by two, each with half of its hashes.
    Split,
    /// The directory of tables was allocated anew, larger.
    DirectoryGrow,
    /// Tombstones became empty slots again, without moving an entry.
    Prune,
    /// A table written to under a lock took the place of the one read without.
    Promote,
    /// Such a table was allocated anew and given every live entry.
    DirtyCopy,
    /// The foreign runtime served an allocation from a block that it had handed out before: one more allocation, of no
    /// more bytes.
    SharedAlloc,
    /// What was allocated so is no longer used.
    SharedFree,
    /// The operation found a lock taken, and waited for it.
    LockWait,
    /// The modelled program allocated an object of the map itself: a table, a node. Of this and the next three are the
    /// figures of a map whose family [models a heap](crate::maps::Family::MODELS_HEAP).
    Alloc {
        /// What its allocator hands out for it.
        bytes: u64,
    },
    /// An object of the map itself is no longer used.
    Free {
        /// Its bytes.
        bytes: u64,
    },
    /// The modelled program allocated what an entry owns, to hand it to the map: a boxed number, a string.
    EntryAlloc {
        /// What its allocator hands out for it.
        bytes: u64,
    },
    /// What an entry owned is no longer used.
    EntryFree {
        /// Its bytes.
        bytes: u64,
    },
}

/// Where a map's events go. Copied into the map when it is built.
///
/// [`Off`] compiles to nothing, so that a map timed or benchmarked with it pays nothing.
pub trait Probe: Copy {
    /// Whether events are wanted; lets a map skip bookkeeping that only feeds events.
    const ON: bool;
    /// Takes one event.
    fn emit(self, event: Event);
}

/// Hears events without the map's knowing who: a map that is watched is compiled once, whoever watches it.
pub trait Listen {
    /// Takes one event.
    fn hear(&self, event: Event);
}

impl Probe for &dyn Listen {
    const ON: bool = true;

    #[inline]
    fn emit(self, event: Event) {
        self.hear(event);
    }
}

/// The probe that listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Off;

impl Probe for Off {
    const ON: bool = false;
    #[inline(always)]
    fn emit(self, _: Event) {}
}

/// Why an operation cost what it did: the dearest structural work it did, in rising order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Not told: the map works in another process while nobody looks inside.
    Unknown,
    /// No structural work.
    #[default]
    Steady,
    /// Something was allocated that is neither a table nor a chained bucket (an indirect value, bookkeeping).
    AllocOther,
    /// A chained bucket or node was added.
    Overflow,
    /// Another thread had a lock that the operation needed.
    LockWait,
    /// Tombstones became empty slots again.
    Prune,
    /// A table written to under a lock took the place of the one read without.
    Promote,
    /// Chains were linked into another table: no entry moved, no table was allocated.
    Rehash,
    /// Entries moved, no table was allocated.
    Move,
    /// A smaller table was allocated.
    Shrink,
    /// A table to be written to under a lock was allocated and given every live entry.
    DirtyCopy,
    /// A table of the same size was allocated.
    SameSizeGrow,
    /// A larger table was allocated.
    Grow,
    /// A table was replaced by two.
    Split,
    /// The directory of tables was allocated anew, larger, and a table split.
    DirectoryGrow,
    /// The machine, not the map: another repetition did the same operation in less than half the time. The cause of
    /// timed operations alone.
    Machine,
}

impl Cause {
    /// Every cause, in the order of [`Cause`].
    pub const ALL: [Cause; 16] = [
        Cause::Unknown,
        Cause::Steady,
        Cause::AllocOther,
        Cause::Overflow,
        Cause::LockWait,
        Cause::Prune,
        Cause::Promote,
        Cause::Rehash,
        Cause::Move,
        Cause::Shrink,
        Cause::DirtyCopy,
        Cause::SameSizeGrow,
        Cause::Grow,
        Cause::Split,
        Cause::DirectoryGrow,
        Cause::Machine,
    ];

    /// The name in reports: `same-size-grow`.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Unknown => "unknown",
            Cause::Steady => "steady",
            Cause::AllocOther => "alloc-other",
            Cause::Overflow => "overflow",
            Cause::LockWait => "lock-wait",
            Cause::Prune => "prune",
            Cause::Promote => "promote",
            Cause::Rehash => "rehash",
            Cause::Move => "move",
            Cause::Shrink => "shrink",
            Cause::DirtyCopy => "dirty-copy",
            Cause::SameSizeGrow => "same-size-grow",
            Cause::Grow => "grow",
            Cause::Split => "split",
            Cause::DirectoryGrow => "directory-grow",
            Cause::Machine => "machine",
        }
    }
}

impl Event {
    /// The cause that this event alone would give its operation.
    pub const fn cause(self) -> Cause {
        match self {
            Event::Grow => Cause::Grow,
            Event::SameSizeGrow => Cause::SameSizeGrow,
            Event::Shrink => Cause::Shrink,
            Event::Overflow => Cause::Overflow,
            Event::Move { .. } => Cause::Move,
            Event::Split => Cause::Split,
            Event::DirectoryGrow => Cause::DirectoryGrow,
            Event::Prune => Cause::Prune,
            Event::Promote => Cause::Promote,
            Event::Rehash => Cause::Rehash,
            Event::DirtyCopy => Cause::DirtyCopy,
            Event::SharedAlloc => Cause::AllocOther,
            Event::LockWait => Cause::LockWait,
            Event::SlotFreed { .. } | Event::SlotTaken { .. } | Event::SlotShift { .. } | Event::SlotsLost { .. } => {
                Cause::Steady
            }
            Event::GrowDone | Event::Reseed | Event::Clear | Event::SharedFree => Cause::Steady,
            // What was allocated for which step, other events tell.
            Event::Alloc { .. } | Event::Free { .. } | Event::EntryAlloc { .. } | Event::EntryFree { .. } => {
                Cause::Steady
            }
        }
    }
}
