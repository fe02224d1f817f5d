//! Exact counts of one thread. Threads don't see each other's, so these tests run side by side.

use std::alloc::{GlobalAlloc, Layout, System, alloc, alloc_zeroed, dealloc, realloc};
use std::cell::Cell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, Mutex};
use std::{mem, ptr, thread};

use counting_alloc::harness::{Pause, Watch, aside, counted, watch};
use counting_alloc::{
    Counting, Measured, SMALL_BYTES, Tally, assert_allocs, live_bytes, measure, peak_bound_bytes, peak_bytes,
    reset_peak, tally, uncounted, verify_counting,
};

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

const fn bytes(size: usize) -> Layout {
    match Layout::from_size_align(size, 8) {
        Ok(layout) => layout,
        Err(_) => panic!("not a layout"),
    }
}

fn tallied(alloc: (u64, u64), free: (u64, u64), realloc_moved_bytes: u64) -> Tally {
    Tally { alloc_count: alloc.0, alloc_bytes: alloc.1, free_count: free.0, free_bytes: free.1, realloc_moved_bytes }
}

#[test]
fn one_allocation_is_one_allocation() {
    let (block, measured) = measure(|| black_box(Vec::<u8>::with_capacity(100)));
    assert_eq!(measured, Measured { tally: tallied((1, 100), (0, 0), 0), live_delta_bytes: 100, peak_bytes: 100 });
    let ((), measured) = measure(|| drop(block));
    assert_eq!(measured, Measured { tally: tallied((0, 0), (1, 100), 0), live_delta_bytes: -100, peak_bytes: 0 });
}

#[test]
fn a_zeroed_allocation_counts_too() {
    let ((), measured) = measure(|| {
        // SAFETY: the layout is not zero-sized, and the block is freed with it.
        unsafe {
            let block = black_box(alloc_zeroed(bytes(48)));
            assert_eq!(block.read(), 0);
            dealloc(block, bytes(48));
        }
    });
    assert_eq!(measured, Measured { tally: tallied((1, 48), (1, 48), 0), live_delta_bytes: 0, peak_bytes: 48 });
}

#[test]
fn a_reallocation_is_an_allocation_and_a_free() {
    // A block of its own mapping can't be extended where it lies by the 1,000 times larger one's allocator for sure,
    // so both outcomes are taken as they come: what must hold is that moved bytes follow the address.
    for new_size in [101, 1_000, 100_000, 10_000_000] {
        let (moved, measured) = measure(|| {
            // SAFETY: the layout is not zero-sized, and the block is freed with its last layout.
            unsafe {
                let old = black_box(alloc(bytes(100)));
                let new = black_box(realloc(old, bytes(100), new_size));
                dealloc(new, bytes(new_size));
                old != new
            }
        });
        let (new, moved_bytes) = (new_size as u64, if moved { 100 } else { 0 });
        assert_eq!(measured.tally, tallied((2, 100 + new), (2, 100 + new), moved_bytes));
        assert_eq!(measured.peak_bytes, new + moved_bytes);
    }
}

#[test]
fn a_failed_allocation_is_not_counted() {
    let counting = Counting::new(Nothing);
    let ((), measured) = measure(|| {
        // SAFETY: the layouts are not zero-sized; `Nothing` gives no block, so the reallocation reads none.
        unsafe {
            assert!(counting.alloc(bytes(8)).is_null());
            assert!(counting.alloc_zeroed(bytes(8)).is_null());
            assert!(counting.realloc(ptr::dangling_mut(), bytes(8), 16).is_null());
        }
    });
    assert_eq!(measured, Measured::default());
}

#[test]
fn a_failed_allocation_below_the_peak_is_not_counted() {
    let ((), measured) = measure(|| {
        drop(black_box(Vec::<u8>::with_capacity(1_000)));
        // SAFETY: the layout is not zero-sized; `Nothing` gives no block.
        assert!(unsafe { Counting::new(Nothing).alloc(bytes(500)) }.is_null());
    });
    assert_eq!(
        measured,
        Measured { tally: tallied((1, 1_000), (1, 1_000), 0), live_delta_bytes: 0, peak_bytes: 1_000 }
    );
}

