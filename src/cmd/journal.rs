//! `cells.jsonl`: what a run has done so far, for whoever kills it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output;
use crate::plan::Plan;
use crate::record::{Cell, SCHEMA};
use crate::text;

/// What the first line says.
#[derive(Serialize)]
struct Head<'a> {
    schema: u32,
    mapscope: &'a str,
    profile: &'a str,
    /// How many the plan has.
    cells: usize,
}

/// A file of one JSON a line: a [`Head`], then the record of a cell each time that one of its passes is done. A later line
/// of the same cell takes the place of an earlier one; the last line of a killed run may be cut.
pub(super) struct Journal {
    path: PathBuf,
    /// `None` once it could not be written: the run goes on without it.
    file: Option<File>,
}

impl Journal {
    pub fn begin(folder: &Path, plan: &Plan) -> io::Result<Journal> {
        let path = folder.join("cells.jsonl");
        let mut file = File::create(&path)?;
        let mapscope = env!("CARGO_PKG_VERSION");
        let head = Head { schema: SCHEMA, mapscope, profile: &plan.profile, cells: plan.cells.len() };
        write_line(&mut file, &head)?;
        Ok(Journal { path, file: Some(file) })
    }

    pub fn add(&mut self, cell: &Cell) {
        if let Some(file) = &mut self.file
            && let Err(error) = write_line(file, cell)
        {
            self.file = None;
            output::note(&format!("{}: can't be written: {error}; the run goes on", text::path(&self.path)));
        }
    }

    /// Removes it: the results say it all.
    pub fn end(self) -> io::Result<()> {
        fs::remove_file(self.path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })
    }
}

fn write_line(file: &mut File, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    file.write_all(&line)
}
