//! The map: lookups and writes, with the lock and without, dirty copies and promotions.

mod entry;
#[cfg(test)]
mod invariants;
mod table;

use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::sync::{AtomicPtr, Guard, Mutex, MutexGuard, pin};
use crate::entry::{Key, Value};
use crate::maps::guarded::lock;
use crate::maps::{Concurrent, Hashing, Options};
use crate::probe::event::{Event, Probe};
use entry::{Entry, Unlinked};
use table::Table;

/// Go's `sync.Map` for several threads; see the module above.
///
/// Invariants, besides Go's (the dirty map is there if and only if the read map is amended, and then has every entry that is
/// not expunged):
///
/// - **guarded**: what was found under a guard is not freed before the guard is let go. Whatever is replaced or taken out
///   (a value, an entry, a [`ReadOnly`], a table) is [retired](Unlinked::retire) after it can't be found any more.
/// - **written under the lock**: the word `read` and the dirty map change under the lock only; an entry is expunged, and made
///   a deleted one again, under the lock only.
pub struct SharedMap<K: Key, V: Value, S: Hashing, P> {
    /// Null while there is none: then it has no keys, and is not amended.
    read: AtomicPtr<ReadOnly<K, V, S>>,
    locked: Mutex<Locked<K, V, S>>,
    /// Never used itself: each dirty map gets another.
    hasher: S,
    probe: P,
}

/// What `read` points to: replaced whole.
struct ReadOnly<K, V, S> {
    /// Owned by whichever of these is the map's: an amended one takes it over from the one before.
    table: Option<NonNull<Table<K, V, S>>>,
    amended: bool,
}

/// What the lock is for.
struct Locked<K, V, S> {
    dirty: Option<Box<Table<K, V, S>>>,
    /// Lookups that went to the dirty map since it was made.
    misses: usize,
    random: SplitMix64,
}

impl<K, V, S> Locked<K, V, S> {
    /// The dirty map beside an amended read map.
    fn dirty(&mut self) -> &mut Table<K, V, S> {
        self.dirty.as_mut().expect("an amended read map has a dirty map beside it")
    }
}

/// The read map at one moment.
struct Read<'g, K, V, S> {
    table: Option<&'g Table<K, V, S>>,
    /// The same as it was leaked: whoever frees it at last needs the address that may.
    at: Option<TableAt<K, V, S>>,
    amended: bool,
}

