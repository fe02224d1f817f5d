//! Nodes, and the handles that everything else of the map works with: what is unsafe about nodes is here.
//!
//! - **live**: a handle points at a node that has not been freed. A node is freed by the function that has just unlinked
//!   it, or, once its entry has moved to another node, at the end of the write. No handle leaves the map's module.
//! - **whole**: key and value of a node are valid unless it is retired.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// A node of a list. `next` also links the nodes of a tree, in the order of the list that they once were.
pub(super) struct Node<K, V> {
    pub(super) hash: u32,
    /// Whether it is the first field of a [`TreeNode`].
    tree: bool,
    pub(super) next: Cell<Option<NodeAt<K, V>>>,
    pub(super) key: K,
    value: V,
}

/// A node of a red-black tree.
#[repr(C)]
pub(super) struct TreeNode<K, V> {
    pub(super) node: Node<K, V>,
    pub(super) prev: Cell<Option<NodeAt<K, V>>>,
    pub(super) parent: Cell<Option<TreeAt<K, V>>>,
    /// Left and right.
    pub(super) children: [Cell<Option<TreeAt<K, V>>>; 2],
    pub(super) red: Cell<bool>,
}

/// A live node, in a list or in a tree.
pub(super) struct NodeAt<K, V>(NonNull<Node<K, V>>);

/// A live node in a tree.
pub(super) struct TreeAt<K, V>(NonNull<TreeNode<K, V>>);

impl<K, V> Clone for NodeAt<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for NodeAt<K, V> {}

impl<K, V> PartialEq for NodeAt<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K, V> Deref for NodeAt<K, V> {
    type Target = Node<K, V>;
    #[inline]
    fn deref(&self) -> &Node<K, V> {
        // SAFETY: live. Links are cells; values are replaced by `set_value` only.
        unsafe { self.0.as_ref() }
    }
}

impl<K, V> Clone for TreeAt<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for TreeAt<K, V> {}

impl<K, V> PartialEq for TreeAt<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K, V> Deref for TreeAt<K, V> {
    type Target = TreeNode<K, V>;
    #[inline]
    fn deref(&self) -> &TreeNode<K, V> {
        // SAFETY: live; as for a node.
        unsafe { self.0.as_ref() }
    }
}

impl<K, V> TreeAt<K, V> {
    /// The same node as one of a list.
    #[inline]
    pub(super) fn node(self) -> NodeAt<K, V> {
        NodeAt(self.0.cast())
    }
}

impl<K, V> NodeAt<K, V> {
    /// A node of a list, or of a tree, by itself.
    pub(super) fn new(tree: bool, hash: u32, key: K, value: V) -> Self {
        let node = Node { hash, tree, next: Cell::new(None), key, value };
        if !tree {
            return NodeAt(NonNull::from(Box::leak(Box::new(node))));
        }
        let (prev, parent, children, red) = Default::default();
        NodeAt(NonNull::from(Box::leak(Box::new(TreeNode { node, prev, parent, children, red }))).cast())
    }

    /// The same node as one of a tree, if it is one.
    #[inline]
    pub(super) fn as_tree(self) -> Option<TreeAt<K, V>> {
        // The handle was made from one to the whole tree node.
        self.tree.then_some(TreeAt(self.0.cast()))
    }

    /// The node and those after it.
    #[inline]
    pub(super) fn list(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |node| node.next.get())
    }

    /// The key and the value.
    ///
    /// # Safety
    /// The node stays live, and its value in place, for `'a`.
    #[inline]
    pub(super) unsafe fn entry<'a>(self) -> (&'a K, &'a V) {
        // SAFETY: the caller's promise.
        let node = unsafe { self.0.as_ref() };
        (&node.key, &node.value)
    }

    /// Replaces the value.
    ///
    /// # Safety
    /// The map is the caller's alone: nobody looks at the value.
    #[inline]
    pub(super) unsafe fn set_value(self, value: V) {
        // SAFETY: live, and the caller's promise.
        unsafe { (*self.0.as_ptr()).value = value };
    }

    /// Moves the entry to a new node, of a tree or of a list. The old one is linked to nothing and **retired**: good for
    /// nothing but `free_retired`.
    ///
    /// # Safety
    /// The map is the caller's alone, and no other handle of the old node is used again.
    pub(super) unsafe fn replace(self, tree: bool) -> Self {
        // SAFETY: live and whole; the old node's entry is never read again.
        let (key, value) = unsafe { (std::ptr::read(&self.key), std::ptr::read(&self.value)) };
        NodeAt::new(tree, self.hash, key, value)
    }

    /// Frees a node and drops its entry.
    ///
    /// # Safety
    /// It is whole, unlinked, and no handle of it is used again.
    pub(super) unsafe fn free(self) {
        // SAFETY: made by `new` from the box that its kind says.
        unsafe {
            match self.as_tree() {
                Some(tree) => drop(Box::from_raw(tree.0.as_ptr())),
                None => drop(Box::from_raw(self.0.as_ptr())),
            }
        }
    }

    /// Frees a retired node.
    ///
    /// # Safety
    /// No handle of it is used again.
    pub(super) unsafe fn free_retired(self) {
        // SAFETY: made by `new` from the box that its kind says; its entry is another node's, and not dropped here.
        unsafe {
            match self.as_tree() {
                Some(tree) => drop(Box::from_raw(tree.0.as_ptr().cast::<ManuallyDrop<TreeNode<K, V>>>())),
                None => drop(Box::from_raw(self.0.as_ptr().cast::<ManuallyDrop<Node<K, V>>>())),
            }
        }
    }
}
