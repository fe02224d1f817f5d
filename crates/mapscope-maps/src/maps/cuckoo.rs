//! `cuckoo`: a cuckoo hash table of buckets of four slots, as libcuckoo builds it for one thread.
//!
//! # How it works
//!
//! A key has two buckets, chosen by two hashes, and lies in one of them: a lookup looks at eight slots at the most. An
//! insert takes the first free slot of the first bucket, else of the second. When both are full it searches, breadth
//! first, for the shortest chain of entries that could each move to its other bucket, the last of them to a free slot,
//! and moves them, at most four. The table doubles, all at once, when an insert would bring it over its load factor, or
//! when the search finds nothing and the table is at least half of its load factor full. An entry keeps its slot's number
//! when the table doubles: its new bucket is the old one, or that many buckets further.
//!
//! No table whatever its size holds more than eight keys of equal hashes. An insert that finds no room in a table less than
//! half of its load factor full, or just doubled, therefore puts its entry aside in a *stash*, a list that lookups go
//! through after the two buckets. A doubling takes entries back from it for which there is a free slot.
//!
//! # What it answers for
//!
//! - **Moves**: every displaced entry is one, and a doubling moves all that are in the table. An insert that doubles the
//!   table and then displaces moves each entry once by the definition of a move.
//! - **Bytes**: entries lie in the buckets, beside a byte that says which slots are filled. A stashed entry is an
//!   allocation of its own, which an [`Overflow`](Event::Overflow) tells of; the list that points to it allocates too.
//! - It is a design, not one program's table: libcuckoo has no load factor, locks parts of the table, keeps a byte of
//!   each hash instead of hashing again, and throws where this one stashes. It allocates its first table when it is
//!   built; here that comes with the first insert unless a hint asks for one.
//!
//! Sources: two hashes and displacement, R. Pagh and F. Rodler, Cuckoo Hashing (2004); buckets of four, M. Dietzfelbinger
//! and C. Weidling, Balanced allocation and dictionaries with tightly packed constant size bins (2007); breadth-first
//! search, X. Li, D. Andersen, M. Kaminsky and M. Freedman, Algorithmic improvements for fast concurrent cuckoo hashing
//! (EuroSys 2014); paths of five buckets, libcuckoo's `MAX_BFS_PATH_LEN`; the stash, A. Kirsch, M. Mitzenmacher and
//! U. Wieder, More robust hashing: cuckoo hashing with a stash (2009), who bound it by a constant, which this one does not.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;

use super::layout::{EntryShape, Layout, Room, Slot, Step, When, doubling};
use super::{Family, FixedFold, Hashing, Info, LoadFactors, Map, Options, Structure, Write, count_one};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Event, Probe};
use crate::term::Term;

const SLOTS: usize = 4;
/// Buckets on a path of displacements, the one with the free slot included.
const PATH_MAX: usize = 5;
/// Buckets that a search can come to: two to begin with, and four from each save the last.
const VISITS_MAX: usize = 2 * (SLOTS.pow(PATH_MAX as u32) - 1) / (SLOTS - 1);
const FIRST_BUCKETS: usize = 2;
/// What events call the table.
const TABLE: usize = 0;

/// See the module.
pub struct Cuckoo;

