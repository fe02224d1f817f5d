//! [`IndexMap`] of indexmap, recorded.

use std::any::type_name;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::ops::RangeBounds;

use ::indexmap::{Equivalent, TryReserveError, map as real};

use super::tables::Put;
use super::watched::{Each, Real, Watched};
use crate::recorder::{Layout, Recorded, is_text, short};

pub use super::entries::{Entry, IndexedEntry, OccupiedEntry, VacantEntry};
pub use super::mutable::{MutableEntryKey, MutableKeys};
pub use real::{Drain, IntoIter, IntoKeys, IntoValues, Iter, IterMut, IterMut2, Keys, Slice, Values, ValuesMut};

#[cfg(feature = "serde")]
pub use crate::maps::serde::serde_seq;

mod positions;
mod traits;

iterators!([K, V], (K, V), FnMut(&K, &mut V) -> bool, |entry| &entry.0);

/// The real one, which writes down what becomes of it.
pub struct IndexMap<K, V, S = RandomState> {
    pub(super) map: Watched<real::IndexMap<K, V, S>>,
}

impl<K, V, S> Recorded for real::IndexMap<K, V, S> {
    const LAYOUT: Layout = Layout::indexed::<K, V>();

    fn name() -> String {
        let hasher = hasher_name::<S>();
        format!("indexmap::IndexMap<{}, {}{hasher}>", short(type_name::<K>()), short(type_name::<V>()))
    }

    fn keys_are_text() -> bool {
        is_text::<K>()
    }
}

/// `, Hasher`; nothing for the one that is usual.
pub(super) fn hasher_name<S>() -> String {
    match type_name::<S>() {
        usual if usual == type_name::<RandomState>() => String::new(),
        other => format!(", {}", short(other)),
    }
}

impl<K, V, S> Real for real::IndexMap<K, V, S> {
    type Key = K;

    fn entries(&self) -> usize {
        self.as_slice().len()
    }

    fn room(&self) -> usize {
        self.capacity()
    }

    fn key_at(&self, index: usize) -> Option<&K> {
        self.get_index(index).map(|(key, _)| key)
    }
}

impl<K, V> IndexMap<K, V> {
    /// An empty map.
    #[track_caller]
    #[inline]
    pub fn new() -> IndexMap<K, V> {
        IndexMap { map: Watched::new(real::IndexMap::new()) }
    }

    /// An empty map with room for so many entries.
    #[track_caller]
    #[inline]
    pub fn with_capacity(n: usize) -> IndexMap<K, V> {
        IndexMap { map: Watched::with_room(real::IndexMap::with_capacity(n), n, n) }
    }
}

impl<K, V, S> IndexMap<K, V, S> {
    /// An empty map with this hasher, and room for so many entries.
    #[track_caller]
    #[inline]
    pub fn with_capacity_and_hasher(n: usize, hash_builder: S) -> IndexMap<K, V, S> {
        IndexMap { map: Watched::with_room(real::IndexMap::with_capacity_and_hasher(n, hash_builder), n, n) }
    }

    /// An empty map with this hasher.
    #[track_caller]
    #[inline]
    pub const fn with_hasher(hash_builder: S) -> IndexMap<K, V, S> {
        IndexMap { map: Watched::later(real::IndexMap::with_hasher(hash_builder)) }
    }

