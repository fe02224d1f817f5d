//! The `sync.Map` of Go 1.9 to 1.23: a pair of maps, one of which is read without a lock.
//!
//! # Terms
//!
//! - **read map**: found without a lock. Its keys never change; its entries do.
//! - **dirty map**: written under a lock. Has every entry that is not expunged.
//! - **amended**: the dirty map has keys that the read map does not have.
//! - **miss**: a lookup that had to go to the dirty map.
//! - **expunged**: an entry that was deleted before the dirty map was made, and is in the read map only.
//!
//! # How it works
//!
//! Both maps are runtime maps from `any` to the address of an entry; an entry is the address of an `any`, the value.
//! A key that the read map has is overwritten, deleted and put back through its entry. A new key goes to the dirty map. When
//! there is none, it is made with room for the read map's keys and gets those that are not deleted (a *dirty copy*).
//! After as many misses as it has keys, or when somebody ranges over the map, the dirty map takes the read map's place
//! (*promotion*).
//!
//! # What it answers for
//!
//! - **Bytes**: every allocation that Go makes in an operation, as [`classic`](crate::maps::go::classic) does it, those of the
//!   caller included whose `Store(k, v)` boxes typed variables. Overwriting boxes a key only to throw it away, and a new
//!   key's value gets two `any`s, the first of which is garbage at once. Load and Delete box nothing: their keys
//!   stay on the stack. A recorded run of a real Go program is replayed by a test, which compares what each operation
//!   allocates and the state after it.
//! - **Tiny objects**: boxed integers share blocks ([`tiny`](crate::maps::go::heap::tiny)); [`Event::SharedAlloc`] and
//!   [`Event::SharedFree`] tell of those that the allocator does not see.
//! - **Frees**: memory is freed when it becomes unreachable. A deleted entry of the read map stays, its key with it,
//!   until a promotion leaves it out. The current block for tiny objects stays too.
//! - **Moves**: none. Keys and values lie in their boxes; what the maps copy are addresses. The work of a dirty copy is
//!   seen in what it allocates and in its cause. Growth of the dirty map by itself is a `grow`.
//! - **Hashes**: Go seeds each runtime map anew, and so does the model: each dirty map hashes by
//!   [`Hashing::another`].
//!
//! # Releases
//!
//! The inner maps are of the release that `go` names ([`classic`](crate::maps::go::classic)). Up to Go 1.21 a range
//! allocates 16 bytes where it promotes nothing, too.
//!
//! # Where it differs
//!
//! - A key that is put back after having been expunged is in two boxes until the next promotion; references
//!   are given to the dirty map's.
//! - Boxes follow Go's rules for integers, strings, pointers and byte arrays. A struct of one integer, which Go treats
//!   as that integer, is always allocated; so is an empty string.

mod entry;
mod inner;
mod inspect;
mod invariants;
mod read;
mod write;

use std::cell::Cell;
use std::ptr::NonNull;

use rand_core::SeedableRng;
use rand_xoshiro::SplitMix64;

use super::boxed::Boxed;
use crate::entry::{Key, Value};
use crate::maps::anatomy::{Anatomy, Part};
use crate::maps::go::heap::tiny::Tiny;
use crate::maps::go::{aside, heap};
use crate::maps::{Hashing, Map, Options, Write};
use crate::probe::event::{Event, Probe};
use entry::EntryAt;
use inner::Inner;

/// The last release in which a range puts its copy of what `read` points to on the heap.
const RANGE_ALLOCATES: &str = "1.21";

/// A `sync.Map` of Go 1.9 to 1.23; see the module.
pub struct PairMap<K: Key, V: Value, S: Hashing, P: Probe> {
    /// On Go's heap, this map's alone from `new` to `drop`.
    header: NonNull<Header<K, V, S, P>>,
    /// Live entries, which Go's map does not count.
    len: usize,
    tiny: Tiny<P>,
    /// Never used itself: each dirty map gets another.
    hasher: S,
    random: SplitMix64,
    /// That of the inner maps.
    release: Option<&'static str>,
    probe: P,
}

/// Go's struct: 32 bytes. Changed through shared references, since a lookup may promote.
#[repr(C)]
struct Header<K: Key, V: Value, S: Hashing, P: Probe> {
    /// Go's mutex; here, how many lookups are in the read map.
    looking: Cell<u64>,
    read: Cell<Option<ReadOnlyAt<K, V, S, P>>>,
    dirty: Cell<Option<Inner<K, V, S, P>>>,
    misses: Cell<usize>,
}

type ReadOnlyAt<K, V, S, P> = NonNull<ReadOnly<K, V, S, P>>;

