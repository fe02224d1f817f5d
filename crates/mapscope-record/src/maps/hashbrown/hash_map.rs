//! [`HashMap`] of hashbrown, recorded.

use ::hashbrown::Equivalent;

pub use super::entries::{Entry, OccupiedEntry, OccupiedError, VacantEntry};
pub use super::entries_by_reference::{EntryRef, VacantEntryRef};
use super::lent::{Lent, Of};

hash_map!(where Q: Equivalent<K> + Hash + ?Sized);

impl<K, V, S> HashMap<K, V, S> {
    /// The real one, and what becomes of it.
    pub(super) fn into_parts(self) -> (Real<K, V, S>, Record) {
        (self.map, self.record)
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
    /// Bytes of its table.
    #[inline]
    pub fn allocation_size(&self) -> usize {
        self.map.allocation_size()
    }

    /// The entry of a key.
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V, S> {
        let (row, traced, before) = (self.row(), self.key(&key), self.size());
        Entry::new(self.map.entry(key), Of { row, key: traced, before })
    }

    /// The entry of a key that is only made where there is none.
    #[inline]
    pub fn entry_ref<'a, 'b, Q>(&'a mut self, key: &'b Q) -> EntryRef<'a, 'b, K, Q, V, S>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let (row, traced, before) = (self.row(), self.key(key), self.size());
        EntryRef::new(self.map.entry_ref(key), Of { row, key: traced, before })
    }

    /// A key as the map has it, and its value, to be changed.
    #[inline]
    pub fn get_key_value_mut<Q>(&mut self, k: &Q) -> Option<(&K, &mut V)>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.looked_up(k);
        self.map.get_key_value_mut(k)
    }

    /// Several keys as the map has them, and their values, to be changed.
    #[inline]
    #[track_caller]
    pub fn get_disjoint_key_value_mut<Q, const N: usize>(&mut self, ks: [&Q; N]) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        ks.iter().for_each(|k| self.looked_up(*k));
        self.map.get_disjoint_key_value_mut(ks)
    }

    /// Several keys as the map has them, and their values, to be changed.
    ///
    /// # Safety
    /// No key is there twice.
    #[inline]
    pub unsafe fn get_disjoint_key_value_unchecked_mut<Q, const N: usize>(
        &mut self,
        ks: [&Q; N],
    ) -> [Option<(&'_ K, &'_ mut V)>; N]
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        ks.iter().for_each(|k| self.looked_up(*k));
        // SAFETY: the caller's to promise.
        unsafe { self.map.get_disjoint_key_value_unchecked_mut(ks) }
    }

    /// Puts the value of a key that is not there.
    ///
    /// # Safety
    /// It is not.
    #[inline]
    pub unsafe fn insert_unique_unchecked(&mut self, k: K, v: V) -> (&K, &mut V) {
        let (row, key, before) = (self.row(), self.key(&k), self.size().begun());
        // SAFETY: the caller's to promise.
        let (entry, map) = Lent::lend(self, |map| unsafe { map.map.insert_unique_unchecked(k, v) });
        // SAFETY: the entry lies in the table.
        let now = unsafe { map.look() }.size();
        Of { row, key, before }.inserted_growing(&Self::LAYOUT, now);
        entry
    }

    /// Puts the value of a key, unless it is there.
    ///
    /// # Errors
    /// Its entry, and the value.
    #[inline]
    pub fn try_insert(&mut self, key: K, value: V) -> Result<&mut V, OccupiedError<'_, K, V, S>> {
        match self.entry(key) {
            Entry::Occupied(entry) => Err(OccupiedError { entry, value }),
            Entry::Vacant(entry) => Ok(entry.insert(value)),
        }
    }
}

impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher> Extend<&'a (K, V)> for HashMap<K, V, S> {
    fn extend<T: IntoIterator<Item = &'a (K, V)>>(&mut self, iter: T) {
        self.extend(iter.into_iter().copied());
    }
}
