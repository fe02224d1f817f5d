//! Input files: plain, gzip or zstd, told apart by their first bytes, read in constant memory, and errors that name
//! file and line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::WorkloadError;

const BUFFER_BYTES: usize = 64 << 10;

/// The longest line that is read. Text has shorter ones; binary data is refused before it fills the memory.
const LINE_BYTES_MAX: u64 = 64 << 10;

/// A file that is being read, decompressed as it goes.
pub(super) struct Input {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    /// What the file is compressed with.
    packing: Option<&'static str>,
    line: Vec<u8>,
    /// The number of the line in `line`, from 1; 0 before the first.
    number: u64,
}

impl Input {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Input, WorkloadError> {
        let unreadable = |error: io::Error| fault(path, None, format!("can't be read: {error}"));
        let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(unreadable)?);
        let magic = file.fill_buf().map_err(unreadable)?;
        let (packing, reader): (_, Box<dyn BufRead + Send>) = if magic.starts_with(&[0x1f, 0x8b, 0x08]) {
            let gzip = flate2::bufread::MultiGzDecoder::new(file);
            (Some("gzip"), Box::new(BufReader::with_capacity(BUFFER_BYTES, gzip)))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let zstd = zstd::stream::read::Decoder::with_buffer(file).map_err(unreadable)?;
            (Some("zstd"), Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd)))
        } else {
            (None, Box::new(file))
        };
        Ok(Input { path: path.to_owned(), reader, packing, line: Vec::with_capacity(128), number: 0 })
    }

    /// The next line, without its end (`\n` or `\r\n`); `None` after the last.
    pub(super) fn next_line(&mut self) -> Result<Option<&[u8]>, WorkloadError> {
        self.line.clear();
        let read = (&mut self.reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| self.broken(error))?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        } else if read as u64 == LINE_BYTES_MAX {
            let what = format!("a line of more than {LINE_BYTES_MAX} bytes: this is not a text file of short lines");
            return Err(self.fault_here(what));
        }
        Ok(Some(&self.line))
    }

    /// The next record of N bytes; `None` after the last. `what` the records are goes into the error for a file that
    /// ends in the middle of one.
    pub(super) fn next_record<const N: usize>(&mut self, what: &str) -> Result<Option<[u8; N]>, WorkloadError> {
        let mut record = [0; N];
        let mut filled = 0;
        while filled < N {
            match self.reader.read(&mut record[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => {
                    let what = format!(
                        "ends {filled} bytes into a record; {what} are {N} bytes each, so the length must be a \
                         multiple of {N}: the file is truncated or of another kind"
                    );
                    return Err(self.fault(what));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(Some(record))
    }

    /// The error that blames the line read last.
    #[cold]
    pub(super) fn fault_here(&self, what: String) -> WorkloadError {
        fault(&self.path, Some(self.number), what)
    }

    /// The error that blames the whole file.
    #[cold]
    pub(super) fn fault(&self, what: String) -> WorkloadError {
        fault(&self.path, None, what)
    }

    #[cold]
    fn broken(&self, error: io::Error) -> WorkloadError {
        // The line after the last whole one is where the damage shows; records have no lines.
        let line = (self.number > 0).then_some(self.number + 1);
        let what = match self.packing {
            Some(packing) => {
                format!("the {packing} data is truncated or damaged ({error}): fetch or compress the file again")
            }
            None => format!("can't be read: {error}"),
        };
        fault(&self.path, line, what)
    }
}

fn fault(path: &Path, line: Option<u64>, what: String) -> WorkloadError {
    WorkloadError::File { path: path.to_owned(), line, what }
}

/// `NAME@DIGEST`: the file's name without folders, and the first 8 hex digits of the BLAKE3 hash of its bytes as they
/// are stored (what `b3sum` prints).
pub(super) fn fingerprint(path: &Path) -> Result<String, WorkloadError> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).and_then(|file| hasher.update_reader(file).map(drop));
    file.map_err(|error| fault(path, None, format!("can't be read: {error}")))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Ok(format!("{name}@{}", &hasher.finalize().to_hex()[..8]))
}

/// An unsigned decimal number: digits and nothing else, at most `u64::MAX`.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    let append = |number: u64, &byte: &u8| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(u64::from(digit)) }
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, append) }
}

/// Bytes as an error shows them: in backquotes, escaped, and no longer than a line on a terminal.
pub(super) fn quote(bytes: &[u8]) -> String {
    const SHOWN: usize = 40;
    match bytes {
        [] => "nothing".to_owned(),
        bytes if bytes.len() > SHOWN => format!("`{}...`", bytes[..SHOWN].escape_ascii()),
        bytes => format!("`{}`", bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_digits_and_fit() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"0018446744073709551615"), Some(u64::MAX));
        for bad in [&b""[..], b"18446744073709551616", b"-1", b"+1", b" 1", b"1 ", b"1.0", b"0x1"] {
            assert_eq!(decimal(bad), None, "{}", quote(bad));
        }
    }

    #[test]
    fn quotes_escape_and_stay_short() {
        assert_eq!(quote(b""), "nothing");
        assert_eq!(quote(b"a\x00\xff"), "`a\\x00\\xff`");
        assert_eq!(quote(&[b'x'; 100]).len(), 45);
    }
}
