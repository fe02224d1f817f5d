//! What hints would save of what was recorded.

use super::{Map, Type};
use crate::hints::hinted_bytes;

/// What a map that grew would not have allocated with a hint of its largest number of entries. `None` where that can't be
/// told.
pub(super) fn hint_saves_bytes(map: &Map, ty: &Type) -> Option<u64> {
    if map.growths == 0 {
        return Some(0);
    }
    hint_of_saves_bytes(map.entries_max, map, ty).map(|bytes| u64::try_from(bytes).unwrap_or(0))
}

/// What a map would not have allocated with a hint of that number, of which it had no more entries; below 0 what it
/// would have allocated more. `None` where keys were
/// removed: what they leave behind fills tables of any size, and which growths are of that is not recorded.
pub(super) fn hint_of_saves_bytes(number: u64, map: &Map, ty: &Type) -> Option<i128> {
    if map.removes > 0 {
        return None;
    }
    let header = if map.without_header() { 0 } else { HEADER_BYTES };
    Some(i128::from(map.table_bytes) - i128::from(header) - i128::from(hinted_bytes(number, ty.group())))
}

const HEADER_BYTES: u64 = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_saves_what_tables_it_makes_needless() {
        let ty = Type { name: String::new(), key_bytes: 8, value_bytes: 8, group_bytes: 136, flags: 0 };
        let table_bytes =
            48 + hinted_bytes(8, ty.group()) + hinted_bytes(14, ty.group()) + hinted_bytes(28, ty.group());
        let map = Map { growths: 2, entries_max: 28, table_bytes, ..Map::default() };
        let saved = hinted_bytes(8, ty.group()) + hinted_bytes(14, ty.group());
        assert_eq!(hint_saves_bytes(&map, &ty), Some(saved));
        assert_eq!(hint_saves_bytes(&Map { hint: 9, ..map }, &ty), Some(saved), "one that was too small");
        assert_eq!(hint_saves_bytes(&Map { removes: 1, ..map }, &ty), None);
        assert_eq!(hint_saves_bytes(&Map { removes: 1, growths: 0, ..map }, &ty), Some(0));
    }
}
