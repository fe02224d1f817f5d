//! Entries of a set.
//!
//! What takes a value out asks that values can be hashed and compared, which the real one does not, though no set has others.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::ptr::{self, NonNull};

use ::hashbrown::hash_set as real;

use super::hash_set::HashSet;
use super::lent::Of;

/// An entry of a set: a value's place, taken or not.
pub enum Entry<'a, T, S> {
    /// It is there.
    Occupied(OccupiedEntry<'a, T, S>),
    /// It is not.
    Vacant(VacantEntry<'a, T, S>),
}

/// A value that is there.
pub struct OccupiedEntry<'a, T, S> {
    value: &'a T,
    of: Of<'a, HashSet<T, S>>,
    /// Just now.
    was_put: bool,
}

/// A value that is not there.
pub struct VacantEntry<'a, T, S> {
    entry: real::VacantEntry<'a, T, S>,
    of: Of<'a, HashSet<T, S>>,
}

impl<'a, T, S> Entry<'a, T, S> {
    pub(super) fn new(entry: real::Entry<'a, T, S>, of: Of<'a, HashSet<T, S>>) -> Self {
        match entry {
            real::Entry::Occupied(entry) => Entry::Occupied(OccupiedEntry::new(entry, of, false)),
            real::Entry::Vacant(entry) => Entry::Vacant(VacantEntry { entry, of }),
        }
    }

    /// Puts it, if it is not there.
    #[inline]
    pub fn insert(self) -> OccupiedEntry<'a, T, S>
    where
        T: Hash,
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
        T: Hash,
        S: BuildHasher,
    {
        self.insert();
    }

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
    fn new(entry: real::OccupiedEntry<'a, T, S>, of: Of<'a, HashSet<T, S>>, was_put: bool) -> Self {
        let value = NonNull::from(entry.get());
        // SAFETY: the set is lent for as long, and only this entry takes the value out.
        OccupiedEntry { value: unsafe { value.as_ref() }, of, was_put }
    }

    /// The value.
    #[inline]
    pub fn get(&self) -> &T {
        if let (Some(row), false) = (self.of.row, self.was_put) {
            row.looked_up(|| self.of.key);
        }
        self.value
    }

    /// Takes it out.
    #[inline]
    pub fn remove(self) -> T
    where
        T: Eq + Hash,
        S: BuildHasher,
    {
        self.of.removed();
        let value = ptr::from_ref(self.value);
        // SAFETY: the entry is gone but for the address.
        unsafe { self.of.map.back() }.take_itself(value).expect("it is there")
    }
}

impl<'a, T, S> VacantEntry<'a, T, S> {
    /// The value.
    #[inline]
    pub fn get(&self) -> &T {
        self.entry.get()
    }

    /// The value, given back.
    #[inline]
    pub fn into_value(self) -> T {
        self.entry.into_value()
    }

    /// Puts it.
    #[inline]
    pub fn insert(self) -> OccupiedEntry<'a, T, S>
    where
        T: Hash,
        S: BuildHasher,
    {
        let of = self.of.begun();
        let there = OccupiedEntry::new(self.entry.insert(), of, true);
        // SAFETY: the real entry is gone, and the value lies in the table.
        unsafe { there.of.inserted() };
        there
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
        f.debug_struct("OccupiedEntry").field("value", self.value).finish()
    }
}

impl<T: fmt::Debug, S> fmt::Debug for VacantEntry<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}
