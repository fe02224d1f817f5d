//! How long searches are in hashbrown's tables, and how many tombstones these have, as maps report it from outside: against
//! a table whose control bytes are known, because it is written here and does what hashbrown's does, step by step.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use mapscope::maps::{self, Family, FamilyVisitor, Fx, Hashing, Map, Options, Structure};
use mapscope::probe::alloc;
use mapscope::probe::blocks;
use mapscope::probe::event::Off;
use mapscope::record;
use mapscope::record::metrics::worst_probe_groups;
use mapscope::workload::{Key, Str24, Value};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::cli_process::{PATIENT, Place};
use crate::masked::{AllEqual, HighBits, LowBits, Masked};

/// As the module's docs of `maps::open_table` have it, for processors with SSE2.
const GROUP: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Control {
    Empty,
    Deleted,
    Full { hash: u64 },
}

/// A table of hashbrown's, of hashes alone. Equal ones are told apart by their slots.
#[derive(Debug, Clone, Default)]
struct Model {
    control: Vec<Control>,
    growth_left: usize,
    items: usize,
    /// Where each key is.
    slots: HashMap<u64, usize>,
}

impl Model {
    fn capacity(buckets: usize) -> usize {
        if buckets <= 8 { buckets - 1 } else { buckets / 8 * 7 }
    }

    fn with_buckets(buckets: usize) -> Model {
        let growth_left = Model::capacity(buckets);
        Model { control: vec![Control::Empty; buckets], growth_left, ..Model::default() }
    }

    /// The control byte so many bytes behind the first: those of a small table are followed by empty ones, then come the
    /// first again.
    fn byte(&self, at: usize) -> Control {
        let buckets = self.control.len();
        match at {
            _ if buckets >= GROUP => self.control[at % buckets],
            _ if at < buckets => self.control[at],
            _ if at < GROUP => Control::Empty,
            _ => self.control.get(at - GROUP).copied().unwrap_or(Control::Empty),
        }
    }

    fn group(&self, at: usize) -> [Control; GROUP] {
        std::array::from_fn(|byte| self.byte(at + byte))
    }

    fn groups(&self, hash: u64) -> impl Iterator<Item = usize> {
        let mask = self.control.len() - 1;
        let (mut at, mut stride) = (hash as usize & mask, 0);
        std::iter::from_fn(move || {
            let here = at;
            stride += GROUP;
            at = (at + stride) & mask;
            Some(here)
        })
    }

    /// Groups looked at until the slot is seen.
    fn hit(&self, hash: u64, slot: usize) -> usize {
        let mask = self.control.len() - 1;
        let mut looked_at = 0;
        for at in self.groups(hash) {
            looked_at += 1;
            let group = self.group(at);
            if (0..GROUP).any(|byte| (at + byte) & mask == slot && matches!(group[byte], Control::Full { .. })) {
                break;
            }
            assert!(!group.contains(&Control::Empty), "the search ends before its entry");
        }
        looked_at
    }

    fn miss(&self, hash: u64) -> usize {
        1 + self.groups(hash).take_while(|&at| !self.group(at).contains(&Control::Empty)).count()
    }

    fn free_slot(&self, hash: u64) -> usize {
        let free = |control: &Control| !matches!(control, Control::Full { .. });
        let mask = self.control.len() - 1;
        let mut groups = self.groups(hash).filter_map(|at| Some((at + self.group(at).iter().position(free)?) & mask));
        let slot = groups.next().expect("a free slot");
        // Beyond the end of a small table everything looks empty.
        if free(&self.control[slot]) { slot } else { self.control.iter().position(free).expect("a free slot") }
    }

    fn put_new(&mut self, key: u64, hash: u64) {
        let slot = self.free_slot(hash);
        self.growth_left -= usize::from(self.control[slot] == Control::Empty);
        self.control[slot] = Control::Full { hash };
        self.items += 1;
        self.slots.insert(key, slot);
    }

    fn key_at(&self) -> HashMap<usize, u64> {
        self.slots.iter().map(|(&key, &slot)| (slot, key)).collect()
    }

