//! `go-syncmap`: models of `sync.Map`, used by one goroutine, and the algorithm of the older one for several threads.
//!
//! Its structure changed once. Up to Go 1.23 it is a [`pair`] of runtime maps, from Go 1.24 on a [`trie`]; which of the
//! two a map is, its release decides when it is built. What is in a box is the same in both: `boxed`.

mod boxed;
mod layout;
pub mod pair;
mod shared;
pub mod trie;

use super::classic;
use crate::entry::{Key, Value};
use crate::maps::anatomy::{Anatomy, Part};
use crate::maps::layout::{EntryShape, Layout};
use crate::maps::{Family, GoHash, Hashing, Info, Map, Options, Structure, Write};
use crate::probe::event::{Cause, Probe};
use crate::term::{Param, Term};
use pair::PairMap;
use trie::TrieMap;

/// The releases to choose from. The model is of the runtime's maps too, which inner maps are: they differ from release to
/// release where `sync.Map` itself does not.
const RELEASES: &[&str] = &["1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"];

/// Those whose `sync.Map` is a pair of maps.
const OF_PAIRS: &[&str] = classic::RELEASES;

fn is_of_pairs(release: Option<&str>) -> bool {
    release.is_some_and(|release| OF_PAIRS.contains(&release))
}

/// The family `go-syncmap`; see the module.
pub struct GoSyncMap;

impl Family for GoSyncMap {
    const INFO: Info = Info {
        term: Term {
            params: &[Param::word("go", "the release of Go: a trie from 1.24 on, a pair of maps before", RELEASES)],
            named: true,
            ..Term::plain(
                "go-syncmap",
                "model of Go's sync.Map: exact for one goroutine; for more, its algorithm up to Go 1.23",
                "go.dev/src/internal/sync/hashtriemap.go (Go 1.27), go.dev/src/sync/map.go (Go 1.23)",
            )
        },
        version: "Go 1.27",
        load_factor: None,
        hint: false,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Grow],
        layout: Some("synctrie"),
        state: &["len", "indirect_nodes", "levels", "overflow_entries"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = GoHash;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = SyncMap<K, V, S, P>;

    fn info_at(release: Option<&str>) -> Info {
        if !is_of_pairs(release) {
            return Self::INFO;
        }
        Info {
            tells: &[Cause::Overflow, Cause::Promote, Cause::DirtyCopy, Cause::SameSizeGrow, Cause::Grow],
            layout: Some("syncmap"),
            state: &["read_len", "dirty_len", "amended", "misses"],
            ..Self::INFO
        }
    }

    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        Some(match is_of_pairs(options.release) {
            true => layout::of_pair(entry, options, entries),
            false => layout::of_trie(entry),
        })
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> SyncMap<K, V, S, P> {
        if is_of_pairs(options.release) {
            SyncMap::Pair(PairMap::new(options, hasher, probe))
        } else {
            SyncMap::Trie(TrieMap::new(hasher, probe))
        }
    }
}

/// A `sync.Map` of some release; see the module.
pub enum SyncMap<K: Key, V: Value, S: Hashing, P: Probe> {
    /// Up to Go 1.23.
    Pair(PairMap<K, V, S, P>),
    /// From Go 1.24 on.
    Trie(TrieMap<K, V, S, P>),
}

/// Calls a method of whichever map it is.
macro_rules! whichever {
    ($map:expr, $method:ident($($argument:expr),*)) => {
        match $map {
            SyncMap::Pair(map) => map.$method($($argument),*),
            SyncMap::Trie(map) => map.$method($($argument),*),
        }
    };
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for SyncMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        whichever!(self, insert(key, value))
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        whichever!(self, get(key))
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        whichever!(self, peek(key))
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        whichever!(self, remove(key))
    }

    fn clear(&mut self) {
        whichever!(self, clear());
    }

    #[inline]
    fn len(&self) -> usize {
        whichever!(self, len())
    }

    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        whichever!(self, range(f));
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        whichever!(self, for_each(f));
    }

    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        whichever!(self, disturbed(write, visit));
    }

    fn state(&self, row: &mut [u64]) {
        whichever!(self, state(row));
    }

    fn structure(&self) -> Structure {
        whichever!(self, structure())
    }

    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        whichever!(self, anatomy(part))
    }

    fn check_invariants(&self) {
        whichever!(self, check_invariants());
    }
}
