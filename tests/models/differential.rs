//! Random operations on each model and on a `BTreeMap`; after each write, the moves that the map tells of against the
//! addresses of all entries before and after.

use std::collections::BTreeMap;

use mapscope::maps::{Cuckoo, Java, Redis, Write};
use mapscope::probe::alloc;
use mapscope::workload::{Bytes, Str24};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

fn addresses<K: Key, V: Value>(map: &impl Map<K, V>) -> BTreeMap<u64, usize> {
    let mut addresses = BTreeMap::new();
    map.for_each(&mut |key, _| {
        addresses.insert(key.id(), std::ptr::from_ref(key).addr());
    });
    addresses
}

fn content<K: Key, V: Value>(map: &impl Map<K, V>) -> BTreeMap<u64, u64> {
    let mut content = BTreeMap::new();
    map.for_each(&mut |key, value| {
        content.insert(key.id(), value.seed().expect("a whole value"));
    });
    content
}

/// `keys` are drawn from so many. Returns how many entries moved.
fn agrees<F: Family, K: Key, V: Value, S: Hashing>(options: &Options, keys: u64, steps: u64) -> u64 {
    let name = F::INFO.term.name;
    let (seed, live_before) = (options.seed, alloc::live_bytes());
    let mut moved_in_all = 0;
    {
        let told = RefCell::default();
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = F::build::<K, V, S, _>(options, S::with_seed(seed), Told(&told));
        let (mut model, mut before) = (BTreeMap::new(), BTreeMap::new());
        for step in 0..steps {
            let id = random.next_u64() % keys;
            let key = K::from_id(id);
            // Waves: the map is filled and drained by turns.
            let removes = if (step / (keys * 2)).is_multiple_of(2) { 25 } else { 75 };
            told.borrow_mut().clear();
            let at = format!("{name}: seed {seed}, step {step}, key {id}");
            match random.next_u64() % 100 {
                0 if random.next_u64().is_multiple_of(8) => {
                    map.clear();
                    model.clear();
                    before.clear();
                }
                0..10 => {
                    let got = map.get(&key).map(|(key, value)| (key.id(), value.seed()));
                    assert_eq!(got, model.get(&id).map(|&value| (id, Some(value))), "{at}: get");
                    assert_eq!(moved(&told), 0, "{at}: a lookup moves nothing");
                }
                dice => {
                    let (remove, capacity_before) = (dice < removes, map.capacity());
                    let hit = if remove { map.remove(&key) } else { map.insert(key.clone(), V::from_seed(step, 40)) };
                    let expected = if remove { model.remove(&id) } else { model.insert(id, step) };
                    assert_eq!(hit, expected.is_some(), "{at}: remove {remove}");
                    let after = addresses(&map);
                    let full: BTreeMap<u64, usize> = after
                        .iter()
                        .filter(|&(id, at)| before.get(id).is_some_and(|was| was != at))
                        .map(|(&id, &at)| (id, at))
                        .collect();
                    let mut narrowed = BTreeMap::new();
                    let write = Write { key: &key, remove, hit, allocs: 0, frees: 0, capacity_before };
                    map.disturbed(&write, &mut |key, _| {
                        let (id, at) = (key.id(), std::ptr::from_ref(key).addr());
                        let moved = before.get(&id).is_some_and(|&was| was != at);
                        if moved {
                            narrowed.insert(id, at);
                        }
                        moved
                    });
                    assert_eq!(narrowed, full, "{at}: the census misses a move");
                    assert_eq!(moved(&told), full.len() as u64, "{at}: events tell other moves");
                    moved_in_all += full.len() as u64;
                    before = after;
                }
            }
            assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()), "{at}");
            map.check_invariants();
            assert_eq!(map.peek(&key).map(|(_, value)| value.seed()), model.get(&id).map(|&value| Some(value)), "{at}");
            if step.is_multiple_of(64) {
                assert_eq!(content(&map), model, "{at}");
                let occupied = map.structure().hit_probes;
                assert!(occupied.is_some_and(|probes| probes >= model.len() as u64), "{at}: {occupied:?} probes");
            }
        }
        assert_eq!(content(&map), model, "{name}: seed {seed}");
    }
    assert_eq!(alloc::live_bytes(), live_before, "{name}: seed {seed}: something is left allocated");
    moved_in_all
}

/// Under every hash, in every release, at every load factor given, with a hint and without.
fn agrees_under_every_hash<F: Family>(load_factors: &[Option<f64>]) -> u64 {
    let releases = F::INFO.releases();
    let releases = if releases.is_empty() { vec![None] } else { releases.iter().copied().map(Some).collect() };
    releases.into_iter().map(|release| agrees_in::<F>(release, load_factors)).sum()
}

fn agrees_in<F: Family>(release: Option<&'static str>, load_factors: &[Option<f64>]) -> u64 {
    let mut moved = 0;
    for ((seed, &load_factor), hint) in (1..).zip(load_factors).zip([0, 70].into_iter().cycle()) {
        let options = Options { seed, release, ..options::<F>(load_factor, hint) };
        moved += agrees::<F, u64, u64, Good>(&options, 200, 1200);
        moved += agrees::<F, u64, u64, AllEqual>(&options, 80, 500);
        moved += agrees::<F, u64, u64, LowBits>(&options, 300, 1200);
        moved += agrees::<F, u64, u64, HighBits>(&options, 200, 500);
        moved += agrees::<F, u64, u64, MiddleBits>(&options, 300, 1200);
        moved += agrees::<F, Str24, Bytes, Good>(&options, 100, 500);
        moved += agrees::<F, Str24, [u8; 64], LowBits>(&options, 300, 1000);
        moved += agrees::<F, u64, u64, F::Hasher>(&options, 600, 1000);
    }
    moved
}

#[test]
fn java_hashmap() {
    let moved = agrees_under_every_hash::<Java>(&[None, Some(0.25), Some(4.0), Some(1.3)]);
    assert!(moved > 500, "{moved} moved");
}

#[test]
fn redis_dict() {
    assert_eq!(agrees_under_every_hash::<Redis>(&[None, None, None]), 0);
}

#[test]
fn cuckoo() {
    assert!(agrees_under_every_hash::<Cuckoo>(&[None, Some(0.5), Some(0.95), Some(0.7)]) > 1000);
}
