//! `cells.jsonl`: what a run has found out so far, from which it can go on however it ended.
//!
//! A [`Head`], then a [`Line`] for each process that has ended, in the order in which they did, each one JSON, and those of a
//! map's passes on disk before the next. What a record has of a cell is worked out from these lines alone, so
//! that a run that goes on ends in the record that it would have had. Each ends with a digest of the file up to there
//! ([`Seal`]): the last one may be cut, and nothing else may differ from what was written. docs/FORMATS.md has it for a
//! stranger.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::{Event, Sink};
use super::job::{Answered, Pass};
use super::place::is_least;
use super::task::Task;
use crate::record::Status;
use crate::text;

const FILE_NAME: &str = "cells.jsonl";

/// A longer line is no run's: what a process answers has a few megabytes at the most.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Why a run can't go on, or can't begin to keep what it finds out.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", text::path(path))]
pub struct LogError {
    /// The log.
    pub path: PathBuf,
    /// What is wrong, and what to do.
    pub what: String,
}

/// What a run has found out so far.
pub struct Log {
    path: PathBuf,
    /// `None` once it could not be written: the run goes on without it.
    file: Option<File>,
    seal: Seal,
    asked: serde_json::Value,
    /// Of a run that goes on: what must still be as it was, and the lines.
    earlier: Option<(Facts, Lines)>,
}

/// What must be as it was for a run to go on, by name.
type Facts = BTreeMap<String, String>;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    /// What makes the plan again, for whoever made it.
    asked: Cow<'a, serde_json::Value>,
    facts: Cow<'a, Facts>,
    /// What the folder is called that the run works in before its results are where they were asked for.
    work: Cow<'a, str>,
}

/// The end of a process.
#[derive(Deserialize)]
pub(super) struct Line {
    pub task: Task,
    pub ended: Answered,
}

impl Line {
    /// Whether the process runs again: it was kept from its work, and nothing that its map did is the cause.
    pub fn runs_again(&self) -> bool {
        self.ended.as_ref().is_err_and(|failure| match failure.status {
            Status::Killed | Status::HarnessFailed | Status::Unavailable | Status::NotRun => true,
            Status::Ok
            | Status::WrongContent
            | Status::Panicked
            | Status::Aborted
            | Status::TimedOut
            | Status::OutOfMemory => false,
        })
    }
}

/// As it is written.
#[derive(Serialize)]
struct Written<'a> {
    task: &'a Task,
    ended: &'a Answered,
}

/// A hash of the file so far, whose first digits end each line: as if `"digest"` were its last member.
#[derive(Default)]
struct Seal(blake3::Hasher);

impl Seal {
    const BEFORE: &str = ",\"digest\":\"";
    const DIGITS: usize = 16;
    const AFTER: &str = "\"}\n";
    const BYTES: usize = Seal::BEFORE.len() + Seal::DIGITS + Seal::AFTER.len();

    /// The end of a line that begins so.
    fn end_of(&mut self, line: &[u8]) -> String {
        let digest = self.0.update(line).finalize().to_hex();
        let end = [Seal::BEFORE, &digest[..Seal::DIGITS], Seal::AFTER].concat();
        self.0.update(end.as_bytes());
        end
    }

    /// The next line.
    fn line(&mut self, what: &impl Serialize) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(what)?;
        assert_eq!(line.pop(), Some(b'}'), "an object");
        let end = self.end_of(&line);
        line.extend(end.into_bytes());
        match line.len() as u64 > LINE_BYTES_MAX {
            true => Err(io::Error::other(format!("a line would be longer than {LINE_BYTES_MAX} bytes"))),
            false => Ok(line),
        }
    }

    /// Whether this is what was written after the lines so far.
    fn is_of(&mut self, line: &[u8]) -> bool {
        let Some(length) = line.len().checked_sub(Seal::BYTES) else { return false };
        let (line, end) = line.split_at(length);
        self.end_of(line).as_bytes() == end
    }
}

