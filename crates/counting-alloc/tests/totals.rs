//! Totals over all threads. No test harness: its own threads would be in the totals.

use std::alloc::System;
use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Barrier, mpsc};
use std::{mem, ptr, thread};

use counting_alloc::{
    Counting, Tally, live_bytes, measure, peak_bound_bytes, peak_bytes, reset_peak, totals, uncounted,
};

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

fn main() {
    for test in [
        sixty_four_threads_are_summed_exactly,
        ended_threads_stay_in_the_totals,
        frees_on_other_threads_balance,
        thread_local_destructors_are_counted,
        what_a_thread_does_after_its_thread_locals_are_gone_is_counted,
        a_thread_whose_first_act_is_in_a_key_s_destructor_leaves_the_list,
        threads_end_while_others_read,
        the_peak_bound_holds,
    ] {
        test();
    }
    println!("test result: ok. 8 passed");
}

/// Everything between the two barriers is exactly known; what starting a thread allocates lies outside.
fn sixty_four_threads_are_summed_exactly() {
    const THREADS: usize = 64;
    const ROUNDS: usize = 1_000;
    let (ready, go, done) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    let end = Barrier::new(THREADS + 1);
    let seen = thread::scope(|scope| {
        for number in 0..THREADS {
            let (ready, go, done, end) = (&ready, &go, &done, &end);
            scope.spawn(move || {
                ready.wait();
                go.wait();
                for round in 0..ROUNDS {
                    drop(black_box(Vec::<u8>::with_capacity(1 + number + round)));
                }
                done.wait();
                end.wait();
            });
        }
        ready.wait();
        let before = totals();
        go.wait();
        done.wait();
        let seen = totals() - before;
        end.wait();
        seen
    });
    let count = (THREADS * ROUNDS) as u64;
    let bytes: usize = (0..THREADS).flat_map(|number| (0..ROUNDS).map(move |round| 1 + number + round)).sum();
    let expected = Tally {
        alloc_count: count,
        alloc_bytes: bytes as u64,
        free_count: count,
        free_bytes: bytes as u64,
        realloc_moved_bytes: 0,
    };
    assert_eq!(seen, expected);
}

