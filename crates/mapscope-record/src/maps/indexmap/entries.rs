//! Entries of a map. Where one that is there lends its value to be changed, that is a write, once.
//!
//! An entry has the map for itself, so that nothing can be asked of it: what becomes of its tables follows from what it said
//! before, or is found out by its next operation.

use std::cmp::Ordering;
use std::fmt;

use ::indexmap::map::{self as real, MutableEntryKey as _};

use super::mutable::MutableEntryKey;
use super::watched::Of;

/// An entry of a map: its place, taken or not.
pub enum Entry<'a, K, V> {
    /// It is there.
    Occupied(OccupiedEntry<'a, K, V>),
    /// It is not.
    Vacant(VacantEntry<'a, K, V>),
}

/// An entry that is there, found by its key.
pub struct OccupiedEntry<'a, K, V> {
    entry: real::OccupiedEntry<'a, K, V>,
    of: Of<'a, K>,
    is_counted: bool,
}

/// An entry that is not there.
pub struct VacantEntry<'a, K, V> {
    entry: real::VacantEntry<'a, K, V>,
    of: Of<'a, K>,
}

/// An entry that is there, found by its position.
pub struct IndexedEntry<'a, K, V> {
    entry: real::IndexedEntry<'a, K, V>,
    of: Of<'a, K>,
    is_counted: bool,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub(super) fn new(entry: real::Entry<'a, K, V>, of: Of<'a, K>) -> Self {
        match entry {
            real::Entry::Occupied(entry) => Entry::Occupied(OccupiedEntry { entry, of, is_counted: false }),
            real::Entry::Vacant(entry) => Entry::Vacant(VacantEntry { entry, of }),
        }
    }

    /// Its position, or the one that it would have.
    #[inline]
    pub fn index(&self) -> usize {
        match self {
            Entry::Occupied(entry) => entry.index(),
            Entry::Vacant(entry) => entry.index(),
        }
    }

    /// Puts this value, whether there is one or not.
    #[inline]
    pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V> {
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
    pub fn or_insert(self, default: V) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(default),
        }
    }

    /// Puts what this makes, if there is no value.
    #[inline]
    #[track_caller]
    pub fn or_insert_with<F: FnOnce() -> V>(self, call: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(call()),
        }
    }

    /// Puts what this makes of the key, if there is no value.
    #[inline]
    #[track_caller]
    pub fn or_insert_with_key<F: FnOnce(&K) -> V>(self, call: F) -> &'a mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let value = call(entry.key());
                entry.insert(value)
            }
        }
    }

    /// Puts the value that its type has to begin with, if there is none.
    #[inline]
    #[track_caller]
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(V::default()),
        }
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
}

/// What both kinds of entries do that are there.
macro_rules! there {
    ($($name:ident)*) => {$(
        impl<'a, K, V> $name<'a, K, V> {
            fn is_written(&mut self) {
                if !self.is_counted {
                    self.of.wrote();
                }
                self.is_counted = true;
            }

            /// Its position.
            #[inline]
            pub fn index(&self) -> usize {
                self.entry.index()
            }

            /// Its key.
            #[inline]
            pub fn key(&self) -> &K {
                self.entry.key()
            }

            /// Its value.
            #[inline]
            pub fn get(&self) -> &V {
                self.of.looked_up();
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

            /// Puts another value.
            #[inline]
            pub fn insert(&mut self, value: V) -> V {
                self.is_written();
                self.entry.insert(value)
            }

            /// Takes it out, for its value; the last entry comes to its position.
            #[inline]
            pub fn swap_remove(self) -> V {
                self.swap_remove_entry().1
            }

            /// Takes it out, for its value; the entries after it move up.
            #[inline]
            pub fn shift_remove(self) -> V {
                self.shift_remove_entry().1
            }

            /// Takes it out; the last entry comes to its position.
            #[inline]
            pub fn swap_remove_entry(mut self) -> (K, V) {
                self.of.removed();
                self.entry.swap_remove_entry()
            }

            /// Takes it out; the entries after it move up.
            #[inline]
            pub fn shift_remove_entry(mut self) -> (K, V) {
                self.of.removed();
                self.entry.shift_remove_entry()
            }

            /// Moves it to another position.
            #[track_caller]
            pub fn move_index(self, to: usize) {
                self.entry.move_index(to);
            }

            /// Swaps it with another one.
            #[track_caller]
            pub fn swap_indices(self, other: usize) {
                self.entry.swap_indices(other);
            }
        }

        impl<K, V> MutableEntryKey for $name<'_, K, V> {
            type Key = K;

            fn key_mut(&mut self) -> &mut K {
                self.of.lend_key();
                self.entry.key_mut()
            }
        }

        impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for $name<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.entry.fmt(f)
            }
        }
    )*};
}

