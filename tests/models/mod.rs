//! The models of foreign maps that are no runtime's own to be verified against: published facts, and a plain model.

mod cuckoo;
mod differential;
mod java;
mod jdk;
mod jvm_bytes;
mod redis;
mod redis_server;

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher};

use mapscope::maps::{Family, GoHash, Hashing, Map, Options};
use mapscope::probe::event::{Event, Probe};
use mapscope::workload::{Key, Value};

/// A good hash of which only the bits of `MASK` are left.
#[derive(Clone)]
struct Masked<const MASK: u64>(GoHash);

struct MaskedHasher<const MASK: u64>(<GoHash as BuildHasher>::Hasher);

type Good = Masked<{ u64::MAX }>;
type AllEqual = Masked<0>;
type LowBits = Masked<0x1f>;
type HighBits = Masked<{ 0x1f << 59 }>;
/// What `java-hashmap` does not see at all, and what it folds onto its lowest bits.
type MiddleBits = Masked<{ 0xff << 24 }>;

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

/// A key of 8 bytes hashes to itself.
#[derive(Clone, Default)]
struct Identity(u64);

impl Hashing for Identity {
    fn with_seed(_: u64) -> Self {
        Identity(0)
    }
}

impl BuildHasher for Identity {
    type Hasher = Identity;
    fn build_hasher(&self) -> Identity {
        Identity(0)
    }
}

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = u64::from_ne_bytes(bytes.try_into().expect("a key of 8 bytes"));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The probe that keeps every event.
#[derive(Clone, Copy)]
struct Told<'t>(&'t RefCell<Vec<Event>>);

impl Probe for Told<'_> {
    const ON: bool = true;
    fn emit(self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

fn options<F: Family>(load_factor: Option<f64>, hint: usize) -> Options {
    let default = F::INFO.load_factor.map_or(0.0, |x| x.default);
    Options { load_factor: load_factor.unwrap_or(default), hint, seed: 1, release: None }
}

fn build<'t, F: Family, S: Hashing>(options: &Options, told: &'t RefCell<Vec<Event>>) -> F::Map<u64, u64, S, Told<'t>> {
    F::build(options, S::with_seed(1), Told(told))
}

fn fill(map: &mut impl Map<u64, u64>, keys: impl IntoIterator<Item = u64>) {
    for key in keys {
        map.insert(key, 0);
    }
}

/// The columns of [`Map::state`], four at the most.
fn state<K: Key, V: Value>(map: &impl Map<K, V>) -> [u64; 4] {
    let mut row = [0; 4];
    map.state(&mut row);
    row
}

/// Entries that the events say moved.
fn moved(told: &RefCell<Vec<Event>>) -> u64 {
    told.borrow().iter().map(|event| if let Event::Move { entries, .. } = event { *entries } else { 0 }).sum()
}

fn count(told: &RefCell<Vec<Event>>, event: Event) -> usize {
    told.borrow().iter().filter(|&&other| other == event).count()
}

/// Where every entry is, in the order of iteration.
fn places(map: &impl Map<u64, u64>) -> Vec<(u64, usize)> {
    let mut places = Vec::new();
    map.for_each(&mut |key, _| places.push((*key, std::ptr::from_ref(key).addr())));
    places
}

fn order(map: &impl Map<u64, u64>) -> Vec<u64> {
    places(map).into_iter().map(|(key, _)| key).collect()
}
