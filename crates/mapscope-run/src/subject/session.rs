//! A session, and the two ways to run the operations of its cell on a map that is built anew for each run.

use std::ops::AddAssign;
use std::time::Duration;

use super::Failure;
use crate::maps::Structure;
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::heap::Allocs;
use crate::probe::slots::SlotCounts;
use crate::record::{Collector, OpKind, Quantity};
use crate::workload::{Kind, Op};

/// What a pass must know of a session before it drives it.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// Operations of a batch, at the most; every batch but the last of the set-up and the last of all has as many.
    pub batch_ops: u64,
    /// Whether [`Session::timed`] can build several maps side by side: for workloads too small to be timed on one.
    pub side_by_side: bool,
    /// Whether the map tells of moves as it makes them, and [`OnWork::moved`] is called: [`Work::moved`] is then by its own
    /// word.
    pub tells_moves: bool,
    /// Whether it is known which block a free gives back.
    pub knows_blocks: bool,
    /// Whether an operation has the same cause in each run, and does the same work. Otherwise its kind alone is learnt: the
    /// cause of a timed one is unknown.
    pub causes_repeat: bool,
}

/// The maps of one cell.
pub trait Session {
    /// What a pass must know.
    fn traits(&self) -> Traits;

    /// Builds a map whose operations are looked at; says what building it did.
    ///
    /// # Errors
    /// Why it can't be.
    fn watched<'s>(&'s mut self, watch: Watch) -> Result<(Box<dyn Watched + 's>, Work), Failure>;

    /// Gets ready to time, once: pins the process where that serves.
    ///
    /// # Errors
    /// Why it can't.
    fn ready_to_time(&mut self) -> Result<Timing, Failure>;

    /// Builds maps that nobody looks at, one unless they can lie [side by side](Traits::side_by_side): a batch is then done on
    /// each. Only those that are given a clock may be asked for [`Timed::clocked`].
    ///
    /// # Errors
    /// Why they can't be.
    fn timed<'s>(&'s mut self, maps: usize, clock: Option<Clock>) -> Result<Box<dyn Timed + 's>, Failure>;

    /// What does nothing in the place of a map, so that what a [bare](Timed::bare) batch costs it is not the map's. Asked
    /// only where there are [stacks](super::Subject::has_stacks).
    ///
    /// # Errors
    /// Why it can't be had.
    fn idle<'s>(&'s mut self) -> Result<Box<dyn Timed + 's>, Failure> {
        Err(Failure::harness("nobody knows what the loop around this map's operations executes"))
    }

    /// What does nothing but hash the key of each operation, as the map does, in the place of a map.
    fn hashes<'s>(&'s mut self) -> Hashes<'s> {
        Hashes::Unknown
    }
}

/// How a map hashes keys.
pub enum Hashes<'s> {
    /// Nobody here knows, or can do it alone.
    Unknown,
    /// Not at all.
    None,
    /// What a [bare](Timed::bare) batch costs `hashing` beyond what it costs `idle` is hashing.
    By {
        /// Hashes and does nothing else.
        hashing: Box<dyn Timed + 's>,
        /// Does nothing.
        idle: Box<dyn Timed + 's>,
    },
}

/// What to look for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch {
    /// Whether to follow the slots that removes free.
    pub slots: bool,
    /// Whom to call of work at the moment it happens, on the stack of who does it.
    pub on_work: Option<OnWork>,
}

/// Calls at the moment of some work.
#[derive(Debug, Clone, Copy)]
pub struct OnWork {
    /// Of entries that moved.
    pub moved: fn(entries: u64, bytes: u64),
    /// Of an allocation of the map's own, in a modelled heap.
    pub allocated: fn(bytes: u64),
}

/// Takes what each operation did, and the map after it where it can be looked at.
pub type Each<'a> = dyn FnMut(&Op, &Seen, Option<&mut dyn Look>) + 'a;

/// A map whose operations are looked at.
pub trait Watched {
    /// Does a batch of the set-up. With the last one, what it did is forgotten.
    ///
    /// # Errors
    /// Why it can't.
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure>;

