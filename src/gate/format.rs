//! The forms of a verdict. One file per form; the registry is [`FORMATS`].

use std::collections::BTreeSet;
use std::io;

use super::Verdict;
use super::subject::{Identity, PlaceId, Subject};
use super::{github, json, junit, markdown};
use crate::record::{CellId, Results};

/// A verdict and what it is of.
#[derive(Debug, Clone)]
pub struct Judged<'a, Id = CellId> {
    /// What there is in either, each once.
    pub subjects: Vec<&'a Id>,
    /// Under what circumstances: names and values.
    pub properties: Vec<(String, String)>,
    /// The verdict.
    pub verdict: &'a Verdict<Id>,
}

impl<'a> Judged<'a> {
    /// A verdict of two runs.
    pub fn new(baseline: &'a Results, current: &'a Results, verdict: &'a Verdict) -> Judged<'a> {
        let all = |results: &'a Results| results.cells.iter().map(|cell| &cell.id);
        let mut properties = environments("baseline", baseline);
        properties.extend(environments("current", current));
        Judged { subjects: union(all(baseline), all(current)), properties, verdict }
    }
}

/// The first ones, and what of the second ones is not among them.
pub(super) fn union<'a, Id: Subject>(
    first: impl Iterator<Item = &'a Id>,
    second: impl Iterator<Item = &'a Id>,
) -> Vec<&'a Id> {
    let mut subjects: Vec<_> = first.collect();
    let known: BTreeSet<_> = subjects.iter().map(|id| Identity(*id)).collect();
    let new: Vec<_> = second.filter(|id| !known.contains(&Identity(*id))).collect();
    subjects.extend(new);
    subjects
}

fn environments(side: &str, results: &Results) -> Vec<(String, String)> {
    let each = results.environments.iter().enumerate().flat_map(|(machine, environment)| {
        let place = if machine == 0 { side.to_owned() } else { format!("{side}.{}", machine + 1) };
        environment.fields().map(move |(name, value)| (format!("{place}.{name}"), value))
    });
    each.collect()
}

/// A form of a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format junit`.
    pub name: &'static str,
    /// One line for `list`: what it is, and who reads it.
    pub summary: &'static str,
    /// What is printed of two runs.
    pub render: fn(&Judged<'_>) -> io::Result<String>,
    /// What is printed of two recordings.
    pub render_places: fn(&Judged<'_, PlaceId>) -> io::Result<String>,
    /// Whether the verdict in Markdown goes to GitHub's step summary besides.
    pub step_summary: bool,
}

/// The registry: one row a form, the default first.
pub static FORMATS: &[Format] = &[markdown::FORMAT, github::FORMAT, json::FORMAT, junit::FORMAT];

/// The form called `name`.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
