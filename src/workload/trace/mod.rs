//! Traces: operations recorded from real programs, read from a file in constant memory. Either kind may be compressed
//! with gzip or zstd.
//!
//! # CSV
//!
//! A header, one operation a row, no quotes.
//!
//! | column | content |
//! |---|---|
//! | `op` | `insert`, `remove`, `get`, `clear`, `iterate` (over all entries; `range`, too); `new` in the first row is skipped |
//! | `key` | the key's identity, unsigned decimal; not looked at for `new`, `clear` and `iterate` |
//! | `hash` (optional) | the key's hash, exactly 16 hex digits |
//! | `value_bytes` (optional) | the length of an insert's value, 0 to 2^32 - 1 |
//!
//! Other columns are expectations for whoever knows them, and ignored here, as is a first line that begins with `# `
//! (it describes the map that was recorded). Lines end in `\n` or `\r\n`; blank ones are skipped.
//!
//! # oracleGeneral
//!
//! libCacheSim's binary format (github.com/1a1a11a/libCacheSim), of which a file's bytes tell nothing: it is recognised
//! by `.oracleGeneral` in the name, in small letters too. Records of 24 bytes, packed, little-endian: `u32` time, `u64`
//! object id, `u32` object size in bytes, `i64` next access (-1 for none). Each is a put of its object, with a value as
//! long as the object.

mod csv;
pub(crate) mod oracle_general;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::input::{Input, fingerprint};
use super::{Kind, Op, WorkloadError};

/// A trace that has been read to its end once and found good.
#[derive(Debug, Clone)]
pub struct Trace {
    path: PathBuf,
    /// `NAME@DIGEST`.
    pub fingerprint: String,
    /// How many operations are taken.
    pub ops: u64,
    /// Whether rows bring hashes.
    pub hashed: bool,
    /// The first kind of operation in it that is about all entries, if there is one.
    pub whole: Option<Kind>,
    /// Whether puts say how long their values are.
    pub value_lengths: bool,
}

impl Trace {
    /// Reads the file to its end, and takes at most `ops_max` of its operations.
    pub fn open(path: &Path, ops_max: u64) -> Result<Trace, WorkloadError> {
        let fingerprint = fingerprint(path)?;
        let mut reader = Reader::open(path)?;
        let mut ops = 0;
        let mut whole = None;
        let mut alive = Alive::default();
        while let Some(op) = reader.next()? {
            ops += 1;
            if !op.kind.has_key() && ops <= ops_max {
                whole = whole.or(Some(op.kind));
            }
            if reader.hashed() {
                alive.follow(&op).map_err(|what| reader.input().fault_here(what))?;
            }
        }
        if ops == 0 {
            return Err(reader.no_operations());
        }
        let (hashed, value_lengths) = (reader.hashed(), reader.value_lengths());
        Ok(Trace { path: path.to_owned(), fingerprint, ops: ops.min(ops_max), hashed, whole, value_lengths })
    }

    /// Its operations from the first.
    pub(super) fn stream(&self) -> Result<Stream, WorkloadError> {
        Ok(Stream { reader: Reader::open(&self.path)?, taken: 0, ops: self.ops })
    }
}

/// The keys that are in the map, with the hashes that they were put in with: no map finds a key again whose hash has
/// changed.
#[derive(Default)]
struct Alive {
    hashes: HashMap<u64, u64, foldhash::fast::FixedState>,
}

impl Alive {
    /// Follows one operation; fails when a hash has changed.
    fn follow(&mut self, op: &Op) -> Result<(), String> {
        match op.kind {
            Kind::Clear => {
                self.hashes.clear();
                return Ok(());
            }
            Kind::Iterate => return Ok(()),
            Kind::Put | Kind::Remove | Kind::Get => {}
        }
        match self.hashes.get(&op.key) {
            Some(&hash) if hash != op.hash => {
                return Err(format!(
                    "the hash of key {} is {:016x} here and was {hash:016x} when it was put in; expected one hash for as \
                     long as a key is in the map",
                    op.key, op.hash
                ));
            }
            _ => {}
        }
        match op.kind {
            Kind::Put => _ = self.hashes.insert(op.key, op.hash),
            Kind::Remove => _ = self.hashes.remove(&op.key),
            Kind::Get | Kind::Clear | Kind::Iterate => {}
        }
        Ok(())
    }
}

/// The operations of a trace as they are read.
pub(super) struct Stream {
    reader: Reader,
    taken: u64,
    ops: u64,
}

impl Stream {
    /// Appends the next operations, at most `max`.
    pub(super) fn next_batch(&mut self, batch: &mut Vec<Op>, max: usize) -> Result<(), WorkloadError> {
        let end = self.ops.min(self.taken.saturating_add(max as u64));
        while self.taken < end {
            let Some(op) = self.reader.next()? else {
                return Err(self.reader.shorter(self.taken, self.ops));
            };
            self.taken += 1;
            batch.push(op.numbered(self.taken));
        }
        Ok(())
    }
}

enum Reader {
    Csv(csv::Reader),
    OracleGeneral(Input),
}

impl Reader {
    fn open(path: &Path) -> Result<Reader, WorkloadError> {
        let input = Input::open(path)?;
        if oracle_general::is_named(path) {
            Ok(Reader::OracleGeneral(input))
        } else {
            csv::Reader::new(input).map(Reader::Csv)
        }
    }

    fn next(&mut self) -> Result<Option<Op>, WorkloadError> {
        match self {
            Reader::Csv(csv) => csv.next(),
            Reader::OracleGeneral(input) => oracle_general::next(input),
        }
    }

    fn hashed(&self) -> bool {
        matches!(self, Reader::Csv(csv) if csv.hashed())
    }

    fn value_lengths(&self) -> bool {
        match self {
            Reader::Csv(csv) => csv.value_lengths(),
            Reader::OracleGeneral(_) => true,
        }
    }

    fn input(&self) -> &Input {
        match self {
            Reader::Csv(csv) => csv.input(),
            Reader::OracleGeneral(input) => input,
        }
    }

    fn no_operations(&self) -> WorkloadError {
        self.input().fault(
            "holds no operations; expected at least one `insert`, `remove`, `get`, `clear` or `iterate`".to_owned(),
        )
    }

    fn shorter(&self, found: u64, ops: u64) -> WorkloadError {
        let what = "don't change a trace while it is in use";
        self.input().fault(format!("ends after operation {found} of the {ops} that it held when it was opened: {what}"))
    }
}
