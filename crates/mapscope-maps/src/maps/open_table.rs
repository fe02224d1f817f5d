//! How long searches in hashbrown's tables are, worked out from outside: std's, griddle's and dashmap's tables are such.
//!
//! ```text
//! one block of memory, at an address that GROUP divides:
//!
//!   | slot B-1 | ... | slot 1 | slot 0 | control byte 0 | 1 | ... | B-1 | GROUP more |
//!                                      ^ at B * slot bytes, rounded up to GROUP
//! ```
//!
//! `B` is a power of two, and a slot is an entry, so that the block's size gives `B` and an entry's address its index. A
//! search for a hash looks at `GROUP` control bytes at once, first those from index `hash % B` on (the bytes behind the last
//! repeat the first), then those `GROUP` further, then `2 * GROUP` further than these, and so on. It ends with the group that
//! shows its entry, or one slot that was never used. A table of fewer slots than a group is seen whole.
//!
//! What can't be told from outside is which of the free slots are tombstones. How many there are can: `capacity` counts
//! live entries and the slots that inserts may still use up.
//!
//! `tests/probes.rs` holds all of that against tables whose hashes it has chosen.

use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::mem::offset_of;
use std::ops::Range;
use std::ptr;

use super::layout::{EntryShape, Layout, Room, Slot, Step, doubling};
use super::{Structure, count_one};
use crate::probe::blocks;

/// Slots that hashbrown looks at at once.
pub(super) const GROUP: usize =
    if cfg!(all(target_feature = "sse2", any(target_arch = "x86", target_arch = "x86_64"), not(miri))) {
        16
    } else if cfg!(any(
        target_pointer_width = "64",
        target_arch = "aarch64",
        target_arch = "x86_64",
        target_arch = "wasm32"
    )) {
        8
    } else {
        4
    };

/// The bit of a control byte that says that its slot has no entry.
const FREE: u8 = 0x80;

/// Bytes before the first control byte, and all bytes, of a table of so many slots.
fn table_bytes(slot: Room, buckets: u64) -> (u64, u64) {
    let align = slot.align.max(GROUP as u64);
    let control = buckets.saturating_mul(slot.bytes).saturating_add(align - 1) & !(align - 1);
    (control, control.saturating_add(buckets).saturating_add(GROUP as u64))
}

/// Slots of the smallest table that hashbrown makes up to 0.14.
pub(super) const FIRST_SLOTS: u64 = 4;

/// The same from 0.15 on: as many slots as it takes for them to need no more padding than a group has bytes.
pub(super) fn first_slots(slot: Room) -> u64 {
    match (GROUP, slot.bytes) {
        (16, 0..=1) => 16,
        (16, 2..=3) | (8, 0..=1) => 8,
        _ => FIRST_SLOTS,
    }
}

/// The sizes of a table that begins with so many slots.
pub(super) fn steps(slot: Room, first: u64, entries: u64) -> Vec<Step> {
    doubling(first, entries, |slots, from| {
        let (_, bytes) = table_bytes(slot, slots);
        Step { slots, from: Some(from), holds: Some(usable(slots as usize) as u64), blocks: vec![bytes], bytes }
    })
}

/// What is open of a map of many tables.
pub(super) const SHARDED: &str =
    "each shard grows by itself, when its own entries fill it: hashes decide which has how many, about the same each";

/// The layout of a map that is one table of entries, or several.
pub(super) fn layout(entry: &EntryShape, first: impl FnOnce(Room) -> u64, entries: u64) -> Layout {
    let slot = entry.pair();
    Layout::new(Slot::inline(slot, entry, 0), entry).steps(steps(slot, first(slot), entries))
}

/// Where the slots of a table lie, found by one of its entries, which are each a `(K, V)`.
pub(super) struct Slots<K, V> {
    /// Address of the first control byte.
    control: usize,
    buckets: usize,
    entry: PhantomData<(K, V)>,
}

impl<K, V> Slots<K, V> {
    const BYTES: usize = size_of::<(K, V)>();
    const ROOM: Room = Room { bytes: Self::BYTES as u64, align: align_of::<(K, V)>() as u64 };

    /// `None` where the block isn't known, or is of no size that such a table has.
    pub fn around(key: &K) -> Option<Slots<K, V>> {
        Self::fill(&blocks::holding(Self::address(key))?)
    }

