//! Random operations on the map and on a `BTreeMap`, the invariants checked after each.

use std::collections::BTreeMap;

use mapscope::maps::{Hashing, Map};
use mapscope::workload::{Bytes, Key, Str24, Value};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

/// Every answer and the whole content, against the model's; nothing is left allocated at the end.
fn agrees<K: Key, V: Value, S: Hashing>(load_factor: f64, hint: usize, seed: u64, keys: u64, steps: u64) {
    let live_before = ALLOCATED.get().live();
    {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<K, V, S>(&options(load_factor, hint, seed));
        let mut model = BTreeMap::new();
        // Waves: the share of removes swings, so that the map is filled and drained by turns.
        for step in 0..steps {
            let id = random.next_u64() % keys;
            let key = K::from_id(id);
            let removes = if step / (keys * 2) % 2 == 0 { 20 } else { 70 };
            match random.next_u64() % 100 {
                0 if random.next_u64().is_multiple_of(8) => {
                    map.clear();
                    model.clear();
                }
                1..5 => {
                    let got = map.get(&key).map(|(key, value)| (key.id(), value.seed()));
                    assert_eq!(
                        got,
                        model.get(&id).map(|&value| (id, Some(value))),
                        "seed {seed}, step {step}: get {id}"
                    );
                }
                dice if dice < removes => {
                    assert_eq!(map.remove(&key), model.remove(&id).is_some(), "seed {seed}, step {step}: remove {id}");
                }
                _ => {
                    let hit = map.insert(key, V::from_seed(step, 40));
                    assert_eq!(hit, model.insert(id, step).is_some(), "seed {seed}, step {step}: insert {id}");
                }
            }
            assert_eq!(map.len(), model.len(), "seed {seed}, step {step}");
            map.check_invariants();
            if step % 64 == 0 {
                assert_eq!(content(&map), model, "seed {seed}, step {step}");
            }
        }
        assert_eq!(content(&map), model, "seed {seed}");
        for (&id, &value) in &model {
            let got = map.get(&K::from_id(id)).map(|(key, value)| (key.id(), value.seed()));
            assert_eq!(got, Some((id, Some(value))), "seed {seed}: get {id}");
        }
    }
    assert_eq!(ALLOCATED.get().live(), live_before, "seed {seed}: bytes left behind");
}

fn content<K: Key, V: Value, S: Hashing>(map: &TestMap<K, V, S>) -> BTreeMap<u64, u64> {
    let mut content = BTreeMap::new();
    map.for_each(&mut |key, value| {
        let twice = content.insert(key.id(), value.seed().expect("a whole value"));
        assert_eq!(twice, None, "key {} comes twice", key.id());
    });
    content
}

/// One entry under every hash, load factors from one end to the other, with a hint and without.
fn agrees_under_every_hash<K: Key, V: Value>() {
    for (seed, load_factor, hint) in [(1, 6.5, 0), (2, 1.0, 0), (3, 8.0, 30)] {
        agrees::<K, V, Good>(load_factor, hint, seed, 150, 1200);
        agrees::<K, V, AllEqual>(load_factor, hint, seed, 60, 500);
        agrees::<K, V, LowBits>(load_factor, hint, seed, 150, 800);
        agrees::<K, V, HighBits>(load_factor, hint, seed, 100, 500);
        agrees::<K, V, FewBits>(load_factor, hint, seed, 100, 500);
    }
}

#[test]
fn small_entries_without_pointers() {
    agrees_under_every_hash::<u64, u64>();
}

#[test]
fn small_entries_grow_far() {
    agrees::<u64, u64, Good>(6.5, 0, 11, 1500, 6000);
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

/// A map is dropped and cleared in every state of a growth.
#[test]
fn clear_and_drop_in_the_middle_of_growth() {
    for stop in 1..120u64 {
        let live_before = ALLOCATED.get().live();
        let mut map = build::<Str24, Bytes, Good>(&options(6.5, 0, stop));
        for id in 0..stop {
            map.insert(Str24::from_id(id), Bytes::from_seed(id, 30));
        }
        map.clear();
        map.check_invariants();
        assert_eq!((map.len(), map.header().growing), (0, false));
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