/// The lines of a log, as they are read.
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    seal: Seal,
    /// Of the last one read, from 1.
    number: usize,
    /// Where the next one begins.
    end: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Lines, LogError> {
        let file = File::open(path).map_err(|error| unread(path, &error))?;
        Ok(Lines { path: path.to_owned(), file: BufReader::new(file), seal: Seal::default(), number: 0, end: 0 })
    }

    /// The next whole one. What was cut at the end is none.
    fn next(&mut self) -> Result<Option<Vec<u8>>, LogError> {
        let mut line = Vec::new();
        let read = (&mut self.file).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        self.number += 1;
        read.map_err(|error| unread(&self.path, &error))?;
        if line.last() != Some(&b'\n') {
            return match line.len() as u64 == LINE_BYTES_MAX {
                true => Err(damaged(&self.path, self.number, &format!("it is longer than {LINE_BYTES_MAX} bytes"))),
                false => Ok(None),
            };
        }
        if !self.seal.is_of(&line) {
            return Err(damaged(&self.path, self.number, "its digest is another one"));
        }
        self.end += line.len() as u64;
        Ok(Some(line))
    }

    fn head(&mut self) -> Result<Head<'static>, LogError> {
        let line = self.next()?;
        let fail = |what: String| LogError { path: self.path.clone(), what };
        let line = line.ok_or_else(|| fail("has nothing in it to go on with: run it anew".to_owned()))?;
        // Not cleaned, as other lines are: texts that were asked for are what they are.
        serde_json::from_slice(&line).map_err(|error| {
            let error = text::shown(&error.to_string());
            fail(format!("its first line is not that of a run's log: {error}; run it anew"))
        })
    }
}

impl Log {
    /// A new one in a folder, of a run that can be planned again from what was `asked`.
    ///
    /// # Errors
    ///
    /// The folder can't be written to.
    pub fn begin(folder: &Path, asked: &impl Serialize) -> Result<Log, LogError> {
        let path = folder.join(FILE_NAME);
        let begun = || -> io::Result<Log> {
            let file = File::create(&path)?;
            // The file is there for good only once its folder is, and that once the one above is.
            let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
            File::open(above)?.sync_all()?;
            let asked = serde_json::to_value(asked)?;
            Ok(Log { path: path.clone(), file: Some(file), seal: Seal::default(), asked, earlier: None })
        };
        begun().map_err(|error| LogError { path: path.clone(), what: format!("can't be written: {error}") })
    }

