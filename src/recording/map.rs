//! One map of a recording.

use super::bytes::Bytes;

/// One map. Bytes are those of the heap, as `MemStats` counts them: whole size classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a column of docs/RECORDING.md")]
pub struct Map {
    pub number: u32,
    pub place: u32,
    pub hint: u32,
    pub ty: u32,
    pub flags: u32,
    /// The number of the period in which it began to be recorded.
    pub period: u32,
    pub writes: u64,
    pub inserts: u64,
    pub removes: u64,
    pub lookups: u64,
    pub entries: u64,
    pub entries_max: u64,
    pub growths: u32,
    pub clears: u32,
    pub moved_entries: u64,
    pub table_bytes: u64,
    pub entry_bytes: u64,
    pub abandoned_bytes: u64,
    pub held_bytes: u64,
    pub held_bytes_max: u64,
    pub iterations: u64,
    /// Lists of entries that became trees.
    pub treeifications: u64,
}

impl Map {
    /// Whether its header is no object of the heap, or was one before it was recorded.
    pub fn without_header(&self) -> bool {
        const ON_STACK: u32 = 1;
        const SEEN_LATE: u32 = 2;
        self.flags & (ON_STACK | SEEN_LATE) != 0
    }

    /// Whether it was made as a copy of another (`maps.Clone`).
    pub fn is_copy(&self) -> bool {
        const COPY: u32 = 8;
        self.flags & COPY != 0
    }

    /// Whether its table was replaced otherwise than by growing (`shrink_to_fit`): what a hint would save is not known.
    pub fn was_replaced(&self) -> bool {
        const REPLACED: u32 = 32;
        self.flags & REPLACED != 0
    }

    /// Whether it was used after recording was switched off: its figures are of what was done to it before.
    pub fn was_ended(&self) -> bool {
        const ENDED: u32 = 256;
        self.flags & ENDED != 0
    }

    /// Whether it is known how many bytes it held.
    pub fn has_held(&self) -> bool {
        const NOT_HELD: u32 = 128;
        self.flags & NOT_HELD == 0
    }

    /// Whether it is known what it allocated: bytes, growths and moves, of which the rest is of no use.
    pub fn is_measured(&self) -> bool {
        const UNMEASURED: u32 = 512;
        self.flags & UNMEASURED == 0
    }

    /// Whether its operations are traced.
    pub fn is_traced(&self) -> bool {
        const TRACED: u32 = 16;
        self.flags & TRACED != 0
    }

    /// Whether a trace has not all that was done to it: it began with entries, or lost some by their values (`retain`).
    pub fn is_traced_in_part(&self) -> bool {
        const IN_PART: u32 = 64;
        self.is_copy() || self.flags & IN_PART != 0
    }

    /// The map of this number, whose row is there, so long.
    pub(super) fn parse(file: &Bytes<'_>, number: u32, at: usize, length: usize) -> Map {
        let short = |field| file.u32(at + field);
        let long = |field| file.u64(at + field);
        Map {
            number,
            place: short(0),
            hint: short(4),
            ty: short(8),
            flags: short(12) & 0xffff,
            period: short(12) >> 16,
            writes: long(16),
            inserts: long(24),
            removes: long(32),
            lookups: long(40),
            entries: long(48),
            entries_max: long(56),
            growths: short(64),
            clears: short(68),
            moved_entries: long(72),
            table_bytes: long(80),
            entry_bytes: long(88),
            abandoned_bytes: long(96),
            held_bytes: long(104),
            held_bytes_max: long(112),
            iterations: long(120),
            treeifications: if length > MAP_BYTES { long(MAP_BYTES) } else { 0 },
        }
    }

    /// Refuses what no map can have come to, so that figures can be worked out from it.
    pub(super) fn check(self) -> Result<Map, String> {
        for (name, figure, max) in [
            ("writes", self.writes, COUNT_MAX),
            ("inserts", self.inserts, COUNT_MAX),
            ("removes", self.removes, COUNT_MAX),
            ("lookups", self.lookups, COUNT_MAX),
            ("entries", self.entries, ENTRIES_MAX),
            ("most entries", self.entries_max, ENTRIES_MAX),
            ("moved entries", self.moved_entries, COUNT_MAX),
            ("bytes of tables", self.table_bytes, COUNT_MAX),
            ("bytes of entries", self.entry_bytes, COUNT_MAX),
            ("abandoned bytes", self.abandoned_bytes, COUNT_MAX),
            ("bytes held", self.held_bytes, COUNT_MAX),
            ("most bytes held", self.held_bytes_max, COUNT_MAX),
            ("iterations", self.iterations, COUNT_MAX),
            ("treeifications", self.treeifications, COUNT_MAX),
        ] {
            bounded(name, figure, 0, max)?;
        }
        Ok(self)
    }
}

/// Bytes of a row, where the file says nothing else.
pub(super) const MAP_BYTES: usize = 128;
/// A byte of a processor's address space each.
pub(super) const ENTRIES_MAX: u64 = 1 << 48;
/// One a nanosecond for a hundred days.
pub(super) const COUNT_MAX: u64 = 1 << 53;
/// A number of a file, where it can be that.
pub(super) fn bounded(name: &str, figure: u64, min: u64, max: u64) -> Result<u64, String> {
    let is_possible = (min..=max).contains(&figure);
    is_possible.then_some(figure).ok_or_else(|| format!("is damaged: {name}: {figure}; expected {min} to {max}"))
}
