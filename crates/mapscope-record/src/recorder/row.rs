//! What a map's operations add up to, in the file.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::Layout;
use super::Since;
use super::file::{File, counts_lookups};
use super::trace::{Key, Operation};

/// The row of one map. Who has the map to itself writes to it by load and store; lookups and iterations may be of several
/// threads at once.
#[repr(C)]
pub(crate) struct Row {
    place: AtomicU32,
    hint: AtomicU32,
    ty: AtomicU32,
    flags: AtomicU32,
    writes: AtomicU64,
    inserts: AtomicU64,
    removes: AtomicU64,
    lookups: AtomicU64,
    entries: AtomicU64,
    entries_max: AtomicU64,
    growths: AtomicU32,
    clears: AtomicU32,
    moved_entries: AtomicU64,
    table_bytes: AtomicU64,
    entry_bytes: AtomicU64,
    abandoned_bytes: AtomicU64,
    held_bytes: AtomicU64,
    held_bytes_max: AtomicU64,
    iterations: AtomicU64,
}

const _: () = assert!(size_of::<Row>() == 128);

/// It was there before it was seen, and its place is that of its first use.
const SEEN_LATE: u32 = 2;
/// What it began with no write put there.
const COPY: u32 = 8;
/// Its operations are traced.
const TRACED: u32 = 16;
/// Its table was replaced otherwise than by growing.
const REPLACED: u32 = 32;
/// Not all that was done to it is in the trace.
const TRACED_IN_PART: u32 = 64;

/// It was used after recording was switched off, and what it did from then on is not here.
const ENDED: u32 = 256;
/// What it allocates is not known: neither bytes nor growths are, and what the row has of them is of no use.
#[cfg(feature = "indexmap")]
const UNMEASURED: u32 = 512;
/// From this bit on, flags have the number of the period in which it began to be recorded.
const PERIOD_AT: u32 = 16;

/// A part of a map of indices and entries.
#[cfg(feature = "indexmap")]
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// The table of indices.
    Table,
    /// The array of entries.
    Array,
}

/// Entries, and how many there is room for.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) len: usize,
    pub(crate) capacity: usize,
    /// When the operation began, if that is wanted.
    pub(crate) since: Since,
}

impl Size {
    /// Before an operation that makes room if the map is full.
    #[inline]
    pub(crate) fn begun(self) -> Size {
        if self.len == self.capacity { Size { since: Since::now(), ..self } } else { self }
    }
}

fn add(to: &AtomicU64, more: u64) {
    to.store(to.load(Relaxed) + more, Relaxed);
}

fn raise(to: &AtomicU64, least: u64) {
    if to.load(Relaxed) < least {
        to.store(least, Relaxed);
    }
}

impl Row {
    /// The place comes last: without it there is no map.
    pub(super) fn place(&self, place: u32) {
        self.place.store(place, Relaxed);
    }

    pub(super) fn withdraw(&self) {
        self.place.store(0, Relaxed);
    }

    /// What it is recorded in comes first.
    pub(super) fn begin(&self, period: u32) {
        self.flags.store(period << PERIOD_AT, Relaxed);
    }

    pub(super) fn describe(&self, ty: u32, hint: usize, is_late: bool, is_traced: bool) {
        self.ty.store(ty, Relaxed);
        let flags = if is_late { SEEN_LATE } else { 0 } | if is_traced { TRACED } else { 0 };
        self.flag(flags);
        self.hint.store(u32::try_from(hint).unwrap_or(u32::MAX), Relaxed);
    }

    #[inline]
    pub(crate) fn wrote(&self) {
        add(&self.writes, 1);
    }

    #[inline]
    pub(crate) fn inserted(&self, count: u64) {
        add(&self.inserts, count);
        add(&self.entries, count);
        raise(&self.entries_max, self.entries.load(Relaxed));
    }

    #[inline]
    pub(crate) fn removed(&self, count: u64) {
        add(&self.removes, count);
        self.entries.store(self.entries.load(Relaxed).saturating_sub(count), Relaxed);
    }

    /// A map with so many entries is cleared.
    pub(crate) fn cleared(&self, entries: usize) {
        self.trace_all(Operation::Clear);
        if entries > 0 {
            self.clears.store(self.clears.load(Relaxed).saturating_add(1), Relaxed);
            self.entries.store(0, Relaxed);
        }
    }

    #[inline]
    pub(crate) fn looked_up(&self, key: impl FnOnce() -> Option<Key>) {
        if counts_lookups() {
            self.lookups.fetch_add(1, Relaxed);
            self.trace(Operation::Get, key());
        }
    }

    #[inline]
    pub(crate) fn iterated(&self, entries: usize) {
        if entries > 0 && counts_lookups() {
            self.iterations.fetch_add(1, Relaxed);
            self.trace_all(Operation::Iterate);
        }
    }

    #[inline]
    pub(crate) fn is_traced(&self) -> bool {
        self.flags.load(Relaxed) & TRACED != 0
    }

    /// Adds an operation to the trace.
    #[inline]
    pub(crate) fn trace(&self, operation: Operation, key: Option<Key>) {
        if let (Some(key), Some(file)) = (key, File::of_process()) {
            file.trace(self, operation, key);
        }
    }

