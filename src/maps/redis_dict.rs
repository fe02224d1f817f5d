//! `redis-dict`: a model of the dict of Redis 7.4 (`src/dict.c`), the table behind its keyspace, hashes and sets.
//!
//! # How it works
//!
//! Buckets are chains of nodes, each an allocation of its own. A dict has one table, or two while it *rehashes*: chains
//! are then linked over from the first table to the second bit by bit, and when the first is empty the second takes its
//! place. An operation that finds a rehash under way does one **step** of it: it links over the chain that its own key
//! hashes to if that is still in the first table, otherwise the next chain in line, for which it looks at no more than
//! ten empty buckets. Lookups take their step like writes; a dict that nobody uses stays in two tables for as long.
//!
//! New keys go to the second table during a rehash, always to the head of their chain. Keys are looked for in the first
//! table, then in the second.
//!
//! - **Grows** before the insert or overwrite that finds as many entries as buckets, to the next power of two above the
//!   number of entries; the first table has four buckets. Not while a rehash is under way.
//! - **Shrinks** after the remove that leaves an eighth of the buckets' number of entries or less, to the next power of
//!   two that holds them. Versions before 7.4 leave that to a timer of the server.
//! - `clear` frees both tables (`dictEmpty`). A hint is what `dictExpand` is called with on an empty dict.
//!
//! # What it answers for
//!
//! - **Exact**: sizes, thresholds, which operation starts a rehash, what each step links over, the order of each chain:
//!   for a dict that may resize, which is one whose server has no child that saves. (With one, Redis waits for a load of
//!   4, or 1/32.)
//! - **Bytes** are this implementation's: a node holds key and value themselves and a pointer (in Redis: two pointers
//!   and one), a bucket is a pointer as in Redis. The dict's header is not on the heap.
//! - **Hashes** are SipHash-1-3 with a fixed key, where Redis has SipHash-1-2 with a random one.
//! - **Moves** there are none: rehashing changes pointers to nodes, which stay where they are. Each chain linked over is a
//!   [`Rehash`](Event::Rehash).
//! - Left out: the timer that rehashes for a millisecond at a time where the server has nothing else to do
//!   (`activerehashing`), sets without values, incremental scans that hold a rehash up.
//!
//! Sources of the constants, all of Redis 7.4: `DICT_HT_INITIAL_SIZE` and `HASHTABLE_MIN_FILL` in `dict.h`; the ten empty
//! buckets in `dictRehash`, the sizes asked for in `dictExpandIfNeeded` and `dictShrinkIfNeeded`, the choice of the chain
//! in `dictFind`, all in `dict.c`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ptr::NonNull;

use super::{Family, FixedSip, Hashing, Info, Map, Options, Structure, Write, count_one};
use crate::probe::event::{Cause, Event, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

const INITIAL_BUCKETS: usize = 4;
/// A table with no more than one entry for so many buckets shrinks.
const MIN_FILL: usize = 8;
/// Empty buckets that one step looks at.
const EMPTY_VISITS_MAX: usize = 10;

/// See the module.
pub struct Redis;

impl Family for Redis {
    const INFO: Info = Info {
        term: Term::plain(
            "redis-dict",
            "model of Redis's dict: chains, two tables while it rehashes, a step an operation",
            "github.com/redis/redis, src/dict.c (7.4)",
        ),
        version: "Redis 7.4",
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Rehash, Cause::Shrink, Cause::Grow],
        layout: None,
        state: &["len", "buckets", "rehash_buckets", "rehash_index"],
    };
    type Hasher = FixedSip;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = RedisDict<K, V, S, P>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> RedisDict<K, V, S, P> {
        let mut tables = Tables::default();
        if options.hint > 0 {
            tables.resize(options.hint, probe);
        }
        RedisDict { tables: RefCell::new(tables), hasher, probe }
    }
}

/// A dict of Redis 7.4; see the module.
pub struct RedisDict<K, V, S, P> {
    /// A lookup may rehash. Borrowed within this module's functions only, never while a caller's code runs, save that of
    /// keys and hashers.
    tables: RefCell<Tables<K, V>>,
    hasher: S,
    probe: P,
}

/// A node. Once linked, it is live until a function that has the dict to itself unlinks and frees it; rehashing, which
/// lookups do, changes `next` and nothing else.
struct Node<K, V> {
    next: Cell<Link<K, V>>,
    key: K,
    value: V,
}

type Link<K, V> = Option<NonNull<Node<K, V>>>;

