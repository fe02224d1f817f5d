//! The census: counts from outside, exactly, which entries of a map moved, by comparing each entry's address with the
//! one before.
//!
//! It costs one table slot (24 bytes) a live entry and one probe of that table for each entry looked at. It sees an
//! entry that ends an operation at another address than it began; it can't see one that left and came back within a
//! single operation, nor bytes copied to a place that never held the live entry.

use hashbrown::HashMap;

/// Where the key and the value of an entry are.
pub type Place = (usize, usize);

/// Entries by identity, with their last known place.
#[derive(Debug, Default)]
pub struct Census {
    places: HashMap<u64, Place, foldhash::fast::FixedState>,
}

/// What one look at an entry found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Whether the key's address changed.
    pub key: bool,
    /// Whether the value's address changed.
    pub value: bool,
}

impl Census {
    /// A new entry, or one that was put anew.
    pub fn put(&mut self, id: u64, place: Place) {
        self.places.insert(id, place);
    }

    /// An entry that was removed.
    pub fn remove(&mut self, id: u64) {
        self.places.remove(&id);
    }

    /// All entries were dropped.
    pub fn clear(&mut self) {
        self.places.clear();
    }

    /// Compares an entry's place with the last known one, which it then replaces. An entry not yet known has not moved.
    pub fn look(&mut self, id: u64, place: Place) -> Moved {
        match self.places.get_mut(&id) {
            Some(known) => {
                let moved = Moved { key: known.0 != place.0, value: known.1 != place.1 };
                *known = place;
                moved
            }
            None => Moved { key: false, value: false },
        }
    }

    /// Entries known.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_counts_as_moved_once_for_each_new_address() {
        let mut census = Census::default();
        assert_eq!(census.look(7, (1, 2)), Moved { key: false, value: false }, "not known yet");
        census.put(7, (1, 2));
        assert_eq!(census.look(7, (3, 2)), Moved { key: true, value: false });
        assert_eq!(census.look(7, (3, 2)), Moved { key: false, value: false });
        assert_eq!(census.look(7, (3, 9)), Moved { key: false, value: true });
        census.remove(7);
        assert!(census.is_empty());
    }
}
