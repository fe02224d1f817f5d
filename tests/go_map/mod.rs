//! What the tests of the models of Go's maps have in common: counting, telling, degenerate hashes, and checks that hold
//! for every one of them.

pub mod census;
pub mod model;
pub mod ranges;

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher};
use std::ops::ControlFlow;

use mapscope::maps::go::classic::{GoClassicInlineMap, GoClassicMap, GoClassicPooledMap, GoClassicSlabMap};
use mapscope::maps::go::swiss::GoSwissMap;
use mapscope::maps::{Family, GoHash, Hashing, Map, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::probe::slots::FreedSlots;
use mapscope::workload::{Key, Value};

pub use crate::heap::{ALLOCATED, Allocated};

/// How often each event came, and what moved.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Events {
    pub grow: u64,
    pub same_size_grow: u64,
    pub overflow: u64,
    pub moved: u64,
    pub moved_bytes: u64,
    pub grow_done: u64,
    pub slot_reuse: u64,
    pub reseed: u64,
    pub clear: u64,
    pub split: u64,
    pub directory_grow: u64,
    pub prune: u64,
}

thread_local! {
    /// Of the map built last.
    static FREED_SLOTS: RefCell<FreedSlots> = RefCell::default();
    pub static EVENTS: Cell<Events> = const {
        Cell::new(Events {
            grow: 0,
            same_size_grow: 0,
            overflow: 0,
            moved: 0,
            moved_bytes: 0,
            grow_done: 0,
            slot_reuse: 0,
            reseed: 0,
            clear: 0,
            split: 0,
            directory_grow: 0,
            prune: 0,
        })
    };
}

/// Does something to the slots that have been freed, and counts nothing of what that allocates.
fn slots<T>(work: impl FnOnce(&mut FreedSlots) -> T) -> T {
    let before = ALLOCATED.get();
    let done = FREED_SLOTS.with_borrow_mut(work);
    ALLOCATED.set(before);
    done
}

/// The probe that keeps [`EVENTS`].
#[derive(Clone, Copy)]
pub struct Tally;

impl Probe for Tally {
    const ON: bool = true;
    fn emit(self, event: Event) {
        let mut events = EVENTS.get();
        match event {
            Event::Grow => events.grow += 1,
            Event::SameSizeGrow => events.same_size_grow += 1,
            Event::Overflow => events.overflow += 1,
            Event::Move { entries, bytes } => {
                assert!(entries > 0, "a move of nothing");
                events.moved += entries;
                events.moved_bytes += bytes;
            }
            Event::GrowDone => events.grow_done += 1,
            Event::SlotFreed { slot, table } => slots(|slots| slots.free(slot, table)),
            Event::SlotTaken { slot } => {
                events.slot_reuse += slots(|slots| {
                    let before = slots.counts().unwrap_or_default().reuses;
                    slots.take(slot);
                    slots.counts().unwrap_or_default().reuses - before
                })
            }
            Event::SlotsLost { table } => slots(|slots| slots.lose(table)),
            Event::Reseed => events.reseed += 1,
            Event::Clear => {
                events.clear += 1;
                slots(FreedSlots::clear);
            }
            Event::Split => events.split += 1,
            Event::DirectoryGrow => events.directory_grow += 1,
            Event::Prune => events.prune += 1,
            other => panic!("{other:?} is no step of this map"),
        }
        EVENTS.set(events);
    }
}

/// A good hash of which only the bits of `MASK` are left.
#[derive(Clone)]
pub struct Masked<const MASK: u64>(GoHash);

pub struct MaskedHasher<const MASK: u64>(<GoHash as BuildHasher>::Hasher);

pub type Good = Masked<{ u64::MAX }>;
pub type AllEqual = Masked<0>;
/// go-classic: all the same tophash, 512 buckets; go-swiss: four start groups of one table.
pub type LowBits = Masked<0x1ff>;
/// go-classic: all in one bucket, 64 tophashes; go-swiss: 64 tables, one start group in each.
pub type HighBits = Masked<{ 0x3f << 56 }>;
/// A few bits at both ends: two buckets and few tophashes, or eight tables with two control bytes.
pub type FewBits = Masked<{ 7 << 56 | 1 }>;

