//! Hints that can be written into the source of programs: maps that are made without one, though a loop whose length is
//! known by then fills them.
//!
//! Of Go, the program in `go/program`, built with the user's own toolchain, reads the source with Go's own parser and type
//! checker, builds nothing, and answers with a [`Finding`] each ([`Source`]). Of Rust, `rust` reads the lines that a
//! recording names ([`RustSource`]). `model` has what a map allocates with a
//! hint and without. [`Kind`] says what is known of the number of entries, and whether that is a guess. docs/LINT.md
//! describes it all.

mod bounds;
mod edits;
mod finding;
pub mod form;
mod model;
mod patch;
mod rust;
mod source;

pub use bounds::Bounds;
pub use edits::Edits;
pub use finding::{Edit, Finding, Kind};
pub use model::{Group, TABLE_SLOTS_MAX, grown_bytes, hinted_bytes, hinted_tables};
pub use patch::patch;
pub use rust::{RustSource, workspace_of};
pub use source::{Fixed, Linted, Outcome, Place, Source};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engines::go::GolangError;
use crate::text;

/// Sources that hints can be written into.
pub trait Files {
    /// The folder of the module or workspace. `None` outside of any.
    fn root(&self) -> Option<&Path>;

    /// The files that may be changed.
    ///
    /// # Errors
    /// Where the root is no longer there.
    fn bounds(&self) -> Result<Bounds, HintsError>;

    /// Whether a folder lies in the same module or workspace; outside of any, in the same folder.
    ///
    /// # Errors
    /// Where that can't be found out.
    fn is_of(&self, folder: &Path) -> Result<bool, HintsError>;

    /// Files with these changes. Nothing is written.
    ///
    /// # Errors
    /// Where a file is no longer what it was.
    fn fix(&self, files: &BTreeMap<PathBuf, Vec<Edit>>) -> Result<Vec<Fixed>, HintsError>;
}

/// Why a source can't be read for hints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HintsError {
    /// There is no usable go command.
    #[error(transparent)]
    Go(#[from] GolangError),
    /// There is none at all.
    #[error("there is no go command on the PATH: install Go (go.dev/dl), or name it with --go PATH")]
    NoGo,
    /// Maps of this toolchain are others than those whose figures are known.
    #[error(
        "go{version}: its maps are not those of Go 1.24 to 1.27, whose figures are known: name such a Go with --go PATH"
    )]
    Version {
        /// The toolchain's version.
        version: String,
    },
    /// What the go command or the compiler would refuse, too.
    #[error("{what}")]
    Source {
        /// What it said.
        what: String,
    },
    /// A program or a folder can't be used.
    #[error("{}: {what}", text::path(path))]
    At {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}
