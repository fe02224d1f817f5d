//! [`HashMap`] of the standard library, recorded.

use std::borrow::Borrow;

pub use std::collections::hash_map::{DefaultHasher, RandomState};

hash_map!(where K: Borrow<Q>, Q: Eq + Hash + ?Sized);
entries!(hash_map,);

impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
    /// The entry of a key.
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        let row = self.row();
        // A full map makes room for a new key before it lends the entry; while it does, nothing can be asked of it.
        if row.is_some() && self.map.len() == self.map.capacity() && !self.map.contains_key(&key) {
            self.reserve(1);
        }
        let traced = self.key(&key);
        Entry::new(self.map.entry(key), row, traced)
    }
}
