//! What must outlive its time because a range is still walking it.
//!
//! In Go, an iterator's pointers keep replaced buckets or groups and the keys in them alive. Here they are put
//! aside when the map is done with them and freed when the outermost range ends. The list's own nodes come from
//! [`System`] directly, so that they are not charged to the map.

use std::alloc::{GlobalAlloc, Layout, System, handle_alloc_error};
use std::ptr::NonNull;

use super::{heap, stored};
use crate::entry::Key;

/// Something put aside.
pub(super) enum Item<K> {
    /// An object of Go's heap: its address, the size asked for, and whether it carries no header whatever its size.
    Object(NonNull<u8>, usize, bool),
    /// A removed key, whose stale copies a range may still compare.
    Key(K),
    /// The same where the copies are of its address; the flag is as for an object.
    KeyAt(NonNull<K>, bool),
    /// A bucket that its map does not free, but uses again.
    Bucket(NonNull<u8>),
}

impl<K: Key> Item<K> {
    /// Drops and frees it.
    pub(super) fn free(self) {
        match self {
            // SAFETY: the list owned it, as allocated, and no range is left to use it.
            Item::Object(object, size, headerless) => unsafe { heap::free(object, size, headerless) },
            Item::Key(key) => drop(key),
            // SAFETY: as above; its address was in a slot.
            Item::KeyAt(key, headerless) => unsafe { stored::discard(key, headerless) },
            Item::Bucket(_) => unreachable!("a map that uses buckets again takes them back itself"),
        }
    }
}

struct Node<K> {
    item: Item<K>,
    next: Option<NonNull<Node<K>>>,
}

/// The things put aside.
pub(super) struct Kept<K> {
    head: Option<NonNull<Node<K>>>,
}

impl<K: Key> Kept<K> {
    const NODE: Layout = Layout::new::<Node<K>>();

    pub(super) const fn new() -> Kept<K> {
        Kept { head: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Takes over an item: whatever it names belongs to the list from here on.
    pub(super) fn push(&mut self, item: Item<K>) {
        // SAFETY: a node is not of zero size.
        let node = unsafe { System.alloc(Self::NODE) }.cast::<Node<K>>();
        let node = NonNull::new(node).unwrap_or_else(|| handle_alloc_error(Self::NODE));
        // SAFETY: just allocated for a node.
        unsafe { node.write(Node { item, next: self.head }) };
        self.head = Some(node);
    }

    /// Hands the last item back.
    pub(super) fn pop(&mut self) -> Option<Item<K>> {
        let node = self.head?;
        // SAFETY: written by `push`, and unlinked before anything is dropped.
        let Node { item, next } = unsafe { node.read() };
        self.head = next;
        // SAFETY: allocated by `push` with this layout.
        unsafe { System.dealloc(node.as_ptr().cast(), Self::NODE) };
        Some(item)
    }

    /// Drops and frees everything.
    pub(super) fn release(&mut self) {
        while let Some(item) = self.pop() {
            item.free();
        }
    }
}

impl<K> Drop for Kept<K> {
    fn drop(&mut self) {
        debug_assert!(self.head.is_none(), "the map releases what it kept");
    }
}
