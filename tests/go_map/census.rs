//! Moves as the map tells them, against the addresses of all entries before and after each write.

use std::collections::BTreeMap;

use mapscope::maps::{Hashing, Map, Write};
use mapscope::workload::{Key, Value};
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

/// After each write: the entries whose address changed, those of them that `disturbed` offers, and the moves that the
/// events tell. Also that `disturbed` offers few when few moved.
pub fn census_agrees<F: GoFamily, K: Key, V: Value, S: Hashing>(options: &Options, keys: u64, steps: u64) {
    let seed = options.seed;
    let mut random = SplitMix64::seed_from_u64(seed);
    let mut map = build::<F, K, V, S>(options);
    let mut before = BTreeMap::new();
    let mut moved_in_all = 0;
    let first = EVENTS.get();
    for step in 0..steps {
        let key = K::from_id(random.next_u64() % keys);
        let remove = random.next_u64() % 100 < if (step / (keys * 2)).is_multiple_of(2) { 20 } else { 70 };
        let (events, capacity_before) = (EVENTS.get(), map.capacity());
        let hit = if remove { map.remove(&key) } else { map.insert(key.clone(), V::from_seed(step, 8)) };

        let after = addresses(&map);
        let moved: BTreeMap<u64, usize> = after
            .iter()
            .filter(|&(id, at)| before.get(id).is_some_and(|was| was != at))
            .map(|(&id, &at)| (id, at))
            .collect();
        let mut offered = BTreeMap::new();
        let write = Write { key: &key, remove, hit, allocs: 0, frees: 0, capacity_before };
        map.disturbed(&write, &mut |key, _| {
            let (id, at) = (key.id(), std::ptr::from_ref(key).addr());
            let moved = before.get(&id).is_some_and(|&was| was != at);
            if moved {
                offered.insert(id, at);
            }
            moved
        });
        assert_eq!(offered, moved, "seed {seed}, step {step}: the census misses a move");
        let told = EVENTS.get().moved - events.moved;
        assert_eq!(told, moved.len() as u64, "seed {seed}, step {step}: events tell other moves");
        moved_in_all += told;
        before = after;
    }
    let slot = (size_of::<K>().min(128) + size_of::<V>().min(128)) as u64;
    let events = EVENTS.get();
    assert!(moved_in_all > 0, "nothing moved: the test tests nothing");
    assert_eq!(events.moved_bytes - first.moved_bytes, moved_in_all * slot);
}

/// The narrowed census looks at a bounded number of entries for each moved one.
pub fn census_is_amortised<F: GoFamily>() {
    let mut map = build::<F, u64, u64, Good>(&options(6.5, 0, 1));
    let mut offered = 0u64;
    let moved = EVENTS.get().moved;
    for id in 0..20_000 {
        let capacity_before = map.capacity();
        map.insert(id, id);
        let write = Write { key: &id, remove: false, hit: false, allocs: 0, frees: 0, capacity_before };
        map.disturbed(&write, &mut |_, _| {
            offered += 1;
            false
        });
    }
    let moved = EVENTS.get().moved - moved;
    assert!((moved..moved + 20_000).contains(&offered), "{offered} offered, {moved} moved");
}
