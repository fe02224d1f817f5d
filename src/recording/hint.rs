//! What `make` allocates for a hint.

use super::{Map, Type};
use crate::maps::go::heap::occupied_bytes;

/// What a map that grew would not have allocated with a hint of its largest number of entries.
pub(super) fn hint_saves_bytes(map: &Map, ty: &Type) -> u64 {
    if map.hint > 0 || map.growths == 0 {
        return 0;
    }
    let header = if map.without_header() { 0 } else { HEADER_BYTES };
    map.table_bytes.saturating_sub(header + tables_bytes(map.entries_max, ty))
}

const HEADER_BYTES: u64 = 48;

/// What `make(map, n)` allocates besides the header, by the rule of Go 1.24 to 1.27 (`NewMap` in internal/runtime/maps):
/// tables of at most 1,024 slots, each of a power of two, in a directory of a power of two, 7/8 of them for entries.
pub(super) fn tables_bytes(entries: u64, ty: &Type) -> u64 {
    const SLOTS: u64 = 8;
    const TABLE_SLOTS_MAX: u64 = 1024;
    const TABLE_BYTES: usize = 32;
    let occupied =
        |bytes: u64, headerless| occupied_bytes(usize::try_from(bytes).unwrap_or(usize::MAX / 2), headerless);
    let groups = |slots: u64| {
        let bytes = (slots / SLOTS).saturating_mul(ty.group_bytes.into());
        occupied(bytes, !ty.group_has_pointers()) as u64
    };
    if entries <= SLOTS {
        return groups(SLOTS);
    }
    let slots = entries.saturating_mul(SLOTS) / (SLOTS - 1);
    let tables = slots.div_ceil(TABLE_SLOTS_MAX).next_power_of_two();
    let of_each = (slots / tables).max(SLOTS).next_power_of_two();
    let each = groups(of_each) + occupied_bytes(TABLE_BYTES, false) as u64;
    tables.saturating_mul(each) + occupied(8 * tables, false) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_chooses_tables_by_the_rule_of_make() {
        // map[uint64]uint64 and map[string]int, of which the second has pointers.
        let ty = |group_bytes, flags| {
            let process = Type { name: String::new(), key_bytes: 0, value_bytes: 0, group_bytes, flags };
            move |entries| tables_bytes(entries, &process)
        };
        let (plain, pointers) = (ty(136, 0), ty(200, 1));
        assert_eq!([0, 8].map(&plain), [144, 144]);
        // 16 slots; a table of 1,024; two tables of 512.
        assert_eq!([9, 896, 897].map(&plain), [288 + 32 + 8, 18432 + 32 + 8, 2 * (9472 + 32) + 16]);
        assert_eq!(pointers(14), 416 + 32 + 8);
    }
}
