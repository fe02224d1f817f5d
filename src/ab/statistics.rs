//! From the blocks of all turns to a ratio with its interval, its control, and the call.

/// Groups that a cell's rounds are dealt to, one after the other. Their number is odd, so that each has rounds of both orders.
pub const GROUPS: usize = 7;

/// Student's t for 95 % between both ends, six degrees of freedom.
const T: f64 = 2.446_911_851;

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
#[derive(Debug, Clone, Default)]
pub struct Samples {
    rounds: u32,
    least: [[Vec<u64>; Side::ALL.len()]; GROUPS],
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
    /// Adds a round: what each block took, by [`Side`].
    ///
    /// # Errors
    ///
    /// In words: other blocks than those before.
    pub fn add(&mut self, round: [Vec<u64>; Side::ALL.len()]) -> Result<(), String> {
        let blocks = if self.rounds == 0 { round[0].len() } else { self.least[0][0].len() };
        if blocks == 0 || round.iter().any(|side| side.len() != blocks) {
            let [old, new, control] = round.each_ref().map(Vec::len);
            return Err(format!("of {blocks} blocks the old one timed {old} and {control}, the new one {new}"));
        }
        let group = &mut self.least[self.rounds as usize % GROUPS];
        for (least, blocks) in group.iter_mut().zip(round) {
            if least.is_empty() {
                *least = blocks;
            } else {
                least.iter_mut().zip(blocks).for_each(|(least, block)| *least = block.min(*least));
            }
        }
        self.rounds += 1;
        Ok(())
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The sum of the least blocks of a side over all rounds.
    pub fn least(&self, side: Side) -> u64 {
        let groups = self.least.iter().map(|group| &group[side as usize]).filter(|least| !least.is_empty());
        let all = groups.cloned().reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| a.min(b)).collect());
        all.map_or(0, |blocks| blocks.iter().sum())
    }

    /// The ratio and its control; `None` with fewer rounds than there are groups, or where blocks took no time.
    pub fn compared(&self) -> Option<Compared> {
        let ln = |group: &[Vec<u64>; 3], side: Side| (group[side as usize].iter().sum::<u64>() as f64).ln();
        let of = |figure: &dyn Fn(&[Vec<u64>; 3]) -> f64| interval(self.least.each_ref().map(figure));
        let ratio = of(&|group| ln(group, Side::New) - (ln(group, Side::Old) + ln(group, Side::Control)) / 2.0)?;
        let control = of(&|group| ln(group, Side::Control) - ln(group, Side::Old))?;
        Some(Compared { ratio, control })
    }
}

/// Of logarithms of ratios.
fn interval(lns: [f64; GROUPS]) -> Option<Interval> {
    let mean = lns.iter().sum::<f64>() / GROUPS as f64;
    let variance = lns.iter().map(|ln| (ln - mean).powi(2)).sum::<f64>() / (GROUPS - 1) as f64;
    let half = T * (variance / GROUPS as f64).sqrt();
    let (ratio, low, high) = (mean.exp(), (mean - half).exp(), (mean + half).exp());
    [ratio, low, high].iter().all(|x| x.is_finite()).then_some(Interval { ratio, low, high })
}

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
        let mut samples = Samples::default();
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

    /// Each group's one round: sums of a block, by side.
    fn of_groups(round: impl Fn(usize) -> [u64; 3]) -> Samples {
        let mut samples = Samples::default();
        (0..GROUPS).for_each(|group| samples.add(round(group).map(|ticks| vec![ticks])).unwrap());
        samples
    }

    #[test]
    fn the_interval_is_students_over_the_logarithms_of_the_groups() {
        // Three at 1.02, three at 0.98 and one at 1: by hand.
        let samples = of_groups(|group| match group {
            0 => [1000, 1000, 1000],
            group if group % 2 == 0 => [1000, 1020, 1000],
            _ => [1000, 980, 1000],
        });
        let Compared { ratio, control } = samples.compared().unwrap();
        let (up, down) = (1.02_f64.ln(), 0.98_f64.ln());
        let mean = 3.0 * (up + down) / 7.0;
        let squares = 3.0 * (up - mean).powi(2) + 3.0 * (down - mean).powi(2) + mean.powi(2);
        let half = 2.4469 * (squares / 6.0 / 7.0).sqrt();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-5;
        assert!(near(ratio.ratio, mean.exp()), "{ratio:?}");
        assert!(near(ratio.low, (mean - half).exp()) && near(ratio.high, (mean + half).exp()), "{ratio:?}");
        assert_eq!(control, Interval { ratio: 1.0, low: 1.0, high: 1.0 });
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
        let mut samples = Samples::default();
        for round in 0..2 * GROUPS as u64 {
            // Each round has one of its two blocks disturbed.
            let blocks = |ticks: u64| if round < GROUPS as u64 { vec![ticks, 9999] } else { vec![9999, ticks] };
            samples.add([blocks(100), blocks(110), blocks(100)]).unwrap();
        }
        assert_eq!([Side::Old, Side::New, Side::Control].map(|side| samples.least(side)), [200, 220, 200]);
        assert!((samples.compared().unwrap().ratio.ratio - 1.1).abs() < 1e-12);
        assert_eq!(samples.rounds(), 14);
    }

    #[test]
    fn what_can_t_be_compared_is_refused() {
        let mut samples = Samples::default();
        let other = samples.add([vec![1, 2], vec![1], vec![1, 2]]).unwrap_err();
        assert_eq!(other, "of 2 blocks the old one timed 2 and 2, the new one 1");
        assert!(samples.add([vec![], vec![], vec![]]).is_err());
        samples.add([vec![1], vec![1], vec![1]]).unwrap();
        assert!(samples.add([vec![1, 2], vec![1, 2], vec![1, 2]]).is_err());
        assert_eq!(samples.compared(), None, "too few rounds");
        assert_eq!(of_groups(|_| [0, 0, 0]).compared(), None, "no time");
    }
}
