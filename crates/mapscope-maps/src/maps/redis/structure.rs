//! What a dict looks like inside.

use std::collections::BTreeSet;

use super::Hashing;
use super::dict::{Dict, ENTRY_BYTES, INITIAL_BUCKETS};
use super::table::Table;
use crate::entry::Key;
use crate::maps::{Structure, count_one};

impl<K: Key, V, S: Hashing, P> Dict<K, V, S, P> {
    /// While a rehash is under way, a key can hash to the buckets of the larger table, and a lookup of it may walk a
    /// chain of each table; `occupancy` has the buckets of both that are in use.
    pub(super) fn structure(&self) -> Structure {
        let walked = |hash: u64| self.places(hash).flat_map(|(table, index)| self.table[table].chain(index));
        let buckets = self.table.iter().map(|table| table.buckets.len()).max().unwrap_or(0) as u64;
        let (mut overflow, mut longest, mut hit_probes) = (0, 0, 0);
        let (mut occupancy, mut hit_probe_lengths) = (Vec::new(), Vec::new());
        for (number, table) in self.table.iter().enumerate() {
            let passed = if number == 0 { self.rehash_index.unwrap_or(0) } else { 0 };
            for index in passed..table.buckets.len() {
                let length = table.chain(index).count();
                overflow += length.saturating_sub(1) as u64;
                longest = longest.max(length as u64);
                count_one(&mut occupancy, length);
            }
            for node in table.nodes() {
                // SAFETY: linked, so live.
                let hash = self.hasher.hash_one(&unsafe { node.as_ref() }.key);
                let looks = 1 + walked(hash).take_while(|&other| other != node).count();
                hit_probes += looks as u64;
                count_one(&mut hit_probe_lengths, looks);
            }
        }
        let table_bytes: u64 = self.table.iter().map(Table::bytes).sum();
        let node_bytes = self.len() as u64 * self.release.heap().class(ENTRY_BYTES);
        Structure {
            buckets: Some(buckets),
            overflow_buckets: Some(overflow),
            chain_length_max: Some(longest),
            in_use_bytes: Some(table_bytes + node_bytes),
            hit_probes: Some(hit_probes),
            miss_probes: Some((0..buckets).map(|hash| walked(hash).count() as u64).sum()),
            tables: Some(1 + u64::from(self.rehashing())),
            // A chain is of nodes, an entry each.
            chain_lengths: Some(occupancy.clone()),
            occupancy: Some(occupancy),
            hit_probe_lengths: Some(hit_probe_lengths),
            ..Structure::default()
        }
    }

    pub(super) fn check_invariants(&self) {
        let mut keys = BTreeSet::new();
        for (number, table) in self.table.iter().enumerate() {
            assert_eq!(table.nodes().count(), table.used, "the nodes of table {number} are counted");
            let buckets = table.buckets.len();
            assert!(buckets == 0 || buckets.is_power_of_two() && buckets >= INITIAL_BUCKETS, "{buckets} buckets");
            for index in 0..buckets {
                for node in table.chain(index) {
                    // SAFETY: linked, so live.
                    let key = &unsafe { node.as_ref() }.key;
                    assert_eq!(table.index(self.hasher.hash_one(key)), index, "a node is in its bucket");
                    assert!(keys.insert(key.clone()), "a key is there twice");
                }
            }
        }
        let [first, second] = &self.table;
        match self.rehash_index {
            Some(passed) => {
                assert_ne!(first.buckets.len(), second.buckets.len(), "a rehash changes the size");
                assert!(first.buckets[..passed].iter().all(Option::is_none), "a bucket passed is empty");
            }
            None => assert_eq!(second.buckets.len(), 0, "a second table without a rehash"),
        }
    }
}
