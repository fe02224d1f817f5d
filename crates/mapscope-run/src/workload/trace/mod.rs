//! Traces: operations recorded from real programs, in whatever format they are found
//! ([`mapscope_trace::read`]; docs/TRACES.md), read once, in constant memory. Any may be packed with gzip, zstd, xz or bzip2.

mod reader;
mod stamps;

use std::collections::HashMap;

pub use reader::{Reader, Row, identity};
use serde::{Deserialize, Serialize};
pub use stamps::{Arrivals, Stamps};

use super::copy::{self, Writer};
use super::inputs::{self, Content, Taken};
use super::{Kind, Op, Spread, WorkloadError};
pub use crate::plan::Reading;
use crate::plan::TraceSpec;

/// What is known of a trace beside its operations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    pub layout: Layout,
    /// How long keys are, where they have lengths.
    pub key_lengths: Option<Spread>,
    /// The first operation that is about all entries, if there is one: its kind, and how many come before it.
    pub whole: Option<(Kind, u64)>,
    /// How many operations come before the first scan, if there is one.
    pub scans: Option<u64>,
    /// What time stamps count in, where they were asked for, in nanoseconds.
    pub stamp_unit_ns: Option<u64>,
}

/// The rows of a trace's private copy: a byte for the kind, the key, the hash, the value's length, a scan's and the key's, and
/// the time, where there are any.
/// Numbers are little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    /// Whether rows bring hashes.
    pub hashed: bool,
    /// Whether puts say how long their values are.
    pub value_lengths: bool,
    /// Whether scans say how many entries they ask for.
    pub scans: bool,
    /// Whether keys have lengths.
    pub key_lengths: bool,
    /// Whether operations have times.
    pub stamps: bool,
}

/// Reads a trace to its end, which finds bad rows wherever they are.
pub(super) fn take(trace: &TraceSpec) -> Result<Taken, WorkloadError> {
    let mut reader = Reader::open(&trace.path, &trace.reading)?;
    let says = reader.says();
    let layout = Layout {
        hashed: says.hash,
        value_lengths: says.value_bytes,
        scans: says.entries,
        key_lengths: reader.may_have_texts(),
        stamps: trace.reading.stamps,
    };
    if layout.stamps && says.time.is_none() {
        return Err(reader.no_times());
    }
    let mut copy = Writer::new(&trace.path, layout.row_bytes())?;
    let (mut whole, mut scans, mut stamps) = (None, None, Stamps::new());
    let mut alive = Alive::default();
    while let Some(row) = reader.next_row()? {
        let Row::Op(op) = row else { continue };
        if !op.kind.has_key() {
            whole.get_or_insert((op.kind, copy.rows()));
        }
        if op.kind == Kind::Scan {
            scans.get_or_insert(copy.rows());
        }
        if layout.hashed {
            alive.follow(&op).map_err(|what| reader.fault_here(what))?;
        }
        let mut stamp_ns = 0;
        if layout.stamps {
            let Some(stamp) = reader.stamp() else { return Err(reader.no_time()) };
            stamps.unit_ns = stamps.unit_ns.min(stamp.unit_ns);
            stamps.add(stamp.ns);
            stamp_ns = stamp.ns;
        }
        copy.push(|row| layout.encode(&op, stamp_ns, row))?;
    }
    if copy.rows() == 0 {
        return Err(reader.no_operations());
    }
    let (told, key_lengths) = (reader.told(), reader.key_lengths());
    let stamp_unit_ns = layout.stamps.then_some(stamps.unit_ns);
    let told =
        [told, layout.stamps.then(|| stamps.told())].into_iter().flatten().reduce(|told, stamps| told + "; " + &stamps);
    let fingerprint = format!("{}{}", reader.into_input().fingerprint()?, trace.reading);
    let content = Content::Trace(About { layout, key_lengths, whole, scans, stamp_unit_ns });
    let about = inputs::About { path: trace.path.clone(), reading: trace.reading.clone(), fingerprint, told, content };
    Ok(Taken { about, copy: copy.finish()? })
}

impl Layout {
    fn row_bytes(self) -> usize {
        1 + 8
            + if self.hashed { 8 } else { 0 }
            + if self.value_lengths { 4 } else { 0 }
            + if self.scans { 4 } else { 0 }
            + if self.key_lengths { 2 } else { 0 }
            + if self.stamps { 8 } else { 0 }
    }

    fn encode(self, op: &Op, stamp_ns: u64, row: &mut Vec<u8>) {
        row.push(match op.kind {
            Kind::Put => 0,
            Kind::Remove => 1,
            Kind::Get => 2,
            Kind::Clear => 3,
            Kind::Iterate => 4,
            Kind::Scan => 5,
        });
        row.extend_from_slice(&op.key.to_le_bytes());
        if self.hashed {
            row.extend_from_slice(&op.hash.to_le_bytes());
        }
        if self.value_lengths {
            row.extend_from_slice(&op.value_bytes.to_le_bytes());
        }
        if self.scans {
            row.extend_from_slice(&(op.value as u32).to_le_bytes());
        }
        if self.key_lengths {
            row.extend_from_slice(&op.key_bytes.to_le_bytes());
        }
        if self.stamps {
            row.extend_from_slice(&stamp_ns.to_le_bytes());
        }
    }

