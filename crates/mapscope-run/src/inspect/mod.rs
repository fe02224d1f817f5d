//! Inspection: the inside of a map after so many operations, and each change of one place in it.
//!
//! A [`Session`] plays operations on a map with its types erased ([`replay`](crate::replay)) and stops where it is told to.
//! What it finds there is a [`Moment`]: plain data, drawn as [`text`], [`json`] or [`svg`] by code that knows no map. A
//! [`Watcher`] compares the plain data before and after each operation, so that what it tells is what happened.

pub mod json;
mod key;
mod rows;
mod so_far;
mod source;
mod summary;
pub mod svg;
pub mod text;
mod watch;

pub use source::Source;
pub use summary::{Summary, TableSummary};
pub use watch::{Change, Step, Watch, Watcher};

use crate::maps::Info;
use crate::maps::anatomy::{Anatomy, Field, Part};
use crate::probe::event::Cause;
use crate::replay::{ALLOCATED, Action, Guarded, Play, PlayError, Row, Told};
use crate::workload::WorkloadError;
use so_far::SoFar;

/// Why a map can't be inspected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The operations can't be read.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// One of them can't be played: its number, and why.
    #[error("operation {0}: {1}")]
    Play(u64, PlayError),
    /// There is no anatomy of this map.
    #[error("{0} can't be inspected")]
    Closed(&'static str),
}

/// A map on its way through operations.
pub struct Session {
    model: Guarded,
    source: Source,
    /// Operations done, the building of the map not counted.
    done: u64,
    last: Option<Row>,
    so_far: SoFar,
    figures: Vec<u64>,
}

/// A map after so many operations.
#[derive(Debug, Clone)]
pub struct Moment {
    /// How many.
    pub operation: u64,
    /// The last of them; `None` for a map that has just been made.
    pub last: Option<Row>,
    /// Its inside, all of it.
    pub anatomy: Anatomy,
    /// What it has cost since before it was made.
    pub so_far: Vec<Field>,
    /// Rows that the last operation's key belongs to, as indices of tables and rows.
    pub touched: Vec<(usize, usize)>,
}

impl Session {
    /// Builds the map.
    ///
    /// # Errors
    ///
    /// Operations that can't be read; a map that can't be taken apart.
    pub fn start(model: Box<dyn Play>, source: Source) -> Result<Session, InspectError> {
        let figures = vec![0; ALLOCATED + model.info().state.len()];
        let so_far = SoFar::default();
        let mut session = Session { model: Guarded::new(model), source, done: 0, last: None, so_far, figures };
        session.source.begin()?;
        session.play(Row::new(Action::New))?;
        match session.model.anatomy(Part::Header) {
            Some(_) => Ok(session),
            None => Err(InspectError::Closed(session.info().term.name)),
        }
    }

    /// What is known of the map.
    pub fn info(&self) -> &Info {
        self.model.info()
    }

    /// Operations done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Does the next operation; `None` when there is none left.
    ///
    /// # Errors
    ///
    /// Operations that can't be read or played.
    pub fn step(&mut self) -> Result<Option<Row>, InspectError> {
        while let Some(row) = self.source.next()? {
            self.done += u64::from(row.action != Action::Hash);
            self.play(row)?;
            if row.action != Action::Hash {
                self.last = Some(row);
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn play(&mut self, row: Row) -> Result<(), InspectError> {
        let played = self.model.play(row, &mut self.figures);
        played.map_err(|error| self.source.blame(error, self.done))?;
        if row.action != Action::Hash {
            self.so_far.add(&self.figures, &self.model.told());
        }
        Ok(())
    }

    /// The map as it is now.
    ///
    /// # Errors
    ///
    /// None, for a map that [`Session::start`] has found open.
    pub fn moment(&self) -> Result<Moment, InspectError> {
        let key = self.last.filter(|row| row.action.has_key()).map(|row| row.key);
        let around = key.and_then(|key| self.model.anatomy(Part::Key(&key)));
        let rows = around.iter().flat_map(|anatomy| anatomy.tables.iter().enumerate());
        let touched = rows.flat_map(|(table, it)| it.rows.iter().map(move |row| (table, row.index))).collect();
        Ok(Moment {
            operation: self.done,
            last: self.last,
            anatomy: self.part(Part::All)?,
            so_far: self.so_far.fields(self.info()),
            touched,
        })
    }

    fn told(&self) -> Told {
        self.model.told()
    }

    /// Whether the last operation made a table, for more entries or anew: by the map's word, or of one that tells nothing
    /// because it allocated.
    pub fn grew(&self) -> bool {
        let (tells, told) = (self.info().tells, self.told());
        let growths = [Cause::Grow, Cause::SameSizeGrow, Cause::Split, Cause::DirectoryGrow, Cause::DirtyCopy];
        if tells.is_empty() { self.figures[0] > 0 } else { growths.iter().any(|&cause| told.steps(cause) > 0) }
    }

    /// How much the last operation had to move: entries, by the map's word, or of one that tells nothing the bytes that it
    /// allocated for them.
    pub fn moved(&self) -> u64 {
        if self.info().tells.is_empty() { self.figures[0] } else { self.told().moved_entries }
    }

    fn part(&self, part: Part<'_, u64>) -> Result<Anatomy, InspectError> {
        self.model.anatomy(part).ok_or(InspectError::Closed(self.info().term.name))
    }
}

/// An operation as it is written: `insert 57`.
pub fn operation(row: &Row) -> String {
    if row.action.has_key() { format!("{} {}", row.action.name(), row.key) } else { row.action.name().to_owned() }
}
