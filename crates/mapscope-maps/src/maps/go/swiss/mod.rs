//! `go-swiss`: a model of the map of Go's runtime from Go 1.24 on, up to 1.27.3.
//!
//! # Terms
//!
//! - **group**: eight slots, and a **control word** with a byte for each: empty, deleted, or full with the low seven
//!   bits of the entry's hash (*h2*).
//! - **table**: up to 1024 slots in groups. The bits of a hash above h2 (*h1*) choose the group that a search begins at;
//!   it goes on from group to group until one has an empty slot.
//! - **tombstone**: a deleted slot, which a search must go past.
//! - **directory**: an array of tables that the top bits of a hash index, *global depth* of them. A table is named once
//!   for each value of the bits beyond its *local depth*.
//!
//! # How it works
//!
//! A map is a header of 48 bytes. Up to eight entries live in a single group, which comes with the first insert and has
//! no tombstones. The ninth brings a table of 16 slots and a directory of one entry; a hint of more than eight brings
//! both at once. A table takes new entries into empty slots until seven of eight are full or deleted. An insert that
//! finds it so replaces it by one of twice the slots, up to 1024, and then by two of 1024, of which each takes the hashes
//! with one value of the next bit; when the directory does not tell these apart, it doubles first. Every entry of the
//! table moves at once: 896 at the most, however large the map. Before that the insert tries to turn tombstones into
//! empty slots: those of groups that no search for an entry goes past, where they are a tenth of the slots, and only for
//! the types that `prune` names. A remove leaves a tombstone only in a group without an empty slot. Nothing ever shrinks.
//!
//! # What it answers for
//!
//! - **Bytes**: every allocation of Go's is one of Rust's global allocator, of the size that Go's heap would use
//!   ([`heap`]). Nothing else is allocated there. A recorded run of a real Go program is replayed by a test, which
//!   compares what each operation allocates and the map's state after it.
//! - **Frees**: Go leaves them to its collector. The model frees memory at the moment it becomes unreachable: a table
//!   with its groups, and a directory, when the insert that replaced it ends.
//! - **Moves**: counted as the census sees them: entries that one insert moves twice, because a table's half was full
//!   again at once, count once.
//! - **Hashes**: the hasher is the caller's. It is seeded anew when the map becomes empty and when it is cleared, from
//!   a generator seeded by [`Options::seed`], which also starts ranges. Without one it is Go's wyhash; Go itself takes
//!   the processor's AES instructions where there are any. A weaker hash would show: which tables split depends on its
//!   top bits.
//!
//! # Releases
//!
//! What is said above is Go 1.27. Earlier releases differ in three things, which the parameter `go` brings back:
//!
//! - Up to 1.26 a put that finds a full group makes a table of it before it looks for its key: an overwrite costs 328
//!   bytes in 3 objects for keys and elems of 8 bytes, and the map is no longer a group.
//! - 1.24 prunes no tombstones, 1.25 and 1.26 none in maps whose keys are pointers.
//! - In 1.24 a clear of a map without entries leaves its tombstones.
//!
//! # Where it differs
//!
//! - An overwrite keeps the stored key and drops the new one. Go takes over the new string of a string key.
//! - Go zeroes new groups, and the slot of a removed entry; the model does not, since nobody can see it.
//! - More than 896 entries whose hashes agree in their 24 top bits are refused by a panic. Go doubles its directory for
//!   them, up to where memory ends.
//! - `K` and `V` are aligned to 8 bytes at most, as in Go. An entry owns what its types own; removing drops it.

mod ctrl;
mod group;
mod grow;
mod header;
mod inspect;
mod invariants;
mod layout;
mod prune;
mod range;
mod release;
mod table;
mod write;

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_core::SeedableRng;
use rand_xoshiro::SplitMix64;

use super::heap;
use super::kept::{Item, Kept};
use crate::entry::{Key, Value};
use crate::maps::anatomy::{Anatomy, Part};
use crate::maps::layout::{EntryShape, Layout};
use crate::maps::{Family, GoHash, Hashing, Info, Map, Options, Structure, Write};
use crate::probe::event::{Cause, Event, Probe};
use crate::term::{Param, Term};
use group::{Group, SLOTS, Slot};
use header::{Header, Prefix};
pub use release::RELEASES;
use release::Release;
use table::{MAX_GROUP_LOAD, MAX_SLOTS, Table};

