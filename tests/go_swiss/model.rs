//! Random operations on the map and on a `BTreeMap`, the invariants checked after each.

use mapscope::maps::go::GoSwiss;
use mapscope::maps::{Family, Map};
use mapscope::workload::{Bytes, Key, Str24, Value};

use super::go_map::model::agrees;
use super::go_map::{self, *};

/// One entry under every hash, with a hint and without.
fn agrees_under_every_hash<K: Key, V: Value>() {
    for (seed, hint) in [(1, 0), (2, 9), (3, 30)] {
        agrees::<GoSwiss, K, V, Good>(&options(0.0, hint, seed), 150, 900, 1);
        agrees::<GoSwiss, K, V, AllEqual>(&options(0.0, hint, seed), 60, 300, 1);
        agrees::<GoSwiss, K, V, LowBits>(&options(0.0, hint, seed), 150, 500, 1);
        agrees::<GoSwiss, K, V, HighBits>(&options(0.0, hint, seed), 100, 300, 1);
        agrees::<GoSwiss, K, V, FewBits>(&options(0.0, hint, seed), 100, 300, 1);
        agrees::<GoSwiss, K, V, Good>(&options(0.0, hint, seed), 10, 300, 1);
    }
}

#[test]
fn small_entries_without_pointers() {
    agrees_under_every_hash::<u64, u64>();
}

/// To a few tables, and through many prunes.
#[test]
fn small_entries_grow_far() {
    agrees::<GoSwiss, u64, u64, Good>(&options(0.0, 0, 11), 4000, 30_000, 50);
    agrees::<GoSwiss, u64, u64, HighBits>(&options(0.0, 0, 12), 3000, 20_000, 50);
    agrees::<GoSwiss, u64, u64, FewBits>(&options(0.0, 0, 13), 2000, 10_000, 50);
}

/// The older ones, whose growth, pruning and clears are others.
#[test]
fn every_release_agrees() {
    for release in GoSwiss::INFO.releases() {
        let options = |hint, seed| options_of::<GoSwiss>(release, hint, seed);
        agrees::<GoSwiss, u64, u64, Good>(&options(0, 1), 150, 2000, 1);
        agrees::<GoSwiss, u64, u64, HighBits>(&options(0, 2), 12, 500, 1);
        agrees::<GoSwiss, Str24, [u8; 256], LowBits>(&options(9, 3), 100, 900, 1);
        agrees::<GoSwiss, BigKey, Bytes, Good>(&options(0, 4), 30, 900, 1);
    }
}

#[test]
fn wide_entries_without_pointers() {
    agrees_under_every_hash::<u64, [u8; 64]>();
}

#[test]
fn indirect_elems() {
    agrees_under_every_hash::<u64, [u8; 256]>();
}

#[test]
fn elems_that_own() {
    agrees_under_every_hash::<u64, Bytes>();
}

#[test]
fn keys_that_own() {
    agrees_under_every_hash::<Str24, u64>();
}

#[test]
fn keys_that_own_and_indirect_elems() {
    agrees_under_every_hash::<Str24, [u8; 256]>();
}

#[test]
fn indirect_keys_that_own() {
    agrees_under_every_hash::<BigKey, Bytes>();
}

/// A map is dropped and cleared at every size, as a group, as a table, and as tables.
#[test]
fn clear_and_drop_at_every_size() {
    for stop in (1..70u64).chain([895, 896, 897, 2000]) {
        let live_before = ALLOCATED.get().live();
        let mut map = build::<GoSwiss, Str24, Bytes, Good>(&options(0.0, 0, stop));
        for id in 0..stop {
            map.insert(Str24::from_id(id), Bytes::from_seed(id, 30));
        }
        let before = map.figures();
        map.clear();
        map.check_invariants();
        let after = map.figures();
        assert_eq!((after.len, after.tables, after.capacity), (0, before.tables, before.capacity));
        assert!(map.get(&Str24::from_id(0)).is_none());
        for id in 0..stop {
            assert!(!map.insert(Str24::from_id(id + 7), Bytes::from_seed(id, 30)));
        }
        map.check_invariants();
        assert_eq!(map.len() as u64, stop);
        drop(map);
        assert_eq!(ALLOCATED.get().live(), live_before, "{stop} entries");
    }
}

/// Differential fuzzing: `MAPSCOPE_FUZZ_STEPS=1000000000 cargo test --release --test maps go_swiss::model::fuzz`, with
/// `CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true` for the invariants.
#[test]
fn fuzz() {
    go_map::model::fuzz::<GoSwiss>();
}