there!(OccupiedEntry IndexedEntry);

impl<K, V> OccupiedEntry<'_, K, V> {
    /// Takes it out, for its value; the last entry comes to its position.
    #[deprecated(
        note = "`remove` disrupts the map order -- use `swap_remove` or `shift_remove` for explicit behavior."
    )]
    pub fn remove(self) -> V {
        self.swap_remove()
    }

    /// Takes it out; the last entry comes to its position.
    #[deprecated(
        note = "`remove_entry` disrupts the map order -- use `swap_remove_entry` or `shift_remove_entry` for explicit behavior."
    )]
    pub fn remove_entry(self) -> (K, V) {
        self.swap_remove_entry()
    }
}

impl<'a, K, V> IndexedEntry<'a, K, V> {
    pub(super) fn new(entry: real::IndexedEntry<'a, K, V>, of: Of<'a, K>) -> Self {
        IndexedEntry { entry, of, is_counted: false }
    }
}

impl<'a, K, V> From<IndexedEntry<'a, K, V>> for OccupiedEntry<'a, K, V> {
    fn from(IndexedEntry { entry, of, is_counted }: IndexedEntry<'a, K, V>) -> Self {
        OccupiedEntry { entry: entry.into(), of, is_counted }
    }
}

impl<'a, K, V> From<OccupiedEntry<'a, K, V>> for IndexedEntry<'a, K, V> {
    fn from(OccupiedEntry { entry, of, is_counted }: OccupiedEntry<'a, K, V>) -> Self {
        IndexedEntry { entry: entry.into(), of, is_counted }
    }
}

impl<'a, K, V> VacantEntry<'a, K, V> {
    /// The position that it would have.
    #[inline]
    pub fn index(&self) -> usize {
        self.entry.index()
    }

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
    pub fn insert(self, value: V) -> &'a mut V {
        self.put(|entry| entry.insert(value))
    }

    /// Puts this value, and is there.
    #[inline]
    pub fn insert_entry(mut self, value: V) -> OccupiedEntry<'a, K, V> {
        self.of.begin();
        let entry = self.entry.insert_entry(value);
        self.of.put();
        OccupiedEntry { entry, of: self.of, is_counted: true }
    }

    /// Puts this value where it belongs among keys that are sorted.
    pub fn insert_sorted(self, value: V) -> (usize, &'a mut V)
    where
        K: Ord,
    {
        self.put(|entry| entry.insert_sorted(value))
    }

    /// Puts this value where it belongs among entries that are sorted by this.
    pub fn insert_sorted_by<F>(self, value: V, cmp: F) -> (usize, &'a mut V)
    where
        F: FnMut(&K, &V, &K, &V) -> Ordering,
    {
        self.put(|entry| entry.insert_sorted_by(value, cmp))
    }

    /// Puts this value where it belongs among entries that are sorted by what this makes of them.
    pub fn insert_sorted_by_key<B: Ord, F: FnMut(&K, &V) -> B>(self, value: V, sort_key: F) -> (usize, &'a mut V) {
        self.put(|entry| entry.insert_sorted_by_key(value, sort_key))
    }

    /// Puts this value at this position.
    #[track_caller]
    pub fn shift_insert(self, index: usize, value: V) -> &'a mut V {
        self.put(|entry| entry.shift_insert(index, value))
    }

    /// Puts its key in place of the one at this position; gives that, and is there.
    #[track_caller]
    pub fn replace_index(mut self, index: usize) -> (K, OccupiedEntry<'a, K, V>) {
        self.of.begin();
        let (old, entry) = self.entry.replace_index(index);
        self.of.replaced(&old);
        (old, OccupiedEntry { entry, of: self.of, is_counted: true })
    }

    /// What compares entries may panic, and has put nothing then.
    #[inline]
    #[track_caller]
    fn put<T>(mut self, put: impl FnOnce(real::VacantEntry<'a, K, V>) -> T) -> T {
        self.of.begin();
        let put = put(self.entry);
        self.of.put();
        put
    }
}

impl<K, V> MutableEntryKey for Entry<'_, K, V> {
    type Key = K;

    fn key_mut(&mut self) -> &mut K {
        match self {
            Entry::Occupied(entry) => entry.key_mut(),
            Entry::Vacant(entry) => entry.key_mut(),
        }
    }
}

impl<K, V> MutableEntryKey for VacantEntry<'_, K, V> {
    type Key = K;

    fn key_mut(&mut self) -> &mut K {
        self.entry.key_mut()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Entry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: fmt::Debug, V> fmt::Debug for VacantEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry.fmt(f)
    }
}
