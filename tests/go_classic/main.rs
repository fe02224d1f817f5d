//! `go-classic` against a plain model, against the census, against known numbers, and while ranges walk it.

mod census;
mod exact;
mod model;
mod ranges;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};

use mapscope::maps::go::GoClassic;
use mapscope::maps::go::classic::GoClassicMap;
use mapscope::maps::{Family, GoHash, Hashing, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::workload::{Key, Value};

/// What this thread has allocated and freed.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Allocated {
    allocs: u64,
    bytes: u64,
    frees: u64,
    freed_bytes: u64,
}

impl Allocated {
    fn since(self, before: Allocated) -> Allocated {
        Allocated {
            allocs: self.allocs - before.allocs,
            bytes: self.bytes - before.bytes,
            frees: self.frees - before.frees,
            freed_bytes: self.freed_bytes - before.freed_bytes,
        }
    }

    /// Wraps when the thread has freed what another allocated; differences hold all the same.
    fn live(self) -> u64 {
        self.bytes.wrapping_sub(self.freed_bytes)
    }
}

/// How often each event came, and what moved.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Events {
    grow: u64,
    same_size_grow: u64,
    overflow: u64,
    moved: u64,
    moved_bytes: u64,
    grow_done: u64,
    slot_reuse: u64,
    reseed: u64,
    clear: u64,
}

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { allocs: 0, bytes: 0, frees: 0, freed_bytes: 0 }) };
    static EVENTS: Cell<Events> = const {
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
        })
    };
}

struct Counter;

impl Counter {
    fn count(layout: Layout) {
        let mut tally = ALLOCATED.get();
        tally.allocs += 1;
        tally.bytes += layout.size() as u64;
        ALLOCATED.set(tally);
    }
}

// SAFETY: hands everything on to `System`; a const thread-local without a destructor neither allocates nor ends.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counter::count(layout);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counter::count(layout);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        let mut tally = ALLOCATED.get();
        tally.frees += 1;
        tally.freed_bytes += layout.size() as u64;
        ALLOCATED.set(tally);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(object, layout) }
    }
}

#[global_allocator]
static COUNTER: Counter = Counter;

/// The probe that keeps [`EVENTS`].
#[derive(Clone, Copy)]
struct Tally;

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
            Event::SlotReuse => events.slot_reuse += 1,
            Event::Reseed => events.reseed += 1,
            Event::Clear => events.clear += 1,
            other => panic!("{other:?} is no step of this map"),
        }
        EVENTS.set(events);
    }
}

/// A good hash of which only the bits of `MASK` are left.
#[derive(Clone)]
struct Masked<const MASK: u64>(GoHash);

struct MaskedHasher<const MASK: u64>(<GoHash as BuildHasher>::Hasher);

type Good = Masked<{ u64::MAX }>;
type AllEqual = Masked<0>;
/// All the same tophash, 512 buckets.
type LowBits = Masked<0x1ff>;
/// All in one bucket, 64 tophashes.
type HighBits = Masked<{ 0x3f << 56 }>;
/// Two buckets and few tophashes, the smallest among them.
type FewBits = Masked<{ 7 << 56 | 1 }>;

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
struct BigKey(Box<u64>, [u64; 16]);

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

type TestMap<K, V, S> = GoClassicMap<K, V, S, Tally>;

fn options(load_factor: f64, hint: usize, seed: u64) -> Options {
    Options { load_factor, hint, seed }
}

fn build<K: Key, V: Value, S: Hashing>(options: &Options) -> TestMap<K, V, S> {
    GoClassic::build(options, S::with_seed(options.seed), Tally)
}
