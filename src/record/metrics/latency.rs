//! Times.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::Better::{Lower, Neither};
use super::Number::{Int, Real};
use super::{Cell, Class, Metric, Number};
use crate::probe::event::Cause;
use crate::record::{LatencyHistogram, OpKind};

const fn time(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric { name, unit, class: Class::Statistical, better: Lower, summary, value }
}

/// A figure that describes the measurement and is neither good nor bad.
const fn share(name: &'static str, summary: &'static str, value: fn(&Cell) -> Option<Number>) -> Metric {
    Metric { name, unit: "ratio", class: Class::Statistical, better: Neither, summary, value }
}

pub(super) const METRICS: &[Metric] = &[
    time(
        "ns_per_op",
        "ns",
        "Wall time an operation without a clock in the loop; median over the repetitions.",
        ns_per_op,
    ),
    time("insert_p50_ns", "ns", "The median latency of an insert, one reading of the clock included.", |c| {
        quantile(c, OpKind::Insert, 0.5)
    }),
    time(
        "insert_p90_ns",
        "ns",
        "The 90th percentile of the latency of an insert, one reading of the clock included.",
        |c| quantile(c, OpKind::Insert, 0.9),
    ),
    time(
        "insert_p99_ns",
        "ns",
        "The 99th percentile of the latency of an insert, one reading of the clock included.",
        |c| quantile(c, OpKind::Insert, 0.99),
    ),
    time(
        "insert_p999_ns",
        "ns",
        "The 99.9th percentile of the latency of an insert, one reading of the clock included.",
        |c| quantile(c, OpKind::Insert, 0.999),
    ),
    time(
        "insert_p9999_ns",
        "ns",
        "The 99.99th percentile of the latency of an insert, one reading of the clock included.",
        |c| quantile(c, OpKind::Insert, 0.9999),
    ),
    time("insert_max_ns", "ns", "The longest latency of an insert, one reading of the clock included.", |c| {
        longest(c, OpKind::Insert)
    }),
    time("overwrite_p50_ns", "ns", "The median latency of an overwrite, one reading of the clock included.", |c| {
        quantile(c, OpKind::Overwrite, 0.5)
    }),
    time(
        "overwrite_p90_ns",
        "ns",
        "The 90th percentile of the latency of an overwrite, one reading of the clock included.",
        |c| quantile(c, OpKind::Overwrite, 0.9),
    ),
    time(
        "overwrite_p99_ns",
        "ns",
        "The 99th percentile of the latency of an overwrite, one reading of the clock included.",
        |c| quantile(c, OpKind::Overwrite, 0.99),
    ),
    time(
        "overwrite_p999_ns",
        "ns",
        "The 99.9th percentile of the latency of an overwrite, one reading of the clock included.",
        |c| quantile(c, OpKind::Overwrite, 0.999),
    ),
    time(
        "overwrite_p9999_ns",
        "ns",
        "The 99.99th percentile of the latency of an overwrite, one reading of the clock included.",
        |c| quantile(c, OpKind::Overwrite, 0.9999),
    ),
    time("overwrite_max_ns", "ns", "The longest latency of an overwrite, one reading of the clock included.", |c| {
        longest(c, OpKind::Overwrite)
    }),
    time("remove_p50_ns", "ns", "The median latency of a remove, one reading of the clock included.", |c| {
        quantile(c, OpKind::Remove, 0.5)
    }),
    time(
        "remove_p90_ns",
        "ns",
        "The 90th percentile of the latency of a remove, one reading of the clock included.",
        |c| quantile(c, OpKind::Remove, 0.9),
    ),
    time(
        "remove_p99_ns",
        "ns",
        "The 99th percentile of the latency of a remove, one reading of the clock included.",
        |c| quantile(c, OpKind::Remove, 0.99),
    ),
    time(
        "remove_p999_ns",
        "ns",
        "The 99.9th percentile of the latency of a remove, one reading of the clock included.",
        |c| quantile(c, OpKind::Remove, 0.999),
    ),
    time(
        "remove_p9999_ns",
        "ns",
        "The 99.99th percentile of the latency of a remove, one reading of the clock included.",
        |c| quantile(c, OpKind::Remove, 0.9999),
    ),
    time("remove_max_ns", "ns", "The longest latency of a remove, one reading of the clock included.", |c| {
        longest(c, OpKind::Remove)
    }),
    time("get_p50_ns", "ns", "The median latency of a get, one reading of the clock included.", |c| {
        quantile(c, OpKind::Get, 0.5)
    }),
    time("get_p90_ns", "ns", "The 90th percentile of the latency of a get, one reading of the clock included.", |c| {
        quantile(c, OpKind::Get, 0.9)
    }),
    time("get_p99_ns", "ns", "The 99th percentile of the latency of a get, one reading of the clock included.", |c| {
        quantile(c, OpKind::Get, 0.99)
    }),
    time(
        "get_p999_ns",
        "ns",
        "The 99.9th percentile of the latency of a get, one reading of the clock included.",
        |c| quantile(c, OpKind::Get, 0.999),
    ),
    time(
        "get_p9999_ns",
        "ns",
        "The 99.99th percentile of the latency of a get, one reading of the clock included.",
        |c| quantile(c, OpKind::Get, 0.9999),
    ),
    time("get_max_ns", "ns", "The longest latency of a get, one reading of the clock included.", |c| {
        longest(c, OpKind::Get)
    }),
    share("tail_share_steady", "The part of the time above p99.9 of all operations that went into steady.", |c| {
        tail_share(c, Cause::Steady)
    }),
    share(
        "tail_share_alloc-other",
        "The part of the time above p99.9 of all operations that went into alloc-other.",
        |c| tail_share(c, Cause::AllocOther),
    ),
    share("tail_share_overflow", "The part of the time above p99.9 of all operations that went into overflow.", |c| {
        tail_share(c, Cause::Overflow)
    }),
    share("tail_share_move", "The part of the time above p99.9 of all operations that went into move.", |c| {
        tail_share(c, Cause::Move)
    }),
    share("tail_share_shrink", "The part of the time above p99.9 of all operations that went into shrink.", |c| {
        tail_share(c, Cause::Shrink)
    }),
    share(
        "tail_share_same-size-grow",
        "The part of the time above p99.9 of all operations that went into same-size-grow.",
        |c| tail_share(c, Cause::SameSizeGrow),
    ),
    share("tail_share_grow", "The part of the time above p99.9 of all operations that went into grow.", |c| {
        tail_share(c, Cause::Grow)
    }),
    Metric {
        better: Neither,
        ..time("clock_floor_ns", "ns", "What one reading of the clock costs; it is part of every latency.", |c| {
            Some(Real(c.time.as_ref()?.clock_floor_ns))
        })
    },
];

