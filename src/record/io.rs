//! Reading and writing `results.json`.

use std::io;
use std::path::{Path, PathBuf};

use super::Results;

/// Why a results file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// It is not a results file, or is damaged.
    #[error("{path}:{line}:{column}: not a mapscope results file: {what}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected.
        what: String,
    },
    /// It has another schema.
    #[error("{path}: schema {found}, but this mapscope reads schema {expected}: run the cells again with this version")]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// [`super::SCHEMA`].
        expected: u32,
    },
    /// Its figures contradict each other.
    #[error("{path}: cell {cell}: {what}")]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// The cell's identity.
        cell: String,
        /// The contradiction.
        what: String,
    },
}

/// Reads a `results.json`, or the one in the folder `path`, and checks that it is whole.
pub fn read(path: &Path) -> Result<Results, ReadError> {
    let _ = path;
    todo!()
}

/// Writes a file whole or not at all: a temporary file beside it, sync, rename.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _ = (path, bytes);
    todo!()
}