/// go-swiss: the first four bits that tables split by are equal, so that one split follows the other.
pub type DeepBits = Masked<{ u64::MAX >> 4 }>;

impl<const MASK: u64> Hashing for Masked<MASK> {
    fn with_seed(seed: u64) -> Self {
        Masked(GoHash::with_seed(seed))
    }
}

impl<const MASK: u64> BuildHasher for Masked<MASK> {
    type Hasher = MaskedHasher<MASK>;
    fn build_hasher(&self) -> MaskedHasher<MASK> {
        MaskedHasher(self.0.build_hasher())
    }
}

impl<const MASK: u64> Hasher for MaskedHasher<MASK> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
    fn finish(&self) -> u64 {
        self.0.finish() & MASK
    }
}

/// A key of 136 bytes, which is stored indirectly, and owns something besides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BigKey(Box<u64>, [u64; 16]);

impl Key for BigKey {
    const POINTERS: bool = true;
    fn from_id(id: u64) -> BigKey {
        BigKey(Box::new(id), [id; 16])
    }
    fn id(&self) -> u64 {
        assert_eq!(self.1, [*self.0; 16], "a torn key");
        *self.0
    }
    fn heap_bytes(&self) -> u64 {
        8
    }
}

/// A map under test that can be ranged over while it is written to.
pub trait Ranged<K, V>: Map<K, V> {
    fn range_writing(&mut self, body: &mut dyn FnMut(&mut Self, K, V) -> ControlFlow<()>);
}

macro_rules! ranged {
    ($($map:ident),*) => {$(
        impl<K: Key, V: Value, S: Hashing, P: Probe> Ranged<K, V> for $map<K, V, S, P> {
            fn range_writing(&mut self, body: &mut dyn FnMut(&mut Self, K, V) -> ControlFlow<()>) {
                self.range(body);
            }
        }
    )*};
}

ranged!(GoClassicMap, GoClassicInlineMap, GoClassicSlabMap, GoClassicPooledMap, GoSwissMap);

/// A family whose maps can, named for every key, value and hasher.
pub trait GoFamily: Family {
    type Ranged<K: Key, V: Value, S: Hashing>: Ranged<K, V>;

    fn build_ranged<K: Key, V: Value, S: Hashing>(options: &Options) -> Self::Ranged<K, V, S>;
}

macro_rules! go_family {
    ($($family:ident: $map:ident),*) => {$(
        impl GoFamily for mapscope::maps::go::$family {
            type Ranged<K: Key, V: Value, S: Hashing> = $map<K, V, S, Tally>;

            fn build_ranged<K: Key, V: Value, S: Hashing>(options: &Options) -> $map<K, V, S, Tally> {
                Self::build(options, S::with_seed(options.seed), Tally)
            }
        }
    )*};
}

go_family!(
    GoClassic: GoClassicMap,
    GoClassicInline: GoClassicInlineMap,
    GoClassicSlab: GoClassicSlabMap,
    GoClassicPooled: GoClassicPooledMap,
    GoSwiss: GoSwissMap
);

pub fn options(load_factor: f64, hint: usize, seed: u64) -> Options {
    Options { load_factor, hint, seed, release: None }
}

/// Of a release, with its own load factor.
pub fn options_of<F: Family>(release: &'static str, hint: usize, seed: u64) -> Options {
    Options { load_factor: F::INFO.load_factor_of(Some(release)), hint, seed, release: Some(release) }
}

pub fn build<F: GoFamily, K: Key, V: Value, S: Hashing>(options: &Options) -> F::Ranged<K, V, S> {
    slots(|slots| *slots = FreedSlots::default());
    F::build_ranged(options)
}

/// A good hash that no seed changes.
#[derive(Clone)]
pub struct OneSeed(GoHash);

impl Hashing for OneSeed {
    fn with_seed(_: u64) -> Self {
        OneSeed(GoHash::with_seed(1))
    }
}

impl BuildHasher for OneSeed {
    type Hasher = <GoHash as BuildHasher>::Hasher;
    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}
