//! Where words go: stdout, stderr, and a finished run's folder.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::record::{Results, write_atomically};
use crate::report::Format;

/// Writes to stdout. A reader that has gone away (`| head`) is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
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
    let _ = writeln!(io::stderr(), "error: {message}");
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

/// Writes the `formats` of `results` into `folder`; gives the paths written.
pub(super) fn write_reports(folder: &Path, formats: &[&Format], results: &Results) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for format in formats {
        let mut emit = |relative: &str, bytes: &[u8]| -> io::Result<()> {
            let path = folder.join(relative);
            let at_path = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            let parent = path.parent().unwrap_or(folder);
            let outcome = fs::create_dir_all(parent).and_then(|()| write_atomically(&path, bytes));
            if outcome.is_err() {
                // Empty folders would be all that is left of a full disk; others stay, as `remove_dir` refuses them.
                let _ = fs::remove_dir(parent).and_then(|()| fs::remove_dir(folder));
            }
            outcome.map_err(at_path)?;
            written.push(path);
            Ok(())
        };
        (format.render)(results, &mut emit).with_context(|| {
            let again = if folder.join("results.json").exists() {
                format!("; once it can be, `mapscope report {}` writes it from the record", folder.display())
            } else {
                String::new()
            };
            format!("can't write the {} report{again}", format.name)
        })?;
    }
    Ok(written)
}
