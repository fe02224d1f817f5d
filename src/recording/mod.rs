//! Recordings of real programs: what every map of theirs did, by the place in the source that makes it.
//!
//! [`Recorder`] starts a command in such a way that the Go programs which it builds and runs record their own maps: the
//! go command gets a copy of the user's own runtime maps in place of those of GOROOT (`-overlay`), with hooks that the
//! program in `go/program` puts in on the user's machine. Each process of such a program writes a file, which
//! [`Process`] reads, also while it is being written. [`Table`] adds the maps up by place and type, and the formats of
//! [`FORMATS`] show that. docs/RECORDING.md describes it all, and the file.

mod advice;
mod bytes;
mod chance;
mod command;
mod compare;
mod control;
mod csv;
mod diff;
mod figures;
mod file;
mod format;
mod go;
mod hint;
mod html;
mod inside;
mod java;
mod json;
mod language;
mod live;
mod manifest;
mod map;
mod opened;
mod openmetrics;
mod otlp;
mod packages;
mod pairing;
mod period;
mod pprof;
mod rates;
mod relay;
mod sample;
mod sarif;
mod scratch;
mod sources;
mod table;
mod terminal;
mod trace;
mod ty;
mod writers;

pub use self::go::Patched;
pub use advice::Hint;
pub use chance::Chance;
pub use command::{Ended, Recorder};
pub use compare::{compare, judged_figures, places};
pub use control::{running, set_sample};
pub use diff::{Side, diff, diff_json};
pub use file::{Dropped, Process};
pub use format::{Format, Recorded};
pub use java::Attached;
pub use language::Language;
pub use live::Live;
pub use manifest::Manifest;
pub use map::Map;
pub use opened::Recording;
pub use otlp::{Otlp, Pushing};
pub use packages::Packages;
pub use pairing::Pairing;
pub use period::Period;
pub use rates::{Rate, Rates, Reading, Seen, State};
pub use sample::{SAMPLE_MAX, Sample};
pub use sources::hints;
pub use table::{Counts, Place, Row, Sort, Table};
pub use trace::{Traced, TracedPlace, Written, write_traces};
pub use ty::{Chains, Indexed, Slots, Tables, Type};

use std::path::PathBuf;

use crate::engines::go::GolangError;
use crate::text;

/// Why a program can't be recorded, or a recording not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// There is no usable go command.
    #[error(transparent)]
    Go(#[from] GolangError),
    /// What the go command said of its settings is no use.
    #[error("{}: `go env` failed: {what}", text::path(go))]
    Env {
        /// The command.
        go: PathBuf,
        /// What it said.
        what: String,
    },
    /// Programs of this toolchain, or with these settings, can't be recorded.
    #[error("go{version}: its maps can't be recorded: {why}")]
    Refused {
        /// The toolchain's version.
        version: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A file or folder can't be used.
    #[error("{}: {what}", text::path(path))]
    At {
        /// Which.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
}

impl RecordingError {
    pub(crate) fn at(path: impl Into<PathBuf>, what: impl ToString) -> RecordingError {
        RecordingError::At { path: path.into(), what: what.to_string() }
    }
}

/// Every form, the one for terminals first.
pub static FORMATS: &[Format] =
    &[terminal::FORMAT, csv::FORMAT, json::FORMAT, html::FORMAT, openmetrics::FORMAT, pprof::FORMAT, sarif::FORMAT];
