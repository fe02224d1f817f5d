//! Lookups and iteration.

use super::node::{Child, Entry, EntryAt, IndirectAt, LEVELS_MAX, index};
use super::{Hashing, Key, TrieMap, Value};
use crate::probe::event::Probe;

/// Where a hash's way ends.
pub(super) struct Place<K, V> {
    /// The last indirect node on it.
    pub(super) node: IndirectAt<K, V>,
    /// That node's level.
    pub(super) level: usize,
    /// The head of the chain that it has there.
    pub(super) chain: Option<EntryAt<K, V>>,
}

/// Follows a hash from the root to the first node that has no other node there.
///
/// # Safety
/// The trie is there.
#[inline]
pub(super) unsafe fn follow<K, V>(root: IndirectAt<K, V>, hash: u64) -> Place<K, V> {
    let mut node = root;
    for level in 0..LEVELS_MAX {
        // SAFETY: the caller's promise.
        match unsafe { node.as_ref() }.child(index(hash, level)) {
            Child::Indirect(child) => node = child,
            Child::Entry(head) => return Place { node, level, chain: Some(head) },
            Child::Empty => return Place { node, level, chain: None },
        }
    }
    unreachable!("no node is below level 15")
}

/// The entries of a chain, its head first.
///
/// # Safety
/// They are there as long as the iterator is used.
#[inline]
pub(super) unsafe fn entries<K, V>(head: Option<EntryAt<K, V>>) -> impl Iterator<Item = EntryAt<K, V>> {
    // SAFETY: the caller's promise.
    std::iter::successors(head, |entry| unsafe { entry.as_ref() }.overflow())
}

/// Calls `f` for each entry below a node, in the order in which Go iterates.
///
/// # Safety
/// What is below the node is there during `'a`.
pub(super) unsafe fn visit<'a, K: 'a, V: 'a>(node: IndirectAt<K, V>, f: &mut dyn FnMut(&'a Entry<K, V>)) {
    // SAFETY: the caller's promise.
    unsafe {
        for child in node.as_ref().children() {
            match child {
                Child::Empty => {}
                Child::Entry(head) => entries(Some(head)).for_each(|entry| f(&*entry.as_ptr())),
                Child::Indirect(child) => visit(child, f),
            }
        }
    }
}

/// Calls `f` for a node of this level and each node below it, with their levels, parents first.
///
/// # Safety
/// What is below the node is there.
pub(super) unsafe fn each_node<K, V>(node: IndirectAt<K, V>, level: usize, f: &mut dyn FnMut(IndirectAt<K, V>, usize)) {
    f(node, level);
    // SAFETY: the caller's promise.
    unsafe {
        for child in node.as_ref().children() {
            if let Child::Indirect(child) = child {
                each_node(child, level + 1, f);
            }
        }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> TrieMap<K, V, S, P> {
    /// What it has under the key.
    #[inline]
    pub(super) fn look_up(&self, root: IndirectAt<K, V>, key: &K) -> Option<(&K, &V)> {
        let hash = self.hasher.hash_one(key);
        // SAFETY: tree; a write needs the map exclusively.
        unsafe {
            let found = entries(follow(root, hash).chain).find(|entry| entry.as_ref().key.get() == key)?;
            let Entry { key, value, .. } = &*found.as_ptr();
            Some((key.get(), value.get()))
        }
    }
}
