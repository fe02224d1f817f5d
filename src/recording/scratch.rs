//! Folders for what a go command reads while it builds, which are removed however a recorder ends.
//!
//! A recorder has its folder locked (`flock`) for as long as it lives. No child inherits that descriptor, so that the system
//! unlocks the folder when the recorder is killed. A go command that it had started may go on building then, and a lock that
//! children inherit would last as long as the least of them, a descriptor too many in every recorded program. But whoever
//! reads the folder has its name in `GOFLAGS`, and so has all that it starts. So the next recorder removes each folder that
//! is locked by nobody and is in no process's environment.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const PREFIX: &str = "mapscope-record-";

/// A folder of its own, for as long as this lives.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
    /// `None` on a file system without locks, where nobody removes what others have left.
    _lock: Option<File>,
}

impl Scratch {
    /// One in the folder for temporary files, from which those are removed that killed recorders left there.
    ///
    /// # Errors
    /// Where there can't be one.
    pub(super) fn new() -> io::Result<Scratch> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent)?;
            // Until it is locked, another recorder may think that nobody needs it, and have it locked while it removes it.
            let lock = open(folder.path()).ok().filter(|file| file.lock().is_ok());
            if folder.path().exists() {
                return Ok(Scratch { folder, _lock: lock });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn open(folder: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(folder)
}

/// The lock of a folder, unless somebody has it.
fn lock(folder: &Path) -> Option<File> {
    open(folder).ok().filter(|file| file.try_lock().is_ok())
}

/// Removes what killed recorders of this user left. What can't be removed is left to the next one.
fn sweep(parent: &Path) {
    // SAFETY: only asks the system.
    let user = unsafe { libc::geteuid() };
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
        name && fs::symlink_metadata(path).is_ok_and(|about| about.is_dir() && about.uid() == user)
    };
    let Ok(entries) = fs::read_dir(parent) else { return };
    let folders = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_ours);
    let unlocked: Vec<_> = folders.filter_map(|path| Some((lock(&path)?, path))).collect();
    if unlocked.is_empty() {
        return;
    }
    let environments = environments();
    for (_lock, path) in unlocked {
        let name = path.file_name().unwrap_or_default().as_bytes();
        let is_named = |environment: &Vec<u8>| environment.windows(name.len()).any(|part| part == name);
        if !environments.iter().any(is_named) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Those of all processes that may be read: of this user's at least, and nobody else's uses the folder.
fn environments() -> Vec<Vec<u8>> {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    processes.filter_map(|process| fs::read(process.path().join("environ")).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_needs_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().expect("a folder");
        let made = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).expect("made");
            fs::write(path.join("overlay.json"), "{}").expect("written");
            path
        };
        let [left, locked, other] = ["mapscope-record-left", "mapscope-record-locked", "mapscope"].map(made);
        let file = parent.path().join("mapscope-record-file");
        fs::write(&file, "").expect("written");
        let link = parent.path().join("mapscope-record-link");
        std::os::unix::fs::symlink(&other, &link).expect("linked");
        let lock = lock(&locked).expect("locked");
        sweep(parent.path());
        assert!(!left.exists());
        assert!([&locked, &other, &file, &link].into_iter().all(|path| path.exists()));
        assert!(other.join("overlay.json").is_file());
        drop(lock);
        sweep(parent.path());
        assert!(!locked.exists() && other.exists());
    }
}
