//! What a map does by the order and the positions of its entries.

use std::cmp::Ordering;
use std::ops::RangeBounds;

use ::indexmap::GetDisjointMutError;

use super::super::watched::Real as _;
use super::{IndexMap, IndexedEntry, IntoIter, Slice};

impl<K, V, S> IndexMap<K, V, S> {
    /// Takes the last entry out.
    #[inline]
    pub fn pop(&mut self) -> Option<(K, V)> {
        let last = self.map.real.entries().wrapping_sub(1);
        let op = self.map.begin_at(last);
        self.map.take(op, |map| map.pop())
    }

    /// Takes the last entry out, if this is true of it.
    pub fn pop_if(&mut self, predicate: impl FnOnce(&K, &mut V) -> bool) -> Option<(K, V)> {
        let (key, value) = self.last_mut()?;
        if predicate(key, value) { self.pop() } else { None }
    }

    /// Keeps only those entries for which this is true.
    pub fn retain<F: FnMut(&K, &mut V) -> bool>(&mut self, mut keep: F) {
        self.map.retain(|map, each| {
            map.retain(|key, value| {
                let is_kept = keep(key, value);
                if let (false, Some(each)) = (is_kept, &each) {
                    each.gone(key);
                }
                is_kept
            });
        });
    }

    /// Sorts entries by their keys.
    pub fn sort_keys(&mut self)
    where
        K: Ord,
    {
        self.map.sort(|map| map.sort_keys());
    }

    /// Sorts entries by this.
    pub fn sort_by<F: FnMut(&K, &V, &K, &V) -> Ordering>(&mut self, cmp: F) {
        self.map.sort(|map| map.sort_by(cmp));
    }

    /// All entries, sorted by this, without the map.
    pub fn sorted_by<F: FnMut(&K, &V, &K, &V) -> Ordering>(self, cmp: F) -> IntoIter<K, V> {
        self.map.iterated();
        self.map.into_real().sorted_by(cmp)
    }

    /// Sorts entries by what this makes of them.
    pub fn sort_by_key<T: Ord, F: FnMut(&K, &V) -> T>(&mut self, sort_key: F) {
        self.map.sort(|map| map.sort_by_key(sort_key));
    }

    /// Sorts entries by their keys; where these are equal, in any order.
    pub fn sort_unstable_keys(&mut self)
    where
        K: Ord,
    {
        self.map.sort(|map| map.sort_unstable_keys());
    }

    /// Sorts entries by this; where they are equal, in any order.
    pub fn sort_unstable_by<F: FnMut(&K, &V, &K, &V) -> Ordering>(&mut self, cmp: F) {
        self.map.sort(|map| map.sort_unstable_by(cmp));
    }

    /// All entries, sorted by this, in any order where they are equal, without the map.
    pub fn sorted_unstable_by<F: FnMut(&K, &V, &K, &V) -> Ordering>(self, cmp: F) -> IntoIter<K, V> {
        self.map.iterated();
        self.map.into_real().sorted_unstable_by(cmp)
    }

    /// Sorts entries by what this makes of them; where that is equal, in any order.
    pub fn sort_unstable_by_key<T: Ord, F: FnMut(&K, &V) -> T>(&mut self, sort_key: F) {
        self.map.sort(|map| map.sort_unstable_by_key(sort_key));
    }

    /// Sorts entries by what this makes of each of them, once.
    pub fn sort_by_cached_key<T: Ord, F: FnMut(&K, &V) -> T>(&mut self, sort_key: F) {
        self.map.sort(|map| map.sort_by_cached_key(sort_key));
    }

    /// The position of a key among sorted ones.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search_keys(&self, x: &K) -> Result<usize, usize>
    where
        K: Ord,
    {
        self.map.real.binary_search_keys(x)
    }

