//! What a comparison found.

use super::mann_whitney::{REPETITIONS_MIN, RankTest};
use super::slo::Bound;
use super::timing::Incomparable;
use crate::record::metrics::{Metric, Number};
use crate::record::{Acceptance, CellId, Status};

/// What a comparison found: of cells, or of other subjects.
#[derive(Debug, Clone, Default)]
pub struct Verdict<Id = CellId> {
    /// What changed, in the order of the baseline's cells and of the metric registry; then the
    /// objectives that the current record misses.
    pub changes: Vec<Change<Id>>,
    /// Why the records as a whole could not be judged; each with what to do.
    pub unjudged: Vec<String>,
    /// What the reader should know besides.
    pub notes: Vec<String>,
    /// Why times were not compared, and in how many cells; the notes say it as well.
    pub times_not_compared: Vec<(Incomparable, usize)>,
    /// How much was compared.
    pub tally: Tally,
    /// What chance makes of that many times.
    pub chance: Chance,
    /// When and why the baseline was last renewed, where its record says so.
    pub accepted: Option<Acceptance>,
}

/// How much was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cells whose metrics were compared.
    pub cells: usize,
    /// Exact metrics, summed over the cells.
    pub exact: usize,
    /// Times, summed over the cells.
    pub statistical: usize,
    /// Figures that were compared with the policy's limits.
    pub limits: usize,
    /// Metrics that the policy ignores, summed over the cells.
    pub ignored: usize,
    /// Exact metrics that differ no more than chance makes them, and are left out.
    pub by_chance: usize,
}

/// How many times ranked apart, and how many would have by chance.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Chance {
    /// Times whose repetitions were held against each other.
    pub compared: usize,
    /// Of these, how many are to be expected to rank apart where nothing changed; somewhat less than
    /// [`ALPHA`](super::ALPHA) of them, because few repetitions have few ranks.
    pub expected: f64,
    /// How many did, whatever the size of their change.
    pub apart: usize,
}

impl Chance {
    /// Whether the values of the repetitions differ by more than chance, to the side to which the time went that is
    /// reported of them; `None` where there are too few to tell.
    pub(super) fn differs(&mut self, [before, after]: &[Vec<f64>; 2], reported: [f64; 2]) -> Option<bool> {
        if before.len().min(after.len()) < REPETITIONS_MIN {
            return None;
        }
        let test = RankTest::new(before, after);
        self.compared += 1;
        self.expected += test.by_chance;
        self.apart += usize::from(test.differs());
        Some(test.differs() && test.shift == reported[1].total_cmp(&reported[0]))
    }
}

/// One difference between the two records.
#[derive(Debug, Clone)]
pub struct Change<Id = CellId> {
    /// The cell.
    pub cell: Id,
    /// What differs.
    pub what: What,
    /// In which way.
    pub kind: Kind,
    /// What follows from it.
    pub level: Level,
    /// By how much it is worse, as a share of the baseline's value: 0.01 for 1 %, below 0 for better, infinite where
    /// there is no such share.
    pub worsening: f64,
}

/// What differs.
#[derive(Debug, Clone)]
pub enum What {
    /// A metric of the cell.
    Metric {
        /// The metric.
        metric: Metric,
        /// Its value in the baseline.
        before: Option<Number>,
        /// Its value now.
        after: Option<Number>,
    },
    /// A metric of the cell, held against what it may be at all.
    Limit {
        /// The metric.
        metric: Metric,
        /// What it may be.
        bound: Bound,
        /// What it is now.
        value: Number,
    },
    /// The cell itself.
    Status {
        /// How it ended in the baseline; `None` where it is not there.
        before: Option<Status>,
        /// How it ended now; `None` where it is not there.
        after: Option<Status>,
        /// What went wrong, in the record's words.
        error: Option<String>,
    },
}

/// In which way a cell or a metric differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The cell is not in the current record.
    Missing,
    /// The cell fails now and did not before.
    Failed,
    /// The cell failed in both records.
    FailedInBoth,
    /// The cell was not run, here or there.
    NotRun,
    /// The metric is beyond what the policy lets it be at all.
    LimitBroken,
    /// A metric that describes the work differs.
    WorkChanged,
    /// The metric has no value any more.
    Vanished,
    /// The metric is worse.
    Worse,
    /// The metric is better.
    Better,
    /// The cell failed in the baseline and does not now.
    Recovered,
    /// The cell is not in the baseline.
    NewCell,
    /// The place is not in the current recording.
    Gone,
    /// The metric has no value in the baseline.
    Appeared,
}

impl Kind {
    /// It in a word or two.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Failed => "failed",
            Kind::FailedInBoth => "failed in both",
            Kind::NotRun => "not run",
            Kind::LimitBroken => "limit broken",
            Kind::WorkChanged => "different work",
            Kind::Vanished => "vanished",
            Kind::Worse => "worse",
            Kind::Better => "better",
            Kind::Recovered => "recovered",
            Kind::NewCell | Kind::Appeared => "new",
            Kind::Gone => "gone",
        }
    }

    /// What to do about it; one sentence.
    pub const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Kind::Missing => {
                "Missing cells: run the baseline's profile; if they were dropped on purpose, make the current record the \
                 new baseline."
            }
            Kind::Failed => {
                "Failed cells: `results.md` of the current run has the whole error; nothing else of them was compared."
            }
            Kind::FailedInBoth => {
                "Cells that fail in both records have no figures: mend the map, or take the cell out of the profile."
            }
            Kind::NotRun => "Cells that were not run have no figures: run that record again, to its end.",
            Kind::WorkChanged => {
                "Different work: the workload is not the baseline's, so other changes in these cells say nothing of the map. \
                 Run both with one mapscope; if the change is wanted, make the current record the new baseline."
            }
            Kind::Vanished => {
                "Vanished metrics: run the passes that the baseline ran; if a map no longer reports them, or declares them to be \
                 something else, make the current record the new baseline."
            }
            Kind::Recovered | Kind::NewCell | Kind::Appeared => {
                "What the baseline has no figures for is not gated until the current record becomes the baseline."
            }
            Kind::Gone => "What only the baseline has is compared with nothing.",
            Kind::LimitBroken | Kind::Worse | Kind::Better => return None,
        })
    }
}

/// What follows from a [`Change`], worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A regression.
    Fail,
    /// No verdict is possible.
    Unjudged,
    /// Worth a look; does not fail.
    Warn,
    /// Worse, but within the policy's limits.
    Allowed,
    /// Better.
    Better,
    /// Other than it was, for better or worse, which by itself is no fault.
    Inform,
    /// New; compared with nothing.
    Note,
}

/// How a comparison ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing got worse beyond the policy.
    Pass,
    /// Something did.
    Regression,
    /// Nothing did in what could be compared, but not all could.
    Unjudged,
}

impl Outcome {
    /// The process's exit code: 0, 1, 2.
    pub const fn exit_code(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Regression => 1,
            Outcome::Unjudged => 2,
        }
    }
}

impl<Id> Verdict<Id> {
    /// How the comparison ends.
    pub fn outcome(&self) -> Outcome {
        if self.at(Level::Fail).next().is_some() {
            Outcome::Regression
        } else if !self.unjudged.is_empty() || self.at(Level::Unjudged).next().is_some() {
            Outcome::Unjudged
        } else {
            Outcome::Pass
        }
    }

    /// The changes of one level.
    pub fn at(&self, level: Level) -> impl Iterator<Item = &Change<Id>> {
        self.changes.iter().filter(move |change| change.level == level)
    }
}
