//! The narrowed census ([`Map::disturbed`]) against a full one, write by write, for every map that ships.
//!
//! A full census compares the address of every live entry before and after each write. Whatever it finds, the
//! narrowed one must have found too. And the moves that a map tells, which the count pass takes at its word, must be those.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};

use mapscope::maps::{self, Family, FamilyVisitor, FixedFold, Hashing, Map, Options, Write};
use mapscope::plan::{Flags, plan};
use mapscope::probe::alloc;
use mapscope::probe::census::Census;
use mapscope::probe::event::{Cause, Event, Listen, Off};
use mapscope::run::Subjects;
use mapscope::workload::{Key, Kind, Str24, Value, Workload};

use crate::masked::{AllEqual, HighBits, LowBits};

/// Good hashes of which five low bits are left: the maps that move entries only where many collide do so.
#[derive(Clone)]
struct Crowded(FixedFold);

struct CrowdedHasher(<FixedFold as BuildHasher>::Hasher);

impl Hashing for Crowded {
    fn with_seed(seed: u64) -> Self {
        Crowded(FixedFold::with_seed(seed))
    }
}

impl BuildHasher for Crowded {
    type Hasher = CrowdedHasher;
    fn build_hasher(&self) -> CrowdedHasher {
        CrowdedHasher(self.0.build_hasher())
    }
}

impl Hasher for CrowdedHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
    fn finish(&self) -> u64 {
        self.0.finish() & 0x1f
    }
}

/// A small generator, so that a failure's seed says everything.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(x ^ (x >> 31)) * u128::from(n)) >> 64) as u64
    }
}

/// Entries that a map has told to have moved.
#[derive(Default)]
struct Moves(Cell<u64>);

impl Listen for Moves {
    fn hear(&self, event: Event) {
        if let Event::Move { entries, .. } = event {
            self.0.set(self.0.get() + entries);
        }
    }
}

/// Where each of `domain` keys is, by its id; 0 for those that are not there.
fn places<K: Key, V>(map: &impl Map<K, V>, domain: u64) -> Vec<usize> {
    let mut places = vec![0; domain as usize];
    map.for_each(&mut |key, _| places[key.id() as usize] = std::ptr::from_ref(key).addr());
    places
}

/// Maps whose overwrite drops the entry that was there, its key too, and puts another in its place: nothing has moved.
const REPLACES: [&str; 1] = ["go-syncmap"];

/// Random puts and removes over `domain` keys; `waves` alternates between growing and shrinking phases.
fn compare<F: Family, K: Key, V: Value, S: Hashing>(domain: u64, writes: u64, waves: bool, seed: u64) -> u64 {
    let options = Options { load_factor: F::INFO.load_factor.map_or(0.0, |x| x.default), hint: 0, seed, release: None };
    let moves = Moves::default();
    let mut map = F::build::<K, V, S, &dyn Listen>(&options, S::with_seed(seed), &moves);
    let mut random = Random(seed);
    let mut moved_in_all = 0;
    let mut before = places(&map, domain);
    for index in 0..writes {
        let id = random.below(domain);
        let shrinking = waves && (index / domain) % 2 == 1;
        let remove = random.below(10) < if shrinking { 8 } else { 4 };
        let key = K::from_id(id);
        let value = V::from_seed(index, 0);

        let capacity_before = map.capacity_at(&key);
        let spare = key.clone();
        let tally = alloc::tally();
        let hit = if remove { map.remove(&key) } else { map.insert(spare, value) };
        let tally = alloc::tally() - tally;
        let after = places(&map, domain);

        let mut known = before.clone();
        let mut narrowed: Vec<u64> = Vec::new();
        let (allocs, frees) = (tally.alloc_count, tally.free_count);
        let write = Write { key: &key, remove, hit, allocs, frees, capacity_before };
        map.disturbed(&write, &mut |key, _| {
            let (id, place) = (key.id(), std::ptr::from_ref(key).addr());
            let known = std::mem::replace(&mut known[id as usize], place);
            let moved = known != 0 && known != place;
            if moved {
                narrowed.push(id);
            }
            moved
        });
        let replaced = |there: u64| !remove && there == id && REPLACES.contains(&F::INFO.term.name);
        let mut full = Vec::new();
        if before != after {
            let moved = |id: u64, before: usize, now: usize| before != 0 && now != 0 && before != now && !replaced(id);
            full.extend(
                (0..).zip(before.iter().zip(&after)).filter(|(id, at)| moved(*id, *at.0, *at.1)).map(|it| it.0),
            );
        }
        narrowed.sort_unstable();
        assert_eq!(
            narrowed,
            full,
            "{}: seed {seed}, write {index} of key {id}: {write_kind}",
            F::INFO.term.name,
            write_kind = if remove { "remove" } else { "put" }
        );
        if !F::INFO.tells.is_empty() {
            assert_eq!(moves.0.take(), full.len() as u64, "{}: seed {seed}, write {index}: told", F::INFO.term.name);
        }
        moved_in_all += full.len() as u64;
        // Also what asking moved would be missed, by the next write.
        before = after;
    }
    moved_in_all
}

