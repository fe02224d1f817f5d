//! From the blocks of all turns to a ratio with its interval, its control, and the call.

/// The fewest groups of rounds that an interval follows from: all of them lie on one side of the truth once in 64.
pub const GROUPS_MIN: u32 = 7;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The old build's.
    Old,
    /// The new one's.
    New,
    /// The old one's again.
    Control,
}

impl Side {
    /// In the order of a round; every other round goes the other way.
    pub const ALL: [Side; 3] = [Side::Old, Side::New, Side::Control];
}

/// The least of each block over the rounds of each group, by side.
#[derive(Debug, Clone)]
pub struct Samples {
    rounds: u32,
    group_rounds: u32,
    /// Of each group that is whole, the sums of its least blocks.
    groups: Vec<[u64; Side::ALL.len()]>,
    /// The last group's least blocks.
    group: [Vec<u64>; Side::ALL.len()],
    /// Those of all rounds.
    least: [Vec<u64>; Side::ALL.len()],
}

/// A ratio, and between what it lies with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The ratio; above 0.
    pub ratio: f64,
    /// At the least.
    pub low: f64,
    /// At the most.
    pub high: f64,
}

/// What the samples of a cell come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// New over old.
    pub ratio: Interval,
    /// Old over old.
    pub control: Interval,
}

/// What the turns say of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// None that is beyond what equal builds show.
    None,
    /// The new one takes less time.
    Faster,
    /// It takes more.
    Slower,
}

impl Samples {
    /// None yet, to be put together in groups of so many rounds.
    pub fn new(group_rounds: u32) -> Samples {
        let (group, least) = Default::default();
        Samples { rounds: 0, group_rounds: group_rounds.max(1), groups: Vec::new(), group, least }
    }

