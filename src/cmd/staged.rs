//! A folder of finished work: filled where its user can see it, and in its place when it is whole.
//!
//! ```text
//! OUT is not there:   OUT.partial  --one rename-->  OUT
//! OUT is empty:       OUT/partial/*  --one rename each, results.json last-->  OUT/*
//! OUT is replaced:    OUT  --rename-->  OUT.replaced,  OUT.partial  --rename-->  OUT,  OUT.replaced is removed
//! ```
//!
//! The second is for what can't be renamed over: a mount point, `.`, a link to a folder. A record is read from
//! `results.json`, so that half a report is no report there either. The name is claimed before the work begins, by a
//! folder that is [held](Held) as long as its process is there. One that nobody holds and that has a [`Log`] is what a
//! killed process left: it is named to the user. It is kept, as is whatever else has that name, and the next one serves
//! (`OUT.partial-2`).

mod replaced;

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use super::output;
use replaced::Replaced;

use crate::record::{Held, is_temporary, read};
use crate::run::Log;
use crate::text;

/// What is moved last where files are moved one by one.
const LAST: &str = "results.json";

/// See the module.
pub(super) struct Staged {
    destination: PathBuf,
    /// Where the work lies meanwhile.
    folder: PathBuf,
    inside: bool,
    /// What lies at the destination meanwhile.
    replaced: Option<Replaced>,
    _held: Held,
    /// Whether the folder was made for it. One that was there, empty, is somebody's, and stays.
    ours: bool,
    /// Folders made on the way to it, innermost first.
    made: Vec<PathBuf>,
    /// Whether it stays when it is dropped.
    kept: bool,
}

/// What became of the wish for a folder.
enum Claimed {
    Ours(Staged),
    /// Another process is at work in it.
    Live,
    /// Something is there that nobody works in.
    Left,
}

impl Staged {
    /// Claims `out`, or the first of `reports/NAME-001`, `reports/NAME-002`, ... that is free.
    ///
    /// An error where something is there already, where it can't be written, or where another process is at work on it.
    pub fn new(out: Option<PathBuf>, name: &str) -> anyhow::Result<Staged> {
        match out {
            Some(out) => Staged::at(&out),
            None => Staged::numbered(name),
        }
    }

    /// The same, where a record at `out` is to be replaced by what is published.
    ///
    /// An error where anything else is there.
    pub fn replacing(out: &Path) -> anyhow::Result<Staged> {
        if content(out, None).ok().flatten().is_none() {
            return Staged::at(out);
        }
        let replaced = Some(Replaced::look(out)?);
        for number in 1.. {
            let folder = partial(out, false, number);
            match Staged::claim(out, &folder, false)? {
                Claimed::Ours(mut staged) => {
                    staged.replaced = replaced;
                    return Ok(staged);
                }
                Claimed::Live => return Err(at_work(out, &folder)),
                Claimed::Left => tell_left(&folder),
            }
        }
        unreachable!("there are more numbers than files")
    }

    fn at(destination: &Path) -> anyhow::Result<Staged> {
        for number in 1.. {
            let inside = is_there(destination)?;
            let folder = partial(destination, inside, number);
            match Staged::claim(destination, &folder, inside)? {
                // Whoever had the name before may have finished meanwhile.
                Claimed::Ours(staged) if is_there(destination)? == inside => return Ok(staged),
                Claimed::Ours(_) => {}
                Claimed::Live => return Err(at_work(destination, &folder)),
                Claimed::Left => tell_left(&folder),
            }
        }
        unreachable!("there are more numbers than files")
    }

