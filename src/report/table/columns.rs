//! The columns that matter to someone who looks for the first time: what one write takes, allocates, moves and keeps.

use super::super::human::Quantity;
use crate::record::metrics::{Latencies, Metric, all, percentile};
use crate::record::{Cell, OpKind};

/// The kinds of operation that write.
pub(in crate::report) const WRITES: [OpKind; 3] = [OpKind::Insert, OpKind::Overwrite, OpKind::Remove];

/// One column.
#[derive(Debug)]
pub(in crate::report) struct Column {
    /// First line of the heading.
    pub title: &'static str,
    /// Second line of the heading, after the unit.
    pub per: &'static str,
    /// What its figures measure.
    pub quantity: Quantity,
    /// Where they come from.
    source: Source,
    /// Columns of higher rank go first when the terminal is narrow; 0 is the last to go.
    pub rank: u8,
    /// What it says, for the legend. Neighbours with the same words share them.
    pub legend: &'static str,
}

#[derive(Debug)]
enum Source {
    /// The metric of this name.
    Metric(&'static str),
    /// This quantile of the latencies of these kinds together.
    Latency(&'static [OpKind], f64),
    /// The cause with the largest share of the writes' tail.
    Tail,
}

/// What stands in a table cell.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) enum Figure {
    /// A number in the base unit of the column's quantity.
    Number(f64),
    /// A word.
    Text(String),
}

impl Column {
    /// The heading on one line, with its unit: `alloc B/write`, `moves/insert`.
    pub fn heading(&self, unit: &str) -> String {
        let unit = format!("{unit}{}", self.per);
        let gap = if unit.is_empty() || unit.starts_with('/') { "" } else { " " };
        format!("{}{gap}{unit}", self.title)
    }

    /// The cell's figure; `None` where it has none.
    pub fn figure(&self, cell: &Cell) -> Option<Figure> {
        match self.source {
            Source::Metric(name) => (metric(name)?.value)(cell).map(|number| Figure::Number(number.as_f64())),
            Source::Latency(kinds, quantile) => {
                let latencies = Latencies::of(cell)?.merged(kinds)?;
                percentile(&latencies, quantile).map(|ns| Figure::Number(ns as f64))
            }
            Source::Tail => {
                let shares = Latencies::of(cell)?.tail_shares(&WRITES)?;
                let (cause, share) = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
                Some(Figure::Text(format!("{} {:.0}%", cause.name(), 100.0 * share)))
            }
        }
    }
}

fn metric(name: &str) -> Option<&'static Metric> {
    all().iter().find(|metric| metric.name == name)
}

const LATENCY: &str = "latency of one write";
const GETS: &str = "latency of one lookup";

/// Every column, in the order of the table.
pub(in crate::report) static COLUMNS: &[Column] = &[
    Column {
        title: "time",
        per: "/op",
        quantity: Quantity::Time,
        source: Source::Metric("ns_per_op"),
        rank: 0,
        legend: "mean over all operations",
    },
    Column {
        title: "p50",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&WRITES, 0.5),
        rank: 6,
        legend: LATENCY,
    },
    Column {
        title: "p99",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&WRITES, 0.99),
        rank: 8,
        legend: LATENCY,
    },
    Column {
        title: "p99.9",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&WRITES, 0.999),
        rank: 7,
        legend: LATENCY,
    },
    Column {
        title: "p99.99",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&WRITES, 0.9999),
        rank: 12,
        legend: LATENCY,
    },
    Column {
        title: "max",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&WRITES, 1.0),
        rank: 2,
        legend: LATENCY,
    },
    Column {
        title: "tail",
        per: "cause",
        quantity: Quantity::Plain,
        source: Source::Tail,
        rank: 3,
        legend: "what took most of the time above p99.9",
    },
    Column {
        title: "get p50",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&[OpKind::Get], 0.5),
        rank: 13,
        legend: GETS,
    },
    Column {
        title: "get p99",
        per: "",
        quantity: Quantity::Time,
        source: Source::Latency(&[OpKind::Get], 0.99),
        rank: 14,
        legend: GETS,
    },
    Column {
        title: "alloc",
        per: "/write",
        quantity: Quantity::Bytes,
        source: Source::Metric("alloc_bytes_per_write"),
        rank: 1,
        legend: "bytes allocated",
    },
    Column {
        title: "allocs",
        per: "/write",
        quantity: Quantity::Plain,
        source: Source::Metric("allocs_per_write"),
        rank: 11,
        legend: "allocations",
    },
    Column {
        title: "moves",
        per: "/insert",
        quantity: Quantity::Plain,
        source: Source::Metric("moves_per_insert"),
        rank: 4,
        legend: "entries moved inside the map",
    },
    Column {
        title: "write",
        per: "amp",
        quantity: Quantity::Plain,
        source: Source::Metric("write_amplification"),
        rank: 9,
        legend: "(payload + moved bytes) / payload",
    },
    Column {
        title: "live",
        per: "/entry",
        quantity: Quantity::Bytes,
        source: Source::Metric("bytes_per_entry"),
        rank: 5,
        legend: "bytes held at the end",
    },
    Column {
        title: "peak",
        per: "amp",
        quantity: Quantity::Plain,
        source: Source::Metric("peak_amplification"),
        rank: 10,
        legend: "peak bytes / payload at the end",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn ranks_are_distinct_and_metrics_exist() {
        assert_eq!(COLUMNS.iter().map(|column| column.rank).collect::<BTreeSet<_>>().len(), COLUMNS.len());
        for column in COLUMNS {
            if let Source::Metric(name) = column.source {
                assert!(metric(name).is_some_and(|m| m.better == crate::record::metrics::Better::Lower), "{name}");
            }
        }
    }

    #[test]
    fn the_tail_names_its_dearest_cause() {
        let results = fixture::results();
        let tail = COLUMNS.iter().find(|column| column.title == "tail").unwrap();
        assert_eq!(tail.figure(&results.cells[1]), Some(Figure::Text("grow 98%".into())));
        assert_eq!(tail.figure(&results.cells[9]), None);
    }
}
