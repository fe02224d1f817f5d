//! A map that several threads use, its types erased but for those of its entries, as [`tested`](super::tested) does it for one
//! thread.

use std::marker::PhantomData;
use std::sync::Arc;

use super::batch::{Among, Batch};
use super::observe::Tape;
use crate::maps::{Concurrent, ConcurrentFamily, Hashing, Info, Options, Quantity};
use crate::probe::alloc::{self, Tally};
use crate::probe::clock;
use crate::probe::event::{Cause, Event, Listen as _, Off, Probe};
use crate::probe::latency::class_of;
use crate::subject::op_kind;
use crate::workload::{Key, Value};

/// What a timed operation took, in ticks, and its class.
pub(super) type Ticks = (u64, u8);

/// Every [`Concurrent`] map. In a batch, nothing is virtual.
pub(super) trait Shared<K, V>: Send + Sync {
    fn insert(&self, key: K, value: V) -> bool;
    /// What the key's value was made from, as [`Value::seed`] tells it; `None` without an entry.
    fn seed_of(&self, key: &K) -> Option<Option<u64>>;
    fn remove(&self, key: &K) -> bool;
    fn for_each(&self, f: &mut dyn FnMut(&K, &V));
    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64));
    /// Does a batch and nothing else.
    fn bare(&self, batch: &mut Batch<K, V>);
    /// Does a batch, and reads the clock before and after each operation.
    fn clocked(&self, batch: &mut Batch<K, V>, alloc_cause: Cause, readings: &mut Vec<Ticks>);
}

impl<K: Key, V: Value, M: Concurrent<K, V>> Shared<K, V> for M {
    fn insert(&self, key: K, value: V) -> bool {
        Concurrent::insert(self, key, value)
    }

    fn seed_of(&self, key: &K) -> Option<Option<u64>> {
        self.get(key, Value::seed)
    }

    fn remove(&self, key: &K) -> bool {
        Concurrent::remove(self, key)
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        Concurrent::for_each(self, f);
    }

    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64)) {
        Concurrent::quantities(self, report);
    }

    fn bare(&self, batch: &mut Batch<K, V>) {
        batch.work_then(Among(self), |_, _| {});
    }

    fn clocked(&self, batch: &mut Batch<K, V>, alloc_cause: Cause, readings: &mut Vec<Ticks>) {
        // What came before the first operation is no operation's.
        cause(alloc_cause, false);
        let mut allocs = alloc::tally().alloc_count;
        let mut start = clock::ticks();
        batch.work_then(Among(self), |kind, hit| {
            let took = clock::ticks().saturating_sub(start);
            let before = std::mem::replace(&mut allocs, alloc::tally().alloc_count);
            let cause = cause(alloc_cause, allocs != before);
            readings.push((took, class_of(op_kind(kind, hit) as usize, cause)));
            start = clock::ticks();
        });
    }
}

/// A map that can be built.
pub(super) trait Sharing<K, V> {
    fn info(&self) -> Info;
    /// One whose events go to the tape of the thread on which they happen; and what building allocated.
    fn watched(&self) -> (Arc<dyn Shared<K, V>>, Tally);
    /// One that nobody watches.
    fn unwatched(&self) -> Arc<dyn Shared<K, V>>;
}

/// A family, and all that it takes to build its map for any entry.
pub(super) struct Typed<F: ConcurrentFamily> {
    options: Options,
    hasher: F::SharedHasher,
    family: PhantomData<F>,
}

impl<F: ConcurrentFamily> Typed<F> {
    pub fn new(options: Options) -> Typed<F> {
        let hasher = F::SharedHasher::with_seed(options.seed);
        Typed { options, hasher, family: PhantomData }
    }
}

impl<F: ConcurrentFamily, K: Key, V: Value> Sharing<K, V> for Typed<F> {
    fn info(&self) -> Info {
        F::SHARED_INFO
    }

    fn watched(&self) -> (Arc<dyn Shared<K, V>>, Tally) {
        let before = alloc::tally();
        let map = F::share::<K, V, _, _>(&self.options, self.hasher.clone(), OfThread);
        let built = alloc::tally() - before;
        // The pointer is the harness's.
        (alloc::uncounted(|| Arc::new(map)), built)
    }

    fn unwatched(&self) -> Arc<dyn Shared<K, V>> {
        Arc::new(F::share::<K, V, _, _>(&self.options, self.hasher.clone(), Off))
    }
}

thread_local! {
    static TAPE: Tape = const { Tape::new() };
}

/// The probe of a map that several threads use: each event goes to the tape of the thread that it happens on.
#[derive(Clone, Copy)]
struct OfThread;

impl Probe for OfThread {
    const ON: bool = true;

    fn emit(self, event: Event) {
        TAPE.with(|tape| tape.hear(event));
    }
}

/// Events by the cause they give.
pub(super) type Steps = [u64; Cause::ALL.len()];

/// What this thread's tape has heard of.
pub(super) fn steps() -> Steps {
    TAPE.with(Tape::all_steps)
}

/// The dearest thing that this thread's tape tells, and forgets; of an operation that `allocated`, at least the map's cause
/// of an allocation.
pub(super) fn cause(alloc_cause: Cause, allocated: bool) -> Cause {
    let told = TAPE.with(Tape::take_cause);
    if allocated { told.max(alloc_cause) } else { told }
}
