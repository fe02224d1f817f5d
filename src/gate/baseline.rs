//! Renewing a baseline on purpose.

use std::collections::BTreeSet;

use super::compare::compare;
use super::number::plural;
use super::policy::Policy;
use super::verdict::{Kind, Verdict};
use crate::record::metrics::Metric;
use crate::record::{ACCEPTANCES_MAX, Acceptance, AcceptedChanges, REASON_CHARS_MAX, Results, SchemasDiffer, Status};
use crate::text;

/// Why and when a record becomes the baseline.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Why.
    pub reason: String,
    /// As [`Acceptance::date`].
    pub date: String,
    /// As [`Acceptance::commit`].
    pub commit: Option<String>,
    /// Whether cells may have failed.
    pub allow_failed: bool,
}

/// Why a record can't become the baseline; what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody says why.
    #[error("a baseline is renewed for a reason, and the reason is empty: say with --reason why the change is wanted")]
    NoReason,
    /// It is a text, and not a reason.
    #[error(
        "the reason has {0} characters; the longest allowed has {REASON_CHARS_MAX}: say with --reason in short why the change is wanted"
    )]
    LongReason(usize),
    /// It is not whole.
    #[error("the record is partial: its run ended before all cells were done; run it again, to its end")]
    Partial,
    /// It has no figures for some cells.
    #[error(
        "{} of the record failed, first `{first}`: nothing would be gated there; mend that, or accept it all the same with \
         --allow-failed", plural(*.cells, "cell")
    )]
    Failed {
        /// How many.
        cells: usize,
        /// The identity of the first.
        first: String,
    },
    /// There is nothing to compare.
    #[error("the record has no cell: run a profile")]
    Empty,
    /// Nobody could say what changed.
    #[error(
        "the baseline has schema {}, the record {}, and their figures don't mean the same: what accepting it would change can't \
         be said; remove the baseline to begin anew (`git log` keeps its history), or accept a record of its schema",
        .0.before, .0.after
    )]
    Schema(SchemasDiffer),
    /// It is the baseline already.
    #[error("the record is the baseline already, figure by figure: there is nothing to accept")]
    Same,
}

/// Makes `results` the baseline: the record with the history of the one before, to which this is added.
///
/// # Errors
///
/// [`Refusal`].
pub fn accept(
    before: Option<&Results>,
    results: &Results,
    terms: Terms,
    metrics: &[Metric],
) -> Result<Results, Refusal> {
    let reason = text::one_line(&terms.reason);
    match reason.chars().count() {
        0 => return Err(Refusal::NoReason),
        1..=REASON_CHARS_MAX => {}
        chars => return Err(Refusal::LongReason(chars)),
    }
    if results.partial {
        return Err(Refusal::Partial);
    }
    if results.cells.is_empty() {
        return Err(Refusal::Empty);
    }
    let failed: Vec<_> = results.cells.iter().filter(|cell| cell.status != Status::Ok).collect();
    if let (Some(first), false) = (failed.first(), terms.allow_failed) {
        return Err(Refusal::Failed { cells: failed.len(), first: first.id.to_string() });
    }
    if let Some(Err(differ)) = before.map(|before| before.comparable(results)) {
        return Err(Refusal::Schema(differ));
    }
    let mut accepted = Results { accepted: Vec::new(), ..results.clone() };
    if before.is_some_and(|before| Results { accepted: Vec::new(), ..before.clone() } == accepted) {
        return Err(Refusal::Same);
    }
    // Its own history, should it have been a baseline elsewhere, is not this baseline's.
    let mut history = before.map(|before| before.accepted.clone()).unwrap_or_default();
    history.push(Acceptance {
        date: terms.date,
        reason,
        commit: terms.commit,
        environments: results.environments.clone(),
        changes: before.map(|before| changes(before, results, metrics)),
    });
    history.drain(..history.len().saturating_sub(ACCEPTANCES_MAX));
    accepted.accepted = history;
    Ok(accepted)
}

fn changes(before: &Results, after: &Results, metrics: &[Metric]) -> AcceptedChanges {
    let verdict: Verdict = compare(before, after, &Policy::default(), metrics);
    let of = |kinds: &[Kind]| verdict.changes.iter().filter(|change| kinds.contains(&change.kind)).count() as u64;
    let keys =
        |results: &Results| -> BTreeSet<String> { results.cells.iter().map(|cell| cell.id.to_string()).collect() };
    let (old, new) = (keys(before), keys(after));
    AcceptedChanges {
        cells_compared: verdict.tally.cells as u64,
        cells_new: new.difference(&old).count() as u64,
        cells_gone: old.difference(&new).count() as u64,
        cells_failed: of(&[Kind::Failed]),
        metrics_worse: of(&[Kind::Worse]),
        metrics_better: of(&[Kind::Better]),
        metrics_of_other_work: of(&[Kind::WorkChanged]),
        metrics_in_one_only: of(&[Kind::Vanished, Kind::Appeared]),
    }
}