struct Table<K, V> {
    /// A power of two, or none.
    buckets: Box<[Link<K, V>]>,
    used: usize,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { buckets: Box::default(), used: 0 }
    }
}

impl<K, V> Table<K, V> {
    fn index(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }

    fn chain(&self, index: usize) -> impl Iterator<Item = NonNull<Node<K, V>>> + use<K, V> {
        let head = self.buckets.get(index).copied().flatten();
        // SAFETY: linked, so live.
        std::iter::successors(head, |node| unsafe { node.as_ref() }.next.get())
    }

    fn push(&mut self, index: usize, node: NonNull<Node<K, V>>) {
        // SAFETY: the caller has just made it, or it is linked.
        unsafe { node.as_ref() }.next.set(self.buckets[index].replace(node));
        self.used += 1;
    }

    fn nodes(&self) -> impl Iterator<Item = NonNull<Node<K, V>>> {
        (0..self.buckets.len()).flat_map(|index| self.chain(index))
    }
}

struct Tables<K, V> {
    /// The second is empty and without buckets unless a rehash is under way.
    table: [Table<K, V>; 2],
    /// While a rehash is under way: the first bucket that it has not come to in line. Those before it are empty.
    rehash_index: Option<usize>,
}

impl<K, V> Default for Tables<K, V> {
    fn default() -> Self {
        Tables { table: Default::default(), rehash_index: None }
    }
}

impl<K, V> Tables<K, V> {
    fn len(&self) -> usize {
        self.table[0].used + self.table[1].used
    }

    fn rehashing(&self) -> bool {
        self.rehash_index.is_some()
    }

    /// Where a key of this hash may be: table and bucket, in the order of looking.
    fn places(&self, hash: u64) -> impl Iterator<Item = (usize, usize)> + use<K, V> {
        let [first, second] = [0, 1].map(|table| (table, self.table[table].index(hash)));
        let passed = first.1 < self.rehash_index.unwrap_or(0);
        (!passed).then_some(first).into_iter().chain(self.rehashing().then_some(second))
    }

    /// Allocates a table for so many entries. An empty one is replaced at once, otherwise a rehash begins.
    fn resize(&mut self, entries: usize, probe: impl Probe) {
        let (now, buckets) = (self.table[0].buckets.len(), entries.next_power_of_two().max(INITIAL_BUCKETS));
        if buckets == now {
            return;
        }
        probe.emit(if buckets > now { Event::Grow } else { Event::Shrink });
        let table = Table { buckets: vec![None; buckets].into_boxed_slice(), used: 0 };
        if self.table[0].used == 0 {
            self.table[0] = table;
        } else {
            self.table[1] = table;
            self.rehash_index = Some(0);
        }
    }

    fn expand_if_needed(&mut self, probe: impl Probe) {
        let Table { buckets, used } = &self.table[0];
        if !self.rehashing() && *used >= buckets.len() {
            let entries = if buckets.is_empty() { 0 } else { used + 1 };
            self.resize(entries, probe);
        }
    }

    fn shrink_if_needed(&mut self, probe: impl Probe) {
        let Table { buckets, used } = &self.table[0];
        if !self.rehashing() && buckets.len() > INITIAL_BUCKETS && used * MIN_FILL <= buckets.len() {
            self.resize(*used, probe);
        }
    }
}

impl<K: Key, V> Tables<K, V> {
    fn find(&self, hash: u64, key: &K) -> Link<K, V> {
        let mut nodes = self.places(hash).flat_map(|(table, index)| self.table[table].chain(index));
        // SAFETY: linked, so live.
        nodes.find(|node| unsafe { node.as_ref() }.key == *key)
    }

    /// What an operation on a key of this hash does for a rehash under way.
    fn rehash_step(&mut self, hash: u64, hasher: &impl Hashing, probe: impl Probe) {
        let Some(mut next) = self.rehash_index else { return };
        let own = self.table[0].index(hash);
        if own >= next && self.table[0].buckets[own].is_some() {
            self.relink(own, hasher, probe);
        } else if self.table[0].used > 0 {
            let mut visits = EMPTY_VISITS_MAX;
            while visits > 0 && self.table[0].buckets[next].is_none() {
                (next, visits) = (next + 1, visits - 1);
            }
            self.rehash_index = Some(next);
            if visits == 0 {
                return;
            }
            self.relink(next, hasher, probe);
            self.rehash_index = Some(next + 1);
        }
        if self.table[0].used == 0 {
            if self.table[1].buckets.len() > self.table[0].buckets.len() {
                probe.emit(Event::GrowDone);
            }
            self.table[0] = std::mem::take(&mut self.table[1]);
            self.rehash_index = None;
        }
    }

