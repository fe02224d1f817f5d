//! What the programs share: they read their operations, do them, and print how many nanoseconds that took.

use std::fs;
use std::hint::black_box;

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

/// Does the measured operations.
///
/// Never inlined: what is executed for them is told by this function's name.
#[inline(never)]
pub fn measured<M>(
    map: &mut M,
    ops: &[Op],
    put: impl Fn(&mut M, u64, u64) -> bool,
    remove: impl Fn(&mut M, u64) -> bool,
    get: impl Fn(&M, u64) -> bool,
) {
    for op in ops {
        black_box(match op.kind {
            0 => put(map, op.key, op.value),
            1 => remove(map, op.key),
            _ => get(map, op.key),
        });
    }
}

/// A program: how its map is made, and what a put, a remove and a lookup of it are.
#[macro_export]
macro_rules! program {
    ($new:expr, $put:expr, $remove:expr, $get:expr) => {
        fn main() {
            let path = std::env::args().nth(1).expect("a file of operations");
            let (setup, ops) = like_yours::read(&path);
            let mut map = $new;
            for op in setup {
                $put(&mut map, op.key, op.value);
            }
            let begun = std::time::Instant::now();
            like_yours::measured(&mut map, &ops, $put, $remove, $get);
            println!("{}", begun.elapsed().as_nanos());
            std::hint::black_box(&map);
        }
    };
}
