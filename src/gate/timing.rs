//! Why times can't be compared.

use super::mann_whitney::REPETITIONS_MIN;
use super::number::plural;

/// Why the times of two cells can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Incomparable {
    /// Too few repetitions to tell a difference from chance: how many the run with fewer has.
    #[error("{}, {REPETITIONS_MIN} or more are needed: give the profile more", plural(*.0, "repetition"))]
    Repetitions(usize),
    /// The repetitions of a record shared a process, as those of older versions did: they depend on each other.
    #[error("an older mapscope wrote a record, whose repetitions shared a process: record it anew")]
    SharedProcess,
    /// A repetition has no value of this metric.
    #[error("a repetition has too few operations to tell it, or no collection: give the cell more, or ignore it")]
    Unrepeated(&'static str),
    /// One record has undisturbed times, and the other has none after as many repetitions.
    #[error("they are not there after equally many repetitions, 3 or more, in both records: record the other one anew")]
    Unsettled,
    /// They come from different environments: what differs, in words.
    #[error("{0}: record a baseline on this machine, with this build")]
    Environment(String),
}

impl Incomparable {
    /// What can't be compared: all times of a cell, or one.
    pub const fn of(&self) -> &'static str {
        match self {
            Incomparable::Unrepeated(metric) => metric,
            Incomparable::Unsettled => "undisturbed times",
            Incomparable::Repetitions(_) | Incomparable::SharedProcess | Incomparable::Environment(_) => "times",
        }
    }
}
