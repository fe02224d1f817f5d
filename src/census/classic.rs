//! Maps of Go 1.21 to 1.23, by `runtime/map.go`.
//!
//! A map is told by its count: the cells that are full in its buckets, in the old ones that a growth has not yet emptied,
//! and in all that overflow from them, are exactly as many. Its arrays are as large as `make` makes them.

use super::found::{Found, Parts, Program, Seen};
use super::heap::Object;
use super::memory::{half, word};
use super::types::MapType;
use crate::maps::go::heap::usable_bytes;

pub(super) const HEADER_BYTES: usize = 48;
pub(super) const CELLS: u64 = 8;
const LOG_BUCKETS_MAX: u8 = 40;
const SAME_SIZE: u8 = 8;
pub(super) const MIN_FULL: u8 = 5;
/// How often a map that changes is read again.
const TRIES: usize = 4;

pub(super) struct Header {
    pub count: u64,
    flags: u8,
    pub log_buckets: u8,
    overflows: u16,
    seed: u32,
    pub buckets: u64,
    /// The array that a growth empties, or 0.
    pub old: u64,
    /// Old buckets below this number are evacuated.
    pub evacuated: u64,
    extra: u64,
}

impl Header {
    pub(super) fn of(bytes: &[u8; HEADER_BYTES]) -> Header {
        Header {
            count: word(bytes, 0),
            flags: bytes[8],
            log_buckets: bytes[9],
            overflows: half(bytes, 10),
            seed: (word(bytes, 8) >> 32) as u32,
            buckets: word(bytes, 16),
            old: word(bytes, 24),
            evacuated: word(bytes, 32),
            extra: word(bytes, 40),
        }
    }

    /// Whether a growth makes no larger array, but one with fewer that overflow.
    pub(super) fn grows_to_same_size(&self) -> bool {
        self.flags & SAME_SIZE != 0
    }

    /// How many old buckets there are, as the power of two.
    pub(super) fn log_old_buckets(&self) -> Option<u8> {
        self.log_buckets.checked_sub((!self.grows_to_same_size()).into())
    }

    pub(super) fn is_plausible(&self, on_stack: bool) -> bool {
        let smallest = if on_stack { 1 } else { 0 };
        let is_small = self.log_buckets == 0;
        self.flags < 16
            && (smallest..=LOG_BUCKETS_MAX).contains(&self.log_buckets)
            && self.count >> 48 == 0
            && self.buckets != 0
            && !(is_small && self.seed >> 16 == 0)
            && self.evacuated <= 1 << self.log_buckets
            && !(is_small && (self.count > CELLS || self.overflows != 0 || self.old != 0 || self.evacuated != 0))
            && (self.old != 0 || self.flags & SAME_SIZE == 0)
    }
}

/// What begins at an address. `on_stack` says that what is there may be left over from a map of the past.
pub(super) fn see(program: &Program<'_>, at: u64, first: &[u8; HEADER_BYTES], on_stack: bool) -> Seen {
    let mut was_map = false;
    for attempt in 0..TRIES {
        let Some(bytes) = (if attempt == 0 { Some(*first) } else { program.memory.array(at) }) else { break };
        let header = Header::of(&bytes);
        if !header.is_plausible(on_stack) {
            break;
        }
        match map(program, at, &header, on_stack, true) {
            Ok((found, parts)) => return Seen::Map(Box::new(found), parts),
            Err(looked) => was_map |= looked && bytes != *first,
        }
    }
    if was_map { Seen::Changing(at, on_stack) } else { Seen::Nothing }
}

/// The buckets of an array, those that `make` adds for what overflows included.
fn buckets_of(program: &Program<'_>, ty: &MapType, log: u8) -> u64 {
    let mut count = 1 << log;
    if log >= 4 {
        count += 1 << (log - 4);
        let headerless = !ty.has_pointers || !program.has_headers();
        let bytes = usize::try_from(ty.group_bytes).ok().and_then(|bytes| bytes.checked_mul(count as usize));
        count = bytes.map_or(0, |bytes| usable_bytes(bytes, headerless) as u64 / ty.group_bytes);
    }
    count
}

/// An array of buckets that entries are in.
struct Array {
    at: u64,
    log_buckets: u8,
    object: Object,
}

/// What the buckets of a map hold, if they are of a type.
struct Held {
    full: u64,
    /// Bytes of buckets that lie in none of the arrays.
    overflow_bytes: u64,
}

