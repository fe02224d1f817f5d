//! Go's tiny allocator: objects under 16 bytes that hold no pointers share blocks of 16 bytes.
//!
//! Go has one current block for each processor, and whatever the program allocates meanwhile takes its share of it. Here
//! each map has a current block of its own, as if the program did nothing besides.
//!
//! A block is one allocation of Rust's; an object that fits into it later is none, and told as an event instead. The
//! block is freed when its objects are and it is not the current one any more.

use std::ptr::NonNull;

use crate::maps::go::{aside, heap};
use crate::probe::event::{Event, Probe};

/// The size of a block. Smaller objects without pointers are tiny.
pub const BLOCK_BYTES: usize = 16;

/// What is known of a block; not on Go's heap.
pub struct Block {
    memory: NonNull<u8>,
    /// Objects in use.
    users: u32,
    /// Whether the next object may be put here.
    current: bool,
}

/// What of the current block is taken, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Taken(usize);

impl Taken {
    /// All of it, or there is none.
    pub const NONE: Taken = Taken(BLOCK_BYTES);

    /// Takes room for an object of `size` bytes (1 to 15): where in the current block it begins; `None` where it begins a
    /// new one. Of two blocks, the one with more room left is the current one.
    pub fn take(&mut self, size: usize) -> Option<usize> {
        debug_assert!((1..BLOCK_BYTES).contains(&size));
        let start = self.0.next_multiple_of(align(size));
        if start + size <= BLOCK_BYTES {
            self.0 = start + size;
            return Some(start);
        }
        self.0 = self.0.min(size);
        None
    }
}

/// The current block.
pub struct Tiny<P> {
    block: Option<NonNull<Block>>,
    taken: Taken,
    probe: P,
}

impl<P: Probe> Tiny<P> {
    /// No block yet.
    pub const fn new(probe: P) -> Tiny<P> {
        Tiny { block: None, taken: Taken::NONE, probe }
    }

    /// Allocates an object of `size` bytes (1 to 15), its content undefined. The block that it lies in is told for
    /// [`free`].
    pub fn alloc(&mut self, size: usize) -> (NonNull<u8>, NonNull<Block>) {
        let before = self.taken.0;
        if let Some(start) = self.taken.take(size)
            && let Some(at) = self.block
        {
            // SAFETY: the current block is not freed, and nothing else refers to what is known of it now.
            let block = unsafe { &mut *at.as_ptr() };
            if block.users == 0 {
                // The end of the last object in it was held back, since the block's own might have told it.
                self.probe.emit(Event::SharedFree);
            }
            block.users += 1;
            self.probe.emit(Event::SharedAlloc);
            // SAFETY: within the block.
            let object = unsafe { block.memory.add(start) };
            if self.taken.0 == BLOCK_BYTES {
                self.let_go();
            }
            return (object, at);
        }
        let memory = heap::alloc(BLOCK_BYTES, true);
        let current = size < before;
        let block = aside::put(Block { memory, users: 1, current });
        if current {
            self.let_go();
            self.block = Some(block);
        }
        (memory, block)
    }

    /// A block that is full, or has less room than another, is current no more.
    fn let_go(&mut self) {
        let Some(at) = self.block.take() else { return };
        // SAFETY: as in `alloc`.
        let block = unsafe { &mut *at.as_ptr() };
        block.current = false;
        if block.users == 0 {
            // SAFETY: no object is in use, and it is not the current block.
            unsafe { free_block(at) };
        }
    }
}

impl<P> Drop for Tiny<P> {
    fn drop(&mut self) {
        if let Some(at) = self.block.take() {
            // SAFETY: as in `let_go`.
            unsafe {
                (*at.as_ptr()).current = false;
                if (*at.as_ptr()).users == 0 {
                    free_block(at);
                }
            }
        }
    }
}

