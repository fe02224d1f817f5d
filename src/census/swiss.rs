//! Maps of Go 1.24 and later, by `internal/runtime/maps`.
//!
//! A map is told by what agrees in it: its depth with the length of its directory and with its shift, each table with its
//! place in the directory, a table's slots with the size of the object that has its groups, what tables have used with
//! the header, and, where no object names the type, the control words of a table's groups with what it has used. A map
//! of a single group has less: the entries in its control word, the size of its object, and a seed that is no address.

use super::found::{Fits, Found, Parts, Program, Seen};
use super::heap::Object;
use super::memory::{half, word};
use super::types::MapType;

pub(super) const HEADER_BYTES: usize = 48;
const TABLE_BYTES: usize = 32;
pub(super) const SLOTS: u64 = 8;
const TABLE_SLOTS_MAX: u64 = 1024;
const DEPTH_MAX: u8 = 40;
/// How often a map that changes is read again.
const TRIES: usize = 4;
pub(super) const EMPTY: u8 = 0x80;
pub(super) const DELETED: u8 = 0xfe;

pub(super) struct Header {
    pub used: u64,
    seed: u64,
    pub directory: u64,
    pub directory_length: u64,
    pub depth: u8,
    /// Whether all that is neither a number of something nor an address is as in a map.
    is_plain: bool,
    shift: u8,
    /// The number of its row in a recording, for which there is room; 0 or the largest for none.
    record: u32,
}

/// A recording has no more maps.
const RECORDS_MAX: u32 = 1 << 22;

impl Header {
    pub(super) fn of(bytes: &[u8; HEADER_BYTES], is_recorded: bool) -> Header {
        let flags = &bytes[32..40];
        let record = (word(bytes, 32) >> 32) as u32;
        let is_record = record == 0 || is_recorded && (record < RECORDS_MAX || record == u32::MAX);
        Header {
            used: word(bytes, 0),
            seed: word(bytes, 8),
            directory: word(bytes, 16),
            directory_length: word(bytes, 24),
            depth: flags[0],
            shift: flags[1],
            is_plain: flags[2] <= 1 && flags[3] <= 1 && is_record && word(bytes, 40) >> 32 == 0,
            record,
        }
    }

    fn record(&self) -> Option<u32> {
        Some(self.record).filter(|record| (1..RECORDS_MAX).contains(record))
    }

    pub(super) fn has_tables(&self) -> bool {
        self.is_plain
            && self.depth <= DEPTH_MAX
            && self.directory_length == 1 << self.depth
            && self.shift == 64 - self.depth
            && self.directory != 0
    }

    pub(super) fn has_a_group(&self) -> bool {
        // Of 65,536 seeds two have 16 equal bits at the top, as addresses and small numbers have.
        let is_random = !matches!(self.seed >> 48, 0 | 0xffff);
        let is_small = self.used <= SLOTS && self.directory_length == 0 && self.depth == 0 && self.shift == 0;
        self.is_plain && is_small && is_random && self.directory != 0
    }
}

pub(super) struct Table {
    pub used: u64,
    pub capacity: u64,
    pub tombstones: u64,
    pub growth_left: u64,
    pub local_depth: u8,
    pub index: u64,
    pub groups: u64,
    object: Object,
}

/// The tables of a map, in the order of the directory.
pub(super) struct Tables {
    pub all: Vec<Table>,
    /// What else the directory leads to, each once: no tables of this map.
    pub unread: u64,
    directory_bytes: u64,
    parts: Parts,
}

/// What begins at an address. `on_stack` says that what is there may be left over from a map of the past.
pub(super) fn see(program: &Program<'_>, at: u64, first: &[u8; HEADER_BYTES], on_stack: bool) -> Seen {
    let header = Header::of(first, program.is_recorded());
    if !header.has_tables() && (on_stack || !header.has_a_group()) {
        return Seen::Nothing;
    }
    let mut was_map = false;
    for attempt in 0..TRIES {
        let Some(bytes) = (if attempt == 0 { Some(*first) } else { program.memory.array(at) }) else {
            return Seen::Nothing;
        };
        let header = Header::of(&bytes, program.is_recorded());
        if !header.has_tables() {
            match small(program, at, &header).filter(|_| !on_stack) {
                Some(seen) => return seen,
                None if was_map => continue,
                None => return Seen::Nothing,
            }
        }
        match large(program, at, &header, on_stack, true) {
            Ok((found, parts)) => return Seen::Map(Box::new(found), parts),
            // Left over on a stack, it stays as it is.
            Err(looked) => was_map |= looked && (!on_stack || bytes != *first),
        }
        if !was_map && !on_stack {
            return Seen::Nothing;
        }
    }
    if was_map { Seen::Changing(at, on_stack) } else { Seen::Nothing }
}

