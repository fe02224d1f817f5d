//! Who takes a turn when, of how many runs, and how many rounds there are. It knows no clock: whoever takes the turns says
//! what they have taken.

use std::time::Duration;

use super::statistics::{GROUPS_MIN, Samples, Side};

/// How many rounds a cell has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rounds {
    /// So many, or as many as the groups need.
    Fixed(u32),
    /// As many as fit, but at least three times the fewest groups.
    Within(Duration),
}

/// What the runs of a turn are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slices {
    /// How often it goes on, after the others.
    pub number: u32,
    /// How many runs it does then.
    pub runs: u32,
}

/// Who takes the turns of a cell.
pub trait Turns {
    /// One that has begun.
    type Turn;

    /// Begins one.
    ///
    /// # Errors
    ///
    /// In words; so with the others.
    fn begin(&mut self, side: Side) -> Result<Self::Turn, String>;

    /// Does so many runs.
    fn go(&mut self, turn: &mut Self::Turn, runs: u32) -> Result<(), String>;

    /// The least that each block of its runs took.
    fn end(&mut self, turn: Self::Turn) -> Result<Vec<u64>, String>;

    /// What all has taken since the first began.
    fn spent(&self) -> Duration;
}

/// Why the turns ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Whose turn it was.
    pub side: Side,
    /// In words.
    pub why: String,
}

/// Has turns taken, round by round.
///
/// # Errors
///
/// The first turn that is none.
pub fn take_turns(rounds: Rounds, slices: Slices, turns: &mut impl Turns) -> Result<Samples, Stopped> {
    let mut samples = Samples::new(group_rounds(rounds, slices));
    while is_wanted(rounds, samples.rounds(), turns.spent()) {
        let mut sides = Side::ALL;
        if samples.rounds() % 2 == 1 {
            sides.reverse();
        }
        let round = if slices.number == 1 { apart(sides, slices, turns) } else { together(sides, slices, turns) }?;
        samples.add(round).map_err(|why| Stopped { side: Side::New, why })?;
    }
    Ok(samples)
}

/// What each block took at the least, by [`Side`].
type Round = [Vec<u64>; Side::ALL.len()];

/// One after the other: what runs for long needs the memory for itself.
fn apart(sides: [Side; 3], slices: Slices, turns: &mut impl Turns) -> Result<Round, Stopped> {
    let mut round = Round::default();
    for side in sides {
        let mut turn = || {
            let mut turn = turns.begin(side)?;
            turns.go(&mut turn, slices.runs)?;
            turns.end(turn)
        };
        round[side as usize] = turn().map_err(|why| Stopped { side, why })?;
    }
    Ok(round)
}

/// Slice by slice, each after another side's: what comes and goes within a turn's time meets all three.
fn together(sides: [Side; 3], slices: Slices, turns: &mut impl Turns) -> Result<Round, Stopped> {
    let mut round = Round::default();
    let mut begun = Vec::new();
    for side in sides {
        begun.push((side, turns.begin(side).map_err(|why| Stopped { side, why })?));
    }
    for _ in 0..slices.number {
        for (side, turn) in &mut begun {
            turns.go(turn, slices.runs).map_err(|why| Stopped { side: *side, why })?;
        }
    }
    for (side, turn) in begun {
        round[side as usize] = turns.end(turn).map_err(|why| Stopped { side, why })?;
    }
    Ok(round)
}

/// What the runs of a turn take together: about as long as a process takes to start.
const TURN: Duration = Duration::from_millis(10);

/// Up to so many, as far as twice that time allows: fewer can't change with the others' often enough.
const TURN_RUNS: u64 = 4;

/// What the runs of a slice take at the least: long beside what changing to another process takes. There are two at least,
/// because the first one finds the others' memory in the caches.
const SLICE: Duration = Duration::from_millis(1);

impl Slices {
    /// The runs of a turn, one of which takes so long.
    pub fn of(run: Duration) -> Slices {
        let [turn, slice, run] = [TURN, SLICE, run].map(|time| time.as_nanos().max(1) as u64);
        let all = (turn / run).max(TURN_RUNS.min(2 * turn / run)).clamp(1, RUNS_MAX);
        let runs = slice.div_ceil(run).clamp(2, SLICE_RUNS_MAX).min(all);
        Slices { number: (all / runs) as u32, runs: runs as u32 }
    }

    /// All of a turn.
    pub fn all_runs(self) -> u32 {
        self.number * self.runs
    }
}

/// A turn has no more runs than this.
const RUNS_MAX: u64 = 1000;

/// And a slice no more than this.
const SLICE_RUNS_MAX: u64 = RUNS_MAX / 20;

/// Of how many rounds the least counts: three runs leave behind most of what the machine did to one of them.
fn group_rounds(rounds: Rounds, slices: Slices) -> u32 {
    let three = 3_u32.div_ceil(slices.all_runs());
    match rounds {
        Rounds::Fixed(number) => three.min(number / GROUPS_MIN).max(1),
        Rounds::Within(_) => three,
    }
}

