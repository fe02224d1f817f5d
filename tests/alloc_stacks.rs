//! The recorder. It is one for the process, so the tests take turns; what the test harness allocates meanwhile is told
//! from what a test allocates by the stacks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;

use mapscope::probe::alloc::{Counting, measure, uncounted};
use mapscope::probe::stacks::{self, RawAllocStack, Recording};
use mapscope::probe::symbols::Symbols;

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sums over all stacks in which a function named so occurs: allocations, bytes, live blocks, live bytes.
fn by(recording: &Recording, function: &str) -> (u64, u64, u64, u64) {
    let mut symbols = Symbols::new();
    let with = recording.allocs.iter().filter(|stack| contains(&mut symbols, &stack.frames, function));
    with.fold((0, 0, 0, 0), |sum, RawAllocStack { alloc_count, alloc_bytes, live_count, live_bytes, .. }| {
        (sum.0 + alloc_count, sum.1 + alloc_bytes, sum.2 + live_count, sum.3 + live_bytes)
    })
}

/// Entries and bytes copied by stacks in which a function named so occurs.
fn copied_by(recording: &Recording, function: &str) -> (u64, u64) {
    let mut symbols = Symbols::new();
    let with = recording.copies.iter().filter(|stack| contains(&mut symbols, &stack.frames, function));
    with.fold((0, 0), |sum, stack| (sum.0 + stack.moved_entries, sum.1 + stack.moved_bytes))
}

fn contains(symbols: &mut Symbols, frames: &[usize], function: &str) -> bool {
    frames.iter().any(|&frame| symbols.frames(frame).iter().any(|frame| frame.function.ends_with(function)))
}

#[inline(never)]
fn allocates_a_hundred() -> Vec<u8> {
    black_box(Vec::with_capacity(100))
}

#[inline(never)]
fn allocates_nine() -> Vec<u8> {
    black_box(Vec::with_capacity(9))
}

#[test]
fn allocations_are_charged_to_their_stack_and_frees_to_the_allocating_one() {
    let _alone = alone();
    let before = allocates_a_hundred();
    stacks::start();
    let mut kept = Vec::with_capacity(20);
    for n in 0..20 {
        kept.push(allocates_a_hundred());
        if n % 4 == 0 {
            drop(allocates_nine());
        }
    }
    kept.truncate(13);
    drop(before);
    let recording = stacks::stop();
    assert_eq!(by(&recording, "::allocates_a_hundred"), (20, 2_000, 13, 1_300));
    assert_eq!(by(&recording, "::allocates_nine"), (5, 45, 0, 0));
    assert_eq!((recording.dropped, recording.truncated), (0, 0));
    drop(allocates_a_hundred());
    assert_eq!(stacks::stop(), Recording::default(), "nothing is recorded after the end");
}

#[test]
fn recording_and_tally_agree() {
    let _alone = alone();
    stacks::start();
    let (kept, measured) = measure(marked_work);
    let recording = stacks::stop();
    let (alloc_count, alloc_bytes, _, live_bytes) = by(&recording, "::marked_work");
    assert_eq!((alloc_count, alloc_bytes), (measured.tally.alloc_count, measured.tally.alloc_bytes));
    assert_eq!(live_bytes as i64, measured.live_delta_bytes);
    drop(kept);
}

#[inline(never)]
fn marked_work() -> Vec<Vec<u32>> {
    let mut kept = Vec::new();
    for n in 0..1_000 {
        // Grows by reallocation, some of it in place and some of it not.
        kept.push((0..n).filter(|x| x % 3 != 0).collect());
        if n % 5 == 0 {
            kept.swap_remove(n as usize / 7);
        }
    }
    black_box(kept)
}

