//! [`IndexSet`] of indexmap, recorded.

use std::any::type_name;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::iter::FusedIterator;
use std::ops::RangeBounds;

use ::indexmap::{Equivalent, TryReserveError, set as real};

use super::map::hasher_name;
use super::tables::Put;
use super::watched::{Each, Real, Watched};
use crate::recorder::{Layout, Recorded, is_text, short};

pub use super::mutable::MutableValues;
pub use super::two_sets::{Difference, Intersection, SymmetricDifference, Union};
pub use real::{Drain, IntoIter, Iter, Slice};

mod positions;
mod traits;

iterators!([T], T, FnMut(&T) -> bool, |value| &value);

/// The real one, which writes down what becomes of it.
pub struct IndexSet<T, S = RandomState> {
    pub(super) set: Watched<real::IndexSet<T, S>>,
}

impl<T, S> Recorded for real::IndexSet<T, S> {
    const LAYOUT: Layout = Layout::indexed::<T, ()>();

    fn name() -> String {
        format!("indexmap::IndexSet<{}{}>", short(type_name::<T>()), hasher_name::<S>())
    }

    fn keys_are_text() -> bool {
        is_text::<T>()
    }
}

impl<T, S> Real for real::IndexSet<T, S> {
    type Key = T;

    fn entries(&self) -> usize {
        self.as_slice().len()
    }

    fn room(&self) -> usize {
        self.capacity()
    }

    fn key_at(&self, index: usize) -> Option<&T> {
        self.get_index(index)
    }
}

impl<T> IndexSet<T> {
    /// An empty set.
    #[track_caller]
    #[inline]
    pub fn new() -> IndexSet<T> {
        IndexSet { set: Watched::new(real::IndexSet::new()) }
    }

    /// An empty set with room for so many.
    #[track_caller]
    #[inline]
    pub fn with_capacity(n: usize) -> IndexSet<T> {
        IndexSet { set: Watched::with_room(real::IndexSet::with_capacity(n), n, n) }
    }
}

impl<T, S> IndexSet<T, S> {
    /// An empty set with this hasher, and room for so many.
    #[track_caller]
    #[inline]
    pub fn with_capacity_and_hasher(n: usize, hash_builder: S) -> IndexSet<T, S> {
        IndexSet { set: Watched::with_room(real::IndexSet::with_capacity_and_hasher(n, hash_builder), n, n) }
    }

    /// An empty set with this hasher.
    #[track_caller]
    #[inline]
    pub const fn with_hasher(hash_builder: S) -> IndexSet<T, S> {
        IndexSet { set: Watched::later(real::IndexSet::with_hasher(hash_builder)) }
    }

    /// How many there is room for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.set.real.capacity()
    }

    /// The hasher.
    #[inline]
    pub fn hasher(&self) -> &S {
        self.set.real.hasher()
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.set.real.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.set.real.is_empty()
    }

    /// All of them, in order.
    #[inline]
    pub fn iter(&self) -> Iter<'_, T> {
        self.set.iterated();
        self.set.real.iter()
    }

    /// Removes all of them.
    #[inline]
    pub fn clear(&mut self) {
        self.set.clear(|set| set.clear());
    }

    /// Removes all but so many, from the end.
    pub fn truncate(&mut self, len: usize) {
        if len < self.set.real.entries() {
            self.set.take_range(&(len..));
        }
        self.set.real.truncate(len);
    }

    /// Takes those of a range out.
    #[track_caller]
    pub fn drain<R: RangeBounds<usize>>(&mut self, range: R) -> Drain<'_, T> {
        self.set.iterated();
        self.set.take_range(&range);
        self.set.real.drain(range)
    }

    /// Takes those of a range out for which this is true.
    #[track_caller]
    pub fn extract_if<F, R>(&mut self, range: R, pred: F) -> ExtractIf<'_, T, F>
    where
        F: FnMut(&T) -> bool,
        R: RangeBounds<usize>,
    {
        let (set, each) = self.set.extract();
        ExtractIf { taken: set.extract_if(range, pred), each }
    }

    /// Takes those from this position on out, as a set.
    #[track_caller]
    pub fn split_off(&mut self, at: usize) -> IndexSet<T, S>
    where
        S: Clone,
    {
        self.set.take_range(&(at..));
        IndexSet { set: Watched::split_off(self.set.real.split_off(at)) }
    }

    /// Makes room for so many more.
    #[inline]
    pub fn reserve(&mut self, additional: usize) {
        self.set.reserve(additional, false, |set| set.reserve(additional));
    }

    /// Makes room for so many more, and in the array for no more than these.
    #[inline]
    pub fn reserve_exact(&mut self, additional: usize) {
        self.set.reserve(additional, true, |set| set.reserve_exact(additional));
    }

    /// Makes room for so many more, if there is memory.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.set.try_reserve(additional, false, |set| set.try_reserve(additional))
    }

    /// Makes room for so many more, and in the array for no more than these, if there is memory.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn try_reserve_exact(&mut self, additional: usize) -> Result<(), TryReserveError> {
        self.set.try_reserve(additional, true, |set| set.try_reserve_exact(additional))
    }

    /// Gives room back that nothing needs.
    #[inline]
    pub fn shrink_to_fit(&mut self) {
        self.shrink_to(0);
    }

    /// Gives room back beyond what is needed, and beyond this many.
    #[inline]
    pub fn shrink_to(&mut self, min_capacity: usize) {
        self.set.shrink(min_capacity, |set| set.shrink_to(min_capacity));
    }
}

