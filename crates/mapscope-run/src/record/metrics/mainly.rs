//! The latencies that tables and the page show of a cell: of its writes, or of its lookups or scans where these are clearly
//! more.

use super::latency::{shown_first_each_ns, shown_first_max_cause, shown_first_percentile_ns, shown_first_settling_ns};
use super::{Column, Formula::Integer, Shown, rows, timed};
use crate::record::{Cause, Cell, OpKind};

/// What these latencies are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mainly {
    /// Writes of several kinds.
    Writes,
    /// One kind: the only one of the writes, lookups or scans that are more than they, or what there is in their place.
    Kind(OpKind),
}

impl Mainly {
    /// Of a cell. Lookups, or scans, must be more than the writes by a tenth: of a mix that is half of each, no seed tips the scale.
    pub fn of(cell: &Cell) -> Mainly {
        let ops = |kind: OpKind| cell.expected.ops(kind).unwrap_or(0);
        let occurring = || OpKind::ALL.into_iter().filter(|&kind| ops(kind) > 0);
        let writes: Vec<OpKind> = occurring().filter(|kind| kind.is_write()).collect();
        let written: u128 = writes.iter().map(|&kind| u128::from(ops(kind))).sum();
        let reads = if ops(OpKind::Scan) > ops(OpKind::Get) { OpKind::Scan } else { OpKind::Get };
        if u128::from(ops(reads)) * 10 > written * 11 {
            return Mainly::Kind(reads);
        }
        match (&writes[..], occurring().next()) {
            (&[only], _) | ([], Some(only)) => Mainly::Kind(only),
            _ => Mainly::Writes,
        }
    }

    fn has(self, kind: OpKind) -> bool {
        match self {
            Mainly::Writes => kind.is_write(),
            Mainly::Kind(only) => kind == only,
        }
    }

    /// One of these operations, in words: `write`, `lookup`.
    pub const fn singular(self) -> &'static str {
        match self {
            Mainly::Writes => "write",
            Mainly::Kind(OpKind::Get) => "lookup",
            Mainly::Kind(OpKind::Iterate) => "iteration",
            Mainly::Kind(OpKind::Scan) => "scan",
            Mainly::Kind(kind) => kind.name(),
        }
    }

    /// Many of them, in words.
    pub const fn plural(self) -> &'static str {
        match self {
            Mainly::Writes => "writes",
            Mainly::Kind(kind) => kind.plural(),
        }
    }
}

/// The cause of the longest of them.
pub fn max_cause(cell: &Cell) -> Option<Cause> {
    let mainly = Mainly::of(cell);
    shown_first_max_cause(cell, |kind| mainly.has(kind))
}

fn is_main(cell: &Cell, kind: OpKind) -> bool {
    Mainly::of(cell).has(kind)
}

/// Writes, in cells whose tables show others.
fn is_write_beside(cell: &Cell, kind: OpKind) -> bool {
    kind.is_write() && matches!(Mainly::of(cell), Mainly::Kind(OpKind::Get | OpKind::Scan))
}

/// Lookups, in the same way.
fn is_lookup_beside(cell: &Cell, kind: OpKind) -> bool {
    kind == OpKind::Get && Mainly::of(cell) != Mainly::Kind(OpKind::Get)
}

/// A percentile of some kinds of operation together, with how it scatters.
macro_rules! of_kinds {
    ($name:literal, $summary:expr, $is:ident, $quantile:literal, $column:expr) => {
        timed($name, "ns", $summary, Integer(|c| shown_first_percentile_ns(c, |kind| $is(c, kind), $quantile)))
            .repeated(|c| shown_first_each_ns(c, |kind| $is(c, kind), $quantile))
            .settling(|c| shown_first_settling_ns(c, |kind| $is(c, kind), $quantile))
            .shown(Shown::InReports)
            .column($column.latency())
    };
}

macro_rules! latency {
    ($name:literal, $what:literal, $quantile:literal, $column:expr) => {
        of_kinds!(
            $name,
            concat!(
                "Latency of one write of any kind (of one lookup or scan where these are more by a tenth, of one clear or iteration where \
                 there are neither), the least over the repetitions where they do the same: ",
                $what,
                "."
            ),
            is_main,
            $quantile,
            $column
        )
    };
}

macro_rules! beside {
    ($name:literal, $of:ident, $what:literal, $quantile:literal, $column:expr) => {
        of_kinds!($name, concat!($what, " where the other latencies are not of these."), $of, $quantile, $column)
    };
}

