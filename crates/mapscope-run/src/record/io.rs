//! Reading and writing `results.json`.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::error::Category;
use tempfile::NamedTempFile;

use super::check::check;
use super::{Results, SCHEMA, SCHEMA_OLDEST};
use crate::intake;
use crate::text;

/// The file that a folder of results is read from.
pub const FILE_NAME: &str = "results.json";

/// A record that is longer is not read: what it is made of needs several times as much memory.
const BYTES_MAX: u64 = 4 << 30;

/// Why a results file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("{}: cannot be read", text::path(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The folder holds no results.
    #[error("{}: no results.json in this folder: give the folder that `mapscope run --out` wrote", text::path(path))]
    NoResults {
        /// The folder.
        path: PathBuf,
    },
    /// The file is empty, or is something other than a record.
    #[error("{}: not a mapscope results file: {what}", text::path(path))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do.
        what: String,
    },
    /// The file ends before the record does.
    #[error(
        "{}: ends in the middle, at line {line}: was the run interrupted or the copy cut? copy or run it again",
        text::path(path)
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its last line, from 1.
        line: usize,
    },
    /// It is not JSON, or a field has another name or type than ours.
    #[error("{}:{line}:{column}: not a mapscope results file: {what}", text::path(path))]
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
    #[error(
        "{}: schema {found}, but this mapscope reads schema {SCHEMA_OLDEST} to {SCHEMA}: run the cells again with this version",
        text::path(path)
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
    },
    /// Its figures contradict each other.
    #[error("{}: cell {cell}: {what}: the file was changed or damaged after it was written", text::path(path))]
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
///
/// # Errors
///
/// See [`ReadError`]. Nothing in a file, however damaged, makes this panic.
pub fn read(path: &Path) -> Result<Results, ReadError> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let bytes = intake::whole(&file, BYTES_MAX).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound if path.is_dir() => ReadError::NoResults { path: path.to_owned() },
        _ => ReadError::Io { path: file.clone(), source },
    })?;
    let results = parse(&file, &bytes)?;
    match check(&results) {
        Ok(()) => Ok(results),
        Err((cell, what)) => Err(ReadError::Inconsistent { path: file, cell, what }),
    }
}

/// What tells a record from other JSON, and its schema from others, before the fields are looked at.
#[derive(Deserialize)]
struct Head {
    schema: Option<serde_json::Value>,
    mapscope: Option<serde_json::Value>,
}

/// [`read`] without the file and without the check for contradictions; `path` is for messages only.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Results, ReadError> {
    // Names and reasons are shown wherever a report puts them.
    let bytes = &*text::clean_json(bytes);
    let foreign = |what: &str| ReadError::Foreign { path: path.to_owned(), what: what.to_owned() };
    match bytes {
        [0x1f, 0x8b, ..] => return Err(foreign("it is compressed by gzip: unpack it first")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return Err(foreign("it is compressed by zstd: unpack it first")),
        _ if bytes.iter().all(u8::is_ascii_whitespace) => return Err(foreign("it is empty: run the cells again")),
        _ if !bytes.trim_ascii_start().starts_with(b"{") => {
            return Err(foreign("it does not begin with `{`: give the results.json that `mapscope run` wrote"));
        }
        _ => {}
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|error| syntax(path, bytes, &error))?;
    match (head.schema.as_ref().and_then(serde_json::Value::as_u64), head.mapscope) {
        (Some(schema), Some(_)) if (u64::from(SCHEMA_OLDEST)..=u64::from(SCHEMA)).contains(&schema) => {}
        (Some(found), Some(_)) => return Err(ReadError::Schema { path: path.to_owned(), found }),
        _ => return Err(foreign("it is JSON, but has no `schema` number and `mapscope` version")),
    }
    serde_json::from_slice(bytes).map_err(|error| syntax(path, bytes, &error))
}

