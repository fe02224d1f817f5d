//! The map's structure, counted.

use super::group::Group;
use super::table::{MAX_GROUPS, Table};
use super::{GoSwissMap, Hashing, Key, Value};
use crate::maps::{Structure, count_one};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Misses are weighed as hashes fall: each directory entry alike, and in its table each group that a search may begin
    /// at. In shares of a table's largest number of groups these weights are whole.
    pub(super) fn inspect(&self) -> Structure {
        let header = self.header();
        let small = if header.is_small() { header.small_group() } else { None };
        let groups = || small.into_iter().chain(header.tables().flat_map(Table::groups));

        let (mut buckets, mut tombstones) = (0, 0);
        let mut occupancy = vec![0; if small.is_some() || !header.is_small() { 9 } else { 0 }];
        for group in groups() {
            buckets += 1;
            tombstones += group.ctrl().deleted().len() as u64;
            occupancy[group.ctrl().full().len()] += 1;
        }
        // A small map has one group to look at, whether it has the key or not.
        let entries = header.used as u64;
        let mut hit_group_lengths = if header.is_small() { vec![0, entries] } else { Vec::new() };
        let (mut miss_groups, mut miss_groups_of) = (buckets, buckets);
        if !header.is_small() {
            (miss_groups, miss_groups_of) = (0, (header.directory().len() * MAX_GROUPS) as u64);
        }
        for table in header.tables() {
            self.count_hits(table, &mut hit_group_lengths);
            let weight = header.entries_of(table) * MAX_GROUPS / table.groups().count();
            miss_groups += misses(table) * weight as u64;
        }
        let hit_groups = (0..).zip(&hit_group_lengths).map(|(looks, entries)| looks * entries).sum();
        let longest = hit_group_lengths.iter().rposition(|&entries| entries > 0).unwrap_or(0);
        Structure {
            buckets: Some(buckets),
            in_use_bytes: Some(buckets * Group::<K, V>::BYTES as u64),
            hit_groups: Some(hit_groups),
            miss_groups: Some(miss_groups),
            miss_groups_of: Some(miss_groups_of),
            probe_groups_max: Some(longest as u64),
            tables: Some(header.tables as u64),
            directory_entries: Some(header.directory().len() as u64),
            tombstones: Some(tombstones),
            occupancy: Some(occupancy),
            hit_group_lengths: Some(hit_group_lengths),
            ..Structure::default()
        }
    }

    /// Adds a table's entries to those that so many groups are looked at for.
    fn count_hits(&self, table: Table<K, V>, lengths: &mut Vec<u64>) {
        for (home, group) in table.groups().enumerate() {
            for slot in group.full() {
                // SAFETY: full, and the map is borrowed.
                let hash = self.hasher.hash_one(unsafe { slot.key_ptr().as_ref() });
                count_one(lengths, 1 + table.probe(hash).take_while(|&index| index != home).count());
            }
        }
    }
}

/// Groups looked at by an unsuccessful search from each group of a table, in all.
fn misses<K: Key, V: Value>(table: Table<K, V>) -> u64 {
    let groups = table.groups().count() as u64;
    let looks = |start: u64| {
        // The hash that begins there.
        let full = table.probe(start << 7).take_while(|&index| table.group(index).ctrl().empty().is_empty());
        1 + full.count() as u64
    };
    (0..groups).map(looks).sum()
}
