//! Choices, from a seed.

use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::SplitMix64;

pub struct Rng(SplitMix64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(SplitMix64::seed_from_u64(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Less than `n`, which is above 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    pub fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Numbers at which something ends.
pub const NUMBERS: [&str; 24] = [
    "0",
    "1",
    "2",
    "-1",
    "-0",
    "127",
    "255",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e999",
    "-1e-308",
    "0.1",
    "4.9e-324",
    "00",
    "1_000",
    "0x10",
];

/// Words that some reader might take for something else.
pub const WORDS: [&str; 22] = [
    "",
    " ",
    "=1+1",
    "a,b",
    "\"",
    "'",
    "\u{1b}[31m",
    "x\n::error::y",
    "\u{202e}",
    "\u{fffe}",
    "<script>",
    "|",
    "`",
    "null",
    "NaN",
    "-",
    "/dev/zero",
    "../..",
    "std",
    "go-classic",
    "uniform",
    "\u{1f469}\u{200d}\u{1f4bb}",
];
