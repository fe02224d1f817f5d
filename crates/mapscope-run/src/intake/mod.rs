//! What comes in from outside, whatever it is: a file, a pipe, standard input. It is opened once and read once, from its
//! beginning to its end, so that what is made of it is made of one thing.
//!
//! | given | read |
//! |---|---|
//! | a file, a named pipe (FIFO), `<(...)` | what is there; a pipe may wait for its writer |
//! | `-`, `/dev/stdin`, `/dev/fd/N`, `/proc/self/fd/N` | this process's descriptor, from where it stands |
//! | a folder, a device that is no terminal | nothing: it is refused, and `/dev/zero` has no end |
//!
//! Reading fails where Ctrl-C was pressed ([`interrupt`]), also while it waits for a writer, and at the end of a file
//! that was changed meanwhile. A file that was replaced by another (`mv`) is read on as it was.

pub mod interrupt;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::text;

/// What stands for standard input where a path is asked for.
pub const STDIN: &str = "-";

/// How long to wait for bytes between two looks at whether the process was interrupted.
const WAIT_MS: i32 = 100;

/// A file, a pipe or standard input, being read.
#[derive(Debug)]
pub struct Intake {
    file: File,
    /// Of a file: what it was when it was opened. Of anything else, whose bytes may still have to come, nothing.
    opened: Option<Stamp>,
    hasher: blake3::Hasher,
}

/// What changes with a file's content: its length and the time of its last change.
type Stamp = (u64, Option<SystemTime>);

/// Ctrl-C was pressed while something was read.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// A file has changed while it was read.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("changed while it was read: let its writer finish, or read a copy")]
pub struct Changed;

impl Intake {
    /// Opens it, without waiting for anybody.
    ///
    /// # Errors
    ///
    /// The system's, without the path; a folder or a device.
    pub fn open(path: &Path) -> io::Result<Intake> {
        let file = match descriptor(path) {
            Some(number) => duplicate(number)?,
            // A pipe is opened though nobody writes to it yet: the wait comes later, and can be interrupted.
            None => OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?,
        };
        let about = file.metadata()?;
        let kind = about.file_type();
        if kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; expected a file or a pipe"));
        }
        if kind.is_block_device() || kind.is_char_device() && !file.is_terminal() {
            return Err(io::Error::other("it is a device; expected a file, a pipe or - for standard input"));
        }
        let opened = kind.is_file().then(|| stamp(&about));
        Ok(Intake { file, opened, hasher: blake3::Hasher::new() })
    }

    /// The BLAKE3 hash of the bytes read so far, in hex digits: at the end, what `b3sum` prints.
    pub fn digest(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    /// The file that it is, and its length, for reading it elsewhere than from here on; `None` of anything else.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn file(&self) -> io::Result<Option<(File, u64)>> {
        self.opened.map(|(bytes, _)| Ok((self.file.try_clone()?, bytes))).transpose()
    }

    /// Whether it is a file that was changed since it was opened.
    pub fn changed(&self) -> bool {
        self.opened.is_some_and(|opened| self.file.metadata().is_ok_and(|about| stamp(&about) != opened))
    }

    /// Whether a pipe has bytes or has ended; false after a while without either, or when a signal came.
    fn is_ready(&self) -> io::Result<bool> {
        let mut watched = libc::pollfd { fd: self.file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `watched` is one valid `pollfd`, of a descriptor that is open.
        match unsafe { libc::poll(&raw mut watched, 1, WAIT_MS) } {
            -1 => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                error => Err(error),
            },
            ready => Ok(ready > 0),
        }
    }
}

