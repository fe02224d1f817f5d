//! What a key has in both inner maps: the value's address, or that there is none.

use std::cell::Cell;
use std::ptr::NonNull;

use super::super::boxed::Boxed;
use crate::entry::Value;
use crate::maps::go::heap;

/// Go's `entry`: 8 bytes.
///
/// Its word is nil when deleted, [`EXPUNGED`] when deleted and not in the dirty map, else the address of an object that
/// the entry owns. The lowest bits, which Go does not use, tell which slots hold the entry: the slots of two maps at
/// the most, one of each. Who frees an entry and its key follows from these bits and not from lookups, so that a
/// hash that changes its mind loses entries, and does no harm.
#[repr(C)]
pub(super) struct Entry<V> {
    word: Cell<*mut Boxed<V>>,
}

/// An address that no object has.
const EXPUNGED: usize = 8;

/// The bits for the two maps that may hold an entry.
const HELD: [usize; 2] = [1, 2];
/// Both slots have the key in one box.
const SHARED: usize = 4;
const BITS: usize = 7;

/// Which of two maps: the read map and the dirty map beside it are not the same.
pub(super) type Side = bool;

/// What a slot that lets go of its entry is to free.
pub(super) struct Last {
    pub(super) key: bool,
    pub(super) entry: bool,
}

impl<V: 'static> Entry<V> {
    /// Allocates an entry that no slot holds.
    pub(super) fn alloc(value: NonNull<Boxed<V>>) -> EntryAt<V> {
        const { assert!(size_of::<Self>() == 8 && align_of::<Boxed<V>>() == 8) };
        let entry = heap::alloc(size_of::<Self>(), false).cast::<Self>();
        // SAFETY: just allocated, of its size.
        unsafe { entry.write(Entry { word: Cell::new(value.as_ptr()) }) };
        EntryAt(entry)
    }

    #[inline]
    fn bits(&self) -> usize {
        self.word.get().addr() & BITS
    }

    #[inline]
    fn set(&self, address: *mut Boxed<V>, bits: usize) {
        self.word.set(address.map_addr(|address| address & !BITS | bits));
    }

    /// The object with the value, if it is not deleted.
    #[inline]
    pub(super) fn value(&self) -> Option<NonNull<Boxed<V>>> {
        let value = NonNull::new(self.word.get().map_addr(|word| word & !BITS));
        value.filter(|value| value.addr().get() != EXPUNGED)
    }

    #[inline]
    pub(super) fn is_expunged(&self) -> bool {
        self.word.get().addr() & !BITS == EXPUNGED
    }

    /// Marks a deleted entry that the new dirty map leaves out; true when it is such a one.
    pub(super) fn expunge(&self) -> bool {
        if self.word.get().addr() & !BITS == 0 {
            self.set(std::ptr::without_provenance_mut(EXPUNGED), self.bits());
        }
        self.is_expunged()
    }

    /// Puts another object, or nil, in place; returns what was there.
    #[inline]
    pub(super) fn swap(&self, value: Option<NonNull<Boxed<V>>>) -> Option<NonNull<Boxed<V>>> {
        let old = self.value();
        self.set(value.map_or(std::ptr::null_mut(), NonNull::as_ptr), self.bits());
        old
    }

    /// A slot holds it from here on; `shared` says that its key's box is that of the other side's slot.
    #[inline]
    pub(super) fn hold(&self, side: Side, shared: bool) {
        let bits = self.bits() | HELD[usize::from(side)] | if shared { SHARED } else { 0 };
        self.set(self.word.get(), bits);
    }

    /// A slot lets go of it.
    #[inline]
    pub(super) fn let_go(&self, side: Side) -> Last {
        let other = self.bits() & HELD[usize::from(!side)];
        let key = other == 0 || self.bits() & SHARED == 0;
        self.set(self.word.get(), other);
        Last { key, entry: other == 0 }
    }

    /// Whether two slots hold it, each with a box of its own: the read map's is the older one.
    #[inline]
    pub(super) fn has_two_keys(&self) -> bool {
        self.bits() == HELD[0] | HELD[1]
    }

    #[inline]
    pub(super) fn is_held(&self, side: Side) -> bool {
        self.bits() & HELD[usize::from(side)] != 0
    }
}

/// An entry's address, as the inner maps have it.
pub(super) struct EntryAt<V>(NonNull<Entry<V>>);

impl<V> Clone for EntryAt<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for EntryAt<V> {}

impl<V> PartialEq for EntryAt<V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<V> EntryAt<V> {
    /// The entry.
    ///
    /// # Safety
    /// It is not freed during `'a`.
    #[inline]
    pub(super) unsafe fn get<'a>(self) -> &'a Entry<V> {
        // SAFETY: the caller's promise; written by `Entry::alloc`, and only ever borrowed shared.
        unsafe { &*self.0.as_ptr() }
    }

    /// Frees the entry, not its value.
    ///
    /// # Safety
    /// It is used no more.
    #[inline]
    pub(super) unsafe fn free(self) {
        // SAFETY: the caller's promise; allocated by `Entry::alloc`.
        unsafe { heap::free(self.0.cast(), size_of::<Entry<V>>(), false) };
    }
}

// SAFETY: it is an address; the caller of `get` and of `free` answers for what it leads to.
unsafe impl<V> Send for EntryAt<V> {}
// SAFETY: as above.
unsafe impl<V> Sync for EntryAt<V> {}

impl<V: Value> Value for EntryAt<V> {
    const POINTERS: bool = true;
    fn from_seed(_: u64, _: u32) -> Self {
        unreachable!("an entry is made from a value, by the map whose heap it lies on")
    }
    fn seed(&self) -> Option<u64> {
        None
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}
