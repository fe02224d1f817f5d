//! `zipfian(theta)`: a few hot records and a long tail. The record of rank r is drawn with a probability proportional
//! to 1 / (r + 1)^theta, so that the oldest is the hottest; keys count up, so that hot keys are neighbours.
//!
//! Sampled by rejection-inversion (W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from
//! monotone discrete distributions", ACM TOMACS 6(3), 1996). Unlike the method of Gray et al. (1994) that YCSB uses it
//! needs no sum over all records, is exact, and takes theta = 1 and more in its stride: any number of records in
//! constant memory, and a number that changes costs one evaluation of [`Sampler::hat_area`].
//!
//! Ranks come from 53 random bits. Where n^theta nears 2^53 the far tail becomes grainy: neighbouring ranks share one
//! chance instead of having one each.

use super::{Keys, Rng, Row, Term};
use crate::plan::{Param, Range};

/// Above 8 all but one draw in 250 hits the one hottest record, which is a workload of a single key.
pub(super) const THETA: Param = Param::number(
    "theta",
    "skew: the record of rank r is drawn proportionally to 1 / (r + 1)^theta",
    Range { min: 0.0, max: 8.0, above_min: true, below_max: false, integer: false },
    Some(0.99),
);

pub(super) const ROW: Row = Row {
    term: Term {
        name: "zipfian",
        summary: "keys 0, 1, 2, ..; the lower the key, the hotter",
        source: "Hörmann and Derflinger, ACM TOMACS 6(3), 1996",
        params: &[THETA],
        named: false,
        file: false,
        needs_arguments: false,
    },
    start: |inputs| Box::new(Zipfian(Sampler::new(inputs.args.real("theta")))),
};

struct Zipfian(Sampler);

impl Keys for Zipfian {
    fn nth(&self, i: u64) -> u64 {
        i
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        self.0.draw(rng, n)
    }
}

/// Draws Zipf-distributed ranks. In the paper's terms, for k = rank + 1: a point under the hat h(x) = x^-theta between
/// 1/2 and n + 1/2 is chosen by its area, and k, the integer nearest to it, is kept when the point lies in k's bar.
///
/// All of its floating point is the four operations and `libm` in software, which give the same bits on every machine.
#[derive(Debug, Clone)]
pub(super) struct Sampler {
    theta: f64,
    /// 1 / (1 - theta); not used for theta = 1.
    reciprocal: f64,
    /// A point at most this far below its integer lies in the bar for certain: the paper's `s`.
    surely: f64,
    /// The area where the bar of k = 1 begins.
    first: f64,
    /// The number of records that `last` is for.
    n: u64,
    /// The area up to n + 1/2.
    last: f64,
}

impl Sampler {
    /// For 0 < `theta` <= 8.
    pub(super) fn new(theta: f64) -> Sampler {
        let reciprocal = 1.0 / (1.0 - theta);
        let mut sampler = Sampler { theta, reciprocal, surely: 0.0, first: 0.0, n: 0, last: 0.0 };
        sampler.first = sampler.hat_area(1.5) - 1.0;
        sampler.surely = 2.0 - sampler.inverse(sampler.hat_area(2.5) - sampler.hat(2.0));
        sampler
    }

