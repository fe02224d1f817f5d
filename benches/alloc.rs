//! What counting costs: an allocation and a free of 64 bytes through each counting allocator, over the same through
//! `System`. One process can have but one global allocator, so each is called through its `GlobalAlloc` methods.
//!
//! `cargo bench --bench alloc`. Times go up and down together on a shared machine, so each round runs all allocators
//! in turn, in an order that rotates, and what counts is the median over the rounds of the ratio to `System` in the
//! same round.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use mapscope::probe::alloc::Counting;
use mapscope::probe::stacks;

/// Divisible by the number of allocators, so that each runs equally often in each place.
const ROUNDS: usize = 300;
const PAIRS: u32 = 20_000;
/// Those that take a stack or a lock at each allocation are some hundred times slower: fewer pairs, the same ratio.
const SLOW_PAIRS: u32 = 1_000;

static COUNTING: Counting<System> = Counting::new(System);
static STATS_ALLOC: stats_alloc::StatsAlloc<System> = stats_alloc::StatsAlloc::system();
static DIVAN: divan::AllocProfiler = divan::AllocProfiler::system();
static DHAT: dhat::Alloc = dhat::Alloc;

struct Contestant {
    name: &'static str,
    /// Nanoseconds a pair.
    run: fn() -> f64,
}

const CONTESTANTS: [Contestant; 6] = [
    Contestant { name: "System", run: || pairs(&System, PAIRS) },
    Contestant { name: "mapscope", run: || pairs(&COUNTING, PAIRS) },
    Contestant { name: "mapscope, twice", run: || pairs(&COUNTING, PAIRS) },
    Contestant { name: "divan", run: || pairs(&DIVAN, PAIRS) },
    Contestant { name: "stats_alloc", run: || pairs(&STATS_ALLOC, PAIRS) },
    Contestant { name: "dhat", run: || pairs(&DHAT, SLOW_PAIRS) },
];

fn main() {
    let _running = dhat::Profiler::builder().testing().build();
    println!("one allocation and one free of 64 bytes, {ROUNDS} rounds of {PAIRS} pairs; ratio: median of rounds");
    println!("{:<26} {:>7} {:>10} {:>8}", "", "threads", "ns a pair", "ratio");
    for threads in [1, 2] {
        let rounds = rounds(&CONTESTANTS, threads, ROUNDS);
        for (at, contestant) in CONTESTANTS.iter().enumerate() {
            row(contestant.name, threads, &rounds, at, 0);
        }
    }
    const RECORDER: [Contestant; 2] = [
        Contestant { name: "mapscope, recorder off", run: || pairs(&COUNTING, SLOW_PAIRS) },
        Contestant {
            name: "mapscope, recorder on",
            run: || {
                // Starting anew restarts the same tables for whichever thread comes first; the cost is amortised.
                pairs(&COUNTING, SLOW_PAIRS)
            },
        },
    ];
    let _ = RECORDER;
    let _ = stacks::stop();
}

/// Nanoseconds a pair, for each round each contestant.
fn rounds(contestants: &[Contestant], threads: usize, rounds: usize) -> Vec<Vec<f64>> {
    let barrier = Barrier::new(threads);
    let one_thread = || -> Vec<Vec<f64>> {
        (0..rounds)
            .map(|round| {
                let mut ns = vec![0.0; contestants.len()];
                for turn in 0..contestants.len() {
                    let at = (round + turn) % contestants.len();
                    barrier.wait();
                    ns[at] = (contestants[at].run)();
                }
                ns
            })
            .collect()
    };
    let by_thread: Vec<Vec<Vec<f64>>> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mean = |round: usize, at: usize| by_thread.iter().map(|ns| ns[round][at]).sum::<f64>() / threads as f64;
    (0..rounds).map(|round| (0..contestants.len()).map(|at| mean(round, at)).collect()).collect()
}

fn row(name: &str, threads: usize, rounds: &[Vec<f64>], at: usize, base: usize) {
    let ns = median(rounds.iter().map(|round| round[at]));
    let ratio = median(rounds.iter().map(|round| round[at] / round[base]));
    println!("{name:<26} {threads:>7} {ns:>10.2} {ratio:>8.3}");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[inline(never)]
fn pairs<A: GlobalAlloc>(allocator: &A, pairs: u32) -> f64 {
    let layout = black_box(Layout::new::<[u64; 8]>());
    let began = Instant::now();
    for _ in 0..pairs {
        // SAFETY: the layout is not zero-sized, and the block is freed with it, once.
        unsafe {
            let block = black_box(allocator.alloc(layout));
            allocator.dealloc(block, layout);
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(pairs)
}
