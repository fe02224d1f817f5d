//! `go-syncmap` against recordings of real Go programs, against a plain model, and against known numbers.

mod exact;
mod exact_trie;
mod model;
mod oracle;
mod record;
mod threads;

use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use mapscope::maps::go::GoSyncMap;
use mapscope::maps::go::syncmap::SyncMap;
use mapscope::maps::{Family, GoHash, Hashing, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::workload::{Key, Value};

use crate::heap::{self, ALLOCATED, Allocated, Call, count};

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
    static EVENTS: Cell<Events> = const {
        Cell::new(Events { promote: 0, dirty_copy: 0, grow: 0, same_size_grow: 0, overflow: 0, clear: 0 })
    };
}

/// Allocations of a map that is expected to lose some, within reach of a leak detector that would complain otherwise.
static EXCUSED: [AtomicPtr<u8>; 1 << 17] = [const { AtomicPtr::new(null_mut()) }; 1 << 17];

/// Notes an allocation there.
fn excuse(call: Call, block: *mut u8, _: usize) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    if call == Call::Alloc {
        EXCUSED[NEXT.fetch_add(1, Relaxed) % EXCUSED.len()].store(block, Relaxed);
    }
}

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
