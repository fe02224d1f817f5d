//! Folders for what a go command reads while it builds, which go with their recorder, and a day after it where it was killed.
//!
//! A recorder has its folder locked (`flock`) for as long as it lives. No child inherits that descriptor, so that the system
//! unlocks the folder when the recorder is killed. A go command that it had started may go on building then, and a lock that
//! children inherit would last as long as the least of them, a descriptor too many in every recorded program. But whoever
//! reads the folder has its name in `GOFLAGS`, and so has all that it starts. Not every environment may be read (`sudo`,
//! containers that share the folder). So a recorder removes each folder that was made here, is locked by nobody, is in no
//! environment that it may read, and is a day old.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// As nobody names a folder of their own.
const PREFIX: &str = ".mapscope-overlay-";
/// The file by which a folder is known to be one of these, whatever its name is.
const MARK: &str = ".made-by-mapscope-record";
/// As long as no build takes.
const AGE_MIN: Duration = Duration::from_secs(24 * 60 * 60);

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
            // Nobody else may lock it.
            let only_ours = fs::Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().prefix(PREFIX).permissions(only_ours).tempdir_in(&parent)?;
            // Until it is locked, another recorder may think that nobody needs it, and have it locked while it removes it.
            let lock = open(folder.path()).ok().filter(|file| file.lock().is_ok());
            if folder.path().exists() {
                fs::write(folder.path().join(MARK), "")?;
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

/// Removes what killed recorders of this user left a day ago. What can't be removed is left to the next one.
fn sweep(parent: &Path) {
    // SAFETY: only asks the system.
    let user = unsafe { libc::geteuid() };
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().is_some_and(|name| name.as_bytes().starts_with(PREFIX.as_bytes()));
        name && fs::symlink_metadata(path).is_ok_and(|about| about.is_dir() && about.uid() == user && is_old(&about))
            && fs::symlink_metadata(path.join(MARK)).is_ok_and(|mark| mark.is_file() && mark.uid() == user)
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

fn is_old(about: &fs::Metadata) -> bool {
    about.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= AGE_MIN))
}

/// Those of all processes that may be read.
fn environments() -> Vec<Vec<u8>> {
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    processes.filter_map(|process| fs::read(process.path().join("environ")).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_nobody_needs_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().expect("a folder");
        let made = |name: &str, mark: &str, age: Duration| {
            let path = parent.path().join(name);
            fs::create_dir(&path).expect("made");
            fs::write(path.join(mark), "").expect("written");
            open(&path).expect("opened").set_modified(SystemTime::now() - age).expect("aged");
            path
        };
        let left = made(".mapscope-overlay-left", MARK, AGE_MIN);
        let locked = made(".mapscope-overlay-locked", MARK, AGE_MIN);
        let others = [
            made(".mapscope-overlay-young", MARK, AGE_MIN / 2),
            made(".mapscope-overlay-other", "overlay.json", AGE_MIN),
            made("mapscope-record-1", MARK, AGE_MIN),
        ];
        let file = parent.path().join(".mapscope-overlay-file");
        fs::write(&file, "").expect("written");
        let link = parent.path().join(".mapscope-overlay-link");
        std::os::unix::fs::symlink(&others[2], &link).expect("linked");
        let lock = lock(&locked).expect("locked");
        sweep(parent.path());
        assert!(!left.exists() && locked.exists());
        drop(lock);
        sweep(parent.path());
        assert!(!locked.exists());
        assert!(others.iter().chain([&file, &link]).all(|path| path.exists()));
    }
}
