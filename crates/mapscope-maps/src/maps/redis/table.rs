//! A table of chains of nodes.

use std::cell::Cell;
use std::ptr::NonNull;

pub(super) const BUCKET_BYTES: u64 = 8;

/// A node. Once linked, it is live until a function that has the dict to itself unlinks and frees it; rehashing, which
/// lookups do, changes `next` and nothing else.
pub(super) struct Node<K, V> {
    pub(super) next: Cell<Link<K, V>>,
    pub(super) key: K,
    pub(super) value: V,
}

pub(super) type Link<K, V> = Option<NonNull<Node<K, V>>>;

/// A node's key and value.
///
/// # Safety
/// It stays linked, and its value in place, for `'a`.
pub(super) unsafe fn entry<'a, K, V>(node: NonNull<Node<K, V>>) -> (&'a K, &'a V) {
    // SAFETY: the caller's promise. Lookups that rehash meanwhile change `next`, a cell.
    let node = unsafe { node.as_ref() };
    (&node.key, &node.value)
}

pub(super) struct Table<K, V> {
    /// A power of two, or none.
    pub(super) buckets: Box<[Link<K, V>]>,
    pub(super) used: usize,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { buckets: Box::default(), used: 0 }
    }
}

impl<K, V> Table<K, V> {
    pub(super) fn index(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }

    pub(super) fn chain(&self, index: usize) -> impl Iterator<Item = NonNull<Node<K, V>>> + use<K, V> {
        let head = self.buckets.get(index).copied().flatten();
        // SAFETY: linked, so live.
        std::iter::successors(head, |node| unsafe { node.as_ref() }.next.get())
    }

    pub(super) fn push(&mut self, index: usize, node: NonNull<Node<K, V>>) {
        // SAFETY: the caller has just made it, or it is linked.
        unsafe { node.as_ref() }.next.set(self.buckets[index].replace(node));
        self.used += 1;
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NonNull<Node<K, V>>> {
        (0..self.buckets.len()).flat_map(|index| self.chain(index))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.buckets.len() as u64 * BUCKET_BYTES
    }
}
