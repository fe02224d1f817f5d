//! Buckets and what overflows from them, of Go 1.21 to 1.23.

use std::collections::BTreeMap;

use super::super::classic::{CELLS, Header, MIN_FULL, map};
use super::super::found::{Found, Program};
use super::super::memory::word;
use super::BYTES_MAX;

/// A map of buckets.
#[derive(Debug, Default)]
pub struct Classic {
    /// Buckets of its array, without what overflows from them.
    pub array: u64,
    /// Those that look-ups go to: all of them but where a growth has not yet filled them.
    pub buckets: Buckets,
    /// The growth that has begun and not ended.
    pub growth: Option<Growth>,
}

/// A growth that goes on: each write copies one or two buckets.
#[derive(Debug, Default)]
pub struct Growth {
    /// Whether the new array is as large as the old one, to have fewer that overflow.
    pub is_same_size: bool,
    /// Buckets of the old array.
    pub old: u64,
    /// Those that are copied.
    pub evacuated: u64,
    /// All below this number are copied.
    pub reached: u64,
    /// Those that are not: their entries are still to be copied.
    pub waiting: Buckets,
    /// The first of these, and the entries of each.
    pub copies: Vec<(u64, u64)>,
}

/// What buckets have, with all that overflow from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    /// Buckets that were looked into.
    pub count: u64,
    /// Buckets by how many overflow from them.
    pub by_overflow: BTreeMap<u64, u64>,
    /// Buckets by how many entries they and what overflows from them have.
    pub by_entries: BTreeMap<u64, u64>,
    /// Entries by how many buckets a look-up visits up to theirs.
    pub hits: BTreeMap<u64, u64>,
    /// Cells of removed entries: others follow, and look-ups go past.
    pub tombstones: u64,
    /// Cells after the last entry.
    pub rest: u64,
    /// Buckets of which not all that overflows could be read: it was changed meanwhile, or leads back to itself.
    pub cut: u64,
    /// Buckets that could not be read.
    pub unread: u64,
    /// Buckets that were not looked into: the map is too large.
    pub beyond: u64,
}

impl Buckets {
    /// Entries.
    pub fn entries(&self) -> u64 {
        self.hits.values().sum()
    }

    /// Buckets that overflow from others.
    pub fn overflows(&self) -> u64 {
        self.by_overflow.iter().map(|(overflows, buckets)| overflows * buckets).sum()
    }

    fn add(&mut self, chain: &Chain) {
        let more = |of: &mut BTreeMap<u64, u64>, at: u64, count: u64| *of.entry(at).or_insert(0) += count;
        self.count += 1;
        more(&mut self.by_overflow, chain.full.len() as u64 - 1, 1);
        more(&mut self.by_entries, chain.full.iter().sum(), 1);
        for (visits, &full) in (1..).zip(&chain.full).filter(|(_, full)| **full > 0) {
            more(&mut self.hits, visits, full);
        }
        self.tombstones += chain.tombstones;
        self.rest += chain.rest;
        self.cut += u64::from(chain.is_cut);
    }

    fn is_whole(&self) -> bool {
        self.cut == 0 && self.unread == 0
    }
}

/// A bucket and what overflows from it.
#[derive(Default)]
struct Chain {
    /// Entries of each.
    full: Vec<u64>,
    tombstones: u64,
    rest: u64,
    is_cut: bool,
}

/// The most buckets that are followed from one, and from all.
const CHAIN_MAX: usize = 1024;
const OVERFLOWS_MAX: u64 = 1 << 24;
/// The most buckets whose copies are listed.
const COPIES_MAX: usize = 4096;
const PIECE_BYTES: u64 = 1 << 20;
const EMPTY_ONE: u8 = 1;
const EVACUATED: std::ops::RangeInclusive<u8> = 2..=4;

/// What reads the buckets of a map.
struct Reader<'a> {
    program: &'a Program<'a>,
    bucket_bytes: u64,
    bytes_left: u64,
    overflows_left: u64,
}

impl Reader<'_> {
    /// Hands out the first so many buckets of an array, each with its number; gives how many could not be read, and how many
    /// are beyond what is looked into.
    fn heads(&mut self, at: u64, count: u64, mut bucket: impl FnMut(&mut Self, u64, &[u8])) -> (u64, u64) {
        let (size, mut done, mut unread) = (self.bucket_bytes, 0, 0);
        while done < count {
            let now = (PIECE_BYTES / size).clamp(1, count - done);
            let start = done.checked_mul(size).and_then(|within| at.checked_add(within));
            let Some((start, left)) = start.zip(self.bytes_left.checked_sub(now * size)) else { break };
            self.bytes_left = left;
            match self.program.memory.bytes(start, (now * size) as usize) {
                Some(bytes) => (done..)
                    .zip(bytes.chunks_exact(size as usize))
                    .for_each(|(index, bytes)| bucket(self, index, bytes)),
                None => unread += now,
            }
            done += now;
        }
        (unread, count - done)
    }

    fn chain(&mut self, head: &[u8]) -> Chain {
        let mut chain = Chain::default();
        let (mut bytes, mut known) = (head.to_vec(), Vec::new());
        loop {
            let cells = &bytes[..CELLS as usize];
            chain.full.push(cells.iter().filter(|&&top| top >= MIN_FULL).count() as u64);
            chain.tombstones += cells.iter().filter(|&&top| top == EMPTY_ONE).count() as u64;
            chain.rest += cells.iter().filter(|&&top| top == 0).count() as u64;
            let next = word(&bytes, bytes.len() - 8);
            if next == 0 {
                break;
            }
            let is_new = known.len() < CHAIN_MAX && !known.contains(&next);
            let left = self.overflows_left.checked_sub(1).filter(|_| is_new);
            let read = left.filter(|_| self.program.heap.has(next, self.bucket_bytes));
            let read = read.and_then(|_| self.program.memory.bytes(next, self.bucket_bytes as usize));
            let Some(read) = read else {
                chain.is_cut = true;
                break;
            };
            self.overflows_left -= 1;
            known.push(next);
            bytes = read;
        }
        chain
    }
}

