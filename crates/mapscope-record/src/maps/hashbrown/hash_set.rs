//! [`HashSet`] of hashbrown, recorded.

use std::ops::{BitAndAssign, BitOrAssign, BitXorAssign, SubAssign};
use std::ptr::NonNull;

use ::hashbrown::Equivalent;

use super::hash_map::HashMap;
use super::lent::{Itself, Lent, Of};
pub use super::set_entries::{Entry, OccupiedEntry, VacantEntry};

hash_set!(where Q: Equivalent<T> + Hash + ?Sized);

impl<T, S> HashSet<T, S> {
    /// A value that an entry has found is looked at.
    pub(super) fn found(&self, key: Option<Key>) {
        if let Some(row) = self.row() {
            row.looked_up(|| key);
        }
    }
}

impl<T: Eq + Hash, S: BuildHasher> HashSet<T, S> {
    /// Bytes of its table.
    #[inline]
    pub fn allocation_size(&self) -> usize {
        self.set.allocation_size()
    }

    /// Those that either has.
    #[inline]
    pub fn union<'a>(&'a self, other: &'a HashSet<T, S>) -> Union<'a, T, S> {
        // As the real one does.
        let (many, few) = if self.len() > other.len() { (self, other) } else { (other, self) };
        Union { iter: many.iter().chain(few.difference(many)) }
    }

    /// A value's entry.
    #[inline]
    pub fn entry(&mut self, value: T) -> Entry<'_, T, S> {
        let key = self.key(&value);
        match self.set.get(&value).map(NonNull::from) {
            Some(there) => Entry::Occupied(OccupiedEntry::new(self, there, key, false)),
            None => Entry::Vacant(VacantEntry::new(self, value)),
        }
    }

    /// Puts a value of which an entry has found that it is not there.
    pub(super) fn put_vacant(&mut self, value: T) -> NonNull<T> {
        let (before, key) = (self.before(), self.key(&value));
        // SAFETY: it is not there, and the set was lent to the entry since.
        let there = NonNull::from(unsafe { self.set.insert_unique_unchecked(value) });
        self.put(before, key);
        there
    }

    /// Takes out the value that an entry has found.
    pub(super) fn take_occupied(&mut self, there: NonNull<T>) -> T {
        // SAFETY: it lies in the table, of which the entry had the set.
        let (before, key) = (self.before(), self.key(unsafe { there.as_ref() }));
        let value = self.set.take(&Itself(there.as_ptr())).expect("a value that is there has another hash");
        self.removed(before, key);
        value
    }

    /// A value as the set has it, put where it was not there.
    #[inline]
    pub fn get_or_insert(&mut self, value: T) -> &T {
        let (row, key, before) = (self.row(), self.key(&value), self.size().begun());
        let (value, map) = Lent::lend(self, |set| set.set.get_or_insert(value));
        // SAFETY: the value lies in the table.
        let now = unsafe { map.look() }.size();
        Self::found_or_put(Of { row, key, before }, now);
        value
    }

    /// A value as the set has it, made and put where it was not there.
    ///
    /// # Panics
    /// If another one is made.
    #[inline]
    pub fn get_or_insert_with<Q, F>(&mut self, value: &Q, f: F) -> &T
    where
        Q: Hash + Equivalent<T> + ?Sized,
        F: FnOnce(&Q) -> T,
    {
        let (row, key, before) = (self.row(), self.key(value), self.size().begun());
        let (value, map) = Lent::lend(self, |set| set.set.get_or_insert_with(value, f));
        // SAFETY: the value lies in the table.
        let now = unsafe { map.look() }.size();
        Self::found_or_put(Of { row, key, before }, now);
        value
    }

    /// A value is there, or was put.
    fn found_or_put(of: Of, now: Size) {
        if now.len > of.before.len {
            of.inserted_growing(&Self::LAYOUT, now);
        } else if let Some(row) = of.row {
            row.looked_up(|| of.key);
        }
    }

    /// Puts a value that is not there.
    ///
    /// # Safety
    /// It is not.
    #[inline]
    pub unsafe fn insert_unique_unchecked(&mut self, value: T) -> &T {
        let (row, key, before) = (self.row(), self.key(&value), self.size().begun());
        // SAFETY: the caller's to promise.
        let (value, map) = Lent::lend(self, |set| unsafe { set.set.insert_unique_unchecked(value) });
        // SAFETY: the value lies in the table.
        let now = unsafe { map.look() }.size();
        Of { row, key, before }.inserted_growing(&Self::LAYOUT, now);
        value
    }
}

impl<T, S> From<HashMap<T, (), S>> for HashSet<T, S> {
    fn from(map: HashMap<T, (), S>) -> Self {
        let (map, record) = map.into_parts();
        HashSet { set: Real::from(map), record }
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher> BitOrAssign<&HashSet<T, S>> for HashSet<T, S> {
    fn bitor_assign(&mut self, other: &HashSet<T, S>) {
        for value in other {
            if !self.contains(value) {
                self.insert(value.clone());
            }
        }
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher> BitAndAssign<&HashSet<T, S>> for HashSet<T, S> {
    fn bitand_assign(&mut self, other: &HashSet<T, S>) {
        self.retain(|value| other.contains(value));
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher> BitXorAssign<&HashSet<T, S>> for HashSet<T, S> {
    fn bitxor_assign(&mut self, other: &HashSet<T, S>) {
        for value in other {
            if !self.remove(value) {
                self.insert(value.clone());
            }
        }
    }
}

impl<T: Eq + Hash + Clone, S: BuildHasher> SubAssign<&HashSet<T, S>> for HashSet<T, S> {
    fn sub_assign(&mut self, other: &HashSet<T, S>) {
        if other.len() < self.len() {
            for value in other {
                self.remove(value);
            }
        } else {
            self.retain(|value| !other.contains(value));
        }
    }
}