    /// The same, of the whole map.
    fn trace_all(&self, operation: Operation) {
        self.trace(operation, self.is_traced().then_some(Key::NONE));
    }

    /// Entries are removed whose keys can't be hashed.
    pub(crate) fn removed_untraced(&self, count: u64) {
        self.removed(count);
        if count > 0 && self.is_traced() {
            self.flag(TRACED_IN_PART);
        }
    }

    /// A write: what it left is known by what there is.
    #[inline]
    pub(crate) fn put(&self, layout: &Layout, before: Size, now: Size) {
        self.wrote();
        if now.len > before.len {
            self.inserted((now.len - before.len) as u64);
        }
        self.reserved(layout, before, now);
    }

    /// Room may have been made. An entry that takes the slot of a removed one adds one to the capacity; a larger table, or
    /// one that was swept of removed entries, adds more.
    #[inline]
    pub(crate) fn reserved(&self, layout: &Layout, before: Size, now: Size) {
        if now.capacity > before.capacity + 1 {
            self.grew(layout.table_bytes(now.capacity), before);
        }
    }

    #[cold]
    fn grew(&self, bytes: u64, before: Size) {
        let held = self.held_bytes.load(Relaxed);
        if bytes == held {
            return;
        }
        self.took(bytes);
        if held > 0 {
            self.growths.store(self.growths.load(Relaxed).saturating_add(1), Relaxed);
            add(&self.moved_entries, before.len as u64);
            add(&self.abandoned_bytes, held);
            before.since.grew(self.place.load(Relaxed), self.ty.load(Relaxed), bytes, before.len);
        }
    }

    /// A table takes the place of the one that there is, if any.
    pub(crate) fn took(&self, bytes: u64) {
        add(&self.table_bytes, bytes);
        raise(&self.held_bytes_max, self.held_bytes.load(Relaxed) + bytes);
        self.held_bytes.store(bytes, Relaxed);
    }

    /// A table for at least so many entries takes the place of a larger one.
    pub(crate) fn shrunk(&self, layout: &Layout, entries: usize) {
        let bytes = layout.new_table_bytes(entries);
        if bytes < self.held_bytes.load(Relaxed) {
            self.flag(REPLACED);
            self.took(bytes);
        }
    }

    /// One of the two parts of a map of indices and entries is replaced by one of so many bytes. Where it grew, so many entries
    /// moved. Both exist at once: an array may be extended where it is, which nobody can tell.
    #[cfg(feature = "indexmap")]
    pub(crate) fn replaced(&self, part: Part, [old, new]: [u64; 2], grown: Option<(usize, Since)>) {
        let held = self.held_bytes.load(Relaxed);
        let to = match part {
            Part::Table => &self.table_bytes,
            Part::Array => &self.entry_bytes,
        };
        add(to, new);
        raise(&self.held_bytes_max, held.saturating_add(new));
        self.held_bytes.store(held.saturating_add(new).saturating_sub(old), Relaxed);
        match grown {
            None => self.flag(REPLACED),
            Some((moved, since)) if old > 0 => {
                self.growths.store(self.growths.load(Relaxed).saturating_add(1), Relaxed);
                add(&self.moved_entries, moved as u64);
                add(&self.abandoned_bytes, old);
                since.grew(self.place.load(Relaxed), self.ty.load(Relaxed), new, moved);
            }
            Some(_) => {}
        }
    }

    /// Whether it is known what the map allocates, from now on.
    #[cfg(feature = "indexmap")]
    pub(crate) fn measured(&self, is_known: bool) {
        match is_known {
            true => self.flags.fetch_and(!UNMEASURED, Relaxed),
            false => self.flags.fetch_or(UNMEASURED, Relaxed),
        };
    }

    /// Something was done to it that its trace does not have.
    #[cfg(feature = "indexmap")]
    pub(crate) fn traced_in_part(&self) {
        self.flag(TRACED_IN_PART);
    }

    /// Several threads that look something up may come here at once.
    pub(super) fn end(&self) {
        self.flags.fetch_or(ENDED, Relaxed);
    }

    fn flag(&self, flag: u32) {
        self.flags.store(self.flags.load(Relaxed) | flag, Relaxed);
    }

    /// A new map begins with what another one has.
    pub(crate) fn begins_as(&self, source: &Row, entries: usize) {
        self.begins_with(entries);
        self.took(source.held_bytes.load(Relaxed));
    }

    /// A new map begins with entries that no write put there.
    pub(crate) fn begins_with(&self, entries: usize) {
        self.flag(COPY);
        self.entries.store(entries as u64, Relaxed);
        raise(&self.entries_max, entries as u64);
    }

    /// What it has is replaced by entries that no write put there.
    pub(crate) fn becomes_as(&self, entries: usize) {
        self.flag(REPLACED | TRACED_IN_PART);
        self.begins_with(entries);
    }

    /// What it has is replaced by what another one has, in its own table if that is as large.
    pub(crate) fn becomes(&self, source: &Row, entries: usize) {
        self.becomes_as(entries);
        let bytes = source.held_bytes.load(Relaxed);
        if bytes != self.held_bytes.load(Relaxed) {
            self.took(bytes);
        }
    }
}
