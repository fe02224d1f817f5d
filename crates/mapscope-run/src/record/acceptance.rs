//! A baseline's history: each time that a record was made the baseline on purpose.

use serde::{Deserialize, Serialize};

use super::Environment;

/// As many are kept, the last ones.
pub const ACCEPTANCES_MAX: usize = 20;

/// The longest reason, in characters: every verdict against the baseline repeats it.
pub const REASON_CHARS_MAX: usize = 1000;

/// Once that a record was made the baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// When, in UTC: `2026-03-01T12:00:00Z`.
    pub date: String,
    /// Why, in the words of who did it.
    pub reason: String,
    /// The commit that was checked out, `+` at its end where tracked files differed from it; absent without git.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// The machines that the accepted record comes from.
    pub environments: Vec<Environment>,
    /// What it changed; absent where there was no baseline before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub changes: Option<AcceptedChanges>,
}

/// What an accepted record changed against the baseline before it, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedChanges {
    /// Cells whose metrics were compared.
    pub cells_compared: u64,
    /// Cells that the baseline did not have.
    pub cells_new: u64,
    /// Cells that it had and the accepted record has not.
    pub cells_gone: u64,
    /// Cells that failed in the accepted record and not before.
    pub cells_failed: u64,
    /// Metrics that got worse, whatever a policy says of them.
    pub metrics_worse: u64,
    /// Metrics that got better.
    pub metrics_better: u64,
    /// Metrics that say that other work was done.
    pub metrics_of_other_work: u64,
    /// Metrics with a value in only one of the two.
    pub metrics_in_one_only: u64,
}
