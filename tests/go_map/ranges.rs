//! Ranges whose body writes to the map.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use mapscope::maps::{Hashing, Map};
use mapscope::workload::{Bytes, Key, Str24, Value};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

/// What the body does to the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    Read,
    /// Removes and overwrites, and puts in `inserts` new keys a step.
    Write { inserts: u64, removes: u64 },
    /// The same, and clears once on the way.
    Clear,
}

/// Ranges over the map and checks what comes against Go's promise: an entry that was there from beginning to end
/// comes once, a removed one not, a new one at most once, each with the value that it has at that moment.
pub fn range_keeps_its_promise<F: GoFamily, K: Key, V: Value, S: Hashing>(seed: u64, keys: u64, body: Body) {
    let live_before = ALLOCATED.get().live();
    {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<F, K, V, S>(&options(6.5, 0, seed));
        let mut model = BTreeMap::new();
        for id in 0..random.next_u64() % keys + 1 {
            map.insert(K::from_id(id), V::from_seed(id, 20));
            model.insert(id, id);
        }
        // Leave tombstones, and in some runs a growth under way.
        for _ in 0..random.next_u64() % 20 {
            let id = random.next_u64() % keys;
            map.remove(&K::from_id(id));
            model.remove(&id);
        }
        let mut lasting: BTreeSet<u64> = model.keys().copied().collect();
        let mut removed = BTreeSet::new();
        let mut shown = BTreeSet::new();
        let mut cleared = false;
        let mut next = keys;
        let mut steps = 0;
        map.range_writing(&mut |map, key, value| {
            let id = key.id();
            assert_eq!(value.seed(), model.get(&id).copied(), "seed {seed}: {id} is not in the map like that");
            let first = shown.insert(id);
            assert!(first || removed.contains(&id) || cleared, "seed {seed}: {id} came twice");
            steps += 1;
            assert!(steps < 100_000, "seed {seed}: the range does not end");
            let (inserts, removes) = match body {
                Body::Read => (0, 0),
                Body::Write { inserts, removes } => (inserts, removes),
                Body::Clear => (3, 1),
            };
            if steps > 2000 {
                return ControlFlow::Continue(());
            }
            if body == Body::Clear && !cleared && random.next_u64().is_multiple_of(20) {
                map.clear();
                model.clear();
                lasting.clear();
                cleared = true;
            }
            for _ in 0..random.next_u64() % (inserts + 1) {
                map.insert(K::from_id(next), V::from_seed(steps, 20));
                model.insert(next, steps);
                next += 1;
            }
            for _ in 0..removes {
                let id = random.next_u64() % next;
                assert_eq!(map.remove(&K::from_id(id)), model.remove(&id).is_some());
                lasting.remove(&id);
                removed.insert(id);
                // Put some back: another entry of the same key.
                if random.next_u64().is_multiple_of(4) {
                    map.insert(K::from_id(id), V::from_seed(steps, 20));
                    model.insert(id, steps);
                }
            }
            let id = random.next_u64() % next;
            if let Some(value) = model.get_mut(&id) {
                assert!(map.insert(K::from_id(id), V::from_seed(steps, 20)));
                *value = steps;
            }
            map.check_invariants();
            ControlFlow::Continue(())
        });
        map.check_invariants();
        assert!(lasting.is_subset(&shown), "seed {seed}: {:?} never came", lasting.difference(&shown));
        assert_eq!(map.len(), model.len(), "seed {seed}");
        for (&id, &value) in &model {
            assert_eq!(map.get(&K::from_id(id)).map(|(_, value)| value.seed()), Some(Some(value)), "seed {seed}");
        }
    }
    assert_eq!(ALLOCATED.get().live(), live_before, "seed {seed}: bytes left behind");
}

