//! The figures of a cell that people compare, and the columns that show them.

use hdrhistogram::Histogram;

use super::number::fixed;
use crate::record::metrics::{self, Number, latency};
use crate::record::{Cause, Cell, OpKind, Status};

/// A cell with what is derived from its histograms, so that they are unpacked once.
pub(super) struct Figures<'a> {
    pub cell: &'a Cell,
    /// Its name among its neighbours; its group sets it.
    pub label: String,
    pub latency: Option<Latency>,
    /// The cause that most of the time above p99.9 went into, and its share, 0.0 to 1.0.
    pub tail: Option<(&'static str, f64)>,
    /// The kind of operation that took most of the time, of several.
    pub dearest: Option<Dearest>,
}

/// The kind of operation that took most of a cell's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dearest {
    pub kind: OpKind,
    /// Its share of the time, 0.0 to 1.0.
    pub time_share: f64,
    /// How many of the operations it is, 0.0 to 1.0.
    pub ops_share: f64,
    /// What one took, on average, in nanoseconds.
    pub mean_ns: f64,
    /// What half of them took at the most.
    pub median_ns: f64,
    /// What one of all others took, on average.
    pub others_mean_ns: f64,
}

/// How many times longer than the others operations of a kind must take to be out of proportion.
const DEAREST_FACTOR: f64 = 10.0;

impl Dearest {
    /// How many times what one of the others takes.
    pub fn ratio(&self) -> f64 {
        self.mean_ns / self.others_mean_ns
    }

    /// Whether it takes most of the time out of proportion to its number: not by a few operations, which the machine may
    /// have held up, but by more than half of them.
    pub fn stands_out(&self) -> bool {
        let dear = |ns: f64| ns >= DEAREST_FACTOR * self.others_mean_ns;
        self.time_share >= 0.5 && dear(self.mean_ns) && dear(self.median_ns)
    }

    /// `None` with a single kind of operation.
    fn new(cell: &Cell) -> Option<Dearest> {
        let time = cell.time.as_ref().filter(|time| time.kind_ns.len() > 1)?;
        let ops = |kind: OpKind| cell.expected.ops(kind).unwrap_or(0) as f64;
        let (&kind, &ns) = time.kind_ns.iter().max_by_key(|&(_, ns)| ns)?;
        let all_ns: f64 = time.kind_ns.values().map(|&ns| ns as f64).sum();
        let all_ops: f64 = OpKind::ALL.into_iter().map(ops).sum();
        let repetitions = time.clocked_elapsed_ns.len() as f64 * (time.ops as f64 / all_ops);
        let mean = |ns: f64, ops: f64| ns / (ops * repetitions);
        let dearest = Dearest {
            kind,
            time_share: ns as f64 / all_ns,
            ops_share: ops(kind) / all_ops,
            mean_ns: mean(ns as f64, ops(kind)),
            median_ns: latency::percentile_ns(cell, kind, 0.5).map_or(0.0, |number| number.as_f64()),
            others_mean_ns: mean(all_ns - ns as f64, all_ops - ops(kind)),
        };
        [dearest.time_share, dearest.mean_ns, dearest.others_mean_ns].iter().all(|x| x.is_finite()).then_some(dearest)
    }
}

/// The latencies of a cell's writes, or, where it has none, of the first kind that it has: lookups, clears, iterations. One
/// reading of the clock is included.
pub(super) struct Latency {
    histogram: Histogram<u64>,
    /// The cause of the longest.
    pub max_cause: &'static str,
    /// The longest without structural work: what interruptions alone do here.
    pub steady_max_ns: u64,
}

impl Latency {
    fn new(cell: &Cell) -> Option<Latency> {
        let histograms = &cell.time.as_ref()?.histograms;
        let writes = histograms.iter().any(|histogram| histogram.kind.is_write());
        let instead = histograms.iter().map(|histogram| histogram.kind).min();
        let mut sum: Option<Latency> = None;
        let shown = |kind: OpKind| if writes { kind.is_write() } else { Some(kind) == instead };
        for part in histograms.iter().filter(|histogram| shown(histogram.kind)) {
            let histogram = latency::decode(part)?;
            let steady_max_ns = if part.cause.name() == "steady" { histogram.max() } else { 0 };
            let part = Latency { histogram, max_cause: part.cause.name(), steady_max_ns };
            match &mut sum {
                None => sum = Some(part),
                Some(sum) => sum.add(part)?,
            }
        }
        sum.filter(|sum| !sum.histogram.is_empty())
    }

