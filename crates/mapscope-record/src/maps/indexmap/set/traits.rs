//! The traits of a set.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::{
    BitAnd, BitOr, BitXor, Bound, Index, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive, Sub,
};

use super::super::watched::Watched;
use super::{IndexSet, IntoIter, Iter, Slice, real};

impl<T: Clone, S: Clone> Clone for IndexSet<T, S> {
    #[track_caller]
    #[inline]
    fn clone(&self) -> Self {
        IndexSet { set: self.set.clone() }
    }

    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        self.set.clone_from(&source.set);
    }
}

impl<T: fmt::Debug, S> fmt::Debug for IndexSet<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T, S: Default> Default for IndexSet<T, S> {
    #[track_caller]
    #[inline]
    fn default() -> IndexSet<T, S> {
        IndexSet { set: Watched::new(real::IndexSet::default()) }
    }
}

impl<T: Hash + Eq, S1: BuildHasher, S2: BuildHasher> PartialEq<IndexSet<T, S2>> for IndexSet<T, S1> {
    fn eq(&self, other: &IndexSet<T, S2>) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl<T: Eq + Hash, S: BuildHasher> Eq for IndexSet<T, S> {}

/// Values by their positions.
macro_rules! positions {
    ($($position:ty => $there:ty),*) => {$(
        impl<T, S> Index<$position> for IndexSet<T, S> {
            type Output = $there;

            fn index(&self, position: $position) -> &$there {
                &self.set.real[position]
            }
        }
    )*};
}

positions!(
    usize => T,
    Range<usize> => Slice<T>,
    RangeFrom<usize> => Slice<T>,
    RangeFull => Slice<T>,
    RangeInclusive<usize> => Slice<T>,
    RangeTo<usize> => Slice<T>,
    RangeToInclusive<usize> => Slice<T>,
    (Bound<usize>, Bound<usize>) => Slice<T>
);

impl<'a, T, S> IntoIterator for &'a IndexSet<T, S> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    #[inline]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T, S> IntoIterator for IndexSet<T, S> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    #[inline]
    fn into_iter(self) -> IntoIter<T> {
        self.set.iterated();
        self.set.into_real().into_iter()
    }
}

impl<T: Hash + Eq, S: BuildHasher + Default> FromIterator<T> for IndexSet<T, S> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(iterable: I) -> IndexSet<T, S> {
        let iter = iterable.into_iter();
        // As the real one does; nobody gave a hint.
        let at_least = iter.size_hint().0;
        let real = real::IndexSet::with_capacity_and_hasher(at_least, S::default());
        let mut set = IndexSet { set: Watched::with_room(real, at_least, 0) };
        set.extend(iter);
        set
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for IndexSet<T, RandomState> {
    #[track_caller]
    fn from(values: [T; N]) -> Self {
        IndexSet::from_iter(values)
    }
}

impl<T: Hash + Eq, S: BuildHasher> Extend<T> for IndexSet<T, S> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, iterable: I) {
        let iter = iterable.into_iter();
        // As the real one does.
        let at_least = iter.size_hint().0;
        self.reserve(if self.is_empty() { at_least } else { at_least.div_ceil(2) });
        iter.for_each(|value| {
            self.insert(value);
        });
    }
}

impl<'a, T: Hash + Eq + Copy + 'a, S: BuildHasher> Extend<&'a T> for IndexSet<T, S> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, iterable: I) {
        self.extend(iterable.into_iter().copied());
    }
}

/// Sets of two, each a new set.
macro_rules! operators {
    ($($operator:ident $function:ident $of:ident),*) => {$(
        impl<T, S1, S2> $operator<&IndexSet<T, S2>> for &IndexSet<T, S1>
        where
            T: Eq + Hash + Clone,
            S1: BuildHasher + Default,
            S2: BuildHasher,
        {
            type Output = IndexSet<T, S1>;

            #[track_caller]
            fn $function(self, other: &IndexSet<T, S2>) -> IndexSet<T, S1> {
                IndexSet::from_iter(self.$of(other).cloned())
            }
        }
    )*};
}

operators!(BitAnd bitand intersection, BitOr bitor union, BitXor bitxor symmetric_difference, Sub sub difference);