/// The family `go-swiss`; see the module.
pub struct GoSwiss;

impl Family for GoSwiss {
    const INFO: Info = Info {
        term: Term {
            params: &[Param::word("go", "the release; 1.25 and 1.26 agree", RELEASES)],
            named: true,
            ..Term::plain(
                "go-swiss",
                "model of Go's runtime map from Go 1.24 on",
                "go.dev/src/internal/runtime/maps (Go 1.24.11 to 1.27.3)",
            )
        },
        version: "Go 1.27",
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Prune, Cause::Move, Cause::Grow, Cause::Split, Cause::DirectoryGrow],
        layout: Some("swiss"),
        state: &["len", "dir_len", "tables", "capacity", "growth_left"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = GoHash;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = GoSwissMap<K, V, S, P>;

    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        Some(layout::layout(entry, entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> GoSwissMap<K, V, S, P> {
        GoSwissMap::new(options, hasher, probe)
    }
}

/// A map of Go 1.24 and later; see the module.
pub struct GoSwissMap<K: Key, V: Value, S: Hashing, P: Probe> {
    /// On Go's heap, this map's alone from `new` to `drop`.
    header: NonNull<Header<K, V>>,
    hasher: S,
    probe: P,
    random: SplitMix64,
    release: Release,
    /// Ranges under way.
    ranges: usize,
    kept: Kept<K>,
    /// Told apart from every other map of the process, so that a range notices when its body puts another in place.
    serial: u64,
    /// The hashes of the table that the last write replaced; kept only for a listening probe.
    disturbed: Option<Prefix>,
}

/// The map's public figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Live entries.
    pub len: usize,
    /// Directory entries; 0 for a map that is one group.
    pub dir_len: usize,
    /// Tables, each counted once; 0 for a map that is one group.
    pub tables: usize,
    /// Slots of all tables, or of the group; 0 before the first insert.
    pub capacity: usize,
    /// Of these, how many may still be taken before a table must prune, grow or split, summed over the tables.
    pub growth_left: usize,
}

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Builds the map as `make(map[K]V, hint)` does.
    pub fn new(options: &Options, hasher: S, probe: P) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let header = heap::alloc(Header::<K, V>::BYTES, false).cast::<Header<K, V>>();
        // SAFETY: just allocated, of its size.
        unsafe { header.write(Header::new()) };
        let mut map = GoSwissMap {
            header,
            hasher,
            probe,
            random: SplitMix64::seed_from_u64(options.seed),
            release: Release::chosen(options),
            ranges: 0,
            kept: Kept::new(),
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            disturbed: None,
        };
        if let Some((tables, slots)) = Self::presized(options.hint) {
            let depth = tables.trailing_zeros() as u8;
            // SAFETY: all of them are furnished in the next statement.
            map.header_mut().set_directory(depth, |_| unsafe { Table::reserve() });
            for (index, table) in map.header().directory().iter().enumerate() {
                table.furnish(slots, index, depth);
            }
            map.header_mut().tables = tables;
            map.header_mut().slots = tables * slots;
            map.probe.emit(Event::Grow);
        }
        map
    }

    /// How many tables of how many slots a hint asks for: enough for an average load of seven in eight. `None` for a map
    /// that begins as one group, as one does whose hint no address space holds.
    fn presized(hint: usize) -> Option<(usize, usize)> {
        if hint <= SLOTS {
            return None;
        }
        let slots = hint.checked_mul(SLOTS)? / MAX_GROUP_LOAD;
        let tables = slots.div_ceil(MAX_SLOTS).checked_next_power_of_two()?;
        // Go counts 1024 groups a table here, not 1024 slots.
        let bytes = tables.checked_mul(MAX_SLOTS)?.checked_mul(Group::<K, V>::BYTES)?;
        (bytes <= heap::MAX_ALLOC_BYTES).then(|| (tables, (slots / tables).next_power_of_two()))
    }

    /// The state as it stands now.
    pub fn figures(&self) -> State {
        let header = self.header();
        let (capacity, growth_left) = if !header.is_small() {
            (header.slots, header.tables().map(|table| usize::from(table.growth_left.get())).sum())
        } else if header.small_group().is_some() {
            (SLOTS, SLOTS - header.used)
        } else {
            (0, 0)
        };
        State { len: header.used, dir_len: header.directory().len(), tables: header.tables, capacity, growth_left }
    }

