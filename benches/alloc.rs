//! What counting costs: an allocation and a free of 64 bytes through each counting allocator, over the same through
//! `System`. One process can have but one global allocator, so each is called through its `GlobalAlloc` methods.
//!
//! `cargo bench --bench alloc`. Times go up and down together on a shared machine, so each round runs all allocators
//! in turn, in an order that rotates, and what counts is the median over the rounds of the ratio to `System` in the
//! same round. On two threads both run the same allocator at the same time.
//!
//! Inlined: the compiler sees through to the allocator, as in a program built with link-time optimisation. Called: one
//! call that is not inlined stands between, as it does between a program's code and its `#[global_allocator]`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::arch::asm;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use mapscope::probe::alloc::Counting;
use mapscope::probe::stacks;

/// Divisible by the number of contestants, so that each runs equally often in each place.
const ROUNDS: usize = 300;
const PAIRS: u32 = 20_000;
/// For those that take a stack at each allocation and are some hundred times slower.
const SLOW_PAIRS: u32 = 500;

static COUNTING: Counting<System> = Counting::new(System);
static DIVAN: divan::AllocProfiler = divan::AllocProfiler::system();
static STATS_ALLOC: stats_alloc::StatsAlloc<System> = stats_alloc::StatsAlloc::system();
static DHAT: dhat::Alloc = dhat::Alloc;

/// A name, and nanoseconds a pair when run once. `System` comes first.
type Contestant = (&'static str, fn() -> f64);

const INLINED: [Contestant; 5] = [
    ("System", || inlined(&System, PAIRS)),
    ("mapscope", || inlined(&COUNTING, PAIRS)),
    ("divan", || inlined(&DIVAN, PAIRS)),
    ("stats_alloc", || inlined(&STATS_ALLOC, PAIRS)),
    ("dhat", || inlined(&DHAT, SLOW_PAIRS)),
];
const CALLED: [Contestant; 5] = [
    ("System", || called(&System, PAIRS)),
    ("mapscope", || called(&COUNTING, PAIRS)),
    ("divan", || called(&DIVAN, PAIRS)),
    ("stats_alloc", || called(&STATS_ALLOC, PAIRS)),
    ("dhat", || called(&DHAT, SLOW_PAIRS)),
];
const RECORDING: [Contestant; 2] =
    [("System", || inlined(&System, PAIRS)), ("mapscope", || inlined(&COUNTING, SLOW_PAIRS))];

fn main() {
    let _dhat_runs = dhat::Profiler::builder().testing().build();
    println!("one allocation and one free of 64 bytes, median of {ROUNDS} rounds of {PAIRS}");
    println!("{:<12} {:<12} {:>7} {:>10} {:>15}", "", "", "threads", "ns a pair", "ratio to System");
    for threads in [1, 2] {
        table("inlined", &INLINED, threads);
        table("called", &CALLED, threads);
        stacks::start();
        table("recording", &RECORDING, threads);
        let recording = stacks::stop();
        assert_eq!((recording.dropped, recording.truncated), (0, 0), "the recorder kept up");
    }
}

fn table(title: &str, contestants: &[Contestant], threads: usize) {
    let rounds = rounds(contestants, threads);
    for (at, (name, _)) in contestants.iter().enumerate() {
        let ns = median(rounds.iter().map(|round| round[at]));
        let ratio = median(rounds.iter().map(|round| round[at] / round[0]));
        println!("{title:<12} {name:<12} {threads:>7} {ns:>10.2} {ratio:>15.3}");
    }
}

/// For each round, nanoseconds a pair of each contestant: the mean of the threads.
fn rounds(contestants: &[Contestant], threads: usize) -> Vec<Vec<f64>> {
    let barrier = Barrier::new(threads);
    let one_thread = || {
        let mut rounds = vec![vec![0.0; contestants.len()]; ROUNDS];
        for (first, round) in rounds.iter_mut().enumerate() {
            for turn in 0..contestants.len() {
                let at = (first + turn) % contestants.len();
                barrier.wait();
                round[at] = contestants[at].1();
            }
        }
        rounds
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        let mut sum = vec![vec![0.0; contestants.len()]; ROUNDS];
        for thread in running {
            let rounds = thread.join().expect("a contestant panicked");
            for (sum, ns) in sum.iter_mut().flatten().zip(rounds.iter().flatten()) {
                *sum += ns / threads as f64;
            }
        }
        sum
    })
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
    let began = Instant::now();
    for _ in 0..pairs {
        // SAFETY: the layout is not zero-sized, and the block is freed with it, once.
        unsafe {
            let block = black_box(allocator.alloc(LAYOUT));
            allocator.dealloc(block, LAYOUT);
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(pairs)
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
