//! The private folder that a run's processes leave their answers in.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

use super::RunError;
use crate::record::Held;

/// Says whose it is to whoever finds one, and to the next run.
const PREFIX: &str = ".mapscope-answers-";

/// The folder, which goes when it is dropped. It is the user's alone (0700), and held as long as this process is there:
/// what a killed run left, the next one removes.
pub(super) struct Answers {
    folder: TempDir,
    _held: Held,
}

impl Answers {
    /// Makes it in TMPDIR, from which those that nobody works in any more are cleared.
    pub fn new() -> Result<Answers, RunError> {
        let place = std::env::temp_dir();
        clear(&place);
        Answers::within(&place).map_err(|source| RunError::Answers { folder: place, source })
    }

    fn within(place: &Path) -> io::Result<Answers> {
        loop {
            let own = Permissions::from_mode(0o700);
            let folder = tempfile::Builder::new().prefix(PREFIX).permissions(own).tempdir_in(place).map_err(plain)?;
            match Held::take(folder.path()) {
                Ok(held) => return Ok(Answers { folder, _held: held }),
                // Before it was held, another run has taken it for one that is left over: the next one, then.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// `tempfile` adds the name of what it tried to make, which means nothing to anyone.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or(&text))
}

/// Removes the folders of this user's runs that ended before they could. What can't be removed is none of this run's
/// concern.
fn clear(place: &Path) {
    // SAFETY: `geteuid` only reads, and always succeeds.
    let user = unsafe { libc::geteuid() };
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let ours = || entry.metadata().is_ok_and(|it| it.is_dir() && it.uid() == user);
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) || !ours() {
            continue;
        }
        if let Ok(held) = Held::take(&entry.path())
            && held.certain
        {
            // A process of that run may be about to end, and write one more file while this goes on.
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_nobody_holds_is_cleared_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let held = Answers::within(place.path()).unwrap();
        fs::write(held.path().join("0-count-1.json"), "{}").unwrap();
        let left = place.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).unwrap();
        fs::write(left.join("0-count-1.json"), "{").unwrap();
        // A link to somebody's folder, a file of that name, and a folder of another.
        let precious = place.path().join("precious");
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("file"), "").unwrap();
        std::os::unix::fs::symlink(&precious, place.path().join(format!("{PREFIX}link"))).unwrap();
        fs::write(place.path().join(format!("{PREFIX}file")), "").unwrap();
        clear(place.path());
        let mut there = vec![format!("{PREFIX}file"), format!("{PREFIX}link"), "precious".to_owned()];
        there.push(held.folder.path().file_name().unwrap().to_str().unwrap().to_owned());
        there.sort();
        assert_eq!(names(place.path()), there);
        assert_eq!(names(&precious), ["file"]);
        assert!(held.path().join("0-count-1.json").is_file());
        drop(held);
        assert_eq!(names(place.path()).len(), 3);
    }

    #[test]
    fn it_is_its_user_s_alone() {
        let place = tempfile::tempdir().unwrap();
        let answers = Answers::within(place.path()).unwrap();
        assert_eq!(fs::metadata(answers.folder.path()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn where_it_can_t_be_made_is_said_in_the_system_s_words() {
        let place = tempfile::tempdir().unwrap();
        let error = Answers::within(&place.path().join("nowhere")).err().unwrap();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
    }
}