rows! {
    LATENCY_P50_NS = latency!("latency_p50_ns", "median", 0.5, Column::new(3, "p50", "ns", "p50: latency of one {kind}").rank(8));
    LATENCY_P99_NS = latency!("latency_p99_ns", "99th percentile", 0.99, Column::new(4, "p99", "ns", "p99: latency of one {kind}").rank(9));
    LATENCY_P999_NS =
        latency!("latency_p999_ns", "99.9th percentile", 0.999, Column::new(5, "p99.9", "ns", "p99.9: latency of one {kind}").rank(2));
    LATENCY_P9999_NS =
        latency!("latency_p9999_ns", "99.99th percentile", 0.9999, Column::new(6, "p99.99", "ns", "p99.99: latency of one {kind}"));
    LATENCY_MAX_NS = latency!(
        "latency_max_ns",
        "maximum",
        1.0,
        Column::new(7, "max", "µs", "max: latency of one {kind}").rank(3).decimals(1).divisor(1e3)
    );
    LOOKUPS_P50_NS = beside!(
        "lookups_p50_ns", is_lookup_beside, "Median latency of a lookup,", 0.5,
        Column::new(14, "lookups", "p50 ns", "lookups: latency of one").rank(11)
    );
    LOOKUPS_P999_NS = beside!(
        "lookups_p999_ns", is_lookup_beside, "99.9th percentile of the latency of a lookup,", 0.999,
        Column::new(15, "lookups", "p99.9 ns", "lookups: latency of one").rank(13)
    );
    WRITES_P50_NS = beside!(
        "writes_p50_ns", is_write_beside, "Median latency of a write,", 0.5,
        Column::new(16, "writes", "p50 ns", "writes: latency of one").rank(13)
    );
    WRITES_P999_NS = beside!(
        "writes_p999_ns", is_write_beside, "99.9th percentile of the latency of a write,", 0.999,
        Column::new(17, "writes", "p99.9 ns", "writes: latency of one").rank(6)
    );
    WRITES_MAX_NS = beside!(
        "writes_max_ns",
        is_write_beside,
        "Maximum of the latency of a write,",
        1.0,
        Column::new(18, "writes", "max µs", "writes: latency of one").rank(3).decimals(1).divisor(1e3)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::{histogram, timed_cell};

    fn cell(counts: &[(OpKind, u64)]) -> Cell {
        let histograms = counts.iter().map(|&(kind, ops)| histogram(kind, Cause::Steady, &[(10 + kind as u64, ops)]));
        let mut cell = timed_cell(histograms.collect());
        counts.iter().for_each(|&(kind, ops)| cell.expected.set_ops(kind, ops, 0));
        cell
    }

    #[test]
    fn lookups_are_shown_where_they_are_clearly_more_than_the_writes() {
        use OpKind::{Clear, Get, Insert, Overwrite, Remove, Scan};
        for (counts, expected) in [
            (&[(Insert, 10)][..], Mainly::Kind(Insert)),
            (&[(Insert, 5), (Remove, 5), (Get, 10)], Mainly::Writes),
            (&[(Insert, 5), (Remove, 5), (Get, 11)], Mainly::Writes),
            (&[(Insert, 5), (Remove, 5), (Get, 12)], Mainly::Kind(Get)),
            (&[(Overwrite, 49_900), (Get, 50_100)], Mainly::Kind(Overwrite)),
            (&[(Insert, 5), (Scan, 95)], Mainly::Kind(Scan)),
            (&[(Insert, 5), (Scan, 95), (Get, 96)], Mainly::Kind(Get)),
            (&[(Get, 3), (Clear, 1)], Mainly::Kind(Get)),
            (&[(Clear, 1)], Mainly::Kind(Clear)),
            (&[], Mainly::Writes),
        ] {
            assert_eq!(Mainly::of(&cell(counts)), expected, "{counts:?}");
        }
        assert_eq!(["lookup", "lookups"], [Mainly::Kind(Get).singular(), Mainly::Kind(Get).plural()]);
    }

    #[test]
    fn what_is_not_shown_first_is_beside_it_and_nothing_is_shown_twice() {
        let of = |counts: &[(OpKind, u64)]| {
            let cell = cell(counts);
            [LATENCY_P50_NS, LOOKUPS_P50_NS, WRITES_P50_NS].map(|metric| metric.value(&cell))
        };
        let [insert, get] = [OpKind::Insert, OpKind::Get].map(|kind| Some(Number::Int(10 + kind as u64)));
        assert_eq!(of(&[(OpKind::Insert, 9)]), [insert, None, None]);
        assert_eq!(of(&[(OpKind::Insert, 9), (OpKind::Get, 9)]), [insert, get, None]);
        assert_eq!(of(&[(OpKind::Insert, 9), (OpKind::Get, 10)]), [get, None, insert]);
        assert_eq!(of(&[(OpKind::Get, 10)]), [get, None, None]);
        let scan = Some(Number::Int(10 + OpKind::Scan as u64));
        assert_eq!(of(&[(OpKind::Insert, 9), (OpKind::Scan, 10)]), [scan, None, insert]);
    }
}
