//! Two builds by turns: is the new one slower?
//!
//! ```text
//! a round      OLD NEW OLD' OLD NEW OLD' ...      three processes, which do the cell's operations once, copy the code that they
//!                                                 ran to pages of their own, and then by turns time some runs each, by
//!                                                 blocks of 64
//! the next     OLD' NEW OLD OLD' NEW OLD ...      so what drifts meanwhile is on all three alike
//!
//! a group      of each side, the least of each block over the runs of a round, added up; where a round has fewer than
//!              three runs, over those of as many rounds as make three
//!
//!              ln NEW - (ln OLD + ln OLD') / 2     its ratio
//!              ln OLD' - ln OLD                    its control: what equal builds differ by
//! ```
//!
//! The groups' logarithms come to their median, with the 95 % interval that the sign test gives, for the ratio and for the
//! control: groups that a neighbour disturbed, however much, don't move it far. A change is *called* when the ratio's interval
//! lies wholly beyond the control's, laid around 1 on both sides. What follows from that is for the
//! [policy](crate::gate::Policy) to say.

mod json;
mod markdown;
mod rounds;
mod shown;
mod statistics;
mod terminal;

use std::io;

pub use rounds::{Rounds, Slices, Stopped, Turns, take_turns};
pub use statistics::{Call, Compared, GROUPS_MIN, Interval, Samples, Side};

use crate::gate::Action;
use crate::record::CellId;
use crate::record::metrics::{Metric, Number};

/// What a comparison came to.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What is compared, in words: a program or a map; the old one first.
    pub sides: [String; 2],
    /// Each cell.
    pub cells: Vec<Cell>,
    /// What the reader should know besides.
    pub notes: Vec<String>,
}

/// A cell of both.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The old one's identity.
    pub id: CellId,
    /// What the turns came to, or why there were none.
    pub timed: Result<Timed, Untimed>,
    /// Exact metrics that differ.
    pub changed: Vec<Changed>,
}

/// What the turns of a cell came to.
#[derive(Debug, Clone)]
pub struct Timed {
    /// How many rounds.
    pub rounds: u32,
    /// How many runs of each turn were timed.
    pub repetitions: u32,
    /// The sum of the least blocks over all rounds, in nanoseconds an operation; the old one's first.
    pub ns_per_op: [f64; 2],
    /// The ratio and its control.
    pub compared: Compared,
    /// What the policy has follow: of a change that is not called, or within its limits, `None`.
    pub action: Option<Action>,
}

/// Why a cell was not timed.
#[derive(Debug, Clone)]
pub struct Untimed {
    /// In words.
    pub why: String,
    /// Whether it failed in the new one alone.
    pub new_alone: bool,
}

/// An exact metric that differs.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The metric.
    pub metric: Metric,
    /// Its value in each.
    pub before: Option<Number>,
    /// See `before`.
    pub after: Option<Number>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// No call is for the worse by the policy.
    Pass,
    /// One is, or a cell failed in the new one alone.
    Worse,
    /// A cell could not be timed.
    Unjudged,
}

impl Outcome {
    /// The exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Worse => 1,
            Outcome::Unjudged => 2,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Worse => "worse",
            Outcome::Unjudged => "unjudged",
        }
    }
}

impl Comparison {
    /// What follows.
    pub fn outcome(&self) -> Outcome {
        let is_worse = |cell: &Cell| match &cell.timed {
            Ok(timed) => timed.action == Some(Action::Fail),
            Err(untimed) => untimed.new_alone,
        };
        match &self.cells[..] {
            cells if cells.iter().any(is_worse) => Outcome::Worse,
            cells if cells.is_empty() || cells.iter().any(|cell| cell.timed.is_err()) => Outcome::Unjudged,
            _ => Outcome::Pass,
        }
    }
}

/// A form of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format md`.
    pub name: &'static str,
    /// One line for `list`: what it is, and who reads it.
    pub summary: &'static str,
    /// What is printed, at most so many columns wide where it has columns.
    pub render: fn(&Comparison, usize) -> io::Result<String>,
}

/// The registry: one row a form, the default first.
pub static FORMATS: &[Format] = &[terminal::FORMAT, markdown::FORMAT, json::FORMAT];