#[test]
fn a_failed_reservation_moves_neither_totals_nor_peak() {
    thread::spawn(|| {
        let mut list = black_box(Vec::<u8>::new());
        let (before, live, peak, bound) = (tally(), live_bytes(), peak_bytes(), peak_bound_bytes());
        assert!(list.try_reserve(1 << 46).is_err());
        list.reserve_exact(10);
        // Grown, it fails as a reallocation.
        assert!(list.try_reserve(1 << 46).is_err());
        drop(list);
        assert_eq!(tally() - before, tallied((1, 10), (1, 10), 0));
        assert_eq!(peak_bytes(), peak.max(live + 10));
        assert!(peak_bound_bytes() < bound + (1 << 46));
    })
    .join()
    .unwrap();
}

#[test]
fn small_and_large_and_aligned_count_alike() {
    for size in [1, 8, SMALL_BYTES, SMALL_BYTES + 1, 1 << 20] {
        for align in [1, 16, 32, 4096] {
            let layout = Layout::from_size_align(size, align).unwrap();
            for inner_is_system in [true, false] {
                let ((), measured) = measure(|| {
                    // SAFETY: the layout is not zero-sized, and each block is freed with it by whom it comes from.
                    unsafe {
                        let (system, other) = (&GLOBAL, Counting::new(Other));
                        let allocator: &dyn GlobalAlloc = if inner_is_system { system } else { &other };
                        let block = black_box(allocator.alloc(layout));
                        assert!(block.addr().is_multiple_of(align));
                        allocator.dealloc(block, layout);
                    }
                });
                assert_eq!(measured.tally, tallied((1, size as u64), (1, size as u64), 0), "{layout:?}");
                assert_eq!(measured.peak_bytes, size as u64);
            }
        }
    }
}

/// The system's allocator, not known as that.
struct Other;

// SAFETY: passes everything on.
unsafe impl GlobalAlloc for Other {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// An allocator that is always out of memory.
struct Nothing;

// SAFETY: gives no blocks.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        unreachable!("gave no block");
    }
}

#[test]
fn scopes_nest_and_each_has_its_own_peak() {
    let ((inner, after), outer) = measure(|| {
        drop(black_box(Vec::<u8>::with_capacity(1_000)));
        let (_kept, inner) = measure(|| {
            drop(black_box(Vec::<u8>::with_capacity(10)));
            black_box(Vec::<u8>::with_capacity(7))
        });
        let ((), after) = measure(|| drop(black_box(Vec::<u8>::with_capacity(500))));
        (inner, after)
    });
    assert_eq!(inner, Measured { tally: tallied((2, 17), (1, 10), 0), live_delta_bytes: 7, peak_bytes: 10 });
    assert_eq!(after.peak_bytes, 500);
    assert_eq!(outer, Measured { tally: tallied((4, 1_517), (4, 1_517), 0), live_delta_bytes: 0, peak_bytes: 1_000 });

    let (_, outer) = measure(|| measure(|| drop(black_box(Vec::<u8>::with_capacity(2_000)))));
    assert_eq!(outer.peak_bytes, 2_000, "an inner peak is the outer's too");
}

#[test]
fn a_scope_left_by_unwinding_leaves_the_outer_peak_alone() {
    let (unwound, outer) = measure(|| {
        drop(black_box(Vec::<u8>::with_capacity(100_000)));
        catch_unwind(|| measure(|| std::panic::resume_unwind(Box::new(())))).is_err()
    });
    assert!(unwound);
    assert_eq!(outer.peak_bytes, 100_000);
    assert_eq!(outer.live_delta_bytes, 0);
}

#[test]
fn uncounted_is_not_counted_and_nests() {
    let (_kept, measured) = measure(|| {
        let hidden = uncounted(|| {
            let inner = uncounted(|| Box::new([1u64; 8]));
            let after_inner = black_box(Vec::<u8>::with_capacity(99));
            (inner, after_inner)
        });
        uncounted(|| drop(hidden));
        black_box(Vec::<u8>::with_capacity(3))
    });
    assert_eq!(measured, Measured { tally: tallied((1, 3), (0, 0), 0), live_delta_bytes: 3, peak_bytes: 3 });
}

#[test]
fn counting_resumes_after_a_panic_in_uncounted() {
    let payload: Box<dyn std::any::Any + Send> = Box::new(());
    let mut payload = Some(payload);
    let result = catch_unwind(AssertUnwindSafe(|| uncounted(|| std::panic::resume_unwind(payload.take().unwrap()))));
    assert!(result.is_err());
    assert_eq!(verify_counting(), Ok(()));
}

