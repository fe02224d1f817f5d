//! What maps say that an entry costs, against what they allocate for it, insert by insert, and against where entries lie.

use std::cell::RefCell;
use std::collections::BTreeMap;

use mapscope::maps::layout::{EntryShape, Layout, Step, When};
use mapscope::maps::{self, Concurrent, ConcurrentFamily, Family, FamilyVisitor, Hashing, Info, Map, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::workload::{Bytes, BytesOf, Key, Meaning, Str, Str24, Value};

use crate::heap::{self, Call};

/// Inserts; more than one table of Go's holds.
const INSERTS: u64 = 2000;

/// A key of one byte, of which the smallest tables are larger.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Byte(u8);

impl Key for Byte {
    const POINTERS: bool = false;
    const MEANING: Meaning = Meaning::Number;
    const ID_BITS: u32 = 8;
    fn from_id(id: u64) -> Byte {
        Byte(id as u8)
    }
    fn id(&self) -> u64 {
        self.0.into()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

thread_local! {
    /// Blocks of the map's heap, real or modelled, and objects of entries of a modelled one.
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen { allocs: Vec::new(), frees: Vec::new(), entry_allocs: Vec::new() }) };
}

#[derive(Default)]
struct Seen {
    allocs: Vec<u64>,
    frees: Vec<u64>,
    entry_allocs: Vec<u64>,
}

fn see(call: Call, _: *mut u8, bytes: usize) {
    SEEN.with_borrow_mut(|seen| match call {
        Call::Alloc => seen.allocs.push(bytes as u64),
        Call::Free => seen.frees.push(bytes as u64),
    });
}

/// Of models, their heap's events.
#[derive(Clone, Copy)]
struct Told;

impl Probe for Told {
    const ON: bool = true;
    fn emit(self, event: Event) {
        SEEN.with_borrow_mut(|seen| match event {
            Event::Alloc { bytes } => seen.allocs.push(bytes),
            Event::Free { bytes } => seen.frees.push(bytes),
            Event::EntryAlloc { bytes } => seen.entry_allocs.push(bytes),
            _ => {}
        });
    }
}

/// What a piece of work allocates and frees.
fn watched<T>(models_heap: bool, work: impl FnOnce() -> T) -> (T, Seen) {
    heap::watch((!models_heap).then_some(see as _));
    let out = work();
    heap::watch(None);
    (out, SEEN.take())
}

/// A map whose types are erased.
trait Filled {
    fn insert(&mut self, id: u64) -> Seen;
    /// Where keys and values lie.
    fn addresses(&self) -> Vec<(usize, usize)>;
}

struct OfMap<M, K, V>(M, bool, std::marker::PhantomData<(K, V)>);

impl<K: Key, V: Value, M: Map<K, V>> Filled for OfMap<M, K, V> {
    fn insert(&mut self, id: u64) -> Seen {
        let (key, value) = (K::from_id(id), V::from_seed(id, 40));
        watched(self.1, || self.0.insert(key, value)).1
    }
    fn addresses(&self) -> Vec<(usize, usize)> {
        let mut addresses = Vec::new();
        self.0.for_each(&mut |key, value| addresses.push((address(key), address(value))));
        addresses
    }
}

struct OfShared<M, K, V>(M, std::marker::PhantomData<(K, V)>);

impl<K: Key, V: Value, M: Concurrent<K, V>> Filled for OfShared<M, K, V> {
    fn insert(&mut self, id: u64) -> Seen {
        let (key, value) = (K::from_id(id), V::from_seed(id, 40));
        watched(false, || self.0.insert(key, value)).1
    }
    fn addresses(&self) -> Vec<(usize, usize)> {
        let mut addresses = Vec::new();
        self.0.for_each(&mut |key, value| addresses.push((address(key), address(value))));
        addresses
    }
}

fn address<T>(at: &T) -> usize {
    std::ptr::from_ref(at).addr()
}

/// Keys in a row, and scattered ones.
const ORDERS: [fn(u64) -> u64; 2] = [|n| n + 200, |n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40];

/// Checks one map with entries of each of these types.
struct Check<K, V> {
    /// Keys that there are.
    keys: u64,
    types: std::marker::PhantomData<(K, V)>,
}

impl<K: Key, V: Value> FamilyVisitor for Check<K, V> {
    fn visit<F: Family>(&mut self) {
        for options in options(&F::INFO) {
            let layout = F::layout(&EntryShape::of::<K, V>(), &options, INSERTS);
            let build = || -> (Box<dyn Filled>, Seen) {
                let hasher = F::Hasher::with_seed(1);
                let (map, seen) = watched(F::MODELS_HEAP, || F::build::<K, V, _, Told>(&options, hasher, Told));
                (Box::new(OfMap(map, F::MODELS_HEAP, std::marker::PhantomData::<(K, V)>)), seen)
            };
            self.check(&F::INFO, &options, F::MODELS_HEAP, layout, build);
        }
    }

    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
        for options in options(&F::SHARED_INFO) {
            let layout = F::shared_layout(&EntryShape::of::<K, V>(), &options, INSERTS);
            let build = || -> (Box<dyn Filled>, Seen) {
                let hasher = F::SharedHasher::with_seed(1);
                let (map, seen) = watched(false, || F::share::<K, V, _, Told>(&options, hasher, Told));
                (Box::new(OfShared(map, std::marker::PhantomData::<(K, V)>)), seen)
            };
            self.check(&F::SHARED_INFO, &options, false, layout, build);
        }
    }
}

