//! A bucket in memory: Go's layout, Go's size.
//!
//! ```text
//! 8 tophash bytes | 8 keys | 8 elems | link to the overflow bucket
//! ```
//!
//! Keys lie together and elems lie together, so that no padding is lost between an 8-byte key and a 1-byte elem. A
//! key or an elem of more than 128 bytes is an object of its own; the slot then holds its address. The link is Go's
//! pointer, or what the [`Design`] has in its place.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::design::{Design, Link};
use super::tophash::{EMPTY_ONE, MIN_TOPHASH, Tops};
use crate::entry::{Key, Value};
use crate::maps::go::stored::{self, Place};

/// Slots of a bucket.
pub(super) const SLOTS: usize = 8;

/// What it takes to follow the links of a design's buckets.
pub(super) type Reach<D> = <<D as Design>::Link as Link>::Reach;

/// The size of a bucket of such keys and elems, with a link of so many bytes.
pub(super) const fn bytes(key: Place, value: Place, link_bytes: usize) -> usize {
    let entry_align = if key.align > value.align { key.align } else { value.align };
    let align = if entry_align > link_bytes { entry_align } else { link_bytes };
    (SLOTS + SLOTS * (key.bytes + value.bytes) + link_bytes).next_multiple_of(align)
}

/// The address of a bucket.
///
/// Invariants, kept by this module's users and leant on by its `unsafe` blocks:
/// - **live**: it points at `BYTES` bytes, aligned as its fields ask for, laid out as above, that were zero when
///   allocated, have been written only through a `Bucket` since, and stay allocated for as long as any copy of the
///   address is used. Addresses leave the map's module only as references bound to the map.
/// - **filled**: the key and the elem of a slot are valid exactly while its tophash is [`MIN_TOPHASH`] or more. In an
///   evacuated slot the key is a stale copy (see `Kept` for how long it may be read) and the elem is not to be read.
pub(super) struct Bucket<K, V, D: Design>(NonNull<u8>, PhantomData<*mut (K, V, D)>);

impl<K, V, D: Design> Clone for Bucket<K, V, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V, D: Design> Copy for Bucket<K, V, D> {}

impl<K, V, D: Design> PartialEq for Bucket<K, V, D> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Key, V: Value, D: Design> Bucket<K, V, D> {
    pub(super) const INDIRECT_KEY: bool = stored::indirect::<K>();
    pub(super) const INDIRECT_VALUE: bool = stored::indirect::<V>();
    const KEY_BYTES: usize = stored::place_of::<K>().bytes;
    const VALUE_BYTES: usize = stored::place_of::<V>().bytes;
    const KEYS_AT: usize = SLOTS;
    const VALUES_AT: usize = Self::KEYS_AT + SLOTS * Self::KEY_BYTES;
    const LINK_AT: usize = Self::VALUES_AT + SLOTS * Self::VALUE_BYTES;
    /// The size of a bucket.
    pub(super) const BYTES: usize = bytes(stored::place_of::<K>(), stored::place_of::<V>(), D::Link::BYTES);
    /// What a move copies: a key and an elem, or their addresses.
    pub(super) const SLOT_BYTES: usize = Self::KEY_BYTES + Self::VALUE_BYTES;
    /// Whether a bucket's type counts as free of pointers: an overflow pointer is then hidden from the collector.
    pub(super) const NOSCAN: bool = !(K::POINTERS || V::POINTERS || Self::INDIRECT_KEY || Self::INDIRECT_VALUE);
    /// Whether the map keeps a list of the overflow buckets, for the collector to see.
    pub(super) const LISTED: bool = Self::NOSCAN && D::HEAPED;
    /// Whether an entry owns anything besides its slot.
    pub(super) const ENTRY_OWNS: bool =
        std::mem::needs_drop::<K>() || std::mem::needs_drop::<V>() || Self::INDIRECT_KEY || Self::INDIRECT_VALUE;

    /// # Safety
    /// What `address` points at is **live**.
    #[inline]
    pub(super) unsafe fn new(address: NonNull<u8>) -> Self {
        Bucket(address, PhantomData)
    }

    /// The address itself.
    #[inline]
    pub(super) fn address(self) -> NonNull<u8> {
        self.0
    }

    /// The bucket `n` further on in an array.
    ///
    /// # Safety
    /// Both are buckets of one array.
    #[inline]
    pub(super) unsafe fn add(self, n: usize) -> Self {
        // SAFETY: within one allocation, by the caller's promise.
        Bucket(unsafe { self.0.add(n * Self::BYTES) }, PhantomData)
    }

    #[inline]
    pub(super) fn tops(self) -> Tops {
        // SAFETY: live; the first eight bytes are the tophash bytes.
        Tops(u64::from_le_bytes(unsafe { self.0.cast::<[u8; SLOTS]>().read() }))
    }

    /// Sets all eight tophash bytes.
    #[inline]
    pub(super) fn set_tops(self, tops: Tops) {
        // SAFETY: as in `tops`.
        unsafe { self.0.cast::<[u8; SLOTS]>().write(tops.0.to_le_bytes()) }
    }

    #[inline]
    pub(super) fn overflow(self, reach: Reach<D>) -> Option<Self> {
        // SAFETY: live; the link lies at `LINK_AT`, aligned because eight keys and eight elems are, and names a live
        // bucket.
        unsafe { Some(Bucket::new(D::Link::read(self.0.add(Self::LINK_AT), reach, Self::BYTES)?)) }
    }

