//! Entries of a map. Where one that is there lends its value to be changed, that is a write, once.
//!
//! What puts an entry and gives it asks that keys can be compared, which the real one does not, though no map has others.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::ptr::{self, NonNull};

use ::hashbrown::{DefaultHashBuilder, Equivalent, hash_map as real};

use super::hash_map::HashMap;
use super::lent::{Itself, Of};
use crate::recorder::{Operation, Recorded as _, Since, Size};

/// An entry of a map: its place, taken or not.
pub enum Entry<'a, K, V, S> {
    /// It is there.
    Occupied(OccupiedEntry<'a, K, V, S>),
    /// It is not.
    Vacant(VacantEntry<'a, K, V, S>),
}

/// An entry that is there.
pub struct OccupiedEntry<'a, K, V, S = DefaultHashBuilder> {
    entry: real::OccupiedEntry<'a, K, V, S>,
    of: Of,
    is_counted: bool,
}

/// An entry that is not there.
pub struct VacantEntry<'a, K, V, S = DefaultHashBuilder> {
    entry: real::VacantEntry<'a, K, V, S>,
    of: Of,
}

/// What a map has, and has room for.
fn size<K, V, S>(map: &real::HashMap<K, V, S>) -> Size {
    Size { len: map.len(), capacity: map.capacity(), since: Since::NEVER }
}

impl Of {
    /// The value of an entry that was put into a table which may have grown.
    pub(super) fn value<'a, K, V, S>(self, mut entry: real::OccupiedEntry<'a, K, V, S>) -> &'a mut V {
        let mut value = NonNull::from(entry.get_mut());
        self.inserted_growing(&HashMap::<K, V, S>::LAYOUT, size(entry.into_map()));
        // SAFETY: it lies in the table, which is lent for as long, and which nobody has any more.
        unsafe { value.as_mut() }
    }
}

impl<'a, K, V, S> Entry<'a, K, V, S> {
    pub(super) fn new(entry: real::Entry<'a, K, V, S>, of: Of) -> Self {
        match entry {
            real::Entry::Occupied(entry) => Entry::Occupied(OccupiedEntry::there(entry, of)),
            real::Entry::Vacant(entry) => Entry::Vacant(VacantEntry { entry, of }),
        }
    }

