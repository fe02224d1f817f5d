//! How unevenly keys are used: the share of the hottest, and Zipf's law.
//!
//! # Zipf's law
//!
//! The key of rank r gets a share of the uses that is proportional to 1 / r^exponent. The exponent is that of greatest
//! likelihood over the ranks that there are (Bauke, "Parameter estimation for power-law distributions by maximum likelihood
//! methods", European Physical Journal B 58, 2007).
//!
//! Known trap: keys that are ranked by the very uses that are then counted seem to follow such a law even where all are
//! equally likely, because chance ranks them, too. So a coin deals the uses of each key to two halves; one ranks the keys,
//! and the other is what the law is fitted to (Piantadosi, "Zipf's word frequency law in natural language", Psychonomic
//! Bulletin & Review 21, 2014). Keys that the first half lacks are left out, and those that it can't tell apart get the mean
//! of their uses.
//!
//! How far the law is off is the largest difference, over all ranks, between the share that the keys up to this rank have
//! and the share that they should have (the statistic of Kolmogorov and Smirnov).

use std::cmp::Reverse;

use serde::Serialize;

/// How often a key is used, dealt to two halves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Split {
    first: u64,
    second: u64,
}

impl Split {
    pub fn add(&mut self, first: bool) {
        *(if first { &mut self.first } else { &mut self.second }) += 1;
    }

    pub fn all(self) -> u64 {
        self.first + self.second
    }
}

/// What the hottest keys get.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hot {
    /// So many of 100 keys.
    pub percent: u64,
    /// Which are so many.
    pub keys: u64,
    /// Their share of all uses.
    pub share: f64,
}

/// The shares that are looked at.
const PERCENTS: [u64; 2] = [1, 10];

/// The law of Zipf's that is nearest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zipf {
    /// Its exponent, 0 to less than 8.
    pub exponent: f64,
    /// How far shares of the uses are off at the most, 0 to 1.
    pub off: f64,
}

/// Beyond that no law of Zipf's describes a trace.
const OFF_MAX: f64 = 0.05;
/// Below that all keys are about equally likely.
const EXPONENT_MIN: f64 = 0.05;
/// Of fewer uses even a true law would be off by more, by chance.
const USES_MIN: u64 = 500;
/// Exponents are looked for up to here: almost every use is of one key then.
const EXPONENT_MAX: f64 = 8.0;

impl Zipf {
    /// Whether the law describes the trace.
    pub fn fits(&self) -> bool {
        self.off <= OFF_MAX && self.exponent >= EXPONENT_MIN
    }

    /// Whether all keys are about equally likely.
    pub fn is_even(&self) -> bool {
        self.off <= OFF_MAX && self.exponent < EXPONENT_MIN
    }
}

/// The uses of each key.
pub(super) struct Popularity {
    uses: Vec<Split>,
    /// Each stands for so many keys.
    one_in: u64,
}

impl Popularity {
    pub fn new(uses: Vec<Split>, one_in: u64) -> Popularity {
        Popularity { uses, one_in }
    }

    /// Nothing of a percentage that is no whole key.
    pub fn hot(&self) -> Vec<Hot> {
        let mut uses: Vec<u64> = self.uses.iter().map(|key| key.all()).collect();
        uses.sort_unstable_by_key(|&uses| Reverse(uses));
        let all: u64 = uses.iter().sum();
        let hot = |percent| {
            let keys = uses.len() as u64 * percent / 100;
            let theirs: u64 = uses.iter().take(keys as usize).sum();
            (keys > 0).then(|| Hot { percent, keys: keys * self.one_in, share: theirs as f64 / all as f64 })
        };
        PERCENTS.into_iter().filter_map(hot).collect()
    }

    /// `None` where too few uses are left to fit a law to, or almost all are of one key.
    pub fn zipf(&self) -> Option<Zipf> {
        let mut ranked: Vec<Split> = self.uses.iter().copied().filter(|key| key.first > 0).collect();
        ranked.sort_unstable_by_key(|key| Reverse(key.first));
        // Keys that can't be told apart, their last rank and their uses.
        let ties = || {
            let mut last = 0;
            ranked.chunk_by(|a, b| a.first == b.first).map(move |tied| {
                last += tied.len();
                (last, tied.iter().map(|key| key.second).sum::<u64>())
            })
        };
        let uses: u64 = ranked.iter().map(|key| key.second).sum();
        if uses < USES_MIN || ranked.len() < 2 {
            return None;
        }
        let (mut mean_log_rank, mut before) = (0.0, 0);
        for (last, theirs) in ties() {
            let logs: f64 = (before + 1..=last).map(|rank| libm::log(rank as f64)).sum();
            mean_log_rank += theirs as f64 / uses as f64 * logs / (last - before) as f64;
            before = last;
        }
        let exponent =
            Some(likeliest(mean_log_rank, ranked.len())).filter(|&exponent| exponent < EXPONENT_MAX - 0.01)?;
        let (mut off, mut seen, mut law, mut before) = (0.0_f64, 0, 0.0, 0);
        let whole = harmonic(ranked.len(), exponent);
        for (last, theirs) in ties() {
            seen += theirs;
            law += (before + 1..=last).map(|rank| term(rank, exponent)).sum::<f64>();
            off = off.max((seen as f64 / uses as f64 - law / whole).abs());
            before = last;
        }
        Some(Zipf { exponent, off })
    }
}