    #[inline]
    pub(super) fn set_overflow(self, next: Option<Self>, reach: Reach<D>) {
        // SAFETY: as in `overflow`.
        unsafe { D::Link::write(self.0.add(Self::LINK_AT), next.map(Self::address), reach, Self::BYTES) }
    }

    /// The bucket and those chained to it.
    #[inline]
    pub(super) fn chain(self, reach: Reach<D>) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), move |bucket| bucket.overflow(reach))
    }

    /// Slot `index` (0 to 7).
    #[inline]
    pub(super) fn slot(self, index: usize) -> Slot<K, V, D> {
        debug_assert!(index < SLOTS);
        Slot { bucket: self, index }
    }

    /// Its filled slots.
    #[inline]
    pub(super) fn filled(self) -> impl Iterator<Item = Slot<K, V, D>> {
        self.tops().filled().map(move |index| self.slot(index))
    }
}

/// One slot of a bucket, `index` being 0 to 7.
pub(super) struct Slot<K, V, D: Design> {
    pub(super) bucket: Bucket<K, V, D>,
    pub(super) index: usize,
}

impl<K, V, D: Design> Clone for Slot<K, V, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V, D: Design> Copy for Slot<K, V, D> {}

impl<K: Key, V: Value, D: Design> Slot<K, V, D> {
    #[inline]
    pub(super) fn top(self) -> u8 {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.bucket.0.add(self.index).read() }
    }

    #[inline]
    pub(super) fn set_top(self, top: u8) {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.bucket.0.add(self.index).write(top) }
    }

    /// What events call it: where its tophash byte is.
    #[inline]
    pub(super) fn name(self) -> usize {
        self.bucket.0.addr().get() + self.index
    }

    #[inline]
    fn key_place(self) -> NonNull<u8> {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.bucket.0.add(Bucket::<K, V, D>::KEYS_AT + self.index * Bucket::<K, V, D>::KEY_BYTES) }
    }

    #[inline]
    fn value_place(self) -> NonNull<u8> {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.bucket.0.add(Bucket::<K, V, D>::VALUES_AT + self.index * Bucket::<K, V, D>::VALUE_BYTES) }
    }

    /// Where the key itself is.
    ///
    /// # Safety
    /// The slot is filled or evacuated.
    #[inline]
    pub(super) unsafe fn key_ptr(self) -> NonNull<K> {
        // SAFETY: a filled slot's key has been put there; an evacuated one's place is left alone.
        unsafe { stored::locate(self.key_place()) }
    }

    /// Where the elem itself is.
    ///
    /// # Safety
    /// The slot is filled.
    #[inline]
    pub(super) unsafe fn value_ptr(self) -> NonNull<V> {
        // SAFETY: a filled slot's elem has been put there.
        unsafe { stored::locate(self.value_place()) }
    }

    /// The key and the elem.
    ///
    /// # Safety
    /// The slot is filled, and neither it nor its bucket is written or freed during `'a`.
    #[inline]
    pub(super) unsafe fn entry<'a>(self) -> (&'a K, &'a V) {
        // SAFETY: the caller's promise; filled slots are valid.
        unsafe { (self.key_ptr().as_ref(), self.value_ptr().as_ref()) }
    }

    /// Puts an entry into an empty slot. `headers` says whether large objects with pointers carry one.
    #[inline]
    pub(super) fn fill(self, top: u8, key: K, value: V, headers: bool) {
        debug_assert!(self.top() <= EMPTY_ONE && top >= MIN_TOPHASH);
        // SAFETY: the places are the slot's own, and hold nothing to drop, since the slot is empty.
        unsafe {
            stored::put(self.key_place(), key, !(K::POINTERS && headers));
            stored::put(self.value_place(), value, !(V::POINTERS && headers));
        }
        self.set_top(top);
    }

    /// Copies key and elem, or their addresses, bit by bit to `to`; the caller then marks both slots.
    #[inline]
    pub(super) fn copy_to(self, to: Slot<K, V, D>) {
        // SAFETY: both slots are live and not the same; the places are of equal size.
        unsafe {
            self.key_place().copy_to_nonoverlapping(to.key_place(), Bucket::<K, V, D>::KEY_BYTES);
            self.value_place().copy_to_nonoverlapping(to.value_place(), Bucket::<K, V, D>::VALUE_BYTES);
        }
    }

    /// Drops the elem of a slot that was filled until now, and frees its object.
    ///
    /// # Safety
    /// The slot was filled with the same `headers`, is marked empty already, and its elem is not used again.
    #[inline]
    pub(super) unsafe fn drop_value(self, headers: bool) {
        // SAFETY: the elem is still there: marking a slot leaves it alone.
        unsafe { stored::discard(self.value_ptr(), !(V::POINTERS && headers)) }
    }

    /// The same for the key.
    ///
    /// # Safety
    /// The slot was filled with the same `headers`, is marked empty already, and its key is not used again.
    #[inline]
    pub(super) unsafe fn drop_key(self, headers: bool) {
        // SAFETY: as for the elem.
        unsafe { stored::discard(self.key_ptr(), !(K::POINTERS && headers)) }
    }
}
