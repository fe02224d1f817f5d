//! Several threads on one map: whatever one of them can know, and what all of them know at the end.

use std::collections::BTreeMap;
use std::sync::Barrier;

use mapscope::maps::{Concurrent, ConcurrentFamily};
use mapscope::probe::event::Off;
use mapscope::workload::{Bytes, Str24};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

const THREADS: u64 = 4;
/// Keys that everybody writes.
const COMMON: u64 = 40;
/// Keys of each thread: only it writes them, everybody reads them.
const OWN: u64 = 40;
/// Values say who put them, and under which key: step, key and thread in 48, 12 and 4 bits.
const STEP: u64 = 1 << 16;

/// The key and the step of a value.
fn key_and_step(seed: u64) -> (u64, u64) {
    ((seed % STEP) >> 4, seed / STEP)
}

/// What a thread knows.
#[derive(Default)]
struct Known {
    /// Inserts of each common key that found nothing, less removes that found something.
    left: BTreeMap<u64, i64>,
    /// Its own keys, with their values.
    own: BTreeMap<u64, u64>,
}

fn work<K: Key, V: Value>(map: &impl Concurrent<K, V>, thread: u64, seed: u64, steps: u64) -> Known {
    let mut known = Known::default();
    // The newest value seen of each key that one thread writes.
    let mut newest = BTreeMap::<u64, u64>::new();
    let mut random = SplitMix64::seed_from_u64(seed << 8 | thread);
    for step in 1..=steps {
        let about = format!("seed {seed}, thread {thread}, step {step}");
        let dice = random.next_u64();
        let mine = COMMON + thread * OWN + dice % OWN;
        let id = if dice & 1 << 20 == 0 { dice % COMMON } else { mine };
        let value = step * STEP + (id << 4) + thread;
        // Phases that fill the map, and phases that empty it.
        let removes = if (step / 1000).is_multiple_of(2) { 50 } else { 70 };
        match (dice >> 32) % 100 {
            0..40 => {
                let id = (dice >> 40) % (COMMON + THREADS * OWN);
                let found = map.get(&K::from_id(id), |value| value.seed().expect("a whole value"));
                let found = found.map(|value| (key_and_step(value), value));
                if let Some(((key, written), value)) = found {
                    assert_eq!(key, id, "{about}: {value:x} was never put there");
                    if id >= COMMON {
                        let newest = newest.entry(id).or_default();
                        assert!(written >= *newest, "{about}: key {id} has gone back from {newest} to {written}");
                        *newest = written;
                    }
                }
                if id >= COMMON && (id - COMMON) / OWN == thread {
                    assert_eq!(found.map(|(_, value)| value), known.own.get(&id).copied(), "{about}, key {id}");
                }
            }
            dice if dice < removes => {
                let hit = map.remove(&K::from_id(id));
                match id {
                    0..COMMON => *known.left.entry(id).or_default() -= i64::from(hit),
                    _ => assert_eq!(hit, known.own.remove(&id).is_some(), "{about}, key {id}"),
                }
            }
            _ => {
                let hit = map.insert(K::from_id(id), V::from_seed(value, 40));
                match id {
                    0..COMMON => *known.left.entry(id).or_default() += i64::from(!hit),
                    _ => assert_eq!(hit, known.own.insert(id, value).is_some(), "{about}, key {id}"),
                }
            }
        }
    }
    known
}

fn agree<K: Key, V: Value>(seed: u64, steps: u64) {
    let options = Options { load_factor: 0.0, hint: 0, seed, release: Some(PAIR) };
    let map = GoSyncMap::share::<K, V, GoHash, Off>(&options, GoHash::with_seed(seed), Off);
    let start = Barrier::new(THREADS as usize);
    let known: Vec<_> = std::thread::scope(|scope| {
        let spawn = |thread| {
            let (map, start) = (&map, &start);
            scope.spawn(move || {
                start.wait();
                work(map, thread, seed, steps)
            })
        };
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    });

    let mut content = BTreeMap::new();
    map.for_each(&mut |key, value| {
        let value = value.seed().expect("a whole value");
        assert_eq!(content.insert(key.id(), value), None, "seed {seed}: key {} comes twice", key.id());
    });
    for id in 0..COMMON {
        let left: i64 = known.iter().filter_map(|known| known.left.get(&id)).sum();
        assert_eq!(left, i64::from(content.contains_key(&id)), "seed {seed}, key {id}");
        assert!(content.remove(&id).is_none_or(|value| key_and_step(value).0 == id), "seed {seed}, key {id}");
    }
    let own: BTreeMap<_, _> = known.into_iter().flat_map(|known| known.own).collect();
    assert_eq!(content, own, "seed {seed}");
}

/// As many steps as `MAPSCOPE_FUZZ_STEPS` says, over all threads and maps. (Run with a sanitizer to see more:
/// docs/METHODOLOGY.md, Threads, says how.)
#[test]
fn threads_agree() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let mut left = variable("MAPSCOPE_FUZZ_STEPS").unwrap_or(400_000);
    for seed in variable("MAPSCOPE_FUZZ_SEED").unwrap_or(1).. {
        let steps = (left / THREADS).min(10_000);
        match seed % 3 {
            0 => agree::<u64, u64>(seed, steps),
            1 => agree::<Str24, Bytes>(seed, steps),
            _ => agree::<u64, [u8; 64]>(seed, steps),
        }
        left -= steps * THREADS;
        if left < THREADS {
            break;
        }
    }
}
