//! What of a recording is another in the next one, although the program did the same.
//!
//! Each Go map has a random seed, which decides in which of its tables a key lies. So long as a map has one table, and no
//! key is removed, the seed decides nothing that is recorded. From two tables on it decides when each of them is full, and
//! a removed key leaves its slot free or marked according to its neighbours.
//!
//! Of a `sync.Map` the seed decides how many nodes it has: one for each beginning of hashes, of so many times four bits, that
//! two of its keys have in common, and its root. Their number has at most a third of its mean for its variance, whatever the
//! number of keys: exactly so up to 256 keys, of which eight come nearest (0.328), and with Poisson's approximation from
//! there on, where it swings between 0.22 and 0.31 with each factor of 16. (With two keys nodes below the root are rare
//! events, of which variance and mean are the same. With many, whether a node is there is as sure as not.) A key that is put
//! again after it was removed has the nodes that it had, so that chance counts its nodes each time: `n` times as many nodes
//! have `n²` times the variance. How often a key is put is known as the mean of a map's keys only.

use super::{Map, Tables, Type};
use crate::hints::{TABLE_SLOTS_MAX, hinted_bytes, hinted_tables};

/// What depends on seeds, and what one of it costs at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chance {
    /// Growths.
    pub growths: u64,
    /// Bytes of the largest table.
    pub table_bytes: u64,
    /// Nodes of tries, each counted as often as a key of its map was put on average.
    pub nodes: u64,
    /// Bytes of the largest node.
    pub node_bytes: u64,
}

/// Entries of the largest table, 7/8 of 1,024 slots.
pub(super) const TABLE_ENTRIES_MAX: u64 = 896;

impl Chance {
    pub(super) fn of(map: &Map, ty: Option<&Type>) -> Chance {
        let growths = u64::from(map.growths);
        match ty.map(|ty| ty.tables) {
            _ if !map.is_measured() => return Chance::default(),
            // Where a key lies decides only whether its slot is free once it is removed.
            Some(Tables::Slots(_) | Tables::Indexed(_)) if map.removes > 0 => {
                return Chance { growths, table_bytes: map.held_bytes_max, ..Chance::default() };
            }
            Some(Tables::Slots(_) | Tables::Indexed(_) | Tables::Nodes | Tables::Chains(_)) => {
                return Chance::default();
            }
            Some(Tables::Trie { node_bytes }) => {
                let nodes = map.table_bytes / u64::from(node_bytes).max(1);
                let times = map.inserts.div_ceil(map.entries_max.max(1)).max(1);
                let nodes = nodes.saturating_mul(times);
                return Chance { nodes, node_bytes: node_bytes.into(), ..Chance::default() };
            }
            Some(Tables::Groups(_)) | None => {}
        }
        let growths = match map.entries_max.max(map.hint.into()) {
            0..=TABLE_ENTRIES_MAX if map.removes == 0 => 0,
            _ if map.removes > 0 || map.is_copy() => growths,
            _ => growths.saturating_sub(until_two_tables(map.hint.into())),
        };
        let table_bytes = match ty.map(|ty| ty.tables) {
            Some(Tables::Groups(group)) if growths > 0 => hinted_bytes(TABLE_ENTRIES_MAX, group),
            _ => 0,
        };
        Chance { growths, table_bytes, ..Chance::default() }
    }

    pub(super) fn add(&mut self, other: Chance) {
        self.growths = self.growths.saturating_add(other.growths);
        self.table_bytes = self.table_bytes.max(other.table_bytes);
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.node_bytes = self.node_bytes.max(other.node_bytes);
    }

    /// Whether two recordings of the same may have so many growths each.
    pub(super) fn may_differ(self, other: Chance, growths: [u64; 2]) -> bool {
        growths[0].abs_diff(growths[1]) as f64 <= self.growths_apart(other)
    }

    /// By how many growths two recordings of the same differ at most, but for one of 15,000: four standard deviations.
    /// The deviation is that of tosses of a coin, the largest that events which happen or don't can have.
    pub(super) fn growths_apart(self, other: Chance) -> f64 {
        let tosses = self.growths.saturating_add(other.growths);
        4.0 * (tosses as f64 / 4.0).sqrt()
    }

