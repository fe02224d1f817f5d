//! A private copy of an input, read once and decoded: rows of one size, for every pass and every process that needs them.
//!
//! ```text
//! file:  | block | block | ... | last block |        block:  | rows, at most 64 KiB | their digest, 32 bytes |
//! ```
//!
//! The file has no name, so that nobody else can change it and nothing is left of it; processes inherit its descriptor.
//! It lies in TMPDIR (or /tmp) and takes at most three quarters of the space that is free there. A block's digest is
//! the BLAKE3 hash of its number and its rows, keyed by what file it is in. It is looked at before a row is handed out.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::WorkloadError;
use super::input::fault;
use super::room::{folder, free_bytes, mib};

/// The rows of a block take so many bytes at the most.
const BLOCK_BYTES: usize = 64 << 10;
const DIGEST_BYTES: usize = blake3::OUT_LEN;

/// What a reader must know of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    row_bytes: usize,
    rows: u64,
    /// Keys the digests. Two copies have different ones.
    key: [u8; DIGEST_BYTES],
}

impl Seal {
    /// Bytes of rows in a whole block.
    fn block_bytes(&self) -> usize {
        BLOCK_BYTES - BLOCK_BYTES % self.row_bytes
    }

    fn digest(&self, block: u64, rows: &[u8]) -> [u8; DIGEST_BYTES] {
        *blake3::Hasher::new_keyed(&self.key).update(&block.to_le_bytes()).update(rows).finalize().as_bytes()
    }
}

/// A copy that is being made.
pub(super) struct Writer {
    file: File,
    /// What it is a copy of.
    of: PathBuf,
    seal: Seal,
    /// The rows of the block that is not yet written.
    block: Vec<u8>,
    blocks: u64,
    written_bytes: u64,
    limit_bytes: u64,
}

impl Writer {
    /// A copy of the input at `of`, without rows.
    pub fn new(of: &Path, row_bytes: usize) -> Result<Writer, WorkloadError> {
        let unmade = |error: io::Error| {
            let advice = "set TMPDIR to a folder that can be written";
            fault(of, None, format!("no private copy of it can be made in {}: {error}; {advice}", folder()))
        };
        let file = tempfile::tempfile().map_err(unmade)?;
        let about = file.metadata().map_err(unmade)?;
        let key = *blake3::hash(&[about.dev(), about.ino()].map(u64::to_le_bytes).concat()).as_bytes();
        let limit_bytes = free_bytes(&file) / 4 * 3;
        let block = Vec::with_capacity(BLOCK_BYTES + DIGEST_BYTES);
        let seal = Seal { row_bytes, rows: 0, key };
        Ok(Writer { file, of: of.to_owned(), seal, block, blocks: 0, written_bytes: 0, limit_bytes })
    }

    /// The rows so far.
    pub fn rows(&self) -> u64 {
        self.seal.rows
    }

    /// Appends a row, which `encode` appends to what it is given.
    pub fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), WorkloadError> {
        encode(&mut self.block);
        self.seal.rows += 1;
        if self.block.len() == self.seal.block_bytes() { self.write_block() } else { Ok(()) }
    }

    fn write_block(&mut self) -> Result<(), WorkloadError> {
        let digest = self.seal.digest(self.blocks, &self.block);
        self.block.extend_from_slice(&digest);
        self.written_bytes += self.block.len() as u64;
        if self.written_bytes > self.limit_bytes {
            return Err(self.no_room(format!("more than {}, three quarters of what was free", mib(self.limit_bytes))));
        }
        if let Err(error) = self.file.write_all(&self.block) {
            return Err(self.no_room(format!("{}, which can't be written: {error}", mib(self.written_bytes))));
        }
        self.block.clear();
        self.blocks += 1;
        Ok(())
    }

    #[cold]
    fn no_room(&self, needs: String) -> WorkloadError {
        let (rows, row_bytes, folder) = (self.seal.rows, self.seal.row_bytes, folder());
        let what = format!(
            "its private copy in {folder}, {row_bytes} bytes a row, needs after {rows} rows {needs}: free space there, \
             set TMPDIR to a folder with more, or give a shorter file"
        );
        fault(&self.of, None, what)
    }

    /// The copy, whole.
    pub fn finish(mut self) -> Result<Copy, WorkloadError> {
        if !self.block.is_empty() {
            self.write_block()?;
        }
        Ok(Copy { file: Arc::new(self.file), seal: self.seal })
    }
}

