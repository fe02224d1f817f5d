//! Random operations on the map and on a `BTreeMap`, the invariants checked after each.

use std::collections::BTreeMap;

use mapscope::maps::{Hashing, Map};
use mapscope::workload::{Bytes, Key, Str24, Value};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

/// Every answer and the whole content, against the model's; nothing is left allocated at the end.
///
/// `keys` are drawn from so many; the invariants are checked every `check`th step.
pub fn agrees<F: GoFamily, K: Key, V: Value, S: Hashing>(options: &Options, keys: u64, steps: u64, check: u64) {
    let seed = options.seed;
    let live_before = ALLOCATED.get().live();
    {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<F, K, V, S>(options);
        let mut model = BTreeMap::new();
        // Waves: the share of removes swings, so that the map is filled and drained by turns.
        for step in 0..steps {
            let id = random.next_u64() % keys;
            let key = K::from_id(id);
            let removes = if (step / (keys * 2)).is_multiple_of(2) { 20 } else { 70 };
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
            if step.is_multiple_of(check) {
                map.check_invariants();
            }
            if step.is_multiple_of(64 * check) {
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

fn content<K: Key, V: Value>(map: &impl Map<K, V>) -> BTreeMap<u64, u64> {
    let mut content = BTreeMap::new();
    map.for_each(&mut |key, value| {
        let twice = content.insert(key.id(), value.seed().expect("a whole value"));
        assert_eq!(twice, None, "key {} comes twice", key.id());
    });
    content
}

/// As many steps as `MAPSCOPE_FUZZ_STEPS` says, over as many maps as it takes, the invariants checked once in as many
/// as the map may have keys.
/// Seeds count from `MAPSCOPE_FUZZ_SEED`.
///
/// Every map lives for a hundred times the number of its keys, in waves.
pub fn fuzz<F: GoFamily>() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let mut left = variable("MAPSCOPE_FUZZ_STEPS").unwrap_or(20_000);
    let first = variable("MAPSCOPE_FUZZ_SEED").unwrap_or(1);
    for seed in first.. {
        let mut random = SplitMix64::seed_from_u64(seed);
        // From maps that are one group to maps of four hundred tables.
        let keys = 1 << (random.next_u64() % 16 + 3);
        let hint = if random.next_u64().is_multiple_of(3) { random.next_u64() % keys } else { 0 };
        let load_factor = [6.5, 1.0, 8.0, 4.3][random.next_u64() as usize % 4];
        let kind = random.next_u64() % 8;
        // Degenerate hashes only for a while: churn among them splits one table over and over, as it does in Go, and
        // doubles go-swiss's directory each time.
        let steps = left.min(if (2..5).contains(&kind) { 4_000 } else { keys * 100 });
        let options = options(load_factor, hint as usize, seed);
        let check = keys;
        match kind {
            0 => agrees::<F, Str24, [u8; 256], Good>(&options, keys, steps, check),
            1 => agrees::<F, BigKey, Bytes, Good>(&options, keys, steps, check),
            2 => agrees::<F, Str24, Bytes, HighBits>(&options, keys.min(512), steps, check),
            3 => agrees::<F, u64, u64, LowBits>(&options, keys.min(512), steps, check),
            4 => agrees::<F, u64, u64, AllEqual>(&options, keys.min(128), steps, check),
            _ => agrees::<F, u64, u64, Good>(&options, keys, steps, check),
        }
        left -= steps;
        if left == 0 {
            break;
        }
    }
}