    /// A rank in `0..n`, 0 the most likely; `n >= 1`.
    pub(super) fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        if self.n != n {
            self.n = n;
            self.last = self.hat_area(n as f64 + 0.5);
        }
        loop {
            let area = self.last + rng.unit() * (self.first - self.last);
            let x = self.inverse(area);
            let k = ((x + 0.5) as u64).clamp(1, n);
            if k as f64 - x <= self.surely || area >= self.hat_area(k as f64 + 0.5) - self.hat(k as f64) {
                return k - 1;
            }
        }
    }

    /// h(x) = x^-theta.
    fn hat(&self, x: f64) -> f64 {
        libm::exp(-self.theta * libm::log(x))
    }

    /// H(x), the integral of h from 1 to x: (x^(1 - theta) - 1) / (1 - theta), or ln x for theta = 1.
    fn hat_area(&self, x: f64) -> f64 {
        let ln_x = libm::log(x);
        // With expm1, and log1p below, no digits are lost as theta nears 1.
        if self.theta == 1.0 { ln_x } else { libm::expm1((1.0 - self.theta) * ln_x) * self.reciprocal }
    }

    /// The x at which H(x) = `area`.
    fn inverse(&self, area: f64) -> f64 {
        if self.theta == 1.0 {
            return libm::exp(area);
        }
        // Below -1 there is no x; rounding alone can lead there, for a large theta at the very end of the tail.
        let t = ((1.0 - self.theta) * area).max(-1.0);
        libm::exp(libm::log1p(t) * self.reciprocal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 1_000_000;

    /// The probability of every rank, by the formula.
    fn probabilities(theta: f64, n: u64) -> Vec<f64> {
        let weights: Vec<f64> = (1..=n).map(|k| (k as f64).powf(-theta)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }

    fn counts(theta: f64, n: u64, seed: u64) -> Vec<u32> {
        let (mut sampler, mut rng) = (Sampler::new(theta), Rng::new(seed));
        let mut counts = vec![0; n as usize];
        for _ in 0..DRAWS {
            counts[sampler.draw(&mut rng, n) as usize] += 1;
        }
        counts
    }

    #[test]
    fn the_hottest_record_has_its_share_within_one_percent() {
        for theta in [0.5, 0.99, 1.0, 1.5] {
            // Few enough records that one percent is at least four standard deviations.
            let n = if theta < 0.9 { 50 } else { 1000 };
            let found = f64::from(counts(theta, n, 42)[0]) / f64::from(DRAWS);
            let expected = probabilities(theta, n)[0];
            assert!((found / expected - 1.0).abs() < 0.01, "theta {theta}: {found}, expected {expected}");
        }
    }

    #[test]
    fn all_ranks_follow_the_formula() {
        for (theta, n) in
            [(0.01, 100), (0.5, 100), (0.99, 100), (1.0, 100), (1.0 + f64::EPSILON, 100), (1.5, 20), (3.0, 5), (8.0, 2)]
        {
            let expected = probabilities(theta, n).into_iter().map(|p| p * f64::from(DRAWS));
            let chi_square: f64 =
                counts(theta, n, 7).iter().zip(expected).map(|(&c, e)| (f64::from(c) - e).powi(2) / e).sum();
            // Wilson and Hilferty's approximation of the quantile at p = 0.001 (z = 3.09).
            let freedom = (n - 1) as f64;
            let v = 2.0 / (9.0 * freedom);
            let limit = freedom * (1.0 - v + 3.09 * v.sqrt()).powi(3);
            assert!(chi_square < limit, "theta {theta}, n {n}: chi-square {chi_square}, limit {limit}");
        }
    }

    #[test]
    fn any_number_of_records_and_any_theta_stay_in_range() {
        let mut rng = Rng::new(1);
        for theta in [f64::MIN_POSITIVE, 0.5, 1.0 - f64::EPSILON, 1.0, 1.0 + f64::EPSILON, 2.0, 8.0] {
            let mut sampler = Sampler::new(theta);
            for n in [1, 2, 3, 1 << 32, 1 << 53, (1 << 53) + 1, 1 << 63, u64::MAX] {
                for _ in 0..200 {
                    assert!(sampler.draw(&mut rng, n) < n, "theta {theta}, n {n}");
                }
            }
        }
    }

    #[test]
    fn a_changed_number_of_records_draws_as_a_fresh_sampler_does() {
        let mut used = Sampler::new(0.99);
        used.draw(&mut Rng::new(9), 10);
        let (mut a, mut b) = (Rng::new(5), Rng::new(5));
        let mut fresh = Sampler::new(0.99);
        assert!((0..1000).all(|_| used.draw(&mut a, 5000) == fresh.draw(&mut b, 5000)));
    }
}
