//! Random operations on the map and on a `BTreeMap`, the invariants checked after each.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};

use mapscope::maps::{Map, Write};
use mapscope::workload::{Bytes, Str24};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::*;

/// A good hash of which only the bits of `MASK` are left.
#[derive(Clone)]
struct Masked<const MASK: u64>(GoHash);

struct MaskedHasher<const MASK: u64>(<GoHash as BuildHasher>::Hasher);

type Good = Masked<{ u64::MAX }>;
type AllEqual = Masked<0>;
type LowBits = Masked<0x1ff>;
type HighBits = Masked<{ 0x3f << 56 }>;

impl<const MASK: u64> Hashing for Masked<MASK> {
    fn with_seed(seed: u64) -> Self {
        Masked(GoHash::with_seed(seed))
    }
}

impl<const MASK: u64> BuildHasher for Masked<MASK> {
    type Hasher = MaskedHasher<MASK>;
    fn build_hasher(&self) -> MaskedHasher<MASK> {
        MaskedHasher(self.0.build_hasher())
    }
}

impl<const MASK: u64> Hasher for MaskedHasher<MASK> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
    fn finish(&self) -> u64 {
        self.0.finish() & MASK
    }
}

/// A hasher that never says the same twice.
#[derive(Clone)]
struct Fickle;

thread_local! {
    static FICKLE: Cell<u64> = const { Cell::new(0) };
}

impl Hashing for Fickle {
    fn with_seed(_: u64) -> Fickle {
        Fickle
    }
}

impl BuildHasher for Fickle {
    type Hasher = MaskedHasher<3>;
    fn build_hasher(&self) -> MaskedHasher<3> {
        FICKLE.set(FICKLE.get() + 1);
        MaskedHasher(GoHash::with_seed(FICKLE.get()).build_hasher())
    }
}

fn content<K: Key, V: Value, S: Hashing>(map: &TestMap<K, V, S>) -> BTreeMap<u64, u64> {
    let mut content = BTreeMap::new();
    map.for_each(&mut |key, value| {
        let twice = content.insert(key.id(), value.seed().expect("a whole value"));
        assert_eq!(twice, None, "key {} comes twice", key.id());
    });
    content
}

fn places<K: Key, V: Value, S: Hashing>(map: &TestMap<K, V, S>) -> BTreeMap<u64, usize> {
    let mut places = BTreeMap::new();
    map.for_each(&mut |key, _| {
        places.insert(key.id(), std::ptr::from_ref(key).addr());
    });
    places
}

/// Every answer and the whole content against the model's; every key stays where it is until it is put or removed;
/// nothing is left allocated, and as many objects were freed as allocated.
fn agrees<K: Key, V: Value, S: Hashing>(release: &'static str, seed: u64, keys: u64, steps: u64) -> Events {
    let (allocated, events) = (ALLOCATED.get(), EVENTS.get());
    {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<K, V, S>(release, seed);
        let mut model = BTreeMap::new();
        let mut before = BTreeMap::new();
        for step in 0..steps {
            // Ids on both sides of 256, where integers begin to be allocated.
            let id = 256 - keys / 2 + random.next_u64() % keys;
            let key = K::from_id(id);
            let removes = if (step / (keys * 3)).is_multiple_of(2) { 50 } else { 70 };
            let about = format!("{release}, seed {seed}, step {step}, key {id}");
            // An overwrite keeps the key in a pair of maps, and brings another in a trie.
            let mut replaced = false;
            match random.next_u64() % 100 {
                0 if random.next_u64().is_multiple_of(4) => {
                    map.clear();
                    model.clear();
                }
                1 if random.next_u64().is_multiple_of(2) => {
                    let mut seen = BTreeMap::new();
                    map.range(&mut |key, value| {
                        seen.insert(key.id(), value.seed().expect("a whole value"));
                    });
                    assert_eq!(seen, model, "{about}");
                }
                2..35 => {
                    let peeked = map.peek(&key).map(|(key, _)| std::ptr::from_ref(key).addr());
                    let got = map.get(&key);
                    assert_eq!(peeked, got.map(|(key, _)| std::ptr::from_ref(key).addr()), "{about}");
                    assert_eq!(peeked, places(&map).get(&id).copied(), "{about}");
                    let got = got.map(|(key, value)| (key.id(), value.seed()));
                    assert_eq!(got, model.get(&id).map(|&value| (id, Some(value))), "{about}");
                }
                dice if dice < removes => {
                    assert_eq!(map.remove(&key), model.remove(&id).is_some(), "{about}");
                    let write =
                        Write { key: &key, remove: true, hit: true, allocs: 0, frees: 0, capacity_before: None };
                    map.disturbed(&write, &mut |_, _| panic!("{about}: nothing moves"));
                }
                _ => {
                    let hit = map.insert(key, V::from_seed(200 + step, 40));
                    let model_hit = model.insert(id, 200 + step).is_some();
                    assert_eq!(hit, model_hit, "{about}");
                    replaced = hit && release == TRIE;
                }
            }
            assert_eq!(map.len(), model.len(), "{about}");
            map.check_invariants();
            let after = places(&map);
            for (there, place) in &after {
                let stays = *there != id || !replaced;
                assert!(!stays || before.get(there).is_none_or(|was| was == place), "{about}: key {there} moved");
            }
            before = after;
            if step % 16 == 0 {
                assert_eq!(content(&map), model, "{about}");
            }
        }
        assert_eq!(content(&map), model, "seed {seed}");
        drop((model, before));
    }
    let allocated = ALLOCATED.get().since(allocated);
    assert_eq!(allocated.bytes, allocated.freed_bytes, "seed {seed}: bytes left behind");
    assert_eq!(allocated.allocs, allocated.frees, "seed {seed}: objects left behind");
    let now = EVENTS.get();
    Events {
        promote: now.promote - events.promote,
        dirty_copy: now.dirty_copy - events.dirty_copy,
        grow: now.grow - events.grow,
        same_size_grow: now.same_size_grow - events.same_size_grow,
        overflow: now.overflow - events.overflow,
        clear: now.clear - events.clear,
    }
}

