//! The read map and the dirty map: hash tables of shared entries.

use std::sync::Arc;

use hashbrown::HashTable;

use super::entry::Entry;
use crate::entry::Key;
use crate::maps::Hashing;

/// A table under a hash of its own, as each of Go's runtime maps has one.
pub(super) struct Table<K, V, S> {
    slots: HashTable<Arc<Entry<K, V>>>,
    hasher: S,
}

impl<K: Key, V, S: Hashing> Table<K, V, S> {
    pub(super) fn new(room: usize, hasher: S) -> Self {
        Table { slots: HashTable::with_capacity(room), hasher }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes allocated: they change where the table does, as its capacity does not alone.
    pub(super) fn bytes(&self) -> usize {
        self.slots.allocation_size()
    }

    #[inline]
    pub(super) fn find(&self, key: &K) -> Option<&Arc<Entry<K, V>>> {
        self.slots.find(self.hasher.hash_one(key), |entry| entry.key == *key)
    }

    /// Puts an entry whose key is not there.
    #[inline]
    pub(super) fn put(&mut self, entry: Arc<Entry<K, V>>) {
        let hasher = &self.hasher;
        self.slots.insert_unique(hasher.hash_one(&entry.key), entry, |entry| hasher.hash_one(&entry.key));
    }

    #[inline]
    pub(super) fn take(&mut self, key: &K) -> Option<Arc<Entry<K, V>>> {
        let hash = self.hasher.hash_one(key);
        self.slots.find_entry(hash, |entry| entry.key == *key).ok().map(|entry| entry.remove().0)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Arc<Entry<K, V>>> {
        self.slots.iter()
    }
}
