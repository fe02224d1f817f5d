//! Where words go: stdout, stderr, and a finished run's folder.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tempfile::TempDir;

use crate::record::{Results, write_atomically};
use crate::report::{Emit, FORMATS, Format};
use crate::spec::UnknownName;
use crate::text;

/// Writes to stdout. A reader that has gone away (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text::screen(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("can't write to stdout"),
        _ => Ok(()),
    }
}

/// Writes an error and its causes to stderr, as one message.
pub(super) fn complain(error: &anyhow::Error) {
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Many errors quote their cause themselves.
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    let _ = writeln!(io::stderr(), "error: {}", text::message(&message));
}

/// Writes a line to stderr.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{}", text::message(line));
}

/// The columns of the terminal that stdout is, if it is one.
pub(super) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.max(40).into())
}

/// Whether stdout shows colours.
pub(super) fn colour() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    io::stdout().is_terminal() && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A folder that is filled beside its destination and appears there whole, or not at all.
pub(super) struct Staged {
    /// `None` once it was published.
    staging: Option<TempDir>,
    destination: PathBuf,
    /// Folders made on the way to the destination, innermost first.
    made: Vec<PathBuf>,
}

impl Staged {
    /// Makes the staging folder beside `out`, or beside a new folder in `reports/` that bears the profile's name.
    ///
    /// An error where something is at the destination already, or where it can't be written.
    pub fn new(out: Option<PathBuf>, profile: &str) -> anyhow::Result<Staged> {
        let destination = out.unwrap_or_else(|| new_report_folder(profile));
        let at = || text::path(&destination);
        if destination.is_dir() {
            let mut content = fs::read_dir(&destination).with_context(|| format!("{}: can't be read", at()))?;
            if content.next().is_some() {
                bail!("{}: is not empty; name a new folder with --out, or remove this one first", at());
            }
        } else if destination.symlink_metadata().is_ok() {
            bail!("{}: is not a folder; name a new one with --out", at());
        }
        let parent = match destination.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let missing = parent.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let made = missing.map(Path::to_owned).collect();
        let mut staged = Staged { staging: None, destination, made };
        let everyone = fs::Permissions::from_mode(0o777);
        let staging = fs::create_dir_all(&parent)
            .and_then(|()| tempfile::Builder::new().prefix(".mapscope-").permissions(everyone).tempdir_in(&parent))
            // The staging folder's name would tell the user nothing.
            .map_err(|error| io::Error::from(error.kind()))
            .with_context(|| {
                format!("{}: can't be written; name another folder with --out", text::path(&staged.destination))
            })?;
        staged.staging = Some(staging);
        Ok(staged)
    }

    /// Where to write meanwhile.
    pub fn path(&self) -> &Path {
        self.staging.as_ref().map_or(&self.destination, |staging| staging.path())
    }

    /// Where it will be.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// Moves it to its destination, whose path it gives.
    pub fn publish(mut self) -> anyhow::Result<PathBuf> {
        fs::rename(self.path(), &self.destination)
            .with_context(|| format!("{}: the finished report can't be moved here", text::path(&self.destination)))?;
        // It is no longer there to be removed.
        self.staging.take().map(TempDir::keep);
        self.made.clear();
        Ok(self.destination.clone())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        self.staging = None;
        // What was made on the way there goes again, unless something else has come to live in it.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}

/// The first of `reports/NAME-001`, `reports/NAME-002`, ... that is free.
fn new_report_folder(profile: &str) -> PathBuf {
    let numbered = |number: u32| Path::new("reports").join(format!("{profile}-{number:03}"));
    (1..).map(numbered).find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| numbered(0))
}

/// The formats of these names, each once; `all` names every one.
pub(super) fn formats(names: &[String]) -> anyhow::Result<Vec<&'static Format>> {
    let known = || FORMATS.iter().map(|format| format.name).chain(["all"]);
    if let Some(name) = names.iter().find(|name| known().all(|known| known != *name)) {
        return Err(anyhow!(UnknownName::new("format", name, known())));
    }
    let named = |format: &&Format| names.iter().any(|name| name == "all" || name == format.name);
    Ok(FORMATS.iter().filter(named).collect())
}

/// Writes the `formats` of `results` into `folder`; gives the paths written.
pub(super) fn write_reports(folder: &Path, formats: &[&Format], results: &Results) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for format in formats {
        let files = write_files(folder, |emit| (format.render)(results, emit))
            .with_context(|| format!("can't write the {} report", format.name))?;
        written.extend(files);
    }
    Ok(written)
}

/// Writes the files that `render` emits into `folder`, each whole or not at all; gives their paths.
pub(super) fn write_files(
    folder: &Path,
    render: impl FnOnce(&mut Emit<'_>) -> io::Result<()>,
) -> io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut emit = |relative: &str, bytes: &[u8]| -> io::Result<()> {
        let path = folder.join(relative);
        let at_path = |error: io::Error| io::Error::new(error.kind(), format!("{relative}: {error}"));
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(at_path)?;
        write_atomically(&path, bytes).map_err(at_path)?;
        written.push(path);
        Ok(())
    };
    render(&mut emit)?;
    Ok(written)
}