fn ns_per_op(cell: &Cell) -> Option<Number> {
    let time = cell.time.as_ref()?;
    let mut elapsed_ns = time.bare_elapsed_ns.clone();
    elapsed_ns.sort_unstable();
    super::ratio(*elapsed_ns.get(elapsed_ns.len() / 2)?, time.ops)
}

/// All causes of a kind together.
fn of_kind(cell: &Cell, kind: OpKind) -> Option<Histogram<u64>> {
    let histograms = &cell.time.as_ref()?.histograms;
    sum(histograms.iter().filter(|histogram| histogram.kind == kind))
}

fn sum<'a>(histograms: impl Iterator<Item = &'a LatencyHistogram>) -> Option<Histogram<u64>> {
    histograms.filter_map(decode).reduce(|mut sum, histogram| {
        sum.auto(true);
        // Can only fail where it may not grow.
        let _ = sum.add(histogram);
        sum
    })
}

/// The histogram of one kind and cause; `None` when it is damaged, which a reader of records has ruled out.
pub fn decode(histogram: &LatencyHistogram) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(&histogram.hdr_v2_deflate_base64).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}

/// A quantile; absent with fewer recordings than tell it from the longest: 10,000 for p99.99.
fn quantile(cell: &Cell, kind: OpKind, quantile: f64) -> Option<Number> {
    let histogram = of_kind(cell, kind)?;
    let enough = histogram.len() as f64 * (1.0 - quantile) >= 1.0 - 1e-9;
    enough.then(|| Int(histogram.value_at_quantile(quantile)))
}

fn longest(cell: &Cell, kind: OpKind) -> Option<Number> {
    of_kind(cell, kind).filter(|histogram| !histogram.is_empty()).map(|histogram| Int(histogram.max()))
}

fn tail_share(cell: &Cell, cause: Cause) -> Option<Number> {
    let histograms = &cell.time.as_ref()?.histograms;
    let threshold_ns = sum(histograms.iter())?.value_at_quantile(0.999);
    let above = |histogram: &LatencyHistogram| -> u64 {
        let Some(decoded) = decode(histogram) else { return 0 };
        let recorded = decoded.iter_recorded().filter(|step| step.value_iterated_to() > threshold_ns);
        recorded.map(|step| step.value_iterated_to() * step.count_at_value()).sum()
    };
    let of_cause = histograms.iter().filter(|histogram| histogram.cause == cause).map(above).sum();
    super::ratio(of_cause, histograms.iter().map(above).sum())
}