#[test]
fn a_reallocation_is_charged_to_its_own_stack() {
    let _alone = alone();
    #[inline(never)]
    fn grows_it(block: &mut Vec<u8>) {
        block.reserve_exact(5_000);
    }
    stacks::start();
    let mut block = allocates_a_hundred();
    grows_it(&mut block);
    let recording = stacks::stop();
    assert_eq!(by(&recording, "::allocates_a_hundred"), (1, 100, 0, 0));
    assert_eq!(by(&recording, "::grows_it"), (1, 5_000, 1, 5_000));
}

#[test]
fn a_failed_reallocation_leaves_the_block_live() {
    let _alone = alone();
    stacks::start();
    let block = allocates_a_hundred();
    let layout = Layout::array::<u8>(100).unwrap();
    // SAFETY: the block has this layout, and the reallocation fails, which leaves it as it was.
    let moved = unsafe { Counting::new(Nothing).realloc(block.as_ptr().cast_mut(), layout, 200) };
    assert_eq!(moved, ptr::null_mut());
    let recording = stacks::stop();
    assert_eq!(by(&recording, "::allocates_a_hundred"), (1, 100, 1, 100));
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
fn what_is_not_counted_is_not_recorded() {
    let _alone = alone();
    stacks::start();
    uncounted(|| drop(allocates_a_hundred()));
    let recording = stacks::stop();
    assert_eq!(by(&recording, "::allocates_a_hundred"), (0, 0, 0, 0));
}

#[test]
fn copies_are_charged_to_the_caller() {
    let _alone = alone();
    #[inline(never)]
    fn evacuates() {
        stacks::copied(8, 128);
        black_box(());
    }
    evacuates();
    stacks::start();
    evacuates();
    evacuates();
    let recording = stacks::stop();
    assert_eq!(copied_by(&recording, "::evacuates"), (16, 256));
    assert_eq!(recording.copies.len(), 2, "two places in this function");
    assert!(recording.copies.iter().all(|stack| !stack.frames.is_empty()));
}

#[test]
fn copies_are_charged_to_the_largest_allocation_since_the_mark() {
    let _alone = alone();
    stacks::start();
    let large = allocates_a_hundred();
    let mark = stacks::mark();
    assert!(!stacks::charge_copy_to_largest_alloc_since(mark, 1, 1), "nothing was allocated since");
    let small = allocates_nine();
    assert!(stacks::charge_copy_to_largest_alloc_since(mark, 2, 20));
    let larger = allocates_a_hundred();
    let small_again = allocates_nine();
    assert!(stacks::charge_copy_to_largest_alloc_since(mark, 3, 30));
    let later = stacks::mark();
    assert!(!stacks::charge_copy_to_largest_alloc_since(mark, 4, 40), "not the latest mark");
    assert!(!stacks::charge_copy_to_largest_alloc_since(later, 4, 40));
    drop((large, small, larger, small_again));
    let last = allocates_nine();
    let recording = stacks::stop();
    assert!(!stacks::charge_copy_to_largest_alloc_since(later, 5, 50), "recorded no more");
    assert_eq!(copied_by(&recording, "::allocates_nine"), (2, 20));
    assert_eq!(copied_by(&recording, "::allocates_a_hundred"), (3, 30));
    assert_eq!(recording.copies.len(), 2);
    drop(last);
}

#[test]
fn a_mark_of_an_earlier_recording_charges_nothing() {
    let _alone = alone();
    stacks::start();
    let mark = stacks::mark();
    let block = allocates_nine();
    stacks::start();
    assert!(!stacks::charge_copy_to_largest_alloc_since(mark, 1, 1));
    let recording = stacks::stop();
    assert!(recording.copies.is_empty());
    drop(block);
}

#[test]
fn every_thread_is_recorded_and_frees_elsewhere_count() {
    let _alone = alone();
    #[inline(never)]
    fn worker(barrier: &Barrier) -> Vec<Vec<u8>> {
        barrier.wait();
        let mut kept: Vec<Vec<u8>> = Vec::with_capacity(100);
        kept.extend((0..100).map(|_| allocates_a_hundred()));
        black_box(kept)
    }
    const THREADS: usize = 8;
    let barrier = Barrier::new(THREADS);
    stacks::start();
    let mut kept: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| worker(&barrier))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    kept.truncate(33);
    let recording = stacks::stop();
    assert_eq!(by(&recording, "::allocates_a_hundred"), (800, 80_000, 33, 3_300));
    assert_eq!(recording.dropped, 0);
}

