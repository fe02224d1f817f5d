//! Hashers with fixed seeds: an address- or time-derived seed would make exact metrics drift.

use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

/// A hasher that a [`Family`](super::Family) is built with.
pub trait Hashing: BuildHasher + Clone + 'static {
    /// The hasher for a seed; equal seeds hash alike on every machine and in every run.
    fn with_seed(seed: u64) -> Self;
    /// Seeds it anew, as Go's maps do when they become empty. A hasher that replays recorded hashes ignores it.
    fn reseed(&mut self, seed: u64) {
        *self = Self::with_seed(seed);
    }
    /// The hasher for one more table that is in use beside this hasher's own, under a seed of its own. A hasher that
    /// replays recorded hashes starts a table for it.
    fn another(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.reseed(seed);
        other
    }
}

/// SipHash-1-3 with the keys 0 and 0: the hash of `std::hash::DefaultHasher::new()`, which is std's without its random keys.
/// The seed is ignored.
///
/// std's own is one function for all who hash with it, long ones and short ones; a program of one map has it inlined and
/// folded for its keys, one of many maps calls it, and takes half as long again. This one writes integers apart, and executes
/// in either what std's does in a program of one map.
pub type FixedSip = BuildHasherDefault<SipHasher13>;

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

/// foldhash (quality) with a fixed seed: one more folding at the end, for tables that take some of the hash's bits only.
pub type FixedFoldQuality = foldhash::quality::FixedState;

impl Hashing for FixedFoldQuality {
    fn with_seed(seed: u64) -> FixedFoldQuality {
        foldhash::quality::FixedState::with_seed(seed)
    }
}

/// aHash under fixed keys. Which of its two hashes it is (AES or multiplying) is decided when mapscope is compiled, by the
/// target's features: unless AES is switched on, the multiplying one.
pub type FixedAhash = ahash::RandomState;

impl Hashing for FixedAhash {
    fn with_seed(seed: u64) -> FixedAhash {
        ahash::RandomState::with_seeds(seed, HASH_KEY[1], HASH_KEY[2], HASH_KEY[3])
    }
}

/// rustc's FxHasher, which has no key. The seed is ignored.
pub type Fx = rustc_hash::FxBuildHasher;

impl Hashing for Fx {
    fn with_seed(_: u64) -> Fx {
        rustc_hash::FxBuildHasher
    }
}

/// The hash of Go's runtime where the processor has no AES instructions: wyhash, as `runtime/hash64.go` has it, with
/// constants of its own in place of the random keys that each Go process draws.
#[derive(Debug, Clone, Copy)]
pub struct GoHash {
    seed: u64,
}

impl Hashing for GoHash {
    fn with_seed(seed: u64) -> GoHash {
        GoHash { seed }
    }
}

impl BuildHasher for GoHash {
    type Hasher = GoHasher;
    #[inline]
    fn build_hasher(&self) -> GoHasher {
        GoHasher { state: self.seed }
    }
}

/// The [`Hasher`] of [`GoHash`]. What one part of a key hashes to seeds the next part.
#[derive(Debug, Clone, Copy)]
pub struct GoHasher {
    state: u64,
}

/// In place of Go's `hashkey`: the first digits of the golden ratio, of pi and of their continuations, made odd.
const HASH_KEY: [u64; 4] = [0x9e37_79b9_7f4a_7c15, 0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];
const LENGTH_KEY: u64 = 0x1d8e_4e27_c47d_124f;

/// Both halves of the 128-bit product, folded.
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[inline]
fn finish(a: u64, b: u64, seed: u64, len: u64) -> u64 {
    mix(LENGTH_KEY ^ len, mix(a ^ HASH_KEY[1], b ^ seed))
}

#[inline]
fn read_4(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]))
}

#[inline]
fn read_8(bytes: &[u8], at: usize) -> u64 {
    read_4(bytes, at) | read_4(bytes, at + 4) << 32
}