impl<T: Hash + Eq, S: BuildHasher> IndexSet<T, S> {
    /// Puts a value; whether it was not there.
    #[inline]
    pub fn insert(&mut self, value: T) -> bool {
        self.insert_full(value).1
    }

    /// Puts a value; gives its position, and whether it was not there.
    #[inline]
    pub fn insert_full(&mut self, value: T) -> (usize, bool) {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::Making, |set| set.insert_full(value))
    }

    /// Puts a value where it belongs among sorted ones.
    pub fn insert_sorted(&mut self, value: T) -> (usize, bool)
    where
        T: Ord,
    {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::New, |set| set.insert_sorted(value))
    }

    /// Puts a value where it belongs among those that are sorted by this.
    pub fn insert_sorted_by<F: FnMut(&T, &T) -> Ordering>(&mut self, value: T, cmp: F) -> (usize, bool) {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::New, |set| set.insert_sorted_by(value, cmp))
    }

    /// Puts a value where it belongs among those that are sorted by what this makes of them.
    pub fn insert_sorted_by_key<B: Ord, F: FnMut(&T) -> B>(&mut self, value: T, sort_key: F) -> (usize, bool) {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::New, |set| set.insert_sorted_by_key(value, sort_key))
    }

    /// Puts a value before the one at this position, or moves it there.
    #[track_caller]
    pub fn insert_before(&mut self, index: usize, value: T) -> (usize, bool) {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::New, |set| set.insert_before(index, value))
    }

    /// Puts a value at this position, or moves it there.
    #[track_caller]
    pub fn shift_insert(&mut self, index: usize, value: T) -> bool {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::New, |set| set.shift_insert(index, value))
    }

    /// Puts a value in place of the one that equals it.
    #[inline]
    pub fn replace(&mut self, value: T) -> Option<T> {
        self.replace_full(value).1
    }

    /// Puts a value in place of the one that equals it; gives its position, and that one.
    #[inline]
    pub fn replace_full(&mut self, value: T) -> (usize, Option<T>) {
        let op = self.set.begin_put(&value);
        self.set.put(op, Put::Making, |set| set.replace_full(value))
    }

    /// Puts a value in place of the one at this position; gives that.
    ///
    /// # Errors
    /// Where the value is, and the value, if it is at another position.
    #[track_caller]
    pub fn replace_index(&mut self, index: usize, value: T) -> Result<T, (usize, T)> {
        let Some(op) = self.set.begin_put(&value) else { return self.set.real.replace_index(index, value) };
        match self.set.real.get_index_of(&value) {
            None if index < self.set.real.len() => {
                self.set.replace_key(op, index, |set| set.replace_index(index, value))
            }
            there => {
                let outcome = self.set.real.replace_index(index, value);
                if there == Some(index) {
                    op.wrote(false);
                }
                outcome
            }
        }
    }

    /// Those that the other one lacks.
    pub fn difference<'a, S2: BuildHasher>(&'a self, other: &'a IndexSet<T, S2>) -> Difference<'a, T, S2> {
        Difference { iter: self.iter(), other }
    }

    /// Those that only one of both has.
    pub fn symmetric_difference<'a, S2: BuildHasher>(
        &'a self,
        other: &'a IndexSet<T, S2>,
    ) -> SymmetricDifference<'a, T, S, S2> {
        SymmetricDifference { iter: self.difference(other).chain(other.difference(self)) }
    }

    /// Those that both have.
    pub fn intersection<'a, S2: BuildHasher>(&'a self, other: &'a IndexSet<T, S2>) -> Intersection<'a, T, S2> {
        Intersection { iter: self.iter(), other }
    }

    /// Those that either has.
    pub fn union<'a, S2: BuildHasher>(&'a self, other: &'a IndexSet<T, S2>) -> Union<'a, T, S> {
        Union { iter: self.iter().chain(other.difference(self)) }
    }

    /// Puts others in place of those of a range, which come out.
    #[track_caller]
    pub fn splice<R, I>(&mut self, range: R, replace_with: I) -> Splice<'_, I::IntoIter, T, S>
    where
        R: RangeBounds<usize>,
        I: IntoIterator<Item = T>,
    {
        let (set, each) = self.set.splice(&range);
        Splice { taken: set.splice(range, Puts { puts: replace_with.into_iter(), each }) }
    }

    /// Moves all of another set to the end of this one.
    pub fn append<S2>(&mut self, other: &mut IndexSet<T, S2>) {
        self.extend(other.drain(..));
    }

    /// Whether both have none in common.
    pub fn is_disjoint<S2: BuildHasher>(&self, other: &IndexSet<T, S2>) -> bool {
        if self.len() <= other.len() {
            self.iter().all(|value| !other.contains(value))
        } else {
            other.iter().all(|value| !self.contains(value))
        }
    }

    /// Whether the other one has all of these.
    pub fn is_subset<S2: BuildHasher>(&self, other: &IndexSet<T, S2>) -> bool {
        self.len() <= other.len() && self.iter().all(|value| other.contains(value))
    }

    /// Whether all of the other's are here.
    pub fn is_superset<S2: BuildHasher>(&self, other: &IndexSet<T, S2>) -> bool {
        other.is_subset(self)
    }
}

