//! What a set does by the order and the positions of its values.

use std::cmp::Ordering;
use std::ops::RangeBounds;

use super::super::watched::Real as _;
use super::{IndexSet, IntoIter, Slice};

impl<T, S> IndexSet<T, S> {
    /// Takes the last one out.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.set.real.entries().wrapping_sub(1);
        let op = self.set.begin_at(last);
        self.set.take(op, |set| set.pop())
    }

    /// Takes the last one out, if this is true of it.
    pub fn pop_if(&mut self, predicate: impl FnOnce(&T) -> bool) -> Option<T> {
        if predicate(self.last()?) { self.pop() } else { None }
    }

    /// Keeps only those for which this is true.
    pub fn retain<F: FnMut(&T) -> bool>(&mut self, mut keep: F) {
        self.set.retain(|set, each| {
            set.retain(|value| {
                let is_kept = keep(value);
                if let (false, Some(each)) = (is_kept, &each) {
                    each.gone(value);
                }
                is_kept
            });
        });
    }

    /// Sorts them.
    pub fn sort(&mut self)
    where
        T: Ord,
    {
        self.set.sort(|set| set.sort());
    }

    /// Sorts them by this.
    pub fn sort_by<F: FnMut(&T, &T) -> Ordering>(&mut self, cmp: F) {
        self.set.sort(|set| set.sort_by(cmp));
    }

    /// All of them, sorted by this, without the set.
    pub fn sorted_by<F: FnMut(&T, &T) -> Ordering>(self, cmp: F) -> IntoIter<T> {
        self.set.iterated();
        self.set.into_real().sorted_by(cmp)
    }

    /// Sorts them by what this makes of them.
    pub fn sort_by_key<K: Ord, F: FnMut(&T) -> K>(&mut self, sort_key: F) {
        self.set.sort(|set| set.sort_by_key(sort_key));
    }

    /// Sorts them; where they are equal, in any order.
    pub fn sort_unstable(&mut self)
    where
        T: Ord,
    {
        self.set.sort(|set| set.sort_unstable());
    }

    /// Sorts them by this; where they are equal, in any order.
    pub fn sort_unstable_by<F: FnMut(&T, &T) -> Ordering>(&mut self, cmp: F) {
        self.set.sort(|set| set.sort_unstable_by(cmp));
    }

    /// All of them, sorted by this, in any order where they are equal, without the set.
    pub fn sorted_unstable_by<F: FnMut(&T, &T) -> Ordering>(self, cmp: F) -> IntoIter<T> {
        self.set.iterated();
        self.set.into_real().sorted_unstable_by(cmp)
    }

    /// Sorts them by what this makes of them; where that is equal, in any order.
    pub fn sort_unstable_by_key<K: Ord, F: FnMut(&T) -> K>(&mut self, sort_key: F) {
        self.set.sort(|set| set.sort_unstable_by_key(sort_key));
    }

    /// Sorts them by what this makes of each of them, once.
    pub fn sort_by_cached_key<K: Ord, F: FnMut(&T) -> K>(&mut self, sort_key: F) {
        self.set.sort(|set| set.sort_by_cached_key(sort_key));
    }

    /// The position of a value among sorted ones.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search(&self, x: &T) -> Result<usize, usize>
    where
        T: Ord,
    {
        self.set.real.binary_search(x)
    }

    /// The position of a value among those that are sorted by this.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search_by<'a, F: FnMut(&'a T) -> Ordering>(&'a self, f: F) -> Result<usize, usize> {
        self.set.real.binary_search_by(f)
    }

    /// The position of a value among those that are sorted by what this makes of them.
    ///
    /// # Errors
    /// Where it would be.
    pub fn binary_search_by_key<'a, B: Ord, F: FnMut(&'a T) -> B>(&'a self, b: &B, f: F) -> Result<usize, usize> {
        self.set.real.binary_search_by_key(b, f)
    }

    /// Whether they are sorted.
    pub fn is_sorted(&self) -> bool
    where
        T: PartialOrd,
    {
        self.set.real.is_sorted()
    }

    /// Whether they are sorted by this.
    pub fn is_sorted_by<'a, F: FnMut(&'a T, &'a T) -> bool>(&'a self, cmp: F) -> bool {
        self.set.real.is_sorted_by(cmp)
    }

    /// Whether they are sorted by what this makes of them.
    pub fn is_sorted_by_key<'a, F: FnMut(&'a T) -> K, K: PartialOrd>(&'a self, sort_key: F) -> bool {
        self.set.real.is_sorted_by_key(sort_key)
    }

    /// The position of the first one for which this is false, where it is true of all before.
    #[must_use]
    pub fn partition_point<P: FnMut(&T) -> bool>(&self, pred: P) -> usize {
        self.set.real.partition_point(pred)
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.set.real.reverse();
    }

    /// All of them by their positions.
    pub fn as_slice(&self) -> &Slice<T> {
        self.set.real.as_slice()
    }

    /// All of them by their positions, without the set.
    pub fn into_boxed_slice(self) -> Box<Slice<T>> {
        self.set.into_real().into_boxed_slice()
    }

    /// The one at a position.
    pub fn get_index(&self, index: usize) -> Option<&T> {
        self.set.real.get_index(index)
    }

    /// Those of a range.
    pub fn get_range<R: RangeBounds<usize>>(&self, range: R) -> Option<&Slice<T>> {
        self.set.real.get_range(range)
    }

    /// The first one.
    pub fn first(&self) -> Option<&T> {
        self.set.real.first()
    }

    /// The last one.
    pub fn last(&self) -> Option<&T> {
        self.set.real.last()
    }

    /// Takes the one at a position out; the last one comes there.
    pub fn swap_remove_index(&mut self, index: usize) -> Option<T> {
        let op = self.set.begin_at(index);
        self.set.take(op, |set| set.swap_remove_index(index))
    }

    /// Takes the one at a position out; those after it move up.
    pub fn shift_remove_index(&mut self, index: usize) -> Option<T> {
        let op = self.set.begin_at(index);
        self.set.take(op, |set| set.shift_remove_index(index))
    }

    /// Moves one to another position.
    #[track_caller]
    pub fn move_index(&mut self, from: usize, to: usize) {
        self.set.real.move_index(from, to);
    }

    /// Swaps two of them.
    #[track_caller]
    pub fn swap_indices(&mut self, a: usize, b: usize) {
        self.set.real.swap_indices(a, b);
    }
}
