//! What hints would save of what was recorded.

use super::{Map, Tables, Type};
use crate::hints::hinted_bytes;

/// What a map that grew would not have allocated with a hint of its largest number of entries. `None` where that can't be
/// told.
pub(super) fn hint_saves_bytes(map: &Map, ty: &Type) -> Option<u64> {
    if map.growths == 0 && map.is_measured() {
        return Some(0);
    }
    hint_of_saves_bytes(map.entries_max, map, ty).map(|bytes| u64::try_from(bytes).unwrap_or(0))
}

/// What a map would not have allocated with a hint of that number, of which it had no more entries; below 0 what it
/// would have allocated more. `None` where keys were
/// removed: what they leave behind fills tables of any size, and which growths are of that is not recorded. Java's leave
/// nothing behind.
pub(super) fn hint_of_saves_bytes(number: u64, map: &Map, ty: &Type) -> Option<i128> {
    let leaves_nothing = matches!(ty.tables, Tables::Chains(_));
    if map.removes > 0 && !leaves_nothing || map.was_replaced() || !map.is_measured() {
        return None;
    }
    let hinted = match ty.tables {
        Tables::Groups(group) => {
            let header = if map.without_header() { 0 } else { HEADER_BYTES };
            header + hinted_bytes(number, group)
        }
        Tables::Slots(slots) => slots.table_bytes(number),
        Tables::Indexed(indexed) => indexed.bytes(number),
        Tables::Chains(chains) => chains.map_bytes(number),
        Tables::Nodes | Tables::Trie { .. } => return None,
    };
    let entries = if matches!(ty.tables, Tables::Indexed(_)) { map.entry_bytes } else { 0 };
    Some(i128::from(map.table_bytes) + i128::from(entries) - i128::from(hinted))
}

const HEADER_BYTES: u64 = 48;

#[cfg(test)]
mod tests {
    use super::super::{Chains, Indexed, Slots};
    use super::*;
    use crate::hints::Group;

    #[test]
    fn a_hint_saves_what_tables_it_makes_needless() {
        let group = Group { bytes: 136, has_pointers: false };
        let ty = Type { tables: Tables::Groups(group), ..Type::default() };
        let table_bytes = 48 + hinted_bytes(8, group) + hinted_bytes(14, group) + hinted_bytes(28, group);
        let map = Map { growths: 2, entries_max: 28, table_bytes, ..Map::default() };
        let saved = hinted_bytes(8, group) + hinted_bytes(14, group);
        assert_eq!(hint_saves_bytes(&map, &ty), Some(saved));
        assert_eq!(hint_saves_bytes(&Map { hint: 9, ..map }, &ty), Some(saved), "one that was too small");
        assert_eq!(hint_saves_bytes(&Map { removes: 1, ..map }, &ty), None);
        assert_eq!(hint_saves_bytes(&Map { removes: 1, growths: 0, ..map }, &ty), Some(0));
    }

    #[test]
    fn a_table_of_chains_is_that_of_its_constructor() {
        let chains = Chains { reference: 4, align: 8, array_header: 16, map: 48, is_shared: false };
        let table = |length: u64| (16 + 4 * length).next_multiple_of(8);
        let lengths = [(1, 2), (3, 4), (12, 16), (13, 32), (24, 32), (25, 64)];
        for (entries, length) in lengths {
            assert_eq!(chains.map_bytes(entries), 48 + table(length), "{entries}");
        }
        let shared = Chains { is_shared: true, ..chains };
        for (entries, length) in [(1, 2), (2, 4), (11, 16), (12, 32), (23, 32), (24, 64)] {
            assert_eq!(shared.map_bytes(entries), 48 + table(length), "{entries}");
        }
        let ty = Type { tables: Tables::Chains(chains), ..Type::default() };
        let table_bytes = 48 + table(16) + table(32);
        let map = Map { growths: 1, entries_max: 24, removes: 24, table_bytes, ..Map::default() };
        assert_eq!(hint_saves_bytes(&map, &ty), Some(table(16)), "what is removed leaves nothing behind");
    }

    #[test]
    fn a_table_of_slots_has_no_header() {
        let slots = Slots { bytes: 16, align: 8, group: 16, buckets_min: 4 };
        // Slots, a byte for each, and one group more.
        assert_eq!([0, 3, 7, 14, 15].map(|entries| slots.table_bytes(entries)), [0, 84, 152, 288, 560]);
        let ty = Type { tables: Tables::Slots(slots), ..Type::default() };
        let map = Map { growths: 2, entries_max: 14, table_bytes: 84 + 152 + 288, ..Map::default() };
        assert_eq!(hint_saves_bytes(&map, &ty), Some(84 + 152));
        const REPLACED: u32 = 32;
        assert_eq!(hint_saves_bytes(&Map { flags: REPLACED, ..map }, &ty), None);
        let indexed = Type { tables: Tables::Indexed(Indexed { table: slots, entry_bytes: 24 }), ..ty };
        let map = Map { entry_bytes: 24 * (3 + 7 + 14), ..map };
        assert_eq!(hint_saves_bytes(&map, &indexed), Some(84 + 152 + 24 * (3 + 7)));
        const UNMEASURED: u32 = 512;
        assert_eq!(hint_saves_bytes(&Map { flags: UNMEASURED, growths: 0, ..map }, &indexed), None);
        let nodes = Type { tables: Tables::Nodes, ..Type::default() };
        assert_eq!(hint_of_saves_bytes(14, &map, &nodes), None);
    }
}
