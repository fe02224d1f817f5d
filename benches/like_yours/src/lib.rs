//! What the programs share: they do the operations of a file once, then as many runs of them as they are asked for, and
//! print how long each block of operations took at the least.

use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};

/// Operations between two readings of the clock.
const BLOCK_OPS: usize = 64;

/// An operation, as [`read`] finds it: puts are 0, removes 1, lookups 2.
#[derive(Clone, Copy)]
pub struct Op {
    pub kind: u8,
    pub key: u64,
    pub value: u64,
}

/// The operations of the set-up, and those to be measured: a file of 17 bytes an operation, after the number of the former.
pub fn read(path: &str) -> (Vec<Op>, Vec<Op>) {
    let bytes = fs::read(path).expect("a file of operations");
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let (setup, ops) = bytes.split_at(8);
    let op = |op: &[u8]| Op { kind: op[0], key: word(&op[1..9]), value: word(&op[9..17]) };
    let mut ops: Vec<Op> = ops.chunks_exact(17).map(op).collect();
    let measured = ops.split_off(word(setup) as usize);
    (ops, measured)
}

/// Does the measured operations; what each block took, in ticks of the processor's counter.
///
/// Never inlined: what is executed for them is told by this function's name.
#[inline(never)]
pub fn measured<M>(
    map: &mut M,
    ops: &[Op],
    took: &mut Vec<u64>,
    put: impl Fn(&mut M, u64, u64) -> bool,
    remove: impl Fn(&mut M, u64) -> bool,
    get: impl Fn(&M, u64) -> bool,
) {
    let mut before = ticks();
    for block in ops.chunks(BLOCK_OPS) {
        for op in block {
            black_box(match op.kind {
                0 => put(map, op.key, op.value),
                1 => remove(map, op.key),
                _ => get(map, op.key),
            });
        }
        let now = ticks();
        took.push(now.saturating_sub(before));
        before = now;
    }
}

#[cfg(target_arch = "x86_64")]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the time-stamp counter, and Linux lets user code read it.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn ticks() -> u64 {
    use std::{sync::OnceLock, time::Instant};
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Does a run that warms up, then as many as each line of standard input asks for; an empty line says that they are done.
/// Where the asking ends, the least of each block is printed.
pub fn by_turns(blocks: usize, mut run: impl FnMut(&mut Vec<u64>)) -> io::Result<()> {
    let (mut least, mut took) = (vec![u64::MAX; blocks], Vec::with_capacity(blocks));
    let mut run = |took: &mut Vec<u64>| {
        // As in a program that does nothing else, a run is the first to touch its memory.
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        // SAFETY: any thread may call it at any time.
        unsafe {
            libc::malloc_trim(0);
        }
        run(took);
    };
    run(&mut took);
    println!();
    for line in io::stdin().lock().lines() {
        for _ in 0..line?.parse().expect("a number of runs") {
            took.clear();
            run(&mut took);
            least.iter_mut().zip(&took).for_each(|(least, &took)| *least = took.min(*least));
        }
        println!();
    }
    let least: Vec<String> = least.iter().map(u64::to_string).collect();
    io::stdout().write_all(least.join(" ").as_bytes())
}

/// How many blocks so many operations make.
pub fn blocks(ops: &[Op]) -> usize {
    ops.len().div_ceil(BLOCK_OPS)
}

/// A program: how its map is made, and what a put, a remove and a lookup of it are.
#[macro_export]
macro_rules! program {
    ($new:expr, $put:expr, $remove:expr, $get:expr) => {
        fn main() -> std::io::Result<()> {
            let path = std::env::args().nth(1).expect("a file of operations");
            let (setup, ops) = like_yours::read(&path);
            like_yours::by_turns(like_yours::blocks(&ops), |took| {
                let mut map = $new;
                for op in &setup {
                    $put(&mut map, op.key, op.value);
                }
                like_yours::measured(&mut map, &ops, took, $put, $remove, $get);
                std::hint::black_box(&map);
            })
        }
    };
}
