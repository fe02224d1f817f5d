//! Entries of a map, sought by what a key is made from only where there is none.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};

use ::hashbrown::{Equivalent, hash_map as real};

use super::entries::OccupiedEntry;
use super::lent::Of;

/// An entry of a map: its place, taken or not.
pub enum EntryRef<'a, 'b, K, Q: ?Sized, V, S> {
    /// It is there.
    Occupied(OccupiedEntry<'a, K, V, S>),
    /// It is not.
    Vacant(VacantEntryRef<'a, 'b, K, Q, V, S>),
}

/// An entry that is not there.
pub struct VacantEntryRef<'map, 'key, K, Q: ?Sized, V, S> {
    entry: real::VacantEntryRef<'map, 'key, K, Q, V, S>,
    of: Of,
}

impl<'a, 'b, K, Q: ?Sized, V, S> EntryRef<'a, 'b, K, Q, V, S> {
    pub(super) fn new(entry: real::EntryRef<'a, 'b, K, Q, V, S>, of: Of) -> Self {
        match entry {
            real::EntryRef::Occupied(entry) => EntryRef::Occupied(OccupiedEntry::there(entry, of)),
            real::EntryRef::Vacant(entry) => EntryRef::Vacant(VacantEntryRef { entry, of }),
        }
    }

    /// Puts this value, whether there is one or not.
    #[inline]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, K, V, S>
    where
        K: Eq + Hash,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        match self {
            EntryRef::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            EntryRef::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// Puts this value, if there is none.
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V
    where
        K: Hash,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        self.or_insert_with(|| default)
    }

    /// Puts what this makes, if there is no value.
    #[inline]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V
    where
        K: Hash,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        match self {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => entry.insert(default()),
        }
    }

    /// Puts what this makes of what the key is made from, if there is no value.
    #[inline]
    pub fn or_insert_with_key<F: FnOnce(&Q) -> V>(self, default: F) -> &'a mut V
    where
        K: Hash + Borrow<Q>,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        match self {
            EntryRef::Occupied(entry) => entry.into_mut(),
            EntryRef::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// Puts the value that its type has to begin with, if there is none.
    #[inline]
    pub fn or_default(self) -> &'a mut V
    where
        K: Hash,
        Q: ToOwned<Owned = K>,
        V: Default,
        S: BuildHasher,
    {
        self.or_insert_with(V::default)
    }

    /// The same; the entry.
    #[inline]
    pub fn or_default_entry(self) -> OccupiedEntry<'a, K, V, S>
    where
        K: Eq + Hash,
        Q: ToOwned<Owned = K>,
        V: Default,
        S: BuildHasher,
    {
        match self {
            EntryRef::Occupied(entry) => entry,
            EntryRef::Vacant(entry) => entry.insert_entry(V::default()),
        }
    }

    /// Its key.
    #[inline]
    pub fn key(&self) -> &Q
    where
        K: Borrow<Q>,
    {
        match self {
            EntryRef::Occupied(entry) => entry.key().borrow(),
            EntryRef::Vacant(entry) => entry.key(),
        }
    }

    /// Changes its value, if there is one.
    #[inline]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, f: F) -> Self {
        if let EntryRef::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }
}

impl<'map, 'key, K, Q: ?Sized, V, S> VacantEntryRef<'map, 'key, K, Q, V, S> {
    /// What its key is made from.
    #[inline]
    pub fn key(&self) -> &'key Q {
        self.entry.key()
    }

    /// Puts this value.
    #[inline]
    pub fn insert(self, value: V) -> &'map mut V
    where
        K: Hash,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        let of = self.of.begun();
        of.value(self.entry.insert_entry(value))
    }

    /// Puts this value and this key.
    ///
    /// # Panics
    /// If it is another one.
    #[inline]
    pub fn insert_with_key(self, key: K, value: V) -> &'map mut V
    where
        K: Hash,
        Q: Equivalent<K>,
        S: BuildHasher,
    {
        let of = self.of.begun();
        of.value(self.entry.insert_entry_with_key(key, value))
    }

    /// Puts this value and this key.
    ///
    /// # Safety
    /// It is the one that was sought.
    #[inline]
    pub unsafe fn insert_with_key_unchecked(self, key: K, value: V) -> &'map mut V
    where
        K: Hash,
        S: BuildHasher,
    {
        let of = self.of.begun();
        // SAFETY: the caller's to promise.
        of.value(unsafe { self.entry.insert_entry_with_key_unchecked(key, value) })
    }

    /// Puts this value, and is there.
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'map, K, V, S>
    where
        K: Eq + Hash,
        Q: ToOwned<Owned = K>,
        S: BuildHasher,
    {
        let of = self.of.begun();
        OccupiedEntry::put(self.entry.insert_entry(value), of)
    }

    /// Puts this value and this key, and is there.
    ///
    /// # Panics
    /// If it is another one.
    #[inline]
    pub fn insert_entry_with_key(self, key: K, value: V) -> OccupiedEntry<'map, K, V, S>
    where
        K: Eq + Hash,
        Q: Equivalent<K>,
        S: BuildHasher,
    {
        let of = self.of.begun();
        OccupiedEntry::put(self.entry.insert_entry_with_key(key, value), of)
    }

    /// Puts this value and this key, and is there.
    ///
    /// # Safety
    /// It is the one that was sought.
    #[inline]
    pub unsafe fn insert_entry_with_key_unchecked(self, key: K, value: V) -> OccupiedEntry<'map, K, V, S>
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        let of = self.of.begun();
        // SAFETY: the caller's to promise.
        let entry = unsafe { self.entry.insert_entry_with_key_unchecked(key, value) };
        OccupiedEntry::put(entry, of)
    }
}

impl<K: fmt::Debug + Borrow<Q>, Q: fmt::Debug + ?Sized, V: fmt::Debug, S> fmt::Debug for EntryRef<'_, '_, K, Q, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryRef::Occupied(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
            EntryRef::Vacant(entry) => f.debug_tuple("EntryRef").field(entry).finish(),
        }
    }
}

impl<K: Borrow<Q>, Q: fmt::Debug + ?Sized, V, S> fmt::Debug for VacantEntryRef<'_, '_, K, Q, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}