/// The exponent at which ranks with this mean of their logarithms are likeliest, of so many ranks.
///
/// The logarithm of the likelihood, -exponent * mean - ln harmonic, is concave.
fn likeliest(mean_log_rank: f64, ranks: usize) -> f64 {
    let likelihood = |exponent: f64| -exponent * mean_log_rank - libm::log(harmonic(ranks, exponent));
    let (mut low, mut high) = (0.0, EXPONENT_MAX);
    while high - low > 1e-6 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if likelihood(left) < likelihood(right) { low = left } else { high = right }
    }
    (low + high) / 2.0
}

fn term(rank: usize, exponent: f64) -> f64 {
    libm::exp(-exponent * libm::log(rank as f64))
}

/// The sum of 1 / r^exponent over the ranks from 1 to n: of the first ones as it stands, of the others by the formula of Euler
/// and Maclaurin, to 12 digits.
fn harmonic(n: usize, exponent: f64) -> f64 {
    const FIRST: usize = 1000;
    let summed = n.min(FIRST);
    let sum: f64 = (1..=summed).map(|rank| term(rank, exponent)).sum();
    if n == summed {
        return sum;
    }
    let (from, to, power) = (summed as f64, n as f64, 1.0 - exponent);
    // (to^power - from^power) / power, which is ln (to / from) for a power of 0.
    let log = libm::log(to / from);
    let area = libm::exp(power * libm::log(from)) * if power == 0.0 { log } else { libm::expm1(power * log) / power };
    let [at_from, at_to] = [summed, n].map(|rank| term(rank, exponent));
    let slopes = exponent / 12.0 * (at_from / from - at_to / to);
    sum + area + (at_to - at_from) / 2.0 + slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_right_at_every_exponent() {
        for n in [1, 2, 999, 1000, 1001, 5000, 100_000] {
            for exponent in [0.0, 0.3, 0.999_999_9, 1.0, 1.5, 8.0] {
                let sum: f64 = (1..=n).rev().map(|rank| f64::powf(rank as f64, -exponent)).sum();
                let found = harmonic(n, exponent);
                assert!((found / sum - 1.0).abs() < 1e-11, "{n} {exponent}: {found}, not {sum}");
            }
        }
    }

    /// Uses in exact proportion to a law, the same in both halves.
    fn law(keys: usize, exponent: f64) -> Popularity {
        let uses = (1..=keys).map(|rank| (1e6 * term(rank, exponent)) as u64);
        Popularity::new(uses.map(|uses| Split { first: uses, second: uses }).collect(), 1)
    }

    #[test]
    fn a_law_is_found_again() {
        for exponent in [0.2, 0.8, 1.0, 1.3] {
            let found = law(1000, exponent).zipf().unwrap();
            assert!((found.exponent - exponent).abs() < 0.01 && found.off < 0.002 && found.fits(), "{found:?}");
        }
        let even = law(1000, 0.0).zipf().unwrap();
        assert!(even.is_even() && !even.fits() && even.exponent < 1e-5, "{even:?}");
        // Half of the keys get all but nothing.
        let hot =
            |rank: usize| Split { first: if rank < 500 { 1000 } else { 1 }, second: u64::from(rank < 500) * 1000 };
        let found = Popularity::new((0..1000).map(hot).collect(), 1).zipf().unwrap();
        assert!(!found.fits() && !found.is_even(), "{found:?}");
    }

    #[test]
    fn without_a_second_use_there_is_no_law() {
        let once = Split { first: 1, second: 0 };
        assert_eq!(Popularity::new(vec![once; 100], 1).zipf(), None);
        assert_eq!(Popularity::new(vec![Split { first: 5, second: 5 }], 1).zipf(), None);
        let one_of_all = [vec![Split { first: 1000, second: 1000 }], vec![once; 100]].concat();
        assert_eq!(Popularity::new(one_of_all, 1).zipf(), None);
        assert_eq!(Popularity::new(Vec::new(), 1).hot(), []);
    }

    #[test]
    fn hot_keys_are_whole_ones() {
        let uses = |all: u64| Split { first: all, second: 0 };
        let hot = |keys: &[u64]| Popularity::new(keys.iter().map(|&all| uses(all)).collect(), 1).hot();
        assert_eq!(hot(&[1, 1, 1, 2, 1, 1, 1, 1, 1]), []);
        assert_eq!(hot(&[1, 1, 1, 31, 1, 1, 1, 1, 1, 1]), [Hot { percent: 10, keys: 1, share: 31.0 / 40.0 }]);
    }
}
