//! Insert, overwrite, remove, clear.

use rand_core::Rng;

use super::bucket::{Bucket, Reach, Slot};
use super::design::Design;
use super::hmap::{Array, SAME_SIZE_GROW};
use super::tophash::{EMPTY_ONE, EMPTY_REST, Tops, tophash};
use super::{GoClassicMap, Hashing, Key, Value};
use crate::maps::go::heap;
use crate::maps::go::kept::Item;
use crate::probe::event::{Event, Probe};

/// What events call the array of buckets with their chains. Inserts and removes go to the current one only.
pub(super) const TABLE: usize = 0;

/// Where an insert finds its place.
enum Place<K, V, D: Design> {
    /// The key is here.
    Found(Slot<K, V, D>),
    /// It is not; this slot is the first empty one.
    Empty(Slot<K, V, D>),
    /// It is not, and the chain is full; this is its last bucket.
    Full(Bucket<K, V, D>),
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Puts an entry; true when the key was there.
    #[inline]
    pub(super) fn assign(&mut self, key: K, value: V) -> bool {
        if P::ON {
            self.disturbed.forget();
        }
        let hash = self.hasher.hash_one(&key);
        let top = tophash(hash);
        loop {
            let bucket = self.bucket_to_write(hash, None);
            let slot = match Self::place(bucket, top, &key, self.reach()) {
                Place::Found(slot) => {
                    // SAFETY: filled, and the map is borrowed exclusively.
                    unsafe { *slot.value_ptr().as_mut() = value };
                    return true;
                }
                _ if self.must_grow() => {
                    self.start_growth();
                    continue;
                }
                Place::Empty(slot) => slot,
                Place::Full(last) => self.add_overflow(last).slot(0),
            };
            self.probe.emit(Event::SlotTaken { slot: slot.name() });
            slot.fill(top, key, value, self.headers);
            self.hmap_mut().count += 1;
            return false;
        }
    }

    /// The bucket of the current array that the hash belongs to, once a growth under way has been pushed on;
    /// `leaving` is the key that the write is about to remove.
    #[inline]
    fn bucket_to_write(&mut self, hash: u64, leaving: Option<&K>) -> Bucket<K, V, D> {
        if self.hmap().growing() {
            self.grow_work(hash as usize, leaving);
        }
        match self.array() {
            Some(array) => array.head(hash as usize),
            None => self.first_bucket(),
        }
    }

    #[cold]
    fn first_bucket(&mut self) -> Bucket<K, V, D> {
        if D::INLINE {
            let first = self.inline_bucket();
            self.install(Array { first, b: 0, headerless: self.headerless(Bucket::<K, V, D>::NOSCAN) });
            return first;
        }
        let array = Array::allocate(0, self.headerless(Bucket::<K, V, D>::NOSCAN));
        let first = array.first;
        self.install(array);
        self.probe.emit(Event::Grow);
        first
    }

    #[inline]
    fn place(mut bucket: Bucket<K, V, D>, top: u8, key: &K, reach: Reach<D>) -> Place<K, V, D> {
        let mut empty = None;
        loop {
            let tops = bucket.tops();
            for index in tops.matching(top) {
                // SAFETY: a tophash of `MIN_TOPHASH` or more marks a filled slot.
                if unsafe { bucket.slot(index).key_ptr().as_ref() } == key {
                    return Place::Found(bucket.slot(index));
                }
            }
            empty = empty.or_else(|| tops.empty().next().map(|index| bucket.slot(index)));
            let next = if tops.rest_is_empty() { None } else { bucket.overflow(reach) };
            match (next, empty) {
                (Some(next), _) => bucket = next,
                (None, Some(slot)) => return Place::Empty(slot),
                (None, None) => return Place::Full(bucket),
            }
        }
    }

    /// Whether a new entry must start a growth.
    #[inline]
    fn must_grow(&self) -> bool {
        let hmap = self.hmap();
        (hmap.count >= self.capacity || hmap.too_many_overflow_buckets()) && !hmap.growing()
    }

    /// Chains an overflow bucket to `last`: a preallocated one while there are any, otherwise the next one.
    #[cold]
    #[inline(never)]
    pub(super) fn add_overflow(&mut self, last: Bucket<K, V, D>) -> Bucket<K, V, D> {
        let bucket = match self.take_preallocated() {
            Some(bucket) => bucket,
            None => self.next_bucket(),
        };
        // SAFETY: as in `hmap_mut`; spelled out so that the generator can be borrowed beside it.
        unsafe { self.hmap.as_mut() }.count_overflow(|| self.random.next_u32());
        if Bucket::<K, V, D>::LISTED {
            let headerless = self.headerless(false);
            if let Some((backing, bytes)) = self.overflow_list().push(bucket, headerless) {
                // SAFETY: the list has let go of it. No range reads a list.
                unsafe { heap::free(backing, bytes, headerless) };
            }
        }
        last.set_overflow(Some(bucket), self.reach());
        self.probe.emit(Event::Overflow);
        bucket
    }

    fn take_preallocated(&mut self) -> Option<Bucket<K, V, D>> {
        let bucket = self.lists()?.next_overflow?;
        let reach = self.reach();
        let following = match bucket.overflow(reach) {
            // SAFETY: only the last one's pointer is not nil, so another lies behind this one.
            None => Some(unsafe { bucket.add(1) }),
            Some(_) => {
                bucket.set_overflow(None, reach);
                None
            }
        };
        self.lists_mut()?.next_overflow = following;
        Some(bucket)
    }