    /// Of a map that is one table: the only block that it has.
    pub fn only() -> Option<Slots<K, V>> {
        Self::fill(&blocks::only()?)
    }

    fn fill(block: &Range<usize>) -> Option<Slots<K, V>> {
        let tables = (0..usize::BITS).map(|bits| (1 << bits, table_bytes(Self::ROOM, 1 << bits)));
        let (buckets, (control, _)) = tables.into_iter().find(|&(_, (_, bytes))| bytes == block.len() as u64)?;
        Some(Slots { control: block.start + control as usize, buckets, entry: PhantomData })
    }

    pub fn buckets(&self) -> usize {
        self.buckets
    }

    /// Names the table's memory.
    pub fn identity(&self) -> usize {
        self.control
    }

    /// A slot's control byte.
    ///
    /// # Safety
    ///
    /// The table is alive, and nobody writes to it.
    pub unsafe fn control(&self, index: usize) -> u8 {
        assert!(index < self.buckets);
        // SAFETY: hashbrown writes all control bytes of a table when it makes it; the allocator exposed the block.
        unsafe { ptr::with_exposed_provenance::<u8>(self.control + index).read() }
    }

    /// A slot's entry; `None` where it has none.
    ///
    /// # Safety
    ///
    /// As for [`Slots::control`], as long as the entry is used.
    pub unsafe fn entry(&self, index: usize) -> Option<(&K, &V)> {
        // SAFETY: the caller's.
        let full = unsafe { self.control(index) } & FREE == 0;
        full.then(|| {
            let slot = ptr::with_exposed_provenance::<(K, V)>(self.control - (index + 1) * Self::BYTES);
            // SAFETY: a full slot holds an entry, which is a pair.
            let (key, value) = unsafe { &*slot };
            (key, value)
        })
    }

    /// The index of a key's slot; `None` for a key that is not in this table.
    pub fn index(&self, key: &K) -> Option<usize> {
        // Less than nothing wraps round to more than there are slots.
        let below = self.control.wrapping_sub(Self::address(key));
        let index = (below / Self::BYTES).wrapping_sub(1);
        (index < self.buckets && below.is_multiple_of(Self::BYTES)).then_some(index)
    }

    /// Where the slot of a key begins.
    fn address(key: &K) -> usize {
        ptr::from_ref(key).addr() - offset_of!((K, V), 0)
    }
}

/// A table's entries: which slots are full.
pub(super) struct Table {
    full: Vec<bool>,
    tombstones: usize,
}

impl Table {
    /// Of so many slots, that holds as much as `capacity` says, with entries at these indices; `None` where one isn't known,
    /// or these can't be of one table.
    pub fn new(buckets: usize, capacity: usize, indices: impl Iterator<Item = Option<usize>>) -> Option<Table> {
        let mut full = vec![false; buckets];
        for index in indices {
            *full.get_mut(index?)? = true;
        }
        Some(Table { full, tombstones: usable(buckets).checked_sub(capacity)? })
    }

    /// Groups looked at to find that a hash isn't there; `None` where tombstones can't be told from unused slots.
    fn miss(&self, hash: u64) -> Option<usize> {
        let ends = |at: usize| (at..at + GROUP).any(|slot| !self.full[slot & (self.full.len() - 1)]);
        let whole = self.full.len() < GROUP;
        (self.tombstones == 0).then(|| 1 + groups(hash, self.full.len()).take_while(|&at| !whole && !ends(at)).count())
    }
}

/// Slots of so many that may be used up before the table grows.
pub(super) fn usable(buckets: usize) -> usize {
    if buckets <= 8 { buckets - 1 } else { buckets / 8 * 7 }
}

/// Groups looked at to find the entry of a hash at an index of a table of so many slots.
#[inline]
pub(super) fn hit(hash: u64, index: usize, buckets: usize) -> usize {
    let shows = |at: usize| index.wrapping_sub(at) & (buckets - 1) < GROUP;
    // Most entries are in the first.
    if shows(hash as usize) { 1 } else { 1 + groups(hash, buckets).take_while(|&at| !shows(at)).count() }
}

/// The sum of [`hit`] over the entries, by hash and index, of a table of so many slots that holds as much as `capacity` says;
/// `None` where an index isn't known, or that can't be of one table.
pub(super) fn hits(
    buckets: usize,
    capacity: usize,
    entries: impl Iterator<Item = (u64, Option<usize>)>,
) -> Option<u64> {
    usable(buckets).checked_sub(capacity)?;
    let mut groups = 0;
    for (hash, index) in entries {
        groups += hit(hash, index?, buckets) as u64;
    }
    Some(groups)
}

