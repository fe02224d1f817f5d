//! How a cell went, operation by operation, in as many points as a chart has room for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cause, OpKind};

/// What the map held while the measured operations went on, as the count pass saw it. All lists are equally long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// Operations a point; the last point may have fewer.
    pub ops_per_point: u64,
    /// Live entries after each point's operations.
    pub entries: Vec<u64>,
    /// Bytes held after each point's operations.
    pub held_bytes: Vec<u64>,
    /// The most bytes held at any moment of each point's operations.
    pub peak_bytes: Vec<u64>,
    /// Entries that fitted after each point's operations; absent for maps that don't say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub capacity: Option<Vec<u64>>,
    /// The operations that made or replaced a table, in order; where there are more than [`Timeline::EVENTS_MAX`], those
    /// that allocated most.
    pub events: Vec<TableEvent>,
    /// How many more there were.
    pub events_left_out: u64,
}

impl Timeline {
    /// Points are so wide that there are no more than these.
    pub const POINTS_MAX: u64 = 256;
    /// More events than these are left out.
    pub const EVENTS_MAX: usize = 64;
}

/// How long successful searches were at one moment of the count pass, for maps that tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Searches {
    /// Measured operations done.
    pub ops: u64,
    /// Live entries.
    pub entries: u64,
    /// Keys looked at, summed over one hit for each live entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hit_probes: Option<u64>,
    /// Groups looked at, summed over one hit for each live entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hit_groups: Option<u64>,
}

/// An operation that made or replaced a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEvent {
    /// Its number among the measured operations, from 0.
    pub op: u64,
    /// Its cause.
    pub cause: Cause,
    /// Bytes that it allocated.
    pub alloc_bytes: u64,
    /// Entries that it moved.
    pub moved_entries: u64,
}

/// When which latencies occurred: the recorded operations by their number and their latency, the least of each over the
/// repetitions where they do the same, otherwise all repetitions on each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatMap {
    /// Operations a column; the last column may have fewer.
    pub ops_per_column: u64,
    /// For each column, `[band, operations]` of the bands that occur, in order.
    pub columns: Vec<Vec<(u8, u64)>>,
}

impl HeatMap {
    /// Columns are so wide that there are no more than these.
    pub const COLUMNS_MAX: u64 = 100;
    /// Bands, each half of an octave.
    pub const BANDS: u8 = 128;

    /// The band of a latency: two for each power of two, parted at one and a half times that power.
    pub const fn band(ns: u64) -> u8 {
        let ns = if ns == 0 { 1 } else { ns };
        let octave = ns.ilog2() as u8;
        let upper_half = octave > 0 && (ns >> (octave - 1)) & 1 == 1;
        2 * octave + upper_half as u8
    }

    /// The shortest latency of a band, in nanoseconds; that of band 1 is 1.5 and occurs never.
    pub fn least_ns(band: u8) -> f64 {
        (if band.is_multiple_of(2) { 1.0 } else { 1.5 }) * f64::from(band / 2).exp2()
    }
}

/// When operations began and how long they took, in one timed repetition: every operation that remade a table, the longest
/// of the others that weren't steady, and a sample of the steady ones.
///
/// Its clock shows the time that went into operations: what the harness did between batches of them is cut out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    /// Operations a point; the last point may have fewer. The same as a [`Timeline`]'s.
    pub ops_per_point: u64,
    /// When each point's last operation ended, in nanoseconds since the first began.
    pub elapsed_ns: Vec<u64>,
    /// The operations kept, in order.
    pub operations: Vec<Moment>,
    /// How many more that were not steady there were, by cause.
    pub left_out: BTreeMap<Cause, u64>,
    /// When entries moved, operation after operation.
    pub spells: Vec<Spell>,
}

impl Moments {
    /// More operations that remade a table are left out, the shortest first.
    pub const TABLES_MAX: usize = 4096;
    /// More operations of each other cause are left out, the shortest first.
    pub const OTHERS_MAX: usize = 64;
    /// So many steady operations, evenly spread, are kept at the most, and as many more that took longest.
    pub const STEADY_MAX: u64 = 64;
    /// More spells are left out, those that moved least first.
    pub const SPELLS_MAX: usize = 256;
}

/// An operation, when it began and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "MomentRow", from = "MomentRow")]
pub struct Moment {
    /// Its number among the measured operations, from 0.
    pub op: u64,
    /// When it began, in nanoseconds since the first operation.
    pub start_ns: u64,
    /// How long it took, one reading of the clock included, in nanoseconds.
    pub ns: u64,
    /// Its kind.
    pub kind: OpKind,
    /// Its cause.
    pub cause: Cause,
    /// Bytes that it allocated.
    pub alloc_bytes: u64,
    /// Entries that it moved.
    pub moved_entries: u64,
}

/// `[op, start_ns, ns, kind, cause, alloc_bytes, moved_entries]`: there are many. In records of schema 1 a clear has no kind.
type MomentRow = (u64, u64, u64, Option<OpKind>, Cause, u64, u64);

impl From<Moment> for MomentRow {
    fn from(moment: Moment) -> MomentRow {
        let Moment { op, start_ns, ns, kind, cause, alloc_bytes, moved_entries } = moment;
        (op, start_ns, ns, Some(kind), cause, alloc_bytes, moved_entries)
    }
}

impl From<MomentRow> for Moment {
    fn from((op, start_ns, ns, kind, cause, alloc_bytes, moved_entries): MomentRow) -> Moment {
        let kind = kind.unwrap_or(OpKind::Clear);
        Moment { op, start_ns, ns, kind, cause, alloc_bytes, moved_entries }
    }
}

/// A stretch of operations of which many moved entries, as when a table is evacuated bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spell {
    /// The first operation that moved any.
    pub first_op: u64,
    /// The last one; no two that moved any are farther from each other than [`Spell::GAP_OPS`].
    pub last_op: u64,
    /// When the first began, in nanoseconds since the first operation of all.
    pub start_ns: u64,
    /// When the last ended.
    pub end_ns: u64,
    /// How many of them moved any; two at the least.
    pub moving_ops: u64,
    /// Entries moved, all together.
    pub moved_entries: u64,
}

impl Spell {
    /// Within a spell, the next operation that moves entries is no farther than this.
    pub const GAP_OPS: u64 = 64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_half_octaves() {
        for (ns, band) in [(0, 0), (1, 0), (2, 2), (3, 3), (4, 4), (5, 4), (6, 5), (7, 5), (8, 6), (11, 6), (12, 7)] {
            assert_eq!(HeatMap::band(ns), band, "{ns} ns");
        }
        assert_eq!(HeatMap::band(u64::MAX), HeatMap::BANDS - 1);
        for ns in (1..5000).chain([1 << 40, (3 << 39) - 1, 3 << 39]) {
            let band = HeatMap::band(ns);
            assert!(
                HeatMap::least_ns(band) <= ns as f64 && (ns as f64) < HeatMap::least_ns(band + 1).max(2.0),
                "{ns} ns"
            );
        }
    }
}
