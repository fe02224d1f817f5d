//! How long keys or values are.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// As many different lengths are told apart; beyond that all are rounded down to a multiple of 2, then of 4 and so on. So
/// they need 32 MB at most.
const DIFFERENT_MAX: usize = 1 << 20;

/// Lengths that are being counted.
#[derive(Debug, Clone, Default)]
pub struct Lengths {
    counts: HashMap<u32, u64, foldhash::fast::FixedState>,
    /// The low bits that all are rounded down by.
    rounded_bits: u32,
    count: u64,
    sum: u128,
    max: u32,
}

/// What lengths there are, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many were counted, at least 1.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The least length that half of them don't exceed.
    pub p50: u32,
    /// The least that 99 in 100 don't exceed.
    pub p99: u32,
    /// The greatest.
    pub max: u32,
}

impl Lengths {
    /// Counts a length that occurs so many times.
    pub fn add(&mut self, length: u32, times: u64) {
        if times == 0 {
            return;
        }
        self.count += times;
        self.sum += u128::from(length) * u128::from(times);
        self.max = self.max.max(length);
        *self.counts.entry(self.rounded(length)).or_default() += times;
        while self.counts.len() > DIFFERENT_MAX {
            self.rounded_bits += 1;
            for (length, times) in std::mem::take(&mut self.counts) {
                *self.counts.entry(self.rounded(length)).or_default() += times;
            }
        }
    }

    fn rounded(&self, length: u32) -> u32 {
        length >> self.rounded_bits << self.rounded_bits
    }

    /// What they come to; `None` of none.
    pub fn spread(&self) -> Option<Spread> {
        let mut counts: Vec<_> = self.counts.iter().map(|(&length, &times)| (length, times)).collect();
        counts.sort_unstable();
        let percentile = |percent: u128| {
            let mut left = (u128::from(self.count) * percent).div_ceil(100);
            let reached = counts.iter().find(|&&(_, times)| {
                let reached = left <= times.into();
                left = left.saturating_sub(times.into());
                reached
            });
            reached.map(|&(length, _)| length)
        };
        let mean = self.sum as f64 / self.count as f64;
        Some(Spread { count: self.count, mean, p50: percentile(50)?, p99: percentile(99)?, max: self.max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_occur() {
        let mut lengths = Lengths::default();
        assert_eq!(lengths.spread(), None);
        lengths.add(7, 0);
        assert_eq!(lengths.spread(), None);
        for (length, times) in [(10, 50), (1, 1), (20, 48), (u32::MAX, 1)] {
            lengths.add(length, times);
        }
        let mean = (500.0 + 1.0 + 960.0 + f64::from(u32::MAX)) / 100.0;
        assert_eq!(lengths.spread(), Some(Spread { count: 100, mean, p50: 10, p99: 20, max: u32::MAX }));
    }

    #[test]
    fn what_there_are_too_many_of_is_rounded() {
        let mut lengths = Lengths::default();
        let all = 3 << 20;
        (0..all).for_each(|length| lengths.add(length, 1));
        let Spread { count, mean, p50, p99, max } = lengths.spread().unwrap();
        assert_eq!((count, mean, max), (all.into(), f64::from(all - 1) / 2.0, all - 1));
        assert_eq!((p50, p99), ((all / 2 - 1) / 4 * 4, ((u64::from(all) * 99).div_ceil(100) as u32 - 1) / 4 * 4));
        assert!(lengths.counts.len() <= DIFFERENT_MAX);
    }
}