pub fn ranges_keep_their_promise<F: GoFamily, K: Key, V: Value>() {
    let bodies = [
        Body::Read,
        Body::Write { inserts: 0, removes: 2 },
        Body::Write { inserts: 4, removes: 1 },
        Body::Write { inserts: 1, removes: 3 },
        Body::Clear,
    ];
    for body in bodies {
        for seed in 0..12 {
            let keys = [9, 40, 120, 230][seed as usize % 4];
            range_keeps_its_promise::<F, K, V, Good>(seed, keys, body);
            if seed < 4 {
                range_keeps_its_promise::<F, K, V, FewBits>(seed, 40, body);
                range_keeps_its_promise::<F, K, V, AllEqual>(seed, 30, body);
                range_keeps_its_promise::<F, K, V, LowBits>(seed, 60, body);
                range_keeps_its_promise::<F, K, V, HighBits>(seed, 60, body);
            }
        }
    }
}

/// Outer and inner range each see the whole map, though it doubles twice under them.
pub fn nested_ranges_over_a_growing_map<F: GoFamily>() {
    let mut map = build::<F, Str24, Bytes, Good>(&options(6.5, 0, 5));
    for id in 0..30 {
        map.insert(Str24::from_id(id), Bytes::from_seed(id, 20));
    }
    let mut next = 30;
    let mut outer = BTreeSet::new();
    map.range_writing(&mut |map, key, _| {
        assert!(outer.insert(key.id()), "{} came twice", key.id());
        if outer.len() > 30 {
            return ControlFlow::Continue(());
        }
        let there = map.len();
        let mut inner = BTreeSet::new();
        map.range_writing(&mut |map, key, _| {
            assert!(inner.insert(key.id()));
            if next < 300 {
                map.insert(Str24::from_id(next), Bytes::from_seed(next, 20));
                map.remove(&Str24::from_id(next - 1).clone());
                map.insert(Str24::from_id(next - 1), Bytes::from_seed(next, 20));
                next += 1;
            }
            ControlFlow::Continue(())
        });
        assert!(inner.len() >= there - 1, "{} of {there}", inner.len());
        ControlFlow::Continue(())
    });
    assert!((0..29).all(|id| outer.contains(&id)));
    map.check_invariants();
}

/// A body may put another map in this one's place; the range ends there.
pub fn a_replaced_map_ends_the_range<F: GoFamily>() {
    let options = options(6.5, 0, 9);
    let mut map = build::<F, Str24, u64, Good>(&options);
    for id in 0..50 {
        map.insert(Str24::from_id(id), id);
    }
    let mut steps = 0;
    let mut taken = None;
    map.range_writing(&mut |map, _, _| {
        steps += 1;
        let mut other = build::<F, Str24, u64, Good>(&options);
        other.insert(Str24::from_id(1), 1);
        taken = Some(std::mem::replace(map, other));
        ControlFlow::Continue(())
    });
    assert_eq!((steps, map.len(), taken.map(|map| map.len())), (1, 1, Some(50)));
    map.check_invariants();
}

/// A panic in the body ends the range and leaves a usable map.
pub fn a_panic_in_the_body_ends_the_range<F: GoFamily>() {
    let mut map = build::<F, Str24, Bytes, Good>(&options(6.5, 0, 9));
    for id in 0..50 {
        map.insert(Str24::from_id(id), Bytes::from_seed(id, 20));
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        map.range_writing(&mut |map, key, _| {
            for id in 50..200 {
                map.insert(Str24::from_id(id), Bytes::from_seed(id, 20));
            }
            map.remove(&key);
            panic!("on purpose");
        });
    }));
    assert!(outcome.is_err());
    map.check_invariants();
    assert_eq!(map.len(), 199);
}

/// Where a range begins is drawn from the map's own generator: other seeds, other orders; equal seeds, equal orders.
pub fn the_order_follows_the_seed<F: GoFamily>() {
    let order = |seed| {
        let mut map = F::build_ranged::<u64, u64, OneSeed>(&options(6.5, 0, seed));
        (0..100).for_each(|id| {
            map.insert(id, id);
        });
        let mut order = Vec::new();
        map.range_writing(&mut |_, key, _| {
            order.push(key);
            ControlFlow::Continue(())
        });
        order
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}