/// Differential fuzzing: `MAPSCOPE_FUZZ_STEPS=1000000000 cargo test --release --test maps go_syncmap::model::fuzz`, with
/// `CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true` for the invariants. As many steps as that, over as many maps as it takes,
/// the invariants and the content checked every 10,000th. Seeds count from `MAPSCOPE_FUZZ_SEED`.
#[test]
fn fuzz() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let mut left = variable("MAPSCOPE_FUZZ_STEPS").unwrap_or(20_000);
    for seed in variable("MAPSCOPE_FUZZ_SEED").unwrap_or(1).. {
        let mut random = SplitMix64::seed_from_u64(seed);
        let keys = 1 << (random.next_u64() % 12 + 2);
        let kind = random.next_u64() % 6;
        let release = STRUCTURES[seed as usize % 2];
        let steps = left.min(if kind < 2 { 4_000 } else { keys * 100 });
        match kind {
            0 => fuzz_one::<u64, u64, AllEqual>(release, seed, keys.min(128), steps),
            1 => fuzz_one::<Str24, Bytes, LowBits>(release, seed, keys.min(512), steps),
            2 => fuzz_one::<Str24, [u8; 256], Good>(release, seed, keys, steps),
            3 => fuzz_one::<u64, Odd, Good>(release, seed, keys, steps),
            _ => fuzz_one::<u64, u64, Good>(release, seed, keys, steps),
        }
        left -= steps;
        if left == 0 {
            break;
        }
    }
}

/// Every answer against the model's.
fn fuzz_one<K: Key, V: Value, S: Hashing>(release: &'static str, seed: u64, keys: u64, steps: u64) {
    let allocated = ALLOCATED.get();
    {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<K, V, S>(release, seed);
        let mut model = BTreeMap::new();
        for step in 0..steps {
            let dice = random.next_u64();
            let id = (dice >> 32) % keys;
            let key = K::from_id(id);
            let removes = if (step / (keys * 3)).is_multiple_of(2) { 50 } else { 70 };
            match dice % 100 {
                // A clear and an iteration are rarer the larger the map is.
                0 if random.next_u64().is_multiple_of(keys) => {
                    map.clear();
                    model.clear();
                }
                1 if random.next_u64().is_multiple_of(keys) => {
                    let mut seen = 0;
                    map.range(&mut |key, value| {
                        assert_eq!(model.get(&key.id()).copied(), value.seed(), "seed {seed}, step {step}");
                        seen += 1;
                    });
                    assert_eq!(seen, model.len(), "seed {seed}, step {step}");
                }
                0..35 => {
                    let got = map.get(&key).map(|(key, value)| (key.id(), value.seed()));
                    let expected = model.get(&id).map(|&value| (id, Some(value)));
                    assert_eq!(got, expected, "seed {seed}, step {step}, key {id}");
                }
                dice if dice < removes => {
                    let expected = model.remove(&id).is_some();
                    assert_eq!(map.remove(&key), expected, "seed {seed}, step {step}, key {id}");
                }
                _ => {
                    let value = step % 0xffff_ffff;
                    let expected = model.insert(id, value).is_some();
                    let hit = map.insert(key, V::from_seed(value, 40));
                    assert_eq!(hit, expected, "seed {seed}, step {step}, key {id}");
                }
            }
            assert_eq!(map.len(), model.len(), "seed {seed}, step {step}, key {id}");
            if step % 10_000 == 0 {
                map.check_invariants();
            }
        }
        map.check_invariants();
        assert_eq!(content(&map), model, "seed {seed}");
    }
    let allocated = ALLOCATED.get().since(allocated);
    // The model's nodes are counted too, and as evenly.
    assert_eq!(allocated.bytes, allocated.freed_bytes, "seed {seed}: bytes left behind");
}

