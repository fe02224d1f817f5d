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
        Persistent { trie: GenericHashMap::with_hasher(hasher), paths: RefCell::default(), outdated: Cell::new(false) }
    }
}

/// An imbl map, and where its entries are in the trie: it doesn't tell.
pub struct Persistent<K, V, S> {
    trie: Trie<K, V, S>,
    /// Every key by its path and its identity. Kept by [`Map::disturbed`], which must be asked after every write or none;
    /// who never asks pays nothing.
    paths: RefCell<BTreeMap<(u32, u64), K>>,
    /// Whether the map has been cleared since. The paths are not the map's: `clear` must not free them.
    outdated: Cell<bool>,
}

/// Bits of the path that a level of the trie goes by, and all of them.
const LEVEL_BITS: usize = 5;
const PATH_BITS: u32 = u32::BITS;
/// The most entries of a leaf.
const LEAF_MAX: usize = 32;

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
            paths.clear();
        }
        let path = self.path(write.key);
        match (write.remove, write.hit) {
            (false, false) => paths.insert((path, write.key.id()), write.key.clone()),
            (true, true) => paths.remove(&(path, write.key.id())),
            _ => return,
        };
        if !write.remove && write.allocs == 0 {
            return;
        }
        let below = |bits: u32| {
            let span = u32::MAX.checked_shr(bits).unwrap_or(0);
            paths.range((path & !span, 0)..=(path | span, u64::MAX))
        };
        let highest = (0..PATH_BITS).step_by(LEVEL_BITS).find(|&bits| below(bits).nth(LEAF_MAX + 1).is_none());
        for key in below(highest.unwrap_or(PATH_BITS)).map(|(_, key)| key) {
            if let Some((key, value)) = self.trie.get_key_value(key) {
                visit(key, value);
            }
        }
    }
}
