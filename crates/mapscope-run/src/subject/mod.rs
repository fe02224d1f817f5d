//! What can be measured, and how: a subject opens a session, a pass drives it.
//!
//! ```text
//! Subject --open(cell, workload)--> Session --watched--> Watched   each operation looked at
//!                                           \--timed---> Timed     nothing looked at, or the clock alone
//! ```
//!
//! A pass knows no subject and a subject no pass. What lies between are batches of operations: calls are virtual once a
//! batch, never between two operations that are timed. What a session can't do or know is absent: a `None`, never a zero.
//!
//! # Who writes what
//!
//! - *A map of one's own* writes none of this: [`Map`](crate::maps::Map) and [`Family`](crate::maps::Family), of which
//!   `run` makes a subject.
//! - *A store*, called from this process: a [`Subject`] (its `info`, a folder made in `prepare`, `open`), and the required
//!   methods of the three traits of a session: do a batch, do it with the clock read, do it one by one; what is held,
//!   content, drain. What it counts itself (bytes written by compactions) is [`Watched::quantities`].
//! - *A runtime in another process*: a [`Subject`] whose `prepare` builds the program, and a session that writes the same
//!   batches to a pipe and reads numbers back. `engines` has one a folder.

mod session;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use session::{
    Content, Each, Frees, Hand, Handed, Hashes, Holds, Look, Moved, OnWork, Reading, Seen, Session, Timed, TimedEnd,
    Timing, Traits, Watch, Watched, Work, op_kind,
};

use crate::maps::layout::Layout;
use crate::maps::{Info, Options};
use crate::plan::{Arg, CellSpec, Crew, MapOffer};
use crate::record::Status;
use crate::replay::{Play, Setup};
use crate::workload::{Entry, Workload, WorkloadError};

/// Why a subject that is no map of this process has no layout.
pub const NO_LAYOUT: &str = "nothing here knows in what sizes it allocates, and it can't be derived";

/// Anything that can be measured: a row of the registry.
pub trait Subject {
    /// What is known of it.
    fn info(&self) -> Info;

    /// The same at a release; `None` for the newest.
    fn info_at(&self, _release: Option<&str>) -> Info {
        self.info()
    }

    /// What a plan may ask of it.
    fn offer(&self) -> MapOffer {
        offer_of(&self.info())
    }

    /// The version of what so many threads use, called with these arguments.
    fn version(&self, _crew: Option<Crew>, args: &[Option<Arg>]) -> String {
        let info = self.info();
        info.version_at(release(&info, args))
    }

    /// Whether it keeps its entries in the order of keys, and can scan them.
    fn scans(&self) -> bool {
        false
    }

    /// Whether its operations are dealt to threads, one thread included.
    fn is_dealt(&self, _crew: Option<Crew>) -> bool {
        false
    }

    /// Whether each run of a cell does the same operations to the same answers, so that their kinds can be learnt beforehand,
    /// and their causes where [`Traits::causes_repeat`]. The sessions of one that doesn't give the class of each operation
    /// that they time.
    fn repeats(&self, _crew: Option<Crew>) -> bool {
        false
    }

    /// Whether the call stacks of its work can be recorded: it works in the process that measures, on one thread.
    fn has_stacks(&self, _crew: Option<Crew>) -> bool {
        false
    }

    /// Makes ready what the processes of its cells with this entry share. `sources` are those that maps which ship are
    /// compiled from; there may be none.
    ///
    /// # Errors
    /// What is missing, and how to get it.
    fn prepare(&self, _entry: &str, _sources: Sources) -> Result<Prepared, Failure> {
        Ok(Prepared::Nothing)
    }

    /// Opens a session, in the process of one pass of one cell.
    ///
    /// # Errors
    /// Why none can be had.
    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure>;

    /// What an entry costs in it, as [`Family::layout`](crate::maps::Family::layout) has it.
    ///
    /// # Errors
    ///
    /// Why that can't be derived.
    fn layout(&self, _entry: Entry, _options: &Options, _entries: u64) -> Result<Layout, &'static str> {
        Err(NO_LAYOUT)
    }

    /// A player of recordings, for a map of this process that can have such entries.
    fn player(&self, _setup: &Setup) -> Option<Box<dyn Play>> {
        None
    }
}

/// What a session is opened for.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// The cell.
    pub cell: &'a CellSpec,
    /// Its workload.
    pub workload: &'a Workload,
    /// The path that [`Subject::prepare`] gave.
    pub prepared: Option<&'a Path>,
}

/// The files of the crates that a map is compiled from, each by its path: those that `run` needs, their workspace and its lock.
pub type Sources = &'static [(&'static str, &'static str)];

/// What the processes of cells share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// There is nothing.
    Nothing,
    /// A program or a folder, which each of them is opened with.
    Path(PathBuf),
    /// A program that runs their passes in the place of this one.
    Program {
        /// Where it is.
        path: PathBuf,
        /// What it was built with, where that is another compiler than this program's.
        built_by: Option<String>,
    },
}

/// Why a pass can't be run or was not done, and the status that its cell gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cell's status.
    pub status: Status,
    /// The reason, in words.
    pub why: String,
}

impl Failure {
    /// One of this status.
    pub fn new(status: Status, why: impl Display) -> Failure {
        Failure { status, why: why.to_string() }
    }

    /// One that is nobody's but mapscope's or the machine's.
    pub fn harness(why: impl Display) -> Failure {
        Failure::new(Status::HarnessFailed, why)
    }

    /// One of a map whose content or answers are wrong.
    pub fn content(why: impl Display) -> Failure {
        Failure::new(Status::WrongContent, why)
    }
}

impl From<WorkloadError> for Failure {
    fn from(error: WorkloadError) -> Failure {
        Failure::harness(error)
    }
}

/// What a plan may ask of a map for one thread.
pub fn offer_of(info: &Info) -> MapOffer {
    let Info { term, load_factor, hint, .. } = *info;
    MapOffer { term, group: None, load_factor, hint, concurrent: false, concurrent_at: &[], missing: None }
}

/// The release that these arguments choose, where it is not the newest.
pub fn release(info: &Info, args: &[Option<Arg>]) -> Option<&'static str> {
    let word = args.first().and_then(Option::as_ref).and_then(Arg::word)?;
    info.releases().iter().copied().find(|release| *release == word)
}