/// The map that has changed whenever it was read, as far as it can be told.
pub(super) fn changing(program: &Program<'_>, at: u64, on_stack: bool) -> Option<Found> {
    let header = Header::of(&program.memory.array(at)?);
    let is_plausible = header.is_plausible(on_stack);
    is_plausible.then(|| map(program, at, &header, on_stack, false).ok()).flatten().map(|(found, _)| found)
}

/// Its inside, and whether that agrees with its header. `None` where it is no such map any more.
pub(super) fn read(program: &Program<'_>, map: &Found) -> Option<(Classic, bool)> {
    let before = program.memory.array(map.address)?;
    let header = Header::of(&before);
    let bucket_bytes = map.group_bytes.filter(|&bytes| bytes >= CELLS + 8 && header.is_plausible(map.on_stack))?;
    let mut reader = Reader { program, bucket_bytes, bytes_left: BYTES_MAX, overflows_left: OVERFLOWS_MAX };
    let mut classic = Classic { array: 1 << header.log_buckets, ..Classic::default() };
    // Which old buckets are copied; no entry for those that could not be read.
    let mut copied = Vec::new();
    if header.old != 0 {
        let old = 1_u64 << header.log_old_buckets()?;
        let mut growth = Growth {
            is_same_size: header.grows_to_same_size(),
            old,
            reached: header.evacuated.min(old),
            ..Growth::default()
        };
        let (unread, beyond) = reader.heads(header.old, old, |reader, index, head| {
            let is_copied = EVACUATED.contains(&head[0]);
            copied.resize(index as usize, false);
            copied.push(is_copied);
            if is_copied {
                growth.evacuated += 1;
                return;
            }
            let chain = reader.chain(head);
            growth.waiting.add(&chain);
            if growth.copies.len() < COPIES_MAX {
                growth.copies.push((index, chain.full.iter().sum()));
            }
        });
        (growth.waiting.unread, growth.waiting.beyond) = (unread, beyond);
        classic.growth = Some(growth);
    }
    let buckets = &mut classic.buckets;
    let is_growing = header.old != 0;
    let (unread, beyond) = reader.heads(header.buckets, classic.array, |reader, index, head| {
        // Of the two that an old one is copied into, the upper one has its number and the number of old buckets.
        let of_old = classic.growth.as_ref().map_or(0, |growth| index & (growth.old - 1));
        if !is_growing || copied.get(of_old as usize).is_some_and(|&copied| copied) {
            let chain = reader.chain(head);
            buckets.add(&chain);
        }
    });
    (buckets.unread, buckets.beyond) = (unread, beyond);
    let (mut is_whole, mut entries, mut is_all) = (true, 0, true);
    for buckets in classic.growth.iter().map(|growth| &growth.waiting).chain([&*buckets]) {
        is_whole &= buckets.is_whole();
        entries += buckets.entries();
        is_all &= buckets.beyond == 0;
    }
    let is_of_map = map.entries == header.count && map.capacity == CELLS << header.log_buckets;
    let after: Option<[u8; super::HEADER_BYTES]> = program.memory.array(map.address);
    let agrees = is_whole && is_of_map && (!is_all || entries == header.count) && after == Some(before);
    Some((classic, agrees))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_added_up() {
        let mut buckets = Buckets::default();
        buckets.add(&Chain { full: vec![8, 8, 1], tombstones: 2, rest: 5, is_cut: false });
        buckets.add(&Chain { full: vec![0], tombstones: 0, rest: 8, is_cut: false });
        buckets.add(&Chain { full: vec![8], tombstones: 0, rest: 0, is_cut: true });
        assert_eq!((buckets.count, buckets.entries(), buckets.overflows()), (3, 25, 2));
        assert_eq!(buckets.by_overflow, BTreeMap::from([(0, 2), (2, 1)]));
        assert_eq!(buckets.by_entries, BTreeMap::from([(0, 1), (8, 1), (17, 1)]));
        assert_eq!(buckets.hits, BTreeMap::from([(1, 16), (2, 8), (3, 1)]));
        assert_eq!((buckets.tombstones, buckets.rest, buckets.cut), (2, 13, 1));
        assert!(!buckets.is_whole());
    }
}