/// What `read` points to: 16 bytes, replaced whole.
#[repr(C)]
struct ReadOnly<K: Key, V: Value, S: Hashing, P: Probe> {
    map: Option<Inner<K, V, S, P>>,
    amended: bool,
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Clone for ReadOnly<K, V, S, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Copy for ReadOnly<K, V, S, P> {}

impl<K: Key, V: Value, S: Hashing, P: Probe> ReadOnly<K, V, S, P> {
    const EMPTY: Self = ReadOnly { map: None, amended: false };
}

/// A key's box in an inner map, and its entry.
type Found<K, V> = (Boxed<K>, EntryAt<V>);

impl<K: Key, V: Value, S: Hashing, P: Probe> PairMap<K, V, S, P> {
    const HEADER_BYTES: usize = {
        assert!(size_of::<Header<K, V, S, P>>() == 32 && size_of::<ReadOnly<K, V, S, P>>() == 16);
        32
    };

    /// Builds the map as `new(sync.Map)` does.
    pub fn new(options: &Options, hasher: S, probe: P) -> Self {
        let header = heap::alloc(Self::HEADER_BYTES, false).cast::<Header<K, V, S, P>>();
        let zero =
            Header { looking: Cell::new(0), read: Cell::new(None), dirty: Cell::new(None), misses: Cell::new(0) };
        // SAFETY: just allocated, of its size.
        unsafe { header.write(zero) };
        let random = SplitMix64::seed_from_u64(options.seed);
        PairMap { header, len: 0, tiny: Tiny::new(probe), hasher, random, release: options.release, probe }
    }

    #[inline]
    fn header(&self) -> &Header<K, V, S, P> {
        // SAFETY: this map's alone, valid until it is dropped, and only ever borrowed shared.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    fn read(&self) -> ReadOnly<K, V, S, P> {
        // SAFETY: as long as it is the header's it is not freed.
        self.header().read.get().map_or(ReadOnly::EMPTY, |read| unsafe { *read.as_ref() })
    }

    /// Allocates a new struct for `read` to point to.
    fn set_read(&self, read: ReadOnly<K, V, S, P>) {
        let at = heap::alloc(size_of::<ReadOnly<K, V, S, P>>(), false).cast::<ReadOnly<K, V, S, P>>();
        // SAFETY: just allocated, of its size.
        unsafe { at.write(read) };
        let old = self.header().read.replace(Some(at));
        self.free_read_only(old);
    }

    fn free_read_only(&self, old: Option<ReadOnlyAt<K, V, S, P>>) {
        if let Some(old) = old {
            // SAFETY: allocated by `set_read`, and the header's no more; `read` hands out copies only.
            unsafe { heap::free(old.cast(), size_of::<ReadOnly<K, V, S, P>>(), false) };
        }
    }

    /// The map that has all live entries.
    fn whole(&self) -> Option<Inner<K, V, S, P>> {
        let read = self.read();
        if read.amended { self.header().dirty.get() } else { read.map }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Drop for PairMap<K, V, S, P> {
    fn drop(&mut self) {
        self.empty();
        if let Some(dirty) = self.header().dirty.take() {
            // SAFETY: its entries are freed, and nothing uses the map again.
            unsafe { dirty.free() };
        }
        // SAFETY: allocated by `new`, used no more.
        unsafe { heap::free(self.header.cast(), Self::HEADER_BYTES, false) };
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for PairMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.store(key, value)
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let key = Boxed::lent(key);
        let (found, asked) = self.look_up(&key);
        asked.inspect(|&dirty| self.count_miss(dirty));
        self.live(&key, found)
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        let key = Boxed::lent(key);
        let (found, _) = self.look_up(&key);
        self.live(&key, found)
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.delete(key)
    }

    fn clear(&mut self) {
        let read = self.read();
        if read.map.is_none_or(|map| map.len() == 0) && !read.amended {
            return;
        }
        self.empty();
        self.set_read(ReadOnly::EMPTY);
        self.probe.emit(Event::Clear);
    }

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        if self.read().amended
            && let Some(dirty) = self.header().dirty.get()
        {
            self.promote(dirty);
        } else if self.release == Some(RANGE_ALLOCATES) {
            // Whether it is published, as by a promotion, or not.
            let size = size_of::<ReadOnly<K, V, S, P>>();
            // Without the box an optimising compiler leaves out both, and nobody counts them.
            // SAFETY: allocated with this size, and never used.
            unsafe { heap::free(std::hint::black_box(heap::alloc(size, false)), size, false) };
        }
        self.for_each(f);
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        let Some(whole) = self.whole() else { return };
        whole.for_each(|key, entry| {
            // SAFETY: as in `live`. A promotion from within `f` leaves the map that has all live entries alone.
            if let Some(value) = unsafe { entry.get() }.value() {
                // SAFETY: as above.
                unsafe { f(key.get(), value.as_ref().get()) };
            }
        });
    }

    /// No write moves a box.
    fn disturbed(&self, _: &Write<'_, K>, _: &mut dyn FnMut(&K, &V) -> bool) {}

    fn state(&self, row: &mut [u64]) {
        let read = self.read();
        row.copy_from_slice(&[
            read.map.map_or(0, |map| map.len()) as u64,
            self.header().dirty.get().map_or(0, |map| map.len()) as u64,
            read.amended.into(),
            self.header().misses.get() as u64,
        ]);
    }

    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        Some(self.take_apart(part))
    }

    fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            self.check();
        }
    }
}