#[test]
fn uncounted_works_as_a_threads_very_first_act() {
    let seen = thread::spawn(|| {
        let hidden = uncounted(|| black_box(Vec::<u8>::with_capacity(77)));
        let ((), measured) = measure(|| drop(black_box(Vec::<u8>::with_capacity(5))));
        uncounted(|| drop(hidden));
        measured.tally
    });
    assert_eq!(seen.join().unwrap(), tallied((1, 5), (1, 5), 0));
}

#[test]
fn a_peak_that_starts_again_below_a_scope_s_beginning_is_none() {
    let block = black_box(Vec::<u8>::with_capacity(5_000));
    let ((), measured) = measure(|| {
        drop(block);
        reset_peak();
        drop(black_box(Vec::<u8>::with_capacity(10)));
    });
    assert_eq!((measured.live_delta_bytes, measured.peak_bytes), (-5_000, 0));
}

#[test]
fn what_a_look_hands_to_a_thread_at_work_is_not_counted_when_that_frees_it() {
    let (block, handed) = (Mutex::new(Vec::new()), Barrier::new(2));
    thread::scope(|scope| {
        let at_work = scope.spawn(|| {
            drop(black_box(Vec::<u8>::with_capacity(10)));
            handed.wait();
            handed.wait();
            let block = mem::take(&mut *block.lock().unwrap());
            let ((), dropped) = measure(|| drop(block));
            handed.wait();
            dropped
        });
        handed.wait();
        aside(|| {
            *block.lock().unwrap() = black_box(vec![1_u8; 50]);
            handed.wait();
            handed.wait();
        });
        assert_eq!(at_work.join().unwrap(), Measured::default());
    });
}

#[test]
fn what_a_look_reallocates_moves() {
    // Room in the C library's block for what it is to become.
    let mut list = black_box(Vec::<u8>::with_capacity(8));
    let old = list.as_ptr();
    aside(|| list.reserve_exact(16));
    assert_ne!(list.as_ptr(), old, "the old address is anybody's once it is free, and must be forgotten before");
}

#[test]
fn what_a_look_allocates_is_never_counted_whoever_frees_it() {
    let ours = black_box(Vec::<u8>::with_capacity(40));
    let mut kept = Vec::new();
    let (((), freed_bytes), looked) = measure(|| {
        aside(|| {
            drop(black_box(Vec::<u8>::with_capacity(1 << 20)));
            kept = black_box(vec![1_u8; 50]);
            drop(ours);
        })
    });
    assert_eq!(freed_bytes, 40, "what was there before and is gone");
    assert_eq!(looked, Measured::default());
    // Grown, it is a block of whoever grows it; dropped, it was never theirs.
    let ((), grown) = measure(|| kept.reserve_exact(70 - kept.len()));
    assert_eq!(grown.tally, tallied((1, 70), (0, 0), 0));
    let (second, _) = aside(|| black_box(vec![1_u8; 60]));
    let ((), dropped) = measure(|| drop(second));
    assert_eq!(dropped, Measured::default());
    let ((), dropped) = measure(|| drop(kept));
    assert_eq!(dropped.tally, tallied((0, 0), (1, 70), 0));
    // What is reallocated while looking is the look's, and the block before it is gone.
    let mut ours = black_box(Vec::<u8>::with_capacity(8));
    let (((), freed_bytes), looked) = measure(|| aside(|| ours.reserve_exact(3000)));
    assert_eq!((freed_bytes, looked), (8, Measured::default()));
    let third = thread::spawn(move || measure(|| drop(ours)).1);
    assert_eq!(third.join().unwrap(), Measured::default(), "on another thread, too");
}