    fn hash_at(&self, slot: usize) -> u64 {
        match self.control[slot] {
            Control::Full { hash } => hash,
            other => panic!("slot {slot} is {other:?}"),
        }
    }

    /// Makes room for one more, where there is none.
    fn reserve(&mut self) {
        if self.growth_left > 0 {
            return;
        }
        let full = if self.control.is_empty() { 0 } else { Model::capacity(self.control.len()) };
        if self.items < full / 2 {
            return self.rehash_in_place();
        }
        let least = (self.items + 1).max(full + 1);
        let sizes = (2..).map(|bits| 1 << bits);
        let buckets = sizes.map(Model::with_buckets).find(|table| table.growth_left >= least);
        let mut larger = buckets.expect("a table");
        let key_at = self.key_at();
        for slot in 0..self.control.len() {
            if let Some(&key) = key_at.get(&slot) {
                larger.put_new(key, self.hash_at(slot));
            }
        }
        *self = larger;
    }

    fn rehash_in_place(&mut self) {
        let mut key_at = self.key_at();
        let mut hash_at: HashMap<usize, u64> = key_at.keys().map(|&slot| (slot, self.hash_at(slot))).collect();
        for control in &mut self.control {
            let full = matches!(control, Control::Full { .. });
            *control = if full { Control::Deleted } else { Control::Empty };
        }
        let mask = self.control.len() - 1;
        for slot in 0..self.control.len() {
            while self.control[slot] == Control::Deleted {
                let hash = hash_at[&slot];
                let to = self.free_slot(hash);
                let turn = |slot: usize| (slot.wrapping_sub(hash as usize & mask) & mask) / GROUP;
                if turn(slot) == turn(to) {
                    self.control[slot] = Control::Full { hash };
                    break;
                }
                let displaced = self.control[to] == Control::Deleted;
                self.control[to] = Control::Full { hash };
                let (key, _) = (key_at.remove(&slot).expect("a key"), hash_at.remove(&slot));
                if displaced {
                    let (other, hash) = (key_at.remove(&to).expect("a key"), hash_at.remove(&to).expect("a hash"));
                    key_at.insert(slot, other);
                    hash_at.insert(slot, hash);
                } else {
                    self.control[slot] = Control::Empty;
                }
                key_at.insert(to, key);
                hash_at.insert(to, hash);
            }
        }
        self.slots = key_at.into_iter().map(|(slot, key)| (key, slot)).collect();
        self.growth_left = Model::capacity(self.control.len()) - self.items;
    }

    fn remove(&mut self, key: u64) {
        let Some(slot) = self.slots.remove(&key) else { return };
        let mask = self.control.len() - 1;
        let before = self.group(slot.wrapping_sub(GROUP) & mask);
        let after = self.group(slot);
        let full = |control: &&Control| **control != Control::Empty;
        let run = before.iter().rev().take_while(full).count() + after.iter().take_while(full).count();
        self.control[slot] = if run >= GROUP { Control::Deleted } else { Control::Empty };
        self.growth_left += usize::from(run < GROUP);
        self.items -= 1;
    }
}

/// How a map uses its tables.
#[derive(Debug, Clone, Copy)]
struct Use {
    tables: usize,
    /// Whether a put makes room before it looks for its key.
    reserves_first: bool,
}

const USES: [(&str, Use); 8] = [
    ("std", Use { tables: 1, reserves_first: true }),
    ("hashbrown", Use { tables: 1, reserves_first: true }),
    ("hashbrown-foldhash-quality", Use { tables: 1, reserves_first: true }),
    ("hashbrown-ahash", Use { tables: 1, reserves_first: true }),
    ("hashbrown-fxhash", Use { tables: 1, reserves_first: true }),
    ("rwlock-hashbrown", Use { tables: 1, reserves_first: true }),
    ("sharded-mutex", Use { tables: 16, reserves_first: false }),
    ("dashmap", Use { tables: 64, reserves_first: true }),
];