    fn numbered(name: &str) -> anyhow::Result<Staged> {
        for number in 1.. {
            let destination = Path::new("reports").join(format!("{name}-{number:03}"));
            let free = || match destination.symlink_metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
                Err(error) => Err(error).with_context(|| unwritable(&destination)),
                Ok(_) => Ok(false),
            };
            if !free()? {
                continue;
            }
            let folder = partial(&destination, false, 1);
            match Staged::claim(&destination, &folder, false)? {
                Claimed::Ours(staged) if free()? => return Ok(staged),
                Claimed::Ours(_) | Claimed::Live => {}
                Claimed::Left => tell_left(&folder),
            }
        }
        unreachable!("there are more numbers than files")
    }

    /// The folder of a run that has not come to its end, to go on in; `None` of one that has. It is the one given, or that
    /// in which a run with this `--out` works. The destination is the same as before, unless it is named anew.
    ///
    /// An error where there is no such run, or more than one, where another process is at work on it, or where the destination
    /// is taken, unless by a record that is to be replaced.
    pub fn resume(given: &Path, out: Option<&Path>, force: bool) -> anyhow::Result<Option<Staged>> {
        let left = if Log::is_in(given) { vec![given.to_owned()] } else { left_of(given) };
        let folder = match left.as_slice() {
            [folder] => folder,
            [] if read(given)?.partial => {
                bail!("{}: was interrupted, and has no log to go on from: run it anew", text::path(given))
            }
            [] => return Ok(None),
            several => {
                let names: Vec<_> = several.iter().map(|folder| text::path(folder)).collect();
                bail!(
                    "{}: {} runs are unfinished: {}; give one of them",
                    text::path(given),
                    names.len(),
                    names.join(", ")
                )
            }
        };
        // As it is called without links and dots, by which it can be neither held nor renamed.
        let folder = match fs::canonicalize(folder) {
            Ok(real) if folder.is_symlink() || folder.file_name().is_none() => real,
            _ => folder.components().collect(),
        };
        let held = Held::take(&folder).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => anyhow!("{}: another mapscope is at work on it", text::path(&folder)),
            _ => anyhow!(error).context(format!("{}: can't be gone on with", text::path(&folder))),
        })?;
        let asked = || if Log::works_in(&folder) { destination_of(&folder) } else { folder.clone() };
        let destination = out.map_or_else(asked, Path::to_owned);
        let taken = destination != folder && content(&destination, None).ok().flatten().is_some();
        let replaced = (force && taken).then(|| Replaced::look(&destination)).transpose()?;
        let inside = replaced.is_none() && destination != folder && is_there(&destination)?;
        if let Some(above) = destination.parent() {
            fs::create_dir_all(above).with_context(|| unwritable(&destination))?;
        }
        remove_torn(&folder);
        Ok(Some(Staged {
            destination,
            folder,
            inside,
            replaced,
            _held: held,
            ours: true,
            made: Vec::new(),
            kept: true,
        }))
    }

    fn claim(destination: &Path, folder: &Path, inside: bool) -> anyhow::Result<Claimed> {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let missing = parent.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let made: Vec<_> = missing.map(Path::to_owned).collect();
        let held = fs::create_dir_all(parent).and_then(|()| hold(folder));
        let taken = held.as_ref().err().map(io::Error::kind);
        match (held, taken) {
            (Ok((held, ours)), _) => Ok(Claimed::Ours(Staged {
                destination: destination.to_owned(),
                folder: folder.to_owned(),
                inside,
                replaced: None,
                _held: held,
                ours,
                made,
                kept: false,
            })),
            (_, Some(ErrorKind::WouldBlock)) => Ok(Claimed::Live),
            (_, Some(ErrorKind::AlreadyExists)) => Ok(Claimed::Left),
            (Err(error), _) => {
                let _ = made.iter().try_for_each(fs::remove_dir);
                Err(error).with_context(|| unwritable(destination))
            }
        }
    }

    /// Where to write meanwhile.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where it will be.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// Whether a record lies where it goes.
    pub fn replaces(&self) -> bool {
        self.replaced.is_some()
    }

    /// From now on what lies there is worth keeping, whatever comes.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Moves it to its destination, whose path it gives. An error says where it lies instead.
    pub fn publish(mut self) -> anyhow::Result<PathBuf> {
        self.keep();
        let moved = match &self.replaced {
            Some(replaced) => replaced.replace(&self.destination, || self.move_in()),
            None => self.move_in(),
        };
        moved.with_context(|| {
            let (out, folder) = (text::path(&self.destination), text::path(&self.folder));
            format!("{out}: what is finished can't be moved here and lies in {folder}")
        })?;
        Ok(self.destination.clone())
    }

    fn move_in(&self) -> io::Result<()> {
        match self.inside {
            true => self.move_up(),
            false if self.folder == self.destination => Ok(()),
            false if self.ours => fs::rename(&self.folder, &self.destination),
            false => fs::create_dir(&self.destination).and_then(|()| self.move_up()),
        }
    }

    fn move_up(&self) -> io::Result<()> {
        if let Some(name) = content(&self.destination, Some(&self.folder))? {
            return Err(io::Error::other(format!("{} came meanwhile", text::path(Path::new(&name)))));
        }
        let mut names =
            fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        // The log stays until all else is there.
        names.sort_by_key(|name| (Log::is_named(name), name == LAST));
        names.iter().try_for_each(|name| fs::rename(self.folder.join(name), self.destination.join(name)))?;
        if self.ours { fs::remove_dir(&self.folder) } else { Ok(()) }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.kept && !std::thread::panicking() {
            let _ = if self.ours { fs::remove_dir_all(&self.folder) } else { empty(&self.folder) };
            // What was made on the way there goes again, unless something else has come to live in it.
            let _ = self.made.iter().try_for_each(fs::remove_dir);
        }
    }
}

/// The folder to work in: the first, or a later one where others lie.
fn partial(destination: &Path, inside: bool, number: u32) -> PathBuf {
    let ending = if number == 1 { String::new() } else { format!("-{number}") };
    if inside {
        return destination.join(format!("{PARTIAL}{ending}"));
    }
    let mut name = destination.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{PARTIAL}{ending}"));
    destination.with_file_name(name)
}

const PARTIAL: &str = "partial";