    /// Whether there is one in a folder.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE_NAME).is_file()
    }

    /// Whether that is the name of one, or of what a run that goes on from it needs beside it.
    pub fn is_named(name: &OsStr) -> bool {
        name == FILE_NAME || is_least(name)
    }

    /// Whether there is one in a folder that its run works in, which is another than the results were asked for in. Whatever
    /// a user calls a folder, one that they have named is none. What can't be read may be.
    pub fn works_in(folder: &Path) -> bool {
        let head = || Lines::open(&folder.join(FILE_NAME))?.head();
        Log::is_in(folder) && head().map_or(true, |head| head.work == name_of(folder))
    }

    /// The one in a folder, to go on with.
    ///
    /// # Errors
    ///
    /// It can't be read or written to, or has no whole first line.
    pub fn resume(folder: &Path) -> Result<Log, LogError> {
        let path = folder.join(FILE_NAME);
        let mut lines = Lines::open(&path)?;
        let head = lines.head()?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| LogError { path: path.clone(), what: format!("can't be written: {error}") })?;
        let earlier = Some((head.facts.into_owned(), lines));
        Ok(Log { path, file: Some(file), seal: Seal::default(), asked: head.asked.into_owned(), earlier })
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// What was asked of the run.
    pub fn asked(&self) -> &serde_json::Value {
        &self.asked
    }

    /// Writes the first line, or holds the one that is there against what is the case now.
    pub(super) fn open(&mut self, facts: &Facts) -> Result<(), LogError> {
        if let Some((was, _)) = &self.earlier {
            let named = |name: &&String| was.get(*name) != facts.get(*name);
            let Some(name) = was.keys().chain(facts.keys()).find(named) else { return Ok(()) };
            let [was, is] = [was, facts].map(|facts| facts.get(name).map_or("not there", String::as_str));
            let what = format!(
                "can't go on: {} was {}, and is {}; a record is of one plan on one machine: run it anew",
                text::shown(name),
                text::shown(was),
                text::shown(is)
            );
            return Err(self.error(what));
        }
        let work = name_of(self.folder());
        let head = Head { asked: Cow::Borrowed(&self.asked), facts: Cow::Borrowed(facts), work: Cow::Owned(work) };
        let mut file = self.file.as_ref().expect("it has just been made");
        let written = self.seal.line(&head).and_then(|line| file.write_all(&line)).and_then(|()| file.sync_data());
        written.map_err(|error| self.error(format!("can't be written: {error}")))
    }

    /// The next line of the run so far, with its number. After the last one, what was cut is gone.
    pub(super) fn next_line(&mut self) -> Result<Option<(usize, Line)>, LogError> {
        let Some((_, lines)) = &mut self.earlier else { return Ok(None) };
        let (line, number) = (lines.next()?, lines.number);
        let Some(line) = line else {
            let cut = self.file.as_ref().map_or(Ok(()), |file| file.set_len(lines.end));
            cut.map_err(|error| self.error(format!("can't be written: {error}")))?;
            self.seal = self.earlier.take().map(|(_, lines)| lines.seal).unwrap_or_default();
            return Ok(None);
        };
        match serde_json::from_slice(&text::clean_json(&line)) {
            Ok(line) => Ok(Some((number, line))),
            Err(error) => Err(self.damaged(number, &error.to_string())),
        }
    }

    /// A line that can't be one of this run's.
    pub(super) fn damaged(&self, number: usize, what: &str) -> LogError {
        damaged(&self.path, number, what)
    }

    fn error(&self, what: String) -> LogError {
        LogError { path: self.path.clone(), what }
    }

    /// Removes it from where the results are now, which say it all. They are there for good before it is gone.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn end(self, folder: &Path) -> io::Result<()> {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        // Of a folder that can't be read.
        let _ = File::open(above).and_then(|above| above.sync_all());
        fs::remove_file(folder.join(FILE_NAME)).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })
    }
}

fn damaged(path: &Path, number: usize, what: &str) -> LogError {
    let what = format!("line {number}: {what}: the file was changed or damaged after it was written; run it anew");
    LogError { path: path.to_owned(), what }
}

fn unread(path: &Path, error: &io::Error) -> LogError {
    LogError { path: path.to_owned(), what: format!("can't be read: {error}") }
}

fn name_of(folder: &Path) -> String {
    text::path(Path::new(folder.file_name().unwrap_or_default()))
}

/// Gives a log's lines, changed perhaps, the digests that a run would have given them.
#[cfg(test)]
pub(super) fn sealed(lines: &str) -> String {
    let mut seal = Seal::default();
    let mut with = |line: &str| {
        let line = &line[..line.rfind(Seal::BEFORE).unwrap_or(line.len().saturating_sub(1))];
        format!("{line}{}", seal.end_of(line.as_bytes()))
    };
    lines.lines().map(&mut with).collect()
}

impl Sink for Log {
    fn hear(&mut self, event: Event<'_>) {
        // What a pass has learnt for another lies in a file that goes with the run.
        let Event::Ended(task, ended) = event else { return };
        if task.pass == Pass::Learn && ended.is_ok() {
            return;
        }
        if let Some(file) = &mut self.file {
            let line = self.seal.line(&Written { task, ended });
            let written = line.and_then(|line| file.write_all(&line));
            // What no map has done is on disk with the first pass of one.
            let is_work = task.pass != Pass::Expect;
            let synced = written.and_then(|()| if is_work { file.sync_data() } else { Ok(()) });
            if let Err(error) = synced {
                self.file = None;
                let note = format!("{}: can't be written: {error}; the run goes on", text::path(&self.path));
                let _ = writeln!(io::stderr(), "{}", text::message(&note));
            }
        }
    }
}
