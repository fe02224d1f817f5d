//! What a newcomer should read first: what stands out in a record, in words. The rules are those of docs/METHODOLOGY.md,
//! Findings; terminal, Markdown, page and annotations show what [`findings`] returns.

mod bytes;
mod contrast;
mod memory;
mod tail;
mod time;

use super::figures::Figures;
use super::group::{Group, groups};
use super::number::{fit, one_line};
use crate::record::{Results, Status};

/// The sentences of all findings of a record, the most striking first.
pub fn sentences(results: &Results) -> Vec<String> {
    findings(&groups(results)).into_iter().map(|finding| finding.text).collect()
}

/// Something that stands out.
pub(super) struct Finding {
    /// The sentence, its figures included.
    pub text: String,
    /// What it speaks of: a metric's name, or [`FAILURES`].
    pub subject: &'static str,
    /// How often the lower figure goes into the higher one; absent where two are not compared.
    pub ratio: Option<f64>,
    /// Index of the group that it speaks of.
    pub group: usize,
    /// The figures that it is about, those of others that they were held against too; in the unit of `subject`.
    pub values: Vec<(String, f64)>,
    /// What these are, where they aren't the metric itself.
    pub note: &'static str,
    /// How striking it is: the ratio that is certain; less than 1.2 where nothing is compared.
    score: f64,
}

impl Finding {
    /// A finding of the first group, until it is said which.
    fn new(text: String, subject: &'static str, score: f64) -> Finding {
        Finding { text, subject, ratio: None, group: 0, values: Vec::new(), note: "", score }
    }

    fn within(self, group: usize) -> Finding {
        Finding { group, ..self }
    }
}

/// The subject of a finding on failed cells.
pub(super) const FAILURES: &str = "failures";

/// As many things stand out, failures apart.
const FINDINGS_MAX: usize = 3;
/// Operations below which nothing is said of what they take.
const SAMPLES_MIN: u64 = 1000;
/// Counts that don't repeat exactly differ by no more from run to run.
const REPEATED_COUNTS: f64 = 1.2;
/// As many maps can be named one by one.
const FEW: usize = 3;
/// The scores of what is said where nothing can be compared: a stall, what each map takes, what one map moves.
const STALL: f64 = 1.0;
const OF_EACH_MAP: f64 = 0.5;
const OF_ONE_MAP: f64 = 0.25;

/// As many columns as a sentence on failures takes: what failed may say much.
const WIDTH_MAX: usize = 160;

/// What stands out: what failed, then the most striking thing of each kind (bytes, tail, time, memory), the three most
/// striking of these.
pub(super) fn findings(groups: &[Group<'_>]) -> Vec<Finding> {
    let kinds = [bytes::findings, tail::findings, time::findings, memory::findings];
    // Of equals the first one.
    let striking = |all: Vec<Finding>| all.into_iter().rev().max_by(|a, b| a.score.total_cmp(&b.score));
    let mut found: Vec<Finding> = kinds.into_iter().filter_map(|kind| striking(kind(groups))).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(FINDINGS_MAX);
    failures(groups).into_iter().chain(found).collect()
}

/// Every row that has not failed, its group and the group's index.
fn rows<'a>(groups: &'a [Group<'a>]) -> impl Iterator<Item = (usize, &'a Group<'a>, &'a Figures<'a>)> {
    let of = |(index, group): (usize, &'a Group<'a>)| group.rows.iter().map(move |row| (index, group, row));
    groups.iter().enumerate().flat_map(of).filter(|(.., row)| !row.failed())
}

fn failures(groups: &[Group<'_>]) -> Option<Finding> {
    let all: usize = groups.iter().map(|group| group.rows.len()).sum();
    // A cell that a stopped run did not reach has not failed.
    let failed = |row: &Figures<'_>| row.failed() && row.cell.status != Status::NotRun;
    let cells = || groups.iter().enumerate().flat_map(|(i, group)| group.rows.iter().map(move |row| (i, group, row)));
    let count = cells().filter(|(.., row)| failed(row)).count();
    let (index, group, row) = cells().find(|(.., row)| failed(row))?;
    let error = row.cell.error.as_deref().map(|error| format!(" ({})", one_line(error))).unwrap_or_default();
    let first = if count > 1 { "first " } else { "" };
    let (label, status) = (&row.label, row.cell.status.name());
    let plural = if all == 1 { "cell" } else { "cells" };
    let text = format!("{count} of {all} {plural} failed: {first}{label}, {status} on {}{error}", group.name);
    Some(Finding::new(fit(&text, WIDTH_MAX), FAILURES, f64::INFINITY).within(index))
}

/// `35 B in std and hashbrown, 26 B in btree`: what reads the same stands together.
fn each<'a>(figures: impl Iterator<Item = (String, &'a str)>) -> String {
    let mut by_text: Vec<(String, Vec<String>)> = Vec::new();
    for (text, label) in figures {
        match by_text.iter_mut().find(|(known, _)| *known == text) {
            Some((_, labels)) => labels.push(label.to_owned()),
            None => by_text.push((text, vec![label.to_owned()])),
        }
    }
    and(&by_text.iter().map(|(text, labels)| format!("{text} in {}", and(labels))).collect::<Vec<_>>())
}

/// `a`, `a and b`, `a, b and c`.
fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