#[test]
fn starting_and_stopping_under_load_neither_hangs_nor_loses_count() {
    let _alone = alone();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let ((), measured) = measure(|| drop((marked_work(), allocates_nine())));
                    assert_eq!(measured.live_delta_bytes, 0);
                    thread::spawn(|| drop(allocates_a_hundred())).join().unwrap();
                }
            });
        }
        for _ in 0..20 {
            stacks::start();
            drop(allocates_a_hundred());
            thread::yield_now();
            let recording = stacks::stop();
            assert!(by_is_plausible(&recording));
        }
        stop.store(true, Ordering::Relaxed);
    });
    // Threads whose limits the recorder closed count as ever.
    let ((), measured) = measure(|| drop(allocates_a_hundred()));
    assert_eq!((measured.tally.alloc_count, measured.peak_bytes), (1, 100));
}

fn by_is_plausible(recording: &Recording) -> bool {
    recording.dropped == 0
        && recording.allocs.iter().all(|s| s.live_count <= s.alloc_count && s.live_bytes <= s.alloc_bytes)
}

#[test]
fn a_thread_that_counted_before_the_start_is_recorded_from_the_start() {
    let _alone = alone();
    let (started, warm) = (Barrier::new(2), Barrier::new(2));
    let recording = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            drop(allocates_a_hundred());
            warm.wait();
            started.wait();
            // Far below this thread's peak.
            drop(allocates_nine());
        });
        warm.wait();
        stacks::start();
        started.wait();
        thread.join().unwrap();
        stacks::stop()
    });
    assert_eq!(by(&recording, "::allocates_nine"), (1, 9, 0, 0));
}

#[test]
fn symbolized_stacks_go_from_below_the_harness_to_the_allocating_function() {
    let _alone = alone();
    #[inline(never)]
    fn the_root() -> Vec<u8> {
        black_box(between())
    }
    #[inline(never)]
    fn between() -> Vec<u8> {
        let (block, _) = measure(allocates_a_hundred);
        black_box(block)
    }
    stacks::start();
    let block = the_root();
    let recording = stacks::stop();
    drop(block);
    let mut symbols = Symbols::new();
    let own = recording.allocs.iter().find(|stack| contains(&mut symbols, &stack.frames, "::the_root"));
    let own = &own.expect("the root is there").frames;
    let harness = symbols.stack(own, "no harness").into_iter().find(|frame| frame.function.ends_with("::the_root"));
    let shown = symbols.stack(own, &harness.expect("contained above").function);
    let at = |name: &str| {
        shown.iter().position(|frame| frame.function.ends_with(name)).unwrap_or_else(|| panic!("{name} in {shown:#?}"))
    };
    assert_eq!(at("::between"), 0, "what lies below the harness's innermost function");
    assert!(at("::allocates_a_hundred") > 0);
    let allocating = &shown[at("::allocates_a_hundred")];
    assert_eq!(allocating.file.as_deref(), Some("tests/alloc_stacks.rs"));
    assert!(allocating.line.is_some());
    for frame in &shown {
        assert!(!frame.function.starts_with("mapscope::probe"), "{shown:#?}");
        assert!(!frame.function.starts_with("<mapscope::probe"), "{shown:#?}");
        assert!(!frame.function.contains("counting_alloc::"), "{shown:#?}");
        assert!(!frame.function.contains("__rust_alloc"), "{shown:#?}");
        assert!(!frame.function.contains("::h0") && !frame.function.contains('$'), "{shown:#?}");
    }
}
