//! Bins that are red-black trees, balanced as the JDK balances them (after Cormen, Leiserson and Rivest), so that their
//! shapes are the JDK's: whether a bin becomes a list again on a removal depends on its tree's shape.
//!
//! A tree is ordered by hash, as a signed number, then by key. Its nodes stay linked as a list, and the bin begins with
//! the root.

use std::cmp::Ordering;

use super::node::{NodeAt, TreeAt};
use super::objects;
use crate::entry::Key;

const LEFT: usize = 0;
const RIGHT: usize = 1;

type Root<K, V> = TreeAt<K, V>;
/// The node to hang another under, and the side.
type Place<K, V> = (TreeAt<K, V>, usize);
/// A key's node, or its place.
type Found<K, V> = Result<TreeAt<K, V>, Place<K, V>>;

impl<K, V> TreeAt<K, V> {
    fn child(self, side: usize) -> Option<Self> {
        self.children[side].get()
    }

    /// The side of its parent that it is on.
    fn side_of(self, parent: Self) -> usize {
        if parent.child(LEFT) == Some(self) { LEFT } else { RIGHT }
    }

    pub(super) fn root(self) -> Root<K, V> {
        let mut node = self;
        while let Some(parent) = node.parent.get() {
            node = parent;
        }
        node
    }

    /// Puts `to` in the place that this node has under its parent.
    fn replace_under_parent(self, to: Option<Self>) {
        if let Some(parent) = self.parent.get() {
            parent.children[self.side_of(parent)].set(to);
        }
    }

    fn set_child(self, side: usize, child: Option<Self>) {
        self.children[side].set(child);
        if let Some(child) = child {
            child.parent.set(Some(self));
        }
    }
}

fn is_red<K, V>(node: Option<TreeAt<K, V>>) -> bool {
    node.is_some_and(|node| node.red.get())
}

/// The key's node, or the node to hang it under and the side; and whether keys had to be compared, for which Java asks the
/// key's class.
pub(super) fn descend<K: Key, V>(root: Root<K, V>, hash: u32, key: &K) -> (Found<K, V>, bool) {
    let (mut node, mut asked_class) = (root, false);
    loop {
        let side = match (hash as i32).cmp(&(node.node.hash as i32)) {
            Ordering::Less => LEFT,
            Ordering::Greater => RIGHT,
            Ordering::Equal if *key == node.node.key => return (Ok(node), asked_class),
            Ordering::Equal => {
                asked_class = true;
                if objects::compare(key, &node.node.key).is_lt() { LEFT } else { RIGHT }
            }
        };
        match node.child(side) {
            Some(child) => node = child,
            None => return (Err((node, side)), asked_class),
        }
    }
}

/// The key's node, found as lookups and removes find it, which compare keys only where there is a choice; and whether they
/// did.
pub(super) fn find<K: Key, V>(root: Root<K, V>, hash: u32, key: &K) -> (Option<TreeAt<K, V>>, bool) {
    let (mut next, mut asked_class) = (Some(root), false);
    while let Some(node) = next {
        let (left, right) = (node.child(LEFT), node.child(RIGHT));
        next = match (hash as i32).cmp(&(node.node.hash as i32)) {
            Ordering::Less => left,
            Ordering::Greater => right,
            Ordering::Equal if *key == node.node.key => break,
            Ordering::Equal if left.is_none() || right.is_none() => left.or(right),
            Ordering::Equal => {
                asked_class = true;
                if objects::compare(key, &node.node.key).is_lt() { left } else { right }
            }
        };
    }
    (next, asked_class)
}

/// How many keys a successful lookup of the node looks at.
pub(super) fn depth<K, V>(node: TreeAt<K, V>) -> u64 {
    1 + node.parent.get().map_or(0, depth)
}

/// Puts a new node into the tree of a bin.
pub(super) fn put<K, V>(bin: &mut Option<NodeAt<K, V>>, (parent, side): Place<K, V>, new: TreeAt<K, V>) {
    let after = parent.node.next.replace(Some(new.node()));
    new.node.next.set(after);
    new.prev.set(Some(parent.node()));
    if let Some(after) = after.and_then(NodeAt::as_tree) {
        after.prev.set(Some(new.node()));
    }
    let root = parent.root();
    parent.set_child(side, Some(new));
    root_to_front(bin, balance_insertion(root, new));
}

