//! The run: joins workloads, maps and probes, one process for each pass of each cell.
//!
//! ```text
//! opened --> task --> scheduler --Job--> executor (process)       replayed: log --> ledger
//!                       |  ^----Answered-----'
//!                       +--event--> log, progress
//!                       +--book---> ledger --> record
//! ```
//!
//! The parent opens and checks every workload, and starts itself with [`HIDDEN_VERB`]: once per workload for its
//! expected end state, once per cell and pass, of a time pass once per repetition. Count passes and those of
//! instructions may run side by side; the others run alone. Repetitions are spread over the run in rounds: the first of
//! every cell, then the second of every cell, so that what holds for one process or one minute is not in all
//! repetitions of a cell. Whatever becomes of a process, its cell is a row of the results.

mod answers;
#[cfg(feature = "builtin")]
mod builtin;
mod child;
mod event;
mod fresh;
mod here;
mod job;
mod ledger;
mod limits;
mod log;
mod memory;
mod only;
mod opened;
mod passes;
mod place;
mod process;
mod progress;
mod repetitions;
mod runner;
mod schedule;
mod scheduler;
mod sessions;
mod subjects;
mod task;
mod turn;
mod valgrind;

use std::io;
use std::path::PathBuf;

pub use child::main as child_main;
pub use here::count_here;
pub use job::HIDDEN_VERB;
pub use limits::{limit_memory, memory_limit_bytes};
pub use log::{Log, LogError};
pub use only::Only;
pub use passes::responses;
pub use schedule::{execute, heed_interrupts};
pub use subjects::Subjects;
pub use turn::{Asked, NoTurn, TURN_VERB, Turn, Turning, this_program, turn_main};

use crate::record::Results;
use crate::subject::Sources;
use crate::text;
use crate::workload::WorkloadError;

/// How to run a plan.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Count passes that may run side by side at the most; at least 1. The other passes always run alone.
    pub jobs: usize,
    /// Whether to draw a progress bar on standard error.
    pub progress: bool,
    /// What programs of maps with entries that are not compiled in are built from; empty where none can be.
    pub sources: Sources,
}

/// What a run came to.
#[derive(Debug)]
pub struct Finished {
    /// A record of every cell of the plan, those that failed or were not reached included.
    pub results: Results,
    /// Cells whose status is not `ok`.
    pub failed: usize,
    /// Whether it was interrupted before its end.
    pub interrupted: bool,
    /// What each trace was read as, in words, where it doesn't say everything itself.
    pub told: Vec<String>,
}

/// Why a plan could not be run at all. A cell that fails is not an error: it is a row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A workload that can't be used.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// A log that the run can't go on with.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The pass of instructions is asked for, and what it needs is not here.
    #[error(
        "--passes instructions: there is no valgrind on the PATH, which counts them: install it (package valgrind, or \
         valgrind.org), or leave this pass out"
    )]
    NoValgrind,
    /// There is no place for the answers of its passes.
    #[error(
        "{}: the passes can't leave their answers here: {source}; set TMPDIR to a folder that can be written",
        text::path(folder)
    )]
    Answers {
        /// Where they were to go.
        folder: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}