/// What the tables' control bytes say.
fn expected(tables: &[Model]) -> Structure {
    let mut lengths: Vec<u64> = Vec::new();
    let mut tombstones = 0;
    let largest = tables.iter().map(|table| table.control.len()).max().unwrap_or(0).max(1);
    let (mut misses, mut of) = (0, 0);
    for table in tables {
        for &slot in table.slots.values() {
            let looked_at = table.hit(table.hash_at(slot), slot);
            lengths.resize(lengths.len().max(looked_at + 1), 0);
            lengths[looked_at] += 1;
        }
        tombstones += table.control.iter().filter(|&&control| control == Control::Deleted).count() as u64;
        let each = if table.control.is_empty() {
            vec![1]
        } else {
            (0..table.control.len()).map(|from| table.miss(from as u64)).collect()
        };
        misses += each.iter().sum::<usize>() * (largest / each.len());
        of += largest;
    }
    let known = tombstones == 0;
    Structure {
        hit_groups: Some((0..).zip(&lengths).map(|(groups, entries): (u64, _)| groups * entries).sum()),
        probe_groups_max: Some(lengths.len().saturating_sub(1) as u64),
        hit_group_lengths: Some(lengths),
        miss_groups: known.then_some(misses as u64),
        miss_groups_of: known.then_some(of as u64),
        tombstones: Some(tombstones),
        ..Structure::default()
    }
}

/// What the random work came by.
#[derive(Debug, Default)]
struct Met {
    tombstones: u64,
    longest: u64,
    rehashes: u64,
}

fn compare<F: Family, K: Key, V: Value, S: Hashing>(how: Use, keys: u64, writes: u64, seed: u64, met: &mut Met) {
    let options = Options { load_factor: 0.0, hint: 0, seed, release: None };
    let hasher = S::with_seed(seed);
    blocks::begin();
    let mut map = alloc::counted(|| F::build::<K, V, S, Off>(&options, hasher.clone(), Off));
    let mut models = vec![Model::default(); how.tables];
    let mut random = SplitMix64::seed_from_u64(seed);
    let (mut live, mut fresh) = (Vec::new(), 0);
    for write in 0..writes {
        // It fills, drains to a quarter, and then churns.
        let goal = if 3 * write < writes { keys } else { keys.div_ceil(4) };
        let other = random.next_u64();
        let (id, removes) = match other % 10 {
            // Present or not.
            0 => (other / 10 % (fresh + 1), other / 1000 % 2 == 0),
            _ if live.len() as u64 >= goal => (live[other as usize / 10 % live.len()], true),
            _ => (fresh, false),
        };
        fresh = fresh.max(id + 1);
        live.retain(|&other| other != id);
        live.extend((!removes).then_some(id));
        let key = K::from_id(id);
        let hash = hasher.hash_one(&key);
        let shard = if how.tables == 1 { 0 } else { hash << 7 >> (64 - how.tables.ilog2()) };
        let model = &mut models[shard as usize];
        if removes {
            alloc::counted(|| map.remove(&key));
            model.remove(id);
        } else {
            alloc::counted(|| map.insert(key, V::from_seed(write, 0)));
            let buckets = model.control.len();
            let (growth_left, is_new) = (model.growth_left, !model.slots.contains_key(&id));
            if how.reserves_first || (is_new && growth_left == 0 && model.needs_an_unused_slot(hash)) {
                model.reserve();
                met.rehashes += u64::from(buckets == model.control.len() && growth_left < model.growth_left);
            }
            if is_new {
                model.put_new(id, hash);
            }
        }
        if write % 37 == 0 || write + 1 == writes {
            let mut expected = expected(&models);
            if map.is_empty() && how.tables == 1 {
                // Nothing shows where its table is.
                expected = Structure::default();
            }
            let name = F::INFO.term.name;
            assert_eq!(map.structure(), expected, "{name}, seed {seed}, {keys} keys: after write {write}");
            let hits = (expected.hit_probes, expected.hit_groups);
            assert_eq!(map.hit_lookups(), hits, "{name}, seed {seed}, {keys} keys: after write {write}");
            met.tombstones += expected.tombstones.unwrap_or(0);
            met.longest = met.longest.max(expected.probe_groups_max.unwrap_or(0));
        }
    }
}

