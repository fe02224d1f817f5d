//! Reports: what a record looks like to people and to other tools. One file a format; the registry is [`FORMATS`].
//!
//! A format sees the record and nothing else: no clock, no environment, no file. The same record gives the same bytes.

mod csv;
mod flame;
mod folded;
mod hdr_log;
mod human;
mod json;
mod md;
mod pprof;
mod stacks;
mod stems;
pub mod table;

use std::io;

use crate::record::Results;

/// An output format.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format csv`.
    pub name: &'static str,
    /// One line for `list`: what it writes, and who reads it.
    pub summary: &'static str,
    /// Renders the record; hands each file to `emit` as a path relative to the output folder and its bytes.
    pub render: fn(&Results, emit: &mut Emit<'_>) -> io::Result<()>,
}

/// Takes one rendered file: its path relative to the output folder, and its content.
pub type Emit<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// The registry: one row a format.
pub static FORMATS: &[Format] =
    &[json::FORMAT, csv::FORMAT, md::FORMAT, flame::FORMAT, folded::FORMAT, pprof::FORMAT, hdr_log::FORMAT];

#[cfg(test)]
mod golden;
