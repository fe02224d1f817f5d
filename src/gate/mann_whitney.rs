//! Whether the repetitions of two runs differ by more than chance: the two-sided rank test of Mann and Whitney.
//!
//! Were nothing changed, every way to deal the values to the two runs would be as likely as any other. U counts the pairs of
//! a repetition of one run and one of the other in which the latter is the larger, ties as half. Of all ways to deal the
//! values found, ties included, the test counts those whose U is as far from its mean as the one found, or farther: their
//! share is p. That is exact, whatever the values' distribution. With more than [`EXACT_MAX`] repetitions in both runs
//! together U is taken as normally distributed, its variance corrected for ties, and half a step given for continuity: ties
//! make steps larger.
//!
//! It assumes repetitions that don't depend on each other: hence each is a process of its own, and they are spread over
//! the run.
//!
//! Sources: H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically larger than the
//! other", Annals of Mathematical Statistics 18 (1947); the variance under ties: E. L. Lehmann, "Nonparametrics" (1975).

use std::cmp::Ordering;

/// What is called a difference would occur by chance no more often than this.
pub const ALPHA: f64 = 0.05;

/// Fewer on either side are not asked: all three of three beyond all of three others are so by chance once in ten, in one
/// direction or the other; of four and four once in 35.
pub const REPETITIONS_MIN: usize = 4;

/// With up to so many values in both lists together, p is exact.
const EXACT_MAX: usize = 50;

/// How two lists of values differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RankTest {
    /// How likely ranks as far apart as these, or farther, are by chance.
    pub p: f64,
    /// How likely any p up to [`ALPHA`] is by chance: somewhat less than `ALPHA`, because few values have few ranks.
    pub by_chance: f64,
    /// How the values of the second list lie to those of the first one, by their ranks.
    pub shift: Ordering,
}

impl RankTest {
    /// Compares two lists of finite values.
    pub fn new(before: &[f64], after: &[f64]) -> RankTest {
        let ranks = Ranks::new(before, after);
        let (found, mean) = (ranks.after, ranks.mean());
        let (p, by_chance) = if ranks.doubled.len() <= EXACT_MAX { ranks.exact() } else { ranks.normal() };
        RankTest { p, by_chance, shift: found.cmp(&mean) }
    }

    /// Whether the difference is beyond chance.
    pub fn differs(&self) -> bool {
        self.p <= ALPHA
    }
}

/// The ranks of all values together, doubled: equal values share the mean of their ranks, which may be a half.
struct Ranks {
    doubled: Vec<u64>,
    of_after: usize,
    /// The sum of the second list's.
    after: u64,
}

impl Ranks {
    fn new(before: &[f64], after: &[f64]) -> Ranks {
        let mut all: Vec<(f64, bool)> = before.iter().map(|&x| (x, false)).collect();
        all.extend(after.iter().map(|&x| (x, true)));
        all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut ranks = Ranks { doubled: Vec::with_capacity(all.len()), of_after: after.len(), after: 0 };
        for equals in all.chunk_by(|(a, _), (b, _)| a == b) {
            let first = ranks.doubled.len() as u64 + 1;
            let last = first + equals.len() as u64 - 1;
            ranks.doubled.resize(last as usize, first + last);
            ranks.after += (first + last) * equals.iter().filter(|(_, of_after)| *of_after).count() as u64;
        }
        ranks
    }

    /// The mean of the second list's sum over all ways to deal the values.
    fn mean(&self) -> u64 {
        self.of_after as u64 * (self.doubled.len() as u64 + 1)
    }

