//! Go's heap: where its objects are, and how large.
//!
//! An arena is 64 MiB of addresses. The runtime has an index of all arenas, 32 MiB of pointers to a record for each, in
//! which every page has a pointer to its span: pages that are cut into objects of one size. Spans change while a program
//! runs, and with every collection: of an object that is not in the span that was read, the span is read anew.

mod index;
mod span;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use self::index::Index;
use self::span::{Allocated, Span};
use super::memory::{Memory, word};
use super::release::Release;

const PAGE_BYTES: u64 = 8192;
const ARENA_BYTES: u64 = 64 << 20;
const PAGES_IN_ARENA: u64 = ARENA_BYTES / PAGE_BYTES;
/// Larger objects with pointers begin with their type, a pointer.
const HEADERLESS_MAX_BYTES: u64 = 512;
const TYPE_BYTES: u64 = 8;

/// An object of the heap that was allocated, and not yet freed, when its span was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    /// What it takes in the heap, its type included.
    pub bytes: u64,
    /// Whether it has no pointers.
    pub noscan: bool,
    /// Of what it holds, or an array of which it is.
    pub ty: Option<u64>,
}

pub(super) struct Heap<'a> {
    memory: &'a Memory,
    release: Release,
    index: Index,
    /// In the order of their addresses, as they were when the index was read.
    spans: Vec<Span>,
    /// Which of their objects were allocated when that was first asked.
    allocated: RefCell<HashMap<u64, Option<Rc<Allocated>>>>,
}

impl Heap<'_> {
    /// `None` where no index of arenas is found.
    pub(super) fn find(memory: &Memory, release: Release) -> Option<Heap<'_>> {
        let (index, spans) = Index::find(memory, &release)?;
        Some(Heap { memory, release, index, spans, allocated: RefCell::default() })
    }

    /// Bytes of all spans of objects.
    pub(super) fn bytes(&self) -> u64 {
        let objects = self.spans.iter().filter(|span| span.has_objects);
        objects.map(|span| span.end - span.start).fold(0, u64::saturating_add)
    }

    /// Where a stack may be, each a range of addresses.
    pub(super) fn stacks(&self) -> impl Iterator<Item = (u64, u64)> {
        self.spans.iter().filter(|span| !span.has_objects).map(|span| (span.start, span.end))
    }

    /// The allocated object that the address lies in: its span, and the place in the object.
    fn at(&self, at: u64) -> Option<(Span, u64)> {
        let last = self.spans.partition_point(|span| span.start <= at);
        let known = self.spans[..last].last().filter(|span| at < span.end && span.has_objects);
        if let Some(span) = known.filter(|span| self.was_allocated(span, (at - span.start) / span.elem_bytes)) {
            return Some((span.clone(), (at - span.start) % span.elem_bytes));
        }
        let span = self.index.span_at(self.memory, &self.release, at).filter(|span| span.has_objects)?;
        let (index, within) = ((at - span.start) / span.elem_bytes, (at - span.start) % span.elem_bytes);
        let allocated = span.allocated(self.memory, &self.release).filter(|allocated| allocated.has(index));
        allocated.map(|_| (span, within))
    }

    fn was_allocated(&self, span: &Span, index: u64) -> bool {
        let mut all = self.allocated.borrow_mut();
        let known = all.entry(span.start);
        let known = known.or_insert_with(|| span.allocated(self.memory, &self.release).map(Rc::new));
        known.as_ref().is_some_and(|allocated| allocated.has(index))
    }

    /// The object whose content begins there.
    pub(super) fn object(&self, at: u64) -> Option<Object> {
        let (span, within) = self.at(at)?;
        let has_type = self.begins_with_type(&span);
        if within != if has_type { TYPE_BYTES } else { 0 } {
            return None;
        }
        let ty = match has_type {
            true => self.memory.u64(at - TYPE_BYTES),
            false => span.large_type,
        };
        Some(Object { bytes: span.elem_bytes, noscan: span.noscan, ty: ty.filter(|&ty| ty != 0) })
    }

    /// Whether so many bytes from there on lie in one object.
    pub(super) fn has(&self, at: u64, bytes: u64) -> bool {
        let fits = |(span, within): (Span, u64)| within.checked_add(bytes).is_some_and(|end| end <= span.elem_bytes);
        self.at(at).is_some_and(fits)
    }

    fn begins_with_type(&self, span: &Span) -> bool {
        self.release.has_types() && !span.noscan && !span.is_large && span.elem_bytes > HEADERLESS_MAX_BYTES
    }

    /// Every object that names its type: where its content is, the bytes of that, and the type.
    pub(super) fn typed_objects(&self, mut object: impl FnMut(u64, u64, u64)) {
        for span in self.spans.iter().filter(|span| span.has_objects && !span.noscan) {
            if let Some(ty) = span.large_type {
                object(span.start, span.elem_bytes, ty);
            } else if self.begins_with_type(span) {
                span.objects(self.memory, &self.release, |at, bytes| {
                    object(at + TYPE_BYTES, span.elem_bytes - TYPE_BYTES, word(bytes, 0));
                });
            }
        }
    }

    /// Every object of this many bytes that has pointers, with its content.
    pub(super) fn objects_of<const N: usize>(&self, mut object: impl FnMut(u64, &[u8; N])) {
        let is_of = |span: &&Span| span.has_objects && !span.noscan && span.elem_bytes == N as u64;
        for span in self.spans.iter().filter(is_of) {
            span.objects(self.memory, &self.release, |at, bytes| {
                if let Some(content) = bytes.first_chunk() {
                    object(at, content);
                }
            });
        }
    }
}
