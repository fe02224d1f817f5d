//! `file:PATH`: keys from a file, one unsigned decimal number a line, packed as traces may be. Blank lines
//! and lines that begin with `#` are skipped.
//!
//! Records are created, and operations visit them, in the order of the file, which starts over when it ends. The keys
//! are held in memory, 8 bytes each.

use std::path::Path;
use std::sync::Arc;

use super::sequential::Cycle;
use super::{Keys, Rng, Row, Term};
use crate::plan::Reading;
use crate::workload::WorkloadError;
use crate::workload::copy::Writer;
use crate::workload::input::{Input, decimal, quote};
use crate::workload::inputs::{About, Content, Taken};

/// A row of the private copy: the key, little-endian.
const KEY_BYTES: usize = size_of::<u64>();

pub(super) const ROW: Row = Row {
    term: Term {
        name: "file",
        summary: "keys from a file, one decimal number a line, in its order, over and over",
        source: "",
        params: &[],
        named: false,
        file: true,
        needs_arguments: false,
    },
    start: |inputs| {
        let keys = inputs.file.clone().expect("a term that takes a file is started with its keys");
        Box::new(File { keys, cycle: Cycle::default() })
    },
};

struct File {
    keys: Arc<[u64]>,
    cycle: Cycle,
}

impl Keys for File {
    fn nth(&self, i: u64) -> u64 {
        self.keys[(i % self.keys.len() as u64) as usize]
    }

    fn draw(&mut self, _: &mut Rng, n: u64) -> u64 {
        self.cycle.draw(n)
    }
}

/// Reads the keys of a file to its end; there is at least one.
pub(in crate::workload) fn take(path: &Path) -> Result<Taken, WorkloadError> {
    let mut input = Input::open(path)?;
    let mut copy = Writer::new(path, KEY_BYTES)?;
    while let Some(line) = input.next_line()? {
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        match decimal(line) {
            Some(key) => copy.push(|row| row.extend_from_slice(&key.to_le_bytes()))?,
            None => {
                let what = format!("expected one key, a decimal number from 0 to {}; found {}", u64::MAX, quote(line));
                return Err(input.fault_here(what));
            }
        }
    }
    if copy.rows() == 0 {
        return Err(input.fault("holds no keys; expected one decimal number a line".to_owned()));
    }
    let fingerprint = input.fingerprint()?;
    let (path, reading) = (path.to_owned(), Reading::default());
    let about = About { path, reading, fingerprint, told: None, content: Content::Keys };
    Ok(Taken { about, copy: copy.finish()? })
}

/// The keys of a file that was read.
pub(in crate::workload) fn keys(taken: &Taken) -> Result<Arc<[u64]>, WorkloadError> {
    let mut rows = taken.copy.reader(&taken.about.path);
    let mut keys = Vec::with_capacity(usize::try_from(taken.copy.rows()).unwrap_or_default());
    while let Some(row) = rows.next()? {
        let row = row.try_into().map_err(|_| rows.damaged("a row is no key"))?;
        keys.push(u64::from_le_bytes(row));
    }
    Ok(keys.into())
}
