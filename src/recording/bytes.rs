//! Numbers and texts of a file that anybody may have written, or cut.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A file. Nothing else is opened for long: a pipe has no writer, and `/dev/zero` no end.
///
/// # Errors
/// The system's; whatever is no file.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let about = file.metadata()?;
    let kind = about.file_type();
    if !kind.is_file() {
        let what = match () {
            () if kind.is_dir() => "folder",
            () if kind.is_fifo() => "pipe",
            () => "device",
        };
        return Err(io::Error::other(format!("it is a {what}; expected a recording")));
    }
    Ok(file)
}

/// All of a file of at most so many bytes.
///
/// # Errors
/// The system's; whatever is longer.
pub(super) fn of_file(file: &File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(io::Error::other(format!("it is longer than {bytes_max} bytes, which no recording is"))),
        false => Ok(bytes),
    }
}

/// Little-endian numbers; what lies beyond the end is 0, as what is not yet written.
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let there = self.0.get(at..).and_then(|rest| rest.first_chunk());
        there.copied().unwrap_or([0; N])
    }

    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub(super) fn offset(&self, at: usize) -> usize {
        usize::try_from(self.u64(at)).unwrap_or(usize::MAX)
    }

    /// Whether so many rows of this length lie in the file from there on.
    pub(super) fn has_rows(&self, at: usize, count: usize, length: usize) -> bool {
        count.checked_mul(length).and_then(|all| all.checked_add(at)).is_some_and(|end| end <= self.0.len())
    }
}

/// Texts, each up to its zero. Rows may name the same one, each of which takes memory anew: what rows and texts take
/// together is bounded.
pub(super) struct Texts<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Texts<'a> {
    /// What a process of 50,000 stacks, each of ten functions with names of 200 bytes, takes twice.
    const BYTES_MAX: usize = 256 << 20;

    pub(super) fn new(bytes: &'a [u8]) -> Texts<'a> {
        Texts { bytes, left: Texts::BYTES_MAX }
    }

    /// The text of a number; of 0, none.
    pub(super) fn read(&mut self, number: u32) -> Result<String, String> {
        let rest = self.bytes.get(number as usize..).filter(|_| number != 0).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len());
        self.take(end)?;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    /// Counts so many bytes, which something takes besides.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), String> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| {
            format!("is damaged: its rows and the text that they name take more than {} MiB", Self::BYTES_MAX >> 20)
        })?;
        Ok(())
    }
}
