//! What holds between any two operations.

use super::node::{Child, EntryAt, LEVELS_MAX};
use super::read::{each_node, entries, follow};
use super::{Hashing, Key, TrieMap, Value};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> TrieMap<K, V, S, P> {
    /// Panics when an invariant does not hold.
    pub(super) fn check(&self) {
        let (mut len, mut overflow_entries, mut nodes) = (0, 0, [0; LEVELS_MAX]);
        let Some(root) = self.root() else {
            assert_eq!((self.len, self.overflow_entries, self.nodes), (0, 0, nodes), "a map without a root");
            return;
        };
        let mut check_chain = |node, level, head: EntryAt<K, V>| {
            // SAFETY: tree.
            unsafe {
                let head_hash = self.hasher.hash_one(head.as_ref().key);
                for (place, entry) in entries(Some(head)).enumerate() {
                    assert_eq!(self.hasher.hash_one(entry.as_ref().key), head_hash, "a chain has one hash");
                    len += 1;
                    overflow_entries += usize::from(place > 0);
                }
                let place = follow(root, head_hash);
                assert_eq!((place.node, place.level), (node, level), "an entry is on its hash's way");
            }
        };
        // SAFETY: tree.
        unsafe {
            each_node(root, 0, &mut |node, level| {
                nodes[level] += usize::from(level > 0);
                assert_eq!(node.as_ref().parent().is_none(), level == 0, "the root alone has no parent");
                assert!(level == 0 || !node.as_ref().is_empty(), "an empty node at level {level}");
                for child in node.as_ref().children() {
                    match child {
                        Child::Empty => {}
                        Child::Indirect(child) => assert_eq!(child.as_ref().parent(), Some(node), "a parent"),
                        Child::Entry(head) => check_chain(node, level, head),
                    }
                }
            });
        }
        assert_eq!(self.len, len, "live entries");
        assert_eq!(self.overflow_entries, overflow_entries, "entries behind others");
        assert_eq!(self.nodes, nodes, "indirect nodes by level");
    }
}
