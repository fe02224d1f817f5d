//! Inputs: plain, gzip, zstd, xz or bzip2, told apart by their first bytes, read in constant memory, and errors that name file and
//! line.

mod whole;

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use mapscope_trace::read::Sample;
pub use mapscope_trace::read::{decimal, hexadecimal, quote};

use super::WorkloadError;
use crate::intake::{self, Changed, Intake};

/// What is held of a file at a time, which also is the longest line that is read: text has shorter ones, and binary data
/// is refused before it fills the memory.
const BUFFER_BYTES: usize = 64 << 10;

/// What text in UTF-8 may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An input that is being read, decompressed as it goes.
pub struct Input {
    path: PathBuf,
    name: String,
    source: Source,
    buffer: Box<[u8]>,
    /// Where in `buffer` the bytes not yet handed out begin.
    start: usize,
    /// And where they end.
    end: usize,
    /// The number of the line handed out last, from 1; 0 before the first.
    number: u64,
    /// Whether the file ends within that line.
    cut_short: bool,
}

/// The input's bytes as they are stored, and what makes plain bytes of them.
enum Source {
    Plain(BufReader<Intake>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<Intake>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Intake>>),
    #[cfg(feature = "packings")]
    Xz(Box<lzma_rust2::XzReader<BufReader<Intake>>>),
    #[cfg(feature = "packings")]
    Bzip2(bzip2::bufread::MultiBzDecoder<BufReader<Intake>>),
}

/// The most memory that a file packed with xz may ask for: four times what `xz -9` needs.
#[cfg(feature = "packings")]
const XZ_MEMORY_KIB: u32 = 256 << 10;

impl Source {
    fn stored(&self) -> &Intake {
        match self {
            Source::Plain(stored) => stored.get_ref(),
            Source::Gzip(packed) => packed.get_ref().get_ref(),
            Source::Zstd(packed) => packed.get_ref().get_ref(),
            #[cfg(feature = "packings")]
            Source::Xz(packed) => packed.inner().get_ref(),
            #[cfg(feature = "packings")]
            Source::Bzip2(packed) => packed.get_ref().get_ref(),
        }
    }

    fn stored_mut(&mut self) -> &mut Intake {
        match self {
            Source::Plain(stored) => stored.get_mut(),
            Source::Gzip(packed) => packed.get_mut().get_mut(),
            Source::Zstd(packed) => packed.get_mut().get_mut(),
            #[cfg(feature = "packings")]
            Source::Xz(packed) => packed.inner_mut().get_mut(),
            #[cfg(feature = "packings")]
            Source::Bzip2(packed) => packed.get_mut().get_mut(),
        }
    }

    /// What it is compressed with.
    fn packing(&self) -> Option<&'static str> {
        match self {
            Source::Plain(_) => None,
            Source::Gzip(_) => Some("gzip"),
            Source::Zstd(_) => Some("zstd"),
            #[cfg(feature = "packings")]
            Source::Xz(_) => Some("xz"),
            #[cfg(feature = "packings")]
            Source::Bzip2(_) => Some("bzip2"),
        }
    }
}

#[cfg(feature = "packings")]
impl Source {
    /// What is packed with neither gzip nor zstd.
    fn otherwise_packed(stored: BufReader<Intake>) -> Source {
        match stored.buffer() {
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                Source::Xz(Box::new(lzma_rust2::XzReader::new_mem_limit(stored, true, XZ_MEMORY_KIB)))
            }
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
                Source::Bzip2(bzip2::bufread::MultiBzDecoder::new(stored))
            }
            _ => Source::Plain(stored),
        }
    }
}

#[cfg(not(feature = "packings"))]
impl Source {
    fn otherwise_packed(stored: BufReader<Intake>) -> Source {
        Source::Plain(stored)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Plain(stored) => stored.read(buffer),
            Source::Gzip(packed) => packed.read(buffer),
            Source::Zstd(packed) => packed.read(buffer),
            #[cfg(feature = "packings")]
            Source::Xz(packed) => packed.read(buffer),
            #[cfg(feature = "packings")]
            Source::Bzip2(packed) => packed.read(buffer),
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
            Source::otherwise_packed(stored)
        };
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        let (path, name) = (path.to_owned(), intake::name(path));
        let mut input = Input { path, name, source, buffer, start: 0, end: 0, number: 0, cut_short: false };
        while input.end < BYTE_ORDER_MARK.len() && input.refill()? {}
        if input.buffer[..input.end].starts_with(BYTE_ORDER_MARK) {
            input.start = BYTE_ORDER_MARK.len();
        }
        Ok(input)
    }

    /// What it begins with, which is still to be read.
    pub fn sample(&mut self) -> Result<Sample<'_>, WorkloadError> {
        let mut whole = false;
        while !whole && self.end - self.start < BUFFER_BYTES {
            whole = !self.refill()?;
        }
        Ok(Sample::new(&self.buffer[self.start..self.end], whole, &self.name))
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
        self.cut_short = newline == 0;
        Ok(Some(if newline == 1 { line.strip_suffix(b"\r").unwrap_or(line) } else { line }))
    }

    /// The next record of so many bytes; `None` after the last. `what` the records are goes into the error for a file that
    /// ends in the middle of one.
    pub(super) fn next_record(&mut self, bytes: usize, what: &str) -> Result<Option<&[u8]>, WorkloadError> {
        while self.end - self.start < bytes {
            if !self.refill()? {
                return match self.end - self.start {
                    0 => Ok(None),
                    rest => Err(self.fault(format!(
                        "ends {rest} bytes into a record; records of {what} are {bytes} bytes each, so the length must be a multiple \
                         of {bytes}: the file is truncated or of another kind"
                    ))),
                };
            }
        }
        let record = &self.buffer[self.start..self.start + bytes];
        self.start += bytes;
        Ok(Some(record))
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
        let what =
            if self.cut_short { what + "; the file ends here: if it was cut off, leave this line out" } else { what };
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
