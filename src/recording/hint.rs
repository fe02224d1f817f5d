//! What hints would save of what was recorded.

use super::{Map, Type};
use crate::hints::hinted_bytes;

/// What a map that grew would not have allocated with a hint of its largest number of entries.
pub(super) fn hint_saves_bytes(map: &Map, ty: &Type) -> u64 {
    if map.hint > 0 || map.growths == 0 {
        return 0;
    }
    hint_of_saves_bytes(map.entries_max, map, ty)
}

/// What a map would not have allocated with a hint of that number, of which it had no more entries.
pub(super) fn hint_of_saves_bytes(number: u64, map: &Map, ty: &Type) -> u64 {
    let header = if map.without_header() { 0 } else { HEADER_BYTES };
    map.table_bytes.saturating_sub(header + hinted_bytes(number, ty.group()))
}

const HEADER_BYTES: u64 = 48;
