//! What was recorded: `recording.json` in its folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RecordingError, bytes};
use crate::record::write_atomically;
use crate::text;

/// What was recorded, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this file.
    pub schema: u32,
    /// The command.
    pub command: Vec<String>,
    /// The folder in which it was started.
    pub folder: PathBuf,
    /// The version of the Go toolchain that was patched: `1.27.3`. Absent where only programs built before could be
    /// recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub go: Option<String>,
    /// Its GOROOT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub goroot: Option<PathBuf>,
    /// The root of cargo's workspace around that folder, from which Rust's compiler names sources.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workspace: Option<PathBuf>,
    /// N where one map of N was recorded, 0 where none was, when it began.
    pub sample: u64,
    /// Whether lookups and iterations were counted.
    pub lookups: bool,
    /// The places whose maps were traced.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "as_before",
        deserialize_with = "one_or_more",
        default
    )]
    pub trace: Vec<String>,
    /// When, in milliseconds since 1970.
    pub started_unix_ms: u64,
}

/// One place stands for itself, as it did before there could be more: an older reader knows it so.
fn as_before<S: Serializer>(places: &[String], to: S) -> Result<S::Ok, S::Error> {
    match places {
        [one] => one.serialize(to),
        several => several.serialize(to),
    }
}

/// Reads either.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Places {
        One(String),
        More(Vec<String>),
    }
    Ok(match Places::deserialize(from)? {
        Places::One(place) => vec![place],
        Places::More(places) => places,
    })
}

impl Manifest {
    /// The version of the file that is written, and the only one that is read.
    pub const SCHEMA: u32 = 1;
    /// The file's name.
    pub const FILE_NAME: &str = "recording.json";
    /// More than a command line can have, with each byte escaped.
    const BYTES_MAX: u64 = 16 << 20;

    pub(super) fn write(&self, folder: &Path) -> Result<(), RecordingError> {
        let path = folder.join(Manifest::FILE_NAME);
        let json = serde_json::to_vec_pretty(self).map_err(|error| RecordingError::at(&path, error))?;
        write_atomically(&path, &json).map_err(|error| RecordingError::at(&path, error))
    }

    /// That of a folder.
    ///
    /// # Errors
    /// Where it is not there, or not one of this version.
    pub fn read(folder: &Path) -> Result<Manifest, RecordingError> {
        let path = folder.join(Manifest::FILE_NAME);
        let why = |what: String| RecordingError::at(&path, what);
        let bytes = bytes::open(&path)
            .and_then(|file| bytes::of_file(&file, Manifest::BYTES_MAX))
            .map_err(|error| why(format!("{error}; give the folder that `mapscope record` wrote")))?;
        let manifest: Manifest = serde_json::from_slice(&text::clean_json(&bytes))
            .map_err(|error| why(format!("is no description of a recording: {error}")))?;
        match manifest.schema {
            Manifest::SCHEMA => Ok(manifest),
            schema => Err(why(format!("has schema {schema}, and this mapscope reads {}", Manifest::SCHEMA))),
        }
    }
}