/// Makes a tree of a bin's list of tree nodes; returns for how many of them keys had to be compared.
pub(super) fn treeify<K: Key, V>(bin: &mut Option<NodeAt<K, V>>) -> u64 {
    let (mut root, mut asked_class) = (None::<Root<K, V>>, 0);
    for node in bin.iter().flat_map(|first| first.list()).filter_map(NodeAt::as_tree) {
        node.children.iter().for_each(|child| child.set(None));
        node.parent.set(None);
        node.red.set(false);
        let Some(top) = root else {
            root = Some(node);
            continue;
        };
        let (place, asked) = descend(top, node.node.hash, &node.node.key);
        asked_class += u64::from(asked);
        if let Err((parent, side)) = place {
            parent.set_child(side, Some(node));
            root = Some(balance_insertion(top, node));
        }
    }
    if let Some(root) = root {
        root_to_front(bin, root);
    }
    asked_class
}

/// Unlinks a node from its bin. False when what is left is too small a tree, and was only unlinked from the list.
pub(super) fn remove<K, V>(bin: &mut Option<NodeAt<K, V>>, node: TreeAt<K, V>) -> bool {
    let first = *bin;
    let (before, after) = (node.prev.get(), node.node.next.get());
    match before {
        Some(before) => before.next.set(after),
        None => *bin = after,
    }
    if let Some(after) = after.and_then(NodeAt::as_tree) {
        after.prev.set(before);
    }
    let Some(mut root) = first.and_then(NodeAt::as_tree).map(TreeAt::root) else { return true };
    if bin.is_none() {
        return true;
    }
    if root.child(RIGHT).is_none() || root.child(LEFT).is_none_or(|left| left.child(LEFT).is_none()) {
        return false;
    }
    let (left, right) = (node.child(LEFT), node.child(RIGHT));
    let replacement = match (left, right) {
        (Some(left), Some(right)) => swap_with_successor(&mut root, node, left, right),
        (child, None) | (None, child) => child,
    };
    if let Some(replacement) = replacement {
        let parent = node.parent.get();
        node.replace_under_parent(Some(replacement));
        replacement.parent.set(parent);
        if parent.is_none() {
            replacement.red.set(false);
            root = replacement;
        }
        node.children.iter().for_each(|child| child.set(None));
        node.parent.set(None);
    }
    if !node.red.get() {
        root = balance_deletion(root, replacement.unwrap_or(node));
    }
    if replacement.is_none() {
        node.replace_under_parent(None);
        node.parent.set(None);
    }
    root_to_front(bin, root);
    true
}

/// Lets a node with two children change places and colours with the next one in order; returns the node's child then.
fn swap_with_successor<K, V>(
    root: &mut Root<K, V>,
    node: TreeAt<K, V>,
    left: TreeAt<K, V>,
    right: TreeAt<K, V>,
) -> Option<TreeAt<K, V>> {
    let mut successor = right;
    while let Some(next) = successor.child(LEFT) {
        successor = next;
    }
    successor.red.swap(&node.red);
    let (child, parent) = (successor.child(RIGHT), node.parent.get());
    node.replace_under_parent(Some(successor));
    if successor == right {
        successor.set_child(RIGHT, Some(node));
    } else {
        if let Some(above) = successor.parent.get() {
            above.set_child(LEFT, Some(node));
        }
        successor.set_child(RIGHT, Some(right));
    }
    node.children[LEFT].set(None);
    node.set_child(RIGHT, child);
    successor.set_child(LEFT, Some(left));
    successor.parent.set(parent);
    if parent.is_none() {
        *root = successor;
    }
    child
}

/// Moves the root to the front of its bin's list.
fn root_to_front<K, V>(bin: &mut Option<NodeAt<K, V>>, root: Root<K, V>) {
    let Some(first) = bin.replace(root.node()).filter(|&first| first != root.node()) else { return };
    let (before, after) = (root.prev.take(), root.node.next.replace(Some(first)));
    if let Some(after) = after.and_then(NodeAt::as_tree) {
        after.prev.set(before);
    }
    if let Some(before) = before {
        before.next.set(after);
    }
    if let Some(first) = first.as_tree() {
        first.prev.set(Some(root.node()));
    }
}

