//! A group in memory: Go's layout, Go's size.
//!
//! ```text
//! control word (8 bytes) | 8 slots: key, elem
//! ```
//!
//! Key and elem lie side by side, padded as a Go struct of both. A key or an elem of more than 128 bytes is an object
//! of its own; the slot then holds its address.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::ctrl::{Ctrl, EMPTY};
use crate::entry::{Key, Value};
use crate::maps::go::stored::{self, Place};

/// Slots of a group.
pub(super) const SLOTS: usize = 8;
const SLOTS_AT: usize = 8;

/// The address of a group.
///
/// Invariants, kept by this module's users and leant on by its `unsafe` blocks:
/// - **live**: it points at `BYTES` bytes, 8-aligned, laid out as above, whose control word was set when allocated, and
///   which stay allocated for as long as any copy of the address is used. Addresses leave the map's module only as
///   references bound to the map.
/// - **full**: the key and the elem of a slot are valid exactly while its control byte is that of a full slot. In the
///   groups of a table that has been replaced the key is a stale copy (see `Kept` for how long it may be read) and the
///   elem is not to be read.
pub(super) struct Group<K, V>(NonNull<u8>, PhantomData<*mut (K, V)>);

impl<K, V> Clone for Group<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Group<K, V> {}

/// From one slot of such keys and elems to the next. A struct that ends in a field of no size gets a byte more, so that the
/// field's address lies within it.
pub(super) const fn stride(key: Place, value: Place) -> usize {
    let align = if key.align > value.align { key.align } else { value.align };
    let tail = if key.bytes > 0 && value.bytes == 0 { 1 } else { value.bytes };
    (key.bytes.next_multiple_of(value.align) + tail).next_multiple_of(align)
}

/// The size of a group: a byte more than the control word at least, for the same reason.
pub(super) const fn bytes(key: Place, value: Place) -> usize {
    let stride = stride(key, value);
    if stride == 0 { 2 * SLOTS_AT } else { SLOTS_AT + SLOTS * stride }
}

impl<K: Key, V: Value> Group<K, V> {
    pub(super) const INDIRECT_KEY: bool = stored::indirect::<K>();
    const KEY_BYTES: usize = stored::place_of::<K>().bytes;
    const VALUE_BYTES: usize = stored::place_of::<V>().bytes;
    const VALUE_AT: usize = Self::KEY_BYTES.next_multiple_of(stored::place_of::<V>().align);
    /// From one slot to the next.
    const STRIDE: usize = stride(stored::place_of::<K>(), stored::place_of::<V>());
    /// The size of a group.
    pub(super) const BYTES: usize = bytes(stored::place_of::<K>(), stored::place_of::<V>());
    /// What a move copies: a key and an elem, or their addresses.
    pub(super) const SLOT_BYTES: usize = Self::KEY_BYTES + Self::VALUE_BYTES;
    /// Whether a group holds no pointers.
    pub(super) const NOSCAN: bool = !(K::POINTERS || V::POINTERS || Self::INDIRECT_KEY || stored::indirect::<V>());
    /// Whether an entry owns anything besides its slot.
    pub(super) const ENTRY_OWNS: bool =
        std::mem::needs_drop::<K>() || std::mem::needs_drop::<V>() || Self::INDIRECT_KEY || stored::indirect::<V>();

    /// # Safety
    /// What `address` points at is **live**, its control word possibly still to be set.
    #[inline]
    pub(super) unsafe fn new(address: NonNull<u8>) -> Self {
        Group(address, PhantomData)
    }

    /// The address itself.
    #[inline]
    pub(super) fn address(self) -> NonNull<u8> {
        self.0
    }

    /// The group `n` further on in an array.
    ///
    /// # Safety
    /// Both are groups of one array.
    #[inline]
    pub(super) unsafe fn add(self, n: usize) -> Self {
        // SAFETY: within one allocation, by the caller's promise.
        Group(unsafe { self.0.add(n * Self::BYTES) }, PhantomData)
    }

    #[inline]
    pub(super) fn ctrl(self) -> Ctrl {
        // SAFETY: live; the first eight bytes are the control word, 8-aligned.
        Ctrl(u64::from_le(unsafe { self.0.cast::<u64>().read() }))
    }

    #[inline]
    pub(super) fn set_ctrl(self, ctrl: Ctrl) {
        // SAFETY: as in `ctrl`.
        unsafe { self.0.cast::<u64>().write(ctrl.0.to_le()) }
    }

    /// Slot `index` (0 to 7).
    #[inline]
    pub(super) fn slot(self, index: usize) -> Slot<K, V> {
        debug_assert!(index < SLOTS);
        Slot { group: self, index }
    }