fn ended_threads_stay_in_the_totals() {
    let run = || {
        let threads: Vec<_> =
            (0..8).map(|_| thread::spawn(|| drop(black_box(Vec::<u8>::with_capacity(12_345))))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    };
    // What the standard library sets up once is set up now.
    run();
    let before = totals();
    run();
    let first = totals() - before;
    assert_eq!(first.live_delta(), 0);
    assert!(first.alloc_bytes >= 8 * 12_345);
    run();
    assert_eq!(totals() - before - first, first, "the same again");
}

fn frees_on_other_threads_balance() {
    let before = totals().live_delta();
    let (send, receive) = mpsc::channel::<Vec<u8>>();
    let consumer = thread::spawn(move || receive.into_iter().map(|block| block.capacity()).sum::<usize>());
    for size in 1..=1_000 {
        send.send(Vec::with_capacity(size)).unwrap();
    }
    drop(send);
    assert_eq!(consumer.join().unwrap(), 500_500);
    assert_eq!(totals().live_delta(), before);
}

fn thread_local_destructors_are_counted() {
    struct AllocatesWhenDropped;
    impl Drop for AllocatesWhenDropped {
        fn drop(&mut self) {
            for _ in 0..10 {
                drop(black_box(Vec::<u8>::with_capacity(1_000_000)));
            }
        }
    }
    thread_local! {
        static LAST: RefCell<Option<AllocatesWhenDropped>> = const { RefCell::new(None) };
    }
    let run = |with: bool| {
        let before = totals();
        thread::spawn(move || LAST.with(|last| *last.borrow_mut() = with.then(|| AllocatesWhenDropped)))
            .join()
            .unwrap();
        totals() - before
    };
    run(true);
    let (with, without) = (run(true), run(false));
    assert_eq!(with.alloc_count - without.alloc_count, 10);
    assert_eq!(with.alloc_bytes - without.alloc_bytes, 10_000_000);
    assert_eq!(with.live_delta(), 0);
}

/// The C library runs the destructors of its own keys after all of Rust's, this crate's included.
fn what_a_thread_does_after_its_thread_locals_are_gone_is_counted() {
    /// What a thread read of itself at its very end.
    static ALLOC_BYTES: AtomicU64 = AtomicU64::new(0);
    static LIVE_DELTA: AtomicU64 = AtomicU64::new(0);

    /// Frees the block, and makes and frees one of 1,000 bytes.
    unsafe extern "C" fn last(block: *mut libc::c_void) {
        let live = live_bytes();
        let ((), measured) = measure(|| {
            // SAFETY: `run` made it of a box.
            drop(unsafe { Box::from_raw(block.cast::<[u8; 777]>()) });
            drop(black_box(Vec::<u8>::with_capacity(1_000)));
        });
        uncounted(|| drop(black_box(Vec::<u8>::with_capacity(5_000))));
        let mut grown = black_box(Vec::<u8>::with_capacity(10));
        grown.reserve_exact(2_000);
        drop(grown);
        ALLOC_BYTES.store(measured.tally.alloc_bytes, Relaxed);
        LIVE_DELTA.store((live_bytes() - live) as u64, Relaxed);
    }

    let mut key = 0;
    // SAFETY: `last` takes what `run` gives.
    assert_eq!(unsafe { libc::pthread_key_create(&mut key, Some(last)) }, 0);
    let run = |with: bool| {
        let before = totals();
        let started = move || {
            if with {
                let block = Box::into_raw(Box::new([1_u8; 777]));
                // SAFETY: the key is there.
                assert_eq!(unsafe { libc::pthread_setspecific(key, block.cast()) }, 0);
            }
        };
        thread::spawn(started).join().unwrap();
        totals() - before
    };
    run(true);
    let (with, without) = (run(true), run(false));
    let late = with - without;
    assert_eq!((late.alloc_count, late.alloc_bytes), (4, 777 + 1_000 + 10 + 2_000));
    assert_eq!((late.free_count, late.free_bytes), (4, 777 + 1_000 + 10 + 2_000));
    assert_eq!(ALLOC_BYTES.load(Relaxed), 1_000);
    assert_eq!(LIVE_DELTA.load(Relaxed) as i64, -777);
}

/// No destructor of a thread-local runs any more when such a thread begins to allocate. Its stack, which is too large for the
/// C library to keep, goes with it, and what is thread-local with the stack: who reads it then has a segmentation fault.
fn a_thread_whose_first_act_is_in_a_key_s_destructor_leaves_the_list() {
    const STACK_BYTES: usize = 64 << 20;
    static KEY: AtomicU64 = AtomicU64::new(0);

    /// Sets the key to how many rounds of destructors are left until the one that allocates.
    fn set_key(rounds_left: usize) {
        let value = ptr::without_provenance::<libc::c_void>(rounds_left);
        // SAFETY: the key is there.
        assert_eq!(unsafe { libc::pthread_setspecific(KEY.load(Relaxed) as libc::pthread_key_t, value) }, 0);
    }

    extern "C" fn start(rounds: *mut libc::c_void) -> *mut libc::c_void {
        set_key(rounds.addr());
        ptr::null_mut()
    }

    unsafe extern "C" fn last(rounds_left: *mut libc::c_void) {
        match rounds_left.addr() {
            1 => drop(black_box(Vec::<u8>::with_capacity(3_000))),
            more => set_key(more - 1),
        }
    }

    let mut key = 0;
    // SAFETY: `last` takes what `set_key` sets.
    assert_eq!(unsafe { libc::pthread_key_create(&mut key, Some(last)) }, 0);
    KEY.store(key.into(), Relaxed);
    // This crate's key may have its turn a round later, and the thread sanitizer ends a thread in the fourth.
    for rounds in 1..=2 {
        let (before, bound) = (totals(), peak_bound_bytes());
        // SAFETY: the attributes are initialised, and `start` takes a number.
        unsafe {
            let (mut attributes, mut thread) = (mem::zeroed(), mem::zeroed());
            assert_eq!(libc::pthread_attr_init(&mut attributes), 0);
            assert_eq!(libc::pthread_attr_setstacksize(&mut attributes, STACK_BYTES), 0);
            let rounds = ptr::without_provenance_mut(rounds);
            assert_eq!(libc::pthread_create(&mut thread, &attributes, start, rounds), 0);
            assert_eq!(libc::pthread_join(thread, ptr::null_mut()), 0);
            assert_eq!(libc::pthread_attr_destroy(&mut attributes), 0);
        }
        let seen = totals() - before;
        assert_eq!((seen.alloc_count, seen.alloc_bytes, seen.free_bytes), (1, 3_000, 3_000), "round {rounds}");
        assert_eq!(peak_bound_bytes(), bound + 3_000);
    }
}

/// Each reading has all of every thread that has been joined, and at most all of those that were started.
fn threads_end_while_others_read() {
    const THREADS: u64 = 200;
    const BYTES: usize = 1 << 30;
    let before = totals();
    let (started, joined, done) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    // Nothing else here allocates so much, and it is not touched.
    let large = |tally: Tally| (tally - before).alloc_bytes / BYTES as u64;
    thread::scope(|scope| {
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut last = before;
                while !done.load(Relaxed) {
                    let ended = joined.load(Acquire);
                    let now = totals();
                    let begun = started.load(Acquire);
                    assert!((ended..=begun).contains(&large(now)), "{ended} to {begun}: {now:?}");
                    assert!(now.alloc_count >= last.alloc_count && now.free_bytes >= last.free_bytes);
                    assert!(peak_bound_bytes() >= (ended * BYTES as u64) as i64);
                    last = now;
                }
            })
        });
        for _ in 0..THREADS {
            started.fetch_add(1, AcqRel);
            thread::spawn(|| drop(black_box(Vec::<u8>::with_capacity(BYTES)))).join().unwrap();
            joined.fetch_add(1, AcqRel);
        }
        done.store(true, Relaxed);
        // Not left to the scope's end, which is std's and which the thread sanitizer does not see.
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert_eq!(large(totals()), THREADS);
    assert_eq!((totals() - before).free_bytes / BYTES as u64, THREADS);
}

fn the_peak_bound_holds() {
    // From here on, what this thread allocates for the other adds to its peak, as the other's free of it takes from that one's.
    reset_peak();
    let (own, bound) = (peak_bytes(), peak_bound_bytes());
    assert!(bound >= own);
    thread::spawn(|| drop(black_box(Vec::<u8>::with_capacity(1 << 24)))).join().unwrap();
    assert!(peak_bound_bytes() >= bound + (1 << 24));
}
