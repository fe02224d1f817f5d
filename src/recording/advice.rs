//! What the source says of a row of the table.

use serde_json::{Value, json};

use super::Row;
use crate::hints::Finding;
use crate::report::number;
use crate::text;

/// What all maps of a row would save.
pub(super) fn saves(bytes: u64, row: &Row) -> String {
    let [saves, all] = [bytes, row.counts.alloc_bytes()].map(number::integer);
    format!("saves up to {saves} of {all} bytes")
}

/// What growing cost them.
pub(super) fn measured(row: &Row) -> String {
    let counts = &row.counts;
    let [abandoned, growths, moves] =
        [counts.abandoned_bytes, counts.growths, counts.moved_entries].map(number::integer);
    format!("measured: {abandoned} bytes abandoned, {growths} growths, {moves} moves")
}

/// A hint that can be written, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Which row.
    pub row: usize,
    /// What can be written, and the bytes that it saves at most; or why nothing can.
    pub found: Result<(Finding, u64), String>,
}

impl Hint {
    /// What would stand there; else that nothing can.
    pub(super) fn with(&self) -> String {
        match &self.found {
            Ok((finding, _)) => text::clean(&finding.with).into_owned(),
            Err(_) => "no hint".to_owned(),
        }
    }

    /// What is known of it and what it saves, a line each; else why there is none.
    pub(super) fn why(&self, row: &Row) -> Vec<String> {
        let (finding, saves_bytes) = match &self.found {
            Ok(found) => found,
            Err(why) => return vec![text::clean(why).into_owned()],
        };
        // A map on a stack has the place of its first write.
        let is_made_there = row.place.at.ends_with(&format!(":{}", finding.line));
        let made = (!is_made_there).then(|| format!("made in line {}", finding.line));
        let known = format!("{}: {}", finding.kind.sureness(), finding.kind.what());
        made.into_iter().chain([known, saves(*saves_bytes, row), measured(row)]).collect()
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        match &self.found {
            Ok((finding, saves_bytes)) => json!({
                "file": text::path(&finding.file),
                "line": finding.line,
                "column": finding.column,
                "kind": finding.kind,
                "sure": finding.kind.is_sure(),
                "with": text::clean(&finding.with),
                "saves_bytes_max": saves_bytes,
            }),
            Err(why) => json!({ "why": text::clean(why) }),
        }
    }
}
