//! `go-classic`: a model of the map of Go's runtime from Go 1.0 to 1.23.
//!
//! # Terms
//!
//! - **bucket**: eight slots, and a pointer to an **overflow bucket** chained to it. The low bits of a hash choose the
//!   bucket.
//! - **tophash**: a byte for each slot: the top of its entry's hash, or one of five states.
//! - **evacuate**: to move the entries of an old bucket to the new array.
//!
//! # How it works
//!
//! A map is a header of 48 bytes and an array of `2^b` buckets. The first bucket comes with the first insert, unless a
//! hint asked for more. From 16 buckets up an array has a sixteenth more buckets behind it, which serve as overflow
//! buckets before any is allocated by itself. An insert that would bring the table over its load factor starts a
//! *growth* to twice the buckets; one that finds about as many overflow buckets as buckets starts a growth to the same
//! size, which packs the entries again. Neither moves anything yet: each insert or remove during a growth evacuates
//! the old bucket that it is about to use and one more. Lookups go to the old bucket until it is evacuated. A table
//! never shrinks. Where a key and an elem hold no pointers, buckets are hidden from the garbage collector, and the map
//! keeps a list of its overflow buckets instead.
//!
//! # What it answers for
//!
//! - **Bytes**: every allocation of Go's is one of Rust's global allocator, of the size that Go's heap would use
//!   ([`heap`]). Nothing else is allocated there. A recorded run of a real Go program is replayed by a
//!   test, which compares what each operation allocates and the header after it.
//! - **Frees**: Go leaves them to its collector. The model frees memory at the moment it becomes unreachable: the old
//!   array when its last bucket has been evacuated, overflow buckets with pointers along with the bucket they are
//!   chained to, those without when the growth ends. Live bytes are therefore those right after a collection.
//! - **Moves**: counted as the census sees them: an entry that one write moves twice (it ends one growth and starts the
//!   next) counts once, and the entry that a remove moves right before it drops it does not count.
//! - **Hashes**: the hasher is the caller's. It is seeded anew when the map becomes empty, from a generator seeded by
//!   [`Options::seed`], which also starts ranges and estimates overflow buckets from `2^16` buckets up.
//!
//! # Releases
//!
//! | Go | load factor | an object of more than 512 bytes with pointers |
//! |---|---|---|
//! | 1.21 | 6.0 | is as large as its size class |
//! | 1.22, 1.23 | 6.5 | has 8 bytes less than that: its header has them |
//!
//! The header moves arrays with pointers, the list of overflow buckets and large keys and elems into other size classes,
//! and leaves an array less room for preallocated overflow buckets. Before Go 1.21 the load factor was 6.5, and there was
//! no header either: `go-classic(go=1.21)` with that load factor.
//!
//! # Where it differs
//!
//! - The load factor is a parameter. It is 6.5 unless given, and 6.0 in Go 1.21, where an integer division came too early.
//! - An overwrite keeps the stored key and drops the new one. Go takes over the new string of a string key.
//! - Go forgets an iterator at its second growth, and may then clear buckets that it still walks; the model does not.
//! - Go zeroes the slot of a removed entry; the model does not, since nobody can see it.
//! - `K` and `V` are aligned to 8 bytes at most, as in Go. An entry owns what its types own; removing drops it.
//!
//! # Variants
//!
//! [`GoClassicInline`], [`GoClassicSlab`] and [`GoClassicPooled`] are this map with one thing otherwise, a `Design`
//! each. They grow when it grows and move what it moves.

mod bucket;
mod design;
mod evacuate;
mod hmap;
pub(in crate::maps::go) mod inspect;
mod invariants;
pub(in crate::maps::go) mod layout;
mod pool;
mod range;
mod slab;
mod tophash;
mod variants;
mod write;

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_core::SeedableRng;
use rand_xoshiro::SplitMix64;

use super::heap;
use super::kept::Kept;
use super::slice::Slice;
use crate::entry::{Key, Value};
use crate::maps::anatomy::{self, Anatomy};
use crate::maps::layout::{EntryShape, Layout};
use crate::maps::{Family, GoHash, Hashing, Info, LoadFactors, Map, Options, Structure, Write};
use crate::probe::event::{Cause, Event, Probe};
use crate::term::{Param, Term};
use bucket::{Bucket, Reach, Slot};
pub(in crate::maps::go) use design::Go;
use design::{Design, Link, Part};
use evacuate::Disturbed;
use hmap::{Array, Extra, Hmap, Lists};
use tophash::tophash;
pub use variants::{
    GoClassicInline, GoClassicInlineMap, GoClassicPooled, GoClassicPooledMap, GoClassicSlab, GoClassicSlabMap,
};

