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
    /// A growth that was spread over many writes has moved its last entry.
    GrowDone,
    /// An insert took a slot that a removed entry had left.
    SlotReuse,
    /// The hasher was seeded anew.
    Reseed,
    /// All entries were dropped at once.
    Clear,
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
    /// No structural work.
    #[default]
    Steady,
    /// Something was allocated that is neither a table nor a chained bucket (an indirect value, bookkeeping).
    AllocOther,
    /// A chained bucket or node was added.
    Overflow,
    /// Entries moved, no table was allocated.
    Move,
    /// A smaller table was allocated.
    Shrink,
    /// A table of the same size was allocated.
    SameSizeGrow,
    /// A larger table was allocated.
    Grow,
}

impl Cause {
    /// Every cause, in the order of [`Cause`].
    pub const ALL: [Cause; 7] = [
        Cause::Steady,
        Cause::AllocOther,
        Cause::Overflow,
        Cause::Move,
        Cause::Shrink,
        Cause::SameSizeGrow,
        Cause::Grow,
    ];

    /// The name in reports: `same-size-grow`.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Steady => "steady",
            Cause::AllocOther => "alloc-other",
            Cause::Overflow => "overflow",
            Cause::Move => "move",
            Cause::Shrink => "shrink",
            Cause::SameSizeGrow => "same-size-grow",
            Cause::Grow => "grow",
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
            Event::GrowDone | Event::SlotReuse | Event::Reseed | Event::Clear => Cause::Steady,
        }
    }
}