impl Read for Intake {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if interrupt::asked() {
                // Not of the kind `Interrupted`, which is tried again.
                return Err(io::Error::other(Interrupted));
            }
            if self.opened.is_none() && !self.is_ready()? {
                continue;
            }
            match self.file.read(buffer) {
                Ok(0) if !buffer.is_empty() && self.changed() => return Err(io::Error::other(Changed)),
                Ok(read) => {
                    self.hasher.update(&buffer[..read]);
                    return Ok(read);
                }
                Err(error) if [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted].contains(&error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// All of it, at most `bytes_max` bytes.
///
/// # Errors
///
/// Those of [`Intake::open`] and of reading; more bytes than that.
pub fn whole(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::other(format!("it is longer than {bytes_max} bytes"));
    let mut bytes = Vec::new();
    let intake = Intake::open(path)?;
    // Of a file it is known before anything is read.
    if intake.opened.is_some_and(|(length, _)| length > bytes_max) {
        return Err(too_long());
    }
    intake.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { Err(too_long()) } else { Ok(bytes) }
}

/// Whether a reading ended because Ctrl-C was pressed.
pub fn is_interruption(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Interrupted>())
}

/// One path for everything that names the same descriptor: `-` for `/dev/stdin`.
pub fn canonical(path: &Path) -> PathBuf {
    match descriptor(path) {
        Some(0) => PathBuf::from(STDIN),
        Some(number) => PathBuf::from(format!("/dev/fd/{number}")),
        None => path.to_owned(),
    }
}

/// Whether it is a descriptor of this process, which can't be opened anew.
pub fn is_descriptor(path: &Path) -> bool {
    descriptor(path).is_some()
}

/// What a message calls it.
pub fn shown(path: &Path) -> &Path {
    if descriptor(path) == Some(0) { Path::new("standard input") } else { path }
}

/// What an identity calls it: a file's name without folders; of standard input `stdin`, and `pipe` of other
/// descriptors, whose numbers mean nothing to a later run.
pub fn name(path: &Path) -> String {
    match descriptor(path) {
        Some(0) => "stdin".to_owned(),
        Some(_) => "pipe".to_owned(),
        None => text::path(Path::new(path.file_name().unwrap_or(path.as_os_str()))),
    }
}

/// The descriptor of this process that a path stands for.
fn descriptor(path: &Path) -> Option<RawFd> {
    match path.to_str()? {
        STDIN | "/dev/stdin" => Some(0),
        text => ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|folder| text.strip_prefix(folder)?.parse().ok()),
    }
}

fn duplicate(number: RawFd) -> io::Result<File> {
    // SAFETY: only asks the system, which refuses what is no open descriptor.
    match unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: it was made by the line above, and nobody else has it.
        made => Ok(unsafe { File::from_raw_fd(made) }),
    }
}

fn stamp(about: &Metadata) -> Stamp {
    (about.len(), about.modified().ok())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn is_changed(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Changed>())
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_refused_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let changes: [fn(&Path); 3] = [
            |path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"get,2\n").unwrap(),
            |path| OpenOptions::new().write(true).open(path).unwrap().set_len(3).unwrap(),
            |path| fs::write(path, b"op,key\nget,9\n").unwrap(),
        ];
        for change in changes {
            fs::write(&path, b"op,key\nget,1\n").unwrap();
            // Long ago, so that a change shows whatever the clock of the file system counts in.
            File::options().write(true).open(&path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
            let mut intake = Intake::open(&path).unwrap();
            let mut some = [0; 4];
            intake.read_exact(&mut some).unwrap();
            assert!(!intake.changed());
            change(&path);
            assert!(is_changed(&intake.read_to_end(&mut Vec::new()).unwrap_err()));
        }
    }

    #[test]
    fn a_file_that_is_replaced_while_it_is_read_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        fs::write(&path, b"first").unwrap();
        let mut intake = Intake::open(&path).unwrap();
        fs::write(folder.path().join("new"), b"second").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        let mut text = String::new();
        intake.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), intake.digest()), ("first", blake3::hash(b"first").to_hex().to_string()));
    }

    #[test]
    fn folders_and_devices_are_refused_and_nothing_is_read_of_them() {
        let refused = |path: &str| Intake::open(Path::new(path)).unwrap_err().to_string();
        assert_eq!(refused("/"), "it is a folder; expected a file or a pipe");
        for device in ["/dev/zero", "/dev/null", "/dev/urandom"] {
            assert_eq!(refused(device), "it is a device; expected a file, a pipe or - for standard input");
        }
    }

    #[test]
    fn descriptors_have_one_path_and_names_that_last() {
        for (path, one, named) in [
            ("-", "-", "stdin"),
            ("/dev/stdin", "-", "stdin"),
            ("/dev/fd/0", "-", "stdin"),
            ("/proc/self/fd/63", "/dev/fd/63", "pipe"),
            ("./-", "./-", "-"),
            ("/dev/fd/x", "/dev/fd/x", "x"),
            ("a/t.csv", "a/t.csv", "t.csv"),
        ] {
            assert_eq!((canonical(Path::new(path)), name(Path::new(path)).as_str()), (one.into(), named), "{path}");
        }
        assert!(Intake::open(Path::new("/dev/fd/999999")).is_err());
    }

    #[test]
    fn what_is_too_long_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(whole(&path, 5).unwrap(), b"12345");
        assert_eq!(whole(&path, 4).unwrap_err().to_string(), "it is longer than 4 bytes");
    }
}
