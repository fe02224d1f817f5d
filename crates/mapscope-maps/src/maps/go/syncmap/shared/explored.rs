//! The algorithm under a scheduler that decides who goes on at each access to what is shared (`shuttle`). All accesses
//! are sequentially consistent, so that their order is all there is to explore.
//!
//! An execution: operations that bring the map into a state, then a few on each of two or three threads. Some order of
//! these, in which nobody comes after one that began when he had ended, must explain all answers and the content left;
//! the invariants hold; every key and value is dropped once, and none while somebody looks at it.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::Arc;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner, thread};

use crate::entry::{Key, Value};
use crate::maps::{Concurrent, FixedFold, Options};
use crate::probe::event::{Event, Probe};
use protocol::SharedMap;

#[allow(clippy::duplicate_mod, reason = "the same algorithm, on what the scheduler knows")]
#[path = "protocol/mod.rs"]
mod protocol;

/// What the algorithm shares with other threads: the scheduler's, and a collector that frees as early as one may.
mod sync {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::sync::atomic::Ordering;

    use shuttle::sync::atomic;
    pub(super) use shuttle::sync::{Mutex, MutexGuard};

    use super::Life;

    /// The scheduler's, watched.
    pub(super) struct AtomicPtr<T> {
        word: atomic::AtomicPtr<T>,
        life: Life,
    }

    impl<T> AtomicPtr<T> {
        pub(super) fn new(address: *mut T) -> Self {
            AtomicPtr { word: atomic::AtomicPtr::new(address), life: Life::new() }
        }

        pub(super) fn load(&self, order: Ordering) -> *mut T {
            let address = self.word.load(order);
            self.life.check();
            address
        }

        pub(super) fn swap(&self, address: *mut T, order: Ordering) -> *mut T {
            let old = self.word.swap(address, order);
            self.life.check();
            old
        }

        pub(super) fn compare_exchange(
            &self,
            old: *mut T,
            new: *mut T,
            hit: Ordering,
            miss: Ordering,
        ) -> Result<*mut T, *mut T> {
            let answer = self.word.compare_exchange(old, new, hit, miss);
            self.life.check();
            answer
        }

        pub(super) fn get_mut(&mut self) -> &mut *mut T {
            self.life.check();
            self.word.get_mut()
        }
    }

    #[derive(Default)]
    struct Collector {
        pins: u64,
        pinned: BTreeSet<u64>,
        /// Each with the first pin that comes too late to find it.
        garbage: Vec<(u64, Box<dyn FnOnce()>)>,
    }

    thread_local! {
        /// The threads of an execution are coroutines of one thread.
        static COLLECTOR: RefCell<Collector> = RefCell::default();
    }

    pub(super) fn pin() -> Guard {
        COLLECTOR.with_borrow_mut(|collector| {
            collector.pins += 1;
            collector.pinned.insert(collector.pins);
            Guard(collector.pins)
        })
    }

    pub(super) struct Guard(u64);

    impl Guard {
        /// # Safety
        /// Nobody who pins from now on can find what is freed.
        pub(super) unsafe fn defer_unchecked<R>(&self, free: impl FnOnce() -> R + 'static) {
            let free = Box::new(|| drop(free()));
            COLLECTOR.with_borrow_mut(|collector| collector.garbage.push((collector.pins + 1, free)));
        }
    }

    impl Drop for Guard {
        fn drop(&mut self) {
            let free: Vec<_> = COLLECTOR.with_borrow_mut(|collector| {
                collector.pinned.remove(&self.0);
                let oldest = collector.pinned.first().copied().unwrap_or(u64::MAX);
                collector.garbage.extract_if(.., |(late, _)| *late <= oldest).collect()
            });
            free.into_iter().for_each(|(_, free)| free());
        }
    }
}

thread_local! {
    /// How many objects were made in the execution, and the numbers of those that have not been dropped.
    static MADE: Cell<u64> = const { Cell::new(0) };
    static LIVE: RefCell<BTreeSet<u64>> = const { RefCell::new(BTreeSet::new()) };
    static HISTORY: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
    /// How often an operation has begun or ended.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// Promotions, dirty copies and waits of all executions.
    static TOLD: Cell<[u64; 3]> = const { Cell::new([0; 3]) };
}

/// A sign of life of what it is in. One who looks into freed memory finds no number there that lives.
struct Life(u64);

impl Life {
    fn new() -> Life {
        let number = MADE.replace(MADE.get() + 1);
        LIVE.with_borrow_mut(|live| live.insert(number));
        Life(number)
    }

    fn check(&self) {
        assert!(LIVE.with_borrow(|live| live.contains(&self.0)), "looked at after it was dropped");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        assert!(LIVE.with_borrow_mut(|live| live.remove(&self.0)), "dropped twice");
    }
}

/// A key or a value. The map clones none.
struct Watched {
    id: u64,
    life: Life,
}

impl Watched {
    fn new(id: u64) -> Watched {
        Watched { id, life: Life::new() }
    }