    /// Does a batch, and calls `each` for every operation.
    ///
    /// # Errors
    /// Why it can't.
    fn watch(&mut self, ops: &[Op], each: &mut Each<'_>) -> Result<(), Failure>;

    /// The map between two batches, where it can be looked at.
    fn look(&mut self) -> Option<&mut dyn Look> {
        None
    }

    /// Bytes that it holds after the last operation. Asked once, before [`Watched::content`].
    ///
    /// # Errors
    /// Why they can't be had.
    fn holds(&mut self) -> Result<Holds, Failure>;

    /// Reads the whole map, and checks what the operations could not.
    ///
    /// # Errors
    /// What is wrong with it.
    fn content(&mut self) -> Result<Content, Failure>;

    /// What the subject counts beyond what is counted of each, as [`Quantity`] has it. Asked once, after [`Watched::holds`]
    /// and before anybody looks at the whole map.
    fn quantities(&mut self) -> Vec<(Quantity, u64)> {
        Vec::new()
    }

    /// Removes every entry, one by one; the bytes that the map holds then. Asked once, after [`Watched::content`].
    ///
    /// # Errors
    /// Why it can't.
    fn drained_bytes(&mut self) -> Result<u64, Failure>;

    /// Asks the emptied map to give back what it can; the bytes that it holds then.
    fn shrunk_bytes(&mut self) -> Option<u64> {
        None
    }

    /// How many steps of this cause the measured operations took, the building of the map included where there was no set-up.
    /// Asked before [`Watched::content`], as the one below.
    fn events(&self, _cause: Cause) -> Option<u64> {
        None
    }

    /// What became of the slots that removes left free. Asked before [`Watched::drained_bytes`].
    fn slots(&self) -> Option<SlotCounts> {
        None
    }
}

/// A map looked at between two operations.
pub trait Look {
    /// Live entries.
    fn len(&mut self) -> usize;
    /// Whether there are none.
    fn is_empty(&mut self) -> bool {
        self.len() == 0
    }
    /// Entries that it has room for.
    fn capacity(&mut self) -> Option<usize>;
    /// Its structure.
    fn structure(&mut self) -> Structure;
    /// Of its structure what hits look at, keys and groups.
    fn hit_lookups(&mut self) -> (Option<u64>, Option<u64>) {
        let Structure { hit_probes, hit_groups, .. } = self.structure();
        (hit_probes, hit_groups)
    }
    /// Bytes that its last own work left it with.
    fn held_bytes(&self) -> u64;
    /// The most that it held since this was last asked.
    fn take_recent_peak_bytes(&mut self) -> u64;
}

/// What one operation did.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Its kind, as measured.
    pub kind: OpKind,
    /// Whether it found its key, or any entry.
    pub hit: bool,
    /// Entries that a scan gave.
    pub scanned: u64,
    /// Its cause.
    pub cause: Cause,
    /// What it did.
    pub work: Work,
    /// What was handed to the map.
    pub handed: Handed,
}

/// What some operations did, as far as a session can see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Allocations of the map.
    pub allocs: Allocs,
    /// Allocations for the entries put: what they own on the heap, or the objects of the modelled program.
    pub entry_allocs: Option<Allocs>,
    /// What was given back, by whoever did.
    pub frees: Option<Frees>,
    /// Entries whose addresses changed.
    pub moved: Option<Moved>,
}

impl Work {
    /// As much as nothing, by one who sees as much as this one.
    pub fn nothing(&self) -> Work {
        Work {
            allocs: Allocs::default(),
            entry_allocs: self.entry_allocs.map(|_| Allocs::default()),
            frees: self.frees.map(|_| Frees::default()),
            moved: self.moved.map(|_| Moved::default()),
        }
    }

    /// Whether it is known that there was none: most operations only write to memory that is there.
    #[inline]
    pub fn is_nothing(&self) -> bool {
        self.allocs.count == 0
            && self.entry_allocs.is_some_and(|entries| entries.count == 0)
            && self.frees.is_some_and(|frees| frees.count == 0)
            && self.moved.is_some_and(|moved| moved.entries == 0)
    }
}

