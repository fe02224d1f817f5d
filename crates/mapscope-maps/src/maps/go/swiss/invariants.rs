//! What must hold between any two operations.

use std::collections::BTreeSet;

use super::ctrl::{DELETED, EMPTY, h2};
use super::group::{Group, SLOTS};
use super::table::{Table, growth_limit};
use super::{GoSwissMap, Hashing, Key, Value};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Panics when an invariant does not hold.
    pub(super) fn check(&self) {
        let header = self.header();
        assert!(self.ranges > 0 || self.kept.is_empty(), "something is kept for no range");
        if header.is_small() {
            self.check_small();
            return;
        }
        let directory = header.directory();
        assert_eq!(directory.len(), 1 << header.global_depth, "the directory is not as long as its depth says");
        let (mut index, mut entries, mut slots, mut tables, mut tombstones) = (0, 0, 0, 0, 0);
        while index < directory.len() {
            let table = directory[index];
            assert_eq!(table.index(), Some(index), "a table that is not where it says");
            assert!(table.local_depth <= header.global_depth, "table {index} is deeper than the directory");
            let names = header.entries_of(table);
            assert_eq!(index % names, 0, "table {index} begins in the middle of its prefix");
            assert!(
                directory[index..][..names].iter().all(|&other| other == table),
                "table {index} is not named {names} times"
            );
            self.check_table(table, index);
            index += names;
            entries += usize::from(table.used.get());
            slots += table.slots();
            tables += 1;
            tombstones += table.tombstones();
        }
        assert_eq!(entries, header.used, "used is not the sum of the tables'");
        assert_eq!((slots, tables), (header.slots, header.tables), "the sums of slots and tables");
        assert!(tombstones == 0 || header.tombstone_possible, "tombstones that are not possible");
    }

    fn check_small(&self) {
        let header = self.header();
        assert_eq!((header.slots, header.tables, header.tombstone_possible), (0, 0, false), "a map without tables");
        let Some(group) = header.small_group() else {
            assert_eq!(header.used, 0, "a map without a group is empty");
            return;
        };
        assert!(group.ctrl().deleted().is_empty(), "a small map has a tombstone");
        assert_eq!(group.ctrl().full().len(), header.used, "used is not the number of full slots");
        self.check_group(group, "the group");
        let mut keys = BTreeSet::new();
        for slot in group.full() {
            // SAFETY: full; the map is borrowed.
            let (key, _) = unsafe { slot.entry() };
            assert!(keys.insert(key), "key {} is there twice", key.id());
        }
    }

    /// Checks the control bytes of a group.
    fn check_group(&self, group: Group<K, V>, name: &str) {
        let ctrl = group.ctrl();
        for index in 0..SLOTS {
            let byte = ctrl.get(index);
            assert!(byte <= EMPTY || byte == DELETED, "{name}: control byte {byte:#x}");
        }
        assert!(ctrl.deleted().is_empty() || ctrl.empty().is_empty(), "{name} has empty slots beside tombstones");
        for slot in group.full() {
            // SAFETY: full; the map is borrowed.
            let (key, _) = unsafe { slot.entry() };
            assert!(
                slot.is_full() && ctrl.matching(h2(self.hasher.hash_one(key))).any(|index| group.slot(index) == slot),
                "{name}: a control byte that is not its key's"
            );
        }
    }

    fn check_table(&self, table: Table<K, V>, index: usize) {
        let (mut full, mut empty, mut deleted) = (0, 0, 0);
        for group in table.groups() {
            let ctrl = group.ctrl();
            full += ctrl.full().len();
            empty += ctrl.empty().len();
            deleted += ctrl.deleted().len();
            self.check_group(group, "a group");
            for slot in group.full() {
                // SAFETY: full; the map is borrowed.
                let (key, _) = unsafe { slot.entry() };
                let hash = self.hasher.hash_one(key);
                assert!(self.header().table(hash) == table, "table {index}: key {} belongs to another", key.id());
                // A second slot of the same key would not be found by a search that the first one ends.
                assert!(
                    table.find(hash, key) == Some(slot),
                    "table {index}: key {} is not found where it is",
                    key.id()
                );
            }
        }
        assert_eq!(full, usize::from(table.used.get()), "table {index}: used is not the number of full slots");
        assert_eq!(deleted, table.tombstones(), "table {index}: tombstones");
        assert_eq!(
            full + deleted + usize::from(table.growth_left.get()),
            growth_limit(table.slots()),
            "table {index}: growth_left"
        );
        assert!(empty > 0, "table {index} has no empty slot to end a search");
    }
}