    /// Takes the key's entry out; true when it was there.
    #[inline]
    pub(super) fn delete(&mut self, key: &K) -> bool {
        let Some(slot) = self.unlink(key) else { return false };
        // SAFETY: filled until now, and marked empty.
        unsafe { self.drop_entry(slot) };
        true
    }

    /// Takes the key's entry out and returns it.
    #[inline]
    pub(in crate::maps::go) fn take(&mut self, key: &K) -> Option<(K, V)>
    where
        K: Copy,
        V: Copy,
    {
        const { assert!(!Bucket::<K, V, D>::INDIRECT_KEY && !Bucket::<K, V, D>::INDIRECT_VALUE) };
        // SAFETY: filled until now, and nothing has been written there since.
        self.unlink(key).map(|slot| unsafe { slot.entry() }).map(|(&key, &value)| (key, value))
    }

    /// Marks the key's slot empty; the caller drops what it holds.
    #[inline]
    fn unlink(&mut self, key: &K) -> Option<Slot<K, V, D>> {
        if P::ON {
            self.disturbed.forget();
        }
        if self.hmap().count == 0 {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        let head = self.bucket_to_write(hash, Some(key));
        let slot = self.search(head, tophash(hash), key)?;
        Self::mark_empty(head, slot, self.reach());
        self.probe.emit(Event::SlotFreed { slot: slot.name(), table: TABLE });
        self.hmap_mut().count -= 1;
        if self.hmap().count == 0 {
            self.reseed();
        }
        Some(slot)
    }

    /// Marks a slot of the chain `head` empty; when nothing follows it, so are it and the empty slots right before it.
    #[inline]
    fn mark_empty(head: Bucket<K, V, D>, slot: Slot<K, V, D>, reach: Reach<D>) {
        let Slot { mut bucket, mut index } = slot;
        let last = match index {
            7 => bucket.overflow(reach).is_none_or(|next| next.slot(0).top() == EMPTY_REST),
            _ => bucket.slot(index + 1).top() == EMPTY_REST,
        };
        if !last {
            slot.set_top(EMPTY_ONE);
            return;
        }
        loop {
            bucket.slot(index).set_top(EMPTY_REST);
            if index > 0 {
                index -= 1;
            } else {
                let Some(before) = head.chain(reach).find(|before| before.overflow(reach) == Some(bucket)) else {
                    return;
                };
                (bucket, index) = (before, 7);
            }
            if bucket.slot(index).top() != EMPTY_ONE {
                return;
            }
        }
    }

    #[cold]
    fn reseed(&mut self) {
        self.hasher.reseed(self.random.next_u64());
        self.probe.emit(Event::Reseed);
    }

    /// Drops what a slot held. A key of which a range may still look at a stale copy is kept until that ends.
    ///
    /// # Safety
    /// The slot was filled and is marked empty already.
    #[inline]
    unsafe fn drop_entry(&mut self, slot: Slot<K, V, D>) {
        // SAFETY: the caller's promise. Without a growth since the range began, no copy was left behind anywhere.
        unsafe {
            slot.drop_value(self.headers);
            if self.ranges > 0 && self.stale_keys() {
                let key = slot.key_ptr();
                let headerless = self.headerless(!K::POINTERS);
                let indirect = Bucket::<K, V, D>::INDIRECT_KEY;
                self.kept.push(if indirect { Item::KeyAt(key, headerless) } else { Item::Key(key.read()) });
            } else {
                slot.drop_key(self.headers);
            }
        }
    }

    /// Whether a range under way may look at copies of keys that a growth has left behind. What it leaves behind is kept,
    /// save for a bucket in the header.
    fn stale_keys(&self) -> bool {
        self.hmap().growing() || !self.kept.is_empty() || (D::INLINE && self.hmap().b > 0)
    }

    /// Drops all entries of an array and marks its chains empty.
    pub(super) fn drop_entries(&mut self, array: &Array<K, V, D>) {
        let reach = self.reach();
        for bucket in array.heads().flat_map(|head| head.chain(reach)) {
            let filled = bucket.filled();
            bucket.set_tops(Tops(EMPTY_REST as u64));
            for slot in filled {
                // SAFETY: filled until now.
                unsafe { self.drop_entry(slot) };
            }
        }
    }

    /// Drops all entries, keeping the current array.
    pub(super) fn empty(&mut self) {
        self.disturbed.forget();
        if self.hmap().count == 0 {
            return;
        }
        let (Some(array), old_array) = (self.array(), self.old_array()) else { return };
        self.probe.emit(Event::Clear);
        // A range that is walking the map is to find nothing more.
        if Bucket::<K, V, D>::ENTRY_OWNS || self.ranges > 0 {
            self.drop_entries(&array);
            old_array.iter().for_each(|old_array| self.drop_entries(old_array));
        }
        let hmap = self.hmap_mut();
        hmap.flags &= !SAME_SIZE_GROW;
        hmap.oldbuckets = None;
        hmap.nevacuate = 0;
        hmap.noverflow = 0;
        hmap.count = 0;
        self.reseed();

        let (mut overflow, mut oldoverflow) = (None, None);
        if self.lists().is_some()
            && let Some(lists) = self.lists_mut()
        {
            (overflow, oldoverflow) = (lists.overflow.take(), lists.oldoverflow.take());
            lists.next_overflow = None;
        }
        // SAFETY: every chain is empty, the old array and the lists are out of the map's reach, and the current
        // array's overflow pointers are zeroed before anybody follows them.
        unsafe {
            self.retire_overflow(&array, overflow);
            if let Some(old_array) = old_array {
                self.retire_overflow(&old_array, oldoverflow);
                self.retire_array(old_array);
            }
            array.zero();
        }
        self.install(array);
    }
}
