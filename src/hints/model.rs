//! What a map of Go 1.24 to 1.27 allocates until it has so many entries, without a hint and with one. Headers are left out:
//! they are the same, and may lie on a stack.

use crate::maps::go::heap::occupied_bytes;

/// Eight slots of a map and their control word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Bytes.
    pub bytes: u32,
    /// Whether keys or values have pointers.
    pub has_pointers: bool,
}

const SLOTS: u64 = 8;

/// Slots of the largest table.
pub const TABLE_SLOTS_MAX: u64 = 1024;

const TABLE_BYTES: usize = 32;

impl Group {
    fn groups_bytes(self, slots: u64) -> u64 {
        let bytes = (slots / SLOTS).saturating_mul(self.bytes.into());
        occupied_bytes(usize::try_from(bytes).unwrap_or(usize::MAX / 2), !self.has_pointers) as u64
    }

    fn table_bytes(self, slots: u64) -> u64 {
        self.groups_bytes(slots) + occupied_bytes(TABLE_BYTES, false) as u64
    }
}

fn directory_bytes(tables: u64) -> u64 {
    occupied_bytes(usize::try_from(8 * tables).unwrap_or(usize::MAX / 2), false) as u64
}

/// With a hint of that number, how many tables, and how many slots of each, by the rule of `NewMap` in internal/runtime/maps:
/// at most 1,024 slots, each of a power of two, in a directory of a power of two, 7/8 of them for entries. A group of eight
/// slots takes the place of the smallest table.
pub fn hinted_tables(entries: u64) -> (u64, u64) {
    if entries <= SLOTS {
        return (1, SLOTS);
    }
    let slots = entries.saturating_mul(SLOTS) / (SLOTS - 1);
    let tables = slots.div_ceil(TABLE_SLOTS_MAX).next_power_of_two();
    (tables, (slots / tables).max(SLOTS).next_power_of_two())
}

/// What they take, with the directory.
pub fn hinted_bytes(entries: u64, group: Group) -> u64 {
    if entries <= SLOTS {
        return group.groups_bytes(SLOTS);
    }
    let (tables, of_each) = hinted_tables(entries);
    tables.saturating_mul(group.table_bytes(of_each)) + directory_bytes(tables)
}

/// Without: a group, then a table of twice its slots, and so on; one of 1,024 that is full becomes two. `None` beyond 1,000
/// entries, where when those are full depends on the map's seed.
pub fn grown_bytes(entries: u64, group: Group) -> Option<u64> {
    const ENTRIES_MAX: u64 = 1000;
    let mut bytes = group.groups_bytes(SLOTS);
    if entries <= SLOTS {
        return Some(bytes);
    }
    bytes += directory_bytes(1);
    let mut slots = SLOTS;
    while slots < TABLE_SLOTS_MAX && (slots == SLOTS || entries > slots / SLOTS * (SLOTS - 1)) {
        slots *= 2;
        bytes += group.table_bytes(slots);
    }
    if entries > slots / SLOTS * (SLOTS - 1) {
        bytes += 2 * group.table_bytes(TABLE_SLOTS_MAX) + directory_bytes(2);
    }
    (entries <= ENTRIES_MAX).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // map[uint64]uint64 and map[string]int, of which the second has pointers.
    const PLAIN: Group = Group { bytes: 136, has_pointers: false };
    const POINTERS: Group = Group { bytes: 200, has_pointers: true };

    #[test]
    fn a_hint_chooses_tables_by_the_rule_of_make() {
        let plain = |entries| hinted_bytes(entries, PLAIN);
        assert_eq!([0, 8].map(plain), [144, 144]);
        // 16 slots; a table of 1,024; two tables of 512.
        assert_eq!([9, 896, 897].map(plain), [288 + 32 + 8, 18432 + 32 + 8, 2 * (9472 + 32) + 16]);
        assert_eq!(hinted_bytes(14, POINTERS), 416 + 32 + 8);
    }

    #[test]
    fn a_map_without_a_hint_leaves_its_smaller_tables_behind() {
        let plain = |entries| grown_bytes(entries, PLAIN);
        assert_eq!([0, 8].map(plain), [Some(144), Some(144)]);
        assert_eq!([9, 14].map(plain), [Some(144 + 8 + 288 + 32); 2]);
        assert_eq!(plain(15), Some(144 + 8 + 288 + 32 + 576 + 32));

        assert!(plain(448) < plain(449) && plain(449) == plain(896));
        assert_eq!(plain(896).zip(plain(897)).map(|(one, two)| two - one), Some(2 * (18432 + 32) + 16));

        assert_eq!(plain(1001), None);
    }
}
