//! What of a recording is another in the next one, although the program did the same.
//!
//! Each Go map has a random seed, which decides in which of its tables a key lies. So long as a map has one table, and no
//! key is removed, the seed decides nothing that is recorded. From two tables on it decides when each of them is full, and
//! a removed key leaves its slot free or marked according to its neighbours.

use super::{Map, Tables, Type};
use crate::hints::hinted_bytes;

/// Growths that depend on seeds, and what one of them costs at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chance {
    /// Growths.
    pub growths: u64,
    /// Bytes of the largest table.
    pub table_bytes: u64,
}

/// Entries of the largest table, 7/8 of 1,024 slots.
pub(super) const TABLE_ENTRIES_MAX: u64 = 896;

/// The number of a trie's nodes has at most the deviation of as many events that are rare, which is twice that of tosses of a
/// coin; it is half of that from thirty keys on.
const OF_A_NODE: u64 = 4;

impl Chance {
    pub(super) fn of(map: &Map, ty: Option<&Type>) -> Chance {
        // The first group to tables of 16, 32, ... 1,024 slots.
        const TO_ONE_TABLE: u64 = 7;
        let growths = u64::from(map.growths);
        match ty.map(|ty| ty.tables) {
            // Where a key lies decides only whether its slot is free once it is removed.
            _ if !map.is_measured() => return Chance::default(),
            Some(Tables::Slots(_) | Tables::Indexed(_)) if map.removes > 0 => {
                return Chance { growths, table_bytes: map.held_bytes_max };
            }
            Some(Tables::Slots(_) | Tables::Indexed(_) | Tables::Nodes | Tables::Chains(_)) => {
                return Chance::default();
            }
            // A key lies where its hash says, and nodes lead there from where it parts from others.
            Some(Tables::Trie { node_bytes }) => {
                let nodes = map.table_bytes / u64::from(node_bytes).max(1);
                return Chance { growths: nodes.saturating_mul(OF_A_NODE), table_bytes: node_bytes.into() };
            }
            Some(Tables::Groups(_)) | None => {}
        }
        let growths = match map.entries_max.max(map.hint.into()) {
            0..=TABLE_ENTRIES_MAX if map.removes == 0 => 0,
            _ if map.removes > 0 || map.hint > 0 || map.is_copy() => growths,
            _ => growths.saturating_sub(TO_ONE_TABLE),
        };
        let table_bytes = match ty.map(|ty| ty.tables) {
            Some(Tables::Groups(group)) if growths > 0 => hinted_bytes(TABLE_ENTRIES_MAX, group),
            _ => 0,
        };
        Chance { growths, table_bytes }
    }

    pub(super) fn add(&mut self, other: Chance) {
        self.growths = self.growths.saturating_add(other.growths);
        self.table_bytes = self.table_bytes.max(other.table_bytes);
    }

    /// By how many growths two recordings of the same differ at most, but for one of 15,000: four standard deviations.
    /// The deviation is that of tosses of a coin, the largest that events which happen or don't can have.
    pub(super) fn growths_apart(self, other: Chance) -> f64 {
        let tosses = self.growths.saturating_add(other.growths);
        4.0 * (tosses as f64 / 4.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growths(map: Map) -> u64 {
        Chance::of(&map, None).growths
    }

    #[test]
    fn a_map_of_one_table_from_which_nothing_is_removed_leaves_nothing_to_chance() {
        let map = Map { growths: 7, entries_max: 896, ..Map::default() };
        assert_eq!(growths(map), 0);
        assert_eq!(growths(Map { hint: 896, ..map }), 0);
        assert_eq!(growths(Map { removes: 1, ..map }), 7);
        // A hint of one more makes two tables.
        assert_eq!(growths(Map { hint: 897, ..map }), 7);
        assert_eq!(growths(Map { entries_max: 897, growths: 8, ..map }), 1);
        const COPY: u32 = 8;
        assert_eq!(growths(Map { entries_max: 897, growths: 8, flags: COPY, ..map }), 8);
    }

    #[test]
    fn what_chance_makes_is_four_deviations_of_as_many_tosses() {
        let [some, none] = [50, 0].map(|growths| Chance { growths, table_bytes: 0 });
        assert_eq!(some.growths_apart(some), 4.0 * 5.0);
        assert_eq!(none.growths_apart(none), 0.0);
    }
}
