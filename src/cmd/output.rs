//! Where words and files go: stdout, stderr, the folder of a report.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::stdout;
use crate::plan::UnknownName;
use crate::record::{self, Results, write_atomically, write_reproducible};
use crate::report::{Emit, FORMATS, Format};
use crate::text;

/// Writes to stdout. A reader that has gone away (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match stdout::open().and_then(|mut stdout| stdout.write_all(text::screen(text).as_bytes())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("can't write to stdout"),
        _ => Ok(()),
    }
}

/// Writes to stdout what another program reads, as it is; to a terminal, as anything else.
pub(super) fn print_exactly(text: &str) -> anyhow::Result<()> {
    if io::stdout().is_terminal() {
        return print(text);
    }
    match stdout::open().and_then(|mut stdout| stdout.write_all(text.as_bytes())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("can't write to stdout"),
        _ => Ok(()),
    }
}

/// Writes to stdout of what has been written elsewhere. An error says that it is there all the same.
pub(super) fn announce(text: &str, written: &Path) -> anyhow::Result<()> {
    print(text).with_context(|| format!("{} is written all the same, but nobody was told", text::path(written)))
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

/// Empties a terminal's screen.
pub(super) const CLEARED: &str = "\x1b[H\x1b[J";

/// The columns of the terminal that stdout is, if it is one.
pub(super) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.max(40).into())
}

/// The lines of that terminal; 24 where it says none.
pub(super) fn height() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(24, |(_, height)| height.0.into())
}

/// Whether stdout shows colours.
pub(super) fn colour() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    io::stdout().is_terminal() && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
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
        // All others can be made of the record again.
        let write = if relative == record::FILE_NAME { write_atomically } else { write_reproducible };
        write(&path, bytes).map_err(at_path)?;
        written.push(path);
        Ok(())
    };
    render(&mut emit)?;
    Ok(written)
}