/// The releases of Go that the model can be of.
pub const RELEASES: &[&str] = &[WITHOUT_HEADERS, "1.22", "1.23"];
/// The last one whose heap has no headers. It rounds the load factor down, too.
const WITHOUT_HEADERS: &str = "1.21";

/// The family `go-classic`; see the module.
pub struct GoClassic;

impl Family for GoClassic {
    const INFO: Info = Info {
        term: Term {
            params: &[Param::word("go", "the release; 1.22 and 1.23 agree", RELEASES)],
            named: true,
            ..Term::plain(
                "go-classic",
                "model of Go's runtime map up to Go 1.23",
                "go.dev/src/runtime/map.go (Go 1.23)",
            )
        },
        version: "Go 1.23",
        load_factor: Some(LoadFactors { older: &[(WITHOUT_HEADERS, 6.0)], ..LoadFactors::new(1.0, 8.0, 6.5) }),
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Move, Cause::SameSizeGrow, Cause::Grow],
        layout: Some("classic"),
        state: &["len", "b", "noverflow", "nevacuate", "growing", "same_size"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = GoHash;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = GoClassicMap<K, V, S, P>;

    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        Some(layout::layout::<Go>(entry, options, entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(
        options: &Options,
        hasher: S,
        probe: P,
    ) -> GoClassicMap<K, V, S, P> {
        GoClassicMap::new(options, hasher, probe)
    }
}

/// A map of Go 1.0 to 1.23; see the module.
pub struct GoClassicMap<K: Key, V: Value, S: Hashing, P: Probe, D: Design = Go> {
    /// On Go's heap, this map's alone from `new` to `drop`.
    hmap: NonNull<Hmap<K, V, D>>,
    hasher: S,
    probe: P,
    random: SplitMix64,
    load_factor: f64,
    /// Whether large objects with pointers carry a header.
    headers: bool,
    /// The most entries that `2^b` buckets hold without growing.
    capacity: usize,
    /// Ranges under way.
    ranges: usize,
    kept: Kept<K>,
    /// Told apart from every other map of the process, so that a range notices when its body puts another in place.
    serial: u64,
    /// What the last write evacuated; kept only for a listening probe.
    disturbed: Disturbed,
}

/// The header's public figures, as Go's own header has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Live entries.
    pub len: usize,
    /// Log2 of the number of buckets.
    pub b: u8,
    /// Overflow buckets of the current array; an estimate from `b` = 16 up.
    pub noverflow: u16,
    /// Old buckets below this have been evacuated, in the growth under way or the last one.
    pub nevacuate: usize,
    /// Whether a growth is under way.
    pub growing: bool,
    /// Whether that growth is to the same size.
    pub same_size: bool,
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Builds the map as `make(map[K]V, hint)` does.
    ///
    /// # Panics
    /// When the load factor is not in 1.0..=8.0.
    pub fn new(options: &Options, hasher: S, probe: P) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let load_factor = options.load_factor;
        assert!((1.0..=8.0).contains(&load_factor), "load factor {load_factor} is not in 1.0..=8.0");
        let bytes = options.hint.checked_mul(Bucket::<K, V, D>::BYTES);
        let hint = if bytes.is_some_and(|n| n <= heap::MAX_ALLOC_BYTES) { options.hint } else { 0 };
        let b = (0..).find(|&b| hint <= capacity(load_factor, b)).unwrap_or(0);

        let alloc = if D::INLINE { heap::alloc_zeroed } else { heap::alloc };
        let hmap = alloc(Hmap::<K, V, D>::BYTES, false).cast::<Hmap<K, V, D>>();
        // SAFETY: just allocated, large enough.
        unsafe { hmap.write(Hmap::new(b)) };
        let mut map = GoClassicMap {
            hmap,
            hasher,
            probe,
            random: SplitMix64::seed_from_u64(options.seed),
            load_factor,
            headers: RELEASES[options.release_index(RELEASES)] != WITHOUT_HEADERS,
            capacity: capacity(load_factor, b),
            ranges: 0,
            kept: Kept::new(),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            disturbed: Disturbed::default(),
        };
        if b > 0 {
            map.install(Array::allocate(b, map.headerless(Bucket::<K, V, D>::NOSCAN)));
            map.probe.emit(Event::Grow);
        }
        map
    }

    /// The header as it stands now.
    pub fn header(&self) -> Header {
        let hmap = self.hmap();
        Header {
            len: hmap.count,
            b: hmap.b,
            noverflow: hmap.noverflow,
            nevacuate: hmap.nevacuate,
            growing: hmap.growing(),
            same_size: hmap.same_size_grow(),
        }
    }

    /// Sends the events from here on to another probe.
    pub(in crate::maps::go) fn tell(&mut self, probe: P) {
        self.probe = probe;
    }

    #[inline]
    fn hmap(&self) -> &Hmap<K, V, D> {
        // SAFETY: this map's alone, and valid until it is dropped.
        unsafe { self.hmap.as_ref() }
    }

    #[inline]
    fn hmap_mut(&mut self) -> &mut Hmap<K, V, D> {
        // SAFETY: this map's alone, and valid until it is dropped.
        unsafe { self.hmap.as_mut() }
    }

    fn extra(&self) -> Option<&Extra<K, V, D>> {
        // SAFETY: like the header's.
        self.hmap().extra.map(|extra| unsafe { extra.as_ref() })
    }

    /// The extra fields, allocated when missing.
    fn extra_mut(&mut self) -> &mut Extra<K, V, D> {
        let extra = self.hmap_mut().extra.get_or_insert_with(|| {
            let extra = heap::alloc(size_of::<Extra<K, V, D>>(), false).cast::<Extra<K, V, D>>();
            // SAFETY: just allocated, of its size.
            unsafe { extra.write(Extra::new()) };
            extra
        });
        // SAFETY: like the header's.
        unsafe { extra.as_mut() }
    }

    fn lists(&self) -> Option<&Lists<K, V, D>> {
        self.extra()?.lists.get()
    }

    /// The lists, their fields allocated when missing; none where overflow buckets need no lists.
    fn lists_mut(&mut self) -> Option<&mut Lists<K, V, D>> {
        if D::HEAPED { self.extra_mut().lists.get_mut() } else { None }
    }

    /// The list of the current array's overflow buckets, allocated when missing.
    fn overflow_list(&mut self) -> &mut Slice<Bucket<K, V, D>> {
        let mut list = match self.lists().and_then(|lists| lists.overflow) {
            Some(list) => list,
            None => {
                let list = self.next_list();
                if let Some(lists) = self.lists_mut() {
                    lists.overflow = Some(list);
                }
                list
            }
        };
        // SAFETY: like the header's.
        unsafe { list.as_mut() }
    }

    /// What it takes to follow the buckets' links.
    #[inline]
    fn reach(&self) -> Reach<D> {
        D::Link::reach(self.hmap().extra.map(Extra::slab_of))
    }

    /// The first bucket of a design that has it in the header.
    fn inline_bucket(&self) -> Bucket<K, V, D> {
        debug_assert!(D::INLINE);
        // SAFETY: zeroed with the header, behind its fields; freed with it.
        unsafe { Bucket::new(self.hmap.add(1).cast()) }
    }

    /// Makes an array the current one.
    fn install(&mut self, array: Array<K, V, D>) {
        self.hmap_mut().buckets = Some(array.first);
        if let Some(bucket) = array.preallocated()
            && let Some(lists) = self.lists_mut()
        {
            lists.next_overflow = Some(bucket);
        }
    }

    #[inline]
    fn array(&self) -> Option<Array<K, V, D>> {
        self.hmap().buckets.map(|first| self.array_at(first, self.hmap().b))
    }

    #[inline]
    fn old_array(&self) -> Option<Array<K, V, D>> {
        self.hmap().oldbuckets.map(|first| self.array_at(first, self.hmap().old_b()))
    }

    #[inline]
    fn array_at(&self, first: Bucket<K, V, D>, b: u8) -> Array<K, V, D> {
        Array { first, b, headerless: self.headerless(Bucket::<K, V, D>::NOSCAN) }
    }

    /// Whether an object carries no header however large it is, given whether it is free of pointers.
    #[inline]
    fn headerless(&self, noscan: bool) -> bool {
        noscan || !self.headers
    }

    /// The bucket whose chain has the entry, if any has: the old one until it is evacuated.
    #[inline]
    fn lookup_bucket(&self, hash: u64) -> Option<Bucket<K, V, D>> {
        if let Some(old_array) = self.old_array() {
            let bucket = old_array.head(hash as usize);
            if !bucket.tops().evacuated() {
                return Some(bucket);
            }
        }
        self.array().map(|array| array.head(hash as usize))
    }

    /// The key's slot.
    #[inline]
    fn find(&self, key: &K) -> Option<Slot<K, V, D>> {
        if self.hmap().count == 0 {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        self.search(self.lookup_bucket(hash)?, tophash(hash), key)
    }

    /// The key's slot in a chain.
    #[inline]
    fn search(&self, mut bucket: Bucket<K, V, D>, top: u8, key: &K) -> Option<Slot<K, V, D>> {
        loop {
            let tops = bucket.tops();
            for index in tops.matching(top) {
                // SAFETY: a tophash of `MIN_TOPHASH` or more marks a filled slot.
                if unsafe { bucket.slot(index).key_ptr().as_ref() } == key {
                    return Some(bucket.slot(index));
                }
            }
            if tops.rest_is_empty() {
                return None;
            }
            bucket = bucket.overflow(self.reach())?;
        }
    }
}

/// The most entries that `2^b` buckets hold without growing: a bucket's worth at least, so that a single bucket is
/// filled. Exact, since a power of two only shifts the load factor's exponent.
fn capacity(load_factor: f64, b: u8) -> usize {
    ((load_factor * (1u64 << b) as f64) as usize).max(bucket::SLOTS)
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> Drop for GoClassicMap<K, V, S, P, D> {
    fn drop(&mut self) {
        // A range whose body threw this map out reads it no more.
        self.ranges = 0;
        self.release_kept();
        let (array, old_array) = (self.array(), self.old_array());
        if Bucket::<K, V, D>::ENTRY_OWNS {
            for array in array.iter().chain(&old_array) {
                self.drop_entries(array);
            }
        }
        let (mut overflow, mut oldoverflow) = (None, None);
        if let Some(lists) = self.lists() {
            (overflow, oldoverflow) = (lists.overflow, lists.oldoverflow);
        }
        // From here on nothing is put aside for another time.
        if let Some(extra) = self.hmap_mut().extra.take() {
            // SAFETY: allocated by `extra_mut`, and out of the map's reach.
            unsafe {
                self.release_extra(extra.as_ref());
                heap::free(extra.cast(), size_of::<Extra<K, V, D>>(), false);
            }
        }
        for (array, list) in [(array, overflow), (old_array, oldoverflow)] {
            let Some(array) = array else { continue };
            // SAFETY: nothing uses the map again, and its entries are dropped. Buckets of a slab are gone with it.
            unsafe {
                if D::HEAPED {
                    self.retire_overflow(&array, list);
                }
                self.retire_array(array);
            }
        }
        // SAFETY: allocated by `new`, used no more.
        unsafe { heap::free(self.hmap.cast(), Hmap::<K, V, D>::BYTES, false) };
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> Map<K, V> for GoClassicMap<K, V, S, P, D> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.assign(key, value)
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: `find` returns filled slots; the map is borrowed, so nothing writes or frees them.
        self.find(key).map(|slot| unsafe { slot.entry() })
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.delete(key)
    }

    fn clear(&mut self) {
        self.empty();
    }

    #[inline]
    fn len(&self) -> usize {
        self.hmap().count
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        for slot in self.filled() {
            // SAFETY: filled; the map is borrowed.
            let (key, value) = unsafe { slot.entry() };
            f(key, value);
        }
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.capacity)
    }

    fn disturbed(&self, _: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        self.visit_disturbed(visit);
    }

    fn state(&self, row: &mut [u64]) {
        let Header { len, b, noverflow, nevacuate, growing, same_size } = self.header();
        row.copy_from_slice(&[
            len as u64,
            b.into(),
            noverflow.into(),
            nevacuate as u64,
            growing.into(),
            same_size.into(),
        ]);
    }

    fn structure(&self) -> Structure {
        self.inspect()
    }

    fn anatomy(&self, part: anatomy::Part<'_, K>) -> Option<Anatomy> {
        Some(self.take_apart(part))
    }

    fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            self.check();
        }
    }
}