struct EveryMap;

impl FamilyVisitor for EveryMap {
    fn visit<F: Family>(&mut self) {
        let mut moved = 0;
        for seed in 1..=3 {
            moved += compare::<F, u64, u64, F::Hasher>(20, 600, false, seed);
            moved += compare::<F, u64, u64, F::Hasher>(300, 1_200, true, seed);
            // A trie moves entries of its path only.
            if F::INFO.tells.contains(&Cause::Move) || (seed == 1 && F::INFO.alloc_cause == Cause::Overflow) {
                moved += compare::<F, u64, u64, Crowded>(400, 2_000, true, seed);
            }
            moved += compare::<F, Str24, [u8; 256], F::Hasher>(100, 400, true, seed);
        }
        moved += compare::<F, u64, u64, F::Hasher>(2_000, 2_000, false, 9);
        // Chains turn into trees and back, tries end in plain vectors.
        moved += compare::<F, u64, u64, AllEqual>(24, 400, true, 4);
        moved += compare::<F, Str24, u64, AllEqual>(24, 300, true, 5);
        moved += compare::<F, u64, u64, LowBits>(200, 800, true, 6);
        moved += compare::<F, u64, u64, HighBits>(24, 400, true, 7);
        if !F::INFO.tells.is_empty() && !F::INFO.tells.contains(&Cause::Move) {
            assert_eq!(moved, 0, "{}: a map whose entries stay where they are", F::INFO.term.name);
            return;
        }
        // A chained map that takes over whole chains moves few: it is given more to do.
        for seed in 10..40 {
            if moved <= 1_000 {
                moved += compare::<F, u64, u64, F::Hasher>(300, 1_200, true, seed);
                moved += compare::<F, u64, u64, Crowded>(400, 2_000, true, seed);
            }
        }
        assert!(moved > 1_000, "{}: a map that grows moves entries; saw {moved}", F::INFO.term.name);
    }
}

#[test]
fn the_narrowed_census_misses_no_move_of_any_map() {
    maps::each(&mut EveryMap);
}

/// Does a workload's operations; after each write the moves that the map told are those that the census finds.
fn told<F: Family, K: Key, V: Value>(workload: &Workload, load_factor: f64, about: &str) -> u64 {
    let (options, moves) = (Options { load_factor, hint: 0, seed: 1, release: None }, Moves::default());
    let mut map = F::build::<K, V, F::Hasher, &dyn Listen>(&options, F::Hasher::with_seed(1), &moves);
    let (mut census, mut moved_in_all) = (Census::default(), 0);
    let place = |key: &K, value: &V| (std::ptr::from_ref(key).addr(), std::ptr::from_ref(value).addr());
    let mut batches = workload.batches(1024).unwrap();
    while let Some(batch) = batches.next().unwrap() {
        for op in batch.ops {
            let (key, capacity_before) = (K::from_id(op.key), map.capacity());
            let hit = match op.kind {
                Kind::Put => map.insert(key.clone(), V::from_seed(op.value, op.value_bytes)),
                Kind::Remove => map.remove(&key),
                _ => continue,
            };
            let remove = op.kind == Kind::Remove;
            if remove && hit {
                census.remove(op.key);
            }
            let mut moved = 0;
            let write = Write { key: &key, remove, hit, allocs: 0, frees: 0, capacity_before };
            map.disturbed(&write, &mut |key, value| {
                let has_moved = census.look(key.id(), place(key, value)).key.is_some();
                moved += u64::from(has_moved);
                has_moved
            });
            if let Some((key, value)) = map.peek(&key) {
                census.put(op.key, place(key, value));
            }
            assert_eq!(moves.0.take(), moved, "{}: {about}", F::INFO.term.name);
            moved_in_all += moved;
        }
    }
    moved_in_all
}