    /// p, and the share of all ways to deal the values that have a p up to [`ALPHA`].
    fn exact(&self) -> (f64, f64) {
        let mean = self.mean();
        let largest: u64 = self.doubled.iter().rev().take(self.of_after).sum();
        // ways[n][sum]: how many choices of n ranks have that sum.
        let mut ways = vec![vec![0_u64; largest as usize + 1]; self.of_after + 1];
        ways[0][0] = 1;
        for &rank in &self.doubled {
            for n in (1..=self.of_after).rev() {
                let (fewer, more) = ways.split_at_mut(n);
                for (from, to) in fewer[n - 1].iter().zip(more[0].iter_mut().skip(rank as usize)) {
                    *to += from;
                }
            }
        }
        let mut by_distance = vec![0_u64; (largest.max(mean) + 1) as usize];
        for (sum, &ways) in (0..).zip(&ways[self.of_after]).filter(|(_, ways)| **ways > 0) {
            by_distance[mean.abs_diff(sum) as usize] += ways;
        }
        let all: u64 = by_distance.iter().sum();
        let share = |ways: u64| ways as f64 / all as f64;
        let (mut beyond, mut p, mut by_chance) = (0, 1.0, 0.0);
        for (distance, ways) in by_distance.iter().enumerate().rev() {
            beyond += ways;
            if distance as u64 == mean.abs_diff(self.after) {
                p = share(beyond);
            }
            if share(beyond) <= ALPHA {
                by_chance = share(beyond);
            }
        }
        (p, by_chance)
    }

    /// The same where there are too many ways to count.
    fn normal(&self) -> (f64, f64) {
        let all = self.doubled.len() as f64;
        let (n, m) = (self.of_after as f64, all - self.of_after as f64);
        let ties = self.doubled.chunk_by(|a, b| a == b).map(|equals| equals.len() as f64);
        let correction: f64 = ties.map(|t| t * t * t - t).sum::<f64>() / (all * (all - 1.0));
        // That of the doubled sums.
        let deviation = (n * m / 3.0 * (all + 1.0 - correction)).sqrt();
        if deviation == 0.0 {
            return (1.0, 0.0);
        }
        // Dealing two ranks the other way round changes the sum by their difference.
        let step = self.doubled.windows(2).fold(0, |step, two| gcd(step, two[1] - two[0])) as f64;
        let p = |sum: u64| {
            let distance = (self.mean().abs_diff(sum) as f64 - step / 2.0).max(0.0);
            libm::erfc(distance / deviation / std::f64::consts::SQRT_2)
        };
        let extremes =
            [self.doubled.iter().take(self.of_after).sum(), self.doubled.iter().rev().take(self.of_after).sum()];
        let reachable = extremes.into_iter().any(|sum| p(sum) <= ALPHA);
        (p(self.after), if reachable { ALPHA } else { 0.0 })
    }
}

