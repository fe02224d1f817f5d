//! Hashers with fixed seeds: an address- or time-derived seed would make exact metrics drift.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// A hasher that a [`Family`](super::Family) is built with.
pub trait Hashing: BuildHasher + Clone + 'static {
    /// The hasher for a seed; equal seeds hash alike on every machine and in every run.
    fn with_seed(seed: u64) -> Self;
    /// Seeds it anew, as Go's maps do when they become empty. A hasher that replays recorded hashes ignores it.
    fn reseed(&mut self, seed: u64) {
        *self = Self::with_seed(seed);
    }
}

/// SipHash-1-3 with the keys 0 and 0: std's hasher without its random keys. The seed is ignored.
pub type FixedSip = BuildHasherDefault<DefaultHasher>;

impl Hashing for FixedSip {
    fn with_seed(_: u64) -> FixedSip {
        FixedSip::default()
    }
}

/// foldhash (fast) with a fixed seed: hashbrown's default hasher without its random seed.
pub type FixedFold = foldhash::fast::FixedState;

impl Hashing for FixedFold {
    fn with_seed(seed: u64) -> FixedFold {
        foldhash::fast::FixedState::with_seed(seed)
    }
}
