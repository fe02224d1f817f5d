//! Why times can't be compared.

use super::mann_whitney::REPETITIONS_MIN;
use super::number::plural;

/// Why the times of two cells can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Incomparable {
    /// Too few repetitions to tell a difference from chance: how many the run with fewer has.
    #[error("{}, {REPETITIONS_MIN} or more are needed: give the profile more", plural(*.0, "repetition"))]
    Repetitions(usize),
    /// A record doesn't have the time of each repetition: an older version wrote it, or a repetition has too few operations.
    #[error(
        "a record has no value of theirs for each repetition: an older mapscope wrote it, or a repetition has too few operations to \
         resolve them"
    )]
    Unrepeated,
    /// They come from different environments: what differs, in words.
    #[error("{0}: record a baseline on this machine, with this build")]
    Environment(String),
}

impl Incomparable {
    /// What can't be compared: all times of a cell, or some.
    pub const fn of(&self) -> &'static str {
        match self {
            Incomparable::Unrepeated => "Some times",
            Incomparable::Repetitions(_) | Incomparable::Environment(_) => "Times",
        }
    }
}
