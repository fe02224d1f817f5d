//! What `--fix` and `--write` do, for every verb that has hints.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::output;
use crate::hints::{Finding, Source, patch};
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

    /// Writes a patch, or the files below the root that it would change.
    pub fn run(&self, source: &Source, findings: &[&Finding], folder: &Path, quiet: bool) -> anyhow::Result<()> {
        let fixed = source.fix(findings.iter().copied())?;
        let root = source.root.as_deref().unwrap_or(folder);
        let (text, elsewhere) = patch(&fixed, root);
        let count = (fixed.len() - elsewhere.len()) as u64;
        let files = format!("{} file{}", number::integer(count), if count == 1 { "" } else { "s" });
        let root_shown = text::path(root);
        for file in &elsewhere {
            output::note(&format!("{}: not below {root_shown}: left as it is", text::path(file)));
        }
        if self.write {
            for file in fixed.iter().filter(|file| !elsewhere.contains(&&file.file)) {
                write(&file.file, &file.after)
                    .with_context(|| format!("{}: can't be written", text::path(&file.file)))?;
            }
            if !quiet {
                output::note(&format!("{files} changed"));
            }
            return Ok(());
        }
        match &self.fix {
            Some(path) if !self.is_on_stdout() => {
                write_atomically(path, text.as_bytes())
                    .with_context(|| format!("{}: can't be written", text::path(path)))?;
                if !quiet {
                    let path = text::path(path);
                    output::note(&format!("{path}: a patch of {files}: git -C {root_shown} apply {path}"));
                }
            }
            _ => output::print_exactly(&text)?,
        }
        Ok(())
    }
}

/// A file stays as readable and executable as it was.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    write_atomically(path, text.as_bytes())?;
    fs::set_permissions(path, permissions)
}
