//! The process-wide switch, in a process of its own.

use std::alloc::{GlobalAlloc, Layout, System};

use counting_alloc::harness::set_realloc_always_moves;
use counting_alloc::{Counting, measure};

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

#[test]
fn a_reallocation_always_moves_when_told_to() {
    set_realloc_always_moves(true);
    let mut sizes: Vec<usize> = Vec::with_capacity(6);
    let (block, measured) = measure(|| {
        let mut block: Vec<u64> = Vec::with_capacity(1);
        for n in 0..32 {
            if block.len() == block.capacity() {
                sizes.push(block.capacity() * 8);
            }
            block.push(n);
        }
        block
    });
    assert_eq!(block, (0..32).collect::<Vec<u64>>(), "what was in the block is in the new one");
    assert_eq!(sizes, [8, 32, 64, 128]);
    assert_eq!(measured.tally.realloc_moved_bytes, 8 + 32 + 64 + 128);
    assert_eq!(measured.tally.alloc_count, 5);
    assert_eq!(measured.tally.alloc_bytes, 8 + 32 + 64 + 128 + 256);
    assert_eq!(measured.peak_bytes, 128 + 256, "the old block lives until it is copied");

    let layout = Layout::new::<[u64; 100]>();
    // SAFETY: the layout is not zero-sized; the block is freed with the size it was last given.
    let ((), measured) = measure(|| unsafe {
        let block = GLOBAL.alloc(layout);
        block.write_bytes(7, layout.size());
        let shrunk = GLOBAL.realloc(block, layout, 10);
        assert_ne!(block, shrunk);
        assert_eq!(std::slice::from_raw_parts(shrunk, 10), [7; 10]);
        GLOBAL.dealloc(shrunk, Layout::from_size_align_unchecked(10, layout.align()));
    });
    assert_eq!(measured.tally.realloc_moved_bytes, 800);
    assert_eq!(measured.live_delta_bytes, 0);
    set_realloc_always_moves(false);
}
