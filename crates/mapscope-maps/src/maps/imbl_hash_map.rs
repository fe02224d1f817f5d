//! `imbl::HashMap`: a persistent hash trie, here with one owner, so that nothing is shared and nodes change in place.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

use super::layout::{EntryShape, Layout, Room, Slot, When};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct ImblHashMap;

type Trie<K, V, S> = GenericHashMap<K, V, S, DefaultSharedPtr>;

impl Family for ImblHashMap {
    const INFO: Info = Info {
        term: Term::plain(
            "imbl-hashmap",
            "the imbl crate's persistent HashMap (hash trie of 32-way nodes; foldhash, fixed seed; one owner)",
            "docs.rs/imbl",
        ),
        version: "imbl {imbl}",
        load_factor: None,
        hint: false,
        exact: true,
        alloc_cause: Cause::Overflow,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Persistent<K, V, S>;

    /// Of imbl's `nodes/hamt.rs`: nodes are in `Arc`s. A slot of a leaf is an entry and 32 bits of its hash; a leaf has a
    /// control byte a slot, in groups of 16 that are aligned as one, and says in a bit for each which are taken.
    fn layout(entry: &EntryShape, _: &Options, _: u64) -> Option<Layout> {
        let hash = Room::int(4);
        let slot = Room::of(&[entry.pair(), hash]);
        let sparse = |taken: Room, slot: Room, most: u64| Room::of(&[taken, slot.times(most)]);
        let shared = |node: Room| Room::in_order(&[Room::WORD.times(2), node]).bytes;
        let leaf = |taken, most| shared(Room::of(&[sparse(taken, slot, most), Room::int(16).times(most / 16)]));
        // A child is an enum: a tag, then a node's address, or a hash and an entry. In which order it has these two is known
        // only where that makes no difference.
        let pair = entry.pair();
        let child = Room::in_order(&[Room::int(1), hash, pair]).aligned(8).bytes.max(16);
        let children = sparse(hash, Room { bytes: child, align: 8 }, LEAF_MAX as u64);
        let node = (pair.align >= hash.align || pair.bytes.is_multiple_of(hash.bytes)).then(|| shared(children));
        let layout = Layout::new(Slot::inline(slot, entry, hash.bytes), entry)
            .with(When::Sometimes, "a leaf of up to 16 entries", leaf(Room::int(2), 16))
            .with(When::Sometimes, "a leaf of up to 32 entries", leaf(Room::int(4), LEAF_MAX as u64))
            .with(When::Sometimes, "a node of 32 children, which are nodes or entries", node);
        Some(layout.at_least(slot.bytes as f64).open("which nodes there are, and how full, depends on hashes"))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, hasher: S, _: P) -> Persistent<K, V, S> {
        Persistent {
            trie: GenericHashMap::with_hasher(hasher),
            paths: RefCell::new(Paths::new()),
            outdated: Cell::new(false),
        }
    }
}

/// An imbl map, and where its entries are in the trie: it doesn't tell.
pub struct Persistent<K, V, S> {
    trie: Trie<K, V, S>,
    /// Kept by [`Map::disturbed`], which must be asked after every write or none; who never asks pays nothing.
    paths: RefCell<Paths<K>>,
    /// Whether the map has been cleared since. The paths are not the map's: `clear` must not free them.
    outdated: Cell<bool>,
}

/// Bits of the path that a level of the trie goes by, and all of them.
const LEVEL_BITS: usize = 5;
const PATH_BITS: u32 = u32::BITS;
/// The most entries of a leaf.
const LEAF_MAX: usize = 32;

/// Keys by the first bits of their paths.
struct Paths<K> {
    /// By path and identity.
    keys: BTreeMap<(u32, u64), K>,
    /// How many keys are below each node of a level, for the first levels after the root's: as many levels as it takes for
    /// the nodes of the next to have few.
    below: Vec<Vec<u32>>,
}

impl<K: Key> Paths<K> {
    const fn new() -> Paths<K> {
        Paths { keys: BTreeMap::new(), below: Vec::new() }
    }