/// What Go aligns an object of this size to, whatever its type needs.
const fn align(size: usize) -> usize {
    match size {
        _ if size.is_multiple_of(8) => 8,
        _ if size.is_multiple_of(4) => 4,
        _ if size.is_multiple_of(2) => 2,
        _ => 1,
    }
}

/// Gives a tiny object back.
///
/// # Safety
/// [`Tiny::alloc`] put an object into this block that has not been given back, and it is used no more.
pub unsafe fn free(block: NonNull<Block>, probe: impl Probe) {
    // SAFETY: a block with an object in use is there, and nothing else refers to what is known of it now.
    let known = unsafe { &mut *block.as_ptr() };
    known.users -= 1;
    if known.users > 0 {
        probe.emit(Event::SharedFree);
    } else if !known.current {
        // SAFETY: no object is in use, and it is not the current block.
        unsafe { free_block(block) };
    }
}

/// # Safety
/// No object in the block is in use, and it is not the current block.
unsafe fn free_block(block: NonNull<Block>) {
    // SAFETY: the caller's promise; allocated by `Tiny::alloc`.
    unsafe {
        let block = aside::take(block);
        heap::free(block.memory, BLOCK_BYTES, true);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts the allocations and frees that are told.
    #[derive(Clone, Copy)]
    struct Told<'a>(&'a Cell<(u64, u64)>);

    impl Probe for Told<'_> {
        const ON: bool = true;
        fn emit(self, event: Event) {
            let (allocs, frees) = self.0.get();
            self.0.set(match event {
                Event::SharedAlloc => (allocs + 1, frees),
                Event::SharedFree => (allocs, frees + 1),
                other => panic!("{other:?}"),
            });
        }
    }

    /// Which objects share a block with one before.
    fn shares(sizes: &[usize]) -> Vec<bool> {
        let told = Cell::new((0, 0));
        let mut tiny = Tiny::new(Told(&told));
        let mut blocks = Vec::new();
        let shares = sizes.iter().map(|&size| {
            let before = told.get().0;
            blocks.push(tiny.alloc(size).1);
            told.get().0 > before
        });
        let shares = shares.collect();
        for block in blocks {
            // SAFETY: one object for each time the block was told.
            unsafe { free(block, Told(&told)) };
        }
        shares
    }

    #[test]
    fn objects_are_packed_as_they_fit() {
        assert_eq!(shares(&[8, 8, 8, 8]), [false, true, false, true]);
        assert_eq!(shares(&[1, 2, 4, 8, 1]), [false, true, true, true, false]);
        // 15 bytes are taken, but the last of them begins at a multiple of 4.
        assert_eq!(shares(&[4, 4, 1, 4, 1]), [false, true, true, true, false]);
    }

    #[test]
    fn the_block_with_more_room_stays_the_current_one() {
        // The 12 bytes don't fit behind the 8; the 8 left there are more than the 4 left behind the 12.
        assert_eq!(shares(&[8, 12, 8, 12, 8, 8]), [false, false, true, false, false, true]);
    }

    #[test]
    fn every_object_is_freed_once() {
        let told = Cell::new((0, 0));
        let mut tiny = Tiny::new(Told(&told));
        let (_, first) = tiny.alloc(4);
        // SAFETY: the object just allocated.
        unsafe { free(first, Told(&told)) };
        assert_eq!(told.get(), (0, 0), "the current block stays");
        let (_, second) = tiny.alloc(4);
        assert_eq!((first, told.get()), (second, (1, 1)), "and has room; what ended there is told");
        let (_, third) = tiny.alloc(8);
        assert_eq!((first, told.get()), (third, (2, 1)));
        // SAFETY: the two objects just allocated; the block, full, is not the current one.
        unsafe {
            free(second, Told(&told));
            assert_eq!(told.get(), (2, 2));
            free(third, Told(&told));
        }
        assert_eq!(told.get(), (2, 2), "the last one's end is the block's");
    }
}
