//! Keys to be changed, as by the traits of indexmap of the same names, which are for its own maps alone.

use std::hash::{BuildHasher, Hash};

use ::indexmap::Equivalent;
use ::indexmap::map::MutableKeys as _;
use ::indexmap::set::MutableValues as _;

use super::map::{IndexMap, IterMut2};
use super::set::IndexSet;

/// Keys of a map, to be changed: what they are hashed and compared by must stay.
#[expect(private_bounds, reason = "as that of indexmap")]
pub trait MutableKeys: Sealed {
    /// A key.
    type Key;
    /// A value.
    type Value;

    /// The position of a key, the key and its value.
    fn get_full_mut2<Q>(&mut self, key: &Q) -> Option<(usize, &mut Self::Key, &mut Self::Value)>
    where
        Q: ?Sized + Hash + Equivalent<Self::Key>;

    /// The entry at a position.
    fn get_index_mut2(&mut self, index: usize) -> Option<(&mut Self::Key, &mut Self::Value)>;

    /// All entries.
    fn iter_mut2(&mut self) -> IterMut2<'_, Self::Key, Self::Value>;

    /// Keeps only those entries for which this is true.
    fn retain2<F>(&mut self, keep: F)
    where
        F: FnMut(&mut Self::Key, &mut Self::Value) -> bool;
}

/// The key of an entry, to be changed: what it is hashed and compared by must stay.
#[expect(private_bounds, reason = "as that of indexmap")]
pub trait MutableEntryKey: Sealed {
    /// The key.
    type Key;

    /// It.
    fn key_mut(&mut self) -> &mut Self::Key;
}

/// Values of a set, to be changed: what they are hashed and compared by must stay.
#[expect(private_bounds, reason = "as that of indexmap")]
pub trait MutableValues: Sealed {
    /// A value.
    type Value;

    /// The position of a value, and the value.
    fn get_full_mut2<Q>(&mut self, value: &Q) -> Option<(usize, &mut Self::Value)>
    where
        Q: ?Sized + Hash + Equivalent<Self::Value>;

    /// The value at a position.
    fn get_index_mut2(&mut self, index: usize) -> Option<&mut Self::Value>;

    /// Keeps only those for which this is true.
    fn retain2<F>(&mut self, keep: F)
    where
        F: FnMut(&mut Self::Value) -> bool;
}

trait Sealed {}

impl<K, V, S> Sealed for IndexMap<K, V, S> {}
impl<T, S> Sealed for IndexSet<T, S> {}
impl<K, V> Sealed for super::map::Entry<'_, K, V> {}
impl<K, V> Sealed for super::map::OccupiedEntry<'_, K, V> {}
impl<K, V> Sealed for super::map::VacantEntry<'_, K, V> {}
impl<K, V> Sealed for super::map::IndexedEntry<'_, K, V> {}

impl<K, V, S: BuildHasher> MutableKeys for IndexMap<K, V, S> {
    type Key = K;
    type Value = V;

    fn get_full_mut2<Q>(&mut self, key: &Q) -> Option<(usize, &mut K, &mut V)>
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        self.map.looked_up(key);
        self.map.lend_keys().real.get_full_mut2(key)
    }

    fn get_index_mut2(&mut self, index: usize) -> Option<(&mut K, &mut V)> {
        self.map.lend_keys().real.get_index_mut2(index)
    }

    fn iter_mut2(&mut self) -> IterMut2<'_, K, V> {
        self.map.iterated();
        self.map.lend_keys().real.iter_mut2()
    }

    fn retain2<F: FnMut(&mut K, &mut V) -> bool>(&mut self, mut keep: F) {
        self.map.lend_keys().retain(|map, each| {
            map.retain2(|key, value| {
                let is_kept = keep(key, value);
                if let (false, Some(each)) = (is_kept, &each) {
                    each.gone(key);
                }
                is_kept
            });
        });
    }
}

impl<T, S: BuildHasher> MutableValues for IndexSet<T, S> {
    type Value = T;

    fn get_full_mut2<Q>(&mut self, value: &Q) -> Option<(usize, &mut T)>
    where
        Q: ?Sized + Hash + Equivalent<T>,
    {
        self.set.looked_up(value);
        self.set.lend_keys().real.get_full_mut2(value)
    }

    fn get_index_mut2(&mut self, index: usize) -> Option<&mut T> {
        self.set.lend_keys().real.get_index_mut2(index)
    }

    fn retain2<F: FnMut(&mut T) -> bool>(&mut self, mut keep: F) {
        self.set.lend_keys().retain(|set, each| {
            set.retain2(|value| {
                let is_kept = keep(value);
                if let (false, Some(each)) = (is_kept, &each) {
                    each.gone(value);
                }
                is_kept
            });
        });
    }
}