    /// By how many nodes they do, with as many standard deviations.
    pub(super) fn nodes_apart(self, other: Chance) -> f64 {
        4.0 * (self.nodes.saturating_add(other.nodes) as f64 / 3.0).sqrt()
    }
}

/// Growths of a map that was made for so many entries until it has two tables: whatever its seed, its only table of 1,024
/// slots is full with 896 entries, and the next one makes two of it.
fn until_two_tables(hint: u64) -> u64 {
    match hinted_tables(hint) {
        (1, slots) => u64::from((TABLE_SLOTS_MAX / slots).ilog2()) + 1,
        _ => 0,
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
        assert_eq!(growths(Map { entries_max: 897, growths: 8, ..map }), 0, "its one full table becomes two");
        assert_eq!(growths(Map { entries_max: 2000, growths: 10, ..map }), 2);
        assert_eq!(growths(Map { entries_max: 897, growths: 8, removes: 1, ..map }), 8);
        for (hint, certain) in [(8, 8), (9, 7), (448, 2), (449, 1), (896, 1), (897, 0)] {
            assert_eq!(growths(Map { entries_max: 2000, growths: 10, hint, ..map }), 10 - certain, "{hint}");
        }
        const COPY: u32 = 8;
        assert_eq!(growths(Map { entries_max: 897, growths: 8, flags: COPY, ..map }), 8);
    }

    #[test]
    fn what_chance_makes_is_four_deviations_of_as_many_tosses() {
        let [some, none] = [50, 0].map(|growths| Chance { growths, ..Chance::default() });
        assert_eq!(some.growths_apart(some), 4.0 * 5.0);
        assert_eq!(none.growths_apart(none), 0.0);
    }

    fn trie(nodes: u64, inserts: u64, entries_max: u64) -> Chance {
        let ty = Type { tables: Tables::Trie { node_bytes: 160 }, ..Type::default() };
        Chance::of(&Map { table_bytes: nodes * 160, inserts, entries_max, ..Map::default() }, Some(&ty))
    }

    #[test]
    fn nodes_vary_by_a_third_of_their_number_and_keys_that_come_again_bring_theirs() {
        let [once, thrice] = [trie(75, 200, 200), trie(75, 600, 200)];
        assert_eq!((once.growths, once.nodes, once.node_bytes), (0, 75, 160));
        assert_eq!(once.nodes_apart(once), 4.0 * (150.0_f64 / 3.0).sqrt());
        assert_eq!(thrice.nodes, 225);
        assert_eq!(trie(1, 0, 0).nodes, 1);
    }

    /// Nodes of a trie with so many keys, whose hashes come from a generator.
    fn nodes(keys: usize, rng: &mut impl FnMut() -> u64) -> u64 {
        fn below(hashes: &[u64], shift: u32) -> u64 {
            let children = (0..16).map(|child| {
                let of: Vec<_> = hashes.iter().copied().filter(|hash| hash >> shift & 15 == child).collect();
                if of.len() < 2 { 0 } else { below(&of, shift - 4) }
            });
            1 + children.sum::<u64>()
        }
        let hashes: Vec<_> = (0..keys).map(|_| rng()).collect();
        below(&hashes, 60)
    }

    #[test]
    fn a_third_is_enough_and_little_more_than_that() {
        let mut state = 0_u64;
        let mut rng = || {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        };
        for (keys, tries, least) in [(2, 5_000, 0.0), (8, 25_000, 0.3), (16, 2_000, 0.2), (128, 1_000, 0.2)] {
            let counts: Vec<_> = (0..tries).map(|_| nodes(keys, &mut rng) as f64).collect();
            let mean = counts.iter().sum::<f64>() / f64::from(tries);
            let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / f64::from(tries);
            assert!((least..1.0 / 3.0).contains(&(variance / mean)), "{keys} keys: {variance} of {mean}");
        }
    }
}
