//! Totals over all threads. No test harness: its own threads would be in the totals.

use std::alloc::System;
use std::cell::RefCell;
use std::hint::black_box;
use std::sync::{Barrier, mpsc};
use std::thread;

use mapscope::probe::alloc::{Counting, Tally, peak_bound_bytes, peak_bytes, totals};

#[global_allocator]
static GLOBAL: Counting<System> = Counting::new(System);

fn main() {
    for test in [
        sixty_four_threads_are_summed_exactly,
        ended_threads_stay_in_the_totals,
        frees_on_other_threads_balance,
        thread_local_destructors_are_counted,
        the_peak_bound_holds,
    ] {
        test();
    }
    println!("test result: ok. 5 passed");
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

fn the_peak_bound_holds() {
    let (own, bound) = (peak_bytes(), peak_bound_bytes());
    assert!(bound >= own);
    thread::spawn(|| drop(black_box(Vec::<u8>::with_capacity(1 << 24)))).join().unwrap();
    assert!(peak_bound_bytes() >= bound + (1 << 24));
}