/// A copy that has been made. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    file: Arc<File>,
    seal: Seal,
}

impl Copy {
    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.seal.rows
    }

    /// What a process needs, beside the descriptor, to take it over.
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// The descriptor, open as long as the copy is.
    pub fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// The copy behind a descriptor that this process was started with. To be called once for each.
    pub fn taken_over(descriptor: RawFd, seal: Seal) -> io::Result<Copy> {
        // SAFETY: sets a flag, so that programs that this process starts don't inherit it too; of what is no open
        // descriptor nothing.
        if seal.row_bytes == 0 || unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it is open, as the line above found, and was left open for this call, which is the only one.
        Ok(Copy { file: Arc::new(unsafe { File::from_raw_fd(descriptor) }), seal })
    }

    /// Its rows from the first; errors blame the input at `of`.
    pub fn reader(&self, of: &Path) -> Reader {
        let block = Vec::with_capacity(BLOCK_BYTES + DIGEST_BYTES);
        Reader { copy: self.clone(), of: of.to_owned(), block, next: 0, blocks: 0, read: 0 }
    }
}

/// A copy that is being read. Several may read one, each from its own place.
pub(super) struct Reader {
    copy: Copy,
    of: PathBuf,
    /// The rows of the block that is being read.
    block: Vec<u8>,
    /// Where in it the next row begins.
    next: usize,
    /// Blocks read.
    blocks: u64,
    /// Rows in them.
    read: u64,
}

impl Reader {
    /// The next row; `None` after the last.
    #[inline]
    pub fn next(&mut self) -> Result<Option<&[u8]>, WorkloadError> {
        if self.next == self.block.len() && !self.read_block()? {
            return Ok(None);
        }
        let begin = self.next;
        self.next += self.copy.seal.row_bytes;
        Ok(Some(&self.block[begin..self.next]))
    }

    /// Reads a block and looks at its digest; false after the last.
    fn read_block(&mut self) -> Result<bool, WorkloadError> {
        let seal = self.copy.seal;
        let rows = (seal.rows - self.read).min((seal.block_bytes() / seal.row_bytes) as u64);
        if rows == 0 {
            return Ok(false);
        }
        let bytes = rows as usize * seal.row_bytes;
        self.block.resize(bytes + DIGEST_BYTES, 0);
        let at = self.blocks * (seal.block_bytes() + DIGEST_BYTES) as u64;
        self.copy.file.read_exact_at(&mut self.block, at).map_err(|error| self.damaged(&error.to_string()))?;
        if self.block[bytes..] != seal.digest(self.blocks, &self.block[..bytes]) {
            return Err(self.damaged("they don't have their digest"));
        }
        self.block.truncate(bytes);
        (self.next, self.blocks, self.read) = (0, self.blocks + 1, self.read + rows);
        Ok(true)
    }