    /// The position of an entry among those that are sorted by this.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search_by<'a, F: FnMut(&'a K, &'a V) -> Ordering>(&'a self, f: F) -> Result<usize, usize> {
        self.map.real.binary_search_by(f)
    }

    /// The position of an entry among those that are sorted by what this makes of them.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search_by_key<'a, B: Ord, F>(&'a self, b: &B, f: F) -> Result<usize, usize>
    where
        F: FnMut(&'a K, &'a V) -> B,
    {
        self.map.real.binary_search_by_key(b, f)
    }

    /// Whether keys are sorted.
    pub fn is_sorted(&self) -> bool
    where
        K: PartialOrd,
    {
        self.map.real.is_sorted()
    }

    /// Whether entries are sorted by this.
    pub fn is_sorted_by<'a, F: FnMut(&'a K, &'a V, &'a K, &'a V) -> bool>(&'a self, cmp: F) -> bool {
        self.map.real.is_sorted_by(cmp)
    }

    /// Whether entries are sorted by what this makes of them.
    pub fn is_sorted_by_key<'a, F: FnMut(&'a K, &'a V) -> T, T: PartialOrd>(&'a self, sort_key: F) -> bool {
        self.map.real.is_sorted_by_key(sort_key)
    }

    /// The position of the first entry for which this is false, where it is true of all before.
    #[must_use]
    pub fn partition_point<P: FnMut(&K, &V) -> bool>(&self, pred: P) -> usize {
        self.map.real.partition_point(pred)
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.map.real.reverse();
    }

    /// All entries by their positions.
    pub fn as_slice(&self) -> &Slice<K, V> {
        self.map.real.as_slice()
    }

    /// All entries by their positions, their values to be changed.
    pub fn as_mut_slice(&mut self) -> &mut Slice<K, V> {
        self.map.real.as_mut_slice()
    }

    /// All entries by their positions, without the map.
    pub fn into_boxed_slice(self) -> Box<Slice<K, V>> {
        self.map.into_real().into_boxed_slice()
    }

    /// The entry at a position.
    pub fn get_index(&self, index: usize) -> Option<(&K, &V)> {
        self.map.real.get_index(index)
    }

    /// The entry at a position, its value to be changed.
    pub fn get_index_mut(&mut self, index: usize) -> Option<(&K, &mut V)> {
        self.map.real.get_index_mut(index)
    }

    /// The entry at a position, which can be taken out.
    pub fn get_index_entry(&mut self, index: usize) -> Option<IndexedEntry<'_, K, V>> {
        let op = self.map.begin_at(index);
        let (map, of) = self.map.lend(op);
        Some(IndexedEntry::new(map.get_index_entry(index)?, of))
    }

    /// The entries at several positions, their values to be changed.
    ///
    /// # Errors
    /// A position that is not there, or is given twice.
    pub fn get_disjoint_indices_mut<const N: usize>(
        &mut self,
        indices: [usize; N],
    ) -> Result<[(&K, &mut V); N], GetDisjointMutError> {
        self.map.real.get_disjoint_indices_mut(indices)
    }

    /// The entries of a range.
    pub fn get_range<R: RangeBounds<usize>>(&self, range: R) -> Option<&Slice<K, V>> {
        self.map.real.get_range(range)
    }

    /// The entries of a range, their values to be changed.
    pub fn get_range_mut<R: RangeBounds<usize>>(&mut self, range: R) -> Option<&mut Slice<K, V>> {
        self.map.real.get_range_mut(range)
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.map.real.first()
    }

    /// The first entry, its value to be changed.
    pub fn first_mut(&mut self) -> Option<(&K, &mut V)> {
        self.map.real.first_mut()
    }

    /// The first entry, which can be taken out.
    pub fn first_entry(&mut self) -> Option<IndexedEntry<'_, K, V>> {
        self.get_index_entry(0)
    }

    /// The last entry.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.map.real.last()
    }

    /// The last entry, its value to be changed.
    pub fn last_mut(&mut self) -> Option<(&K, &mut V)> {
        self.map.real.last_mut()
    }

    /// The last entry, which can be taken out.
    pub fn last_entry(&mut self) -> Option<IndexedEntry<'_, K, V>> {
        self.get_index_entry(self.len().checked_sub(1)?)
    }

    /// Takes the entry at a position out; the last one comes there.
    pub fn swap_remove_index(&mut self, index: usize) -> Option<(K, V)> {
        let op = self.map.begin_at(index);
        self.map.take(op, |map| map.swap_remove_index(index))
    }

    /// Takes the entry at a position out; those after it move up.
    pub fn shift_remove_index(&mut self, index: usize) -> Option<(K, V)> {
        let op = self.map.begin_at(index);
        self.map.take(op, |map| map.shift_remove_index(index))
    }

    /// Moves an entry to another position.
    #[track_caller]
    pub fn move_index(&mut self, from: usize, to: usize) {
        self.map.real.move_index(from, to);
    }

    /// Swaps two entries.
    #[track_caller]
    pub fn swap_indices(&mut self, a: usize, b: usize) {
        self.map.real.swap_indices(a, b);
    }
}
