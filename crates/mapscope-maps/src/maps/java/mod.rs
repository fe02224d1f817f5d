//! `java-hashmap`: a model of `java.util.HashMap` of JDK 8 and later.
//!
//! # How it works
//!
//! A table of bins, a bin being a list of nodes, each an allocation of its own. A key's 32-bit hash code, its upper half
//! folded onto the lower, chooses the bin by its low bits. New nodes go to the end of their list.
//!
//! - **The first table** comes with the first put: 16 bins, or the initial capacity rounded up to a power of two.
//! - **Grows** to twice the bins after the put that brings more entries than the *threshold*: bins times load factor,
//!   rounded down in 32-bit floating point, then doubled along with the table once that has 16 bins. Each list is split in
//!   two by one bit of the hash, in order. Nodes are linked anew, not copied: no entry moves.
//! - **Trees**: the put that adds a ninth node to a list makes a red-black tree of it if the table has 64 bins, otherwise
//!   it doubles the table. A tree that a doubling splits becomes a list again where six nodes or fewer are left; one from
//!   which a key is removed does when its root, the root's right or left child, or the left one's left child is missing,
//!   which leaves two to seven nodes. Tree nodes are larger, so that the entries of a bin that changes its kind
//!   move to new nodes: the only moves of this map.
//! - It never shrinks. `clear` empties the bins and keeps the table.
//! - A hint is `new HashMap<>(initialCapacity)`, as most people write it: bins, not entries. For so many entries without
//!   growing, the hint has to be entries over load factor (`HashMap.newHashMap` of JDK 19).
//!
//! # What it answers for
//!
//! - **Exact**: table sizes and thresholds, the order of lists, the shapes of trees, and so every growth, treeification
//!   and return to a list, for hash codes as given. By default they are Java's own for `Long` and `String` ([`JavaHash`]);
//!   of a trace's hashes the low 32 bits count. Keys are compared as Java compares `Comparable` ones.
//! - **Bytes**: operation by operation what a 64-bit HotSpot of JDK 17 allocates, by its object layout and with compressed
//!   references (the module `objects`). The map's are the `HashMap`, tables, nodes, the set of entries that the first
//!   iteration makes and an iterator for each; the entries' are the boxes, strings and arrays that keys and values are in
//!   Java. Those of a put are made for it: an overwrite keeps the key of the insert, and lets go of the new one and of the
//!   old value. The box of a key that is looked up or removed is the caller's, and not counted.
//! - **Lookups in trees**: to compare two keys of one hash, Java asks the class of a boxed key for the interfaces that it
//!   has (`comparableClassFor`), which allocates an array of them and one of the type arguments, 56 bytes for a `Long`: at
//!   most once for each put, get and remove, and once for each node of a list that becomes a tree. A `String` it knows. A
//!   remove also allocates the nodes of a tree that becomes a list again.
//! - **Frees**: an object is freed where the program lets go of it, where Java leaves it to the collector: live and peak
//!   are the bytes that can be reached.
//! - **Moves** are those of this implementation's nodes, which hold key and value; their bytes are the two references that
//!   Java copies.
//! - **Left out** is what a JVM does once, such as loading classes, and what its compiler finds needless: a loop that it has
//!   compiled may box less.
//!
//! The constants are those that `HashMap.java` of OpenJDK names `DEFAULT_INITIAL_CAPACITY`, `MAXIMUM_CAPACITY`,
//! `TREEIFY_THRESHOLD`, `UNTREEIFY_THRESHOLD` and `MIN_TREEIFY_CAPACITY`.

mod hash;
mod layout;
mod node;
mod objects;
mod told;
mod tree;

pub use hash::{JavaHash, JavaHasher};

use std::collections::BTreeSet;

use super::layout::{EntryShape, Layout};
use super::{Family, Hashing, Info, LoadFactors, Map, Options, Structure, Write, count_one};
use crate::entry::{Entry, Key, KeyType, Value};
use crate::probe::event::{Cause, Event, Probe};
use crate::term::Term;
use node::{NodeAt, TreeAt};

const DEFAULT_BINS: usize = 16;
const BINS_MAX: usize = 1 << 30;
/// A put to a list of so many nodes makes a tree of it.
const TREEIFY_NODES: usize = 8;
/// A part of a split tree of so many nodes or fewer becomes a list.
const UNTREEIFY_NODES: usize = 6;
/// Smaller tables double instead.
const TREEIFY_BINS_MIN: usize = 64;

/// See the module.
pub struct Java;

