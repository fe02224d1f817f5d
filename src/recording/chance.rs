//! What of a recording is another in the next one, although the program did the same.
//!
//! Each Go map has a random seed, which decides in which of its tables a key lies. So long as a map has one table, and no
//! key is removed, the seed decides nothing that is recorded. Of several tables, which have as many keys each as chance
//! gives them, each may be full or not: a toss of a coin, the largest variance that what happens or doesn't can have. Where
//! the mean of keys lies so far from what fills a table that none is, or all are, there is no toss. A removed key leaves its
//! slot free or marked according to its neighbours: where there were some, each growth is one that may not have come, of
//! which the number varies by no more than its mean.
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
    /// Tosses of a coin, each whether a table grows.
    pub tosses: u64,
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
        match ty.map(|ty| ty.tables) {
            _ if !map.is_measured() => return Chance::default(),
            // Where a key lies decides only whether its slot is free once it is removed.
            Some(Tables::Slots(_) | Tables::Indexed(_)) if map.removes > 0 => {
                let tosses = TOSSES_OF_ANY * u64::from(map.growths);
                return Chance { tosses, table_bytes: map.held_bytes_max, ..Chance::default() };
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
        let largest_bytes = match ty.map(|ty| ty.tables) {
            Some(Tables::Groups(group)) => hinted_bytes(TABLE_ENTRIES_MAX, group),
            _ => 0,
        };
        let tosses = match map.entries_max.max(map.hint.into()) {
            0..=TABLE_ENTRIES_MAX if map.removes == 0 => 0,
            // It has the tables of what it was copied from, as many as the seed of that made.
            _ if map.is_copy() => {
                let tables = map.table_bytes.checked_div(largest_bytes).unwrap_or(0);
                TOSSES_OF_ANY * (tables + u64::from(map.growths))
            }
            _ if map.removes > 0 || map.clears > 0 => TOSSES_OF_ANY * u64::from(map.growths),
            _ => tosses(map.entries_max, map.hint.into()),
        };
        let table_bytes = if tosses > 0 { largest_bytes } else { 0 };
        Chance { tosses, table_bytes, ..Chance::default() }
    }

    pub(super) fn add(&mut self, other: Chance) {
        self.tosses = self.tosses.saturating_add(other.tosses);
        self.table_bytes = self.table_bytes.max(other.table_bytes);
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.node_bytes = self.node_bytes.max(other.node_bytes);
    }

    /// Whether two recordings of the same may have so many growths each.
    pub(super) fn may_differ(self, other: Chance, growths: [u64; 2]) -> bool {
        growths[0].abs_diff(growths[1]) as f64 <= self.growths_apart(other)
    }

    /// By how many growths two recordings of the same differ at most, but for one of 15,000: four standard deviations.
    pub(super) fn growths_apart(self, other: Chance) -> f64 {
        let tosses = self.tosses.saturating_add(other.tosses);
        4.0 * (tosses as f64 / 4.0).sqrt()
    }

    /// By how many nodes they do, with as many standard deviations.
    pub(super) fn nodes_apart(self, other: Chance) -> f64 {
        4.0 * (self.nodes.saturating_add(other.nodes) as f64 / 3.0).sqrt()
    }
}

/// The variance of growths that may come or not is at most their mean, four times that of a toss.
const TOSSES_OF_ANY: u64 = 4;

