//! Lookups, which may promote, and what a promotion leaves behind.

use std::cell::Cell;
use std::ptr::NonNull;

use super::super::boxed::Boxed;
use super::entry::{EntryAt, Last};
use super::inner::Inner;
use super::{Found, Hashing, Key, PairMap, ReadOnly, Value};
use crate::maps::go::heap;
use crate::probe::event::{Event, Probe};

/// A lookup in the read map.
struct Looking<'a>(&'a Cell<u64>);

impl<'a> Looking<'a> {
    #[inline]
    fn begin(looking: &'a Cell<u64>) -> Self {
        looking.set(looking.get() + 1);
        Looking(looking)
    }
}

impl Drop for Looking<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// What was found, and the dirty map if it had to be asked.
type Lookup<K, V, S, P> = (Option<Found<K, V>>, Option<Inner<K, V, S, P>>);

impl<K: Key, V: Value, S: Hashing, P: Probe> PairMap<K, V, S, P> {
    /// What the read map or else the dirty map has under the key.
    #[inline]
    pub(super) fn look_up(&self, key: &Boxed<K>) -> Lookup<K, V, S, P> {
        let read = self.read();
        if let Some(map) = read.map {
            let _looking = Looking::begin(&self.header().looking);
            let found = map.find(key);
            if found.is_some() {
                return (found, None);
            }
        }
        let asked = self.header().dirty.get().filter(|_| read.amended);
        (asked.and_then(|dirty| dirty.find(key)), asked)
    }

    /// The live entry of what a lookup found.
    #[inline]
    pub(super) fn live(&self, key: &Boxed<K>, found: Option<Found<K, V>>) -> Option<(&K, &V)> {
        let (mut stored, entry) = found?;
        // SAFETY: what a lookup found is freed by a write at the earliest: a promotion leaves a live entry alone.
        let entry = unsafe { entry.get() };
        let value = entry.value()?;
        if entry.has_two_keys() {
            (stored, _) = self.whole()?.find(key)?;
        }
        // SAFETY: the same holds for its key in the map that has all live entries, and for its value. A write needs the
        // map exclusively.
        Some(unsafe { (stored.get(), value.as_ref().get()) })
    }

    /// Counts a miss, and promotes the dirty map when there were as many as it has keys. Not while a comparison of
    /// keys looks something up itself: the read map is still in use then.
    #[inline]
    pub(super) fn count_miss(&self, dirty: Inner<K, V, S, P>) {
        let misses = self.header().misses.get() + 1;
        self.header().misses.set(misses);
        if misses >= dirty.len() && self.header().looking.get() == 0 {
            self.promote(dirty);
        }
    }

    /// The dirty map takes the place of the read map.
    #[cold]
    pub(super) fn promote(&self, dirty: Inner<K, V, S, P>) {
        let old = self.read().map;
        self.set_read(ReadOnly { map: Some(dirty), amended: false });
        self.header().dirty.set(None);
        self.header().misses.set(0);
        self.probe.emit(Event::Promote);
        let Some(old) = old else { return };
        old.for_each(|key, entry| {
            // SAFETY: the slot has not let go of its entry before.
            let entry_now = unsafe { entry.get() };
            let last = entry_now.let_go(old.side());
            // A live entry is in the other map, or lost by a hash that changed; somebody may be looking at it.
            if entry_now.value().is_none() || !last.entry {
                // SAFETY: the slot let go of it.
                unsafe { self.free_slot(key, entry, last) };
            }
        });
        // SAFETY: it was the read map's, and `live` gives out no reference into it.
        unsafe { old.free() };
    }

    /// Lets go of all that a map holds.
    pub(super) fn free_slots(&self, map: Inner<K, V, S, P>) {
        map.for_each(|key, entry| {
            // SAFETY: the slot has not let go of its entry before, and is not used after.
            unsafe {
                let last = entry.get().let_go(map.side());
                self.free_slot(key, entry, last);
            }
        });
    }

    /// # Safety
    /// The slot let go of its entry, `last` is what that returned, and what is freed is used no more.
    #[inline]
    pub(super) unsafe fn free_slot(&self, key: Boxed<K>, entry: EntryAt<V>, last: Last) {
        // SAFETY: the caller's promise.
        unsafe {
            if last.entry {
                let value = entry.get().value();
                entry.free();
                self.free_value(value);
            }
            if last.key {
                key.free(!K::POINTERS, self.probe);
            }
        }
    }

    /// # Safety
    /// The value is no entry's any more.
    #[inline]
    pub(super) unsafe fn free_value(&self, value: Option<NonNull<Boxed<V>>>) {
        if let Some(value) = value {
            // SAFETY: the caller's promise; an object of `escape`.
            unsafe {
                let boxed = value.read();
                heap::free(value.cast(), size_of::<Boxed<V>>(), false);
                boxed.free(!V::POINTERS, self.probe);
            }
        }
    }
}