impl Family for Cuckoo {
    const INFO: Info = Info {
        term: Term::plain(
            "cuckoo",
            "cuckoo hashing: two buckets of four slots a key, breadth-first displacement",
            "Li, Andersen, Kaminsky, Freedman, EuroSys 2014; github.com/efficient/libcuckoo",
        ),
        version: concat!("mapscope ", env!("CARGO_PKG_VERSION")),
        load_factor: Some(LoadFactors::new(0.5, 0.95, 0.9)),
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Move, Cause::Grow],
        layout: None,
        state: &["len", "buckets", "capacity", "stash"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = CuckooMap<K, V, S, P>;

    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        let slot = entry.pair();
        let bucket = Room::of(&[Room::int(1), slot.times(SLOTS as u64)]).bytes;
        let steps = doubling(FIRST_BUCKETS as u64, entries, |buckets, from| {
            let holds = capacity(options.load_factor, buckets as usize) as u64;
            let bytes = buckets * bucket;
            Step { slots: buckets * SLOTS as u64, from: Some(from), holds: Some(holds), blocks: vec![bytes], bytes }
        });
        let layout = Layout::new(Slot::inline(slot, entry, 0), entry)
            .steps(steps)
            .with(When::Sometimes, "a stashed entry", slot.bytes)
            .with(When::Sometimes, "the list of stashed entries", None);
        let layout =
            layout.open("where no path of displacements is found, a table grows sooner, or an entry is stashed");
        Some(Layout { early: true, ..layout })
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> CuckooMap<K, V, S, P> {
        let load_factor = options.load_factor;
        let mut map = CuckooMap {
            buckets: Box::default(),
            stash: Vec::new(),
            len: 0,
            load_factor,
            hasher,
            probe,
            disturbed: Disturbed::Nothing,
        };
        if options.hint > 0 {
            let sizes = (0..).map(|doublings| FIRST_BUCKETS << doublings);
            let fits = |&buckets: &usize| capacity(load_factor, buckets) >= options.hint;
            map.buckets = empty(sizes.into_iter().find(fits).unwrap_or(FIRST_BUCKETS));
            probe.emit(Event::Grow);
        }
        map
    }
}

/// The most entries that so many buckets hold without doubling.
fn capacity(load_factor: f64, buckets: usize) -> usize {
    (load_factor * (buckets * SLOTS) as f64) as usize
}

fn empty<K, V>(buckets: usize) -> Box<[Bucket<K, V>]> {
    (0..buckets).map(|_| Bucket::default()).collect()
}

/// Bit `n` of `filled` says that slot `n` holds an entry.
struct Bucket<K, V> {
    filled: u8,
    slots: [MaybeUninit<(K, V)>; SLOTS],
}

impl<K, V> Default for Bucket<K, V> {
    fn default() -> Self {
        Bucket { filled: 0, slots: [const { MaybeUninit::uninit() }; SLOTS] }
    }
}

impl<K, V> Bucket<K, V> {
    fn free_slot(&self) -> Option<usize> {
        let slot = self.filled.trailing_ones() as usize;
        (slot < SLOTS).then_some(slot)
    }

    fn get(&self, slot: usize) -> Option<&(K, V)> {
        // SAFETY: the bit says that the slot holds an entry.
        (self.filled >> slot & 1 == 1).then(|| unsafe { self.slots[slot].assume_init_ref() })
    }

    fn get_mut(&mut self, slot: usize) -> Option<&mut (K, V)> {
        // SAFETY: the bit says that the slot holds an entry.
        (self.filled >> slot & 1 == 1).then(|| unsafe { self.slots[slot].assume_init_mut() })
    }

    fn put(&mut self, slot: usize, entry: (K, V)) {
        debug_assert!(self.get(slot).is_none());
        self.slots[slot].write(entry);
        self.filled |= 1 << slot;
    }

    fn take(&mut self, slot: usize) -> Option<(K, V)> {
        let filled = self.filled >> slot & 1 == 1;
        self.filled &= !(1 << slot);
        // SAFETY: the bit said that the slot holds an entry, and says so no more.
        filled.then(|| unsafe { self.slots[slot].assume_init_read() })
    }

    fn entries(&self) -> impl Iterator<Item = &(K, V)> {
        (0..SLOTS).filter_map(|slot| self.get(slot))
    }