/// Tables of a map without removes that have their number of keys, of so many in all, near what fills them. It was made for
/// `hint` entries.
fn tosses(entries: u64, hint: u64) -> u64 {
    let (mut tables, mut slots) = hinted_tables(hint);
    let mut tosses = 0;
    loop {
        let mean = entries as f64 / tables as f64;
        let beyond = mean - (slots / 8 * 7) as f64;
        // A table's keys are binomial: of six deviations one in 10⁹ is beyond.
        let may_be = 6.0 * mean.sqrt();
        if tables > 1 && beyond.abs() < may_be {
            tosses += tables;
        }
        if beyond < -may_be {
            return tosses;
        }
        if slots < TABLE_SLOTS_MAX { slots *= 2 } else { tables *= 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::Group;

    fn tosses_of(map: Map) -> u64 {
        Chance::of(&map, None).tosses
    }

    #[test]
    fn a_map_of_one_table_from_which_nothing_is_removed_leaves_nothing_to_chance() {
        let map = Map { growths: 7, entries_max: 896, ..Map::default() };
        assert_eq!(tosses_of(map), 0);
        assert_eq!(tosses_of(Map { hint: 896, ..map }), 0);
        assert_eq!(tosses_of(Map { removes: 1, ..map }), 4 * 7);
        const COPY: u32 = 8;
        let large = Map { entries_max: 1750, growths: 8, ..map };
        assert_eq!(tosses_of(Map { flags: COPY, ..large }), 4 * 8);
        assert_eq!(tosses_of(Map { clears: 1, ..large }), 4 * 8);
        let group = Group { bytes: 136, has_pointers: false };
        let ty = Type { tables: Tables::Groups(group), ..Type::default() };
        let copied = Map { flags: COPY, growths: 0, table_bytes: 2 * hinted_bytes(896, group), ..large };
        assert_eq!(
            Chance::of(&copied, Some(&ty)),
            Chance { tosses: 8, table_bytes: hinted_bytes(896, group), ..Chance::default() }
        );
    }

    #[test]
    fn tables_that_are_nearly_full_are_tosses_and_others_are_not() {
        // Two tables come with the 897th entry, four with some 1,800, eight with some 3,600.
        for (entries, of) in
            [(897, 0), (1000, 0), (1400, 0), (1700, 2), (1792, 2), (2000, 2), (2300, 0), (3600, 4), (5000, 0)]
        {
            assert_eq!(tosses(entries, 0), of, "{entries}");
            assert_eq!(tosses(entries, 500), of, "{entries} with a hint");
        }
        // Made for as many, two tables have 512 slots each; from 1,024 on they have 1,024.
        for (entries, hint, of) in [(897, 897, 2), (500, 897, 0), (1000, 1000, 0), (3400, 3400, 4), (2500, 3400, 0)] {
            assert_eq!(tosses(entries, hint), of, "{entries} with a hint of {hint}");
        }
        assert!(tosses(u64::from(u32::MAX), u32::MAX.into()) < 1 << 32);
    }

    /// Growths that a generator's seeds make of maps of so many entries, from two tables on.
    fn growths(entries: u64, rng: &mut impl FnMut() -> u64) -> u64 {
        fn of(hashes: &[u64], bit: u32) -> u64 {
            if hashes.len() as u64 <= TABLE_ENTRIES_MAX {
                return 0;
            }
            let (ones, zeros): (Vec<_>, Vec<_>) = hashes.iter().partition(|&hash| hash >> bit & 1 == 1);
            1 + of(&ones, bit - 1) + of(&zeros, bit - 1)
        }
        let hashes: Vec<_> = (0..entries).map(|_| rng()).collect();
        of(&hashes, 63)
    }

    #[test]
    fn growths_differ_by_no_more_than_tosses_allow() {
        let rng = &mut split_mix();
        for entries in (900..8000).step_by(177) {
            let all: Vec<_> = (0..60).map(|_| growths(entries, rng)).collect();
            let apart = all.iter().max().unwrap() - all.iter().min().unwrap();
            let chance = Chance { tosses: tosses(entries, 0), ..Chance::default() };
            assert!(apart as f64 <= chance.growths_apart(chance), "{entries}: {all:?}");
        }
    }

    #[test]
    fn what_chance_makes_is_four_deviations_of_as_many_tosses() {
        let [some, none] = [50, 0].map(|tosses| Chance { tosses, ..Chance::default() });
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
        assert_eq!((once.tosses, once.nodes, once.node_bytes), (0, 75, 160));
        assert_eq!(once.nodes_apart(once), 4.0 * (150.0_f64 / 3.0).sqrt());
        assert_eq!(thrice.nodes, 225);
        assert_eq!(trie(1, 0, 0).nodes, 1);
    }

    fn split_mix() -> impl FnMut() -> u64 {
        let mut state = 0_u64;
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        }
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
        let mut rng = split_mix();
        for (keys, tries, least) in [(2, 5_000, 0.0), (8, 25_000, 0.3), (16, 2_000, 0.2), (128, 1_000, 0.2)] {
            let counts: Vec<_> = (0..tries).map(|_| nodes(keys, &mut rng) as f64).collect();
            let mean = counts.iter().sum::<f64>() / f64::from(tries);
            let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / f64::from(tries);
            assert!((least..1.0 / 3.0).contains(&(variance / mean)), "{keys} keys: {variance} of {mean}");
        }
    }
}
