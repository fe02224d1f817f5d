//! Random operations on the map and on a `BTreeMap`, the invariants checked after each.

use mapscope::maps::Map;
use mapscope::maps::go::GoClassic;
use mapscope::workload::{Bytes, Key, Str24, Value};

use super::go_map::model::agrees;
use super::go_map::{self, *};

/// One entry under every hash, load factors from one end to the other, with a hint and without.
fn agrees_under_every_hash<F: GoFamily, K: Key, V: Value>() {
    for (seed, load_factor, hint) in [(1, 6.5, 0), (2, 1.0, 0), (3, 8.0, 30)] {
        agrees::<F, K, V, Good>(&options(load_factor, hint, seed), 150, 900, 1);
        agrees::<F, K, V, AllEqual>(&options(load_factor, hint, seed), 60, 300, 1);
        agrees::<F, K, V, LowBits>(&options(load_factor, hint, seed), 150, 500, 1);
        agrees::<F, K, V, HighBits>(&options(load_factor, hint, seed), 100, 300, 1);
        agrees::<F, K, V, FewBits>(&options(load_factor, hint, seed), 100, 300, 1);
    }
}

#[test]
fn small_entries_without_pointers() {
    each_variant!(F => agrees_under_every_hash::<F, u64, u64>());
}

#[test]
fn small_entries_grow_far() {
    each_variant!(F => agrees::<F, u64, u64, Good>(&options(6.5, 0, 11), 1200, 4000, 1));
}

#[test]
fn wide_entries_without_pointers() {
    each_variant!(F => agrees_under_every_hash::<F, u64, [u8; 64]>());
}

#[test]
fn indirect_elems() {
    each_variant!(F => agrees_under_every_hash::<F, u64, [u8; 256]>());
}

#[test]
fn elems_that_own() {
    each_variant!(F => agrees_under_every_hash::<F, u64, Bytes>());
}

#[test]
fn keys_that_own() {
    each_variant!(F => agrees_under_every_hash::<F, Str24, u64>());
}

#[test]
fn keys_that_own_and_indirect_elems() {
    each_variant!(F => agrees_under_every_hash::<F, Str24, [u8; 256]>());
}

#[test]
fn indirect_keys_that_own() {
    each_variant!(F => agrees_under_every_hash::<F, BigKey, Bytes>());
}

/// A map is dropped and cleared in every state of a growth.
fn cleared_and_dropped<F: GoFamily>() {
    for stop in 1..120u64 {
        let live_before = ALLOCATED.get().live();
        let mut map = build::<F, Str24, Bytes, Good>(&options(6.5, 0, stop));
        for id in 0..stop {
            map.insert(Str24::from_id(id), Bytes::from_seed(id, 30));
        }
        map.clear();
        map.check_invariants();
        let mut state = [0; 6];
        map.state(&mut state);
        let [len, _, _, _, growing, _] = state;
        assert_eq!((len, growing), (0, 0));
        assert!(map.get(&Str24::from_id(0)).is_none());
        for id in 0..stop {
            assert!(!map.insert(Str24::from_id(id + 7), Bytes::from_seed(id, 30)));
            map.check_invariants();
        }
        assert_eq!(map.len() as u64, stop);
        drop(map);
        assert_eq!(ALLOCATED.get().live(), live_before, "{stop} entries");
    }
}

#[test]
fn clear_and_drop_in_the_middle_of_growth() {
    each_variant!(F => cleared_and_dropped::<F>());
}

/// The one that grows earlier, and whose heap has no headers.
#[test]
fn go_1_21_agrees() {
    agrees::<GoClassic, u64, u64, Good>(&options_of::<GoClassic>("1.21", 0, 1), 500, 3000, 1);
    agrees::<GoClassic, Str24, [u8; 256], LowBits>(&options_of::<GoClassic>("1.21", 30, 2), 150, 900, 1);
    agrees::<GoClassic, BigKey, Bytes, Good>(&options_of::<GoClassic>("1.21", 0, 3), 150, 900, 1);
}

/// Differential fuzzing: `MAPSCOPE_FUZZ_STEPS=1000000000 cargo test --release --test maps go_classic::model::fuzz`, as many
/// steps on each, with `CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true` for the invariants.
#[test]
fn fuzz() {
    each_variant!(F => go_map::model::fuzz::<F>());
}