impl Family for Java {
    const INFO: Info = Info {
        term: Term::plain(
            "java-hashmap",
            "model of java.util.HashMap: chains that become trees, doubled all at once",
            "openjdk/jdk, java/util/HashMap.java (JDK 8 and later)",
        ),
        version: "JDK 17",
        load_factor: Some(LoadFactors::new(0.25, 4.0, 0.75)),
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Move, Cause::Grow],
        layout: None,
        state: &["len", "bins", "threshold", "trees"],
    };
    const MODELS_HEAP: bool = true;
    fn lacks(entry: &Entry) -> Option<&'static str> {
        let is_bytes = matches!(entry.key, KeyType::Array(bytes) if bytes != 16);
        is_bytes.then_some("a Java array equals no other and is no key; 16 bytes are a UUID")
    }

    const HASHES: Option<bool> = Some(true);
    type Hasher = JavaHash;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = JavaMap<K, V, S, P>;

    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        Some(layout::layout(entry, options, entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> JavaMap<K, V, S, P> {
        let initial_bins = options.hint.min(BINS_MAX).next_power_of_two();
        probe.emit(Event::Alloc { bytes: objects::HASH_MAP });
        JavaMap {
            bins: Box::default(),
            len: 0,
            threshold: if options.hint > 0 { initial_bins } else { 0 },
            load_factor: options.load_factor as f32,
            hasher,
            probe,
            retired: None,
            disturbed: Disturbed::Nothing,
            iterated: false,
        }
    }
}

/// The most entries that a table of `bins` holds without growing, after one of `old_bins` with its threshold.
fn threshold(old_bins: usize, old_threshold: usize, bins: usize, load_factor: f32) -> usize {
    if old_bins >= DEFAULT_BINS && bins < BINS_MAX && old_threshold > 0 {
        return old_threshold * 2;
    }
    let product = bins as f32 * load_factor;
    let fits = bins < BINS_MAX && product < BINS_MAX as f32;
    if fits { product as usize } else { i32::MAX as usize }
}

/// What the last write moved.
#[derive(Clone, Copy, PartialEq)]
enum Disturbed {
    Nothing,
    /// Entries of this bin.
    Bin(usize),
    /// Entries of several bins.
    Everything,
}

/// A `java.util.HashMap`; see the module.
pub struct JavaMap<K, V, S, P> {
    /// A power of two, or none before the first put.
    bins: Box<[Option<NodeAt<K, V>>]>,
    len: usize,
    /// The most entries that the table holds without growing; before there is a table, how many bins it is to have, 0 for
    /// the default.
    threshold: usize,
    load_factor: f32,
    hasher: S,
    probe: P,
    /// Nodes that the write under way has replaced. Freed at its end, so that no entry moves twice and ends where it was.
    retired: Option<NodeAt<K, V>>,
    disturbed: Disturbed,
    /// Whether it has its set of entries, which the first iteration makes.
    iterated: bool,
}

impl<K: Key, V: Value, S: Hashing, P: Probe> JavaMap<K, V, S, P> {
    /// The hash of a key, which nodes keep: its hash code with the upper half folded onto the lower.
    #[inline]
    fn hash(&self, key: &K) -> u32 {
        let code = self.hasher.hash_one(key) as u32;
        code ^ code >> 16
    }

    #[inline]
    fn index(&self, hash: u32) -> usize {
        hash as usize & self.bins.len().wrapping_sub(1)
    }

    #[inline]
    fn first(&self, hash: u32) -> Option<NodeAt<K, V>> {
        self.bins.get(self.index(hash)).copied().flatten()
    }

    /// The key's node, and whether it took `comparableClassFor` to find that out.
    #[inline]
    fn find(&self, key: &K) -> (Option<NodeAt<K, V>>, bool) {
        let hash = self.hash(key);
        let Some(first) = self.first(hash) else { return (None, false) };
        match first.as_tree() {
            Some(first) => {
                let (found, asked_class) = tree::find(first, hash, key);
                (found.map(TreeAt::node), asked_class)
            }
            None => (first.list().find(|node| node.hash == hash && node.key == *key), false),
        }
    }

    /// Finds as Java does, and says what that allocates.
    #[inline]
    fn look_up(&self, key: &K) -> Option<NodeAt<K, V>> {
        let (found, asked_class) = self.find(key);
        self.asked_class(asked_class.into());
        found
    }

    fn put(&mut self, key: K, value: V) -> bool {
        let hash = self.hash(&key);
        if self.bins.is_empty() {
            self.resize(hash);
        }
        let index = self.index(hash);
        let Some(first) = self.bins[index] else {
            self.bins[index] = Some(self.new_node(false, hash, key, value));
            self.added(hash);
            return false;
        };
        if let Some(first) = first.as_tree() {
            let (place, asked_class) = tree::descend(first, hash, &key);
            self.asked_class(asked_class.into());
            match place {
                Ok(found) => {
                    self.overwrite(found.node(), &key, value);
                    return true;
                }
                Err(place) => {
                    let new = self.new_node(true, hash, key, value);
                    new.as_tree().into_iter().for_each(|new| tree::put(&mut self.bins[index], place, new));
                }
            }
            self.probe.emit(Event::Overflow);
        } else {
            let (mut last, mut nodes) = (first, 0);
            for node in first.list() {
                if node.hash == hash && node.key == key {
                    self.overwrite(node, &key, value);
                    return true;
                }
                (last, nodes) = (node, nodes + 1);
            }
            last.next.set(Some(self.new_node(false, hash, key, value)));
            self.probe.emit(Event::Overflow);
            if nodes >= TREEIFY_NODES {
                self.treeify(index, hash);
            }
        }
        self.added(hash);
        false
    }

    fn new_node(&self, tree: bool, hash: u32, key: K, value: V) -> NodeAt<K, V> {
        self.probe.emit(Event::Alloc { bytes: objects::node(tree) });
        NodeAt::new(tree, hash, key, value)
    }

    /// Replaces a node's value. The node keeps its key: the one that came with the value is no longer used.
    fn overwrite(&mut self, node: NodeAt<K, V>, spare: &K, value: V) {
        // SAFETY: live, and the map is borrowed mutably.
        self.entry_freed(spare, unsafe { node.entry() }.1);
        // SAFETY: the map is borrowed mutably, and nobody holds what was looked at above.
        unsafe { node.set_value(value) };
    }

    /// What follows every new entry.
    fn added(&mut self, hash: u32) {
        self.len += 1;
        if self.len > self.threshold {
            self.resize(hash);
        }
    }

    /// Makes a tree of a bin to which an entry of this hash has just been added, or doubles a small table.
    fn treeify(&mut self, index: usize, hash: u32) {
        if self.bins.len() < TREEIFY_BINS_MIN {
            self.resize(hash);
            return;
        }
        let moved = self.replace(index, true) - 1;
        let asked_class = tree::treeify(&mut self.bins[index]);
        self.asked_class(asked_class);
        self.disturbed = Disturbed::Bin(index);
        self.moved(moved);
    }

    /// Replaces the nodes of a bin by nodes of a tree or of a list; returns how many.
    fn replace(&mut self, index: usize, tree: bool) -> u64 {
        let (mut replaced, mut next, mut last) = (0, self.bins[index].take(), None::<NodeAt<K, V>>);
        while let Some(old) = next {
            next = old.next.get();
            self.probe.emit(Event::Alloc { bytes: objects::node(tree) });
            // SAFETY: the map is borrowed mutably, and the node in no bin any more; those before it are retired.
            let new = unsafe { old.replace(tree) };
            old.next.set(self.retired.replace(old));
            match last {
                None => self.bins[index] = Some(new),
                Some(last) => last.next.set(Some(new)),
            }
            if let Some(new) = new.as_tree() {
                new.prev.set(last);
            }
            last = Some(new);
            replaced += 1;
        }
        (0..replaced).for_each(|_| self.probe.emit(Event::Free { bytes: objects::node(!tree) }));
        replaced
    }

    /// Makes the first table, or doubles the table, for an entry of this hash.
    fn resize(&mut self, hash: u32) {
        let old_bins = self.bins.len();
        if old_bins >= BINS_MAX {
            self.threshold = i32::MAX as usize;
            return;
        }
        self.probe.emit(Event::Grow);
        let bins = match (old_bins, self.threshold) {
            (0, 0) => DEFAULT_BINS,
            (0, initial_bins) => initial_bins,
            _ => old_bins * 2,
        };
        self.threshold = threshold(old_bins, self.threshold, bins, self.load_factor);
        self.probe.emit(Event::Alloc { bytes: objects::table(bins) });
        let old = std::mem::replace(&mut self.bins, vec![None; bins].into_boxed_slice());
        let treeified = match self.disturbed {
            Disturbed::Bin(index) => Some(index),
            _ => None,
        };
        let mut moved = 0;
        for (index, first) in old.iter().enumerate() {
            let Some(first) = *first else { continue };
            let halves = split(first, old_bins);
            let whole = halves.iter().any(|half| half.nodes == 0);
            for (half, index) in halves.iter().zip([index, index + old_bins]) {
                self.bins[index] = half.first;
                if half.nodes == 0 || first.as_tree().is_none() {
                    continue;
                }
                if half.nodes > UNTREEIFY_NODES {
                    if !whole {
                        let asked_class = tree::treeify(&mut self.bins[index]);
                        self.asked_class(asked_class);
                    }
                    continue;
                }
                let replaced = self.replace(index, false);
                if treeified != Some(index & (old_bins - 1)) {
                    moved += replaced - u64::from(self.index(hash) == index);
                }
                self.disturbed = Disturbed::Everything;
            }
        }
        if treeified.is_some() {
            self.disturbed = Disturbed::Everything;
        }
        if old_bins > 0 {
            self.probe.emit(Event::Free { bytes: objects::table(old_bins) });
        }
        self.moved(moved);
    }

    fn take(&mut self, key: &K) -> bool {
        let Some(node) = self.look_up(key) else { return false };
        let index = self.index(node.hash);
        match node.as_tree() {
            Some(tree) => {
                if !tree::remove(&mut self.bins[index], tree) {
                    let moved = self.replace(index, false);
                    self.disturbed = Disturbed::Bin(index);
                    self.moved(moved);
                }
            }
            None => {
                let before = self.bins[index].and_then(|first| first.list().find(|at| at.next.get() == Some(node)));
                match before {
                    Some(before) => before.next.set(node.next.get()),
                    None => self.bins[index] = node.next.get(),
                }
            }
        }
        self.node_freed(node);
        // SAFETY: unlinked just now, and this was the last handle.
        unsafe { node.free() };
        self.len -= 1;
        true
    }

    fn begin(&mut self) {
        self.disturbed = Disturbed::Nothing;
    }

    /// Ends a write.
    fn end(&mut self) {
        let mut next = self.retired.take();
        while let Some(node) = next {
            next = node.next.get();
            // SAFETY: retired, and this was the last handle.
            unsafe { node.free_retired() };
        }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeAt<K, V>> {
        self.bins.iter().flatten().flat_map(|first| first.list())
    }

    fn trees(&self) -> impl Iterator<Item = TreeAt<K, V>> {
        self.bins.iter().flatten().filter_map(|first| first.as_tree())
    }
}

/// Half of a bin that was split.
struct Half<K, V> {
    first: Option<NodeAt<K, V>>,
    nodes: usize,
}

/// Splits a list, or a tree's list, by a bit of the hash, in order.
fn split<K, V>(first: NodeAt<K, V>, bit: usize) -> [Half<K, V>; 2] {
    let mut halves = [Half { first: None, nodes: 0 }, Half { first: None, nodes: 0 }];
    let mut lasts = [None::<NodeAt<K, V>>; 2];
    let mut next = Some(first);
    while let Some(node) = next {
        next = node.next.take();
        let side = usize::from(node.hash as usize & bit != 0);
        if let Some(tree) = node.as_tree() {
            tree.prev.set(lasts[side]);
        }
        match lasts[side].replace(node) {
            Some(last) => last.next.set(Some(node)),
            None => halves[side].first = Some(node),
        }
        halves[side].nodes += 1;
    }
    halves
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for JavaMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.begin();
        self.entry_allocated(&key, &value);
        let hit = self.put(key, value);
        self.end();
        hit
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: linked, so live; the map is borrowed.
        self.look_up(key).map(|node| unsafe { node.entry() })
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: linked, so live; the map is borrowed.
        self.find(key).0.map(|node| unsafe { node.entry() })
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.begin();
        let hit = self.take(key);
        self.end();
        hit
    }

    fn clear(&mut self) {
        self.begin();
        if P::ON {
            self.nodes().for_each(|node| self.node_freed(node));
        }
        free_all(&mut self.bins);
        self.len = 0;
        self.probe.emit(Event::Clear);
    }

    fn len(&self) -> usize {
        self.len
    }

    /// A loop over `entrySet()`.
    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        if !std::mem::replace(&mut self.iterated, true) {
            self.probe.emit(Event::Alloc { bytes: objects::ENTRY_SET });
        }
        self.probe.emit(Event::Alloc { bytes: objects::ENTRY_ITERATOR });
        self.for_each(f);
        self.probe.emit(Event::Free { bytes: objects::ENTRY_ITERATOR });
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        for node in self.nodes() {
            // SAFETY: linked, so live; the map is borrowed.
            let (key, value) = unsafe { node.entry() };
            f(key, value);
        }
    }

    fn capacity(&self) -> Option<usize> {
        Some(if self.bins.is_empty() { 0 } else { self.threshold })
    }

    fn disturbed(&self, _: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let bins = match self.disturbed {
            Disturbed::Nothing => &[],
            Disturbed::Bin(index) => &self.bins[index..=index],
            Disturbed::Everything => &self.bins[..],
        };
        for node in bins.iter().flatten().flat_map(|first| first.list()) {
            // SAFETY: linked, so live; the map is borrowed.
            let (key, value) = unsafe { node.entry() };
            visit(key, value);
        }
    }

    fn state(&self, row: &mut [u64]) {
        row.copy_from_slice(&[self.len, self.bins.len(), self.threshold, self.trees().count()].map(|n| n as u64));
    }

    /// A lookup that misses looks at all keys of a list, and at as many of a tree as its longest path has.
    fn structure(&self) -> Structure {
        let mut counted = Structure { buckets: Some(self.bins.len() as u64), ..Structure::default() };
        let (mut overflow, mut longest, mut hit_probes, mut miss_probes) = (0, 0, 0, 0);
        let mut bytes = if self.bins.is_empty() { 0 } else { objects::table(self.bins.len()) };
        let (mut occupancy, mut hit_probe_lengths) = (Vec::new(), Vec::new());
        for bin in &self.bins {
            let nodes = bin.iter().flat_map(|first| first.list()).count();
            count_one(&mut occupancy, nodes);
            overflow += nodes.saturating_sub(1) as u64;
            longest = longest.max(nodes as u64);
            if bin.and_then(NodeAt::as_tree).is_some() {
                let tree_nodes = bin.iter().flat_map(|first| first.list()).filter_map(NodeAt::as_tree);
                let depths: Vec<u64> = tree_nodes.map(tree::depth).collect();
                hit_probes += depths.iter().sum::<u64>();
                depths.iter().for_each(|&depth| count_one(&mut hit_probe_lengths, depth as usize));
                miss_probes += depths.iter().max().unwrap_or(&0);
                bytes += nodes as u64 * objects::node(true);
            } else {
                hit_probes += (nodes * (nodes + 1) / 2) as u64;
                (1..=nodes).for_each(|look| count_one(&mut hit_probe_lengths, look));
                miss_probes += nodes as u64;
                bytes += nodes as u64 * objects::node(false);
            }
        }
        counted.overflow_buckets = Some(overflow);
        counted.chain_length_max = Some(longest);
        counted.in_use_bytes = Some(bytes);
        counted.hit_probes = Some(hit_probes);
        counted.miss_probes = Some(miss_probes);
        // A chain is of nodes, an entry each.
        counted.chain_lengths = Some(occupancy.clone());
        counted.occupancy = Some(occupancy);
        counted.hit_probe_lengths = Some(hit_probe_lengths);
        counted
    }

    fn check_invariants(&self) {
        if !cfg!(debug_assertions) {
            return;
        }
        let bins = self.bins.len();
        assert!(bins == 0 || bins.is_power_of_two(), "{bins} bins");
        assert!(self.retired.is_none(), "a retired node outlives its write");
        let mut keys = BTreeSet::new();
        for (index, bin) in self.bins.iter().enumerate() {
            let Some(first) = bin else { continue };
            let mut nodes = 0;
            for node in first.list() {
                assert_eq!(node.hash, self.hash(&node.key), "a node keeps its key's hash");
                assert_eq!(self.index(node.hash), index, "a node is in its bin");
                assert_eq!(node.as_tree().is_some(), first.as_tree().is_some(), "a bin is of one kind");
                assert!(keys.insert(node.key.clone()), "a key is there twice");
                nodes += 1;
            }
            if let Some(first) = first.as_tree() {
                assert!(bins >= TREEIFY_BINS_MIN, "a tree among {bins} bins");
                assert_eq!(tree::check(first).0, nodes, "a tree's list has its nodes");
            } else {
                // A ninth node may double the table six times, one node at a time, before it has 64 bins.
                assert!(nodes <= TREEIFY_NODES + 6, "a list of {nodes} nodes");
            }
        }
        assert_eq!(keys.len(), self.len, "the entries are counted");
        assert!(bins == 0 || self.len <= self.threshold, "the threshold is kept");
    }
}

/// Frees every node; the bins are empty then.
fn free_all<K, V>(bins: &mut [Option<NodeAt<K, V>>]) {
    for bin in bins {
        let mut next = bin.take();
        while let Some(node) = next {
            next = node.next.get();
            // SAFETY: out of its bin, and this was the last handle.
            unsafe { node.free() };
        }
    }
}

impl<K, V, S, P> Drop for JavaMap<K, V, S, P> {
    fn drop(&mut self) {
        free_all(&mut self.bins);
    }
}