    fn add(&mut self, other: Latency) -> Option<()> {
        if other.histogram.max() > self.histogram.max() {
            self.max_cause = other.max_cause;
        }
        self.steady_max_ns = self.steady_max_ns.max(other.steady_max_ns);
        self.histogram.auto(true);
        self.histogram.add(other.histogram).ok()
    }

    /// Operations recorded.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Absent with fewer recordings than tell it from the longest.
    pub fn quantile_ns(&self, quantile: f64) -> Option<f64> {
        let enough = self.histogram.len() as f64 * (1.0 - quantile) >= 1.0 - 1e-9;
        enough.then(|| self.histogram.value_at_quantile(quantile) as f64)
    }

    pub fn max_ns(&self) -> f64 {
        self.histogram.max() as f64
    }
}

impl<'a> Figures<'a> {
    pub fn new(cell: &'a Cell) -> Figures<'a> {
        let shares = metrics::all().iter().filter_map(|metric| {
            let cause = metric.name.strip_prefix("tail_share_")?;
            Some((cause, (metric.value)(cell)?.as_f64()))
        });
        let tail = shares
            .filter(|&(cause, share)| share > 0.0 && cause != Cause::Unknown.name())
            .max_by(|(_, a), (_, b)| a.total_cmp(b));
        let (latency, dearest) = (Latency::new(cell), Dearest::new(cell));
        Figures { cell, label: cell.id.map.clone(), latency, tail, dearest }
    }

    pub fn failed(&self) -> bool {
        self.cell.status != Status::Ok
    }

    /// A metric by name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        (metrics::find(name)?.value)(self.cell).map(Number::as_f64)
    }
}

