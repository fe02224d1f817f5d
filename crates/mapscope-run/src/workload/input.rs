//! Inputs: plain, gzip or zstd, told apart by their first bytes, read in constant memory, and errors that name file and
//! line.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::WorkloadError;
use crate::intake::{self, Changed, Intake};

/// What is held of a file at a time, which also is the longest line that is read: text has shorter ones, and binary data
/// is refused before it fills the memory.
const BUFFER_BYTES: usize = 64 << 10;

/// An input that is being read, decompressed as it goes.
pub struct Input {
    path: PathBuf,
    source: Source,
    buffer: Box<[u8]>,
    /// Where in `buffer` the bytes not yet handed out begin.
    start: usize,
    /// And where they end.
    end: usize,
    /// The number of the line handed out last, from 1; 0 before the first.
    number: u64,
}

/// The input's bytes as they are stored, and what makes plain bytes of them.
enum Source {
    Plain(BufReader<Intake>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<Intake>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Intake>>),
}

impl Source {
    fn stored(&self) -> &Intake {
        match self {
            Source::Plain(stored) => stored.get_ref(),
            Source::Gzip(packed) => packed.get_ref().get_ref(),
            Source::Zstd(packed) => packed.get_ref().get_ref(),
        }
    }

    fn stored_mut(&mut self) -> &mut Intake {
        match self {
            Source::Plain(stored) => stored.get_mut(),
            Source::Gzip(packed) => packed.get_mut().get_mut(),
            Source::Zstd(packed) => packed.get_mut().get_mut(),
        }
    }

    /// What it is compressed with.
    fn packing(&self) -> Option<&'static str> {
        match self {
            Source::Plain(_) => None,
            Source::Gzip(_) => Some("gzip"),
            Source::Zstd(_) => Some("zstd"),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(stored) => stored.read(buffer),
            Source::Gzip(packed) => packed.read(buffer),
            Source::Zstd(packed) => packed.read(buffer),
        }
    }
}

impl Input {
    /// Opens it: a file, a pipe or standard input ([`intake`]).
    pub fn open(path: &Path) -> Result<Input, WorkloadError> {
        let unreadable = |error: io::Error| match intake::is_interruption(&error) {
            true => WorkloadError::Interrupted,
            false => fault(path, None, format!("can't be read: {error}")),
        };
        let mut stored = BufReader::with_capacity(BUFFER_BYTES, Intake::open(path).map_err(unreadable)?);
        let magic = stored.fill_buf().map_err(unreadable)?;
        let source = if magic.starts_with(&[0x1f, 0x8b, 0x08]) {
            Source::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(stored)))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Source::Zstd(zstd::stream::read::Decoder::with_buffer(stored).map_err(unreadable)?)
        } else {
            Source::Plain(stored)
        };
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Ok(Input { path: path.to_owned(), source, buffer, start: 0, end: 0, number: 0 })
    }

    /// Reads what is left of it. Gives `NAME@DIGEST`: its name ([`intake::name`]), and the first 8 hex digits of the
    /// BLAKE3 hash of its bytes as they are stored (what `b3sum` prints).
    pub(super) fn fingerprint(mut self) -> Result<String, WorkloadError> {
        match io::copy(self.source.stored_mut(), &mut io::sink()) {
            Ok(_) => Ok(format!("{}@{}", intake::name(&self.path), &self.source.stored().digest()[..8])),
            Err(error) => Err(self.broken(error)),
        }
    }

    /// The next line, without its end (`\n` or `\r\n`); `None` after the last.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, WorkloadError> {
        let mut searched = 0;
        let (len, newline) = loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                break (searched + at, 1);
            }
            searched = unread.len();
            if searched == BUFFER_BYTES {
                self.number += 1;
                let what = format!("a line of more than {BUFFER_BYTES} bytes: this is not a text file of short lines");
                return Err(self.fault_here(what));
            }
            if !self.refill()? {
                if searched == 0 {
                    return Ok(None);
                }
                break (searched, 0);
            }
        };
        let line = &self.buffer[self.start..self.start + len];
        self.start += len + newline;
        self.number += 1;
        Ok(Some(if newline == 1 { line.strip_suffix(b"\r").unwrap_or(line) } else { line }))
    }

    /// The next record of N bytes; `None` after the last. `what` the records are goes into the error for a file that
    /// ends in the middle of one.
    pub(super) fn next_record<const N: usize>(&mut self, what: &str) -> Result<Option<&[u8; N]>, WorkloadError> {
        while self.end - self.start < N {
            if !self.refill()? {
                return match self.end - self.start {
                    0 => Ok(None),
                    rest => Err(self.fault(format!(
                        "ends {rest} bytes into a record; {what} are {N} bytes each, so the length must be a multiple \
                         of {N}: the file is truncated or of another kind"
                    ))),
                };
            }
        }
        let record = self.buffer[self.start..].first_chunk();
        self.start += N;
        Ok(record)
    }

    /// Reads on, with the unread bytes moved to the front of the buffer, which they must not fill; false at the end.
    fn refill(&mut self) -> Result<bool, WorkloadError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
    }

    /// The number of the line handed out last, from 1.
    pub fn line_number(&self) -> u64 {
        self.number
    }

    /// The error that blames the line read last.
    #[cold]
    pub fn fault_here(&self, what: String) -> WorkloadError {
        self.fault_of(Some(self.number), what)
    }

    /// The error that blames a line, from 1.
    #[cold]
    pub fn fault_at(&self, line: u64, what: String) -> WorkloadError {
        self.fault_of(Some(line), what)
    }

    /// The error that blames the whole file.
    #[cold]
    pub fn fault(&self, what: String) -> WorkloadError {
        self.fault_of(None, what)
    }

    /// What is read of a file that somebody is writing is nobody's fault but theirs.
    fn fault_of(&self, line: Option<u64>, what: String) -> WorkloadError {
        match self.source.stored().changed() {
            true => fault(&self.path, None, Changed.to_string()),
            false => fault(&self.path, line, what),
        }
    }

    #[cold]
    fn broken(&self, error: io::Error) -> WorkloadError {
        if intake::is_interruption(&error) {
            return WorkloadError::Interrupted;
        }
        // The line after the last whole one is where the damage shows; records have no lines.
        let line = (self.number > 0).then_some(self.number + 1);
        let what = match self.source.packing() {
            Some(packing) => {
                format!("the {packing} data is truncated or damaged ({error}): fetch or compress the file again")
            }
            None => format!("can't be read: {error}"),
        };
        self.fault_of(line, what)
    }
}