    fn clear(&mut self) {
        (0..SLOTS).for_each(|slot| drop(self.take(slot)));
    }
}

impl<K, V> Drop for Bucket<K, V> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A slot of a bucket.
type Place = (usize, usize);

/// What the last write moved.
enum Disturbed {
    Nothing,
    /// To the first so many of these places.
    Displaced([Place; PATH_MAX - 1], usize),
    Everything,
}

/// A bucket that a search has come to.
#[derive(Clone, Copy, Default)]
struct Visit {
    bucket: u32,
    /// The visit from which, and the slot there whose entry would move here. Without meaning at depth 0.
    from: u16,
    slot: u8,
    depth: u8,
}

/// A cuckoo hash table; see the module.
pub struct CuckooMap<K, V, S, P> {
    /// A power of two, or none.
    buckets: Box<[Bucket<K, V>]>,
    /// Boxed, so that an entry stays where it is when the list grows.
    stash: Vec<Box<(K, V)>>,
    len: usize,
    load_factor: f64,
    hasher: S,
    probe: P,
    disturbed: Disturbed,
}

/// The finisher of SplitMix64 (Stafford's variant 13), which makes every bit hang on every bit.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The two buckets of a hash, among so many.
fn homes(hash: u64, buckets: usize) -> [usize; 2] {
    const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let first = hash.wrapping_add(GAMMA);
    [first, first.wrapping_add(GAMMA)].map(|x| mix(x) as usize & buckets.wrapping_sub(1))
}

impl<K: Key, V: Value, S: Hashing, P: Probe> CuckooMap<K, V, S, P> {
    const ENTRY_BYTES: u64 = size_of::<(K, V)>() as u64;

    fn homes(&self, key: &K) -> [usize; 2] {
        homes(self.hasher.hash_one(key), self.buckets.len())
    }

    fn find(&self, homes: [usize; 2], key: &K) -> Option<Place> {
        let holds = |&(bucket, slot): &Place| self.entry((bucket, slot)).is_some_and(|(other, _)| other == key);
        homes.into_iter().flat_map(|bucket| (0..SLOTS).map(move |slot| (bucket, slot))).find(holds)
    }

    /// What events call a slot: where its entry would be.
    fn slot(&self, (bucket, slot): Place) -> usize {
        self.buckets[bucket].slots[slot].as_ptr().addr()
    }

    fn entry(&self, (bucket, slot): Place) -> Option<&(K, V)> {
        self.buckets.get(bucket)?.get(slot)
    }

    fn stashed(&self, key: &K) -> Option<usize> {
        self.stash.iter().position(|entry| entry.0 == *key)
    }

    fn free_place(&self, homes: [usize; 2]) -> Option<Place> {
        homes.into_iter().find_map(|bucket| Some((bucket, self.buckets[bucket].free_slot()?)))
    }

    /// Makes room in one of two full buckets; `None` when no path of displacements does.
    fn make_room(&mut self, homes: [usize; 2]) -> Option<Place> {
        let mut visits = [Visit::default(); VISITS_MAX];
        visits[0].bucket = homes[0] as u32;
        visits[1].bucket = homes[1] as u32;
        let (mut next, mut end) = (0, 2);
        while next < end {
            let visit = visits[next];
            let bucket = &self.buckets[visit.bucket as usize];
            if let Some(slot) = bucket.free_slot() {
                return Some(self.displace(&visits, visit, slot));
            }
            if usize::from(visit.depth) < PATH_MAX - 1 {
                for (slot, (key, _)) in bucket.entries().enumerate() {
                    let [first, second] = self.homes(key);
                    let other = if first == visit.bucket as usize { second } else { first };
                    let (from, slot) = (next as u16, slot as u8);
                    visits[end] = Visit { bucket: other as u32, from, slot, depth: visit.depth + 1 };
                    end += 1;
                }
            }
            next += 1;
        }
        None
    }

    /// Moves the entries on the path to a visit with a free slot, the last first; returns the place that becomes free.
    ///
    /// The path is a shortest one, so that it comes to no bucket twice and moves no entry twice.
    fn displace(&mut self, visits: &[Visit], mut visit: Visit, slot: usize) -> Place {
        let counted = !matches!(self.disturbed, Disturbed::Everything);
        let (mut free, mut moved, mut places) = ((visit.bucket as usize, slot), 0, [(0, 0); PATH_MAX - 1]);
        while visit.depth > 0 {
            let slot = usize::from(visit.slot);
            visit = visits[usize::from(visit.from)];
            let from = (visit.bucket as usize, slot);
            if let Some(entry) = self.buckets[from.0].take(from.1) {
                self.buckets[free.0].put(free.1, entry);
            }
            if counted {
                self.probe.emit(Event::Move { entries: 1, bytes: Self::ENTRY_BYTES });
            }
            self.probe.emit(Event::SlotShift { from: self.slot(from), to: self.slot(free) });
            places[moved] = free;
            moved += 1;
            free = from;
        }
        if counted {
            self.disturbed = Disturbed::Displaced(places, moved);
        }
        free
    }