#[test]
fn a_watch_learns_of_what_counts_on_the_threads_that_it_watches() {
    thread_local! {
        static BLOCKS: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
    }
    static WATCH: Watch = Watch {
        on: || BLOCKS.get().is_some(),
        allocated: |block, bytes| {
            // What it allocates itself is nobody's.
            uncounted(|| drop(black_box(vec![block; 10])));
            BLOCKS.set(BLOCKS.get().map(|(allocated, freed)| (allocated + bytes as u64, freed)));
        },
        freed: |_| BLOCKS.set(BLOCKS.get().map(|(allocated, freed)| (allocated, freed + 1))),
    };
    drop(black_box(Vec::<u8>::with_capacity(100)));
    BLOCKS.set(Some((0, 0)));
    watch(&WATCH);
    let ((), measured) = measure(|| {
        let mut list = black_box(Vec::<u8>::with_capacity(20));
        let old = list.as_ptr();
        list.reserve_exact(300);
        assert_ne!(list.as_ptr(), old, "while it is watched, it always moves");
        assert!(list.try_reserve(1 << 46).is_err());
        uncounted(|| drop(black_box(Vec::<u8>::with_capacity(50))));
        thread::spawn(|| drop(black_box(Vec::<u8>::with_capacity(7_000)))).join().unwrap();
    });
    let (allocated, freed) = BLOCKS.replace(None).unwrap();
    assert_eq!((allocated, freed), (measured.tally.alloc_bytes, measured.tally.free_count));
    assert!((320..7_000).contains(&allocated), "{allocated}");
    let ((), measured) = measure(|| drop(black_box(Vec::<u8>::with_capacity(100))));
    assert_eq!(measured.tally, tallied((1, 100), (1, 100), 0));
}

#[test]
fn what_counts_counts_inside_of_what_does_not() {
    let ((), measured) = measure(|| {
        let pause = Pause::begin();
        let harness = black_box(Vec::<u8>::with_capacity(1000));
        let own = counted(|| black_box(Vec::<u8>::with_capacity(7)));
        let (nested, _) = aside(|| counted(|| black_box(Vec::<u8>::with_capacity(9))));
        drop(harness);
        counted(|| drop((own, nested)));
        drop(pause);
        drop(black_box(Vec::<u8>::with_capacity(1)));
    });
    assert_eq!(measured.tally, tallied((3, 17), (3, 17), 0));
}

#[test]
fn live_and_peak_follow_the_thread() {
    thread::spawn(|| {
        let live = live_bytes();
        let block = black_box(Vec::<u8>::with_capacity(1 << 20));
        assert_eq!(live_bytes(), live + (1 << 20));
        drop(block);
        assert_eq!(live_bytes(), live);
        assert_eq!(peak_bytes(), live + (1 << 20));
        reset_peak();
        assert_eq!(peak_bytes(), live);
        drop(black_box(Vec::<u8>::with_capacity(10)));
        assert_eq!(peak_bytes(), live + 10);
    })
    .join()
    .unwrap();
}

#[test]
fn a_free_counts_where_it_is_made() {
    let block = black_box(vec![0u8; 4_000]);
    let (live, measured) = thread::spawn(move || {
        let before = live_bytes();
        let ((), measured) = measure(|| drop(block));
        reset_peak();
        // Below zero, the tallies go on as above it.
        let ((), below) = measure(|| drop(black_box(Vec::<u8>::with_capacity(30))));
        assert_eq!(below, Measured { tally: tallied((1, 30), (1, 30), 0), live_delta_bytes: 0, peak_bytes: 30 });
        (live_bytes() - before, measured)
    })
    .join()
    .unwrap();
    assert_eq!((live, measured.tally), (-4_000, tallied((0, 0), (1, 4_000), 0)));
}

#[test]
fn the_liveness_check_passes_and_leaves_no_trace_in_live_bytes() {
    let live = live_bytes();
    assert_eq!(verify_counting(), Ok(()));
    assert_eq!(live_bytes(), live);
}

#[test]
fn the_liveness_check_says_what_to_do_where_nothing_is_counted() {
    let error = uncounted(verify_counting).unwrap_err();
    assert_eq!((error.bytes, error.seen), (4_099, Tally::default()));
    let message = error.to_string();
    assert!(message.contains("#[global_allocator]") && message.contains("Counting::new"), "{message}");
}

#[test]
fn reading_the_tally_changes_nothing() {
    let first = tally();
    assert_eq!(tally(), first);
}

#[test]
fn allocations_are_asserted_in_numbers_and_ranges() {
    let list = assert_allocs!(1, Vec::<u64>::with_capacity(10));
    assert_allocs!(0, list.len());
    assert_allocs!(..=2, drop(Box::new(1u64)));
    let wrong = std::panic::catch_unwind(|| assert_allocs!(2..=3, Box::new(7u64)));
    let said = wrong.expect_err("one is not two").downcast::<String>().expect("a text");
    assert_eq!(*said, "1 allocations of 8 bytes in all where 2..=3 were allowed: Box::new(7u64)");
}
