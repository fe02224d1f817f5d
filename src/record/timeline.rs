//! How a cell went, operation by operation, in as many points as a chart has room for.

use serde::{Deserialize, Serialize};

use super::Cause;

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

/// When which latencies occurred: the recorded operations of all timed repetitions, by their number and their latency.
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
