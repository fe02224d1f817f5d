//! The traits of a map.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::{Bound, Index, IndexMut, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use ::indexmap::Equivalent;

use super::super::watched::Watched;
use super::{IndexMap, IntoIter, Iter, IterMut, Slice, real};

impl<K: Clone, V: Clone, S: Clone> Clone for IndexMap<K, V, S> {
    #[track_caller]
    #[inline]
    fn clone(&self) -> Self {
        IndexMap { map: self.map.clone() }
    }

    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        self.map.clone_from(&source.map);
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for IndexMap<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, V, S: Default> Default for IndexMap<K, V, S> {
    #[track_caller]
    #[inline]
    fn default() -> IndexMap<K, V, S> {
        IndexMap { map: Watched::new(real::IndexMap::default()) }
    }
}

impl<K, V1, S1, V2, S2> PartialEq<IndexMap<K, V2, S2>> for IndexMap<K, V1, S1>
where
    K: Hash + Eq,
    V1: PartialEq<V2>,
    S1: BuildHasher,
    S2: BuildHasher,
{
    fn eq(&self, other: &IndexMap<K, V2, S2>) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|there| *value == *there))
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher> Eq for IndexMap<K, V, S> {}

impl<K, V, Q: ?Sized + Hash + Equivalent<K>, S: BuildHasher> Index<&Q> for IndexMap<K, V, S> {
    type Output = V;

    #[track_caller]
    #[inline]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<K, V, Q: ?Sized + Hash + Equivalent<K>, S: BuildHasher> IndexMut<&Q> for IndexMap<K, V, S> {
    #[track_caller]
    #[inline]
    fn index_mut(&mut self, key: &Q) -> &mut V {
        self.get_mut(key).expect("no entry found for key")
    }
}

impl<K, V, S> Index<usize> for IndexMap<K, V, S> {
    type Output = V;

    fn index(&self, index: usize) -> &V {
        &self.map.real[index]
    }
}

impl<K, V, S> IndexMut<usize> for IndexMap<K, V, S> {
    fn index_mut(&mut self, index: usize) -> &mut V {
        &mut self.map.real[index]
    }
}

/// Entries by a range of positions.
macro_rules! ranges {
    ($($range:ty),*) => {$(
        impl<K, V, S> Index<$range> for IndexMap<K, V, S> {
            type Output = Slice<K, V>;

            fn index(&self, range: $range) -> &Slice<K, V> {
                &self.map.real[range]
            }
        }

        impl<K, V, S> IndexMut<$range> for IndexMap<K, V, S> {
            fn index_mut(&mut self, range: $range) -> &mut Slice<K, V> {
                &mut self.map.real[range]
            }
        }
    )*};
}

ranges!(
    Range<usize>,
    RangeFrom<usize>,
    RangeFull,
    RangeInclusive<usize>,
    RangeTo<usize>,
    RangeToInclusive<usize>,
    (Bound<usize>, Bound<usize>)
);

impl<'a, K, V, S> IntoIterator for &'a IndexMap<K, V, S> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    #[inline]
    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V, S> IntoIterator for &'a mut IndexMap<K, V, S> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    #[inline]
    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V, S> IntoIterator for IndexMap<K, V, S> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    #[inline]
    fn into_iter(self) -> IntoIter<K, V> {
        self.map.iterated();
        self.map.into_real().into_iter()
    }
}

impl<K: Hash + Eq, V, S: BuildHasher + Default> FromIterator<(K, V)> for IndexMap<K, V, S> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = (K, V)>>(iterable: I) -> IndexMap<K, V, S> {
        let iter = iterable.into_iter();
        // As the real one does; nobody gave a hint.
        let at_least = iter.size_hint().0;
        let real = real::IndexMap::with_capacity_and_hasher(at_least, S::default());
        let mut map = IndexMap { map: Watched::with_room(real, at_least, 0) };
        map.extend(iter);
        map
    }
}

impl<K: Hash + Eq, V, const N: usize> From<[(K, V); N]> for IndexMap<K, V, RandomState> {
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        IndexMap::from_iter(entries)
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Extend<(K, V)> for IndexMap<K, V, S> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, iterable: I) {
        let iter = iterable.into_iter();
        // As the real one does.
        let at_least = iter.size_hint().0;
        self.reserve(if self.is_empty() { at_least } else { at_least.div_ceil(2) });
        iter.for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<'a, K: Hash + Eq + Copy, V: Copy, S: BuildHasher> Extend<(&'a K, &'a V)> for IndexMap<K, V, S> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, iterable: I) {
        self.extend(iterable.into_iter().map(|(&key, &value)| (key, value)));
    }
}