/// A map. The error says whether what there is does look like one. Of one that is changed while it is read, the parts need not
/// agree: `strict` says whether they must.
pub(super) fn map(
    program: &Program<'_>,
    at: u64,
    header: &Header,
    on_stack: bool,
    strict: bool,
) -> Result<(Found, Parts), bool> {
    let log_buckets = header.log_buckets;
    let array = |at, log_buckets| Some(Array { at, log_buckets, object: program.object(at)? });
    let mut arrays = vec![array(header.buckets, log_buckets).ok_or(false)?];
    if header.old != 0 {
        let old = header.log_old_buckets().and_then(|log_buckets| array(header.old, log_buckets));
        arrays.push(old.ok_or(false)?);
    }
    let fit = |ty: &MapType| {
        let fits = |array: &Array| program.fits(ty, buckets_of(program, ty, array.log_buckets), &array.object);
        arrays.iter().all(fits)
    };
    let holds = |ty: &MapType| held(program, ty, &arrays, header).filter(|held| held.full == header.count);
    program.types_of(at, &arrays[0].object, fit).ok_or(false)?;
    let fits = program.types_of(at, &arrays[0].object, |ty| fit(ty) && (!strict || holds(ty).is_some())).ok_or(true)?;
    let ty = program.a_type(&fits).ok_or(false)?;
    let overflow_bytes = match holds(ty) {
        Some(held) => held.overflow_bytes,
        None if strict => return Err(true),
        None => 0,
    };
    let own = if on_stack { 0 } else { HEADER_BYTES as u64 };
    let found = Found {
        address: at,
        record: None,
        group_bytes: Some(ty.group_bytes),
        kind: program.kind(fits),
        on_stack,
        entries: header.count,
        capacity: CELLS << log_buckets,
        tombstones: None,
        tables: arrays.len() as u64,
        table_bytes: own
            + arrays.iter().map(|array| array.object.bytes).sum::<u64>()
            + overflow_bytes
            + extra_bytes(program, header.extra),
    };
    Ok((found, arrays.iter().map(|array| array.at).collect()))
}

/// Goes through all buckets. `None` where they are none of this type.
fn held(program: &Program<'_>, ty: &MapType, arrays: &[Array], header: &Header) -> Option<Held> {
    const PIECE_BYTES: u64 = 1 << 20;
    let size = ty.group_bytes;
    let mut held = Held { full: 0, overflow_bytes: 0 };
    // A chain that leads back into itself has no end.
    let mut budget = header.count + (4 << header.log_buckets) + 1024;
    let own_bytes = |at: u64| {
        let in_array = arrays.iter().any(|array| {
            let within = at.checked_sub(array.at).filter(|&within| within < array.object.bytes);
            within.is_some_and(|within| within.is_multiple_of(size))
        });
        if in_array { Some(0) } else { program.object(at).filter(|own| program.fits(ty, 1, own)).map(|own| own.bytes) }
    };
    for array in arrays {
        let (mut done, count) = (0, 1 << array.log_buckets);
        while done < count {
            let now = (PIECE_BYTES / size).clamp(1, count - done);
            let bytes = program.memory.bytes(array.at + done * size, (now * size) as usize)?;
            for bucket in bytes.chunks_exact(size as usize) {
                held.full += full(bucket)?;
                let mut next = word(bucket, bucket.len() - 8);
                while next != 0 {
                    budget = budget.checked_sub(1)?;
                    held.overflow_bytes += own_bytes(next)?;
                    let bucket = program.memory.bytes(next, size as usize)?;
                    held.full += full(&bucket)?;
                    next = word(&bucket, bucket.len() - 8);
                }
            }
            done += now;
        }
    }
    Some(held)
}

/// The cells of a bucket that are full and not evacuated.
fn full(bucket: &[u8]) -> Option<u64> {
    let cells = bucket.get(..CELLS as usize)?;
    Some(cells.iter().filter(|&&top| top >= MIN_FULL).count() as u64)
}

/// What a map without pointers in its buckets keeps, to have the collector see those that overflow.
fn extra_bytes(program: &Program<'_>, extra: u64) -> u64 {
    let object_bytes = |at: u64| if at == 0 { 0 } else { program.object(at).map_or(0, |object| object.bytes) };
    let slices = [extra, extra.saturating_add(8)].map(|field| program.memory.u64(field).unwrap_or(0));
    match object_bytes(extra) {
        0 => 0,
        own => {
            let slice = |at: u64| object_bytes(at) + program.memory.u64(at).map_or(0, object_bytes);
            own + slices.into_iter().filter(|&at| at != 0).map(slice).sum::<u64>()
        }
    }
}