    fn look(&self) -> u64 {
        self.life.check();
        self.id
    }
}

impl Clone for Watched {
    fn clone(&self) -> Watched {
        unreachable!("the map clones no key and no value")
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Watched) -> bool {
        self.look() == other.look()
    }
}

impl Eq for Watched {}

impl Ord for Watched {
    fn cmp(&self, other: &Watched) -> Ordering {
        self.look().cmp(&other.look())
    }
}

impl PartialOrd for Watched {
    fn partial_cmp(&self, other: &Watched) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.look().hash(state);
    }
}

impl Key for Watched {
    const POINTERS: bool = false;
    fn from_id(id: u64) -> Watched {
        Watched::new(id)
    }
    fn id(&self) -> u64 {
        self.look()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Value for Watched {
    const POINTERS: bool = false;
    fn from_seed(seed: u64, _: u32) -> Watched {
        Watched::new(seed)
    }
    fn seed(&self) -> Option<u64> {
        Some(self.look())
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// Counts events. Listening makes each lock two steps, and so more orders to explore.
#[derive(Clone, Copy)]
struct Tell<const ON: bool>;

impl<const ON: bool> Probe for Tell<ON> {
    const ON: bool = ON;
    fn emit(self, event: Event) {
        let mut told = TOLD.get();
        match event {
            Event::Promote => told[0] += 1,
            Event::DirtyCopy => told[1] += 1,
            Event::LockWait => told[2] += 1,
            Event::Grow => {}
            other => panic!("{other:?} is no step of this map"),
        }
        TOLD.set(told);
    }
}

type Map<const ON: bool> = SharedMap<Watched, Watched, FixedFold, Tell<ON>>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    Put(u64, u64),
    Get(u64),
    Remove(u64),
}

use Op::{Get, Put, Remove};

#[derive(Debug, PartialEq)]
enum Answer {
    Hit(bool),
    Found(Option<u64>),
}

/// An operation that has ended.
#[derive(Debug)]
struct Call {
    op: Op,
    answer: Answer,
    began: u64,
    ended: u64,
}

fn new<const ON: bool>() -> Map<ON> {
    Map::new(&Options { load_factor: 0.0, hint: 0, seed: 1, release: None }, FixedFold::with_seed(1), Tell)
}

fn now() -> u64 {
    NOW.replace(NOW.get() + 1)
}

fn perform<const ON: bool>(map: &Map<ON>, op: Op) -> Answer {
    match op {
        Put(key, value) => Answer::Hit(map.insert(Watched::new(key), Watched::new(value))),
        Get(key) => Answer::Found(map.get(&Watched::new(key), Watched::look)),
        Remove(key) => Answer::Hit(map.remove(&Watched::new(key))),
    }
}

/// What a map does that nobody else uses.
fn model(model: &mut BTreeMap<u64, u64>, op: Op) -> Answer {
    match op {
        Put(key, value) => Answer::Hit(model.insert(key, value).is_some()),
        Get(key) => Answer::Found(model.get(&key).copied()),
        Remove(key) => Answer::Hit(model.remove(&key).is_some()),
    }
}

/// Whether some order explains the calls from `from` to `to`: tries each that may come next.
fn explained(calls: &[Call], done: &mut BTreeSet<usize>, from: &BTreeMap<u64, u64>, to: &BTreeMap<u64, u64>) -> bool {
    let open: Vec<_> = (0..calls.len()).filter(|call| !done.contains(call)).collect();
    let Some(first_end) = open.iter().map(|&call| calls[call].ended).min() else { return from == to };
    open.into_iter().filter(|&call| calls[call].began < first_end).any(|call| {
        let mut next = from.clone();
        if model(&mut next, calls[call].op) != calls[call].answer {
            return false;
        }
        done.insert(call);
        let explained = explained(calls, done, &next, to);
        done.remove(&call);
        explained
    })
}

#[derive(Debug, Clone)]
struct Scenario {
    before: Vec<Op>,
    threads: Vec<Vec<Op>>,
}

impl Scenario {
    fn execute<const ON: bool>(&self) {
        MADE.set(0);
        LIVE.take();
        HISTORY.take();
        let map = Arc::new(new::<ON>());
        let mut before = BTreeMap::new();
        for &op in &self.before {
            assert_eq!(perform(&map, op), model(&mut before, op));
        }
        let start = |ops: &Vec<Op>| {
            let (map, ops) = (Arc::clone(&map), ops.clone());
            thread::spawn(move || {
                for op in ops {
                    let began = now();
                    let answer = perform(&map, op);
                    HISTORY.with_borrow_mut(|history| history.push(Call { op, answer, began, ended: now() }));
                }
            })
        };
        let threads: Vec<_> = self.threads.iter().map(start).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));

        map.check();
        let mut left = BTreeMap::new();
        map.for_each(&mut |key, value| assert_eq!(left.insert(key.look(), value.look()), None, "a key twice"));
        let history = HISTORY.take();
        assert!(
            explained(&history, &mut BTreeSet::new(), &before, &left),
            "no order of {history:?} after {before:?} leaves {left:?}"
        );
        drop(map);
        assert_eq!(LIVE.take(), BTreeSet::new(), "objects left behind");
    }

    /// Executes it under each schedule that the scheduler comes up with; gives how many these were.
    fn explore<const ON: bool>(self, scheduler: impl Scheduler + 'static) -> usize {
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        Runner::new(scheduler, config).run(move || self.execute::<ON>())
    }
}

/// 1 and 2 in the read map, 2 deleted, and no dirty map: the next new key makes one, and expunges 2.
const BEFORE_COPY: &[Op] = &[Put(1, 10), Get(1), Put(2, 20), Get(2), Get(2), Remove(2)];

/// That copy made for 3, then a lookup in vain: the next miss promotes the dirty map, which doesn't have 2.
const BEFORE_PROMOTION: &[Op] = &[Put(1, 10), Get(1), Put(2, 20), Get(2), Get(2), Remove(2), Put(3, 30), Get(9)];

#[test]
fn the_states_before() {
    let body = || {
        for (before, state) in [(BEFORE_COPY, [2, 0, 0, 0]), (BEFORE_PROMOTION, [2, 2, 1, 1])] {
            let map = new::<true>();
            before.iter().for_each(|&op| _ = perform(&map, op));
            assert_eq!(map.state(), state);
        }
    };
    assert_eq!(Runner::new(DfsScheduler::new(None, false), Config::new()).run(body), 1);
}

/// Every two operations at once, in every order of their accesses: of the keys that are there, and of a new one.
#[test]
fn every_order_of_two() {
    let mut executions = 0;
    let ops = |keys: RangeInclusive<u64>, value| keys.flat_map(move |key| [Put(key, value), Get(key), Remove(key)]);
    for (before, old) in [(BEFORE_COPY, 1..=2), (BEFORE_PROMOTION, 1..=3)] {
        let new = old.end() + 1;
        for (at, one) in ops(1..=new, 40).enumerate() {
            for two in ops(1..=new, 50).skip(at) {
                let scenario = Scenario { before: before.to_vec(), threads: vec![vec![one], vec![two]] };
                executions += scenario.explore::<false>(DfsScheduler::new(None, false));
            }
        }
    }
    assert!(executions > 50_000, "hardly explored: {executions}");
}

/// One that needs no lock, while another thread deletes what it has found, then has it expunged or left out.
#[test]
fn every_order_of_one_and_two() {
    let mut executions = 0;
    for (before, step) in [(BEFORE_COPY, Put(3, 50)), (BEFORE_PROMOTION, Get(9))] {
        for one in [Put(1, 40), Get(1), Remove(1)] {
            let scenario = Scenario { before: before.to_vec(), threads: vec![vec![one], vec![Remove(1), step]] };
            executions += scenario.explore::<false>(DfsScheduler::new(None, false));
        }
    }
    assert!(executions > 5_000, "hardly explored: {executions}");
}

/// An entry that was found in the dirty map is still there when it is looked at without the lock, removed or not.
#[test]
fn every_order_of_a_lookup_and_a_remove_in_the_dirty_map() {
    let before = BEFORE_PROMOTION[..7].to_vec();
    let scenario = Scenario { before, threads: vec![vec![Get(3)], vec![Remove(3)]] };
    let executions = scenario.explore::<false>(DfsScheduler::new(None, false));
    assert!(executions > 1_000, "hardly explored: {executions}");
}

/// Random operations before, then a few on each of three threads, in random orders: uniform, and with few changes of
/// who goes on, at random places. As many of these as `MAPSCOPE_FUZZ_STEPS` says.
#[test]
fn random_orders_of_three() {
    const ORDERS: usize = 10;
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let scenarios = variable("MAPSCOPE_FUZZ_STEPS").unwrap_or(4_000) / (2 * ORDERS as u64);
    let first = variable("MAPSCOPE_FUZZ_SEED").unwrap_or(1);
    for seed in first..first + scenarios {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut ops = |up_to: u64| {
            let n = random.next_u64() % up_to + 1;
            let op = |_| match (random.next_u64() % 5, random.next_u64() % 3) {
                (key, 0) => Put(key, random.next_u64()),
                (key, 1) => Get(key),
                (key, _) => Remove(key),
            };
            (0..n).map(op).collect::<Vec<_>>()
        };
        let scenario = Scenario { before: ops(16), threads: vec![ops(3), ops(3), ops(3)] };
        scenario.clone().explore::<true>(RandomScheduler::new_from_seed(seed, ORDERS));
        scenario.explore::<true>(PctScheduler::new_from_seed(seed, 3, ORDERS));
    }
    let [promotions, copies, waits] = TOLD.get();
    let executions = 2 * ORDERS as u64 * scenarios;
    assert!(promotions.min(copies).min(waits) > executions / 4, "hardly explored: {promotions}, {copies}, {waits}");
}
