//! Folders that a process holds while it works in them, so that another can tell work that goes on from what is left of it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A lock on a folder. The system gives it back however its process ends, so that no process number is ever to be trusted.
pub struct Held {
    _lock: File,
    /// Whether it keeps others off. It does not where the file system has no locks: some that lie on other machines.
    pub certain: bool,
}

impl Held {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where another process has it; `NotFound` where the folder is gone, another one perhaps in its place;
    /// and the system's word, as for what is no folder.
    pub fn take(folder: &Path) -> io::Result<Held> {
        let lock = OpenOptions::new().read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(folder)?;
        let certain = match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            tried => tried.is_ok(),
        };
        // It may have been moved or removed before the lock was there.
        if lock.metadata()?.ino() != fs::symlink_metadata(folder)?.ino() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Held { _lock: lock, certain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_the_next_one_after_it() {
        let place = tempfile::tempdir().unwrap();
        let kind = |taken: io::Result<Held>| taken.map_or_else(|error| error.kind(), |_| io::ErrorKind::Other);
        let first = Held::take(place.path()).unwrap();
        assert!(first.certain);
        assert_eq!(kind(Held::take(place.path())), io::ErrorKind::WouldBlock);
        // It goes with the folder wherever that is moved.
        let moved = place.path().with_extension("moved");
        fs::rename(place.path(), &moved).unwrap();
        assert_eq!(kind(Held::take(&moved)), io::ErrorKind::WouldBlock);
        assert_eq!(kind(Held::take(place.path())), io::ErrorKind::NotFound);
        drop(first);
        assert!(Held::take(&moved).is_ok());
        fs::write(moved.join("file"), "").unwrap();
        assert_eq!(kind(Held::take(&moved.join("file"))), io::ErrorKind::NotADirectory);
        fs::rename(&moved, place.path()).unwrap();
    }
}
