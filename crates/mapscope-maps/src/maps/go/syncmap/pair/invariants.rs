//! What holds between any two operations.

use super::{Hashing, Key, PairMap, Value};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> PairMap<K, V, S, P> {
    /// Panics when an invariant does not hold.
    pub(super) fn check(&self) {
        let (read, dirty) = (self.read(), self.header().dirty.get());
        let misses = self.header().misses.get();
        assert_eq!(self.header().looking.get(), 0, "nobody looks anything up");
        assert!(dirty.is_some() || !read.amended, "amended without a dirty map");
        assert!(misses == 0 || dirty.is_some_and(|dirty| misses < dirty.len()), "{misses} misses without a promotion");
        if let Some(dirty) = dirty.filter(|_| !read.amended) {
            assert!(read.map.is_none() && dirty.len() == 0, "only a cleared map has a dirty map that adds nothing");
        }
        for map in [read.map, dirty].into_iter().flatten() {
            map.check();
        }

        let mut live = 0;
        if let Some(read) = read.map {
            assert!(Some(read) != dirty, "one map is both");
            read.for_each(|key, entry| {
                // SAFETY: an entry of the read map is there.
                let entry_now = unsafe { entry.get() };
                assert!(entry_now.is_held(read.side()), "the slot holds its entry");
                let Some(dirty) = dirty else {
                    assert!(!entry_now.is_expunged() && !entry_now.is_held(!read.side()), "there is nobody else");
                    live += usize::from(entry_now.value().is_some());
                    return;
                };
                assert_eq!(dirty.find(&key).is_some(), entry_now.is_held(dirty.side()), "the other slot");
                assert_ne!(entry_now.is_held(dirty.side()), entry_now.is_expunged(), "expunged: not in the dirty map");
                if let Some((other, there)) = dirty.find(&key) {
                    assert!(there == entry, "one key has two entries");
                    // Two boxes of a small integer are the same all the same.
                    let one_box = other.content() == key.content();
                    assert!(one_box || entry_now.has_two_keys(), "a box that nobody knows of");
                }
            });
        }
        if let Some(dirty) = dirty {
            dirty.for_each(|key, entry| {
                // SAFETY: an entry of the dirty map is there.
                let entry_now = unsafe { entry.get() };
                let in_read = read.map.is_some_and(|read| read.find(&key).is_some());
                assert!(entry_now.is_held(dirty.side()), "the slot holds its entry");
                assert_eq!(entry_now.is_held(!dirty.side()), in_read, "the other slot");
                let alive = entry_now.value().is_some();
                assert!(alive || in_read, "a deleted entry is in the dirty map alone");
                live += usize::from(alive);
            });
        }
        assert_eq!(self.len, live, "live entries");
    }
}