/// Whether there is to be one more after so many, which have taken so long.
fn is_wanted(rounds: Rounds, done: u32, spent: Duration) -> bool {
    match rounds {
        Rounds::Fixed(number) => done < number.max(GROUPS_MIN),
        Rounds::Within(_) if done < 3 * GROUPS_MIN => true,
        Rounds::Within(budget) => spent.saturating_add(spent / done) <= budget,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps who did what: a turn's beginning by its letter, its runs by the small one, its end by a dot. Each turn takes so
    /// long; the one of that number is none.
    #[derive(Default)]
    struct Kept {
        order: String,
        each: Duration,
        spent: Duration,
        fails: Option<usize>,
    }

    impl Turns for Kept {
        type Turn = Side;

        fn begin(&mut self, side: Side) -> Result<Side, String> {
            self.order.push(['A', 'B', 'C'][side as usize]);
            let begun = self.order.chars().filter(char::is_ascii_uppercase).count();
            if self.fails == Some(begun) { Err(format!("{side:?} is out")) } else { Ok(side) }
        }

        fn go(&mut self, side: &mut Side, runs: u32) -> Result<(), String> {
            self.order.extend(vec![['a', 'b', 'c'][*side as usize]; runs as usize]);
            Ok(())
        }

        fn end(&mut self, _: Side) -> Result<Vec<u64>, String> {
            self.order.push('.');
            self.spent = self.spent.saturating_add(self.each);
            Ok(vec![100])
        }

        fn spent(&self) -> Duration {
            self.spent
        }
    }

    const ONE: Slices = Slices { number: 1, runs: 1 };

    fn rounds_of(rounds: Rounds, slices: Slices, each: Duration) -> u32 {
        take_turns(rounds, slices, &mut Kept { each, ..Kept::default() }).unwrap().rounds()
    }

    #[test]
    fn small_cells_go_on_by_turns_and_every_other_round_goes_the_other_way() {
        let mut kept = Kept::default();
        take_turns(Rounds::Fixed(7), Slices { number: 2, runs: 3 }, &mut kept).unwrap();
        assert!(kept.order.starts_with("ABCaaabbbcccaaabbbccc...CBAcccbbbaaacccbbbaaa...ABC"), "{}", kept.order);
        let mut kept = Kept::default();
        take_turns(Rounds::Fixed(7), ONE, &mut kept).unwrap();
        assert!(kept.order.starts_with("Aa.Bb.Cc.Cc.Bb.Aa.Aa."), "one at a time: {}", kept.order);
    }

    #[test]
    fn as_many_rounds_as_fit_and_never_too_few() {
        let within = Rounds::Within(Duration::from_secs(30));
        let each = [1, 100].map(Duration::from_secs);
        assert_eq!(each.map(|each| rounds_of(within, ONE, each)), [21, 21]);
        assert_eq!(rounds_of(within, ONE, Duration::from_millis(100)), 100);
        assert_eq!([1, 12].map(|number| rounds_of(Rounds::Fixed(number), ONE, Duration::MAX / 100)), [7, 12]);
    }

    #[test]
    fn a_group_has_three_runs_where_there_are_rounds_for_it() {
        let of = |rounds, number| group_rounds(rounds, Slices { number, runs: 1 });
        let within = Rounds::Within(Duration::ZERO);
        assert_eq!([1, 2, 3, 20].map(|number| of(within, number)), [3, 2, 1, 1]);
        assert_eq!([7, 13, 14, 20, 21, 90].map(|rounds| of(Rounds::Fixed(rounds), 1)), [1, 1, 2, 2, 3, 3]);
    }

    #[test]
    fn small_cells_are_repeated_as_long_as_a_process_takes_to_start() {
        let of = |run| {
            let Slices { number, runs } = Slices::of(Duration::from_micros(run));
            (number, runs)
        };
        assert_eq!([0, 1, 200, 300, 1000].map(of), [(20, 50), (20, 50), (10, 5), (8, 4), (5, 2)]);
        assert_eq!([5_000, 6_000, 9_000, 10_001, 3_000_000].map(of), [(2, 2), (1, 2), (1, 2), (1, 1), (1, 1)]);
    }

    #[test]
    fn a_turn_that_is_none_ends_them() {
        let mut kept = Kept { fails: Some(5), ..Kept::default() };
        let stopped = take_turns(Rounds::Fixed(50), ONE, &mut kept).unwrap_err();
        assert_eq!(stopped, Stopped { side: Side::New, why: "New is out".into() });
        let mut kept = Kept { fails: Some(4), ..Kept::default() };
        let stopped = take_turns(Rounds::Fixed(50), Slices { number: 2, runs: 1 }, &mut kept).unwrap_err();
        assert_eq!(stopped, Stopped { side: Side::Control, why: "Control is out".into() });
    }
}