/// A map of tables. The error says whether what there is does look like one. Of one that is changed while it is read, the parts
/// need not agree: `strict` says whether they must.
pub(super) fn large(
    program: &Program<'_>,
    at: u64,
    header: &Header,
    on_stack: bool,
    strict: bool,
) -> Result<(Found, Parts), bool> {
    let Tables { all: tables, unread, directory_bytes, parts } = tables(program, header, strict).ok_or(false)?;
    if unread > 0 && (strict || tables.is_empty()) {
        return Err(!tables.is_empty());
    }
    if strict && tables.iter().map(|table| table.used).sum::<u64>() != header.used {
        return Err(true);
    }
    let fullest = tables.iter().max_by_key(|table| table.used).ok_or(false)?;
    let has_size = |ty: &MapType| tables.iter().all(|table| program.fits(ty, table.capacity / SLOTS, &table.object));
    let is_taken = !strict || fullest.object.ty.is_some();
    let fits = program.types_of(at, &fullest.object, |ty| has_size(ty) && (is_taken || agrees(program, ty, fullest)));
    let is_of_another = fullest.object.ty.is_none() && !program.types.all().any(|(_, ty)| has_size(ty));
    let fits = fits.or(is_of_another.then_some(Fits::Unknown)).ok_or(true)?;
    let own = if on_stack { 0 } else { HEADER_BYTES as u64 };
    let found = Found {
        address: at,
        record: header.record(),
        group_bytes: program.a_type(&fits).map(|ty| ty.group_bytes),
        kind: program.kind(fits),
        on_stack,
        entries: header.used,
        capacity: tables.iter().map(|table| table.capacity).sum(),
        tombstones: Some(tables.iter().map(|table| table.tombstones).sum()),
        tables: tables.len() as u64,
        table_bytes: own
            + directory_bytes
            + tables.iter().map(|table| TABLE_BYTES as u64 + table.object.bytes).sum::<u64>(),
    };
    Ok((found, parts))
}

/// The tables that a directory leads to, each once; up to the first that is none, if `strict`. `None` where there is no directory.
pub(super) fn tables(program: &Program<'_>, header: &Header, strict: bool) -> Option<Tables> {
    let length = header.directory_length;
    let directory = program.object(header.directory).filter(|object| !object.noscan)?;
    if length.checked_mul(8).is_none_or(|bytes| bytes > directory.bytes) {
        return None;
    }
    let pointers = program.memory.bytes(header.directory, length as usize * 8)?;
    let mut tables =
        Tables { all: Vec::new(), unread: 0, directory_bytes: directory.bytes, parts: vec![header.directory] };
    let mut index = 0;
    while index < length {
        let pointer = word(&pointers, index as usize * 8);
        let of_this = |table: &Table| {
            let is_there = table.index == index && table.local_depth <= header.depth;
            let end = is_there.then(|| index + (1 << (header.depth - table.local_depth)));
            end.filter(|&end| end <= length && (index..end).all(|at| word(&pointers, at as usize * 8) == pointer))
        };
        match table(program, pointer).and_then(|table| Some((of_this(&table)?, table))) {
            Some((end, table)) => {
                index = end;
                tables.parts.push(pointer);
                tables.all.push(table);
            }
            None => {
                tables.unread += 1;
                if strict {
                    break;
                }
                while index < length && word(&pointers, index as usize * 8) == pointer {
                    index += 1;
                }
            }
        }
    }
    Some(tables)
}

fn table(program: &Program<'_>, at: u64) -> Option<Table> {
    program.object(at).filter(|object| object.bytes == TABLE_BYTES as u64 && !object.noscan)?;
    let bytes: [u8; TABLE_BYTES] = program.memory.array(at)?;
    let [used, capacity, growth_left] = [0, 2, 4].map(|field| u64::from(half(&bytes, field)));
    let (groups, mask) = (word(&bytes, 16), word(&bytes, 24));
    let is_whole = capacity.is_power_of_two() && (SLOTS..=TABLE_SLOTS_MAX).contains(&capacity);
    if !is_whole || mask != capacity / SLOTS - 1 || bytes[7] != 0 {
        return None;
    }
    // Seven of eight slots are filled, and all but one of a single group.
    let room = if capacity == SLOTS { SLOTS - 1 } else { capacity / SLOTS * 7 };
    let tombstones = room.checked_sub(used + growth_left)?;
    let object = program.object(groups)?;
    let (local_depth, index) = (bytes[6], word(&bytes, 8));
    Some(Table { used, capacity, tombstones, growth_left, local_depth, index, groups, object })
}

/// Whether the control words are where groups of this type have them, and what they say agrees with the table.
fn agrees(program: &Program<'_>, ty: &MapType, table: &Table) -> bool {
    let (count, size) = ((table.capacity / SLOTS) as usize, ty.group_bytes as usize);
    let bytes = count.checked_mul(size).filter(|&bytes| bytes as u64 <= table.object.bytes);
    let Some(bytes) = bytes.and_then(|bytes| program.memory.bytes(table.groups, bytes)) else { return false };
    let (mut full, mut deleted) = (0, 0);
    for slot in bytes.chunks_exact(size).flat_map(|group| &group[..SLOTS as usize]) {
        match *slot {
            EMPTY => {}
            DELETED => deleted += 1,
            0..EMPTY => full += 1,
            _ => return false,
        }
    }
    full == table.used && deleted == table.tombstones
}

/// A map of a single group.
fn small(program: &Program<'_>, at: u64, header: &Header) -> Option<Seen> {
    let object = header.has_a_group().then(|| program.object(header.directory)).flatten()?;
    let control: [u8; SLOTS as usize] = program.memory.array(header.directory)?;
    let full = control.iter().filter(|&&slot| slot < EMPTY).count() as u64;
    if full != header.used || control.iter().any(|&slot| slot > EMPTY) {
        return None;
    }
    let fits = program.types_of(at, &object, |ty| program.fits(ty, 1, &object))?;
    // Of a type that is none of the program's, too little agrees for it to be a map.
    if fits == Fits::Unknown {
        return None;
    }
    let found = Found {
        address: at,
        record: header.record(),
        group_bytes: program.a_type(&fits).map(|ty| ty.group_bytes),
        kind: program.kind(fits),
        on_stack: false,
        entries: header.used,
        capacity: SLOTS,
        tombstones: Some(0),
        tables: 1,
        table_bytes: HEADER_BYTES as u64 + object.bytes,
    };
    Some(Seen::Map(Box::new(found), vec![header.directory]))
}