impl Hasher for GoHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut seed = self.state ^ HASH_KEY[0];
        let len = bytes.len();
        let (a, b) = match len {
            0 => {
                self.state = seed;
                return;
            }
            1..4 => (u64::from(bytes[0]) | u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1]) << 16, 0),
            4..8 => (read_4(bytes, 0), read_4(bytes, len - 4)),
            8..=16 => (read_8(bytes, 0), read_8(bytes, len - 8)),
            _ => {
                let mut rest = bytes;
                if rest.len() > 48 {
                    let (mut seed1, mut seed2) = (seed, seed);
                    while rest.len() > 48 {
                        seed = mix(read_8(rest, 0) ^ HASH_KEY[1], read_8(rest, 8) ^ seed);
                        seed1 = mix(read_8(rest, 16) ^ HASH_KEY[2], read_8(rest, 24) ^ seed1);
                        seed2 = mix(read_8(rest, 32) ^ HASH_KEY[3], read_8(rest, 40) ^ seed2);
                        rest = &rest[48..];
                    }
                    seed ^= seed1 ^ seed2;
                }
                while rest.len() > 16 {
                    seed = mix(read_8(rest, 0) ^ HASH_KEY[1], read_8(rest, 8) ^ seed);
                    rest = &rest[16..];
                }
                (read_8(bytes, len - 16), read_8(bytes, len - 8))
            }
        };
        self.state = finish(a, b, seed, len as u64);
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.write_u32(u32::from(byte));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        let number = u64::from(number);
        self.state = finish(number, number, self.state ^ HASH_KEY[0], 4);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.state = finish(number, number, self.state ^ HASH_KEY[0], 8);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bit of the hash is set in about half of the hashes, for keys that differ little.
    fn assert_balanced(hashes: impl Iterator<Item = u64> + Clone) {
        let n = hashes.clone().count() as f64;
        for bit in 0..64 {
            let share = hashes.clone().filter(|hash| hash >> bit & 1 == 1).count() as f64 / n;
            assert!((0.47..0.53).contains(&share), "bit {bit} is set in {share} of the hashes");
        }
    }

    #[test]
    fn fixed_sip_is_std_s_hash() {
        fn same(key: impl std::hash::Hash) {
            let std = BuildHasherDefault::<std::hash::DefaultHasher>::default();
            assert_eq!(FixedSip::default().hash_one(&key), std.hash_one(&key));
        }
        for key in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            same(key);
            same(key as u32);
            same(u128::from(key) << 61);
            same((key, key as u8, key as u16, [key as u8; 16]));
        }
        for len in 0..70 {
            same("\u{fc}x".repeat(len));
            same(vec![len as u8; len]);
        }
    }

    #[test]
    fn go_hash_mixes_counters_and_strings_into_every_bit() {
        let hash = GoHash::with_seed(1);
        assert_balanced((0..8192u64).map(|key| hash.hash_one(key)));
        assert_balanced((0..8192u64).map(|key| hash.hash_one(key << 40)));
        assert_balanced((0..8192u64).map(|key| hash.hash_one(format!("user{key:020}"))));
    }

    #[test]
    fn go_hash_reads_every_byte_of_every_length() {
        let hash = GoHash::with_seed(7);
        let of = |bytes: &[u8]| {
            let mut hasher = hash.build_hasher();
            hasher.write(bytes);
            hasher.finish()
        };
        for len in 0..120 {
            let bytes = vec![0x5a; len];
            for at in 0..len {
                let mut other = bytes.clone();
                other[at] ^= 1;
                assert_ne!(of(&bytes), of(&other), "byte {at} of {len} does not count");
            }
            assert_ne!(of(&bytes), of(&vec![0x5a; len + 1]), "length {len} does not count");
        }
    }

    #[test]
    fn reseeding_changes_the_hash_and_equal_seeds_agree() {
        let mut hash = GoHash::with_seed(1);
        let before = hash.hash_one(42u64);
        hash.reseed(2);
        assert_ne!(hash.hash_one(42u64), before);
        assert_eq!(hash.hash_one(42u64), GoHash::with_seed(2).hash_one(42u64));
    }
}