/// The folders, in the order of their names, in which runs with this `--out` were at work, and have not come to their end.
fn left_of(out: &Path) -> Vec<PathBuf> {
    let beside = out.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let beside = names(beside).map(|name| out.with_file_name(name));
    let is_left = |folder: &PathBuf| destination_of(folder) == out && Log::works_in(folder);
    let mut left: Vec<_> = beside.chain(names(out).map(|name| out.join(name))).filter(is_left).collect();
    left.sort();
    // The folder beside `.` is the one inside it.
    left.dedup();
    left
}

/// Where what lies in a folder to work in will be; of any other folder itself.
fn destination_of(folder: &Path) -> PathBuf {
    let name = folder.file_name().map(OsString::from).unwrap_or_default().into_encoded_bytes();
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let without_number = match name[..name.len() - digits].strip_suffix(b"-") {
        Some(rest) if digits > 0 => rest,
        _ => &name,
    };
    match without_number.strip_suffix(PARTIAL.as_bytes()) {
        Some([]) => folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
        Some([out @ .., b'.']) if !out.is_empty() => folder.with_file_name(OsStr::from_bytes(out)),
        _ => folder.to_owned(),
    }
}

/// Makes the folder and holds it, or one that is there and empty; says whether it was made for a run. `WouldBlock` where
/// another process does; `AlreadyExists` where something is there.
///
/// Of two runs that begin in the same moment, one may hold what the other has just made, and must not take it for
/// somebody's: until it is held, what a run makes has the sticky bit, which nobody else's empty folder of such a name has.
fn hold(folder: &Path) -> io::Result<(Held, bool)> {
    const TRIES: usize = 100;
    const FRESH: u32 = 0o1000;
    for _ in 0..TRIES {
        let made = match DirBuilder::new().mode(FRESH | 0o777).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            made => made.is_ok(),
        };
        match Held::take(folder) {
            // Of two that found it empty, one holds it. Without locks, it is whoever's who made it.
            Ok(held) if made || held.certain && fs::read_dir(folder)?.next().is_none() => {
                let mut permissions = fs::metadata(folder)?.permissions();
                let fresh = permissions.mode() & FRESH != 0;
                if fresh {
                    permissions.set_mode(permissions.mode() & !FRESH);
                    fs::set_permissions(folder, permissions)?;
                }
                return Ok((held, made || fresh));
            }
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
            // Published or removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => break,
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Whether `destination` is an empty folder, to be finished into; an error where it is anything else that is there.
fn is_there(destination: &Path) -> anyhow::Result<bool> {
    let at = text::path(destination);
    match destination.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound && destination.file_name().is_some() => return Ok(false),
        Err(error) => return Err(error).with_context(|| unwritable(destination)),
        Ok(_) if !destination.is_dir() => bail!("{at}: is not a folder; name a new one with --out"),
        Ok(_) => {}
    }
    match content(destination, None).with_context(|| format!("{at}: can't be read"))? {
        Some(_) => bail!("{at}: is not empty; name a new folder with --out, or remove this one first"),
        None => Ok(true),
    }
}

/// Something that lies in a folder, beside work in progress, `ours` too, and what the system itself puts into new file
/// systems.
fn content(folder: &Path, ours: Option<&Path>) -> io::Result<Option<OsString>> {
    for entry in fs::read_dir(folder)? {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        // Empty, it is work that begins in this moment.
        let is_empty = || fs::read_dir(&path).is_ok_and(|mut inside| inside.next().is_none());
        let is_work = || destination_of(&path) == folder && (Log::works_in(&path) || is_empty());
        if name != "lost+found" && ours != Some(&path) && !is_work() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Removes what is in a folder.
fn empty(folder: &Path) -> io::Result<()> {
    fs::read_dir(folder)?.try_for_each(|entry| match entry? {
        entry if entry.file_type()?.is_dir() => fs::remove_dir_all(entry.path()),
        entry => fs::remove_file(entry.path()),
    })
}

/// Removes what a killed process has written half.
fn remove_torn(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        match kind {
            // Another run's is that one's.
            Ok(kind) if kind.is_dir() && !path.join(LAST).exists() && !Log::is_in(&path) => remove_torn(&path),
            Ok(kind) if kind.is_file() && is_temporary(&entry.file_name()) => drop(fs::remove_file(&path)),
            _ => {}
        }
    }
}

fn at_work(destination: &Path, folder: &Path) -> anyhow::Error {
    let (out, folder) = (text::path(destination), text::path(folder));
    anyhow!("{out}: another mapscope is at work on it, in {folder}; name another folder with --out")
}

fn unwritable(destination: &Path) -> String {
    format!("{}: can't be written; name another folder with --out", text::path(destination))
}

/// Names what a killed run left. What else is there under such a name is no business of ours.
fn tell_left(folder: &Path) {
    if Log::works_in(folder) {
        output::note(&format!(
            "{0}: left by a run that was killed; it stays as it is: `mapscope run --resume {0}` goes on with it, or remove it",
            text::path(folder)
        ));
    }
}

#[cfg(test)]
mod tests;