    /// Links the chain of a bucket over to the second table.
    fn relink(&mut self, index: usize, hasher: &impl Hashing, probe: impl Probe) {
        let [from, to] = &mut self.table;
        let growing = to.buckets.len() > from.buckets.len();
        let mut next = from.buckets[index].take();
        while let Some(node) = next {
            // SAFETY: it was linked, so it is live.
            let Node { next: after, key, .. } = unsafe { node.as_ref() };
            next = after.get();
            let hash = if growing { hasher.hash_one(key) } else { index as u64 };
            to.push(to.index(hash), node);
            from.used -= 1;
        }
        probe.emit(Event::Rehash);
    }

    /// Unlinks a key's node: it is the caller's then.
    fn unlink(&mut self, hash: u64, key: &K) -> Option<Box<Node<K, V>>> {
        for (table, index) in self.places(hash) {
            let mut before: Link<K, V> = None;
            for node in self.table[table].chain(index) {
                // SAFETY: linked, so live.
                let found = unsafe { node.as_ref() };
                if found.key != *key {
                    before = Some(node);
                    continue;
                }
                match before {
                    // SAFETY: linked, so live.
                    Some(before) => unsafe { before.as_ref() }.next.set(found.next.get()),
                    None => self.table[table].buckets[index] = found.next.get(),
                }
                self.table[table].used -= 1;
                // SAFETY: made from a box by `insert`, linked nowhere any more, and the dict is the caller's alone.
                return Some(unsafe { Box::from_raw(node.as_ptr()) });
            }
        }
        None
    }
}