impl<T, S: BuildHasher> IndexSet<T, S> {
    /// Whether a value is there.
    #[inline]
    pub fn contains<Q: ?Sized + Hash + Equivalent<T>>(&self, value: &Q) -> bool {
        self.set.looked_up(value);
        self.set.real.contains(value)
    }

    /// A value as the set has it.
    #[inline]
    pub fn get<Q: ?Sized + Hash + Equivalent<T>>(&self, value: &Q) -> Option<&T> {
        self.set.looked_up(value);
        self.set.real.get(value)
    }

    /// The position of a value, and the value as the set has it.
    #[inline]
    pub fn get_full<Q: ?Sized + Hash + Equivalent<T>>(&self, value: &Q) -> Option<(usize, &T)> {
        self.set.looked_up(value);
        self.set.real.get_full(value)
    }

    /// The position of a value.
    #[inline]
    pub fn get_index_of<Q: ?Sized + Hash + Equivalent<T>>(&self, value: &Q) -> Option<usize> {
        self.set.looked_up(value);
        self.set.real.get_index_of(value)
    }

    /// Takes a value out; the last one comes to its position.
    #[deprecated(
        note = "`remove` disrupts the set order -- use `swap_remove` or `shift_remove` for explicit behavior."
    )]
    pub fn remove<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> bool {
        self.swap_remove(value)
    }

    /// Takes a value out; the last one comes to its position. Whether it was there.
    #[inline]
    pub fn swap_remove<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> bool {
        self.swap_remove_full(value).is_some()
    }

    /// Takes a value out; those after it move up. Whether it was there.
    #[inline]
    pub fn shift_remove<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> bool {
        self.shift_remove_full(value).is_some()
    }

    /// Takes a value out; the last one comes to its position.
    #[deprecated(note = "`take` disrupts the set order -- use `swap_take` or `shift_take` for explicit behavior.")]
    pub fn take<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> Option<T> {
        self.swap_take(value)
    }

    /// Takes a value out; the last one comes to its position.
    #[inline]
    pub fn swap_take<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> Option<T> {
        self.swap_remove_full(value).map(|(_, value)| value)
    }

    /// Takes a value out; those after it move up.
    #[inline]
    pub fn shift_take<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> Option<T> {
        self.shift_remove_full(value).map(|(_, value)| value)
    }

    /// Takes a value out, with its position, to which the last one comes.
    #[inline]
    pub fn swap_remove_full<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> Option<(usize, T)> {
        let op = self.set.begin_with(value);
        self.set.take(op, |set| set.swap_remove_full(value))
    }

    /// Takes a value out, with its position; those after it move up.
    #[inline]
    pub fn shift_remove_full<Q: ?Sized + Hash + Equivalent<T>>(&mut self, value: &Q) -> Option<(usize, T)> {
        let op = self.set.begin_with(value);
        self.set.take(op, |set| set.shift_remove_full(value))
    }
}
