//! A span, `mspan` of `runtime/mheap.go`.

use super::PAGE_BYTES;
use crate::census::memory::{Memory, half, word};
use crate::census::release::Release;

/// A stack can take several arenas, and a large object most of the memory.
const PAGES_MAX: u64 = 1 << 24;
/// A span of small objects has at most ten pages, of the smallest of which 1,024 lie in one.
const SMALL_PAGES_MAX: u64 = 128;
const ELEMS_MAX: u64 = 1 << 16;
/// What of it is read.
const BYTES: usize = 160;
/// How often one that a collection changes is read again.
const TRIES: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The address of its record.
    at: u64,
    pub start: u64,
    pub end: u64,
    /// Objects that are collected; else a stack, or something else of the runtime.
    pub has_objects: bool,
    pub elem_bytes: u64,
    pub elems: u64,
    /// Whether objects have no pointers.
    pub noscan: bool,
    /// A single object, and its type if it has pointers.
    pub is_large: bool,
    pub large_type: Option<u64>,
    /// All objects below are allocated, and of the others those with a bit.
    free_index: u64,
    alloc_bits: u64,
}

impl Span {
    /// A span as it is in memory. `None` for what is none, or is free.
    pub(super) fn read(memory: &Memory, release: &Release, at: u64) -> Option<Span> {
        const START: usize = 24;
        const PAGES: usize = 32;
        const FREE_INDEX: usize = 48;
        let fields = &release.span;
        let bytes: [u8; BYTES] = memory.array(at).filter(|_| at.is_multiple_of(8))?;
        let (start, pages) = (word(&bytes, START), word(&bytes, PAGES));
        let has_objects = match bytes[fields.state] {
            1 => true,
            2 => false,
            _ => return None,
        };
        let is_whole = start.is_multiple_of(PAGE_BYTES) && (1..=PAGES_MAX).contains(&pages);
        let end = start.checked_add(pages.checked_mul(PAGE_BYTES)?).filter(|_| is_whole)?;
        let (free_index, elems) = match fields.wide {
            true => (word(&bytes, FREE_INDEX), word(&bytes, FREE_INDEX + 8)),
            false => (half(&bytes, FREE_INDEX).into(), half(&bytes, FREE_INDEX + 2).into()),
        };
        let elem_bytes = word(&bytes, fields.elem_bytes);
        let class = bytes[fields.class];
        let (noscan, is_large) = (class & 1 == 1, class >> 1 == 0);
        let is_small = pages <= SMALL_PAGES_MAX && elems <= ELEMS_MAX;
        let fits = elem_bytes > 0 && elems.checked_mul(elem_bytes).is_some_and(|all| all <= end - start);
        let large_type = fields.large_type.filter(|_| is_large && !noscan).map(|field| word(&bytes, field));
        (!has_objects || fits && (is_small || is_large && elems == 1)).then(|| Span {
            at,
            start,
            end,
            has_objects,
            elem_bytes,
            elems,
            noscan,
            is_large,
            large_type: large_type.filter(|&ty| ty != 0),
            free_index,
            alloc_bits: word(&bytes, fields.alloc_bits),
        })
    }

    /// The same span as it is now, if it is the same.
    fn again(&self, memory: &Memory, release: &Release) -> Option<Span> {
        let now = Span::read(memory, release, self.at)?;
        let is_same = (now.start, now.end, now.elem_bytes) == (self.start, self.end, self.elem_bytes);
        (is_same && now.has_objects == self.has_objects && now.noscan == self.noscan).then_some(now)
    }

    /// Which objects are allocated. `None` where that span is no more.
    pub(super) fn allocated(&self, memory: &Memory, release: &Release) -> Option<Allocated> {
        let mut span = self.again(memory, release)?;
        for _ in 0..TRIES {
            let bits = memory.bytes(span.alloc_bits, (span.elems as usize).div_ceil(8));
            // A collection that ends has new bits, and leaves the old ones to others.
            let now = span.again(memory, release)?;
            if let Some(bits) = bits.filter(|_| now.alloc_bits == span.alloc_bits && now.free_index >= span.free_index)
            {
                return Some(Allocated { below: span.free_index, elems: span.elems, bits });
            }
            span = now;
        }
        None
    }

    /// Every allocated object of a span of small ones, with what is in it.
    pub(super) fn objects(&self, memory: &Memory, release: &Release, mut object: impl FnMut(u64, &[u8])) {
        let Some(bytes) = memory.bytes(self.start, (self.elems * self.elem_bytes) as usize) else { return };
        let Some(allocated) = self.allocated(memory, release) else { return };
        for (index, content) in (0..).zip(bytes.chunks_exact(self.elem_bytes as usize)) {
            if allocated.has(index) {
                object(self.start + index * self.elem_bytes, content);
            }
        }
    }
}

/// Which objects of a span are allocated.
pub(super) struct Allocated {
    /// All objects below are, and of the others those with a bit.
    below: u64,
    elems: u64,
    bits: Vec<u8>,
}

impl Allocated {
    pub(super) fn has(&self, index: u64) -> bool {
        let has_bit = || self.bits.get((index / 8) as usize).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
        index < self.elems && (index < self.below || has_bit())
    }
}