/// Where the groups begin that a search looks at, in order.
pub(super) fn groups(hash: u64, buckets: usize) -> impl Iterator<Item = usize> {
    let mask = buckets - 1;
    (0..).scan(hash as usize & mask, move |at, turn: usize| {
        *at = (*at + turn * GROUP) & mask;
        Some(*at)
    })
}

/// Adds up the searches of a map's tables, over which hashes are spread evenly.
#[derive(Default)]
pub(super) struct Searches {
    hits: Vec<u64>,
    tombstones: usize,
    /// Of each table: groups looked at, summed over a miss from each slot, and the slots; `None` where one isn't known.
    misses: Vec<Option<(usize, usize)>>,
}

impl Searches {
    /// Adds a table, and its entries by hash and index.
    pub fn add(&mut self, table: &Table, entries: impl IntoIterator<Item = (u64, usize)>) {
        for (hash, index) in entries {
            count_one(&mut self.hits, hit(hash, index, table.full.len()));
        }
        self.tombstones += table.tombstones;
        let slots = table.full.len();
        let miss = (0..slots as u64).map(|from| table.miss(from)).sum::<Option<usize>>();
        self.misses.push(miss.map(|groups| (groups, slots)));
    }

    /// Adds the entries, by hash and index, of a table of so many slots that is searched when the first was searched in
    /// vain. False where one of either isn't known.
    pub fn add_behind(
        &mut self,
        first: &Table,
        buckets: usize,
        mut entries: impl Iterator<Item = Option<(u64, usize)>>,
    ) -> bool {
        self.misses.push(None);
        entries.all(|entry| {
            let Some((hash, index)) = entry else { return false };
            let Some(in_vain) = first.miss(hash) else { return false };
            count_one(&mut self.hits, in_vain + hit(hash, index, buckets));
            true
        })
    }

    pub fn structure(self) -> Structure {
        let hit_groups = (0..).zip(&self.hits).map(|(groups, entries): (u64, _)| groups * entries).sum();
        let misses = self.misses.into_iter().collect::<Option<Vec<_>>>().map(|misses| {
            // In shares of the largest table the weights of all are whole.
            let largest = misses.iter().map(|&(_, slots)| slots).max().unwrap_or(1);
            let groups: usize = misses.iter().map(|&(groups, slots)| groups * (largest / slots)).sum();
            (groups as u64, (misses.len() * largest) as u64)
        });
        Structure {
            hit_groups: Some(hit_groups),
            probe_groups_max: Some(self.hits.len().saturating_sub(1) as u64),
            miss_groups: misses.map(|(groups, _)| groups),
            miss_groups_of: misses.map(|(_, of)| of),
            tombstones: Some(self.tombstones as u64),
            hit_group_lengths: Some(self.hits),
            ..Structure::default()
        }
    }
}

/// The structure of a map that is one table of entries `(K, V)`, from their keys, hashed and where they lie. Nothing while it is empty:
/// nothing shows where its table is.
pub(super) fn only_table<'a, K: Hash + 'a, V>(
    capacity: usize,
    hasher: &impl BuildHasher,
    keys: impl Iterator<Item = &'a K> + Clone,
) -> Structure {
    let searches = || {
        let slots = Slots::<K, V>::around(keys.clone().next()?)?;
        let table = Table::new(slots.buckets(), capacity, keys.clone().map(|key| slots.index(key)))?;
        let mut searches = Searches::default();
        let entries = keys.filter_map(|key| Some((hasher.hash_one(key), slots.index(key)?)));
        searches.add(&table, entries);
        Some(searches.structure())
    };
    searches().unwrap_or_default()
}

/// Of [`only_table`]'s structure what hits look at, which takes less to find out.
pub(super) fn only_table_hits<'a, K: Hash + 'a, V>(
    capacity: usize,
    hasher: &impl BuildHasher,
    keys: impl Iterator<Item = &'a K> + Clone,
) -> (Option<u64>, Option<u64>) {
    let groups = || {
        let slots = Slots::<K, V>::around(keys.clone().next()?)?;
        let entries = keys.clone().map(|key| (hasher.hash_one(key), slots.index(key)));
        hits(slots.buckets(), capacity, entries)
    };
    (None, groups())
}