    /// Doubles the table. Every entry in it moves, and those of the stash for which there now is a free slot.
    fn grow(&mut self) {
        self.probe.emit(Event::Grow);
        self.probe.emit(Event::SlotsLost { table: TABLE });
        let buckets = (self.buckets.len() * 2).max(FIRST_BUCKETS);
        let mut old = std::mem::replace(&mut self.buckets, empty(buckets));
        let (old_buckets, mut moved) = (old.len(), 0);
        for (index, bucket) in old.iter_mut().enumerate() {
            for slot in 0..SLOTS {
                let Some(entry) = bucket.take(slot) else { continue };
                let [first, second] = self.homes(&entry.0);
                let to = if first & (old_buckets - 1) == index { first } else { second };
                self.buckets[to].put(slot, entry);
                moved += 1;
            }
        }
        let mut index = 0;
        while let Some(entry) = self.stash.get(index) {
            if let Some((bucket, slot)) = self.free_place(self.homes(&entry.0)) {
                let entry = *self.stash.swap_remove(index);
                self.buckets[bucket].put(slot, entry);
                moved += 1;
            } else {
                index += 1;
            }
        }
        if moved > 0 {
            self.probe.emit(Event::Move { entries: moved, bytes: moved * Self::ENTRY_BYTES });
        }
        self.disturbed = Disturbed::Everything;
    }

    fn room(&mut self, hash: u64) -> Option<Place> {
        let homes = homes(hash, self.buckets.len());
        self.free_place(homes).or_else(|| self.make_room(homes))
    }

    /// Where a new entry of this hash goes; `None` for the stash.
    fn place(&mut self, hash: u64) -> Option<Place> {
        let capacity = capacity(self.load_factor, self.buckets.len());
        let full = self.len >= capacity;
        if full {
            self.grow();
        }
        self.room(hash).or_else(|| {
            if full || self.len * 2 < capacity {
                return None;
            }
            self.grow();
            self.room(hash)
        })
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for CuckooMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.disturbed = Disturbed::Nothing;
        let hash = self.hasher.hash_one(&key);
        let found = self.find(homes(hash, self.buckets.len()), &key);
        if let Some(entry) = found.and_then(|(bucket, slot)| self.buckets[bucket].get_mut(slot)) {
            entry.1 = value;
            return true;
        }
        if let Some(index) = self.stashed(&key) {
            self.stash[index].1 = value;
            return true;
        }
        match self.place(hash) {
            Some((bucket, slot)) => {
                self.buckets[bucket].put(slot, (key, value));
                self.probe.emit(Event::SlotTaken { slot: self.slot((bucket, slot)) });
            }
            None => {
                self.probe.emit(Event::Overflow);
                self.stash.push(Box::new((key, value)));
            }
        }
        self.len += 1;
        false
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let found = self.find(self.homes(key), key).and_then(|place| self.entry(place));
        let entry = found.or_else(|| Some(&*self.stash[self.stashed(key)?]));
        entry.map(|(key, value)| (key, value))
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.disturbed = Disturbed::Nothing;
        if let Some((bucket, slot)) = self.find(self.homes(key), key) {
            self.buckets[bucket].take(slot);
            self.probe.emit(Event::SlotFreed { slot: self.slot((bucket, slot)), table: TABLE });
        } else if let Some(index) = self.stashed(key) {
            self.stash.swap_remove(index);
        } else {
            return false;
        }
        self.len -= 1;
        true
    }

    fn clear(&mut self) {
        self.disturbed = Disturbed::Nothing;
        self.buckets.iter_mut().for_each(Bucket::clear);
        self.stash.clear();
        self.len = 0;
        self.probe.emit(Event::Clear);
    }

    fn len(&self) -> usize {
        self.len
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        let stash = self.stash.iter().map(|entry| &**entry);
        self.buckets.iter().flat_map(Bucket::entries).chain(stash).for_each(|(key, value)| f(key, value));
    }