    /// Its full slots.
    #[inline]
    pub(super) fn full(self) -> impl Iterator<Item = Slot<K, V>> {
        self.ctrl().full().map(move |index| self.slot(index))
    }

    /// The slot that has the key, if one of them has; `h2` belongs to it.
    #[inline]
    pub(super) fn find(self, h2: u8, key: &K) -> Option<Slot<K, V>> {
        // SAFETY: what matches is full.
        self.ctrl().matching(h2).map(|index| self.slot(index)).find(|slot| unsafe { slot.key_ptr().as_ref() } == key)
    }
}

/// One slot of a group, `index` being 0 to 7.
pub(super) struct Slot<K, V> {
    pub(super) group: Group<K, V>,
    index: usize,
}

impl<K, V> Clone for Slot<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Slot<K, V> {}

impl<K, V> PartialEq for Slot<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.group.0 == other.group.0 && self.index == other.index
    }
}

impl<K: Key, V: Value> Slot<K, V> {
    #[inline]
    fn ctrl(self) -> u8 {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.group.0.add(self.index).read() }
    }

    #[inline]
    pub(super) fn is_full(self) -> bool {
        self.ctrl() < EMPTY
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.ctrl() == EMPTY
    }

    #[inline]
    pub(super) fn set_ctrl(self, byte: u8) {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.group.0.add(self.index).write(byte) }
    }

    /// What events call it: where its control byte is.
    #[inline]
    pub(super) fn name(self) -> usize {
        self.group.0.addr().get() + self.index
    }

    #[inline]
    fn place(self) -> NonNull<u8> {
        // SAFETY: live, and the index is less than eight.
        unsafe { self.group.0.add(SLOTS_AT + self.index * Group::<K, V>::STRIDE) }
    }

    #[inline]
    fn value_place(self) -> NonNull<u8> {
        // SAFETY: live, and the elem begins within the slot, or at its end when it has no size.
        unsafe { self.place().add(Group::<K, V>::VALUE_AT) }
    }

    /// Where the key itself is.
    ///
    /// # Safety
    /// The slot is full, or was when its table was replaced.
    #[inline]
    pub(super) unsafe fn key_ptr(self) -> NonNull<K> {
        // SAFETY: a full slot's key has been put there, and a replaced table is left alone.
        unsafe { stored::locate(self.place()) }
    }

    /// Where the elem itself is.
    ///
    /// # Safety
    /// The slot is full.
    #[inline]
    pub(super) unsafe fn value_ptr(self) -> NonNull<V> {
        // SAFETY: a full slot's elem has been put there.
        unsafe { stored::locate(self.value_place()) }
    }

    /// The key and the elem.
    ///
    /// # Safety
    /// The slot is full, and neither it nor its group is written or freed during `'a`.
    #[inline]
    pub(super) unsafe fn entry<'a>(self) -> (&'a K, &'a V) {
        // SAFETY: the caller's promise; full slots are valid.
        unsafe { (self.key_ptr().as_ref(), self.value_ptr().as_ref()) }
    }

    /// Puts an entry into a slot that is not full.
    #[inline]
    pub(super) fn fill(self, h2: u8, key: K, value: V) {
        debug_assert!(!self.is_full() && h2 < EMPTY);
        // SAFETY: the places are the slot's own, and hold nothing to drop, since the slot is not full.
        unsafe {
            stored::put(self.place(), key, !K::POINTERS);
            stored::put(self.value_place(), value, !V::POINTERS);
        }
        self.set_ctrl(h2);
    }

    /// Copies the slot bit by bit to `to`, which becomes full; this one is not to be read as full any more.
    #[inline]
    pub(super) fn move_to(self, to: Slot<K, V>, h2: u8) {
        // SAFETY: both slots are live, of equal size, and not the same.
        unsafe { self.place().copy_to_nonoverlapping(to.place(), Group::<K, V>::STRIDE) };
        to.set_ctrl(h2);
    }

    /// Drops the elem of a slot that was full until now, and frees its object.
    ///
    /// # Safety
    /// The slot was full, is marked otherwise already, and its elem is not used again.
    #[inline]
    pub(super) unsafe fn drop_value(self) {
        // SAFETY: the elem is still there: marking a slot leaves it alone.
        unsafe { stored::discard(self.value_ptr(), !V::POINTERS) }
    }

    /// The same for the key.
    ///
    /// # Safety
    /// The slot was full, is marked otherwise already, and its key is not used again.
    #[inline]
    pub(super) unsafe fn drop_key(self) {
        // SAFETY: as for the elem.
        unsafe { stored::discard(self.key_ptr(), !K::POINTERS) }
    }
}