/// Rotates a node down to `side`, its other child up; returns the root.
fn rotate<K, V>(root: Root<K, V>, node: TreeAt<K, V>, side: usize) -> Root<K, V> {
    let other = 1 - side;
    let Some(up) = node.child(other) else { return root };
    node.set_child(other, up.child(side));
    let parent = node.parent.get();
    node.replace_under_parent(Some(up));
    up.parent.set(parent);
    up.set_child(side, Some(node));
    if parent.is_some() {
        return root;
    }
    up.red.set(false);
    up
}

fn balance_insertion<K, V>(mut root: Root<K, V>, mut node: TreeAt<K, V>) -> Root<K, V> {
    node.red.set(true);
    loop {
        let Some(mut parent) = node.parent.get() else {
            node.red.set(false);
            return node;
        };
        let Some(grandparent) = parent.parent.get().filter(|_| parent.red.get()) else { return root };
        let side = parent.side_of(grandparent);
        if let Some(uncle) = grandparent.child(1 - side).filter(|uncle| uncle.red.get()) {
            uncle.red.set(false);
            parent.red.set(false);
            grandparent.red.set(true);
            node = grandparent;
            continue;
        }
        if parent.child(1 - side) == Some(node) {
            root = rotate(root, parent, side);
            std::mem::swap(&mut parent, &mut node);
        }
        parent.red.set(false);
        grandparent.red.set(true);
        root = rotate(root, grandparent, 1 - side);
    }
}

fn balance_deletion<K, V>(mut root: Root<K, V>, mut node: TreeAt<K, V>) -> Root<K, V> {
    loop {
        if node == root {
            return root;
        }
        let Some(parent) = node.parent.get() else {
            node.red.set(false);
            return node;
        };
        if node.red.replace(false) {
            return root;
        }
        let side = node.side_of(parent);
        if let Some(sibling) = parent.child(1 - side).filter(|sibling| sibling.red.get()) {
            sibling.red.set(false);
            parent.red.set(true);
            root = rotate(root, parent, side);
        }
        let Some(mut sibling) = parent.child(1 - side) else {
            node = parent;
            continue;
        };
        if !is_red(sibling.child(LEFT)) && !is_red(sibling.child(RIGHT)) {
            sibling.red.set(true);
            node = parent;
            continue;
        }
        if !is_red(sibling.child(1 - side)) {
            if let Some(near) = sibling.child(side) {
                near.red.set(false);
            }
            sibling.red.set(true);
            root = rotate(root, sibling, 1 - side);
            sibling = parent.child(1 - side).unwrap_or(sibling);
        }
        sibling.red.set(parent.red.get());
        if let Some(far) = sibling.child(1 - side) {
            far.red.set(false);
        }
        parent.red.set(false);
        return rotate(root, parent, side);
    }
}

/// Panics unless the bin is a red-black tree that begins with its root; returns its nodes and its height.
pub(super) fn check<K: Key, V>(first: TreeAt<K, V>) -> (usize, u64) {
    fn walk<K: Key, V>(node: TreeAt<K, V>, nodes: &mut usize) -> (u64, u64) {
        *nodes += 1;
        let mut under = [(0, 0); 2];
        for side in [LEFT, RIGHT] {
            let Some(child) = node.child(side) else { continue };
            assert!(child.parent.get() == Some(node), "a child knows its parent");
            assert!(!(node.red.get() && child.red.get()), "a red node has black children");
            let order = (child.node.hash as i32).cmp(&(node.node.hash as i32));
            let order = order.then_with(|| objects::compare(&child.node.key, &node.node.key));
            assert_eq!(order, [Ordering::Less, Ordering::Greater][side], "a tree is in order");
            under[side] = walk(child, nodes);
        }
        assert_eq!(under[0].0, under[1].0, "every path has as many black nodes");
        (under[0].0 + u64::from(!node.red.get()), under[0].1.max(under[1].1) + 1)
    }
    assert!(
        first.parent.get().is_none() && !first.red.get() && first.prev.get().is_none(),
        "a bin begins with its root"
    );
    for (node, next) in first.node().list().zip(first.node().list().skip(1)) {
        assert!(next.as_tree().is_some_and(|next| next.prev.get() == Some(node)), "a tree's list goes both ways");
    }
    let mut nodes = 0;
    let height = walk(first, &mut nodes).1;
    (nodes, height)
}