/// Each release, at its own load factor and at the least and the greatest.
fn options(info: &Info) -> Vec<Options> {
    let releases: Vec<_> = info.releases().iter().map(|&release| Some(release)).chain([None]).collect();
    let of_release = |&release: &Option<&'static str>| {
        let own = info.load_factor_of(release);
        let ends = info.load_factor.map(|x| [x.min, x.max]).into_iter().flatten();
        ends.chain([own]).map(|load_factor| Options { load_factor, hint: 0, seed: 1, release }).collect::<Vec<_>>()
    };
    releases.iter().flat_map(of_release).collect()
}

impl<K: Key, V: Value> Check<K, V> {
    fn check(
        &self,
        info: &Info,
        options: &Options,
        models_heap: bool,
        layout: Option<Layout>,
        build: impl Fn() -> (Box<dyn Filled>, Seen),
    ) {
        let types = [std::any::type_name::<K>(), std::any::type_name::<V>()].join("/");
        let at = format!("{} of {types}, {options:?}", info.term.name);
        let layout = layout.unwrap_or_else(|| panic!("{at}: no layout"));
        for order in ORDERS {
            let (mut map, built) = build();
            let mut fill = Fill { at: &at, layout: &layout, live: 0, unforeseen: 0, allocs: BTreeMap::new() };
            for n in 1..=self.keys.min(INSERTS) {
                let id = if self.keys < INSERTS { n - 1 } else { order(n) };
                let mut seen = map.insert(id);
                if n == 1 {
                    seen.allocs.extend(&built.allocs);
                    seen.frees.extend(&built.frees);
                }
                fill.insert(n, &seen);
                if models_heap && self.keys >= INSERTS {
                    fill.entry(&seen.entry_allocs);
                }
            }
            if self.keys >= INSERTS {
                fill.end(INSERTS);
            }
            if !models_heap && self.keys >= INSERTS {
                lies_as_said(&at, &layout, &map.addresses());
            }
        }
    }
}

struct Fill<'a> {
    at: &'a str,
    layout: &'a Layout,
    live: u64,
    /// Bytes of all allocations that no table and no entry accounts for.
    unforeseen: u64,
    allocs: BTreeMap<u64, u64>,
}

impl Fill<'_> {
    fn insert(&mut self, n: u64, seen: &Seen) {
        let Layout { objects, steps, tables, .. } = self.layout;
        let at = format!("{}: insert {n}", self.at);
        let mut left = seen.allocs.clone();
        let mut take = |bytes: u64| left.iter().position(|&seen| seen == bytes).map(|found| left.swap_remove(found));
        for object in objects.iter().filter(|object| object.when == When::Entry || object.when == When::Map && n == 1) {
            let Some(bytes) = object.bytes else { continue };
            let other = objects.iter().find(|object| object.when == When::Instead).and_then(|object| object.bytes);
            let instead = take(bytes).is_none().then(|| other.and_then(&mut take));
            assert!(instead != Some(None), "{at}: {object:?} is not among {:?}", seen.allocs);
            self.unforeseen += instead.flatten().unwrap_or(0);
        }
        for step in steps.iter().filter(|step| *tables == 1 && step.from == Some(n) && !self.has_made(step)) {
            let all = step.blocks.iter().all(|&bytes| take(bytes).is_some());
            assert!(all, "{at}: {step:?} is not among {:?}", seen.allocs);
        }
        let open = objects.iter().any(|object| object.bytes.is_none());
        let foreseen = |bytes: u64| {
            objects.iter().any(|object| object.bytes == Some(bytes))
                || steps.iter().any(|step| {
                    (*tables > 1 || step.from.is_none() || self.layout.early) && step.blocks.contains(&bytes)
                })
        };
        assert!(open || left.iter().all(|&bytes| foreseen(bytes)), "{at}: {left:?} is not among {objects:?}");

        self.unforeseen += left.iter().sum::<u64>();
        seen.allocs.iter().for_each(|&bytes| *self.allocs.entry(bytes).or_default() += 1);
        self.live = self.live + seen.allocs.iter().sum::<u64>() - seen.frees.iter().sum::<u64>();
        let is_whole = |step: &&Step| step.holds == Some(n) || step.from == Some(n) && !self.layout.gradual;
        if let Some(step) = self.layout.step_of(n).filter(|step| is_whole(step) && !self.has_made_more(step))
            && let Some(bytes) = self.layout.bytes_at(step, n)
        {
            let range = bytes..=bytes + self.unforeseen;
            assert!(range.contains(&self.live), "{at}: {} bytes are live, not {range:?}", self.live);
        }
    }

    /// Whether hashes have made the map grow to a table before this insert.
    fn has_made(&self, step: &Step) -> bool {
        self.layout.early && step.blocks.iter().all(|bytes| self.allocs.contains_key(bytes))
    }

    fn has_made_more(&self, step: &Step) -> bool {
        self.layout.steps.iter().any(|other| other.slots > step.slots && self.has_made(other))
    }

    /// What a modelled program has for an entry.
    fn entry(&self, entry_allocs: &[u64]) {
        let owns = &self.layout.owns;
        let mut left = entry_allocs.to_vec();
        for owned in owns {
            let Some(bytes) = owned.bytes else { continue };
            let found = left.iter().position(|&seen| seen == bytes);
            left.swap_remove(found.unwrap_or_else(|| panic!("{}: {owned:?} is not in {entry_allocs:?}", self.at)));
        }
        assert!(left.is_empty() || owns.iter().any(|owned| owned.bytes.is_none()), "{}: {left:?}", self.at);
    }

    fn end(&self, entries: u64) {
        let Layout { steps, tables, objects, least, most, .. } = self.layout;
        if *tables > 1 {
            // A table that is at a step has been at all before it.
            let made: Vec<_> = steps.iter().map(|step| self.allocs.get(&step.bytes).copied().unwrap_or(0)).collect();
            assert!(made[0] <= *tables && made.is_sorted_by(|a, b| a >= b), "{}: {made:?}", self.at);
            let after = made.iter().skip(1).chain([&0]);
            let tables = made.iter().zip(after).zip(steps).map(|((made, next), step)| (made - next) * step.bytes);
            let map = objects.iter().filter_map(|object| object.bytes).sum::<u64>();
            assert_eq!(tables.sum::<u64>() + map, self.live, "{}: {made:?}", self.at);
        }
        // The root, and nodes on the edge, hold fewer.
        let edge = objects.iter().filter_map(|object| object.bytes).max().unwrap_or(0) as f64 * 4.0;
        let (live, entries) = (self.live as f64, entries as f64);
        assert!(least.is_none_or(|least| least * entries <= live), "{}: {live} are less than {least:?}", self.at);
        assert!(most.is_none_or(|most| live <= most * entries + edge), "{}: {live} are more than {most:?}", self.at);
    }
}