    /// Adds a round: what each block took, by [`Side`].
    ///
    /// # Errors
    ///
    /// In words: other blocks than those before.
    pub fn add(&mut self, round: [Vec<u64>; Side::ALL.len()]) -> Result<(), String> {
        let blocks = if self.rounds == 0 { round[0].len() } else { self.least[0].len() };
        if blocks == 0 || round.iter().any(|side| side.len() != blocks) {
            let [old, new, control] = round.each_ref().map(Vec::len);
            return Err(format!("of {blocks} blocks the old one timed {old} and {control}, the new one {new}"));
        }
        for (side, blocks) in round.into_iter().enumerate() {
            lower(&mut self.least[side], &blocks);
            lower(&mut self.group[side], &blocks);
        }
        self.rounds += 1;
        if self.rounds.is_multiple_of(self.group_rounds) {
            self.groups.push(std::mem::take(&mut self.group).map(|blocks| blocks.iter().sum()));
        }
        Ok(())
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The sum of the least blocks of a side over all rounds.
    pub fn least(&self, side: Side) -> u64 {
        self.least[side as usize].iter().sum()
    }

    /// The ratio and its control; `None` with fewer than [`GROUPS_MIN`] whole groups, or where blocks took no time.
    pub fn compared(&self) -> Option<Compared> {
        let of = |figure: fn([f64; 3]) -> f64| {
            interval(self.groups.iter().map(|group| figure(group.map(|ticks| (ticks as f64).ln()))).collect())
        };
        let ratio = of(|[old, new, control]| new - (old + control) / 2.0)?;
        Some(Compared { ratio, control: of(|[old, _, control]| control - old)? })
    }
}

fn lower(least: &mut Vec<u64>, blocks: &[u64]) {
    if least.is_empty() {
        least.extend(blocks);
    } else {
        least.iter_mut().zip(blocks).for_each(|(least, block)| *least = (*least).min(*block));
    }
}

/// Of logarithms of ratios: their median, with the interval of order statistics that the sign test gives.
fn interval(mut lns: Vec<f64>) -> Option<Interval> {
    if lns.len() < GROUPS_MIN as usize || !lns.iter().all(|ln| ln.is_finite()) {
        return None;
    }
    lns.sort_unstable_by(f64::total_cmp);
    let last = lns.len() - 1;
    let beyond = beyond(lns.len());
    let median = f64::midpoint(lns[last / 2], lns[lns.len() / 2]);
    let [ratio, low, high] = [median, lns[beyond], lns[last - beyond]].map(f64::exp);
    Some(Interval { ratio, low, high })
}

/// Of so many samples, how many lie below the 95 % interval, and as many above: so few, or fewer, of so many tosses of a coin
/// show heads with a probability of at most 2.5 %.
fn beyond(samples: usize) -> usize {
    let of = samples as f64;
    if samples > EXACT_MAX {
        return (of / 2.0 - 1.959_963_985 * of.sqrt() / 2.0 - 0.5) as usize;
    }
    let (mut all, mut probable, mut heads) = (0.0, 0.5_f64.powi(samples as i32), 0);
    loop {
        all += probable;
        if all > 0.025 {
            return heads.max(1) - 1;
        }
        probable *= (of - heads as f64) / (heads + 1) as f64;
        heads += 1;
    }
}

/// From more samples on the number of heads is taken for normal.
const EXACT_MAX: usize = 1000;

impl Compared {
    /// See [the module above](super).
    pub fn call(&self) -> Call {
        let reach = self.control.high.max(1.0 / self.control.low);
        match self.ratio {
            Interval { low, .. } if low > reach => Call::Slower,
            Interval { high, .. } if high < 1.0 / reach => Call::Faster,
            _ => Call::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const BLOCKS: usize = 20;

    /// A process's blocks: of 10,000 ticks, `slower` times as many, and what the machine adds to each: 1 % on average, and
    /// now and then a hundred times the block.
    fn process(rng: &mut Xoshiro256PlusPlus, slower: f64) -> Vec<u64> {
        let mut unit = || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut block = || {
            let scatter = -0.01 * (1.0_f64 - unit()).ln();
            let preempted = if unit() < 0.01 { 100.0 } else { 0.0 };
            (10_000.0 * slower * (1.0 + scatter + preempted)) as u64
        };
        (0..BLOCKS).map(|_| block()).collect()
    }

    fn called(seed: u64, rounds: usize, slower: f64) -> Call {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut samples = Samples::new(3);
        for _ in 0..rounds {
            samples.add([1.0, slower, 1.0].map(|slower| process(rng, slower))).unwrap();
        }
        samples.compared().unwrap().call()
    }

    #[test]
    fn of_a_thousand_equal_builds_next_to_none_is_called() {
        let called = (0..1000).filter(|&seed| called(seed, 28, 1.0) != Call::None).count();
        assert!(called <= 1, "{called} of 1,000");
    }

    #[test]
    fn three_per_cent_are_called_to_the_side_to_which_they_went() {
        let calls = |slower| (0..100).map(move |seed| called(seed, 28, slower));
        assert_eq!(calls(1.03).filter(|&call| call == Call::Slower).count(), 100);
        assert_eq!(calls(1.0 / 1.03).filter(|&call| call == Call::Faster).count(), 100);
    }

    /// On a machine that a neighbour slows by a third, in so large a share of the processes, with 1.5 % of scatter: each
    /// process's one block in sixty rounds.
    fn called_beside_a_neighbour(share: f64, slower: f64) -> [usize; 2] {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
        let mut unit = || (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut called = || {
            let mut samples = Samples::new(1);
            for _ in 0..60 {
                let mut process = |slower: f64| {
                    let scatter = (0..12).map(|_| unit()).sum::<f64>() - 6.0;
                    let neighbour = if unit() < share { 1.33 } else { 1.0 };
                    vec![(1e6 * slower * neighbour * (1.0 + 0.015 * scatter)) as u64]
                };
                samples.add([1.0, slower, 1.0].map(&mut process)).unwrap();
            }
            samples.compared().unwrap().call()
        };
        let calls: Vec<_> = (0..300).map(|_| called()).collect();
        [Call::Slower, Call::Faster].map(|call| calls.iter().filter(|&&one| one == call).count())
    }

    #[test]
    fn a_neighbour_that_comes_and_goes_neither_makes_a_change_nor_hides_one() {
        assert_eq!([0.02, 0.2].map(|share| called_beside_a_neighbour(share, 1.0)), [[0, 0]; 2]);
        let [slower, faster] = called_beside_a_neighbour(0.02, 1.03);
        assert!(slower >= 294 && faster == 0, "{slower}, {faster}");
        let [slower, faster] = called_beside_a_neighbour(0.2, 1.0 / 1.08);
        assert!(slower == 0 && faster >= 294, "{slower}, {faster}");
    }

    /// Groups of one round: sums of a block, by side.
    fn of_groups(round: impl Fn(usize) -> [u64; 3]) -> Samples {
        let mut samples = Samples::new(1);
        (0..7).for_each(|group| samples.add(round(group).map(|ticks| vec![ticks])).unwrap());
        samples
    }

    #[test]
    fn the_interval_is_the_sign_tests_over_the_logarithms_of_the_groups() {
        let new = [1000, 1010, 1030, 1060, 1100, 1150, 9999];
        let samples = of_groups(|group| [1000, new[group], 1000]);
        let Compared { ratio, control } = samples.compared().unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(ratio.ratio, 1.06) && near(ratio.low, 1.0) && near(ratio.high, 9.999), "{ratio:?}");
        assert_eq!(control, Interval { ratio: 1.0, low: 1.0, high: 1.0 });
        let of_ten = interval((1..=10).map(f64::from).rev().collect()).unwrap();
        let logarithms = [of_ten.low, of_ten.ratio, of_ten.high].map(f64::ln);
        assert!(logarithms.iter().zip([2.0, 5.5, 9.0]).all(|(a, b)| near(*a, b)), "{of_ten:?}");
    }

    /// As tables of the sign test have it, two-sided, 5 %.
    #[test]
    fn as_many_lie_beyond_as_tables_say() {
        let tables = [
            (7, 0),
            (8, 0),
            (9, 1),
            (10, 1),
            (15, 3),
            (20, 5),
            (21, 5),
            (25, 7),
            (30, 9),
            (40, 13),
            (50, 17),
            (100, 39),
        ];
        assert_eq!(tables.map(|(samples, _)| (samples, beyond(samples))), tables);
        assert_eq!([1000, 1001].map(beyond), [468, 468], "the last exact one, and the first normal one");
    }

    #[test]
    fn what_the_control_shows_too_is_not_called() {
        let both = of_groups(|group| [1000, 1050 + group as u64, 1100 + 3 * group as u64]).compared().unwrap();
        assert!(both.control.low > 1.08, "{both:?}");
        let slower = of_groups(|group| [1000, 1050 + group as u64, 1001]).compared().unwrap();
        assert_eq!((both.call(), slower.call()), (Call::None, Call::Slower));
        // A control that went down reaches as far up.
        let down = of_groups(|group| [1100 + 3 * group as u64, 1080 + group as u64, 1000]).compared().unwrap();
        assert_eq!(down.call(), Call::None);
    }

    #[test]
    fn the_least_of_each_block_counts_whichever_round_it_is_of() {
        let mut samples = Samples::new(2);
        for round in 0..15 {
            // Each round has one of its two blocks disturbed.
            let blocks = |ticks: u64| if round % 2 == 0 { vec![ticks, 9999] } else { vec![9999, ticks] };
            samples.add([blocks(100), blocks(110), blocks(100)]).unwrap();
        }
        assert_eq!([Side::Old, Side::New, Side::Control].map(|side| samples.least(side)), [200, 220, 200]);
        assert!((samples.compared().unwrap().ratio.ratio - 1.1).abs() < 1e-12);
        assert_eq!((samples.rounds(), samples.groups.len()), (15, 7), "the last group is not whole");
    }

    #[test]
    fn what_can_t_be_compared_is_refused() {
        let mut samples = Samples::new(1);
        let other = samples.add([vec![1, 2], vec![1], vec![1, 2]]).unwrap_err();
        assert_eq!(other, "of 2 blocks the old one timed 2 and 2, the new one 1");
        assert!(samples.add([vec![], vec![], vec![]]).is_err());
        samples.add([vec![1], vec![1], vec![1]]).unwrap();
        assert!(samples.add([vec![1, 2], vec![1, 2], vec![1, 2]]).is_err());
        assert_eq!(samples.compared(), None, "too few rounds");
        assert_eq!(of_groups(|_| [0, 0, 0]).compared(), None, "no time");
    }
}
