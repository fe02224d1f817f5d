//! The overflow buckets of `go-classic-slab`: chunks of them, named by index.
//!
//! Indices count from 1; 0 is none. Chunk `n` holds the `2^n` buckets from index `2^n` on, so that each new chunk
//! doubles the slab, nothing ever moves, and an index's highest bit tells its chunk. A bucket that the map lets go of
//! goes onto a free list, linked as chains are, and is handed out before one that has never been used. Chunks are given
//! back when the map is dropped, not before.

use std::ptr::NonNull;

use crate::maps::go::heap;
use crate::maps::go::slice::Slice;

/// What the map has of its slab: 32 bytes, the chunks and the directory that names them allocated apart.
#[repr(C)]
pub struct Slab {
    chunks: Slice<NonNull<u8>>,
    /// The highest index that has ever been handed out.
    used: u32,
    /// The first bucket of the free list.
    free: u32,
}

impl Slab {
    pub(super) const fn new() -> Slab {
        assert!(size_of::<Slab>() == 32);
        Slab { chunks: Slice::new(), used: 0, free: 0 }
    }

    /// How many buckets have ever been handed out.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The bucket with this index.
    #[inline]
    pub(super) fn bucket(&self, index: u32, bucket_bytes: usize) -> Option<NonNull<u8>> {
        let chunk = index.checked_ilog2()?;
        let offset = (index - (1 << chunk)) as usize;
        // SAFETY: chunk `n` has `2^n` buckets.
        Some(unsafe { self.chunks.as_slice()[chunk as usize].add(offset * bucket_bytes) })
    }

    /// The index of one of its buckets.
    pub(super) fn index(&self, bucket: NonNull<u8>, bucket_bytes: usize) -> u32 {
        // The last chunk has half of all buckets, the one before it half of the rest.
        for (chunk, first) in self.chunks.as_slice().iter().enumerate().rev() {
            let offset = bucket.addr().get().wrapping_sub(first.addr().get());
            if offset < bucket_bytes << chunk {
                return (1 << chunk) + (offset / bucket_bytes) as u32;
            }
        }
        unreachable!("a bucket that is not of this slab");
    }

    /// The first bucket of the free list.
    pub(super) fn free(&self, bucket_bytes: usize) -> Option<NonNull<u8>> {
        self.bucket(self.free, bucket_bytes)
    }

    /// Makes another the first one.
    pub(super) fn set_free(&mut self, bucket: Option<NonNull<u8>>, bucket_bytes: usize) {
        self.free = bucket.map_or(0, |bucket| self.index(bucket, bucket_bytes));
    }

    /// A bucket that has never been used, all zeros.
    pub(super) fn fresh(&mut self, bucket_bytes: usize, noscan: bool) -> NonNull<u8> {
        let index = self.used.checked_add(1).expect("fewer than 2^32 overflow buckets");
        if index.is_power_of_two() {
            let chunk = heap::alloc_zeroed(bucket_bytes << index.ilog2(), noscan);
            if let Some((backing, bytes)) = self.chunks.push(chunk, false) {
                // SAFETY: the directory has let go of it.
                unsafe { heap::free(backing, bytes, false) };
            }
        }
        self.used = index;
        self.bucket(index, bucket_bytes).expect("its chunk is there")
    }

    /// Gives everything back.
    ///
    /// # Safety
    /// None of its buckets is used again, nor the slab.
    pub(super) unsafe fn release(&self, bucket_bytes: usize, noscan: bool) {
        // SAFETY: allocated by `fresh` and by the directory's `push` with these sizes; the caller's promise.
        unsafe {
            for (chunk, &first) in self.chunks.as_slice().iter().enumerate() {
                heap::free(first, bucket_bytes << chunk, noscan);
            }
            if let Some((backing, bytes)) = self.chunks.backing() {
                heap::free(backing, bytes, false);
            }
        }
    }
}