const MIXES: [&str; 10] = [
    "fill",
    "overwrite",
    "churn",
    "waves",
    "ycsb-a",
    "ycsb-b",
    "ycsb-c",
    "ycsb-d",
    "ycsb-f",
    "mix(insert=50,remove=40,get=10)",
];

/// Those that tell of moves.
struct OnEveryMix;

impl FamilyVisitor for OnEveryMix {
    fn visit<F: Family>(&mut self) {
        if !F::INFO.tells.contains(&Cause::Move) {
            return;
        }
        let load_factors = match F::INFO.term.name {
            "go-classic" => vec![1.0, 6.5, 8.0],
            "go-classic-inline" => vec![1.0, 6.5],
            "go-classic-slab" | "go-classic-pooled" => vec![6.5, 8.0],
            "cuckoo" => vec![0.5, 0.9, 0.95],
            _ => vec![F::INFO.load_factor.map_or(0.0, |x| x.default)],
        };
        let mut moved = 0;
        for (keys, mix) in ["uniform", "zipfian(0.99)"].into_iter().flat_map(|keys| MIXES.map(|mix| (keys, mix))) {
            let flags = Flags::from([("ops", "20000"), ("keys", keys), ("mix", mix)]);
            let plan = plan(&[], &flags, &Subjects::builtin().catalog()).unwrap();
            let workload = Workload::open(&plan.cells[0].workload).unwrap();
            for &load_factor in &load_factors {
                moved += told::<F, u64, u64>(&workload, load_factor, mix);
                moved += told::<F, Str24, [u8; 256]>(&workload, load_factor, mix);
            }
        }
        let bins = F::INFO.term.name == "java-hashmap";
        assert!(moved > 100_000 || bins, "{}: only {moved} moves: this says little", F::INFO.term.name);
    }
}

#[test]
fn moves_that_a_map_tells_are_those_of_the_census_on_every_mix() {
    maps::each(&mut OnEveryMix);
}

/// What a map keeps to answer the census is allocated and freed while nobody counts, and never by the map's own work.
struct Uncounted;

impl FamilyVisitor for Uncounted {
    fn visit<F: Family>(&mut self) {
        if !F::INFO.exact {
            return;
        }
        let options =
            Options { load_factor: F::INFO.load_factor.map_or(0.0, |x| x.default), hint: 0, seed: 1, release: None };
        let build = || F::build::<Str24, u64, F::Hasher, Off>(&options, F::Hasher::with_seed(1), Off);
        let (mut asked, mut left_alone) = (build(), build());
        let mut random = Random(3);
        for index in 0..1_500 {
            let name = F::INFO.term.name;
            if index % 400 == 399 {
                let tallies = [&mut asked, &mut left_alone].map(|map| tally(|| map.clear()).1);
                assert_eq!(tallies[0], tallies[1], "{name}: the clear at {index}");
                continue;
            }
            let (key, remove) = (Str24::from_id(random.below(200)), random.below(10) < 4);
            let capacity_before = asked.capacity_at(&key);
            let [(hit, tally), (_, left_alone)] = [&mut asked, &mut left_alone].map(|map| {
                let spare = key.clone();
                tally(|| if remove { map.remove(&key) } else { map.insert(spare, index) })
            });
            assert_eq!(tally, left_alone, "{name}: write {index}");
            let (allocs, frees) = (tally.alloc_count, tally.free_count);
            let write = Write { key: &key, remove, hit, allocs, frees, capacity_before };
            alloc::uncounted(|| {
                asked.disturbed(&write, &mut |_, _| false);
                asked.written_table(&write);
            });
        }
    }
}

/// What a piece of work allocated and freed.
fn tally<T>(work: impl FnOnce() -> T) -> (T, alloc::Tally) {
    let before = alloc::tally();
    let done = work();
    (done, alloc::tally() - before)
}

#[test]
fn answering_the_census_is_no_part_of_what_a_map_allocates() {
    alloc::set_realloc_always_moves(true);
    maps::each(&mut Uncounted);
}