/// The greatest common divisor; that of 0 and a number is the number.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// Lists without ties of so many values, of which so many pairs have the larger one in the second.
    fn with_u(before: usize, after: usize, u: usize) -> (Vec<f64>, Vec<f64>) {
        // The second list begins below the first one; each of its values in turn rises above as many as it may.
        let mut above = vec![0; after];
        let mut left = u;
        for place in above.iter_mut().rev() {
            *place = left.min(before);
            left -= *place;
        }
        assert_eq!(left, 0, "{u} pairs of {before} and {after}");
        let first = (0..before).map(|i| 1000.0 * (i + 1) as f64).collect();
        (first, above.iter().enumerate().map(|(i, &above)| 1000.0 * above as f64 + 1.0 + i as f64).collect())
    }

    fn p_of_u(before: usize, after: usize, u: usize) -> f64 {
        let (first, second) = with_u(before, after, u);
        RankTest::new(&first, &second).p
    }

    /// Critical values of U, two-tailed, at 0.05: the largest that differs. As printed in "Critical values of Mann-Whitney U
    /// at p = 0.05 (two-tailed test)" and in the table of numeracy-bank.net, "Mann-Whitney U", up to 20 in the larger list
    /// (19 with 4 in the other: the latter prints 13 for 4 and 20, where 14 is 0.045).
    const CRITICAL: [(usize, usize, &[usize]); 10] = [
        (3, 5, &[0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8]),
        (4, 4, &[0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 13]),
        (5, 5, &[2, 3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 18, 19, 20]),
        (6, 6, &[5, 6, 8, 10, 11, 13, 14, 16, 17, 19, 21, 22, 24, 25, 27]),
        (7, 7, &[8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34]),
        (8, 8, &[13, 15, 17, 19, 22, 24, 26, 29, 31, 34, 36, 38, 41]),
        (9, 9, &[17, 20, 23, 26, 28, 31, 34, 37, 39, 42, 45, 48]),
        (10, 10, &[23, 26, 29, 33, 36, 39, 42, 45, 48, 52, 55]),
        (11, 11, &[30, 33, 37, 40, 44, 47, 51, 55, 58, 62]),
        (12, 12, &[37, 41, 45, 49, 53, 57, 61, 65, 69]),
    ];

    #[test]
    fn it_differs_up_to_the_critical_values_of_published_tables() {
        for (few, from, row) in CRITICAL {
            for (many, &critical) in (from..).zip(row) {
                for (a, b) in [(few, many), (many, few)] {
                    assert!(p_of_u(a, b, critical) <= ALPHA, "{a} and {b}, U {critical}");
                    assert!(p_of_u(a, b, critical + 1) > ALPHA, "{a} and {b}, U {}", critical + 1);
                    assert_eq!(p_of_u(a, b, critical), p_of_u(a, b, a * b - critical), "{a} and {b}: both sides alike");
                }
            }
        }
        assert!(p_of_u(3, 3, 0) > ALPHA && p_of_u(3, 4, 0) > ALPHA, "too few to differ at all");
    }

    /// The chances of U up to 0, 1, 2, ... in Mann and Whitney's own table, one-sided and to three digits.
    #[test]
    fn it_agrees_with_mann_and_whitney_s_table() {
        let tables: [(usize, &[f64]); 2] = [
            (4, &[0.014, 0.029, 0.057, 0.100, 0.171, 0.243, 0.343, 0.443]),
            (5, &[0.004, 0.008, 0.016, 0.028, 0.048, 0.075, 0.111, 0.155, 0.210, 0.274, 0.345, 0.421, 0.500]),
        ];
        for (n, table) in tables {
            for (u, one_sided) in table.iter().enumerate() {
                assert!((p_of_u(n, n, u) / 2.0 - one_sided).abs() <= 0.0005 + 1e-9, "{n} and {n}, U {u}");
            }
        }
    }

    #[test]
    fn few_values_have_few_ranks() {
        let by_chance = |n| {
            let (before, after) = with_u(n, n, 0);
            RankTest::new(&before, &after).by_chance
        };
        assert_eq!(by_chance(3), 0.0);
        assert_eq!(by_chance(4), 2.0 / 70.0);
        assert_eq!(by_chance(5), 8.0 / 252.0);
        assert!((0.043..0.044).contains(&by_chance(10)));
    }

    #[test]
    fn equals_don_t_differ_and_the_second_list_s_side_is_told() {
        let same = RankTest::new(&[5.0; 4], &[5.0; 6]);
        assert_eq!((same.p, same.by_chance, same.shift), (1.0, 0.0, Ordering::Equal));
        let (low, high) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        assert_eq!(RankTest::new(&low, &high).shift, Ordering::Greater);
        assert_eq!(RankTest::new(&high, &low).shift, Ordering::Less);
        let normal = RankTest::new(&[5.0; 40], &[5.0; 60]);
        assert_eq!(normal.p, 1.0);
    }

    /// Values of which most are equal, as percentiles read from a coarse clock are, make large steps.
    #[test]
    fn the_approximation_knows_the_steps_that_ties_make() {
        for (of_before, of_after) in [(0, 4), (2, 8), (3, 11), (10, 20), (0, 26)] {
            let list =
                |higher: usize| -> Vec<f64> { (0..26).map(|i| if i < higher { 361.0 } else { 351.0 }).collect() };
            let ranks = Ranks::new(&list(of_before), &list(of_after));
            let ((exact, _), (normal, by_chance)) = (ranks.exact(), ranks.normal());
            assert!((exact - normal).abs() < 0.02, "{of_before} and {of_after}: {exact} and {normal}");
            assert_eq!(exact <= ALPHA, normal <= ALPHA, "{of_before} and {of_after}");
            assert!(
                by_chance == ALPHA || (of_before, of_after) == (0, 4),
                "four of 52 can't differ at all: {by_chance}"
            );
        }
    }

    /// The test by its definition: U of every way to deal the values.
    fn brute_force(before: &[f64], after: &[f64]) -> (f64, f64) {
        let all: Vec<f64> = before.iter().chain(after).copied().collect();
        let doubled_u = |chosen: u32| -> i64 {
            let is = |i: usize| chosen >> i & 1 == 1;
            let pairs = (0..all.len()).flat_map(|i| (0..all.len()).map(move |j| (i, j)));
            pairs.filter(|&(i, j)| is(i) && !is(j)).map(|(i, j)| 1 + all[i].total_cmp(&all[j]) as i64).sum()
        };
        let mean = (before.len() * after.len()) as i64;
        let distance = |chosen| (doubled_u(chosen) - mean).abs();
        let deals: Vec<i64> = (0..1_u32 << all.len())
            .filter(|chosen| chosen.count_ones() as usize == after.len())
            .map(distance)
            .collect();
        let p = |least: i64| deals.iter().filter(|&&d| d >= least).count() as f64 / deals.len() as f64;
        let found = (1_u32 << all.len()) - (1 << before.len());
        let by_chance = deals.iter().map(|&d| p(d)).filter(|&p| p <= ALPHA).fold(0.0, f64::max);
        (p(distance(found)), by_chance)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn it_is_what_all_ways_to_deal_the_values_give(
            before in prop::collection::vec(0_u8..8, 1..6),
            after in prop::collection::vec(0_u8..8, 1..6),
        ) {
            let reals = |list: &[u8]| list.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
            let (before, after) = (reals(&before), reals(&after));
            let test = RankTest::new(&before, &after);
            prop_assert_eq!((test.p, test.by_chance), brute_force(&before, &after));
        }

        #[test]
        fn the_order_of_the_lists_and_of_their_values_says_nothing(
            before in prop::collection::vec(0_u16..40, 4..20),
            after in prop::collection::vec(0_u16..40, 4..20),
        ) {
            let reals = |list: &[u16]| list.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
            let (mut before, after) = (reals(&before), reals(&after));
            let test = RankTest::new(&before, &after);
            let other = RankTest::new(&after, &before);
            prop_assert_eq!((test.p, test.by_chance, test.shift), (other.p, other.by_chance, other.shift.reverse()));
            before.reverse();
            prop_assert_eq!(RankTest::new(&before, &after), test);
        }
    }

    proptest! {
        // How near is a matter of the values drawn, which are the same in every run: the bound was seen, not proven.
        #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        /// Where the exact test ends, the approximation takes over without a step.
        #[test]
        fn the_approximation_is_near_the_exact_test(
            before in prop::collection::vec(0_u16..200, 22..25),
            after in prop::collection::vec(0_u16..200, 22..25),
            shift in 0_u16..60,
        ) {
            let before: Vec<f64> = before.iter().map(|&x| f64::from(x)).collect();
            let after: Vec<f64> = after.iter().map(|&x| f64::from(x + shift)).collect();
            let ranks = Ranks::new(&before, &after);
            let (exact, _) = ranks.exact();
            let (normal, _) = ranks.normal();
            prop_assert!((exact - normal).abs() < 0.005, "{} and {}", exact, normal);
        }
    }
}
