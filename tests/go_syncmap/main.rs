//! `go-syncmap` against recordings of real Go programs, against a plain model, and against known numbers.

mod exact;
mod exact_trie;
mod model;
mod oracle;
mod record;
#[path = "../common/skip.rs"]
mod skip;
mod threads;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use mapscope::maps::go::GoSyncMap;
use mapscope::maps::go::syncmap::SyncMap;
use mapscope::maps::{Family, GoHash, Hashing, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::workload::{Key, Value};

/// What this thread has allocated and freed: the allocator's view, to which events add what shares a block.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Allocated {
    allocs: u64,
    bytes: u64,
    frees: u64,
    freed_bytes: u64,
}

impl Allocated {
    /// Wraps when the thread has freed what another allocated; differences hold all the same.
    fn since(self, before: Allocated) -> Allocated {
        Allocated {
            allocs: self.allocs.wrapping_sub(before.allocs),
            bytes: self.bytes.wrapping_sub(before.bytes),
            frees: self.frees.wrapping_sub(before.frees),
            freed_bytes: self.freed_bytes.wrapping_sub(before.freed_bytes),
        }
    }
}

/// How often each event came.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Events {
    promote: u64,
    dirty_copy: u64,
    grow: u64,
    same_size_grow: u64,
    overflow: u64,
    clear: u64,
}

thread_local! {
    static ALLOCATED: Cell<Allocated> = const { Cell::new(Allocated { allocs: 0, bytes: 0, frees: 0, freed_bytes: 0 }) };
    static EVENTS: Cell<Events> = const {
        Cell::new(Events { promote: 0, dirty_copy: 0, grow: 0, same_size_grow: 0, overflow: 0, clear: 0 })
    };
}

fn count(add: impl FnOnce(&mut Allocated)) {
    let mut tally = ALLOCATED.get();
    add(&mut tally);
    ALLOCATED.set(tally);
}

/// Allocations of a map that is expected to lose some, within reach of a leak detector that would complain otherwise.
static EXCUSED: [AtomicPtr<u8>; 1 << 17] = [const { AtomicPtr::new(null_mut()) }; 1 << 17];

thread_local! {
    /// The next place in [`EXCUSED`], while its test runs.
    static EXCUSE: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Counter;

// SAFETY: hands everything on to `System`; a const thread-local without a destructor neither allocates nor ends.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|tally| (tally.allocs, tally.bytes) = (tally.allocs + 1, tally.bytes + layout.size() as u64));
        // SAFETY: the caller's promise.
        let object = unsafe { System.alloc(layout) };
        if let Some(place) = EXCUSE.get() {
            EXCUSED[place % EXCUSED.len()].store(object, Relaxed);
            EXCUSE.set(Some(place + 1));
        }
        object
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(|tally| (tally.allocs, tally.bytes) = (tally.allocs + 1, tally.bytes + layout.size() as u64));
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        count(|tally| (tally.frees, tally.freed_bytes) = (tally.frees + 1, tally.freed_bytes + layout.size() as u64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(object, layout) }
    }
}

#[global_allocator]
static COUNTER: Counter = Counter;

/// The probe that keeps [`EVENTS`], and counts shared blocks as the harness does.
#[derive(Clone, Copy)]
struct Tally;

impl Probe for Tally {
    const ON: bool = true;
    fn emit(self, event: Event) {
        let mut events = EVENTS.get();
        match event {
            Event::Promote => events.promote += 1,
            Event::DirtyCopy => events.dirty_copy += 1,
            Event::Grow => events.grow += 1,
            Event::SameSizeGrow => events.same_size_grow += 1,
            Event::Overflow => events.overflow += 1,
            Event::Clear => events.clear += 1,
            Event::SharedAlloc => count(|tally| tally.allocs += 1),
            Event::SharedFree => count(|tally| tally.frees += 1),
            Event::GrowDone | Event::Reseed => {}
            other => panic!("{other:?} is no step of this map"),
        }
        EVENTS.set(events);
    }
}

/// What an operation allocated and freed.
fn watch(operation: impl FnOnce()) -> Allocated {
    let before = ALLOCATED.get();
    operation();
    ALLOCATED.get().since(before)
}

type TestMap<K, V, S> = SyncMap<K, V, S, Tally>;

/// The newest release with either structure.
const PAIR: &str = "1.23";
const TRIE: &str = "1.27";
const STRUCTURES: [&str; 2] = [PAIR, TRIE];

fn build<K: Key, V: Value, S: Hashing>(release: &'static str, seed: u64) -> TestMap<K, V, S> {
    let options = Options { load_factor: 0.0, hint: 0, seed, release: Some(release) };
    GoSyncMap::build(&options, S::with_seed(seed), Tally)
}