    /// Entries that there is room for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.map.real.capacity()
    }

    /// The hasher.
    #[inline]
    pub fn hasher(&self) -> &S {
        self.map.real.hasher()
    }

    /// Entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.map.real.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.real.is_empty()
    }

    /// All entries, in order.
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.map.iterated();
        self.map.real.iter()
    }

    /// All entries, their values to be changed.
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        self.map.iterated();
        self.map.real.iter_mut()
    }

    /// All keys.
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.map.iterated();
        self.map.real.keys()
    }

    /// All keys, without the map.
    #[inline]
    pub fn into_keys(self) -> IntoKeys<K, V> {
        self.map.iterated();
        self.map.into_real().into_keys()
    }

    /// All values.
    #[inline]
    pub fn values(&self) -> Values<'_, K, V> {
        self.map.iterated();
        self.map.real.values()
    }

    /// All values, to be changed.
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        self.map.iterated();
        self.map.real.values_mut()
    }

    /// All values, without the map.
    #[inline]
    pub fn into_values(self) -> IntoValues<K, V> {
        self.map.iterated();
        self.map.into_real().into_values()
    }

    /// Removes all entries.
    #[inline]
    pub fn clear(&mut self) {
        self.map.clear(|map| map.clear());
    }

    /// Removes all entries but so many, from the end.
    pub fn truncate(&mut self, len: usize) {
        if len < self.map.real.entries() {
            self.map.take_range(&(len..));
        }
        self.map.real.truncate(len);
    }

    /// Takes the entries of a range out.
    #[track_caller]
    pub fn drain<R: RangeBounds<usize>>(&mut self, range: R) -> Drain<'_, K, V> {
        self.map.iterated();
        self.map.take_range(&range);
        self.map.real.drain(range)
    }

    /// Takes those entries of a range out for which this is true.
    #[track_caller]
    pub fn extract_if<F, R>(&mut self, range: R, pred: F) -> ExtractIf<'_, K, V, F>
    where
        F: FnMut(&K, &mut V) -> bool,
        R: RangeBounds<usize>,
    {
        let (map, each) = self.map.extract();
        ExtractIf { taken: map.extract_if(range, pred), each }
    }

    /// Takes the entries from this position on out, as a map.
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> IndexMap<K, V, S>
    where
        S: Clone,
    {
        self.map.take_range(&(at..));
        IndexMap { map: Watched::split_off(self.map.real.split_off(at)) }
    }

    /// Makes room for so many more entries.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        self.map.reserve(additional, false, |map| map.reserve(additional));
    }

    /// Makes room for so many more entries, and in the array for no more than these.
    #[inline]
    pub fn reserve_exact(&mut self, additional: usize) {
        self.map.reserve(additional, true, |map| map.reserve_exact(additional));
    }

    /// Makes room for so many more entries, if there is memory.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.map.try_reserve(additional, false, |map| map.try_reserve(additional))
    }

    /// Makes room for so many more entries, and in the array for no more than these, if there is memory.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.map.try_reserve(additional, true, |map| map.try_reserve_exact(additional))
    }

    /// Gives room back that no entry needs.
    #[inline]
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Gives room back that neither an entry needs nor this many.
    #[inline]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.map.shrink(min_capacity, |map| map.shrink_to(min_capacity));
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> IndexMap<K, V, S> {
    /// Puts a value; gives the one that was there.
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.insert_full(key, value).1
    }

    /// Puts a value; gives its position, and the value that was there.
    #[inline]
    pub fn insert_full(&mut self, key: K, value: V) -> (usize, Option<V>) {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::Making, |map| map.insert_full(key, value))
    }

    /// Puts a value where it belongs among keys that are sorted.
    pub fn insert_sorted(&mut self, key: K, value: V) -> (usize, Option<V>)
    where
        K: Ord,
    {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::New, |map| map.insert_sorted(key, value))
    }

    /// Puts a value where it belongs among entries that are sorted by this.
    pub fn insert_sorted_by<F>(&mut self, key: K, value: V, cmp: F) -> (usize, Option<V>)
    where
        F: FnMut(&K, &V, &K, &V) -> Ordering,
    {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::New, |map| map.insert_sorted_by(key, value, cmp))
    }

    /// Puts a value where it belongs among entries that are sorted by what this makes of them.
    pub fn insert_sorted_by_key<B: Ord, F>(&mut self, key: K, value: V, sort_key: F) -> (usize, Option<V>)
    where
        F: FnMut(&K, &V) -> B,
    {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::New, |map| map.insert_sorted_by_key(key, value, sort_key))
    }

    /// Puts a value before the entry at this position, or moves it there.
    #[track_caller]
    pub fn insert_before(&mut self, index: usize, key: K, value: V) -> (usize, Option<V>) {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::New, |map| map.insert_before(index, key, value))
    }

    /// Puts a value at this position, or moves it there.
    #[track_caller]
    pub fn shift_insert(&mut self, index: usize, key: K, value: V) -> Option<V> {
        let op = self.map.begin_put(&key);
        self.map.put(op, Put::New, |map| map.shift_insert(index, key, value))
    }

    /// Puts a key in place of the one at this position; gives that.
    ///
    /// # Errors
    /// Where the key is, and the key, if it is at another position.
    #[track_caller]
    pub fn replace_index(&mut self, index: usize, key: K) -> Result<K, (usize, K)> {
        let op = self.map.begin_put(&key);
        let Some(op) = op else { return self.map.real.replace_index(index, key) };
        match self.map.real.get_index_of(&key) {
            None if index < self.map.real.len() => self.map.replace_key(op, index, |map| map.replace_index(index, key)),
            there => {
                let outcome = self.map.real.replace_index(index, key);
                if there == Some(index) {
                    op.wrote(false);
                }
                outcome
            }
        }
    }

    /// The entry of a key.
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        let op = self.map.begin_put(&key);
        let (map, of) = self.map.lend(op);
        Entry::new(map.entry(key), of)
    }

    /// Puts others in place of the entries of a range, which come out.
    #[track_caller]
    pub fn splice<R, I>(&mut self, range: R, replace_with: I) -> Splice<'_, I::IntoIter, K, V, S>
    where
        R: RangeBounds<usize>,
        I: IntoIterator<Item = (K, V)>,
    {
        let (map, each) = self.map.splice(&range);
        Splice { taken: map.splice(range, Puts { puts: replace_with.into_iter(), each }) }
    }

    /// Moves all entries of another map to the end of this one.
    pub fn append<S2>(&mut self, other: &mut IndexMap<K, V, S2>) {
        self.extend(other.drain(..));
    }
}

