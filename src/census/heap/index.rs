//! The index of arenas, `arenas` of `runtime/mheap.go`.
//!
//! It is found without symbols, which a stripped program lacks: one of the words in the program's data points to it, and
//! of whatever else they may point to, nothing has spans that begin where they say.

use std::collections::{HashMap, HashSet};

use super::span::Span;
use super::{ARENA_BYTES, PAGE_BYTES, PAGES_IN_ARENA};
use crate::census::memory::{Memory, word};
use crate::census::release::Release;

const ENTRIES: u64 = 1 << 22;
/// Addresses of amd64 are counted from the middle of what can be addressed, those of arm64 from 0.
const BASES: [u64; 2] = [0x8000_0000_0000, 0];

pub(super) struct Index {
    /// Where the pages of an arena have their spans, by the number of the arena.
    pages: HashMap<u64, u64>,
}

impl Index {
    /// The index, and all spans.
    pub(super) fn find(memory: &Memory, release: &Release) -> Option<(Index, Vec<Span>)> {
        let all = arenas(memory);
        // The first arenas are where Go asks for them, on amd64 and on arm64: nearly always a few tell the index.
        let usual = [0xc0_0000_0000, 0x40_0000_0000].map(|at| at / ARENA_BYTES);
        let first = all.iter().copied().filter(|arena| usual.iter().any(|usual| (*usual..usual + 16).contains(arena)));
        let first: Vec<u64> = first.collect();
        let (at, base) = place(memory, release, &first).or_else(|| place(memory, release, &all))?;
        Index::read(memory, release, at, base, &all)
    }

    /// `None` if that is no index.
    fn read(memory: &Memory, release: &Release, at: u64, base: u64, arenas: &[u64]) -> Option<(Index, Vec<Span>)> {
        let (mut index, mut spans) = (Index { pages: HashMap::new() }, Vec::new());
        for &arena in arenas {
            let entry = arena + base / ARENA_BYTES;
            let record = (entry < ENTRIES).then(|| memory.u64(at + entry * 8)).flatten().filter(|&record| record != 0);
            let Some(pages) = record.and_then(|record| record.checked_add(release.arena_spans)) else { continue };
            let Some(table) = memory.bytes(pages, PAGES_IN_ARENA as usize * 8) else { continue };
            index.pages.insert(arena, pages);
            let mut page = 0;
            while page < PAGES_IN_ARENA {
                let start = arena * ARENA_BYTES + page * PAGE_BYTES;
                let at = word(&table, page as usize * 8);
                // The record of a span is there for good, whatever becomes of the span.
                if at != 0 && memory.u64(at).is_none_or(|_| !at.is_multiple_of(8)) {
                    return None;
                }
                let span = (at != 0).then(|| Span::read(memory, release, at)).flatten();
                let span = span.filter(|span| span.start == start);
                page += span.as_ref().map_or(1, |span| (span.end - span.start) / PAGE_BYTES);
                spans.extend(span);
            }
        }
        (!spans.is_empty()).then_some((index, spans))
    }

    /// The span that an address lies in now.
    pub(super) fn span_at(&self, memory: &Memory, release: &Release, at: u64) -> Option<Span> {
        let pages = self.pages.get(&(at / ARENA_BYTES))?;
        let span = memory.u64(pages + at % ARENA_BYTES / PAGE_BYTES * 8)?;
        Span::read(memory, release, span).filter(|span| (span.start..span.end).contains(&at))
    }
}

/// The numbers of all arenas that can have memory.
fn arenas(memory: &Memory) -> Vec<u64> {
    let regions = memory.regions.iter().filter(|region| region.writable && !region.of_program);
    let arenas = regions.flat_map(|region| region.start / ARENA_BYTES..=(region.end - 1) / ARENA_BYTES);
    let mut arenas: Vec<_> = arenas.take(ENTRIES as usize).collect();
    arenas.dedup();
    arenas
}

/// Where the index is, if it has one of these arenas, and from where it counts.
fn place(memory: &Memory, release: &Release, arenas: &[u64]) -> Option<(u64, u64)> {
    /// Entries looked at in what may be an index and is none.
    const PROBES_MAX: usize = 1 << 24;
    let (mut known, mut probes) = (HashSet::new(), 0);
    let mut found = None;
    for region in memory.data().filter(|region| region.writable) {
        memory.scan(region.start, region.end, 0, |_, bytes| {
            for at in (0..bytes.len()).step_by(8) {
                let at = word(bytes, at);
                let may_be = found.is_none() && probes < PROBES_MAX && memory.is_writable(at, ENTRIES * 8);
                if may_be && at.is_multiple_of(8) && !memory.is_of_program(at) && known.insert(at) {
                    probes += arenas.len();
                    let is = |&base: &u64| Index::read(memory, release, at, base, arenas).is_some();
                    found = BASES.into_iter().find(is).map(|base| (at, base));
                }
            }
        });
    }
    found
}