impl Model {
    fn needs_an_unused_slot(&self, hash: u64) -> bool {
        self.control.is_empty() || self.control[self.free_slot(hash)] == Control::Empty
    }
}

/// Hashes of which so few bits choose the slot that many begin their search at the same.
type Crowded = Masked<0xffff_0000_0000_03f0>;

#[derive(Default)]
struct EveryTable {
    maps: usize,
    met: Met,
}

impl FamilyVisitor for EveryTable {
    fn visit<F: Family>(&mut self) {
        let Some(&(_, how)) = USES.iter().find(|(name, _)| *name == F::INFO.term.name) else { return };
        self.maps += 1;
        let mut met = Met::default();
        for seed in 1..=2 {
            for keys in [3, 9, 20, 60, 400] {
                compare::<F, u64, u64, F::Hasher>(how, keys, 6 * keys, seed, &mut met);
                compare::<F, u64, u64, Crowded>(how, keys, 6 * keys, seed, &mut met);
            }
            compare::<F, Str24, [u8; 256], F::Hasher>(how, 200, 1000, seed, &mut met);
        }
        compare::<F, u64, u64, AllEqual>(how, 200, 2000, 5, &mut met);
        compare::<F, u64, u64, LowBits>(how, 300, 1500, 5, &mut met);
        compare::<F, u64, u64, HighBits>(how, 100, 800, 5, &mut met);
        assert!(met.tombstones > 0 && met.longest > 4, "the work is too tame: {met:?}");
        self.met.rehashes += met.rehashes;
    }
}

/// The hash of a key is the key.
#[derive(Debug, Clone)]
struct Identity;

#[derive(Debug, Default)]
struct IdentityHasher(u64);

impl Hashing for Identity {
    fn with_seed(_: u64) -> Identity {
        Identity
    }
}

impl BuildHasher for Identity {
    type Hasher = IdentityHasher;
    fn build_hasher(&self) -> IdentityHasher {
        IdentityHasher::default()
    }
}

impl Hasher for IdentityHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

struct SetAside(bool);

impl FamilyVisitor for SetAside {
    fn visit<F: Family>(&mut self) {
        if F::INFO.term.name != "griddle" {
            return;
        }
        self.0 = true;
        let options = Options { load_factor: 0.0, hint: 0, seed: 1, release: None };
        blocks::begin();
        let mut map = alloc::counted(|| F::build::<u64, u64, Identity, Off>(&options, Identity, Off));
        let put = |map: &mut F::Map<_, _, _, _>, keys: Range<u64>| {
            alloc::counted(|| keys.for_each(|key| assert!(!map.insert(key, key))));
            map.structure()
        };
        let filled = Structure {
            hit_groups: Some(28),
            hit_group_lengths: Some(vec![0, 28]),
            probe_groups_max: Some(1),
            miss_groups: Some(32 + 13),
            miss_groups_of: Some(32),
            tombstones: Some(0),
            ..Structure::default()
        };
        assert_eq!(
            put(&mut map, 0..28),
            filled,
            "each in its own slot; a search from one of the first 13 sees no free one"
        );
        // The twenty-ninth goes to a larger table with eight others; a search for those left looks there in vain.
        let growing = Structure {
            hit_groups: Some(9 + 2 * 20),
            hit_group_lengths: Some(vec![0, 9, 20]),
            probe_groups_max: Some(2),
            miss_groups: None,
            miss_groups_of: None,
            ..filled
        };
        assert_eq!(put(&mut map, 28..29), growing);
        let grown = put(&mut map, 29..33);
        assert_eq!((grown.hit_groups, grown.probe_groups_max, grown.tombstones), (Some(33), Some(1), Some(0)));
        assert_eq!(blocks::count(), 1, "the old table is freed");
    }
}

