//! Growth: from a group to a table, from a table to a larger one, from one table to two.

use super::ctrl::h2;
use super::group::{Group, SLOTS, Slot};
use super::header::Prefix;
use super::table::{MAX_SLOTS, Table};
use super::{GoSwissMap, Hashing, Key, Map, Value};
use crate::maps::go::heap;
use crate::probe::event::{Event, Probe};

/// A directory of more than `2^24` entries (128 MiB) is not for entries, but for hashes that are all alike.
const MAX_LOCAL_DEPTH: u8 = 24;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Turns a map that is one full group into one of a single table.
    #[cold]
    #[inline(never)]
    pub(super) fn grow_to_table(&mut self, group: Group<K, V>) -> Table<K, V> {
        let table = Table::allocate(2 * SLOTS, 0, 0);
        for slot in group.full() {
            self.rehash_into(table, slot);
        }
        self.tell_moved(SLOTS, Prefix { bits: 0, depth: 0 });
        let header = self.header_mut();
        header.set_directory(0, |_| table);
        header.tables = 1;
        header.slots = table.slots();
        self.probe.emit(Event::Grow);
        // SAFETY: its entries have moved, and the directory took its place.
        unsafe { self.retire_group(group) };
        table
    }

    /// Finds room for an entry in `table`, which may take none. `slot` is the empty one that it would go to. Returns the
    /// table and the slot that it goes to.
    #[cold]
    #[inline(never)]
    pub(super) fn make_room(&mut self, table: Table<K, V>, hash: u64, slot: Slot<K, V>) -> (Table<K, V>, Slot<K, V>) {
        self.prune(table);
        if table.growth_left.get() > 0 {
            return (table, slot);
        }
        if let Some(prefix) = self.header().prefix_of(table) {
            self.tell_moved(table.used.get().into(), prefix);
        }
        // A half may be full again, and is then split at once. What moves twice counts once; it must not come back to
        // where it was, so the first table is freed last.
        let mut full = table;
        loop {
            if full.local_depth == MAX_LOCAL_DEPTH && full.slots() == MAX_SLOTS {
                if full != table {
                    // SAFETY: as below.
                    unsafe { self.retire_table(table) };
                }
                panic!("over 896 keys whose hashes agree in their {MAX_LOCAL_DEPTH} top bits");
            }
            self.replace(full);
            if full != table {
                // SAFETY: replaced, and its entries have moved.
                unsafe { self.retire_table(full) };
            }
            full = self.header().table(hash);
            if full.growth_left.get() > 0 {
                // SAFETY: as above.
                unsafe { self.retire_table(table) };
                return (full, full.first_empty(hash));
            }
        }
    }

    /// Puts a larger table, or two, in the place of one.
    fn replace(&mut self, table: Table<K, V>) {
        let slots = 2 * table.slots();
        if slots <= MAX_SLOTS {
            let larger = Table::allocate(slots, table.index().unwrap_or(0), table.local_depth);
            for slot in table.full() {
                self.rehash_into(larger, slot);
            }
            let header = self.header_mut();
            header.enter(larger);
            header.slots += slots / 2;
            self.probe.emit(Event::Grow);
        } else {
            self.split(table);
        }
        table.mark_replaced();
        self.probe.emit(Event::SlotsLost { table: table.name() });
    }

    /// Splits a table by the first bit that its hashes don't have in common.
    fn split(&mut self, table: Table<K, V>) {
        let local_depth = table.local_depth + 1;
        let halves: [Table<K, V>; 2] = std::array::from_fn(|_| Table::allocate(MAX_SLOTS, 0, local_depth));
        for slot in table.full() {
            // SAFETY: full; nothing is written but the new tables.
            let hash = self.hasher.hash_one(unsafe { slot.key_ptr().as_ref() });
            let half = halves[(hash >> (64 - local_depth)) as usize & 1];
            slot.move_to(half.first_empty(hash), h2(hash));
            half.count_filled();
        }
        if table.local_depth == self.header().global_depth {
            self.double_directory();
        }
        let index = table.index().unwrap_or(0);
        let header = self.header_mut();
        halves[0].set_index(index);
        halves[1].set_index(index + header.entries_of(halves[0]));
        for half in halves {
            header.enter(half);
        }
        header.tables += 1;
        header.slots += MAX_SLOTS;
        self.probe.emit(Event::Split);
    }

    /// Names every table twice as often.
    fn double_directory(&mut self) {
        for table in self.header().tables() {
            if let Some(index) = table.index() {
                table.set_index(2 * index);
            }
        }
        let header = self.header_mut();
        let names: *const [Table<K, V>] = header.directory();
        // SAFETY: the old directory is written no more, and freed only below.
        let names = unsafe { &*names };
        let before = header.set_directory(header.global_depth + 1, |index| names[index / 2]);
        if let Some((directory, bytes)) = before {
            // SAFETY: out of the map's reach. No range reads a directory but the map's current one.
            unsafe { heap::free(directory, bytes, false) };
        }
        self.probe.emit(Event::DirectoryGrow);
    }

    /// Moves an entry into a table that has no tombstones and room for it.
    #[inline]
    fn rehash_into(&self, table: Table<K, V>, slot: Slot<K, V>) {
        // SAFETY: full; nothing is written but the new table.
        let hash = self.hasher.hash_one(unsafe { slot.key_ptr().as_ref() });
        slot.move_to(table.first_empty(hash), h2(hash));
        table.count_filled();
    }

    fn tell_moved(&mut self, entries: usize, prefix: Prefix) {
        if P::ON && entries > 0 {
            self.disturbed = Some(prefix);
            let entries = entries as u64;
            self.probe.emit(Event::Move { entries, bytes: entries * Group::<K, V>::SLOT_BYTES as u64 });
        }
    }

    /// Shows the entries that the last write may have moved: those with the hashes of the table that it replaced.
    pub(super) fn visit_disturbed(&self, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if !P::ON {
            return self.for_each(&mut |key, value| {
                visit(key, value);
            });
        }
        let Some(prefix) = self.disturbed else { return };
        for slot in self.header().tables_within(prefix).flat_map(Table::full) {
            // SAFETY: full; the map is borrowed.
            let (key, value) = unsafe { slot.entry() };
            visit(key, value);
        }
    }
}
