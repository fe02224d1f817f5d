//! The trie's nodes: indirect nodes, whose children are nodes, and entries.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

use super::super::boxed::Boxed;
use crate::maps::go::heap;

/// How many of a hash's bits a level takes.
pub(super) const LEVEL_BITS: u32 = 4;

/// How many children an indirect node has room for.
pub(super) const CHILDREN: usize = 1 << LEVEL_BITS;

/// The most levels: a hash has no bits for more.
pub(super) const LEVELS_MAX: usize = (u64::BITS / LEVEL_BITS) as usize;

/// What both kinds of node begin with.
///
/// Invariant, **kind**: `is_entry` is true in an [`Entry`] and false in an [`Indirect`], and never changes.
#[repr(C)]
pub(super) struct Node {
    is_entry: bool,
}

type NodeAt = NonNull<Node>;

/// Go's `indirect`: 152 bytes, in an object of 160. Changed through shared references, since a lookup may make the root.
#[repr(C)]
pub(super) struct Indirect<K, V> {
    node: Node,
    /// Go's, for other goroutines: whether it was taken out of the trie, and its mutex.
    _dead: u32,
    _mutex: u64,
    /// `None` in the root.
    parent: Option<IndirectAt<K, V>>,
    children: [Cell<Option<NodeAt>>; CHILDREN],
    _entries: PhantomData<Entry<K, V>>,
}

/// Go's `entry`: 48 bytes.
#[repr(C)]
pub(super) struct Entry<K, V> {
    node: Node,
    /// The entry behind it in the chain of those with the same hash.
    overflow: Cell<Option<EntryAt<K, V>>>,
    pub(super) key: Boxed<K>,
    pub(super) value: Boxed<V>,
}

/// The address of an indirect node. Whoever has it answers for the node's being there when it is used.
pub(super) type IndirectAt<K, V> = NonNull<Indirect<K, V>>;

/// The address of an entry, likewise.
pub(super) type EntryAt<K, V> = NonNull<Entry<K, V>>;

/// What an indirect node has at an index.
pub(super) enum Child<K, V> {
    Empty,
    Entry(EntryAt<K, V>),
    Indirect(IndirectAt<K, V>),
}

/// The index, at a level, of what has this hash: the topmost bits are the root's.
#[inline]
pub(super) const fn index(hash: u64, level: usize) -> usize {
    (hash >> (u64::BITS - LEVEL_BITS * (level as u32 + 1))) as usize % CHILDREN
}

impl<K, V> Indirect<K, V> {
    /// The bytes that Go asks for.
    pub(super) const BYTES: usize = {
        assert!(size_of::<Self>() == 152);
        152
    };

    /// Allocates a node without children.
    pub(super) fn alloc(parent: Option<IndirectAt<K, V>>) -> IndirectAt<K, V> {
        let at = heap::alloc(Self::BYTES, false).cast::<Self>();
        let children = [const { Cell::new(None) }; CHILDREN];
        let node = Node { is_entry: false };
        // SAFETY: just allocated, of its size. Kind: it is no entry.
        unsafe { at.write(Indirect { node, _dead: 0, _mutex: 0, parent, children, _entries: PhantomData }) };
        at
    }

    #[inline]
    pub(super) fn parent(&self) -> Option<IndirectAt<K, V>> {
        self.parent
    }

    /// The child at an index.
    #[inline]
    pub(super) fn child(&self, index: usize) -> Child<K, V> {
        let Some(node) = self.children[index].get() else { return Child::Empty };
        // SAFETY: a child of a node that is there is there too. Kind: it is what it says.
        if unsafe { node.as_ref() }.is_entry { Child::Entry(node.cast()) } else { Child::Indirect(node.cast()) }
    }

    /// Every child, in the order in which Go iterates.
    pub(super) fn children(&self) -> impl Iterator<Item = Child<K, V>> {
        (0..CHILDREN).map(|index| self.child(index))
    }

    /// Whether it has none.
    pub(super) fn is_empty(&self) -> bool {
        self.children.iter().all(|child| child.get().is_none())
    }

    /// Puts a child in place of whatever is there, which is the caller's to free.
    #[inline]
    pub(super) fn set(&self, index: usize, child: Child<K, V>) {
        self.children[index].set(match child {
            Child::Empty => None,
            Child::Entry(entry) => Some(entry.cast()),
            Child::Indirect(indirect) => Some(indirect.cast()),
        });
    }

    /// Frees the node alone.
    ///
    /// # Safety
    /// [`Indirect::alloc`] made it, and it is used no more.
    pub(super) unsafe fn free(at: IndirectAt<K, V>) {
        // SAFETY: the caller's promise.
        unsafe { heap::free(at.cast(), Self::BYTES, false) };
    }
}

impl<K, V> Entry<K, V> {
    /// The bytes that Go asks for.
    pub(super) const BYTES: usize = {
        assert!(size_of::<Self>() == 48);
        48
    };

    /// Allocates an entry at the head of a chain.
    #[inline]
    pub(super) fn alloc(key: Boxed<K>, value: Boxed<V>, overflow: Option<EntryAt<K, V>>) -> EntryAt<K, V> {
        let at = heap::alloc(Self::BYTES, false).cast::<Self>();
        // SAFETY: just allocated, of its size. Kind: it is an entry.
        unsafe { at.write(Entry { node: Node { is_entry: true }, overflow: Cell::new(overflow), key, value }) };
        at
    }

    /// The entry behind it.
    #[inline]
    pub(super) fn overflow(&self) -> Option<EntryAt<K, V>> {
        self.overflow.get()
    }

    /// Links another chain, or none, behind it.
    pub(super) fn set_overflow(&self, chain: Option<EntryAt<K, V>>) {
        self.overflow.set(chain);
    }

    /// Frees the entry, not what is in its boxes.
    ///
    /// # Safety
    /// [`Entry::alloc`] made it, and it is used no more.
    pub(super) unsafe fn free(at: EntryAt<K, V>) {
        // SAFETY: the caller's promise.
        unsafe { heap::free(at.cast(), Self::BYTES, false) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_takes_four_bits_of_the_hash_from_the_top() {
        let hash = 0x0123_4567_89ab_cdef;
        assert!((0..LEVELS_MAX).all(|level| index(hash, level) == level));
    }

    #[test]
    fn nodes_occupy_what_go_s_do() {
        let indirect = heap::occupied_bytes(Indirect::<u64, u64>::BYTES, false);
        assert_eq!((indirect, heap::occupied_bytes(Entry::<u64, u64>::BYTES, false)), (160, 48));
    }
}
