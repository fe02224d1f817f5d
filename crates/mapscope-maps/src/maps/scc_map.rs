//! The `scc` crate: a hash table whose buckets of 32 entries have locks of their own, resized bucket by bucket by whoever comes
//! by, readers included.
//!
//! A lookup may move entries, so that no reference outlives its guard: it can't be a [`Map`](super::Map), and its cells are
//! run as those of several threads are, with one thread too.

use scc::HashMap;

use super::{Concurrent, ConcurrentFamily, FixedFold, Hashing, Info, Options};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module. Not exact: its collector of memory is the whole process's.
pub struct Scc;

impl ConcurrentFamily for Scc {
    const SHARED_INFO: Info = Info {
        term: Term::plain(
            "scc",
            "the scc crate's HashMap (buckets with locks of their own, resized little by little; foldhash, fixed seed)",
            "docs.rs/scc",
        ),
        version: "scc {scc}",
        load_factor: None,
        hint: true,
        exact: false,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = HashMap<K, V, S>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        _: P,
    ) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync> Concurrent<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        self.upsert_sync(key, value).is_some()
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        self.read_sync(key, |_, value| see(value))
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        self.remove_sync(key).is_some()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter_sync(|key, value| {
            f(key, value);
            true
        });
    }
}