pub(super) fn fault(path: &Path, line: Option<u64>, what: String) -> WorkloadError {
    WorkloadError::File { path: intake::shown(path).to_owned(), line, what }
}

/// An unsigned decimal number: digits and nothing else, at most `u64::MAX`.
pub fn decimal(digits: &[u8]) -> Option<u64> {
    // Nineteen digits always fit, and are checked all at once.
    let (head, tail) = digits.split_at(digits.len().min(19));
    let (mut number, mut other) = (0u64, false);
    for byte in head {
        let digit = byte.wrapping_sub(b'0');
        other |= digit > 9;
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    if other || digits.is_empty() {
        return None;
    }
    tail.iter().try_fold(number, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { number.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// Exactly 16 hexadecimal digits.
pub fn hexadecimal(digits: &[u8]) -> Option<u64> {
    /// By byte: the digit's value, or `NONE`. A table, because whether a digit of a hash is a letter can't be predicted.
    const DIGITS: [u8; 256] = {
        let mut digits = [NONE; 256];
        let mut value = 0;
        while value < 16 {
            digits[b"0123456789abcdef"[value] as usize] = value as u8;
            digits[b"0123456789ABCDEF"[value] as usize] = value as u8;
            value += 1;
        }
        digits
    };
    const NONE: u8 = 0xff;

    let digits: &[u8; 16] = digits.try_into().ok()?;
    let (mut number, mut all) = (0, 0);
    for &byte in digits {
        let digit = DIGITS[usize::from(byte)];
        number = number << 4 | u64::from(digit);
        all |= digit;
    }
    (all != NONE).then_some(number)
}

/// Bytes as an error shows them: in backquotes, escaped, and no longer than a line on a terminal.
pub fn quote(bytes: &[u8]) -> String {
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
    fn hashes_are_sixteen_digits() {
        assert_eq!(hexadecimal(b"0123456789abcDEF"), Some(0x0123_4567_89ab_cdef));
        assert_eq!(hexadecimal(b"ffffffffffffffff"), Some(u64::MAX));
        for bad in [&b""[..], b"0123456789abcde", b"0123456789abcdef0", b"0123456789abcdeg", b"0x23456789abcdef"] {
            assert_eq!(hexadecimal(bad), None, "{}", quote(bad));
        }
    }

    #[test]
    fn quotes_escape_and_stay_short() {
        assert_eq!(quote(b""), "nothing");
        assert_eq!(quote(b"a\x00\xff"), "`a\\x00\\xff`");
        assert_eq!(quote(&[b'x'; 100]).len(), 45);
    }
}
