//! What counting costs: an allocation and a free of 64 bytes through each counting allocator, over the same through
//! `System`. One process can have but one global allocator, so each is called through its `GlobalAlloc` methods.
//!
//! `cargo bench --bench alloc`. Times go up and down together on a shared machine, so each round runs all allocators
//! in turn, in an order that rotates; what counts is the median over the rounds of the ratio to `System` in the same round,
//! in CPU time of the thread. On two threads both run the same allocator at the same time.
//!
//! Inlined: the compiler sees through to the allocator, as in a program built with link-time optimisation. Called: one
//! call that is not inlined stands between, as it does between a program's code and its `#[global_allocator]`.
//!
//! With the name of an allocator and a number, it makes so many pairs and nothing else, to count their instructions:
//! `valgrind --tool=callgrind BENCH counting 100000`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::arch::asm;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use counting_alloc::Counting;

const ROUNDS: usize = 21;
const PAIRS: u32 = 500_000;

static COUNTING: Counting<System> = Counting::new(System);
static DIVAN: divan::AllocProfiler = divan::AllocProfiler::system();
static STATS_ALLOC: stats_alloc::StatsAlloc<System> = stats_alloc::StatsAlloc::system();

/// A name, and nanoseconds a pair when so many run inlined, and called.
type Contestant = (&'static str, [fn(u32) -> f64; 2]);

/// `System` comes first.
const CONTESTANTS: [Contestant; 4] = [
    ("system", [|pairs| inlined(&System, pairs), |pairs| called(&System, pairs)]),
    ("counting", [|pairs| inlined(&COUNTING, pairs), |pairs| called(&COUNTING, pairs)]),
    ("divan", [|pairs| inlined(&DIVAN, pairs), |pairs| called(&DIVAN, pairs)]),
    ("stats_alloc", [|pairs| inlined(&STATS_ALLOC, pairs), |pairs| called(&STATS_ALLOC, pairs)]),
];
const WAYS: [&str; 2] = ["inlined", "called"];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [name, pairs] = &args[..] {
        let (_, run) = CONTESTANTS.iter().find(|(known, _)| known == name).expect("an allocator of the table");
        run[0](pairs.parse().expect("a number of pairs"));
        return;
    }
    println!("one allocation and one free of 64 bytes, CPU time, median of {ROUNDS} rounds of {PAIRS}");
    println!("{:<12} {:<12} {:>7} {:>10} {:>15}", "", "", "threads", "ns a pair", "ratio to System");
    for threads in [1, 2] {
        for (way, title) in WAYS.iter().enumerate() {
            let rounds = rounds(way, threads);
            for (at, (name, _)) in CONTESTANTS.iter().enumerate() {
                let ns = median(rounds.iter().map(|round| round[at]));
                let ratio = median(rounds.iter().map(|round| round[at] / round[0]));
                println!("{title:<12} {name:<12} {threads:>7} {ns:>10.2} {ratio:>15.3}");
            }
        }
    }
}

/// For each round, nanoseconds a pair of each contestant: the mean of the threads.
fn rounds(way: usize, threads: usize) -> Vec<[f64; CONTESTANTS.len()]> {
    let arrived = AtomicUsize::new(0);
    let one_thread = || {
        let mut rounds = vec![[0.0; CONTESTANTS.len()]; ROUNDS];
        for (first, round) in rounds.iter_mut().enumerate() {
            for turn in 0..CONTESTANTS.len() {
                let at = (first + turn) % CONTESTANTS.len();
                arrive(&arrived, threads);
                round[at] = CONTESTANTS[at].1[way](PAIRS);
            }
        }
        rounds
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        let mut sum = vec![[0.0; CONTESTANTS.len()]; ROUNDS];
        for thread in running {
            let rounds = thread.join().expect("a contestant panicked");
            for (sum, ns) in sum.iter_mut().flatten().zip(rounds.iter().flatten()) {
                *sum += ns / threads as f64;
            }
        }
        sum
    })
}

/// Waits for the other threads without giving up the processor: threads that sleep wake up one after the other on a
/// busy machine, and would take turns instead of running at the same time.
fn arrive(arrived: &AtomicUsize, threads: usize) {
    let number = arrived.fetch_add(1, Ordering::AcqRel);
    let all = (number / threads + 1) * threads;
    while arrived.load(Ordering::Acquire) < all {
        spin_loop();
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The mean over copies of the same loop at different places in the code: where a loop falls among cache lines and
/// fetch blocks moves it by a clock cycle or two, which is what is to be measured.
fn inlined<A: GlobalAlloc>(allocator: &A, pairs: u32) -> f64 {
    let copies =
        [inlined_at::<0, A>, inlined_at::<9, A>, inlined_at::<18, A>, inlined_at::<27, A>, inlined_at::<36, A>];
    copies.iter().map(|copy| copy(allocator, pairs / copies.len() as u32)).sum::<f64>() / copies.len() as f64
}

#[inline(never)]
fn inlined_at<const NOPS: usize, A: GlobalAlloc>(allocator: &A, pairs: u32) -> f64 {
    const LAYOUT: Layout = Layout::new::<[u64; 8]>();
    // SAFETY: does nothing.
    unsafe { asm!(".rept {}", "nop", ".endr", const NOPS, options(nomem, nostack, preserves_flags)) };
    let began = cpu_ns();
    for _ in 0..pairs {
        // SAFETY: the layout is not zero-sized, and the block is freed with it, once.
        unsafe {
            let block = black_box(allocator.alloc(LAYOUT));
            allocator.dealloc(block, LAYOUT);
        }
    }
    (cpu_ns() - began) / f64::from(pairs)
}

/// The CPU time of this thread.
fn cpu_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` may be written to.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn called(allocator: &dyn GlobalAlloc, pairs: u32) -> f64 {
    inlined(&Called(black_box(allocator)), pairs)
}

/// Stands in for the call that a program makes to its global allocator.
struct Called<'a>(&'a dyn GlobalAlloc);

// SAFETY: passes everything on.
unsafe impl GlobalAlloc for Called<'_> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { self.0.dealloc(block, layout) }
    }
}
