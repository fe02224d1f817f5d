//! Who takes a turn when, how often, and how many runs it has. It knows no clock: each turn says what it has taken.

use std::num::NonZeroU32;
use std::time::Duration;

use super::statistics::{GROUPS, Samples, Side};

/// With three rounds a group, some of each block are undisturbed.
const ROUNDS_MIN: u32 = 3 * GROUPS as u32;

/// How many rounds a cell has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rounds {
    /// So many; at least [`GROUPS`].
    Fixed(u32),
    /// As many as fit, but at least three a group.
    Within(Duration),
}

/// Why the turns ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Whose turn it was.
    pub side: Side,
    /// In words.
    pub why: String,
}

/// Has turns taken, each of which gives what its blocks took and what it took itself.
///
/// # Errors
///
/// The first turn that is none.
pub fn take_turns(
    rounds: Rounds,
    mut turn: impl FnMut(Side) -> Result<(Vec<u64>, Duration), String>,
) -> Result<Samples, Stopped> {
    let (mut samples, mut spent) = (Samples::default(), Duration::ZERO);
    while is_wanted(rounds, samples.rounds(), spent) {
        let mut round: [Vec<u64>; Side::ALL.len()] = Default::default();
        for place in 0..Side::ALL.len() {
            let backward = samples.rounds() % 2 == 1;
            let side = Side::ALL[if backward { Side::ALL.len() - 1 - place } else { place }];
            let (blocks, took) = turn(side).map_err(|why| Stopped { side, why })?;
            round[side as usize] = blocks;
            spent += took;
        }
        samples.add(round).map_err(|why| Stopped { side: Side::New, why })?;
    }
    Ok(samples)
}

/// What the runs of a turn take together: about as long as a process takes to start.
const RUNS: Duration = Duration::from_millis(20);

/// A turn has no more runs than this.
const REPETITIONS_MAX: u128 = 1000;

/// How many runs a turn times, one of which takes so long.
pub fn repetitions(run: Duration) -> NonZeroU32 {
    let fit = RUNS.as_nanos() / run.as_nanos().max(1);
    NonZeroU32::new(fit.min(REPETITIONS_MAX) as u32).unwrap_or(NonZeroU32::MIN)
}

/// Whether there is to be one more after so many, which have taken so long.
fn is_wanted(rounds: Rounds, done: u32, spent: Duration) -> bool {
    match rounds {
        Rounds::Fixed(number) => done < number.max(GROUPS as u32),
        Rounds::Within(_) if done < ROUNDS_MIN => true,
        Rounds::Within(budget) => spent.saturating_add(spent / done) <= budget,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of the turns, by letter, each of which takes so long.
    fn order(rounds: Rounds, each: Duration) -> String {
        let mut order = String::new();
        let samples = take_turns(rounds, |side| {
            order.push(['A', 'B', 'C'][side as usize]);
            Ok((vec![100], each))
        });
        assert_eq!(samples.unwrap().rounds() as usize * 3, order.len());
        order
    }

    #[test]
    fn every_other_round_goes_the_other_way() {
        assert!(order(Rounds::Fixed(12), Duration::ZERO).starts_with("ABCCBAABCCBA"));
        assert_eq!(order(Rounds::Fixed(12), Duration::MAX / 100).len(), 36, "whatever they take");
        assert_eq!(order(Rounds::Fixed(1), Duration::ZERO).len(), 3 * GROUPS);
    }

    #[test]
    fn as_many_rounds_as_fit_and_never_too_few() {
        let rounds = |seconds| order(Rounds::Within(Duration::from_secs(30)), Duration::from_secs(seconds)).len() / 3;
        assert_eq!([rounds(1), rounds(100)], [21, 21]);
        let within = Rounds::Within(Duration::from_secs(30));
        assert_eq!(order(within, Duration::from_millis(100)).len() / 3, 100);
    }

    #[test]
    fn small_cells_are_repeated_as_long_as_a_process_takes_to_start() {
        let of = |run| repetitions(Duration::from_micros(run)).get();
        assert_eq!([0, 1, 200, 9_000, 10_001, 20_001, 3_000_000].map(of), [1000, 1000, 100, 2, 1, 1, 1]);
    }

    #[test]
    fn a_turn_that_is_none_ends_them() {
        let mut turns = 0;
        let stopped = take_turns(Rounds::Fixed(50), |side| {
            turns += 1;
            if turns == 5 { Err(format!("{side:?} is out")) } else { Ok((vec![1], Duration::ZERO)) }
        });
        assert_eq!(stopped.unwrap_err(), Stopped { side: Side::New, why: "New is out".into() });
        let unequal = take_turns(Rounds::Fixed(50), |side| Ok((vec![1; 1 + side as usize], Duration::ZERO)));
        assert!(unequal.unwrap_err().why.contains("the new one 2"));
    }
}