impl<'g, K: Key, V, S: Hashing> Read<'g, K, V, S> {
    #[inline]
    fn find(&self, key: &K) -> Option<&'g Arc<Entry<K, V>>> {
        self.table?.find(key)
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> SharedMap<K, V, S, P> {
    /// An empty one, which allocates nothing.
    pub fn new(options: &Options, hasher: S, probe: P) -> Self {
        let locked = Locked { dirty: None, misses: 0, random: SplitMix64::seed_from_u64(options.seed) };
        SharedMap { read: AtomicPtr::new(null_mut()), locked: Mutex::new(locked), hasher, probe }
    }

    #[inline]
    fn read<'g>(&'g self, _: &'g Guard) -> Read<'g, K, V, S> {
        let Some(read) = NonNull::new(self.read.load(SeqCst)) else {
            return Read { table: None, at: None, amended: false };
        };
        // SAFETY: guarded; a table is retired with the last that names it.
        unsafe {
            let read = read.as_ref();
            Read { table: read.table.map(|table| table.as_ref()), at: read.table, amended: read.amended }
        }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, Locked<K, V, S>> {
        lock(self.probe, || self.locked.try_lock(), || self.locked.lock())
    }

    /// What the dirty map has under a key that the read map does not have; a miss.
    #[cold]
    fn find_locked<'g>(&'g self, key: &K, guard: &'g Guard) -> Option<&'g Entry<K, V>> {
        let mut locked = self.lock();
        let read = self.read(guard);
        if let Some(entry) = read.find(key) {
            return Some(entry);
        }
        if !read.amended {
            return None;
        }
        let found = locked.dirty().find(key).map(Arc::as_ptr);
        self.count_miss(&mut locked, guard);
        // SAFETY: guarded.
        found.map(|entry| unsafe { &*entry })
    }

    /// Promotes the dirty map when there were as many misses as it has keys.
    fn count_miss(&self, locked: &mut Locked<K, V, S>, guard: &Guard) {
        locked.misses += 1;
        if locked.misses < locked.dirty().len() {
            return;
        }
        let old = self.publish(locked.dirty.take().map(leak), false, guard);
        if let Some(old) = old {
            // SAFETY: a promoted box, by the address that it was leaked as. What named it is replaced, and it is the map's no more.
            unsafe { Unlinked::new(old) }.retire(guard);
        }
        locked.misses = 0;
        self.probe.emit(Event::Promote);
    }

    /// Replaces what `read` points to; gives the table that was named there. The lock is held.
    fn publish(&self, table: Option<TableAt<K, V, S>>, amended: bool, guard: &Guard) -> Option<TableAt<K, V, S>> {
        let new = Box::into_raw(Box::new(ReadOnly { table, amended }));
        let old = NonNull::new(self.read.swap(new, SeqCst))?;
        // SAFETY: guarded; a box of this method, which nobody finds any more.
        unsafe {
            let table = old.as_ref().table;
            Unlinked::new(old).retire(guard);
            table
        }
    }

    /// Puts a value under a key that the read map doesn't have, or has expunged; gives the one that was there.
    #[cold]
    fn swap_locked(&self, key: K, value: Box<V>, guard: &Guard) -> Option<Unlinked<V>> {
        let mut locked = self.lock();
        let read = self.read(guard);
        if let Some(entry) = read.find(&key) {
            if entry.unexpunge() {
                self.put(&mut locked, Arc::clone(entry));
            }
            return entry.swap(value);
        }
        if let Some(entry) = locked.dirty.as_ref().and_then(|dirty| dirty.find(&key)) {
            return entry.swap(value);
        }
        if !read.amended {
            self.copy_dirty(&mut locked, read.table);
            self.publish(read.at, true, guard);
        }
        self.put(&mut locked, Arc::new(Entry::new(key, value)));
        None
    }

    /// Puts an entry into the dirty map.
    fn put(&self, locked: &mut Locked<K, V, S>, entry: Arc<Entry<K, V>>) {
        let dirty = locked.dirty();
        let bytes = if P::ON { dirty.bytes() } else { 0 };
        dirty.put(entry);
        if P::ON && dirty.bytes() > bytes {
            self.probe.emit(Event::Grow);
        }
    }

    /// Makes a dirty map and gives it every entry of the read map that is not deleted.
    fn copy_dirty(&self, locked: &mut Locked<K, V, S>, read: Option<&Table<K, V, S>>) {
        let hasher = self.hasher.another(locked.random.next_u64());
        let mut dirty = Table::new(read.map_or(0, Table::len), hasher);
        read.into_iter().flat_map(Table::entries).filter(|entry| !entry.expunge()).for_each(|entry| {
            dirty.put(Arc::clone(entry));
        });
        locked.dirty = Some(Box::new(dirty));
        self.probe.emit(Event::DirtyCopy);
    }

    /// Takes the entry of a key that the read map does not have out of the dirty map, a miss, and deletes it; else deletes it
    /// in the read map. Gives the value that was there.
    #[cold]
    fn remove_locked(&self, key: &K, guard: &Guard) -> Option<Unlinked<V>> {
        let mut locked = self.lock();
        let read = self.read(guard);
        if let Some(entry) = read.find(key) {
            drop(locked);
            return entry.delete();
        }
        if !read.amended {
            return None;
        }
        let taken = locked.dirty().take(key);
        self.count_miss(&mut locked, guard);
        drop(locked);
        let entry = taken?;
        let value = entry.delete();
        // SAFETY: guarded; keys and values may be dropped on any thread.
        unsafe { guard.defer_unchecked(move || drop(entry)) };
        value
    }
}

type TableAt<K, V, S> = NonNull<Table<K, V, S>>;

fn leak<T>(object: Box<T>) -> NonNull<T> {
    NonNull::from(Box::leak(object))
}

impl<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync> Concurrent<K, V> for SharedMap<K, V, S, P> {
    /// Go's `Swap`.
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        let guard = pin();
        let mut value = Box::new(value);
        if let Some(entry) = self.read(&guard).find(&key) {
            match entry.try_swap(value) {
                Ok(old) => return retired(old, &guard),
                Err(back) => value = back,
            }
        }
        retired(self.swap_locked(key, value, &guard), &guard)
    }

    /// Go's `Load`.
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        let guard = pin();
        let read = self.read(&guard);
        let entry = match read.find(key) {
            Some(entry) => entry,
            None if read.amended => self.find_locked(key, &guard)?,
            None => return None,
        };
        entry.load(&guard).map(see)
    }

    /// Go's `LoadAndDelete`.
    #[inline]
    fn remove(&self, key: &K) -> bool {
        let guard = pin();
        let read = self.read(&guard);
        let old = match read.find(key) {
            Some(entry) => entry.delete(),
            None if read.amended => self.remove_locked(key, &guard),
            None => None,
        };
        retired(old, &guard)
    }

    /// Only looks, where Go's `Range` promotes. Whatever uses the map from within `f` may wait forever.
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        let guard = pin();
        let locked = self.lock();
        let whole = locked.dirty.as_deref().or(self.read(&guard).table);
        for entry in whole.into_iter().flat_map(Table::entries) {
            if let Some(value) = entry.load(&guard) {
                f(&entry.key, value);
            }
        }
    }
}

/// Whether there was a value, which is retired.
#[inline]
fn retired<V>(old: Option<Unlinked<V>>, guard: &Guard) -> bool {
    old.map(|old| old.retire(guard)).is_some()
}

impl<K: Key, V: Value, S: Hashing, P> Drop for SharedMap<K, V, S, P> {
    fn drop(&mut self) {
        let Some(read) = NonNull::new(*self.read.get_mut()) else { return };
        // SAFETY: boxes of `publish` and of a promotion, and nobody else has the map.
        unsafe {
            let read = Box::from_raw(read.as_ptr());
            drop(read.table.map(|table| Box::from_raw(table.as_ptr())));
        }
    }
}
