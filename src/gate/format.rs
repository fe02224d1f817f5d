//! The forms of a verdict. One file per form; the registry is [`FORMATS`].

use std::io;

use super::Verdict;
use super::{github, json, junit, markdown};
use crate::record::Results;

/// A verdict and what it is of.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// What was held against.
    pub baseline: &'a Results,
    /// What was judged.
    pub current: &'a Results,
    /// The verdict.
    pub verdict: &'a Verdict,
}

/// A form of a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format junit`.
    pub name: &'static str,
    /// One line for `list`: what it is, and who reads it.
    pub summary: &'static str,
    /// What is printed.
    pub render: fn(&Judged<'_>) -> io::Result<String>,
    /// Whether the verdict in Markdown goes to GitHub's step summary besides.
    pub step_summary: bool,
}

/// The registry: one row a form, the default first.
pub static FORMATS: &[Format] = &[markdown::FORMAT, github::FORMAT, json::FORMAT, junit::FORMAT];

/// The form called `name`.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