/// A column of figures.
pub(super) struct Column {
    /// First line of its heading.
    pub top: &'static str,
    /// Second line of its heading: the unit.
    pub unit: &'static str,
    /// What it says, for the legend.
    pub legend: &'static str,
    /// Whether it comes from the time pass.
    pub timed: bool,
    /// How soon a narrow terminal drops it, 1 last; `None` for Markdown only.
    pub rank: Option<u8>,
    /// The most decimals.
    pub decimals: usize,
    /// Whether larger is better; otherwise smaller is.
    pub larger: bool,
    /// The terminal, which has little room, shows it where a row is worth it.
    pub worth: fn(&Figures<'_>) -> bool,
    pub value: fn(&Figures<'_>) -> Option<f64>,
}

impl Column {
    /// The heading on one line: `alloc B/write`, `moves/insert`.
    pub fn heading(&self) -> String {
        let space = if self.unit.starts_with('/') { "" } else { " " };
        format!("{}{space}{}", self.top, self.unit)
    }

    /// The figure of a row; `-` where the cell has none.
    pub fn text(&self, row: &Figures<'_>, decimals: usize) -> String {
        match (self.value)(row) {
            _ if row.failed() => "-".to_owned(),
            None => "-".to_owned(),
            Some(share) if self.top == TAIL => named(row.tail.map(|(cause, _)| cause), share),
            Some(share) if self.top == DEAREST => named(row.dearest.map(|dearest| dearest.kind.name()), share),
            Some(x) => fixed(x, decimals),
        }
    }

    /// Whether one figure can be better than another.
    pub fn comparable(&self) -> bool {
        self.top != TAIL && self.top != DEAREST
    }
}

const TAIL: &str = "tail";
const DEAREST: &str = "most time";

fn named(name: Option<&str>, share: f64) -> String {
    format!("{} {:.0}%", name.unwrap_or("-"), share * 100.0)
}

const fn counted(
    (top, unit): (&'static str, &'static str),
    rank: Option<u8>,
    decimals: usize,
    legend: &'static str,
    value: fn(&Figures<'_>) -> Option<f64>,
) -> Column {
    Column { top, unit, legend, timed: false, rank, decimals, larger: false, worth: |_| true, value }
}

const fn timed(
    (top, unit): (&'static str, &'static str),
    rank: Option<u8>,
    decimals: usize,
    legend: &'static str,
    value: fn(&Figures<'_>) -> Option<f64>,
) -> Column {
    Column { timed: true, ..counted((top, unit), rank, decimals, legend, value) }
}

const LATENCY: &str = "p50 to max: latency of one write";
const MARKDOWN_ONLY: Option<u8> = None;

/// Every column, times first.
pub(super) static COLUMNS: &[Column] = &[
    timed(("time", "ns/op"), Some(1), 1, "time: wall time an operation, no clock in the loop", |f| {
        f.metric("ns_per_op")
    }),
    Column {
        larger: true,
        ..timed(
            ("rate", "M ops/s"),
            Some(3),
            2,
            "rate: operations of all threads together, a larger one is better",
            |f| f.metric("ops_per_s").filter(|_| f.cell.id.threads.is_some()).map(|rate| rate / 1e6),
        )
    },
    Column {
        worth: |f| f.dearest.is_some_and(|dearest| dearest.stands_out()),
        ..timed(
            (DEAREST, "kind"),
            Some(5),
            0,
            "most time: the kind of operation that most of the time went into",
            |f| f.dearest.map(|dearest| dearest.time_share),
        )
    },
    timed(("p50", "ns"), Some(9), 0, LATENCY, |f| f.latency.as_ref()?.quantile_ns(0.5)),
    timed(("p99", "ns"), Some(10), 0, LATENCY, |f| f.latency.as_ref()?.quantile_ns(0.99)),
    timed(("p99.9", "ns"), Some(4), 0, LATENCY, |f| f.latency.as_ref()?.quantile_ns(0.999)),
    timed(("p99.99", "ns"), MARKDOWN_ONLY, 0, LATENCY, |f| f.latency.as_ref()?.quantile_ns(0.9999)),
    timed(("max", "µs"), Some(5), 1, LATENCY, |f| Some(f.latency.as_ref()?.max_ns() / 1e3)),
    timed((TAIL, "cause"), Some(8), 0, "tail cause: what most of the time above p99.9 went into", |f| {
        f.tail.map(|(_, share)| share)
    }),
    timed(("waits", "/op"), Some(7), 4, "waits: locks found taken", |f| f.metric("lock_waits_per_op")),
    timed(
        ("worst thread p99.9", "ns"),
        MARKDOWN_ONLY,
        0,
        "worst thread p99.9: of the thread where it is highest, all operations",
        |f| f.metric("worst_thread_p999_ns"),
    ),
    timed(
        ("gc", "cycles"),
        Some(6),
        1,
        "gc: garbage collections a repetition, and how long they stopped the world",
        |f| f.metric("gc_cycles"),
    ),
    timed(
        ("gc pauses", "µs"),
        Some(13),
        1,
        "gc: garbage collections a repetition, and how long they stopped the world",
        |f| f.metric("gc_pause_total_ns").map(|ns| ns / 1e3),
    ),
    timed(("heap peak", "MiB"), Some(14), 1, "heap peak: the most bytes of objects, garbage included", |f| {
        f.metric("heap_peak_bytes").map(|bytes| bytes / f64::from(1 << 20))
    }),
    counted(("alloc", "B/write"), Some(2), 2, "alloc: bytes that the map allocated", |f| {
        f.metric("alloc_bytes_per_write")
    }),
    counted(("entries", "B/write"), Some(11), 1, "entries: bytes allocated that keys and values own", |f| {
        let bytes = f.metric("entry_alloc_bytes").filter(|&bytes| bytes > 0.0)?;
        f.metric("writes").filter(|&writes| writes > 0.0).map(|writes| bytes / writes)
    }),
    counted(("allocs", "/write"), Some(11), 5, "allocs: allocations of the map", |f| f.metric("allocs_per_write")),
    counted(("moves", "/insert"), Some(3), 2, "moves: entries already there that changed their address", |f| {
        f.metric("moves_per_insert")
    }),
    counted(("most moves", "in a write"), MARKDOWN_ONLY, 0, "most moves: by the dearest single write", |f| {
        f.metric("max_moves_in_one_write")
    }),
    counted(
        ("write", "amp"),
        Some(7),
        2,
        "write amp: bytes written into slots for each byte of payload there, moves included",
        |f| f.metric("write_amplification"),
    ),
    counted(("live", "B/entry"), Some(6), 1, "live: bytes held at the end", |f| f.metric("bytes_per_entry")),
    counted(("peak", "amp"), Some(12), 2, "peak amp: the most bytes held, over the payload alive at the end", |f| {
        f.metric("peak_amplification")
    }),
    counted(("drained", "bytes"), MARKDOWN_ONLY, 0, "drained: bytes held after every entry was removed", |f| {
        f.metric("drained_bytes")
    }),
];
