//! [`BTreeMap`] of the standard library, recorded. How many nodes it has, it does not say.

use std::any::type_name;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;
use std::ops::{Index, RangeBounds};

pub use std::collections::btree_map::{
    IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Range, RangeMut, Values, ValuesMut,
};

use crate::recorder::{Key, Layout, Operation, Record, Recorded, Row, short};

type Real<K, V> = std::collections::BTreeMap<K, V>;

/// [`std::collections::BTreeMap`], which writes down what becomes of it.
pub struct BTreeMap<K, V> {
    map: Real<K, V>,
    record: Record,
}

entries!(btree_map, Ord);

impl<K, V> Recorded for BTreeMap<K, V> {
    const LAYOUT: Layout = Layout::nodes::<K, V>();

    fn name() -> String {
        format!("BTreeMap<{}, {}>", short(type_name::<K>()), short(type_name::<V>()))
    }
}

impl<K, V> BTreeMap<K, V> {
    #[inline]
    fn row(&self) -> Option<&'static Row> {
        self.record.row::<Self>()
    }

    /// So many writes left more entries, or as many.
    #[inline]
    fn put(&self, row: Option<&'static Row>, before: usize) {
        if let Some(row) = row {
            row.wrote();
            row.inserted((self.map.len() - before) as u64);
        }
    }

    #[inline]
    fn removed(&self, row: Option<&'static Row>, before: usize) {
        if let Some(row) = row {
            row.removed((before - self.map.len()) as u64);
        }
    }

    #[inline]
    fn looked_up(&self) {
        if let Some(row) = self.row() {
            row.looked_up(|| None);
        }
    }

    #[inline]
    fn iterated(&self) {
        if let Some(row) = self.row() {
            row.iterated(self.map.len());
        }
    }

    /// A map with entries that no write put there.
    #[track_caller]
    fn with_entries(map: Real<K, V>) -> BTreeMap<K, V> {
        let made = BTreeMap { map, record: Record::new::<Self>(0) };
        if let Some(row) = made.row() {
            row.begins_with(made.map.len());
        }
        made
    }

    /// An empty map.
    #[track_caller]
    #[inline]
    #[must_use]
    pub const fn new() -> BTreeMap<K, V> {
        BTreeMap { map: Real::new(), record: Record::later() }
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        if let Some(row) = self.row() {
            row.cleared(self.map.len());
        }
        self.map.clear();
    }

    /// A key's value.
    #[inline]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q> + Ord,
    {
        self.looked_up();
        self.map.get(key)
    }

    /// A key as the map has it, and its value.
    #[inline]
    pub fn get_key_value<Q: Ord + ?Sized>(&self, k: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q> + Ord,
    {
        self.looked_up();
        self.map.get_key_value(k)
    }

    /// The entry of the least key.
    #[inline]
    pub fn first_key_value(&self) -> Option<(&K, &V)>
    where
        K: Ord,
    {
        self.looked_up();
        self.map.first_key_value()
    }

    /// The entry of the least key, to be changed.
    #[inline]
    pub fn first_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>>
    where
        K: Ord,
    {
        let row = self.row();
        self.map.first_entry().map(|entry| OccupiedEntry { entry, row, key: None, is_counted: false })
    }

    /// Takes the entry of the least key out.
    #[inline]
    pub fn pop_first(&mut self) -> Option<(K, V)>
    where
        K: Ord,
    {
        let (row, before) = (self.row(), self.map.len());
        let entry = self.map.pop_first();
        self.removed(row, before);
        entry
    }

    /// The entry of the largest key.
    #[inline]
    pub fn last_key_value(&self) -> Option<(&K, &V)>
    where
        K: Ord,
    {
        self.looked_up();
        self.map.last_key_value()
    }

    /// The entry of the largest key, to be changed.
    #[inline]
    pub fn last_entry(&mut self) -> Option<OccupiedEntry<'_, K, V>>
    where
        K: Ord,
    {
        let row = self.row();
        self.map.last_entry().map(|entry| OccupiedEntry { entry, row, key: None, is_counted: false })
    }

    /// Takes the entry of the largest key out.
    #[inline]
    pub fn pop_last(&mut self) -> Option<(K, V)>
    where
        K: Ord,
    {
        let (row, before) = (self.row(), self.map.len());
        let entry = self.map.pop_last();
        self.removed(row, before);
        entry
    }

    /// Whether a key is there.
    #[inline]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q> + Ord,
    {
        self.looked_up();
        self.map.contains_key(key)
    }

    /// A key's value, to be changed.
    #[inline]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q> + Ord,
    {
        self.looked_up();
        self.map.get_mut(key)
    }

    /// Puts a value; gives the one that was there.
    #[inline]
    pub fn insert(&mut self, key: K, value: V) -> Option<V>
    where
        K: Ord,
    {
        let (row, before) = (self.row(), self.map.len());
        let old = self.map.insert(key, value);
        self.put(row, before);
        old
    }

    /// Takes a key out, for its value.
    #[inline]
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q> + Ord,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Takes a key out, with its value.
    #[inline]
    pub fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q> + Ord,
    {
        let (row, before) = (self.row(), self.map.len());
        let entry = self.map.remove_entry(key);
        self.removed(row, before);
        entry
    }

    /// Keeps only those entries for which this is true.
    pub fn retain<F>(&mut self, f: F)
    where
        K: Ord,
        F: FnMut(&K, &mut V) -> bool,
    {
        self.iterated();
        let (row, before) = (self.row(), self.map.len());
        self.map.retain(f);
        self.removed(row, before);
    }

    /// Takes all entries of another map, each of which is written.
    pub fn append(&mut self, other: &mut Self)
    where
        K: Ord,
    {
        let (row, before, more) = (self.row(), self.map.len(), other.map.len());
        if let Some(of) = other.row() {
            of.cleared(more);
        }
        self.map.append(&mut other.map);
        if let Some(row) = row {
            (0..more).for_each(|_| row.wrote());
            row.inserted((self.map.len() - before) as u64);
        }
    }

    /// The entries of these keys.
    #[track_caller]
    pub fn range<T: Ord + ?Sized, R: RangeBounds<T>>(&self, range: R) -> Range<'_, K, V>
    where
        K: Borrow<T> + Ord,
    {
        self.iterated();
        self.map.range(range)
    }

    /// The entries of these keys, their values to be changed.
    #[track_caller]
    pub fn range_mut<T: Ord + ?Sized, R: RangeBounds<T>>(&mut self, range: R) -> RangeMut<'_, K, V>
    where
        K: Borrow<T> + Ord,
    {
        self.iterated();
        self.map.range_mut(range)
    }

    /// The entry of a key.
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V>
    where
        K: Ord,
    {
        let row = self.row();
        Entry::new(self.map.entry(key), row, None)
    }

    /// Takes the entries from this key on out, as a map of their own.
    #[track_caller]
    pub fn split_off<Q: Ord + ?Sized>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q> + Ord,
    {
        let (row, before) = (self.row(), self.map.len());
        let rest = self.map.split_off(key);
        self.removed(row, before);
        BTreeMap::with_entries(rest)
    }

    /// Takes those entries of these keys out for which this is true.
    #[track_caller]
    pub fn extract_if<F, R>(&mut self, range: R, pred: F) -> ExtractIf<'_, K, V, R, F>
    where
        K: Ord,
        R: RangeBounds<K>,
        F: FnMut(&K, &mut V) -> bool,
    {
        self.iterated();
        let row = self.row();
        ExtractIf { entries: self.map.extract_if(range, pred), row }
    }

    /// All keys, without the map.
    #[inline]
    pub fn into_keys(self) -> IntoKeys<K, V> {
        self.iterated();
        self.map.into_keys()
    }

    /// All values, without the map.
    #[inline]
    pub fn into_values(self) -> IntoValues<K, V> {
        self.iterated();
        self.map.into_values()
    }

    /// All entries.
    #[inline]
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.iterated();
        self.map.iter()
    }

    /// All entries, their values to be changed.
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
        self.iterated();
        self.map.iter_mut()
    }

    /// All keys.
    #[inline]
    pub fn keys(&self) -> Keys<'_, K, V> {
        self.iterated();
        self.map.keys()
    }

    /// All values.
    #[inline]
    pub fn values(&self) -> Values<'_, K, V> {
        self.iterated();
        self.map.values()
    }

    /// All values, to be changed.
    #[inline]
    pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
        self.iterated();
        self.map.values_mut()
    }

    /// Entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