fn syntax(path: &Path, bytes: &[u8], error: &serde_json::Error) -> ReadError {
    let (path, line, column) = (path.to_owned(), error.line(), error.column());
    // Cut inside a number, `7.` is bad syntax to serde.
    let rest = bytes.split(|&byte| byte == b'\n').nth(line.saturating_sub(1)).and_then(|text| text.get(column..));
    let cut_number = rest == Some(&[]) && matches!(bytes.last(), Some(b'.' | b'-' | b'+' | b'e' | b'E'));
    if error.classify() == Category::Eof || cut_number {
        return ReadError::Truncated { path, line };
    }
    let text = error.to_string();
    let what = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    // serde lists every field there is; the name that is wrong says enough.
    let what = what.split(", expected one of").next().unwrap_or(what).to_owned();
    ReadError::Syntax { path, line: line.max(1), column: column.max(1), what }
}

/// How the name of a file begins and ends that is written, and not yet whole.
const TEMPORARY: (&str, &str) = (".mapscope-", ".tmp");

/// Whether a file of this name was being written when its process ended.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY.0.as_bytes()) && name.ends_with(TEMPORARY.1.as_bytes())
}

/// Writes a file whole or not at all: a temporary file beside it, sync, rename.
///
/// # Errors
///
/// The system's word, without the path, as those of [`std::fs`]. The temporary file is gone then, and a file that was
/// at `path` is untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_whole(path, |file| file.write_all(bytes))
}

/// Writes a file whole or not at all, as [`write_atomically`] does, with content that `write` makes as it goes.
///
/// A link is followed to the file that it means. What is there and is no file (a pipe, a device) is written to as it is.
///
/// # Errors
///
/// Those of [`write_atomically`], and `write`'s own.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let Some((file, path)) = written(path, write)? else { return Ok(()) };
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    // The rename itself is on disk only once its folder is.
    #[cfg(unix)]
    File::open(folder_of(&path))?.sync_all()?;
    Ok(())
}

/// Writes a file that can be made again, whole or not at all for whoever reads it, as [`write_atomically`] does. It waits
/// for no disk, so that a power cut soon after may leave it empty.
///
/// # Errors
///
/// Those of [`write_atomically`].
pub fn write_reproducible(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Some((file, path)) = written(path, |file| file.write_all(bytes))? else { return Ok(()) };
    file.persist(path).map_err(|error| error.error).map(drop)
}

/// A temporary file with all of the content, and the path that it is for; `None` where what is there is no file, and has
/// been written to.
fn written(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<Option<(NamedTempFile, PathBuf)>> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.is_dir() => {
            return write(&mut OpenOptions::new().write(true).open(path)?).map(|()| None);
        }
        _ => {}
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666)); // less the umask
    let mut file = builder.tempfile_in(folder_of(&path)).map_err(|error| {
        // `tempfile` adds the name of its temporary file, which means nothing to anyone.
        let text = error.to_string();
        io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or(&text))
    })?;
    write(file.as_file_mut())?;
    Ok(Some((file, path)))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_that_fails_midway_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        write_atomically(&path, b"old").unwrap();
        let error = write_whole(&path, |file| {
            file.write_all(b"half of the ne")?;
            Err(io::Error::from_raw_os_error(libc::ENOSPC))
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["results.json"]);
    }

    #[test]
    fn a_target_that_cannot_be_replaced_leaves_no_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        write_atomically(&path, b"new").unwrap_err();
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_missing_folder_is_said_without_naming_the_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere").join("results.json");
        let error = write_atomically(&path, b"new").unwrap_err().to_string();
        assert_eq!(error, "No such file or directory (os error 2)");
    }

    #[test]
    fn the_bytes_arrive_and_others_may_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write_atomically(&path, b"one").unwrap();
        write_reproducible(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a.csv"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let plain = folder.path().join("plain");
            fs::write(&plain, b"").unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode(&path), mode(&plain));
        }
    }
}