impl<K, V> Drop for Tables<K, V> {
    fn drop(&mut self) {
        for table in &self.table {
            for bucket in &table.buckets {
                let mut next = *bucket;
                while let Some(node) = next {
                    // SAFETY: made from a box by `insert`, linked once, and never looked at again.
                    next = unsafe { Box::from_raw(node.as_ptr()) }.next.get();
                }
            }
        }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> RedisDict<K, V, S, P> {
    fn find(&self, hash: u64, key: &K) -> Option<(&K, &V)> {
        // SAFETY: linked, so live; it is freed and its value replaced only by who has the dict to himself.
        self.tables.borrow().find(hash, key).map(|node| unsafe { entry(node) })
    }
}

/// A node's key and value.
///
/// # Safety
/// It stays linked, and its value in place, for `'a`.
unsafe fn entry<'a, K, V>(node: NonNull<Node<K, V>>) -> (&'a K, &'a V) {
    // SAFETY: the caller's promise. Lookups that rehash meanwhile change `next`, a cell.
    let node = unsafe { node.as_ref() };
    (&node.key, &node.value)
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for RedisDict<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        let hash = self.hasher.hash_one(&key);
        let tables = self.tables.get_mut();
        tables.rehash_step(hash, &self.hasher, self.probe);
        tables.expand_if_needed(self.probe);
        if let Some(mut node) = tables.find(hash, &key) {
            // SAFETY: linked, so live; the dict is borrowed mutably, so nobody else looks at its nodes.
            unsafe { node.as_mut() }.value = value;
            return true;
        }
        let table = &mut tables.table[usize::from(tables.rehash_index.is_some())];
        let index = table.index(hash);
        if table.buckets[index].is_some() {
            self.probe.emit(Event::Overflow);
        }
        table.push(index, NonNull::from(Box::leak(Box::new(Node { next: Cell::new(None), key, value }))));
        false
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        if self.is_empty() {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        if self.tables.borrow().rehashing() {
            self.tables.borrow_mut().rehash_step(hash, &self.hasher, self.probe);
        }
        self.find(hash, key)
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        self.find(self.hasher.hash_one(key), key)
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        let tables = self.tables.get_mut();
        if tables.len() == 0 {
            return false;
        }
        let hash = self.hasher.hash_one(key);
        tables.rehash_step(hash, &self.hasher, self.probe);
        let removed = tables.unlink(hash, key);
        if removed.is_some() {
            tables.shrink_if_needed(self.probe);
        }
        removed.is_some()
    }

    fn clear(&mut self) {
        *self.tables.get_mut() = Tables::default();
        self.probe.emit(Event::Clear);
    }

    fn len(&self) -> usize {
        self.tables.borrow().len()
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        // `f` may look things up, which may rehash: it is called when nothing is borrowed.
        let nodes: Vec<_> = self.tables.borrow().table.iter().flat_map(Table::nodes).collect();
        for node in nodes {
            // SAFETY: linked, so live; the dict is borrowed, so that nobody has it to himself.
            let (key, value) = unsafe { entry(node) };
            f(key, value);
        }
    }

    fn capacity(&self) -> Option<usize> {
        let tables = self.tables.borrow();
        Some(tables.table[usize::from(tables.rehashing())].buckets.len())
    }

    /// Nothing ever moves.
    fn disturbed(&self, _: &Write<'_, K>, _: &mut dyn FnMut(&K, &V) -> bool) {}

    fn state(&self, row: &mut [u64]) {
        let tables = self.tables.borrow();
        let [buckets, rehash_buckets] = [0, 1].map(|table: usize| tables.table[table].buckets.len());
        let index = tables.rehash_index.unwrap_or(0);
        row.copy_from_slice(&[tables.len(), buckets, rehash_buckets, index].map(|n| n as u64));
    }

    /// While a rehash is under way, a key can hash to the buckets of the larger table, and a lookup of it may walk a
    /// chain of each table; `occupancy` has the buckets of both that are in use.
    fn structure(&self) -> Structure {
        let tables = self.tables.borrow();
        let walked = |hash: u64| tables.places(hash).flat_map(|(table, index)| tables.table[table].chain(index));
        let buckets = tables.table.iter().map(|table| table.buckets.len()).max().unwrap_or(0) as u64;
        let (mut overflow, mut longest, mut hit_probes, mut slots) = (0, 0, 0, 0);
        let (mut occupancy, mut hit_probe_lengths) = (Vec::new(), Vec::new());
        for (number, table) in tables.table.iter().enumerate() {
            let passed = if number == 0 { tables.rehash_index.unwrap_or(0) } else { 0 };
            slots += table.buckets.len();
            for index in passed..table.buckets.len() {
                let length = table.chain(index).count();
                overflow += length.saturating_sub(1) as u64;
                longest = longest.max(length as u64);
                count_one(&mut occupancy, length);
            }
            for node in table.nodes() {
                // SAFETY: linked, so live.
                let hash = self.hasher.hash_one(&unsafe { node.as_ref() }.key);
                let looks = 1 + walked(hash).take_while(|&other| other != node).count();
                hit_probes += looks as u64;
                count_one(&mut hit_probe_lengths, looks);
            }
        }
        Structure {
            buckets: Some(buckets),
            overflow_buckets: Some(overflow),
            chain_length_max: Some(longest),
            in_use_bytes: Some((slots * size_of::<Link<K, V>>() + tables.len() * size_of::<Node<K, V>>()) as u64),
            hit_probes: Some(hit_probes),
            miss_probes: Some((0..buckets).map(|hash| walked(hash).count() as u64).sum()),
            tables: Some(1 + u64::from(tables.rehashing())),
            // A chain is of nodes, an entry each.
            chain_lengths: Some(occupancy.clone()),
            occupancy: Some(occupancy),
            hit_probe_lengths: Some(hit_probe_lengths),
            ..Structure::default()
        }
    }

    fn check_invariants(&self) {
        let tables = self.tables.borrow();
        let mut keys = BTreeSet::new();
        for (number, table) in tables.table.iter().enumerate() {
            assert_eq!(table.nodes().count(), table.used, "the nodes of table {number} are counted");
            let buckets = table.buckets.len();
            assert!(buckets == 0 || buckets.is_power_of_two() && buckets >= INITIAL_BUCKETS, "{buckets} buckets");
            for index in 0..buckets {
                for node in table.chain(index) {
                    // SAFETY: linked, so live.
                    let key = &unsafe { node.as_ref() }.key;
                    assert_eq!(table.index(self.hasher.hash_one(key)), index, "a node is in its bucket");
                    assert!(keys.insert(key.clone()), "a key is there twice");
                }
            }
        }
        let [first, second] = &tables.table;
        match tables.rehash_index {
            Some(passed) => {
                assert_ne!(first.buckets.len(), second.buckets.len(), "a rehash changes the size");
                assert!(first.buckets[..passed].iter().all(Option::is_none), "a bucket passed is empty");
            }
            None => assert_eq!(second.buckets.len(), 0, "a second table without a rehash"),
        }
    }
}
