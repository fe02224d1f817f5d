//! Store, Delete and Clear, and what they let go of.

use super::super::boxed::Boxed;
use super::node::{Child, Entry, EntryAt, Indirect, IndirectAt, LEVELS_MAX, index};
use super::read::{Place, entries, follow};
use super::{Hashing, Key, TrieMap, Value};
use crate::probe::event::{Event, Probe};

impl<K: Key, V: Value, S: Hashing, P: Probe> TrieMap<K, V, S, P> {
    /// `Store(key, value)`; true when the key was there.
    #[inline]
    pub(super) fn store(&mut self, key: K, value: V) -> bool {
        let key = Boxed::new(key, !K::POINTERS, &mut self.tiny);
        let value = Boxed::new(value, !V::POINTERS, &mut self.tiny);
        let root = self.init();
        let hash = self.hasher.hash_one(key);
        // SAFETY: tree. What is taken out is freed once.
        unsafe {
            let Place { node, level, chain } = follow(root, hash);
            if let Some((before, old)) = find(chain, |there| *there == key) {
                let new = Entry::alloc(key, value, old.as_ref().overflow());
                relink(node, index(hash, level), before, Some(new));
                self.free_entry(old);
                return true;
            }
            let new = Entry::alloc(key, value, None);
            let child = match chain {
                Some(head) => self.expand(node, level, hash, head, new),
                None => Child::Entry(new),
            };
            node.as_ref().set(index(hash, level), child);
        }
        self.len += 1;
        false
    }

    /// What takes the place of a chain where an entry with another key has come.
    ///
    /// # Safety
    /// The parent, which has this level, and the entries are there.
    unsafe fn expand(
        &mut self,
        parent: IndirectAt<K, V>,
        mut level: usize,
        hash: u64,
        head: EntryAt<K, V>,
        new: EntryAt<K, V>,
    ) -> Child<K, V> {
        // SAFETY: the caller's promise.
        let hash_there = self.hasher.hash_one(unsafe { head.as_ref().key });
        // From below this level. Where the two agree above it they agree nowhere below.
        let parts = (level + 1..LEVELS_MAX).find(|&level| index(hash_there, level) != index(hash, level));
        let Some(parts) = parts else {
            // SAFETY: the caller's promise.
            unsafe { new.as_ref() }.set_overflow(Some(head));
            self.overflow_entries += 1;
            self.probe.emit(Event::Overflow);
            return Child::Entry(new);
        };
        let top = self.add_node(parent, level + 1);
        let mut node = top;
        loop {
            level += 1;
            // SAFETY: just allocated.
            let here = unsafe { node.as_ref() };
            if level == parts {
                here.set(index(hash_there, level), Child::Entry(head));
                here.set(index(hash, level), Child::Entry(new));
                return Child::Indirect(top);
            }
            node = self.add_node(node, level + 1);
            here.set(index(hash, level), Child::Indirect(node));
        }
    }

    fn add_node(&mut self, parent: IndirectAt<K, V>, level: usize) -> IndirectAt<K, V> {
        self.nodes[level] += 1;
        self.probe.emit(Event::Overflow);
        Indirect::alloc(Some(parent))
    }

    /// `Delete(key)`; true when the key was there.
    #[inline]
    pub(super) fn delete(&mut self, key: &K) -> bool {
        let root = self.init();
        let hash = self.hasher.hash_one(key);
        // SAFETY: tree. What is taken out is freed once.
        unsafe {
            let Place { node, level, chain } = follow(root, hash);
            let Some((before, old)) = find(chain, |there| there.get() == key) else {
                return false;
            };
            let rest = old.as_ref().overflow();
            self.overflow_entries -= usize::from(before.is_some() || rest.is_some());
            self.len -= 1;
            relink(node, index(hash, level), before, rest);
            if before.is_none() && rest.is_none() {
                self.prune(node, level, hash);
            }
            self.free_entry(old);
        }
        true
    }

    /// Takes a node out that has become empty, and each above it that becomes so.
    ///
    /// # Safety
    /// The node is there, has this level, and lies on the hash's way.
    unsafe fn prune(&mut self, mut node: IndirectAt<K, V>, mut level: usize, hash: u64) {
        // SAFETY: the caller's promise; then the same holds for the parent. A node that was taken out is used no more.
        unsafe {
            while let Some(parent) = node.as_ref().parent().filter(|_| node.as_ref().is_empty()) {
                self.nodes[level] -= 1;
                level -= 1;
                parent.as_ref().set(index(hash, level), Child::Empty);
                Indirect::free(node);
                node = parent;
            }
        }
    }

    /// Puts a new root in place of the one there is.
    pub(super) fn replace_root(&mut self) {
        let new = Indirect::alloc(None);
        let old = self.header().root.replace(Some(new));
        self.forget(old);
    }

    pub(super) fn free_all(&mut self) {
        let old = self.header().root.take();
        self.forget(old);
    }

    /// Frees what is below an old root, and the root. It is out of reach before: what keys and values do when they are
    /// dropped is theirs.
    fn forget(&mut self, root: Option<IndirectAt<K, V>>) {
        (self.len, self.overflow_entries, self.nodes) = (0, 0, [0; LEVELS_MAX]);
        if let Some(root) = root {
            // SAFETY: tree; it is the map's no more.
            unsafe { self.free_node(root) };
        }
    }

    /// # Safety
    /// The node and what is below it are there, and used no more.
    unsafe fn free_node(&self, node: IndirectAt<K, V>) {
        // SAFETY: the caller's promise.
        unsafe {
            for child in node.as_ref().children() {
                match child {
                    Child::Empty => {}
                    Child::Indirect(child) => self.free_node(child),
                    Child::Entry(head) => {
                        let mut chain = Some(head);
                        while let Some(entry) = chain {
                            chain = entry.as_ref().overflow();
                            self.free_entry(entry);
                        }
                    }
                }
            }
            Indirect::free(node);
        }
    }

    /// # Safety
    /// The entry was taken out, and is used no more.
    #[inline]
    unsafe fn free_entry(&self, entry: EntryAt<K, V>) {
        // SAFETY: the caller's promise; the boxes are this entry's alone.
        unsafe {
            let Entry { key, value, .. } = entry.as_ref();
            let (key, value) = (*key, *value);
            Entry::free(entry);
            value.free(!V::POINTERS, self.probe);
            key.free(!K::POINTERS, self.probe);
        }
    }
}

/// An entry of a chain, and the one before it.
type Found<K, V> = (Option<EntryAt<K, V>>, EntryAt<K, V>);

/// The entry of a chain whose key is the one.
///
/// # Safety
/// The chain is there.
#[inline]
unsafe fn find<K, V>(head: Option<EntryAt<K, V>>, is: impl Fn(&Boxed<K>) -> bool) -> Option<Found<K, V>> {
    let mut before = None;
    // SAFETY: the caller's promise.
    unsafe {
        for entry in entries(head) {
            if is(&entry.as_ref().key) {
                return Some((before, entry));
            }
            before = Some(entry);
        }
    }
    None
}

/// Puts what follows behind the entry before, or at the head of the chain.
///
/// # Safety
/// The node is there, and the entry before, if any, is in the chain that the node has at the index.
#[inline]
unsafe fn relink<K, V>(
    node: IndirectAt<K, V>,
    index: usize,
    before: Option<EntryAt<K, V>>,
    next: Option<EntryAt<K, V>>,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match before {
            Some(before) => before.as_ref().set_overflow(next),
            None => node.as_ref().set(index, next.map_or(Child::Empty, Child::Entry)),
        }
    }
}
