//! The `hashbrown` crate: with its own hasher (foldhash, fast) under a fixed seed, and with others. The table is the same
//! under each.

use hashbrown::HashMap;

use super::anatomy::{Anatomy, Part};
use super::layout::{EntryShape, Layout};
use super::{
    Family, FixedAhash, FixedFold, FixedFoldQuality, Fx, Hashing, Info, Map, Options, Structure, Write, WrittenTable,
    open_anatomy, open_table,
};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident, $hasher:ty, $name:literal, $summary:literal, $source:literal, $version:expr;)*) => {$(
        $(#[$doc])*
        pub struct $family;

        impl Family for $family {
            const INFO: Info = Info {
                term: Term::plain($name, $summary, $source),
                version: $version,
                load_factor: None,
                hint: true,
                exact: true,
                alloc_cause: Cause::AllocOther,
                tells: &[],
                layout: None,
                state: &["len"],
            };
            const HASHES: Option<bool> = Some(true);
            type Hasher = $hasher;
            type Map<K: Key, V: Value, S: Hashing, P: Probe> = HashMap<K, V, S>;

            fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
                Some(open_table::layout(entry, open_table::first_slots, entries))
            }

            fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> HashMap<K, V, S> {
                HashMap::with_capacity_and_hasher(options.hint, hasher)
            }
        }
    )*};
}

families! {
    /// hashbrown as it comes, but for the seed.
    Hashbrown, FixedFold, "hashbrown", "the hashbrown crate's HashMap (foldhash, fixed seed)",
        "docs.rs/hashbrown", "hashbrown {hashbrown}";
    /// With foldhash's better mixed and slower hash.
    HashbrownFoldhashQuality, FixedFoldQuality, "hashbrown-foldhash-quality",
        "hashbrown with foldhash's quality hash in place of the fast one (fixed seed)", "docs.rs/foldhash",
        "hashbrown {hashbrown}, foldhash {foldhash}";
    /// With the hasher that hashbrown had before foldhash.
    HashbrownAhash, FixedAhash, "hashbrown-ahash", "hashbrown with ahash (fixed keys)", "docs.rs/ahash",
        "hashbrown {hashbrown}, ahash {ahash}";
    /// With rustc's hasher.
    HashbrownFxhash, Fx, "hashbrown-fxhash", "hashbrown with rustc-hash's FxHasher (it has no seed)",
        "docs.rs/rustc-hash", "hashbrown {hashbrown}, rustc-hash {rustc-hash}";
}

/// Whether a write made a hashbrown table (std's is one) move its entries.
///
/// Entries move when a table is allocated, or when an insert that finds no free slot rehashes in place to shed
/// tombstones. The latter allocates nothing, but `capacity`, which counts live entries and free slots, then jumps
/// by at least two: it happens only when at most half of the slots are live. Any other insert leaves it or, reusing
/// a tombstone, raises it by one.
pub(super) fn rehashed<K>(write: &Write<'_, K>, capacity: usize) -> bool {
    !write.remove && (write.allocs > 0 || capacity > write.capacity_before.unwrap_or(0) + 1)
}

/// The only table of a map that is one hashbrown table.
pub(super) fn only_table<K>(write: &Write<'_, K>, capacity: usize) -> Option<WrittenTable> {
    Some(WrittenTable { number: 0, laid_out_anew: rehashed(write, capacity) })
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        HashMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        HashMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        HashMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        HashMap::clear(self);
    }
    fn len(&self) -> usize {
        HashMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    fn shrink(&mut self) -> bool {
        self.shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(HashMap::capacity(self))
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if rehashed(write, HashMap::capacity(self)) {
            self.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        only_table(write, HashMap::capacity(self))
    }
    fn structure(&self) -> Structure {
        open_table::only_table::<K, V>(HashMap::capacity(self), self.hasher(), self.keys())
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        open_table::only_table_hits::<K, V>(HashMap::capacity(self), self.hasher(), self.keys())
    }
    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        // SAFETY: the keys are of such a table; whoever follows blocks follows those of the map that it then asks.
        Some(unsafe { open_anatomy::anatomy::<K, V>(self.keys(), HashMap::capacity(self), self.hasher(), part) })
    }
}
