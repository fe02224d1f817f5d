//! Reports: what a record looks like to people and to other tools. One file a format; the registry is [`FORMATS`].

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
pub static FORMATS: &[Format] = &[];