/// One entry under every hash, with some of everything.
fn agrees_under_every_hash<K: Key, V: Value>() {
    for release in STRUCTURES {
        let mut seen = [0; 5];
        for seed in 1..=3 {
            for events in [
                agrees::<K, V, Good>(release, seed, 60, 1200),
                agrees::<K, V, AllEqual>(release, seed, 30, 500),
                agrees::<K, V, LowBits>(release, seed, 60, 700),
                agrees::<K, V, HighBits>(release, seed, 40, 500),
            ] {
                let Events { promote, dirty_copy, grow, overflow, clear, .. } = events;
                for (sum, n) in seen.iter_mut().zip([grow, overflow, clear, promote, dirty_copy]) {
                    *sum += n;
                }
            }
        }
        // A trie has one root to make, and no second map.
        let taken = if release == TRIE { 3 } else { 5 };
        assert!(seen[..taken].iter().all(|&n| n > 5), "{release}: a step is hardly taken: {seen:?}");
        assert!(seen[taken..].iter().all(|&n| n == 0), "{release}: a step of the other structure: {seen:?}");
    }
}

#[test]
fn integers() {
    agrees_under_every_hash::<u64, u64>();
}

#[test]
fn values_of_no_block() {
    agrees_under_every_hash::<u64, [u8; 64]>();
}

#[test]
fn values_that_share_unevenly() {
    agrees_under_every_hash::<u64, Odd>();
}

/// A value of 12 bytes.
#[derive(Clone)]
struct Odd([u32; 3]);

impl Value for Odd {
    const POINTERS: bool = false;
    fn from_seed(seed: u64, _: u32) -> Odd {
        Odd([seed as u32; 3])
    }
    fn seed(&self) -> Option<u64> {
        (self.0 == [self.0[0]; 3]).then_some(self.0[0].into())
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

#[test]
fn values_that_own() {
    agrees_under_every_hash::<u64, Bytes>();
}

#[test]
fn keys_that_own() {
    agrees_under_every_hash::<Str24, u64>();
}

#[test]
fn keys_that_own_and_wide_values() {
    agrees_under_every_hash::<Str24, [u8; 256]>();
}

/// A key that is a pointer in Go: it is boxed nowhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Pointer(Box<u64>);

impl Key for Pointer {
    const POINTERS: bool = true;
    fn from_id(id: u64) -> Pointer {
        Pointer(Box::new(id))
    }
    fn id(&self) -> u64 {
        *self.0
    }
    fn heap_bytes(&self) -> u64 {
        8
    }
}

#[test]
fn keys_that_are_pointers() {
    agrees_under_every_hash::<Pointer, u64>();
}

#[test]
fn many_keys() {
    let events = agrees::<u64, u64, Good>(PAIR, 9, 500, 3000);
    assert!(events.promote > 3 && events.dirty_copy > 3, "{:?}", events);
    let events = agrees::<u64, u64, Good>(TRIE, 9, 500, 3000);
    assert!(events.overflow > 100, "{:?}", events);
}

/// A hash that changes its mind loses entries, and frees nothing that is still used: what is in the map is whole. (Run
/// with the address sanitizer to see more.)
#[test]
fn a_fickle_hash_does_no_harm() {
    heap::watch(Some(excuse));
    for seed in 1..=20 {
        let mut random = SplitMix64::seed_from_u64(seed);
        let mut map = build::<Str24, Bytes, Fickle>(STRUCTURES[seed as usize % 2], seed);
        for step in 0..400 {
            let key = Str24::from_id(random.next_u64() % 12);
            match random.next_u64() % 10 {
                0 if random.next_u64().is_multiple_of(8) => map.clear(),
                0..4 => assert!(map.get(&key).is_none_or(|(found, value)| *found == key && value.seed().is_some())),
                4..7 => _ = map.remove(&key),
                _ => _ = map.insert(key, Bytes::from_seed(step, 40)),
            }
            map.for_each(&mut |key, value| assert!(key.id() < 12 && value.seed().is_some()));
        }
    }
}

/// References that lookups gave out outlive the promotion that a later lookup brings about.
#[test]
fn references_outlive_promotions() {
    let mut map = build::<Str24, Bytes, Good>(PAIR, 1);
    let insert = |map: &mut TestMap<Str24, Bytes, Good>, id| map.insert(Str24::from_id(id), Bytes::from_seed(id, 32));
    for id in 0..20 {
        insert(&mut map, id);
    }
    map.range(&mut |_, _| ());
    map.remove(&Str24::from_id(3));
    insert(&mut map, 20); // 3 is expunged
    insert(&mut map, 3); // and put back: two boxes
    let promotions = EVENTS.get().promote;
    let held: Vec<_> = (0..21).map(|id| map.get(&Str24::from_id(id)).expect("there")).collect();
    for _ in 0..20 {
        assert!(map.get(&Str24::from_id(99)).is_none());
    }
    assert_eq!(EVENTS.get().promote, promotions + 1);
    for (id, (key, value)) in (0..).zip(held) {
        assert_eq!((key.id(), value.seed()), (id, Some(id)));
    }
    // Also when the lookup is made from within an iteration.
    insert(&mut map, 21);
    let mut seen = 0;
    map.for_each(&mut |key, _| {
        seen += 1;
        assert!((0..22).contains(&key.id()));
        for _ in 0..3 {
            assert!(map.get(&Str24::from_id(99)).is_none());
        }
    });
    assert_eq!((seen, EVENTS.get().promote), (22, promotions + 2));
    map.check_invariants();
}
