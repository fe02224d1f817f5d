//! Degenerate hashes.

use std::hash::{BuildHasher, Hasher};

use mapscope::maps::{FixedFold, Hashing};

/// A good hash of which some bits are kept.
#[derive(Debug, Clone)]
pub struct Masked<const MASK: u64>(FixedFold);

/// Every key has the same hash.
pub type AllEqual = Masked<0>;
/// The bits that tables choose a slot by tell keys apart, those that tell entries of a group apart don't.
pub type LowBits = Masked<0x0000_0000_0000_ffff>;
/// The other way round.
pub type HighBits = Masked<0xffff_0000_0000_0000>;

impl<const MASK: u64> Hashing for Masked<MASK> {
    fn with_seed(seed: u64) -> Self {
        Masked(FixedFold::with_seed(seed))
    }
}

impl<const MASK: u64> BuildHasher for Masked<MASK> {
    type Hasher = MaskedHasher<MASK>;
    fn build_hasher(&self) -> MaskedHasher<MASK> {
        MaskedHasher(self.0.build_hasher())
    }
}

pub struct MaskedHasher<const MASK: u64>(<FixedFold as BuildHasher>::Hasher);

impl<const MASK: u64> Hasher for MaskedHasher<MASK> {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
    fn finish(&self) -> u64 {
        self.0.finish() & MASK
    }
}
