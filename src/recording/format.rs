//! What a recording can be shown as.

use std::io;
use std::path::Path;

use super::{Hint, Manifest, Packages, Process, Sample, Table};

/// A recording, read and added up.
pub struct Recorded<'a> {
    /// What was recorded, where its folder was given.
    pub manifest: Option<&'a Manifest>,
    /// The processes.
    pub processes: &'a [Process],
    /// Their maps.
    pub table: &'a Table,
    /// The packages whose places these are, where not all are.
    pub packages: Option<&'a Packages>,
    /// What their sources say, where they were read.
    pub hints: Option<&'a [Hint]>,
    /// The folder of the module of these sources.
    pub root: Option<&'a Path>,
    /// At most so many rows, where a form can show fewer than all.
    pub rows_max: usize,
    /// The columns of the screen.
    pub width: usize,
}

impl Recorded<'_> {
    /// Whether every process counted lookups and iterations.
    pub(super) fn has_lookups(&self) -> bool {
        !self.processes.is_empty() && self.processes.iter().all(|process| process.lookups)
    }

    /// What the source says of a row.
    pub(super) fn hint_of(&self, row: usize) -> Option<&Hint> {
        self.hints?.iter().find(|hint| hint.row == row)
    }

    /// Which maps were recorded, from beginning to end. `None` where processes differ, or one was changed.
    pub(super) fn sample(&self) -> Option<Sample> {
        let first = self.processes.first()?.sample();
        let all = |process: &Process| process.periods.len() == 1 && process.sample() == first;
        self.processes.iter().all(all).then_some(first)
    }
}

/// A form.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it is bytes and no text.
    pub binary: bool,
    /// Whether it is nothing but what the sources say.
    pub of_sources: bool,
    /// The whole of it.
    pub render: fn(&Recorded<'_>) -> io::Result<Vec<u8>>,
}
