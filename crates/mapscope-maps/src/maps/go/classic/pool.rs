//! What becomes of the memory that a map lets go of: freed as if a garbage collection ran at once, kept while a range
//! may be walking it, or handed out again by the designs that do so.

use std::ptr::NonNull;

use super::bucket::Bucket;
use super::design::{Design, Part};
use super::hmap::{Array, Extra, OverflowList};
use super::tophash::{EMPTY_REST, Tops};
use super::{GoClassicMap, Hashing, Key, Value};
use crate::maps::go::heap;
use crate::maps::go::kept::Item;
use crate::maps::go::slice::Slice;
use crate::probe::event::Probe;

/// What `go-classic-pooled` keeps for another time: 24 bytes. Nothing in it is in use, or walked by a range.
#[repr(C)]
pub(super) struct Pool<K, V, D: Design> {
    /// The first of the overflow buckets, which are linked as chains are.
    buckets: Option<Bucket<K, V, D>>,
    /// An array as large as the current one.
    array: Option<Bucket<K, V, D>>,
    /// An emptied list of overflow buckets.
    list: OverflowList<K, V, D>,
}

impl<K, V, D: Design> Pool<K, V, D> {
    pub(super) const fn new() -> Self {
        Pool { buckets: None, array: None, list: None }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// The pool, where the design has one, once the map has had an overflow bucket.
    fn pool_mut(&mut self) -> Option<&mut Pool<K, V, D>> {
        if !<D::Pool<()> as Part<()>>::HAS || self.hmap().extra.is_none() {
            return None;
        }
        self.extra_mut().pool.get_mut()
    }

    /// The next array: the pooled one if it is of that size, otherwise a new one.
    pub(super) fn next_array(&mut self, b: u8) -> Array<K, V, D> {
        if let Some(first) = self.pool_mut().and_then(|pool| pool.array.take()) {
            let array = self.array_at(first, self.hmap().b);
            // SAFETY: in the pool, so out of use, and its slots own nothing. A table never shrinks: one that is too small
            // now is so for ever.
            unsafe {
                if array.b == b {
                    array.zero();
                    return array;
                }
                heap::free(first.address(), array.bytes(), array.headerless);
            }
        }
        Array::allocate(b, self.headerless(Bucket::<K, V, D>::NOSCAN))
    }

    /// A list for the overflow buckets of the next array: the pooled one, otherwise a new one.
    pub(super) fn next_list(&mut self) -> NonNull<Slice<Bucket<K, V, D>>> {
        if let Some(list) = self.pool_mut().and_then(|pool| pool.list.take()) {
            return list;
        }
        let list = heap::alloc(size_of::<Slice<Bucket<K, V, D>>>(), false).cast::<Slice<Bucket<K, V, D>>>();
        // SAFETY: just allocated, of its size.
        unsafe { list.write(Slice::new()) };
        list
    }

    /// An overflow bucket that is linked to nothing: one let go of earlier, otherwise a new one.
    pub(super) fn next_bucket(&mut self) -> Bucket<K, V, D> {
        if D::RECYCLES {
            let reach = self.reach();
            if let Some(bucket) = self.recycled() {
                self.set_recycled(bucket.overflow(reach));
                bucket.set_tops(Tops(EMPTY_REST as u64));
                bucket.set_overflow(None, reach);
                return bucket;
            }
        }
        let (bytes, headerless) = (Bucket::<K, V, D>::BYTES, self.headerless(Bucket::<K, V, D>::NOSCAN));
        let slab = if D::RECYCLES { self.extra_mut().slab.get_mut() } else { None };
        let address = match slab {
            Some(slab) => slab.fresh(bytes, headerless),
            None => heap::alloc_zeroed(bytes, headerless),
        };
        // SAFETY: zeroed, and freed only when its chain is followed no more.
        unsafe { Bucket::new(address) }
    }

    /// The first of the overflow buckets to be handed out again.
    pub(super) fn recycled(&self) -> Option<Bucket<K, V, D>> {
        let extra = self.extra()?;
        match extra.slab.get() {
            // SAFETY: its buckets are live until the map is dropped.
            Some(slab) => Some(unsafe { Bucket::new(slab.free(Bucket::<K, V, D>::BYTES)?) }),
            None => extra.pool.get()?.buckets,
        }
    }

    fn set_recycled(&mut self, bucket: Option<Bucket<K, V, D>>) {
        let extra = self.extra_mut();
        if let Some(slab) = extra.slab.get_mut() {
            slab.set_free(bucket.map(Bucket::address), Bucket::<K, V, D>::BYTES);
        } else if let Some(pool) = extra.pool.get_mut() {
            pool.buckets = bucket;
        }
    }

    /// Frees an object of Go's heap, or keeps it while a range may be walking it.
    ///
    /// # Safety
    /// As [`heap::free`], save that ranges under way may still read it.
    unsafe fn retire(&mut self, object: NonNull<u8>, size: usize, headerless: bool) {
        if self.ranges > 0 {
            self.kept.push(Item::Object(object, size, headerless));
        } else {
            // SAFETY: the caller's promise.
            unsafe { heap::free(object, size, headerless) };
        }
    }

    /// Lets go of an overflow bucket, or keeps it while a range may be walking it.
    ///
    /// # Safety
    /// It is no part of an array, and out of the map's reach, save that ranges under way may still read it.
    #[inline]
    unsafe fn retire_bucket(&mut self, bucket: Bucket<K, V, D>) {
        if D::RECYCLES && self.ranges > 0 {
            self.kept.push(Item::Bucket(bucket.address()));
        } else if D::RECYCLES && self.hmap().extra.is_some() {
            bucket.set_overflow(self.recycled(), self.reach());
            self.set_recycled(Some(bucket));
        } else {
            let headerless = self.headerless(Bucket::<K, V, D>::NOSCAN);
            // SAFETY: allocated by itself: what a design recycles has left the map's reach with the extra fields.
            unsafe { self.retire(bucket.address(), Bucket::<K, V, D>::BYTES, headerless) };
        }
    }

    /// Lets go of what was kept for ranges; none is under way.
    pub(super) fn release_kept(&mut self) {
        while let Some(item) = self.kept.pop() {
            match item {
                // SAFETY: `retire_bucket` put it there; no range is left to read it.
                Item::Bucket(bucket) => unsafe { self.retire_bucket(Bucket::new(bucket)) },
                item => item.free(),
            }
        }
    }

    /// Lets go of the overflow buckets chained to `head` that are not part of `array`.
    ///
    /// # Safety
    /// The map follows the chain no more.
    pub(super) unsafe fn retire_chain(&mut self, array: &Array<K, V, D>, head: Bucket<K, V, D>) {
        let reach = self.reach();
        let mut next = head.overflow(reach);
        while let Some(bucket) = next {
            next = bucket.overflow(reach);
            if !array.contains(bucket) {
                // SAFETY: not in an array, and out of the map's reach.
                unsafe { self.retire_bucket(bucket) };
            }
        }
    }

    /// Lets go of all overflow buckets of `array` that are not part of it, and `list`, which names them where the map keeps
    /// one.
    ///
    /// # Safety
    /// The map follows its chains no more, and has let go of the list.
    pub(super) unsafe fn retire_overflow(&mut self, array: &Array<K, V, D>, list: OverflowList<K, V, D>) {
        if !Bucket::<K, V, D>::LISTED {
            for head in array.heads() {
                // SAFETY: the caller's promise.
                unsafe { self.retire_chain(array, head) };
            }
        }
        let Some(mut list) = list else { return };
        // SAFETY: the list, its backing array and the buckets outside of the array are each an allocation of their
        // own, out of the map's reach; the list is freed last.
        unsafe {
            let slice = list.as_ref();
            for &bucket in slice.as_slice() {
                if !array.contains(bucket) {
                    self.retire_bucket(bucket);
                }
            }
            // No range reads a list.
            if let Some(pool) = self.pool_mut()
                && pool.list.is_none()
            {
                list.as_mut().clear();
                pool.list = Some(list);
                return;
            }
            if let Some((backing, bytes)) = slice.backing() {
                self.retire(backing, bytes, self.headerless(false));
            }
            self.retire(list.cast(), size_of::<Slice<Bucket<K, V, D>>>(), false);
        }
    }

    /// Lets go of an array.
    ///
    /// # Safety
    /// The map has let go of it, and its slots own nothing any more.
    pub(super) unsafe fn retire_array(&mut self, array: Array<K, V, D>) {
        if D::INLINE && array.b == 0 {
            return; // it lies in the header, and stays there unused
        }
        let current_b = self.hmap().b;
        if array.b == current_b
            && self.ranges == 0
            && let Some(pool) = self.pool_mut()
            && pool.array.is_none()
        {
            pool.array = Some(array.first);
            return;
        }
        // SAFETY: allocated by `Array::allocate` with this size; the caller's promise.
        unsafe { self.retire(array.first.address(), array.bytes(), array.headerless) };
    }

    /// Frees what the extra fields hold for another time.
    ///
    /// # Safety
    /// The map has let go of them, and of everything else that lies in a slab.
    pub(super) unsafe fn release_extra(&self, extra: &Extra<K, V, D>) {
        let (bytes, headerless) = (Bucket::<K, V, D>::BYTES, self.headerless(Bucket::<K, V, D>::NOSCAN));
        // SAFETY: allocated with these sizes, each by itself; the caller's promise.
        unsafe {
            if let Some(slab) = extra.slab.get() {
                slab.release(bytes, headerless);
            }
            let Some(pool) = extra.pool.get() else { return };
            let mut next = pool.buckets;
            while let Some(bucket) = next {
                next = bucket.overflow(self.reach());
                heap::free(bucket.address(), bytes, headerless);
            }
            if let Some(first) = pool.array {
                heap::free(first.address(), self.array_at(first, self.hmap().b).bytes(), headerless);
            }
            if let Some(list) = pool.list {
                if let Some((backing, bytes)) = list.as_ref().backing() {
                    heap::free(backing, bytes, self.headerless(false));
                }
                heap::free(list.cast(), size_of::<Slice<Bucket<K, V, D>>>(), false);
            }
        }
    }
}