    /// The error of rows that are not those that were written.
    #[cold]
    pub fn damaged(&self, why: &str) -> WorkloadError {
        let (first, folder) = (self.read + 1, folder());
        let what = format!(
            "its private copy has been damaged, from row {first} on: {why}; run again, and where that doesn't help, look \
             at the disk of {folder}"
        );
        fault(&self.of, None, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: &str = "t.csv";

    fn copy_of(rows: u64) -> Copy {
        let mut writer = Writer::new(Path::new(OF), 8).unwrap();
        for row in 0..rows {
            writer.push(|block| block.extend(row.to_le_bytes())).unwrap();
        }
        writer.finish().unwrap()
    }

    /// The rows up to the end or an error.
    fn read(copy: &Copy) -> (u64, Option<String>) {
        let (mut reader, mut rows) = (copy.reader(Path::new(OF)), 0u64);
        loop {
            match reader.next() {
                Ok(Some(row)) => assert_eq!(row, rows.to_le_bytes()),
                Ok(None) => return (rows, None),
                Err(error) => return (rows, Some(error.to_string())),
            }
            rows += 1;
        }
    }

    const PER_BLOCK: u64 = (BLOCK_BYTES / 8) as u64;

    #[test]
    fn rows_come_back_as_they_were_written_as_often_as_they_are_read() {
        for rows in [0, 1, PER_BLOCK - 1, PER_BLOCK, PER_BLOCK + 1, 3 * PER_BLOCK] {
            let copy = copy_of(rows);
            assert_eq!((copy.rows(), read(&copy), read(&copy.clone())), (rows, (rows, None), (rows, None)));
        }
    }

    #[test]
    fn rows_of_any_size_fill_blocks_that_they_divide() {
        let mut writer = Writer::new(Path::new(OF), 21).unwrap();
        for row in 0..10_000u32 {
            writer.push(|block| block.extend([row as u8; 21])).unwrap();
        }
        let mut reader = writer.finish().unwrap().reader(Path::new(OF));
        for row in 0..10_000u32 {
            assert_eq!(reader.next().unwrap().unwrap(), [row as u8; 21]);
        }
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn no_row_of_a_damaged_block_is_handed_out() {
        let block_bytes = PER_BLOCK * 8 + DIGEST_BYTES as u64;
        let digest =
            "t.csv: its private copy has been damaged, from row 8193 on: they don't have their digest; run again";
        // A bit of a row, one of a digest, and rows that are right elsewhere.
        let damages: [(u64, Option<Vec<u8>>); 3] = [
            (block_bytes, None),
            (2 * block_bytes - 1, None),
            (block_bytes, Some((0..PER_BLOCK).flat_map(u64::to_le_bytes).collect())),
        ];
        for (at, bytes) in damages {
            let copy = copy_of(2 * PER_BLOCK + 5);
            let mut byte = [0];
            copy.file.read_exact_at(&mut byte, at).unwrap();
            copy.file.write_all_at(&bytes.unwrap_or(vec![byte[0] ^ 1]), at).unwrap();
            let (rows, error) = read(&copy);
            assert!(rows == PER_BLOCK && error.as_ref().is_some_and(|it| it.starts_with(digest)), "{rows} {error:?}");
        }
        let cut = copy_of(2 * PER_BLOCK);
        cut.file.set_len(2 * block_bytes - 1).unwrap();
        let (rows, error) = read(&cut);
        assert!(rows == PER_BLOCK && error.unwrap().contains("damaged, from row 8193 on: "));
    }

    #[test]
    fn the_blocks_of_another_copy_are_not_taken_for_its_own() {
        let (copy, other) = (copy_of(5), copy_of(5));
        let mixed = Copy { file: other.file, seal: copy.seal };
        assert_eq!(read(&mixed).0, 0);
        let longer = Copy { seal: Seal { rows: 6, ..copy.seal }, ..copy };
        assert!(read(&longer).1.is_some());
    }

    #[test]
    fn a_copy_that_would_take_too_much_is_refused() {
        let mut writer = Writer { limit_bytes: 1 << 20, ..Writer::new(Path::new(OF), 8).unwrap() };
        let error = (0..).find_map(|row: u64| writer.push(|block| block.extend(row.to_le_bytes())).err());
        let error = error.unwrap().to_string();
        assert!(error.starts_with("t.csv: its private copy in "), "{error}");
        let needs = ", 8 bytes a row, needs after 131072 rows more than 1.0 MiB, three quarters of what was free: free";
        assert!(error.contains(needs), "{error}");
    }
}
