//! The `sync.Map` of Go 1.24 and later: a concurrent hash trie.
//!
//! ```text
//! root   · E · · N · · · · E · · · · · ·      16 children, by the hash's topmost 4 bits
//!                |
//! level 1        · · E · · · · · N · · ·      by the next 4
//!                    |           |
//!                    entry       level 2      and so on, to level 15
//!                    | overflow
//!                    entry                    with the same hash, all 64 bits
//! ```
//!
//! # Terms
//!
//! - **indirect node**: 16 children, each of them nothing, an entry or another indirect node.
//! - **entry**: a key and a value, each an `any`.
//! - **level** of an indirect node: how many others a lookup has passed when it comes there; the root's is 0.
//! - **overflow**: the entry behind an entry whose whole hash is the same.
//!
//! # How it works
//!
//! An entry lies in the first node on its hash's way that has nothing else there. Where a new key meets another's entry,
//! indirect nodes are put in its place, one below the other, until the two hashes part; when the hashes are equal, the
//! new entry goes to the head of the chain. An entry never changes: an overwrite puts a new one in its place, with the new
//! key. A remove that leaves an indirect node without children takes it out of its parent, and so on up to the root, which
//! stays. A clear puts a new root in place of the old.
//!
//! The zero map has no root: the first operation makes it, even if it is a lookup, and chooses the seed of the hash,
//! which stays.
//!
//! # What it answers for
//!
//! - **Bytes**: every allocation that Go makes in an operation, those of the caller included whose `Store(k, v)` boxes
//!   typed variables: two boxes and an entry, and as many indirect nodes as it takes. Load, Delete and Range allocate
//!   nothing but the root. Recorded runs of real Go programs are replayed by a test, which compares what each operation
//!   allocates and the state after it.
//! - **Tiny objects** share blocks as in the [pair of maps](super::pair).
//! - **Frees**: memory is freed when it becomes unreachable: an entry with both its boxes when it is overwritten or
//!   removed, an indirect node when it is taken out, all of the old trie at a clear.
//! - **Moves**: none. A growth links an entry's address into a node below; its boxes stay where they are.
//! - **Steps**: the first root is a [`Event::Grow`]. Each indirect node that is put where two hashes meet, and each entry
//!   that is chained behind another, is an [`Event::Overflow`].
//! - **Releases**: Go 1.24 to 1.27 do the same; their sources differ in a message.
//!
//! # Where it differs
//!
//! - Boxes follow the same rules as in the [pair of maps](super::pair).
//! - A hash that changes its mind makes Go's map run out of hash bits, and panic. Here the two keys are chained.

mod inspect;
mod invariants;
mod node;
mod read;
mod write;

use std::cell::Cell;
use std::ptr::NonNull;

use crate::entry::{Key, Value};
use crate::maps::anatomy::{Anatomy, Part};
use crate::maps::go::heap;
use crate::maps::go::heap::tiny::Tiny;
use crate::maps::{Hashing, Map, Structure, Write};
use crate::probe::event::{Event, Probe};
use node::{Entry, Indirect, IndirectAt, LEVELS_MAX};

/// What Go asks its heap for, for an entry and for an indirect node.
pub(super) const ENTRY_BYTES: usize = Entry::<u64, u64>::BYTES;
pub(super) const NODE_BYTES: usize = Indirect::<u64, u64>::BYTES;

/// A `sync.Map` of Go 1.24 or later; see the module.
///
/// Invariant, **tree**: from the root every node is reached once, and is there until a write takes it out. A write needs
/// the map exclusively, and takes a node out before it frees it.
pub struct TrieMap<K: Key, V: Value, S: Hashing, P: Probe> {
    /// On Go's heap, this map's alone from `new` to `drop`.
    header: NonNull<Header<K, V>>,
    /// Live entries, which Go's map does not count.
    len: usize,
    /// Those of them that are behind another in a chain.
    overflow_entries: usize,
    /// Indirect nodes by their level, but for the root.
    nodes: [usize; LEVELS_MAX],
    tiny: Tiny<P>,
    hasher: S,
    probe: P,
}

/// Go's struct: 48 bytes.
#[repr(C)]
struct Header<K, V> {
    /// Go's: whether there is a root, and the mutex for making it.
    _initialised: [u64; 2],
    root: Cell<Option<IndirectAt<K, V>>>,
    /// Go's: the functions that hash keys and compare values, and the seed.
    _functions: [u64; 3],
}

impl<K: Key, V: Value, S: Hashing, P: Probe> TrieMap<K, V, S, P> {
    const HEADER_BYTES: usize = {
        assert!(size_of::<Header<K, V>>() == 48);
        48
    };

    /// Builds the map as `new(sync.Map)` does.
    pub fn new(hasher: S, probe: P) -> Self {
        let header = heap::alloc(Self::HEADER_BYTES, false).cast::<Header<K, V>>();
        // SAFETY: just allocated, of its size.
        unsafe { header.write(Header { _initialised: [0; 2], root: Cell::new(None), _functions: [0; 3] }) };
        let tiny = Tiny::new(probe);
        TrieMap { header, len: 0, overflow_entries: 0, nodes: [0; LEVELS_MAX], tiny, hasher, probe }
    }

    #[inline]
    fn header(&self) -> &Header<K, V> {
        // SAFETY: this map's alone, valid until it is dropped, and only ever borrowed shared.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    fn root(&self) -> Option<IndirectAt<K, V>> {
        self.header().root.get()
    }

    /// The root, which the first operation makes.
    #[inline]
    fn init(&self) -> IndirectAt<K, V> {
        self.root().unwrap_or_else(|| self.first_root())
    }

    #[cold]
    fn first_root(&self) -> IndirectAt<K, V> {
        let root = Indirect::alloc(None);
        self.header().root.set(Some(root));
        self.probe.emit(Event::Grow);
        root
    }

    fn indirect_nodes(&self) -> usize {
        self.nodes.iter().sum::<usize>() + usize::from(self.root().is_some())
    }

    /// How many levels have an indirect node.
    fn levels(&self) -> usize {
        let deepest = self.nodes.iter().rposition(|&nodes| nodes > 0).unwrap_or(0);
        if self.root().is_some() { deepest + 1 } else { 0 }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Drop for TrieMap<K, V, S, P> {
    fn drop(&mut self) {
        self.free_all();
        // SAFETY: allocated by `new`, used no more.
        unsafe { heap::free(self.header.cast(), Self::HEADER_BYTES, false) };
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for TrieMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.store(key, value)
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.look_up(self.init(), key)
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        self.look_up(self.root()?, key)
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.delete(key)
    }

    fn clear(&mut self) {
        self.init();
        self.replace_root();
        self.probe.emit(Event::Clear);
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        self.init();
        self.for_each(f);
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        if let Some(root) = self.root() {
            // SAFETY: tree; nothing is written meanwhile.
            unsafe { read::visit(root, &mut |entry| f(entry.key.get(), entry.value.get())) };
        }
    }

    /// No write moves a box.
    fn disturbed(&self, _: &Write<'_, K>, _: &mut dyn FnMut(&K, &V) -> bool) {}

    fn state(&self, row: &mut [u64]) {
        let figures = [self.len, self.indirect_nodes(), self.levels(), self.overflow_entries];
        row.copy_from_slice(&figures.map(|figure| figure as u64));
    }

    fn structure(&self) -> Structure {
        self.inspect()
    }

    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        Some(self.take_apart(part))
    }

    fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            self.check();
        }
    }
}