/// Compares slots with addresses.
fn lies_as_said(at: &str, layout: &Layout, addresses: &[(usize, usize)]) {
    let slot = layout.slot;
    let nearest = |mut places: Vec<usize>| {
        places.sort_unstable();
        places.windows(2).map(|pair| (pair[1] - pair[0]) as u64).min()
    };
    let keys: Vec<_> = addresses.iter().map(|&(key, _)| key).collect();
    let values: Vec<_> = addresses.iter().map(|&(_, value)| value).collect();
    let (key_in, value_in) = (!slot.key.indirect, !slot.value.indirect && slot.value.bytes > 0);
    if slot.apart {
        for (places, part, is_in) in [(keys, slot.key, key_in), (values, slot.value, value_in)] {
            assert!(!is_in || nearest(places) == Some(part.bytes), "{at}: {part:?}");
        }
        return;
    }
    if slot.node {
        assert!(!key_in || nearest(keys).is_some_and(|apart| apart >= slot.bytes), "{at}: nodes overlap");
    } else if key_in {
        assert_eq!(nearest(keys), Some(slot.bytes), "{at}: {slot:?}");
    }
    if key_in && value_in {
        let apart = |&(key, value): &(usize, usize)| value.wrapping_sub(key).cast_signed();
        let first = apart(&addresses[0]);
        assert!(addresses.iter().all(|entry| apart(entry) == first), "{at}: values lie elsewhere in each slot");
        let fits = if first > 0 {
            slot.key.bytes..=slot.bytes - slot.value.bytes
        } else {
            slot.value.bytes..=slot.bytes - slot.key.bytes
        };
        assert!(fits.contains(&(first.unsigned_abs() as u64)), "{at}: {first} in {slot:?}");
    }
}

fn check<K: Key, V: Value>(keys: u64) {
    maps::each(&mut Check::<K, V> { keys, types: std::marker::PhantomData });
}

#[test]
fn numbers() {
    check::<u64, u64>(u64::MAX);
    check::<u32, u32>(u64::MAX);
    check::<u64, bool>(u64::MAX);
}

#[test]
fn keys_alone() {
    check::<u64, ()>(u64::MAX);
    check::<Byte, ()>(256);
    check::<[u8; 16], ()>(u64::MAX);
}

#[test]
fn arrays() {
    check::<u64, [u8; 64]>(u64::MAX);
    check::<u64, [u8; 256]>(u64::MAX);
    check::<[u8; 16], u64>(u64::MAX);
    check::<u32, [u8; 13]>(u64::MAX);
}

#[test]
fn keys_and_values_on_the_heap() {
    check::<Str24, u64>(u64::MAX);
    check::<Str24, [u8; 256]>(u64::MAX);
    check::<u64, Bytes>(u64::MAX);
    check::<Str<9>, BytesOf<200>>(u64::MAX);
}