    /// Puts this value, whether there is one or not.
    #[inline]
    pub fn insert(self, value: V) -> OccupiedEntry<'a, K, V, S>
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }

    /// Puts this value, if there is none.
    #[inline]
    pub fn or_insert(self, default: V) -> &'a mut V
    where
        K: Hash,
        S: BuildHasher,
    {
        self.or_insert_with(|| default)
    }

    /// The same; the entry.
    #[inline]
    pub fn or_insert_entry(self, default: V) -> OccupiedEntry<'a, K, V, S>
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        match self {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(default),
        }
    }

    /// Puts what this makes, if there is no value.
    #[inline]
    pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V
    where
        K: Hash,
        S: BuildHasher,
    {
        self.or_insert_with_key(|_| default())
    }

    /// Puts what this makes of the key, if there is no value.
    #[inline]
    pub fn or_insert_with_key<F: FnOnce(&K) -> V>(self, default: F) -> &'a mut V
    where
        K: Hash,
        S: BuildHasher,
    {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
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
        V: Default,
        S: BuildHasher,
    {
        self.or_insert_with(V::default)
    }

    /// Its key.
    #[inline]
    pub fn key(&self) -> &K {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// Changes its value, if there is one.
    #[inline]
    pub fn and_modify<F: FnOnce(&mut V)>(mut self, f: F) -> Self {
        if let Entry::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }

    /// Changes its value or takes it out, if there is one.
    #[inline]
    pub fn and_replace_entry_with<F: FnOnce(&K, V) -> Option<V>>(self, f: F) -> Self {
        match self {
            Entry::Occupied(entry) => entry.replace_entry_with(f),
            Entry::Vacant(_) => self,
        }
    }
}

impl<'a, K, V, S> OccupiedEntry<'a, K, V, S> {
    /// One that was there.
    pub(super) fn there(entry: real::OccupiedEntry<'a, K, V, S>, of: Of) -> Self {
        OccupiedEntry { entry, of, is_counted: false }
    }

    /// One that was just put. Where the table may have grown, the map is asked, and the entry sought again.
    pub(super) fn put(entry: real::OccupiedEntry<'a, K, V, S>, of: Of) -> Self
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        if !of.may_grow() {
            of.inserted();
            return OccupiedEntry { entry, of, is_counted: true };
        }
        let key = ptr::from_ref(entry.key());
        let map = entry.into_map();
        of.inserted_growing(&HashMap::<K, V, S>::LAYOUT, size(map));
        match map.entry_ref(&Itself(key)) {
            real::EntryRef::Occupied(entry) => OccupiedEntry { entry, of, is_counted: true },
            real::EntryRef::Vacant(_) => unreachable!("a key that was put just now has another hash"),
        }
    }

    fn is_written(&mut self) {
        if let (Some(row), false) = (self.of.row, self.is_counted) {
            row.wrote();
            row.trace(Operation::Put, self.of.key);
        }
        self.is_counted = true;
    }

    /// Its key.
    #[inline]
    pub fn key(&self) -> &K {
        self.entry.key()
    }

    /// Puts another key, which equals it.
    ///
    /// # Panics
    /// If it doesn't.
    #[inline]
    pub fn replace_key(&mut self, key: K) -> K
    where
        K: Equivalent<K>,
    {
        self.is_written();
        self.entry.replace_key(key)
    }

    /// Puts another key, which equals it.
    ///
    /// # Safety
    /// It does.
    #[inline]
    pub unsafe fn replace_key_unchecked(&mut self, key: K) -> K {
        self.is_written();
        // SAFETY: the caller's to promise.
        unsafe { self.entry.replace_key_unchecked(key) }
    }

    /// Takes it out.
    #[inline]
    pub fn remove_entry(self) -> (K, V) {
        self.of.removed();
        self.entry.remove_entry()
    }

    /// Its value.
    #[inline]
    pub fn get(&self) -> &V {
        if let Some(row) = self.of.row {
            row.looked_up(|| self.of.key);
        }
        self.entry.get()
    }

    /// Its value, to be changed.
    #[inline]
    pub fn get_mut(&mut self) -> &mut V {
        self.is_written();
        self.entry.get_mut()
    }

    /// Its value, to be changed for as long as the map is lent.
    #[inline]
    pub fn into_mut(mut self) -> &'a mut V {
        self.is_written();
        self.entry.into_mut()
    }

    /// Its key and its value, to be changed for as long as the map is lent.
    #[inline]
    pub fn into_entry(mut self) -> (&'a K, &'a mut V) {
        self.is_written();
        self.entry.into_entry()
    }

    /// Puts another value.
    #[inline]
    pub fn insert(&mut self, value: V) -> V {
        self.is_written();
        self.entry.insert(value)
    }

    /// Takes it out, for its value.
    #[inline]
    pub fn remove(self) -> V {
        self.remove_entry().1
    }

    /// Changes its value, or takes it out.
    #[inline]
    pub fn replace_entry_with<F: FnOnce(&K, V) -> Option<V>>(self, f: F) -> Entry<'a, K, V, S> {
        match self.entry.replace_entry_with(f) {
            real::Entry::Vacant(entry) => {
                self.of.removed();
                let before = Size { len: self.of.before.len.saturating_sub(1), ..self.of.before };
                let of = Of { before, ..self.of };
                Entry::Vacant(VacantEntry { entry, of })
            }
            real::Entry::Occupied(entry) => {
                let mut there = OccupiedEntry { entry, ..self };
                there.is_written();
                Entry::Occupied(there)
            }
        }
    }
}

impl<'a, K, V, S> VacantEntry<'a, K, V, S> {
    /// Its key.
    #[inline]
    pub fn key(&self) -> &K {
        self.entry.key()
    }

    /// Its key, given back.
    #[inline]
    pub fn into_key(self) -> K {
        self.entry.into_key()
    }

    /// Puts this value.
    #[inline]
    pub fn insert(self, value: V) -> &'a mut V
    where
        K: Hash,
        S: BuildHasher,
    {
        let of = self.of.begun();
        if !of.may_grow() {
            of.inserted();
            return self.entry.insert(value);
        }
        of.value(self.entry.insert_entry(value))
    }

    /// Puts this value, and is there.
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V, S>
    where
        K: Eq + Hash,
        S: BuildHasher,
    {
        let of = self.of.begun();
        OccupiedEntry::put(self.entry.insert_entry(value), of)
    }
}

/// What [`HashMap::try_insert`] finds.
pub struct OccupiedError<'a, K, V, S> {
    /// The entry that is there.
    pub entry: OccupiedEntry<'a, K, V, S>,
    /// The value that was not put.
    pub value: V,
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for Entry<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for OccupiedEntry<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}

impl<K: fmt::Debug, V, S> fmt::Debug for VacantEntry<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for OccupiedError<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = f.debug_struct("OccupiedError");
        error.field("key", self.entry.key()).field("old_value", self.entry.entry.get());
        error.field("new_value", &self.value).finish()
    }
}

impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Display for OccupiedError<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, there) = (self.entry.key(), self.entry.entry.get());
        write!(f, "failed to insert {:?}, key {key:?} already exists with value {there:?}", self.value)
    }
}