/// The form called `name`.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(timed: Result<Timed, Untimed>) -> Cell {
        let id = serde_json::json!({
            "map": "std", "keys": "uniform", "mix": "fill", "hint": 0, "entry": "u64/u64", "ops": 9, "seed": 1
        });
        Cell { id: serde_json::from_value(id).unwrap(), timed, changed: Vec::new() }
    }

    fn timed(ratio: f64, action: Option<Action>) -> Result<Timed, Untimed> {
        let near = |ratio| Interval { ratio, low: ratio - 0.001, high: ratio + 0.001 };
        let compared = Compared { ratio: near(ratio), control: near(1.0) };
        Ok(Timed { rounds: 21, repetitions: 1, ns_per_op: [10.0, 10.0 * ratio], compared, action })
    }

    fn untimed(new_alone: bool) -> Result<Timed, Untimed> {
        Err(Untimed { why: "NEW: panicked".into(), new_alone })
    }

    fn comparison(cells: impl IntoIterator<Item = Result<Timed, Untimed>>) -> Comparison {
        let sides = ["old", "new"].map(str::to_owned);
        Comparison { sides, cells: cells.into_iter().map(cell).collect(), notes: vec!["a note".into()] }
    }

    #[test]
    fn what_is_worse_goes_before_what_is_not_judged_and_notes_pass() {
        let outcome = |cells: Vec<_>| comparison(cells).outcome();
        assert_eq!(outcome(vec![timed(1.0, None), timed(1.02, None), timed(1.2, Some(Action::Warn))]), Outcome::Pass);
        assert_eq!(outcome(vec![timed(1.0, None), timed(1.2, Some(Action::Fail)), untimed(false)]), Outcome::Worse);
        assert_eq!(outcome(vec![timed(1.0, None), untimed(true)]), Outcome::Worse, "it failed in the new one alone");
        assert_eq!(outcome(vec![timed(1.0, None), untimed(false)]), Outcome::Unjudged);
        assert_eq!(outcome(Vec::new()), Outcome::Unjudged);
        assert_eq!([Outcome::Pass, Outcome::Worse, Outcome::Unjudged].map(Outcome::exit_code), [0, 1, 2]);
    }

    #[test]
    fn the_table_fits_80_columns_and_says_what_is_called() {
        let cells =
            [timed(1.2, Some(Action::Fail)), timed(1.02, None), timed(0.9, None), timed(1.0, None), untimed(true)];
        let text = (FORMATS[0].render)(&comparison(cells), 80).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let rows: Vec<_> = text.lines().filter(|line| line.ends_with("wer") || line.ends_with("WER")).collect();
        assert_eq!(
            rows,
            [
                "    10.0     12.0   1.200  1.199..1.201  0.999..1.001     21  equal      SLOWER",
                "    10.0     10.2   1.020  1.019..1.021  0.999..1.001     21  equal      slower",
            ]
        );
        assert!(text.contains("equal      faster\n") && text.contains("  not timed: NEW: panicked\n"), "{text}");
        let words = "WORSE: of 5 cells, 2 slower (1 beyond the policy's limit), 1 faster, 1 not timed\n";
        assert!(text.contains(words) && text.ends_with("a note\n"), "{text}");
    }

    #[test]
    fn each_form_has_each_cell() {
        let comparison = comparison([timed(1.2, Some(Action::Fail)), untimed(false)]);
        let of = |name: &str| (find(name).unwrap().render)(&comparison, 80).unwrap();
        let row =
            "fill u64/u64 ops=9 seed=1 | 10.0 | 12.0 | 1.200 | 1.199..1.201 | 0.999..1.001 | 21 | equal | SLOWER |";
        assert!(of("md").contains(row) && of("md").contains("| not timed: NEW: panicked |"), "{}", of("md"));
        let answer = "On uniform fill, new takes 1.200 times as long as old: 12.0 and 10.0 ns an operation, 1.199 to 1.201 times";
        assert!(of("md").contains(answer) && of("table").replace('\n', " ").contains(answer), "{}", of("table"));
        let json: serde_json::Value = serde_json::from_str(&of("json")).unwrap();
        assert_eq!((&json["outcome"], &json["exit_code"]), (&"worse".into(), &1.into()));
        assert_eq!((&json["cells"][0]["call"], &json["cells"][0]["action"]), (&"slower".into(), &"fail".into()));
        assert_eq!(json["cells"][1]["error"], "NEW: panicked");
    }
}
