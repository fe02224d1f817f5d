//! Entries of a set: the set itself, and the value that is there or is not.
//!
//! What puts a value or takes one out asks that values can be hashed and compared, which the real ones do not, though no set
//! has others.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::hash_set::HashSet;
use crate::recorder::Key;

/// An entry of a set: a value's place, taken or not.
pub enum Entry<'a, T, S> {
    /// It is there.
    Occupied(OccupiedEntry<'a, T, S>),
    /// It is not.
    Vacant(VacantEntry<'a, T, S>),
}

/// A value that is there.
pub struct OccupiedEntry<'a, T, S> {
    set: &'a mut HashSet<T, S>,
    /// It lies in the set's table, which nobody changes but this entry, as its last act.
    there: NonNull<T>,
    value: PhantomData<&'a T>,
    key: Option<Key>,
    /// Just now.
    was_put: bool,
}

/// A value that is not there.
pub struct VacantEntry<'a, T, S> {
    set: &'a mut HashSet<T, S>,
    value: T,
}

// SAFETY: the address stands for a reference to what the set has.
unsafe impl<T, S> Send for OccupiedEntry<'_, T, S> where HashSet<T, S>: Send {}
// SAFETY: as above.
unsafe impl<T, S> Sync for OccupiedEntry<'_, T, S> where HashSet<T, S>: Sync {}

impl<'a, T, S> Entry<'a, T, S> {
    /// Puts it, if it is not there.
    #[inline]
    pub fn insert(self) -> OccupiedEntry<'a, T, S>
    where
        T: Eq + Hash,
        S: BuildHasher,
    {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert(),
        }
    }

    /// Puts it, if it is not there.
    #[inline]
    pub fn or_insert(self)
    where
        T: Eq + Hash,
        S: BuildHasher,
    {
        self.insert();
    }
}

impl<T, S> Entry<'_, T, S> {
    /// The value.
    #[inline]
    pub fn get(&self) -> &T {
        match self {
            Entry::Occupied(entry) => entry.get(),
            Entry::Vacant(entry) => entry.get(),
        }
    }
}

impl<'a, T, S> OccupiedEntry<'a, T, S> {
    pub(super) fn new(set: &'a mut HashSet<T, S>, there: NonNull<T>, key: Option<Key>, was_put: bool) -> Self {
        OccupiedEntry { set, there, value: PhantomData, key, was_put }
    }

    fn value(&self) -> &T {
        // SAFETY: it lies in the table for as long as the entry has the set.
        unsafe { self.there.as_ref() }
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &T {
        if !self.was_put {
            self.set.found(self.key);
        }
        self.value()
    }

    /// Takes it out.
    #[inline]
    pub fn remove(self) -> T
    where
        T: Eq + Hash,
        S: BuildHasher,
    {
        self.set.take_occupied(self.there)
    }
}

impl<'a, T, S> VacantEntry<'a, T, S> {
    pub(super) fn new(set: &'a mut HashSet<T, S>, value: T) -> Self {
        VacantEntry { set, value }
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The value, given back.
    #[inline]
    pub fn into_value(self) -> T {
        self.value
    }

    /// Puts it.
    #[inline]
    pub fn insert(self) -> OccupiedEntry<'a, T, S>
    where
        T: Eq + Hash,
        S: BuildHasher,
    {
        let there = self.set.put_vacant(self.value);
        OccupiedEntry::new(self.set, there, None, true)
    }
}

impl<T: fmt::Debug, S> fmt::Debug for Entry<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<T: fmt::Debug, S> fmt::Debug for OccupiedEntry<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").field("value", self.value()).finish()
    }
}

impl<T: fmt::Debug, S> fmt::Debug for VacantEntry<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.value).finish()
    }
}
