//! Entries of maps, which are the same for all of them but for what they ask of keys.

/// `Entry`, `OccupiedEntry` and `VacantEntry` over those of a module of the standard library. Where an entry that is there
/// lends its value to be changed, that is a write, once.
macro_rules! entries {
    ($std:ident, $($ord:ident)?) => {
        /// An entry of a map: its place, taken or not.
        pub enum Entry<'a, K: 'a, V: 'a> {
            /// It is there.
            Occupied(OccupiedEntry<'a, K, V>),
            /// It is not.
            Vacant(VacantEntry<'a, K, V>),
        }

        /// An entry that is there.
        pub struct OccupiedEntry<'a, K: 'a, V: 'a> {
            entry: std::collections::$std::OccupiedEntry<'a, K, V>,
            row: Option<&'static Row>,
            key: Option<Key>,
            is_counted: bool,
        }

        /// An entry that is not there.
        pub struct VacantEntry<'a, K: 'a, V: 'a> {
            entry: std::collections::$std::VacantEntry<'a, K, V>,
            row: Option<&'static Row>,
            key: Option<Key>,
        }

        impl<'a, K $(: $ord)?, V> Entry<'a, K, V> {
            fn new(
                entry: std::collections::$std::Entry<'a, K, V>,
                row: Option<&'static Row>,
                key: Option<Key>,
            ) -> Self {
                use std::collections::$std::Entry::{Occupied, Vacant};
                match entry {
                    Occupied(entry) => Entry::Occupied(OccupiedEntry { entry, row, key, is_counted: false }),
                    Vacant(entry) => Entry::Vacant(VacantEntry { entry, row, key }),
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
            pub fn or_insert_with<F: FnOnce() -> V>(self, default: F) -> &'a mut V {
                match self {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert(default()),
                }
            }

            /// Puts what this makes of the key, if there is no value.
            #[inline]
            #[track_caller]
            pub fn or_insert_with_key<F: FnOnce(&K) -> V>(self, default: F) -> &'a mut V {
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
            pub fn and_modify<F: FnOnce(&mut V)>(self, f: F) -> Self {
                match self {
                    Entry::Occupied(mut entry) => {
                        f(entry.get_mut());
                        Entry::Occupied(entry)
                    }
                    vacant => vacant,
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
        }

        impl<'a, K $(: $ord)?, V> OccupiedEntry<'a, K, V> {
            fn is_written(&mut self) {
                if let (Some(row), false) = (self.row, self.is_counted) {
                    row.wrote();
                    row.trace(Operation::Put, self.key);
                }
                self.is_counted = true;
            }

            fn is_removed(&self) {
                if let Some(row) = self.row {
                    row.removed(1);
                    row.trace(Operation::Remove, self.key);
                }
            }

            /// Its key.
            #[inline]
            pub fn key(&self) -> &K {
                self.entry.key()
            }

            /// Takes it out.
            #[inline]
            pub fn remove_entry(self) -> (K, V) {
                self.is_removed();
                self.entry.remove_entry()
            }

            /// Its value.
            #[inline]
            pub fn get(&self) -> &V {
                if let Some(row) = self.row {
                    row.looked_up(|| self.key);
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

            /// Puts another value.
            #[inline]
            pub fn insert(&mut self, value: V) -> V {
                self.is_written();
                self.entry.insert(value)
            }

            /// Takes it out, for its value.
            #[inline]
            pub fn remove(self) -> V {
                self.is_removed();
                self.entry.remove()
            }
        }

        impl<'a, K $(: $ord)?, V> VacantEntry<'a, K, V> {
            fn is_inserted(&self) {
                if let Some(row) = self.row {
                    row.wrote();
                    row.inserted(1);
                    row.trace(Operation::Put, self.key);
                }
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
                self.is_inserted();
                self.entry.insert(value)
            }

            /// Puts this value, and is there.
            #[inline]
            pub fn insert_entry(self, value: V) -> OccupiedEntry<'a, K, V> {
                self.is_inserted();
                let (row, key) = (self.row, self.key);
                OccupiedEntry { entry: self.entry.insert_entry(value), row, key, is_counted: true }
            }
        }

        impl<K: fmt::Debug $(+ $ord)?, V: fmt::Debug> fmt::Debug for Entry<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Entry::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
                    Entry::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
                }
            }
        }

        impl<K: fmt::Debug $(+ $ord)?, V: fmt::Debug> fmt::Debug for OccupiedEntry<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.entry.fmt(f)
            }
        }

        impl<K: fmt::Debug $(+ $ord)?, V> fmt::Debug for VacantEntry<'_, K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.entry.fmt(f)
            }
        }
    };
}
