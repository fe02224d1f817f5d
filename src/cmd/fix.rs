//! What `--fix` and `--write` do, for every verb that has hints.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::output;
use crate::hints::{Edits, Files, Finding, patch};
use crate::record::write_atomically;
use crate::report::number;
use crate::text;

#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Write the hints as a unified patch to this file, - for stdout; no source is changed
    #[arg(long, value_name = "FILE")]
    pub fix: Option<PathBuf>,
    /// Put the hints into the source
    #[arg(long, conflicts_with = "fix")]
    pub write: bool,
}

impl Args {
    /// Whether any of it was requested.
    pub fn is_wanted(&self) -> bool {
        self.fix.is_some() || self.write
    }

    /// Whether stdout has the patch, and nothing else.
    pub fn is_on_stdout(&self) -> bool {
        self.fix.as_deref() == Some(Path::new("-"))
    }

    /// Writes a patch, or the files that it would change.
    pub fn run(&self, source: &dyn Files, findings: &[&Finding], quiet: bool) -> anyhow::Result<()> {
        let bounds = source.bounds()?;
        let edits = Edits::new(findings.iter().copied(), &bounds);
        for (why, files) in &edits.left {
            left(files, why);
        }
        let fixed = source.fix(&edits.files)?;
        if self.write {
            for file in &fixed {
                write(&file.file, &file.after)
                    .with_context(|| format!("{}: can't be written", text::path(&file.file)))?;
            }
            if !quiet {
                output::note(&format!("{} changed", count(fixed.len())));
            }
            return Ok(());
        }
        let (text, unnamed) = patch(&fixed, &bounds.root);
        if !unnamed.is_empty() {
            left(unnamed.iter().copied(), "of a name that a patch would have to quote");
        }
        match &self.fix {
            Some(path) if !self.is_on_stdout() => {
                write_atomically(path, text.as_bytes())
                    .with_context(|| format!("{}: can't be written", text::path(path)))?;
                if !quiet && fixed.len() == unnamed.len() {
                    output::note(&format!("{}: {EMPTY}", text::path(path)));
                } else if !quiet {
                    let files = count(fixed.len() - unnamed.len());
                    let absolute = path.canonicalize().unwrap_or_else(|_| path.clone());
                    let [root, patch] = [&bounds.root, &absolute].map(|path| quoted(&text::path(path)));
                    output::note(&format!("{}: a patch of {files}: git -C {root} apply {patch}", text::path(path)));
                }
            }
            _ => {
                output::print_exactly(&text)?;
                if !quiet && text.is_empty() {
                    output::note(EMPTY);
                }
            }
        }
        Ok(())
    }
}

/// What is said of a patch that changes nothing.
const EMPTY: &str = "an empty patch: no hint can be written";

fn count(files: usize) -> String {
    format!("{} file{}", number::integer(files as u64), if files == 1 { "" } else { "s" })
}

/// Says how many files stay as they are, why, and the first of them.
fn left<'a>(files: impl IntoIterator<Item = &'a PathBuf>, why: &str) {
    const SHOWN: usize = 3;
    let files: Vec<_> = files.into_iter().map(|file| text::path(file)).collect();
    let more = files.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {} more", number::integer(more as u64)) } else { String::new() };
    let shown = files[..files.len().min(SHOWN)].join(", ");
    output::note(&format!(
        "left as {}: {}, {why}: {shown}{more}",
        if files.len() == 1 { "it is" } else { "they are" },
        count(files.len())
    ));
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A file stays as readable and executable as it was.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    write_atomically(path, text.as_bytes())?;
    fs::set_permissions(path, permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_for_a_shell() {
        let words = ["/home/m/x.patch", "/a b/it's", "/$x"].map(quoted);
        assert_eq!(words, ["/home/m/x.patch", r"'/a b/it'\''s'", "'/$x'"]);
    }
}
