//! [`HashSet`] of hashbrown, recorded.

use std::ops::{BitAndAssign, BitOrAssign, BitXorAssign, SubAssign};

use ::hashbrown::Equivalent;

use super::hash_map::HashMap;
use super::lent::{Itself, Lent, Of, Table};
pub use super::set_entries::{Entry, OccupiedEntry, VacantEntry};

hash_set!(where Q: Equivalent<T> + Hash + ?Sized);

impl<T, S> Table for HashSet<T, S> {
    #[inline]
    fn size(&self) -> Size {
        self.size()
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
        let (row, traced, before) = (self.row(), self.key(&value), self.size());
        let (entry, map) = Lent::lend(self, |set| set.set.entry(value));
        Entry::new(entry, Of { map, row, key: traced, before })
    }

    /// A value as the set has it, put where it was not there.
    #[inline]
    pub fn get_or_insert(&mut self, value: T) -> &T {
        let (row, key, before) = (self.row(), self.key(&value), self.size().begun());
        let (value, map) = Lent::lend(self, |set| set.set.get_or_insert(value));
        Self::found_or_put(Of { map, row, key, before });
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
        Self::found_or_put(Of { map, row, key, before });
        value
    }

    /// Takes out this one.
    pub(super) fn take_itself(&mut self, value: *const T) -> Option<T> {
        self.set.take(&Itself(value))
    }

    /// A value is there, or was put.
    fn found_or_put(of: Of<'_, Self>) {
        // SAFETY: what was made of the set is a reference to what its table holds.
        let is_new = unsafe { of.map.look() }.len() > of.before.len;
        if is_new {
            // SAFETY: as above.
            unsafe { of.inserted() };
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
        unsafe { Of { map, row, key, before }.inserted() };
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