    fn capacity(&self) -> Option<usize> {
        Some(capacity(self.load_factor, self.buckets.len()))
    }

    fn disturbed(&self, _: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        match &self.disturbed {
            Disturbed::Nothing => {}
            Disturbed::Displaced(places, moved) => {
                for (key, value) in places[..*moved].iter().filter_map(|&place| self.entry(place)) {
                    visit(key, value);
                }
            }
            Disturbed::Everything => self.for_each(&mut |key, value| {
                visit(key, value);
            }),
        }
    }

    fn state(&self, row: &mut [u64]) {
        let (buckets, stash) = (self.buckets.len(), self.stash.len());
        row.copy_from_slice(&[self.len, buckets, capacity(self.load_factor, buckets), stash].map(|n| n as u64));
    }

    /// An unsuccessful lookup looks at two buckets, of whatever keys: on average, at twice a bucket's entries, and at the
    /// stash. `occupancy` leaves the stash out.
    fn structure(&self) -> Structure {
        let (buckets, stash) = (self.buckets.len() as u64, self.stash.len() as u64);
        let mut occupancy = vec![0; SLOTS + 1];
        let (mut hit_probes, mut hit_groups, mut groups_max) = (0, 0, 0);
        let (mut hit_probe_lengths, mut hit_group_lengths) = (Vec::new(), Vec::new());
        for (index, bucket) in self.buckets.iter().enumerate() {
            occupancy[bucket.entries().count()] += 1;
            for (before, (key, _)) in bucket.entries().enumerate() {
                let [first, _] = self.homes(key);
                let skipped = if first == index { 0 } else { self.buckets[first].entries().count() };
                let groups = if first == index { 1 } else { 2 };
                hit_probes += (skipped + before) as u64 + 1;
                hit_groups += groups;
                groups_max = groups_max.max(groups);
                count_one(&mut hit_probe_lengths, skipped + before + 1);
                count_one(&mut hit_group_lengths, groups as usize);
            }
        }
        for (before, entry) in self.stash.iter().enumerate() {
            let looked_at: usize = self.homes(&entry.0).map(|home| self.buckets[home].entries().count()).iter().sum();
            hit_probes += (looked_at + before) as u64 + 1;
            hit_groups += 3;
            groups_max = 3;
            count_one(&mut hit_probe_lengths, looked_at + before + 1);
            count_one(&mut hit_group_lengths, 3);
        }
        let stashed = u64::from(stash > 0);
        Structure {
            buckets: Some(buckets),
            overflow_buckets: Some(stash),
            in_use_bytes: Some(buckets * size_of::<Bucket<K, V>>() as u64 + stash * Self::ENTRY_BYTES),
            hit_probes: Some(hit_probes),
            miss_probes: Some(2 * (self.len as u64 - stash) + buckets * stash),
            hit_groups: Some(hit_groups),
            miss_groups: Some((2 + stashed) * buckets),
            miss_groups_of: Some(buckets),
            probe_groups_max: Some(groups_max),
            occupancy: Some(occupancy),
            hit_probe_lengths: Some(hit_probe_lengths),
            hit_group_lengths: Some(hit_group_lengths),
            ..Structure::default()
        }
    }

    fn check_invariants(&self) {
        if !cfg!(debug_assertions) {
            return;
        }
        let buckets = self.buckets.len();
        assert!(buckets == 0 || buckets.is_power_of_two(), "{buckets} buckets");
        let mut keys = BTreeSet::new();
        for (index, bucket) in self.buckets.iter().enumerate() {
            for (key, _) in bucket.entries() {
                assert!(self.homes(key).contains(&index), "a key is in one of its two buckets");
                assert!(keys.insert(key), "a key is there twice");
            }
        }
        assert!(self.stash.iter().all(|entry| keys.insert(&entry.0)), "a key is there twice, once in the stash");
        assert_eq!(keys.len(), self.len, "the entries are counted");
        assert!(self.len <= capacity(self.load_factor, buckets), "the load factor is kept");
    }
}