    fn insert(&mut self, path: u32, key: &K) {
        self.keys.insert((path, key.id()), key.clone());
        self.nodes_of(path).for_each(|below| *below += 1);
        let bits = (self.below.len() + 1) * LEVEL_BITS;
        if self.keys.len() > 1 << bits {
            let mut level = vec![0; 1 << bits];
            self.keys.keys().for_each(|(path, _)| level[(path >> (PATH_BITS - bits as u32)) as usize] += 1);
            self.below.push(level);
        }
    }

    fn remove(&mut self, path: u32, key: &K) {
        self.keys.remove(&(path, key.id()));
        self.nodes_of(path).for_each(|below| *below -= 1);
    }

    /// The counts of the nodes on a path.
    fn nodes_of(&mut self, path: u32) -> impl Iterator<Item = &mut u32> {
        let bits = (LEVEL_BITS as u32..).step_by(LEVEL_BITS);
        self.below.iter_mut().zip(bits).map(move |(level, bits)| &mut level[(path >> (PATH_BITS - bits)) as usize])
    }

    /// The keys below the node that so many bits of a path lead to.
    fn below(&self, path: u32, bits: u32) -> impl Iterator<Item = &K> {
        let span = u32::MAX.checked_shr(bits).unwrap_or(0);
        self.keys.range((path & !span, 0)..=(path | span, u64::MAX)).map(|(_, key)| key)
    }

    /// The keys below the highest node on a path that has no more than `most`; if none has, those with the same path.
    fn below_highest(&mut self, path: u32, most: usize) -> impl Iterator<Item = &K> {
        let levels = self.below.len();
        let fits = |below: &mut u32| *below as usize <= most;
        let counted =
            if self.keys.len() <= most { Some(0) } else { self.nodes_of(path).position(fits).map(|at| at + 1) };
        let fits = |bits: &u32| self.below(path, *bits).nth(most).is_none();
        let bits = match counted {
            Some(level) => (level * LEVEL_BITS) as u32,
            None => (0..PATH_BITS).step_by(LEVEL_BITS).skip(levels + 1).find(fits).unwrap_or(PATH_BITS),
        };
        self.below(path, bits)
    }
}

impl<K: Key, V: Value, S: Hashing> Persistent<K, V, S> {
    /// The bits of a key's hash that the trie goes by, those of the root first.
    fn path(&self, key: &K) -> u32 {
        (self.trie.hasher().hash_one(key) as u32).reverse_bits()
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Persistent<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.trie.insert(key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.trie.get_key_value(key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.trie.remove(key).is_some()
    }
    fn clear(&mut self) {
        self.trie.clear();
        self.outdated.set(true);
    }
    fn len(&self) -> usize {
        self.trie.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.trie.iter().for_each(|(key, value)| f(key, value));
    }
    /// Entries change nodes when one is allocated or freed: those of one leaf, which is all that lies below some node. Of
    /// keys whose hashes are all alike (a node that is a plain vector) a remove moves the last one, and neither allocates nor
    /// frees: any remove may be of such a key.
    ///
    /// Which level the leaf was at doesn't show. Offered is all below the highest node on the key's path that has no more
    /// below it than a leaf and the new entry; if none has, all with the key's own path.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let paths = &mut *self.paths.borrow_mut();
        if self.outdated.take() {
            *paths = Paths::new();
        }
        let path = self.path(write.key);
        match (write.remove, write.hit) {
            (false, false) => paths.insert(path, write.key),
            (true, true) => paths.remove(path, write.key),
            _ => return,
        }
        if !write.remove && write.allocs == 0 {
            return;
        }
        for key in paths.below_highest(path, LEAF_MAX + 1) {
            if let Some((key, value)) = self.trie.get_key_value(key) {
                visit(key, value);
            }
        }
    }
}
