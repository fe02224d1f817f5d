//! Reports: what a record looks like to people and to other tools. One file per format; the registry is [`FORMATS`].

mod bencher;
mod csv;
mod dhat;
pub mod diff_flame;
pub mod diff_folded;
mod figures;
mod flame;
mod folded;
mod github;
mod github_action_benchmark;
mod go_bench;
mod group;
mod hdr_log;
mod hdr_percentiles;
pub(crate) mod html;
mod identity;
mod json;
mod junit;
mod legend;
pub mod lengths;
pub(crate) mod markdown;
pub(crate) mod number;
pub(crate) mod openmetrics;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
pub(crate) mod pprof;
mod rates;
mod responses;
mod side;
mod sides;
mod speedscope;
pub(crate) mod stacks;
mod standout;
pub mod table;
mod trace_event;
mod undisturbed;

use std::io;

pub use stacks::{KINDS as STACK_KINDS, Kind as StackKind};

use crate::record::Results;

/// An output format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format csv`.
    pub name: &'static str,
    /// One line for `list`: what it writes, and who reads it.
    pub summary: &'static str,
    /// Whether every run writes it; the others are written when asked for.
    pub always: bool,
    /// Renders the record; hands each file to `emit` as a path relative to the output folder and its bytes.
    pub render: fn(&Results, emit: &mut Emit<'_>) -> io::Result<()>,
}

/// Takes one rendered file: its path relative to the output folder, and its content.
pub type Emit<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// The registry: one row a format. The record comes first: whatever else fails to be written can be rendered from it.
pub static FORMATS: &[Format] = &[
    json::FORMAT,
    csv::FORMAT,
    html::FORMAT,
    markdown::FORMAT,
    flame::FORMAT,
    folded::FORMAT,
    pprof::FORMAT,
    hdr_log::FORMAT,
    go_bench::FORMAT,
    bencher::FORMAT,
    github_action_benchmark::FORMAT,
    openmetrics::FORMAT,
    #[cfg(feature = "parquet")]
    parquet::FORMAT,
    dhat::FORMAT,
    speedscope::FORMAT,
    hdr_percentiles::FORMAT,
    trace_event::FORMAT,
    github::FORMAT,
    junit::FORMAT,
];

/// The format called `name`.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_format_is_described() {
        let mut names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FORMATS.len());
        assert!(FORMATS.iter().all(|format| format.summary.len() > 20));
    }
}