impl<K: Clone, V: Clone> Clone for BTreeMap<K, V> {
    #[track_caller]
    fn clone(&self) -> Self {
        match self.row() {
            Some(_) => BTreeMap::with_entries(self.map.clone()),
            None => BTreeMap { map: self.map.clone(), record: Record::none() },
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for BTreeMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a == b)
    }
}

impl<K: Eq, V: Eq> Eq for BTreeMap<K, V> {}

impl<K: PartialOrd, V: PartialOrd> PartialOrd for BTreeMap<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<K: Ord, V: Ord> Ord for BTreeMap<K, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<K: Hash, V: Hash> Hash for BTreeMap<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.iterated();
        self.map.hash(state);
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for BTreeMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K, V> Default for BTreeMap<K, V> {
    #[track_caller]
    fn default() -> BTreeMap<K, V> {
        BTreeMap { map: Real::new(), record: Record::new::<Self>(0) }
    }
}

impl<K: Borrow<Q> + Ord, Q: Ord + ?Sized, V> Index<&Q> for BTreeMap<K, V> {
    type Output = V;

    #[track_caller]
    #[inline]
    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("no entry found for key")
    }
}

impl<'a, K, V> IntoIterator for &'a BTreeMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut BTreeMap<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = IterMut<'a, K, V>;

    fn into_iter(self) -> IterMut<'a, K, V> {
        self.iter_mut()
    }
}

