//! On one thread: against the exact model, step by step, and against a `BTreeMap`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;
use crate::entry::{Bytes, Str};
use crate::maps::{Concurrent, Map};
use crate::probe::event::Event;

/// Dirty copies and promotions that a map has told of.
type Told = [u64; 2];

thread_local! {
    static TOLD: [Cell<Told>; 2] = const { [Cell::new([0; 2]), Cell::new([0; 2])] };
    static GREW: Cell<u64> = const { Cell::new(0) };
}

/// The probe of one of two maps.
#[derive(Clone, Copy)]
struct Tape<const MAP: usize>;

const EXACT: usize = 0;
const SHARED: usize = 1;

impl<const MAP: usize> Probe for Tape<MAP> {
    const ON: bool = true;
    fn emit(self, event: Event) {
        let add = |step: usize| {
            TOLD.with(|told| {
                let mut now = told[MAP].get();
                now[step] += 1;
                told[MAP].set(now);
            });
        };
        match event {
            Event::DirtyCopy => add(0),
            Event::Promote => add(1),
            Event::Grow if MAP == SHARED => GREW.set(GREW.get() + 1),
            other => assert_eq!(MAP, EXACT, "{other:?} is told by the exact model only"),
        }
    }
}

fn told<const MAP: usize>() -> Told {
    TOLD.with(|told| told[MAP].get())
}

/// Runs random operations on both; every answer, every dirty copy, every promotion and the state after each operation are
/// the same.
fn agrees<K: Key, V: Value>(seed: u64, keys: u64, steps: u64) {
    let options = Options { load_factor: 0.0, hint: 0, seed, release: Some("1.23") };
    let mut exact = GoSyncMap::build::<K, V, GoHash, _>(&options, GoHash::with_seed(seed), Tape::<EXACT>);
    let shared = GoSyncMap::share::<K, V, GoHash, _>(&options, GoHash::with_seed(seed), Tape::<SHARED>);
    let mut model = BTreeMap::new();
    let mut random = SplitMix64::seed_from_u64(seed);
    for step in 0..steps {
        let about = format!("seed {seed}, step {step}");
        let id = random.next_u64() % keys;
        let key = K::from_id(id);
        // Phases that fill the map, and phases that empty it.
        let removes = if (step / (keys * 3)).is_multiple_of(2) { 50 } else { 70 };
        match random.next_u64() % 100 {
            0..35 => {
                let expected = model.get(&id).copied();
                assert_eq!(exact.get(&key).and_then(|(_, value)| value.seed()), expected, "{about}");
                assert_eq!(shared.get(&key, |value| value.seed().expect("a whole value")), expected, "{about}");
            }
            dice if dice < removes => {
                let expected = model.remove(&id).is_some();
                assert_eq!((exact.remove(&key), shared.remove(&key)), (expected, expected), "{about}");
            }
            _ => {
                let expected = model.insert(id, step).is_some();
                let value = V::from_seed(step, 40);
                let hits = (exact.insert(key.clone(), value.clone()), shared.insert(key, value));
                assert_eq!(hits, (expected, expected), "{about}");
            }
        }
        assert_eq!(told::<SHARED>(), told::<EXACT>(), "{about}: dirty copies, promotions");
        let mut state = [0; 4];
        exact.state(&mut state);
        assert_eq!(shared.state(), state, "{about}");
        shared.check();
        if step % 16 == 0 {
            let mut content = BTreeMap::new();
            shared.for_each(&mut |key, value| {
                assert_eq!(content.insert(key.id(), value.seed().expect("a whole value")), None, "{about}");
            });
            assert_eq!(content, model, "{about}");
        }
    }
}

#[test]
fn one_thread_takes_the_steps_of_the_exact_model() {
    for seed in 1..=4 {
        agrees::<u64, u64>(seed, 8, 1500);
        agrees::<u64, [u8; 64]>(seed, 60, 3000);
        agrees::<Str<24>, Bytes>(seed, 300, 6000);
    }
    let [copies, promotions] = told::<SHARED>();
    assert!(copies > 50 && promotions > 50 && GREW.get() > 50, "{copies}, {promotions}, {}", GREW.get());
}

/// Values of no size, whose boxes all have one address.
#[test]
fn values_of_no_size() {
    let options = Options { load_factor: 0.0, hint: 0, seed: 1, release: Some("1.23") };
    let shared = GoSyncMap::share::<u64, [u8; 0], GoHash, _>(&options, GoHash::with_seed(1), Tape::<SHARED>);
    let mut model = BTreeSet::new();
    let mut random = SplitMix64::seed_from_u64(1);
    for step in 0..2000 {
        let key = random.next_u64() % 20;
        match random.next_u64() % 3 {
            0 => assert_eq!(shared.get(&key, |_| ()).is_some(), model.contains(&key), "step {step}"),
            1 => assert_eq!(shared.remove(&key), model.remove(&key), "step {step}"),
            _ => assert_eq!(shared.insert(key, []), !model.insert(key), "step {step}"),
        }
        shared.check();
    }
}
