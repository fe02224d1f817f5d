//! `for k, v := range m`, with a body that may write to `m`.

use std::ops::ControlFlow;

use rand_core::Rng;

use super::bucket::{Bucket, SLOTS};
use super::design::Design;
use super::hmap::{Array, ITERATOR, OLD_ITERATOR};
use super::tophash::{EMPTY_ONE, EVACUATED_EMPTY, EVACUATED_X, EVACUATED_Y};
use super::{GoClassicMap, Hashing, Key, Slot, Value};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Ranges over the map as Go's `for range` does, handing clones of key and value to `body`, which may write to the
    /// same map, and range over it again.
    ///
    /// Starts at a random bucket and slot. An entry that is there from beginning to end comes exactly once, one that is
    /// removed before it was reached not at all, one that is put in on the way at most once; after a clear the order of
    /// Go's own iterator decides. Ends early when the body breaks, or puts another map in this one's place.
    pub fn range(&mut self, mut body: impl FnMut(&mut Self, K, V) -> ControlFlow<()>) {
        let Some(mut cursor) = Cursor::start(self) else { return };
        let ranging = Ranging::enter(self);
        while let Some(slot) = cursor.next(ranging.map) {
            // SAFETY: filled, and nothing writes to the map before both are cloned.
            let (key, value) = unsafe { slot.entry() };
            let (key, value) = (key.clone(), value.clone());
            if body(ranging.map, key, value).is_break() || ranging.map.serial != ranging.serial {
                break;
            }
        }
    }
}

/// A range under way; its end, even by a panic, releases what only ranges needed.
struct Ranging<'a, K: Key, V: Value, S: Hashing, P: Probe, D: Design> {
    map: &'a mut GoClassicMap<K, V, S, P, D>,
    serial: u64,
}

impl<'a, K: Key, V: Value, S: Hashing, P: Probe, D: Design> Ranging<'a, K, V, S, P, D> {
    fn enter(map: &'a mut GoClassicMap<K, V, S, P, D>) -> Self {
        map.ranges += 1;
        let serial = map.serial;
        Ranging { map, serial }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> Drop for Ranging<'_, K, V, S, P, D> {
    fn drop(&mut self) {
        if self.map.serial == self.serial {
            self.map.ranges -= 1;
            if self.map.ranges == 0 {
                self.map.release_kept();
            }
        }
    }
}

/// Go's iterator. Its buckets stay readable while a range is entered: those of the current array because they are,
/// later because `retire` keeps them.
struct Cursor<K, V, D: Design> {
    /// The current array when the range began.
    array: Array<K, V, D>,
    start: usize,
    /// The slot that each bucket is begun at.
    offset: usize,
    /// Whether the end of the array has been passed.
    wrapped: bool,
    /// The next bucket to begin.
    bucket: usize,
    /// The bucket being walked, and how many of its slots have been.
    current: Option<Bucket<K, V, D>>,
    walked: usize,
    /// While walking an old bucket for its entries that belong into one bucket of the array: that one.
    check: Option<usize>,
}

impl<K: Key, V: Value, D: Design> Cursor<K, V, D> {
    fn start<S: Hashing, P: Probe>(map: &mut GoClassicMap<K, V, S, P, D>) -> Option<Self> {
        if map.hmap().count == 0 {
            return None;
        }
        let array = map.array()?;
        if Bucket::<K, V, D>::LISTED {
            map.overflow_list();
        }
        let random = map.random.next_u64();
        map.hmap_mut().flags |= ITERATOR | OLD_ITERATOR;
        let start = random as usize & ((1 << array.b) - 1);
        Some(Cursor {
            start,
            offset: (random >> array.b) as usize % SLOTS,
            array,
            wrapped: false,
            bucket: start,
            current: None,
            walked: 0,
            check: None,
        })
    }

    /// The next entry's slot, where it lives now.
    fn next<S: Hashing, P: Probe>(&mut self, map: &GoClassicMap<K, V, S, P, D>) -> Option<Slot<K, V, D>> {
        loop {
            let bucket = match self.current {
                Some(bucket) => bucket,
                None => self.begin_bucket(map)?,
            };
            while self.walked < SLOTS {
                let slot = bucket.slot((self.walked + self.offset) % SLOTS);
                self.walked += 1;
                if let Some(slot) = self.golden(map, slot) {
                    self.current = Some(bucket);
                    return Some(slot);
                }
            }
            self.current = bucket.overflow(map.reach());
            self.walked = 0;
        }
    }

    /// Begins the next bucket: an old one while the growth in which the range began has not evacuated it.
    fn begin_bucket<S: Hashing, P: Probe>(&mut self, map: &GoClassicMap<K, V, S, P, D>) -> Option<Bucket<K, V, D>> {
        if self.wrapped && self.bucket == self.start {
            return None;
        }
        let index = self.bucket;
        self.bucket += 1;
        if self.bucket == 1 << self.array.b {
            (self.bucket, self.wrapped) = (0, true);
        }
        self.walked = 0;
        self.check = None;
        if self.array.b == map.hmap().b
            && let Some(old_array) = map.old_array()
        {
            let old = old_array.head(index);
            if !old.tops().evacuated() {
                self.check = Some(index);
                return Some(old);
            }
        }
        Some(self.array.head(index))
    }

    /// The slot where the entry of a walked slot lives, if it has one that this range is to show now.
    fn golden<S: Hashing, P: Probe>(
        &self,
        map: &GoClassicMap<K, V, S, P, D>,
        slot: Slot<K, V, D>,
    ) -> Option<Slot<K, V, D>> {
        let top = slot.top();
        if top <= EMPTY_ONE || top == EVACUATED_EMPTY {
            return None;
        }
        // SAFETY: filled or evacuated. The stale key of an evacuated slot is valid: the entry itself has it, or
        // `drop_entry` kept it.
        let key = unsafe { slot.key_ptr().as_ref() };
        if let Some(index) = self.check
            && !map.hmap().same_size_grow()
            && map.hasher.hash_one(key) as usize & ((1 << self.array.b) - 1) != index
        {
            return None;
        }
        if matches!(top, EVACUATED_X | EVACUATED_Y) { map.find(key) } else { Some(slot) }
    }
}
