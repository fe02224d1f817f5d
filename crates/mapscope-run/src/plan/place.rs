//! What was written, and where: values and errors keep the file, the line and the key, or the flag.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::intake::STDIN;
use crate::text;

/// Why a plan can't be made of what the user wrote.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{what}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct PlanError {
    /// Where it stands; `None` when nothing written is to blame.
    pub place: Option<Place>,
    /// What was expected, what was found, and what to do.
    pub what: String,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// On the command line, by this flag.
    Flag(&'static str),
    /// In a profile.
    File {
        /// The profile's file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, or the table's name.
        key: String,
    },
}

impl Place {
    pub(super) fn error(&self, what: impl fmt::Display) -> PlanError {
        PlanError { place: Some(self.clone()), what: what.to_string() }
    }

    /// A path as written here: a profile's paths are relative to its file. Standard input is the same everywhere.
    pub(super) fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        match self {
            _ if path.as_ref() == STDIN => path.as_ref().to_owned(),
            Place::Flag(_) => path.as_ref().to_owned(),
            Place::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Flag(flag) => f.write_str(flag),
            Place::File { path, line, key } if key.is_empty() => write!(f, "{}:{line}", text::path(path)),
            Place::File { path, line, key } => write!(f, "{}:{line}: {key}", text::path(path)),
        }
    }
}

/// A scalar as written.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub text: String,
    pub place: Place,
}