#[test]
#[cfg_attr(not(target_feature = "sse2"), ignore = "groups are SSE2's")]
fn griddle_looks_at_both_of_its_tables() {
    let mut found = SetAside(false);
    alloc::uncounted(|| maps::each(&mut found));
    assert!(found.0);
}

#[test]
fn blocks_are_those_that_the_map_has_now() {
    alloc::uncounted(|| {
        blocks::begin();
        let elsewhere = vec![0_u8; 100];
        let mut own = alloc::counted(|| vec![1_u8; 100]);
        let (start, at) = (own.as_ptr().addr(), |place: &[u8]| blocks::holding(place.as_ptr().addr() + 99));
        assert_eq!((at(&own), at(&elsewhere)), (Some(start..start + 100), None));
        alloc::counted(|| own.reserve_exact(900));
        let start = own.as_ptr().addr();
        assert_eq!((at(&own), blocks::count()), (Some(start..start + 1000), 1));
        alloc::counted(|| drop(own));
        assert_eq!(blocks::count(), 0);
        let many = alloc::counted(|| (0..=blocks::MOST).map(|byte| Box::new(byte as u8)).collect::<Vec<_>>());
        let held = blocks::holding(std::ptr::from_ref(&*many[0]).addr());
        assert_eq!((blocks::count(), held), (0, None), "made of nodes");
    });
}

#[test]
#[cfg_attr(not(target_feature = "sse2"), ignore = "the model's groups are SSE2's")]
fn probe_lengths_and_tombstones_are_those_of_the_control_bytes() {
    let mut every = EveryTable::default();
    // What is done beside the maps is not theirs.
    alloc::uncounted(|| maps::each(&mut every));
    assert_eq!(every.maps, USES.len());
    assert!(every.met.rehashes > 0, "nothing was rehashed in place");
}

/// rust-lang/rustc-hash#45: keys in the order in which a full table of another size is walked.
#[test]
#[cfg_attr(not(target_feature = "sse2"), ignore = "groups are SSE2's")]
fn a_run_names_the_map_whose_keys_cluster_though_its_last_table_looks_even() {
    let mut random = SplitMix64::seed_from_u64(45);
    let mut keys: Vec<u64> = std::iter::repeat_with(|| random.next_u64()).take(39_063).collect();
    let place = Place::new();
    let run = |keys: &[u64]| {
        let lines = keys.iter().map(|key| format!("insert,{key}\n")).collect::<String>();
        fs::write(place.path().join("keys.csv"), format!("op,key\n{lines}")).expect("a trace");
        let args = ["run", PATIENT, "--trace", "keys.csv", "--map", "hashbrown,hashbrown-fxhash"];
        let outcome = place.run(&[&args[..], &["--passes", "count", "--out", "out"]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let results = record::read(&place.path().join("out")).expect("a record");
        fs::remove_dir_all(place.path().join("out")).expect("a folder");
        (outcome.stdout, results)
    };
    let (said, _) = run(&keys);
    assert!(!said.contains("cluster"), "{said}");

    keys.sort_by_key(|key| Fx::with_seed(0).hash_one(key) & 0xffff);
    let (said, results) = run(&keys);
    let fx = results.cells.iter().find(|cell| cell.id.map == "hashbrown-fxhash").expect("a cell");
    let (worst, groups) = worst_probe_groups(fx).expect("groups");
    let hit_groups = fx.count.as_ref().and_then(|count| count.quantities.get("hit_lookup_groups"));
    assert_eq!((worst.ops, worst.entries), (28_672, 28_672), "a table of 32,768 slots is full");
    assert!(groups > 5.0, "{groups}");
    assert!(hit_groups.expect("groups") < 39_063 * 101 / 100, "the last table has nothing to show");
    let line = said.lines().find(|line| line.contains("cluster")).expect("a finding");
    assert!(line.starts_with("- hashbrown-fxhash looks at ") && line.contains(" after 28,672 operations, "), "{line}");
}