impl<K, V, S: BuildHasher> IndexMap<K, V, S> {
    /// Whether a key is there.
    #[inline]
    pub fn contains_key<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> bool {
        self.map.looked_up(key);
        self.map.real.contains_key(key)
    }

    /// A key's value.
    #[inline]
    pub fn get<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<&V> {
        self.map.looked_up(key);
        self.map.real.get(key)
    }

    /// A key as the map has it, and its value.
    #[inline]
    pub fn get_key_value<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<(&K, &V)> {
        self.map.looked_up(key);
        self.map.real.get_key_value(key)
    }

    /// The position of a key, the key as the map has it, and its value.
    #[inline]
    pub fn get_full<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<(usize, &K, &V)> {
        self.map.looked_up(key);
        self.map.real.get_full(key)
    }

    /// The position of a key.
    #[inline]
    pub fn get_index_of<Q: ?Sized + Hash + Equivalent<K>>(&self, key: &Q) -> Option<usize> {
        self.map.looked_up(key);
        self.map.real.get_index_of(key)
    }

    /// A key's value, to be changed.
    #[inline]
    pub fn get_mut<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<&mut V> {
        self.map.looked_up(key);
        self.map.real.get_mut(key)
    }

    /// A key as the map has it, and its value, to be changed.
    #[inline]
    pub fn get_key_value_mut<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(&K, &mut V)> {
        self.map.looked_up(key);
        self.map.real.get_key_value_mut(key)
    }

    /// The position of a key, the key as the map has it, and its value, to be changed.
    #[inline]
    pub fn get_full_mut<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(usize, &K, &mut V)> {
        self.map.looked_up(key);
        self.map.real.get_full_mut(key)
    }

    /// Several keys' values, to be changed.
    #[inline]
    #[track_caller]
    pub fn get_disjoint_mut<Q, const N: usize>(&mut self, keys: [&Q; N]) -> [Option<&mut V>; N]
    where
        Q: ?Sized + Hash + Equivalent<K>,
    {
        keys.iter().for_each(|key| self.map.looked_up(*key));
        self.map.real.get_disjoint_mut(keys)
    }

    /// Takes a key out, for its value; the last entry comes to its position.
    #[deprecated(
        note = "`remove` disrupts the map order -- use `swap_remove` or `shift_remove` for explicit behavior."
    )]
    pub fn remove<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<V> {
        self.swap_remove(key)
    }

    /// Takes a key out, with its value; the last entry comes to its position.
    #[deprecated(
        note = "`remove_entry` disrupts the map order -- use `swap_remove_entry` or `shift_remove_entry` for explicit behavior."
    )]
    pub fn remove_entry<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(K, V)> {
        self.swap_remove_entry(key)
    }

    /// Takes a key out, for its value; the last entry comes to its position.
    #[inline]
    pub fn swap_remove<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<V> {
        self.swap_remove_full(key).map(|(_, _, value)| value)
    }

    /// Takes a key out, with its value; the last entry comes to its position.
    #[inline]
    pub fn swap_remove_entry<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(K, V)> {
        self.swap_remove_full(key).map(|(_, key, value)| (key, value))
    }

    /// Takes a key out, with its position and its value; the last entry comes to that position.
    #[inline]
    pub fn swap_remove_full<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(usize, K, V)> {
        let op = self.map.begin_with(key);
        self.map.take(op, |map| map.swap_remove_full(key))
    }

    /// Takes a key out, for its value; the entries after it move up.
    #[inline]
    pub fn shift_remove<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<V> {
        self.shift_remove_full(key).map(|(_, _, value)| value)
    }

    /// Takes a key out, with its value; the entries after it move up.
    #[inline]
    pub fn shift_remove_entry<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(K, V)> {
        self.shift_remove_full(key).map(|(_, key, value)| (key, value))
    }

    /// Takes a key out, with its position and its value; the entries after it move up.
    #[inline]
    pub fn shift_remove_full<Q: ?Sized + Hash + Equivalent<K>>(&mut self, key: &Q) -> Option<(usize, K, V)> {
        let op = self.map.begin_with(key);
        self.map.take(op, |map| map.shift_remove_full(key))
    }
}
