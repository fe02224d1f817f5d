//! Insert, overwrite, remove, clear.

use rand_core::Rng;

use super::ctrl::{Ctrl, DELETED, EMPTY, h2};
use super::group::{Group, SLOTS, Slot};
use super::table::{Table, allocate_groups, growth_limit};
use super::{GoSwissMap, Hashing, Key, Value};
use crate::maps::go::kept::Item;
use crate::probe::event::{Event, Probe};

/// What events call the group that a small map is: no table's address. A growth loses none of its slots, all being full.
const SMALL: usize = 0;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Puts an entry; true when the key was there.
    #[inline]
    pub(super) fn assign(&mut self, key: K, value: V) -> bool {
        if P::ON {
            self.disturbed = None;
        }
        let hash = self.hasher.hash_one(&key);
        if self.header().is_small() {
            return self.assign_small(hash, key, value);
        }
        let table = self.header().table(hash);
        let group = table.group(table.probe(hash).at);
        if let Some(slot) = group.find(h2(hash), &key) {
            // SAFETY: full, and the map is borrowed exclusively.
            unsafe { *slot.value_ptr().as_mut() = value };
            return true;
        }
        // Nearly always: few instructions, so that the processor reaches the next operation's cache miss during this one's.
        let empty = group.ctrl().empty();
        if empty.is_empty() || table.growth_left.get() == 0 {
            return self.assign_further(table, hash, key, value);
        }
        let slot = group.slot(empty.first());
        table.count_filled();
        slot.fill(h2(hash), key, value);
        self.probe.emit(Event::SlotTaken { slot: slot.name() });
        self.header_mut().used += 1;
        false
    }

    /// The same where the first group has no room, or the table has none.
    #[inline(never)]
    fn assign_further(&mut self, mut table: Table<K, V>, hash: u64, key: K, value: V) -> bool {
        let mut probe = table.probe(hash);
        let mut tombstone = None;
        let mut slot = loop {
            let group = table.group(probe.at);
            if let Some(slot) = group.find(h2(hash), &key) {
                // SAFETY: full, and the map is borrowed exclusively.
                unsafe { *slot.value_ptr().as_mut() = value };
                return true;
            }
            // A group has empty slots or tombstones, never both.
            let free = group.ctrl().free();
            if !free.is_empty() {
                let slot = group.slot(free.first());
                if slot.is_empty() {
                    break slot;
                }
                tombstone = tombstone.or(Some(slot));
            }
            probe.advance();
        };
        if let Some(reused) = tombstone {
            slot = reused;
            table.used.set(table.used.get() + 1);
        } else {
            if table.growth_left.get() == 0 {
                (table, slot) = self.make_room(table, hash, slot);
            }
            table.count_filled();
        }
        slot.fill(h2(hash), key, value);
        self.probe.emit(Event::SlotTaken { slot: slot.name() });
        self.header_mut().used += 1;
        false
    }

    /// The same in a map that is one group, or becomes one, or has been one until now.
    fn assign_small(&mut self, hash: u64, key: K, value: V) -> bool {
        let group = self.header().small_group().unwrap_or_else(|| self.first_group());
        if self.header().used == SLOTS && self.release.grows_before_looking() {
            let table = self.grow_to_table(group);
            return self.assign_further(table, hash, key, value);
        }
        if let Some(slot) = group.find(h2(hash), &key) {
            // SAFETY: full, and the map is borrowed exclusively.
            unsafe { *slot.value_ptr().as_mut() = value };
            return true;
        }
        let empty = group.ctrl().empty();
        let slot = if empty.is_empty() {
            let table = self.grow_to_table(group);
            table.count_filled();
            table.first_empty(hash)
        } else {
            group.slot(empty.first())
        };
        slot.fill(h2(hash), key, value);
        self.probe.emit(Event::SlotTaken { slot: slot.name() });
        self.header_mut().used += 1;
        false
    }

    #[cold]
    fn first_group(&mut self) -> Group<K, V> {
        let group = allocate_groups(1);
        self.header_mut().set_small_group(group);
        self.probe.emit(Event::Grow);
        group
    }

    /// Takes the key's entry out; true when it was there.
    #[inline]
    pub(super) fn delete(&mut self, key: &K) -> bool {
        if P::ON {
            self.disturbed = None;
        }
        if self.header().used == 0 {
            return false;
        }
        let hash = self.hasher.hash_one(key);
        let (slot, table) = if self.header().is_small() {
            let Some(slot) = self.header().small_group().and_then(|group| group.find(h2(hash), key)) else {
                return false;
            };
            slot.set_ctrl(EMPTY);
            (slot, SMALL)
        } else {
            let table = self.header().table(hash);
            let Some(slot) = table.find(hash, key) else { return false };
            table.used.set(table.used.get() - 1);
            // No search has gone past a group that has an empty slot.
            if slot.group.ctrl().empty().is_empty() {
                slot.set_ctrl(DELETED);
                self.header_mut().tombstone_possible = true;
            } else {
                slot.set_ctrl(EMPTY);
                table.growth_left.set(table.growth_left.get() + 1);
            }
            (slot, table.name())
        };
        self.probe.emit(Event::SlotFreed { slot: slot.name(), table });
        self.header_mut().used -= 1;
        if self.header().used == 0 {
            self.reseed();
        }
        // SAFETY: full until now, and marked otherwise.
        unsafe { self.drop_entry(slot) };
        true
    }

    #[cold]
    fn reseed(&mut self) {
        self.hasher.reseed(self.random.next_u64());
        self.probe.emit(Event::Reseed);
    }

    /// Drops what a slot held. A key of which a range may still look at a stale copy is kept until that ends.
    ///
    /// # Safety
    /// The slot was full and is marked otherwise already.
    #[inline]
    unsafe fn drop_entry(&mut self, slot: Slot<K, V>) {
        // SAFETY: the caller's promise. While nothing is kept, no copy was left behind anywhere.
        unsafe {
            slot.drop_value();
            if self.kept.is_empty() {
                slot.drop_key();
            } else {
                let key = slot.key_ptr();
                self.kept.push(if Group::<K, V>::INDIRECT_KEY {
                    Item::KeyAt(key, !K::POINTERS)
                } else {
                    Item::Key(key.read())
                });
            }
        }
    }

    /// Drops the entries of a group, which becomes empty.
    fn drop_group(&mut self, group: Group<K, V>) {
        let full = group.full();
        group.set_ctrl(Ctrl::ALL_EMPTY);
        for slot in full {
            // SAFETY: full until now.
            unsafe { self.drop_entry(slot) };
        }
    }

    /// Empties a table, unless it is without tombstones already.
    fn empty_table(&mut self, table: Table<K, V>) {
        let limit = growth_limit(table.slots()) as u16;
        if table.growth_left.get() == limit {
            return;
        }
        for group in table.groups() {
            self.empty_group(group);
        }
        table.used.set(0);
        table.growth_left.set(limit);
    }

    fn empty_group(&mut self, group: Group<K, V>) {
        if Group::<K, V>::ENTRY_OWNS {
            self.drop_group(group);
        } else {
            group.set_ctrl(Ctrl::ALL_EMPTY);
        }
    }

    /// Drops all entries and tombstones, keeping groups, tables and directory.
    pub(super) fn drop_entries(&mut self) {
        if self.header().is_small() {
            if let Some(group) = self.header().small_group() {
                self.empty_group(group);
            }
            return;
        }
        let mut index = 0;
        while let Some(&table) = self.header().directory().get(index) {
            index += self.header().entries_of(table);
            self.empty_table(table);
        }
    }

    /// Drops all entries, unless there are neither entries nor tombstones.
    pub(super) fn empty(&mut self) {
        self.disturbed = None;
        let tombstones = self.header().tombstone_possible && self.release.clears_tombstones();
        if self.header().used == 0 && !tombstones {
            return;
        }
        self.probe.emit(Event::Clear);
        self.drop_entries();
        self.header_mut().used = 0;
        self.header_mut().tombstone_possible = false;
        self.reseed();
    }
}
