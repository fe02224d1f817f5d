//! A record's folder that a run may take the place of: nothing is in it but what is made from the record.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::record::read;
use crate::report::FORMATS;
use crate::run::Log;
use crate::text;

/// See the module.
pub(super) struct Replaced {
    /// What was in it when it was looked at, relative to it.
    files: BTreeSet<PathBuf>,
}

impl Replaced {
    /// Looks at what is there.
    ///
    /// An error where it is no record, or has anything in it that no report of the record writes.
    pub fn look(folder: &Path) -> anyhow::Result<Replaced> {
        let at = text::path(folder);
        if folder.is_symlink() || folder.file_name().is_none() {
            bail!("--force: {at}: can't be renamed; give the folder's own name");
        }
        if aside(folder).symlink_metadata().is_ok() {
            bail!(
                "--force: {} is in the way: {at} is called so while it is replaced; move it",
                text::path(&aside(folder))
            );
        }
        let record = read(folder).with_context(|| format!("--force: {at}: only a record of mapscope is replaced"))?;
        let mut known = BTreeSet::new();
        for format in FORMATS {
            (format.render)(&record, &mut |path, _| {
                known.insert(PathBuf::from(path));
                Ok(())
            })?;
        }
        let files = files(folder).with_context(|| format!("{at}: can't be read"))?;
        let is_ours = |file: &&PathBuf| known.contains(*file) || Log::is_named(file.as_os_str());
        match files.iter().find(|file| !is_ours(file)) {
            Some(other) => bail!(
                "--force: {at}: {} is none of the record's files, and would be lost; move it away, or name another folder",
                text::path(other)
            ),
            None => Ok(Replaced { files }),
        }
    }

    /// Puts what `place` moves to `folder` in the place of what is there, which goes when the other is whole.
    pub fn replace(&self, folder: &Path, place: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if files(folder)? != self.files {
            return Err(io::Error::other("its files are not those that were there when the run began"));
        }
        let aside = aside(folder);
        // Where something is called that, nothing has happened yet.
        fs::create_dir(&aside)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", text::path(&aside))))?;
        fs::rename(folder, &aside)?;
        place().inspect_err(|_| drop(fs::rename(&aside, folder)))?;
        fs::remove_dir_all(aside)
    }
}

/// What it is called while it is replaced.
fn aside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".replaced");
    folder.with_file_name(name)
}

/// Every file below, and every link and folder that is empty.
fn files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![PathBuf::new()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() && fs::read_dir(entry.path())?.next().is_some() {
                folders.push(path);
            } else {
                found.insert(path);
            }
        }
    }
    Ok(found)
}
