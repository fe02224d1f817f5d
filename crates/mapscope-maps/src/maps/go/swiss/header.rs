//! The map's header and its directory: Go's layout, Go's sizes.

use std::ptr::NonNull;

use super::group::{Group, SLOTS};
use super::table::{Table, growth_limit};
use crate::entry::{Key, Value};
use crate::maps::go::heap;

/// The header: 48 bytes. Where Go keeps the hash seed and a count of clears, which are the hasher's and nobody's here, it
/// has two sums over the tables.
#[repr(C)]
pub(super) struct Header<K, V> {
    /// Live entries.
    pub(super) used: usize,
    /// Slots of all tables.
    pub(super) slots: usize,
    /// The directory, or the group when `dir_len` is 0; none until the first insert when no hint asked for more.
    root: Option<NonNull<Table<K, V>>>,
    /// Directory entries: a power of two, or 0 for a map that is one group.
    dir_len: usize,
    /// How many top bits of a hash index the directory.
    pub(super) global_depth: u8,
    /// 64 less that.
    global_shift: u8,
    /// Whether any table may have a tombstone.
    pub(super) tombstone_possible: bool,
    /// Tables in the directory, each counted once.
    pub(super) tables: usize,
}

/// The directory entries that cover the hashes which begin with some bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) bits: usize,
    pub(super) depth: u8,
}

impl<K: Key, V: Value> Header<K, V> {
    pub(super) const BYTES: usize = {
        assert!(size_of::<Self>() == 48 && size_of::<Table<K, V>>() == 8);
        48
    };

    /// An empty map's header, without a group.
    pub(super) const fn new() -> Self {
        Header {
            used: 0,
            slots: 0,
            root: None,
            dir_len: 0,
            global_depth: 0,
            global_shift: 64,
            tombstone_possible: false,
            tables: 0,
        }
    }

    /// Whether it has no directory: it is one group, or nothing yet.
    #[inline]
    pub(super) fn is_small(&self) -> bool {
        self.dir_len == 0
    }

    /// The one group of a small map.
    #[inline]
    pub(super) fn small_group(&self) -> Option<Group<K, V>> {
        debug_assert!(self.is_small());
        // SAFETY: without a directory the root is a group, live until `set_directory` takes its place.
        self.root.map(|root| unsafe { Group::new(root.cast()) })
    }

    pub(super) fn set_small_group(&mut self, group: Group<K, V>) {
        debug_assert!(self.is_small());
        self.root = Some(group.address().cast());
    }

    /// The table that a hash belongs to. There is a directory.
    #[inline]
    pub(super) fn table(&self, hash: u64) -> Table<K, V> {
        debug_assert!(!self.is_small());
        // The mask makes up for a shift by 64, which is one by 0.
        let index = hash.wrapping_shr(self.global_shift.into()) as usize & self.dir_len.wrapping_sub(1);
        // SAFETY: with a directory the root is its first entry, and the index is less than `dir_len`.
        unsafe { self.root.unwrap_unchecked().add(index).read() }
    }

    /// The directory; empty for a small map.
    #[inline]
    pub(super) fn directory(&self) -> &[Table<K, V>] {
        match self.root {
            // SAFETY: the directory has `dir_len` entries, all written.
            Some(root) if !self.is_small() => unsafe { std::slice::from_raw_parts(root.as_ptr(), self.dir_len) },
            _ => &[],
        }
    }

    fn directory_mut(&mut self) -> &mut [Table<K, V>] {
        match self.root {
            // SAFETY: as in `directory`; the header is borrowed exclusively, and nothing else names the directory.
            Some(root) if !self.is_small() => unsafe { std::slice::from_raw_parts_mut(root.as_ptr(), self.dir_len) },
            _ => &mut [],
        }
    }

    /// Each table once, in the order of their hashes.
    pub(super) fn tables(&self) -> impl Iterator<Item = Table<K, V>> {
        self.tables_within(Prefix { bits: 0, depth: 0 })
    }

    /// The tables of the hashes with a prefix, which none of them covers more than.
    pub(super) fn tables_within(&self, prefix: Prefix) -> impl Iterator<Item = Table<K, V>> {
        let mut entries = match self.directory() {
            [] => &[],
            directory => {
                let len = 1 << (self.global_depth - prefix.depth);
                &directory[prefix.bits * len..][..len]
            }
        };
        std::iter::from_fn(move || {
            let table = *entries.first()?;
            entries = &entries[self.entries_of(table)..];
            Some(table)
        })
    }

    /// How many directory entries name a table.
    pub(super) fn entries_of(&self, table: Table<K, V>) -> usize {
        1 << (self.global_depth - table.local_depth)
    }

    /// The prefix that a table's hashes have in common; the table is in the directory.
    pub(super) fn prefix_of(&self, table: Table<K, V>) -> Option<Prefix> {
        let bits = table.index()? >> (self.global_depth - table.local_depth);
        Some(Prefix { bits, depth: table.local_depth })
    }

    /// Makes a new directory of `2^depth` entries, which `table` gives in order, the current one. Returns the one before
    /// for the caller to free: its address and its size in bytes.
    pub(super) fn set_directory(
        &mut self,
        depth: u8,
        mut table: impl FnMut(usize) -> Table<K, V>,
    ) -> Option<(NonNull<u8>, usize)> {
        let before = self.directory_object();
        let dir_len = 1 << depth;
        let root = heap::alloc(dir_len * size_of::<Table<K, V>>(), false).cast::<Table<K, V>>();
        for index in 0..dir_len {
            // SAFETY: within the new directory.
            unsafe { root.add(index).write(table(index)) };
        }
        (self.root, self.dir_len) = (Some(root), dir_len);
        (self.global_depth, self.global_shift) = (depth, 64 - depth);
        before
    }

    /// The directory's address and its size in bytes.
    pub(super) fn directory_object(&self) -> Option<(NonNull<u8>, usize)> {
        let root = self.root.filter(|_| !self.is_small())?;
        Some((root.cast(), self.dir_len * size_of::<Table<K, V>>()))
    }

    /// Enters a table wherever its index and depth have it.
    pub(super) fn enter(&mut self, table: Table<K, V>) {
        let entries = self.entries_of(table);
        if let Some(index) = table.index() {
            self.directory_mut()[index..][..entries].fill(table);
        }
    }

    /// The most entries that the map holds without growing, if they spread evenly.
    pub(super) fn growth_limit(&self) -> usize {
        if self.is_small() { SLOTS } else { growth_limit(self.slots) }
    }
}