impl<K, V> IntoIterator for BTreeMap<K, V> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        self.iterated();
        self.map.into_iter()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for BTreeMap<K, V> {
    #[track_caller]
    fn from_iter<T: IntoIterator<Item = (K, V)>>(iter: T) -> BTreeMap<K, V> {
        let record = Record::new::<Self>(0);
        let row = record.row::<Self>();
        // The real one sorts them all before it builds its nodes.
        let map = Real::from_iter(iter.into_iter().inspect(|_| {
            if let Some(row) = row {
                row.wrote();
            }
        }));
        if let Some(row) = row {
            row.inserted(map.len() as u64);
        }
        BTreeMap { map, record }
    }
}

impl<K: Ord, V> Extend<(K, V)> for BTreeMap<K, V> {
    #[inline]
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, iter: T) {
        iter.into_iter().for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<'a, K: Ord + Copy, V: Copy> Extend<(&'a K, &'a V)> for BTreeMap<K, V> {
    fn extend<I: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, iter: I) {
        self.extend(iter.into_iter().map(|(&key, &value)| (key, value)));
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for BTreeMap<K, V> {
    #[track_caller]
    fn from(entries: [(K, V); N]) -> Self {
        BTreeMap::from_iter(entries)
    }
}

/// Entries that are taken out of a map.
#[must_use = "iterators are lazy and do nothing unless consumed; use `retain` or `extract_if().for_each(drop)` to \
              remove and discard elements"]
pub struct ExtractIf<'a, K, V, R, F> {
    entries: std::collections::btree_map::ExtractIf<'a, K, V, R, F>,
    row: Option<&'static Row>,
}

impl<K, V, R, F> Iterator for ExtractIf<'_, K, V, R, F>
where
    K: PartialOrd,
    R: RangeBounds<K>,
    F: FnMut(&K, &mut V) -> bool,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let entry = self.entries.next()?;
        if let Some(row) = self.row {
            row.removed(1);
        }
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<K: PartialOrd, V, R: RangeBounds<K>, F: FnMut(&K, &mut V) -> bool> FusedIterator for ExtractIf<'_, K, V, R, F> {}

impl<K: fmt::Debug, V: fmt::Debug, R, F> fmt::Debug for ExtractIf<'_, K, V, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtractIf").finish_non_exhaustive()
    }
}
