//! Random numbers and the scramble, written so that no value depends on a crate's version or on the machine.

use mapscope_maps::entry::low_bits;
use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Xoshiro256++ (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), seeded by SplitMix64.
#[derive(Debug, Clone)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The generator for a seed.
    pub fn new(seed: u64) -> Rng {
        let words = Scramble { offset: seed, bits: u64::BITS };
        let mut state = [0; 32];
        for (i, word) in state.chunks_exact_mut(8).enumerate() {
            word.copy_from_slice(&words.at(i as u64).to_le_bytes());
        }
        Rng(Xoshiro256PlusPlus::from_seed(state))
    }

    /// Uniform over all of `u64`.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform over `0..n`, without bias; `n >= 1`.
    ///
    /// Lemire, "Fast Random Integer Generation in an Interval", 2019: the high half of a product, drawn again in
    /// the rare case that the low half falls where some results would have one chance more than others.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        debug_assert!(n >= 1);
        let mut product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            let surplus = n.wrapping_neg() % n;
            while (product as u64) < surplus {
                product = u128::from(self.bits()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform over the multiples of 2^-53 in `[0, 1)`.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// A bijection of `u64`, or of the numbers of fewer bits, for each seed, that leaves no pattern of the input in the output: the sequence of SplitMix64
/// (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014), by position.
#[derive(Debug, Clone, Copy)]
pub struct Scramble {
    offset: u64,
    bits: u32,
}

impl Scramble {
    /// The bijection for a seed; another sequence than the one that [`Rng`] is seeded from.
    pub fn new(seed: u64) -> Scramble {
        Scramble { offset: mix(!seed), bits: u64::BITS }
    }

    /// One of the numbers of so many bits, at least 1: of those below 2 to that power.
    pub fn within(self, bits: u32) -> Scramble {
        Scramble { bits, ..self }
    }

    /// What `i` becomes.
    #[inline]
    pub fn at(self, i: u64) -> u64 {
        // The multiplier is odd, so that adding its multiples visits every u64 once.
        let z = self.offset.wrapping_add(i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        if self.bits < u64::BITS { mix_within(z, self.bits) } else { mix(z) }
    }
}

/// SplitMix64's finaliser: a bijection of which each input bit flips about half of the output bits. Maps 0 to 0.
#[inline]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same kind of bijection of the numbers of so many bits, of the low bits of `z`.
fn mix_within(z: u64, bits: u32) -> u64 {
    let half = bits.div_ceil(2);
    let step = |z: u64, factor: u64| low_bits((z ^ (z >> half)).wrapping_mul(factor), bits);
    let z = step(step(low_bits(z, bits), 0xbf58_476d_1ce4_e5b9), 0x94d0_49bb_1331_11eb);
    z ^ (z >> half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse of an odd multiplier modulo 2^64, by Newton's iteration: each step doubles the bits that are right.
    fn inverse(odd: u64) -> u64 {
        (0..6).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
    }

    fn unshift(z: u64, by: u32) -> u64 {
        (0..64 / by).fold(z, |x, _| z ^ (x >> by))
    }

    fn unscramble(scramble: Scramble, key: u64) -> u64 {
        let z = unshift(key, 31).wrapping_mul(inverse(0x94d0_49bb_1331_11eb));
        let z = unshift(z, 27).wrapping_mul(inverse(0xbf58_476d_1ce4_e5b9));
        let z = unshift(z, 30).wrapping_sub(scramble.offset);
        z.wrapping_mul(inverse(0x9e37_79b9_7f4a_7c15)).wrapping_sub(1)
    }

    #[test]
    fn the_scramble_has_an_inverse() {
        let mut rng = Rng::new(3);
        for seed in [0, 1, u64::MAX, 0xdead_beef] {
            let scramble = Scramble::new(seed);
            let ids = (0..1000).chain(u64::MAX - 1000..=u64::MAX).chain((0..64).map(|bit| 1 << bit));
            for i in ids.chain((0..1000).map(|_| rng.bits()).collect::<Vec<_>>()) {
                assert_eq!(unscramble(scramble, scramble.at(i)), i, "seed {seed}, i {i}");
            }
        }
    }

    #[test]
    fn fewer_bits_are_scrambled_among_themselves() {
        for bits in [1, 2, 5, 10, 16] {
            let scramble = Scramble::new(7).within(bits);
            let mut keys: Vec<u64> = (0..1 << bits).map(|i| scramble.at(i)).collect();
            let ascending = keys.is_sorted();
            keys.sort_unstable();
            assert!(keys.into_iter().eq(0..1 << bits) && (bits < 5 || !ascending), "{bits}");
        }
        let scramble = Scramble::new(7).within(32);
        let mut keys: Vec<u64> = (0..100_000).map(|i| scramble.at(i)).collect();
        let high = keys.iter().filter(|&&key| key >> 31 == 1).count();
        keys.sort_unstable();
        keys.dedup();
        assert!(keys.len() == 100_000 && keys[99_999] < 1 << 32);
        assert!((49_000..51_000).contains(&high), "{high} of 100,000 have the high bit");
    }

    #[test]
    fn the_scramble_is_splitmix64() {
        // The first outputs of the reference implementation, splitmix64.c, from state 0.
        let zero = Scramble { offset: 0, bits: 64 };
        assert_eq!([zero.at(0), zero.at(1)], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn bounded_draws_are_uniform_and_in_range() {
        let mut rng = Rng::new(1);
        let mut counts = [0u64; 10];
        for _ in 0..100_000 {
            counts[rng.below(10) as usize] += 1;
        }
        let chi_square: f64 = counts.iter().map(|&c| (c as f64 - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi_square < 27.9, "chi-square {chi_square} of 9 degrees of freedom has p < 0.001");
        assert_eq!(rng.below(1), 0);
        // Three quarters of 2^64: without redrawing, a third of the results would come twice as often.
        let n = 3 << 62;
        let third = (0..30_000).filter(|_| rng.below(n).is_multiple_of(3)).count();
        assert!((9_700..10_300).contains(&third), "{third} of 30,000");
    }

    #[test]
    fn units_stay_below_one() {
        let mut rng = Rng::new(2);
        let units: Vec<f64> = (0..10_000).map(|_| rng.unit()).collect();
        assert!(units.iter().all(|&u| (0.0..1.0).contains(&u)));
        let mean = units.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