impl AddAssign<&Work> for Work {
    /// What only one of both could see is absent.
    #[inline]
    fn add_assign(&mut self, other: &Work) {
        fn both<T>(sum: &mut Option<T>, other: &Option<T>, add: impl FnOnce(&mut T, &T)) {
            match (&mut *sum, other) {
                (Some(sum), Some(other)) => add(sum, other),
                _ => *sum = None,
            }
        }
        self.allocs = self.allocs + other.allocs;
        both(&mut self.entry_allocs, &other.entry_allocs, |sum, other| *sum = *sum + *other);
        both(&mut self.frees, &other.frees, |sum, other| {
            sum.count += other.count;
            sum.bytes += other.bytes;
            sum.realloc_moved_bytes += other.realloc_moved_bytes;
        });
        both(&mut self.moved, &other.moved, |sum, other| {
            sum.entries += other.entries;
            sum.bytes += other.bytes;
        });
    }
}

/// Frees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frees {
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Old sizes of the reallocations that changed the address.
    pub realloc_moved_bytes: u64,
}

/// Entries that moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many.
    pub entries: u64,
    /// Sizes of the keys and values of which each moved.
    pub bytes: u64,
}

/// What a put hands over to the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handed {
    /// Bytes of key and value, what they own on the heap included.
    pub payload_bytes: u64,
    /// What they own on the heap.
    pub heap: Allocs,
}

/// Bytes that a map holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holds {
    /// Now, its entries' own heap bytes included.
    pub live_bytes: u64,
    /// The most at any moment since it was built.
    pub peak_bytes: Option<u64>,
}

/// What a map contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// Entries.
    pub entries: u64,
    /// Order-independent checksum of keys and values.
    pub checksum: u64,
    /// Bytes of keys and values, what they own on the heap included.
    pub payload_bytes: u64,
    /// Of these, what they own on the heap.
    pub payload_heap_bytes: u64,
    /// Bytes of a key, what it owns included; the mean where it varies.
    pub key_bytes: u64,
    /// The same of a value.
    pub value_bytes: u64,
}

/// What timing goes by.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The clock of another process that reads it; `None` where this one does.
    pub clock: Option<Clock>,
    /// The processor that all of it runs on.
    pub pinned_to: Option<usize>,
}

/// Maps that are timed.
pub trait Timed {
    /// Does a batch of the set-up.
    ///
    /// # Errors
    /// Why it can't.
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure>;

    /// Does a batch and nothing else; how long that took. Where one thread of this process does it, appends how many
    /// [`ticks`](crate::probe::clock::ticks) each [`BLOCK_OPS`](crate::record::BLOCK_OPS) operations took, and the rest.
    ///
    /// # Errors
    /// Why it can't.
    fn bare(&mut self, ops: &[Op], block_ticks: &mut Vec<u64>) -> Result<Duration, Failure>;

    /// Does a batch with the clock read after each operation; appends what was read, in the order of the operations of each
    /// hand, and gives how long it all took.
    ///
    /// # Errors
    /// Why it can't.
    fn clocked(&mut self, ops: &[Op], readings: &mut Vec<Reading>) -> Result<Duration, Failure>;

    /// Ends the run, and checks what it left where others could have disturbed it.
    ///
    /// # Errors
    /// What is wrong with it.
    fn finish(self: Box<Self>) -> Result<TimedEnd, Failure>;
}

/// One timed operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// How long it took, in nanoseconds.
    pub ns: u64,
    /// Its [class](crate::probe::latency::class_of), by a session that can't be learnt beforehand.
    pub class: Option<u8>,
    /// Which of several hands did it.
    pub hand: u32,
    /// Its place among those that its hand did without a break, from 0.
    pub place: u32,
}

/// What a timed run came to.
#[derive(Debug, Default)]
pub struct TimedEnd {
    /// Each thread's part; empty for one that has the map to itself.
    pub hands: Vec<Hand>,
    /// What a garbage collector did while operations were measured.
    pub collector: Option<Collector>,
}

/// One of several threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hand {
    /// Operations measured.
    pub ops: u64,
    /// How long they took it.
    pub elapsed: Duration,
    /// The processor that it was pinned to.
    pub pinned_to: Option<usize>,
}

/// The kind as recorded; `hit` tells an overwrite from an insert.
pub fn op_kind(kind: Kind, hit: bool) -> OpKind {
    match kind {
        Kind::Put if hit => OpKind::Overwrite,
        Kind::Put => OpKind::Insert,
        Kind::Remove => OpKind::Remove,
        Kind::Get => OpKind::Get,
        Kind::Clear => OpKind::Clear,
        Kind::Iterate => OpKind::Iterate,
        Kind::Scan => OpKind::Scan,
    }
}
