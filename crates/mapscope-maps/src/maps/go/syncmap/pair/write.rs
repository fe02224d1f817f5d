//! Store, Delete, and letting go of everything.

use std::ptr::NonNull;

use rand_core::Rng;

use super::super::boxed::Boxed;
use super::entry::Entry;
use super::inner::Inner;
use super::{Hashing, Key, PairMap, ReadOnly, Value};
use crate::maps::go::heap;
use crate::probe::event::{Event, Probe};

impl<K: Key, V: Value, S: Hashing, P: Probe> PairMap<K, V, S, P> {
    /// An object for a value that `&value` lets escape.
    #[inline]
    pub(super) fn escape(value: Boxed<V>) -> NonNull<Boxed<V>> {
        let object = heap::alloc(size_of::<Boxed<V>>(), false).cast::<Boxed<V>>();
        // SAFETY: just allocated, of its size.
        unsafe { object.write(value) };
        object
    }

    /// `Store(key, value)`; true when the key was there.
    #[inline]
    pub(super) fn store(&mut self, key: K, value: V) -> bool {
        let key = Boxed::new(key, !K::POINTERS, &mut self.tiny);
        let value = Self::escape(Boxed::new(value, !V::POINTERS, &mut self.tiny));
        let (found, _) = self.look_up(&key);
        let Some((_, at)) = found else {
            self.store_new(key, value);
            return false;
        };
        // SAFETY: it has just been found.
        let entry = unsafe { at.get() };
        if entry.is_expunged()
            && let Some(dirty) = self.header().dirty.get()
        {
            dirty.insert(key, at, false);
            entry.swap(Some(value));
            self.len += 1;
            return false;
        }
        let old = entry.swap(Some(value));
        self.len += usize::from(old.is_none());
        // SAFETY: the entry has another value now, and has kept the key it had.
        unsafe {
            self.free_value(old);
            key.free(!K::POINTERS, self.probe);
        }
        old.is_some()
    }

    /// Puts a key that neither map has into the dirty map.
    pub(super) fn store_new(&mut self, key: Boxed<K>, value: NonNull<Boxed<V>>) {
        let read = self.read();
        let dirty = match self.header().dirty.get() {
            Some(dirty) => dirty,
            None => self.copy_dirty(read.map),
        };
        if !read.amended {
            self.set_read(ReadOnly { map: read.map, amended: true });
        }
        // SAFETY: an object of `escape`; Store's parameter is garbage when newEntry has copied it to its own.
        let entry = unsafe {
            let entry = Entry::alloc(Self::escape(value.read()));
            heap::free(value.cast(), size_of::<Boxed<V>>(), false);
            entry
        };
        dirty.insert(key, entry, false);
        self.len += 1;
    }

    /// Makes a dirty map and gives it every entry of the read map that is not deleted.
    #[cold]
    pub(super) fn copy_dirty(&mut self, read: Option<Inner<K, V, S, P>>) -> Inner<K, V, S, P> {
        let hasher = self.hasher.another(self.random.next_u64());
        let dirty = Inner::new(read, self.random.next_u64(), self.release, hasher, self.probe);
        if let Some(read) = read {
            read.for_each(|key, entry| {
                // SAFETY: an entry of the read map is there.
                if !unsafe { entry.get() }.expunge() {
                    dirty.insert(key, entry, true);
                }
            });
        }
        dirty.tell(self.probe);
        self.header().dirty.set(Some(dirty));
        self.probe.emit(Event::DirtyCopy);
        dirty
    }

    /// `Delete(key)`; true when the key was there.
    #[inline]
    pub(super) fn delete(&mut self, key: &K) -> bool {
        let key = Boxed::lent(key);
        let read = self.read();
        let (at, gone) = match read.map.and_then(|map| map.find(&key)) {
            Some((_, at)) => (at, None),
            None => {
                let Some(dirty) = self.header().dirty.get().filter(|_| read.amended) else { return false };
                let taken = dirty.take(&key);
                self.count_miss(dirty);
                let Some((stored, at)) = taken else { return false };
                (at, Some((stored, dirty.side())))
            }
        };
        // SAFETY: the entry has just been found, and gives up its own value; or its slot in the dirty map is gone, and
        // lets go of it here.
        unsafe {
            let entry = at.get();
            let old = if entry.is_expunged() { None } else { entry.swap(None) };
            self.len -= usize::from(old.is_some());
            if let Some((stored, side)) = gone {
                self.free_slot(stored, at, entry.let_go(side));
            }
            self.free_value(old);
            old.is_some()
        }
    }

    /// Lets go of all entries; the dirty map, emptied, stays.
    pub(super) fn empty(&mut self) {
        // Out of reach first: what the keys and values do when they are dropped is theirs.
        let (read, dirty) = (self.read().map, self.header().dirty.take());
        let read_only = self.header().read.take();
        self.free_read_only(read_only);
        self.header().misses.set(0);
        self.len = 0;
        [read, dirty].into_iter().flatten().for_each(|map| self.free_slots(map));
        if let Some(read) = read {
            // SAFETY: it was the header's, and its slots hold nothing any more.
            unsafe { read.free() };
        }
        dirty.inspect(|dirty| dirty.clear());
        self.header().dirty.set(dirty);
    }
}