    /// The operation of a row that is [`Layout::row_bytes`] long; `None` of one that no operation gives.
    fn decode(self, row: &[u8]) -> Option<Op> {
        let (kind, row) = row.split_first()?;
        let kind = match kind {
            0 => Kind::Put,
            1 => Kind::Remove,
            2 => Kind::Get,
            3 => Kind::Clear,
            4 => Kind::Iterate,
            5 => Kind::Scan,
            _ => return None,
        };
        let (key, row) = row.split_first_chunk()?;
        let (hash, row) = if self.hashed { row.split_first_chunk()? } else { (&[0; 8], row) };
        let (value_bytes, row) = if self.value_lengths { row.split_first_chunk()? } else { (&[0; 4], row) };
        let (entries, row) = if self.scans { row.split_first_chunk()? } else { (&[0; 4], row) };
        let (key_bytes, row) = if self.key_lengths { row.split_first_chunk()? } else { (&[0; 2], row) };
        if self.stamps && row.len() < 8 {
            return None;
        }
        let key_bytes = u16::from_le_bytes(*key_bytes);
        let (key, hash) = (u64::from_le_bytes(*key), u64::from_le_bytes(*hash));
        let value = u32::from_le_bytes(*entries).into();
        Some(Op { kind, key, value, hash, value_bytes: u32::from_le_bytes(*value_bytes), key_bytes })
    }
}

/// When the first `ops` operations of a trace arrive; `None` where its times were not asked for.
pub(super) fn arrivals(trace: &Taken, about: About, ops: u64) -> Result<Option<Arrivals>, WorkloadError> {
    let Some(unit_ns) = about.stamp_unit_ns else { return Ok(None) };
    let (mut rows, mut left) = (trace.copy.reader(&trace.about.path), ops);
    let stamps_ns = std::iter::from_fn(|| {
        left = left.checked_sub(1)?;
        // The last that a row has.
        let stamp = |row: &[u8]| u64::from_le_bytes(*row.last_chunk().expect("rows with stamps"));
        rows.next().map(|row| row.map(stamp)).transpose()
    });
    stamps::arrivals(stamps_ns, unit_ns).map(Some)
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
            Kind::Put | Kind::Remove | Kind::Get | Kind::Scan => {}
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
            Kind::Get | Kind::Clear | Kind::Iterate | Kind::Scan => {}
        }
        Ok(())
    }
}

/// The operations of a trace as they are read from its private copy.
pub(super) struct Stream {
    layout: Layout,
    rows: copy::Reader,
    taken: u64,
    ops: u64,
}

impl Stream {
    /// The first `ops` operations, of at least as many.
    pub(super) fn new(trace: &Taken, layout: Layout, ops: u64) -> Stream {
        Stream { layout, rows: trace.copy.reader(&trace.about.path), taken: 0, ops }
    }

    /// Appends the next operations, at most `max`.
    pub(super) fn next_batch(&mut self, batch: &mut Vec<Op>, max: usize) -> Result<(), WorkloadError> {
        let end = self.ops.min(self.taken.saturating_add(max as u64));
        while self.taken < end {
            let Some(op) = self.rows.next()?.map(|row| self.layout.decode(row)) else { break };
            let Some(op) = op else { return Err(self.rows.damaged("a row is of no kind")) };
            self.taken += 1;
            batch.push(op.numbered(self.taken));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_what_their_layout_says_and_no_more() {
        for (hashed, value_lengths, scans, key_lengths, stamps, bytes) in [
            (false, false, false, false, false, 9),
            (true, false, false, false, false, 17),
            (false, true, false, false, false, 13),
            (false, false, true, false, false, 13),
            (false, false, false, true, false, 11),
            (false, false, false, false, true, 17),
            (true, true, true, true, true, 35),
        ] {
            let layout = Layout { hashed, value_lengths, scans, key_lengths, stamps };
            for kind in [Kind::Put, Kind::Remove, Kind::Get, Kind::Clear, Kind::Iterate, Kind::Scan] {
                let hash = if hashed { u64::MAX - 2 } else { 0 };
                let value_bytes = if value_lengths { u32::MAX - 3 } else { 0 };
                let value = if scans { u64::from(u32::MAX) - 4 } else { 0 };
                let key_bytes = if key_lengths { u16::MAX - 5 } else { 0 };
                let op = Op { kind, key: u64::MAX - 1, value, hash, value_bytes, key_bytes };
                let mut row = Vec::new();
                layout.encode(&op, u64::MAX - 6, &mut row);
                assert_eq!((row.len(), layout.row_bytes(), layout.decode(&row)), (bytes, bytes, Some(op)));
                assert_eq!(layout.decode(&row[..bytes - 1]), None);
                assert!(!stamps || row.ends_with(&(u64::MAX - 6).to_le_bytes()));
            }
            assert_eq!(layout.decode(&[6; 35]), None);
        }
    }
}