    #[inline]
    fn header(&self) -> &Header<K, V> {
        // SAFETY: this map's alone, and valid until it is dropped.
        unsafe { self.header.as_ref() }
    }

    #[inline]
    fn header_mut(&mut self) -> &mut Header<K, V> {
        // SAFETY: this map's alone, and valid until it is dropped.
        unsafe { self.header.as_mut() }
    }

    /// The key's slot.
    #[inline]
    fn find(&self, key: &K) -> Option<Slot<K, V>> {
        let header = self.header();
        if header.used == 0 {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        if header.is_small() {
            return header.small_group()?.find(ctrl::h2(hash), key);
        }
        header.table(hash).find(hash, key)
    }

    /// Frees an object of Go's heap, or keeps it while a range may be walking it.
    ///
    /// # Safety
    /// As [`heap::free`], save that ranges under way may still read it.
    unsafe fn retire(&mut self, object: NonNull<u8>, size: usize, noscan: bool) {
        if self.ranges > 0 {
            self.kept.push(Item::Object(object, size, noscan));
        } else {
            // SAFETY: the caller's promise.
            unsafe { heap::free(object, size, noscan) };
        }
    }

    /// Frees a table and its groups.
    ///
    /// # Safety
    /// The map has let go of it, and its slots own nothing any more.
    unsafe fn retire_table(&mut self, table: Table<K, V>) {
        for (object, size, noscan) in table.objects() {
            // SAFETY: allocated by `Table::allocate` with this size; the caller's promise.
            unsafe { self.retire(object, size, noscan) };
        }
    }

    /// Frees the group of a small map.
    ///
    /// # Safety
    /// As for `retire_table`.
    unsafe fn retire_group(&mut self, group: Group<K, V>) {
        // SAFETY: allocated by `allocate_groups` with this size; the caller's promise.
        unsafe { self.retire(group.address(), Group::<K, V>::BYTES, Group::<K, V>::NOSCAN) };
    }

    /// Every full slot once.
    fn full(&self) -> impl Iterator<Item = Slot<K, V>> {
        let header = self.header();
        let group = if header.is_small() { header.small_group() } else { None };
        group.into_iter().flat_map(Group::full).chain(header.tables().flat_map(Table::full))
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Drop for GoSwissMap<K, V, S, P> {
    fn drop(&mut self) {
        // A range whose body threw this map out reads it no more.
        self.ranges = 0;
        self.kept.release();
        if Group::<K, V>::ENTRY_OWNS {
            self.drop_entries();
        }
        if self.header().is_small() {
            if let Some(group) = self.header().small_group() {
                // SAFETY: nothing uses the map again, and its entries are dropped.
                unsafe { self.retire_group(group) };
            }
        } else {
            // The tables are named by the directory alone, and say how often: the next one is read before one is freed.
            let mut index = 0;
            while let Some(&table) = self.header().directory().get(index) {
                index += self.header().entries_of(table);
                // SAFETY: as above; each table comes once.
                unsafe { self.retire_table(table) };
            }
            if let Some((directory, bytes)) = self.header().directory_object() {
                // SAFETY: allocated by `set_directory`, used no more.
                unsafe { heap::free(directory, bytes, false) };
            }
        }
        // SAFETY: allocated by `new`, used no more.
        unsafe { heap::free(self.header.cast(), Header::<K, V>::BYTES, false) };
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for GoSwissMap<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.assign(key, value)
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: `find` returns full slots; the map is borrowed, so nothing writes or frees them.
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
        self.header().used
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        for slot in self.full() {
            // SAFETY: full; the map is borrowed.
            let (key, value) = unsafe { slot.entry() };
            f(key, value);
        }
    }

    /// Exact for a single table. With more of them it is the sum: a table whose share of the entries is larger grows
    /// before, and the map with it.
    fn capacity(&self) -> Option<usize> {
        Some(self.header().growth_limit())
    }

    fn disturbed(&self, _: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        self.visit_disturbed(visit);
    }

    fn state(&self, row: &mut [u64]) {
        let State { len, dir_len, tables, capacity, growth_left } = self.figures();
        row.copy_from_slice(&[len, dir_len, tables, capacity, growth_left].map(|figure| figure as u64));
    }

    fn structure(&self) -> Structure {
        self.inspect()
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
