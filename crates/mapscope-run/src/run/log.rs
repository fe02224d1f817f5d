//! `cells.jsonl`: what a run has found out so far, from which it can go on however it ended.
//!
//! A [`Head`], then a [`Line`] for each process that has ended, in the order in which they did, each one JSON, and each on
//! disk before the next. What a record has of a cell is worked out from these lines alone, so
//! that a run that goes on ends in the record that it would have had. The last line may be cut; nothing else of it may be
//! damaged. docs/FORMATS.md has it for a stranger.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::{Event, Sink};
use super::job::{Answered, Pass};
use super::task::Task;
use crate::intake;
use crate::record::Status;
use crate::text;

const FILE_NAME: &str = "cells.jsonl";

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
    asked: serde_json::Value,
    /// Of a run that goes on: what must still be as it was, and the lines.
    earlier: Option<(Facts, Vec<u8>)>,
}

/// What must be as it was for a run to go on, by name.
type Facts = BTreeMap<String, String>;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    /// What makes the plan again, for whoever made it.
    asked: Cow<'a, serde_json::Value>,
    facts: Cow<'a, Facts>,
}

/// The end of a process.
#[derive(Deserialize)]
pub(super) struct Line {
    pub task: Task,
    pub ended: Answered,
}

/// As it is written.
#[derive(Serialize)]
struct Written<'a> {
    task: &'a Task,
    ended: &'a Answered,
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
            Ok(Log { path: path.clone(), file: Some(file), asked: serde_json::to_value(asked)?, earlier: None })
        };
        begun().map_err(|error| LogError { path: path.clone(), what: format!("can't be written: {error}") })
    }

    /// Whether there is one in a folder.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE_NAME).is_file()
    }

    /// Whether that is the name of one.
    pub fn is_named(name: &OsStr) -> bool {
        name == FILE_NAME
    }

    /// The one in a folder, to go on with.
    ///
    /// # Errors
    ///
    /// It can't be read or written to, or has no whole first line.
    pub fn resume(folder: &Path) -> Result<Log, LogError> {
        let path = folder.join(FILE_NAME);
        let fail = |what: String| LogError { path: path.clone(), what };
        let mut lines = intake::whole(&path, u64::MAX).map_err(|error| fail(format!("can't be read: {error}")))?;
        lines.truncate(lines.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1));
        let end = lines.iter().position(|&byte| byte == b'\n');
        let end = end.ok_or_else(|| fail("has nothing in it to go on with: run it anew".to_owned()))?;
        let damaged = |error: serde_json::Error| {
            let error = text::shown(&error.to_string());
            fail(format!("its first line is not that of a run's log: {error}; run it anew"))
        };
        // Not cleaned, as other lines are: texts that were asked for are what they are.
        let head: Head<'_> = serde_json::from_slice(&lines[..end]).map_err(damaged)?;
        let opened = || -> io::Result<File> {
            let file = OpenOptions::new().append(true).open(&path)?;
            // What was cut is not there.
            file.set_len(lines.len() as u64)?;
            Ok(file)
        };
        let file = opened().map_err(|error| fail(format!("can't be written: {error}")))?;
        let (asked, facts) = (head.asked.into_owned(), head.facts.into_owned());
        Ok(Log { file: Some(file), asked, earlier: Some((facts, lines.split_off(end + 1))), path })
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
        let head = Head { asked: Cow::Borrowed(&self.asked), facts: Cow::Borrowed(facts) };
        let mut file = self.file.as_ref().expect("it has just been made");
        let written = write_line(&mut file, &head).and_then(|()| file.sync_data());
        written.map_err(|error| self.error(format!("can't be written: {error}")))
    }

    /// The lines of the run so far, each with its number; that of a cell that was kept from its work is none.
    pub(super) fn take_lines(&mut self) -> impl Iterator<Item = Result<(usize, Line), LogError>> + use<> {
        let path = self.path.clone();
        let lines = self.earlier.take().map_or_else(Vec::new, |(_, lines)| lines);
        let mut from = 0;
        let texts = std::iter::from_fn(move || {
            let end = from + lines[from..].iter().position(|&byte| byte == b'\n')?;
            let text = text::clean_json(&lines[from..end]).into_owned();
            from = end + 1;
            Some(text)
        });
        (2..).zip(texts).filter_map(move |(number, text)| match serde_json::from_slice::<Line>(&text) {
            Ok(line) if line.ended.as_ref().is_err_and(|failure| was_kept_from_it(failure.status)) => None,
            Ok(line) => Some(Ok((number, line))),
            Err(error) => Some(Err(damaged(&path, number, &error.to_string()))),
        })
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

/// Whether a cell that ended so may end otherwise when it is run again: nothing that its map did is the cause.
const fn was_kept_from_it(status: Status) -> bool {
    match status {
        Status::Killed | Status::HarnessFailed | Status::Unavailable | Status::NotRun => true,
        Status::Ok
        | Status::WrongContent
        | Status::Panicked
        | Status::Aborted
        | Status::TimedOut
        | Status::OutOfMemory => false,
    }
}

impl Sink for Log {
    fn hear(&mut self, event: Event<'_>) {
        // What a pass has learnt for another lies in a file that goes with the run.
        let Event::Ended(task, ended) = event else { return };
        if task.pass == Pass::Learn && ended.is_ok() {
            return;
        }
        if let Some(file) = &mut self.file {
            let written = write_line(file, &Written { task, ended });
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

fn write_line(file: &mut impl io::Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    file.write_all(&line)
}
