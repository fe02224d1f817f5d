//! Times: per operation as a whole, and the percentiles and tails of single operations.
//!
//! A percentile is absent when fewer operations were recorded than it can resolve: p99.99 of a thousand values would
//! be their maximum under a grander name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::{Better, Class, Metric, Number};
use crate::record::{Cause, Cell, KindPercentiles, LatencyHistogram, OpKind, Time};

/// The histogram itself; `None` when it is damaged, which [`read`](crate::record::read) has ruled out.
pub fn decode(histogram: &LatencyHistogram) -> Option<Histogram<u64>> {
    let bytes = BASE64_STANDARD.decode(&histogram.hdr_v2_deflate_base64).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}

/// The tail is what lies above this quantile.
const TAIL_QUANTILE: f64 = 0.999;

/// The latencies of a cell's time pass, decoded.
#[derive(Debug)]
struct Latencies {
    by_kind_and_cause: Vec<(OpKind, Cause, Histogram<u64>)>,
    by_kind: BTreeMap<OpKind, Histogram<u64>>,
    tail_shares: Option<BTreeMap<Cause, f64>>,
}

impl Latencies {
    /// Decodes the histograms of `cell`; `None` without a time pass, or when a histogram is damaged.
    ///
    /// The last two cells' are kept, found again by their content: whoever exports a cell asks it for dozens of
    /// metrics, and whoever compares two cells asks them in turn.
    fn of(cell: &Cell) -> Option<Rc<Latencies>> {
        type Memo = [Option<(Vec<LatencyHistogram>, Option<Rc<Latencies>>)>; 2];
        thread_local!(static MEMO: RefCell<Memo> = const { RefCell::new([None, None]) });

        let encoded = &cell.time.as_ref()?.histograms;
        MEMO.with_borrow_mut(|memo| {
            if let Some((_, decoded)) = memo.iter().flatten().find(|(key, _)| key == encoded) {
                return decoded.clone();
            }
            let decoded = Self::decode(encoded).map(Rc::new);
            memo.swap(0, 1);
            memo[0] = Some((encoded.clone(), decoded.clone()));
            decoded
        })
    }

    fn decode(encoded: &[LatencyHistogram]) -> Option<Latencies> {
        let by_kind_and_cause = encoded.iter().map(|h| Some((h.kind, h.cause, decode(h)?))).collect::<Option<_>>()?;
        let mut latencies = Latencies { by_kind_and_cause, by_kind: BTreeMap::new(), tail_shares: None };
        let merged = |kind: OpKind| Some((kind, latencies.merged(&[kind])?));
        latencies.by_kind = OpKind::ALL.into_iter().filter_map(merged).collect();
        latencies.tail_shares = latencies.tail_shares(&OpKind::ALL);
        Some(latencies)
    }

    fn select(&self, kinds: &[OpKind]) -> impl Iterator<Item = &(OpKind, Cause, Histogram<u64>)> {
        self.by_kind_and_cause.iter().filter(move |(kind, ..)| kinds.contains(kind))
    }

    /// The operations of these kinds in one histogram, whatever their cause; `None` when there were none.
    fn merged(&self, kinds: &[OpKind]) -> Option<Histogram<u64>> {
        let mut parts = self.select(kinds).map(|(.., histogram)| histogram);
        let mut sum = parts.next()?.clone();
        sum.auto(true);
        for part in parts {
            // Fails only for a value that an auto-resizing histogram of `u64` can't reach.
            sum.add(part).ok()?;
        }
        (!sum.is_empty()).then_some(sum)
    }

    /// The share of the time that operations of these kinds above their common p99.9 took, by cause. Holds every
    /// cause that occurred, the ones without a share of the tail as 0.0; `None` when nothing lies above.
    fn tail_shares(&self, kinds: &[OpKind]) -> Option<BTreeMap<Cause, f64>> {
        let merged = self.merged(kinds)?;
        let threshold = merged.value_at_quantile(TAIL_QUANTILE);
        let mut time_ns = BTreeMap::<Cause, u128>::new();
        for (_, cause, histogram) in self.select(kinds).filter(|(.., histogram)| !histogram.is_empty()) {
            let above = histogram.iter_recorded().filter(|step| step.value_iterated_to() > threshold);
            let spent = |value, count| u128::from(histogram.median_equivalent(value)) * u128::from(count);
            *time_ns.entry(*cause).or_default() +=
                above.map(|step| spent(step.value_iterated_to(), step.count_at_value())).sum::<u128>();
        }
        let total: u128 = time_ns.values().sum();
        let share = |(cause, ns)| (cause, ns as f64 / total as f64);
        (total > 0).then(|| time_ns.into_iter().map(share).collect())
    }
}

/// A percentile of all operations in these histograms; `None` when one of them is damaged.
pub(super) fn merged_quantile_ns(histograms: &[LatencyHistogram], quantile: f64) -> Option<u64> {
    percentile(&Latencies::decode(histograms)?.merged(&OpKind::ALL)?, quantile)
}

/// The value below which a share `quantile` of the recordings lie, in the histogram's unit; `None` when there are
/// too few recordings for one of them to lie above. A quantile of 1.0 is the maximum.
fn percentile(histogram: &Histogram<u64>, quantile: f64) -> Option<u64> {
    let above = (1.0 - quantile) * histogram.len() as f64;
    // 1.0 - 0.9999 is a little more than 1e-4 in binary, 1.0 - 0.99 a little less than 1e-2.
    let resolved = quantile >= 1.0 || above >= 1.0 - 1e-6;
    (resolved && !histogram.is_empty()).then(|| histogram.value_at_quantile(quantile))
}

/// The percentiles of one repetition that recorded these histograms; a damaged one gives none.
pub fn percentiles(histograms: &[LatencyHistogram]) -> Vec<KindPercentiles> {
    let Some(latencies) = Latencies::decode(histograms) else { return Vec::new() };
    let of_kind = |(&kind, histogram): (&OpKind, &Histogram<u64>)| {
        let mut own = KindPercentiles::of(kind);
        for (list, quantile) in own.lists_mut().into_iter().zip(KindPercentiles::QUANTILES) {
            list.extend(percentile(histogram, quantile));
        }
        own
    };
    latencies.by_kind.iter().map(of_kind).collect()
}

/// The same percentile of each repetition; nothing where the record doesn't have it of each.
fn repetitions_ns(cell: &Cell, kind: OpKind, list: fn(&KindPercentiles) -> &Vec<u64>) -> Vec<f64> {
    let own = cell.time.iter().flat_map(|time| &time.percentiles).find(|own| own.kind == kind);
    own.map(|own| list(own).iter().map(|&ns| ns as f64).collect()).unwrap_or_default()
}

/// One percentile of the operations of one kind.
pub(crate) fn percentile_ns(cell: &Cell, kind: OpKind, quantile: f64) -> Option<Number> {
    percentile(Latencies::of(cell)?.by_kind.get(&kind)?, quantile).map(Number::Int)
}

fn tail_share(cell: &Cell, cause: Cause) -> Option<Number> {
    Latencies::of(cell)?.tail_shares.as_ref()?.get(&cause).copied().map(Number::Real)
}

/// The median over the repetitions, halfway between the middle two when their number is even.
pub(super) fn ns_per_op(time: &Time) -> Option<Number> {
    let mut elapsed = time.bare_elapsed_ns.clone();
    elapsed.sort_unstable();
    let middle = elapsed.len() / 2;
    let median = match elapsed.len() {
        0 => return None,
        odd if odd % 2 == 1 => elapsed[middle] as f64,
        _ => (elapsed[middle - 1] as f64 + elapsed[middle] as f64) / 2.0,
    };
    (time.ops > 0).then(|| Number::Real(median / time.ops as f64))
}

const fn timed(
    name: &'static str,
    unit: &'static str,
    better: Better,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Statistical, better, summary, value)
}

/// The same of each repetition.
pub(super) fn repetitions_ns_per_op(cell: &Cell) -> Vec<f64> {
    let Some(time) = cell.time.as_ref().filter(|time| time.ops > 0) else { return Vec::new() };
    time.bare_elapsed_ns.iter().map(|&ns| ns as f64 / time.ops as f64).collect()
}

pub(super) const NS_PER_OP: Metric = Metric {
    repetitions: repetitions_ns_per_op,
    ..timed(
        "ns_per_op",
        "ns/op",
        Better::Lower,
        "Wall time of the measured operations without a clock in the loop / operations, median over the repetitions.",
        |c| ns_per_op(c.time.as_ref()?),
    )
};

pub(super) const CLOCK_FLOOR_NS: Metric = Metric {
    whole: false,
    ..timed(
        "clock_floor_ns",
        "ns",
        Better::Neither,
        "What measuring itself costs: the median interval of an empty operation; every percentile contains it.",
        |c| c.time.as_ref().map(|time| Number::Real(time.clock_floor_ns)),
    )
};

macro_rules! percentiles {
    ($($prefix:literal $kind:ident,)*) => {
        /// Six percentiles for each kind of operation.
        pub(super) const PERCENTILES: [Metric; 6 * OpKind::ALL.len()] = [$(
            percentiles!($prefix, $kind, "_p50_ns", p50_ns, 0.5, "median"),
            percentiles!($prefix, $kind, "_p90_ns", p90_ns, 0.9, "90th percentile"),
            percentiles!($prefix, $kind, "_p99_ns", p99_ns, 0.99, "99th percentile"),
            percentiles!($prefix, $kind, "_p999_ns", p999_ns, 0.999, "99.9th percentile; absent below 1,000 recordings"),
            percentiles!($prefix, $kind, "_p9999_ns", p9999_ns, 0.9999, "99.99th percentile; absent below 10,000 recordings"),
            percentiles!($prefix, $kind, "_max_ns", max_ns, 1.0, "maximum"),
        )*];
    };
    ($prefix:literal, $kind:ident, $suffix:literal, $list:ident, $quantile:literal, $what:literal) => {
        Metric {
            repetitions: |c| repetitions_ns(c, OpKind::$kind, |own| &own.$list),
            ..timed(
                concat!($prefix, $suffix),
                "ns",
                Better::Lower,
                concat!("Latency of a single ", $prefix, ", all causes and repetitions together: ", $what, "."),
                |c| percentile_ns(c, OpKind::$kind, $quantile),
            )
        }
    };
}

percentiles! {
    "insert" Insert,
    "overwrite" Overwrite,
    "remove" Remove,
    "get" Get,
    "clear" Clear,
    "iterate" Iterate,
}

/// The share of the time that operations of one kind took of all that the operations took; of every operation, whether a
/// histogram has it or not.
fn time_share(cell: &Cell, kind: OpKind) -> Option<Number> {
    let kind_ns = &cell.time.as_ref()?.kind_ns;
    let all: u128 = kind_ns.values().map(|&ns| u128::from(ns)).sum();
    let own = *kind_ns.get(&kind)?;
    (all > 0).then(|| Number::Real(own as f64 / all as f64))
}

macro_rules! time_shares {
    ($($kind_name:literal $kind:ident,)*) => {
        /// One share for each kind of operation.
        pub(super) const TIME_SHARES: [Metric; OpKind::ALL.len()] = [$(timed(
            concat!("time_share_", $kind_name),
            "ratio",
            Better::Neither,
            concat!(
                "Share of the sum of all latencies that those of kind ",
                $kind_name,
                " took; the shares of the kinds that occur add up to 1. Absent where the kind never occurred.",
            ),
            |c| time_share(c, OpKind::$kind),
        )),*];
    };
}

time_shares! {
    "insert" Insert,
    "overwrite" Overwrite,
    "remove" Remove,
    "get" Get,
    "clear" Clear,
    "iterate" Iterate,
}

macro_rules! tail_shares {
    ($($cause_name:literal $cause:ident,)*) => {
        /// One share for each cause.
        pub(super) const TAIL_SHARES: [Metric; Cause::ALL.len()] = [$(timed(
            concat!("tail_share_", $cause_name),
            "ratio",
            Better::Neither,
            concat!(
                "Share of the time spent in operations above the p99.9 of all operations together that had the cause ",
                $cause_name,
                "; absent where the cause never occurred or nothing lies above.",
            ),
            |c| tail_share(c, Cause::$cause),
        )),*];
    };
}

tail_shares! {
    "unknown" Unknown,
    "steady" Steady,
    "alloc-other" AllocOther,
    "overflow" Overflow,
    "lock-wait" LockWait,
    "prune" Prune,
    "promote" Promote,
    "rehash" Rehash,
    "move" Move,
    "shrink" Shrink,
    "dirty-copy" DirtyCopy,
    "same-size-grow" SameSizeGrow,
    "grow" Grow,
    "split" Split,
    "directory-grow" DirectoryGrow,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::all;
    use crate::record::metrics::fixture::{cell, histogram, time};

    fn value(cell: &Cell, name: &str) -> Option<Number> {
        (all().iter().find(|metric| metric.name == name).expect(name).value)(cell)
    }

    fn timed_cell(histograms: Vec<LatencyHistogram>) -> Cell {
        Cell { time: Some(time(&[1], histograms)), ..cell("std") }
    }

    #[test]
    fn percentiles_add_all_causes_of_a_kind() {
        let cell = timed_cell(vec![
            histogram(OpKind::Insert, Cause::Steady, &[(20, 990)]),
            histogram(OpKind::Insert, Cause::Grow, &[(1000, 10)]),
            histogram(OpKind::Get, Cause::Steady, &[(7, 3)]),
        ]);
        assert_eq!(value(&cell, "insert_p50_ns"), Some(Number::Int(20)));
        assert_eq!(value(&cell, "insert_p99_ns"), Some(Number::Int(20)));
        assert_eq!(value(&cell, "insert_p999_ns"), Some(Number::Int(1000)));
        assert_eq!(value(&cell, "insert_max_ns"), Some(Number::Int(1000)));
        assert_eq!(value(&cell, "get_max_ns"), Some(Number::Int(7)));
        assert_eq!(value(&cell, "remove_max_ns"), None);
    }

    proptest::proptest! {
        /// What is reported of all operations together is not beyond what the repetitions have each.
        #[test]
        fn a_percentile_of_all_lies_between_those_of_the_repetitions(
            parts in proptest::collection::vec(proptest::collection::vec(1_u64..3000, 100..400), 1..6),
            spikes in 0..20_u64,
        ) {
            let count = parts.iter().map(Vec::len).min().unwrap();
            let recordings = |parts: &[Vec<u64>]| -> Vec<(u64, u64)> {
                let values = parts.iter().flat_map(|part| part[..count].iter());
                values.enumerate().map(|(index, &ns)| (if index as u64 % 97 < spikes { ns * 50 } else { ns }, 1)).collect()
            };
            let whole = timed_cell(vec![histogram(OpKind::Get, Cause::Steady, &recordings(&parts))]);
            let whole_parts = recordings(&parts);
            let own: Vec<Vec<KindPercentiles>> = whole_parts
                .chunks(count)
                .map(|part| percentiles(&[histogram(OpKind::Get, Cause::Steady, part)]))
                .collect();
            let joined = KindPercentiles::join(own.iter().map(|own| &**own));
            for (list, quantile) in joined[0].lists().into_iter().zip(KindPercentiles::QUANTILES) {
                let all = percentile_ns(&whole, OpKind::Get, quantile).map(|ns| ns.as_f64() as u64);
                if let (Some(least), Some(most), Some(all)) = (list.iter().min(), list.iter().max(), all) {
                    proptest::prop_assert!((*least..=*most).contains(&all), "{}: {} of {:?}", quantile, all, list);
                }
                proptest::prop_assert!(list.is_empty() || list.len() == parts.len());
            }
        }
    }

    #[test]
    fn a_percentile_needs_enough_recordings_to_resolve_it() {
        for (quantile, enough) in [(0.5, 2), (0.9, 10), (0.99, 100), (0.999, 1000), (0.9999, 10_000)] {
            for (count, expected) in [(enough - 1, None), (enough, Some(5))] {
                let mut h = Histogram::<u64>::new(3).unwrap();
                h.record_n(5, count).unwrap();
                assert_eq!(percentile(&h, quantile), expected, "{quantile} of {count}");
            }
        }
    }

    #[test]
    fn tail_shares_weigh_time_not_operations() {
        // Above the p99.9 (20 ns) of 10,000 operations: one of 100 ns while growing, three of 100 ns for no reason.
        let cell = timed_cell(vec![
            histogram(OpKind::Insert, Cause::Steady, &[(20, 9000), (100, 3)]),
            histogram(OpKind::Insert, Cause::Overflow, &[(20, 10)]),
            histogram(OpKind::Insert, Cause::Grow, &[(100, 1)]),
            histogram(OpKind::Get, Cause::Steady, &[(10, 986)]),
        ]);
        assert_eq!(value(&cell, "tail_share_grow"), Some(Number::Real(0.25)));
        assert_eq!(value(&cell, "tail_share_steady"), Some(Number::Real(0.75)));
        assert_eq!(value(&cell, "tail_share_overflow"), Some(Number::Real(0.0)), "occurred, never in the tail");
        assert_eq!(value(&cell, "tail_share_shrink"), None, "never occurred");
    }

    #[test]
    fn time_shares_are_of_all_operations_and_add_up_to_the_whole() {
        let mut cell = timed_cell(vec![histogram(OpKind::Insert, Cause::Steady, &[(20, 1)])]);
        let kind_ns = &mut cell.time.as_mut().unwrap().kind_ns;
        kind_ns.extend([(OpKind::Insert, 1), (OpKind::Get, 0), (OpKind::Clear, 94), (OpKind::Iterate, 5)]);
        let share = |name: &str| value(&cell, &format!("time_share_{name}"));
        assert_eq!(share("clear"), Some(Number::Real(0.94)));
        assert_eq!(share("get"), Some(Number::Real(0.0)), "it occurred");
        assert_eq!(share("remove"), None);
        let all = OpKind::ALL.iter().filter_map(|kind| share(kind.name())).map(Number::as_f64).sum::<f64>();
        assert!((all - 1.0).abs() < 1e-12, "{all}");
        let kind_ns = &mut cell.time.as_mut().unwrap().kind_ns;
        kind_ns.values_mut().for_each(|ns| *ns = u64::MAX);
        assert_eq!(value(&cell, "time_share_get"), Some(Number::Real(0.25)), "the sum needs more than 64 bits");
    }

    #[test]
    fn records_of_schema_1_have_no_time_shares() {
        let cell = timed_cell(vec![histogram(OpKind::Insert, Cause::Steady, &[(20, 1)])]);
        assert_eq!(value(&cell, "time_share_insert"), None);
    }

    #[test]
    fn no_tail_where_all_operations_took_alike() {
        let cell = timed_cell(vec![histogram(OpKind::Insert, Cause::Steady, &[(20, 5000)])]);
        assert_eq!(value(&cell, "tail_share_steady"), None);
    }

    #[test]
    fn time_per_operation_is_the_median_of_the_repetitions() {
        let per_op = |elapsed: &[u64], ops| ns_per_op(&Time { ops, ..time(elapsed, vec![]) });
        assert_eq!(per_op(&[900, 100, 200], 10), Some(Number::Real(20.0)));
        assert_eq!(per_op(&[900, 100, 200, 300], 10), Some(Number::Real(25.0)));
        assert_eq!(per_op(&[], 10), None);
        assert_eq!(per_op(&[100], 0), None);
    }

    #[test]
    fn the_memo_tells_cells_apart() {
        let cells = [10, 20, 30].map(|ns| timed_cell(vec![histogram(OpKind::Get, Cause::Steady, &[(ns, 1)])]));
        for _ in 0..2 {
            let max = cells.each_ref().map(|cell| value(cell, "get_max_ns"));
            assert_eq!(max, [10, 20, 30].map(|ns| Some(Number::Int(ns))));
        }
        assert!(Rc::ptr_eq(&Latencies::of(&cells[2]).unwrap(), &Latencies::of(&cells[2].clone()).unwrap()));
    }

    #[test]
    fn a_damaged_histogram_gives_no_figure() {
        let mut cell = timed_cell(vec![histogram(OpKind::Get, Cause::Steady, &[(9, 1)])]);
        cell.time.as_mut().unwrap().histograms[0].hdr_v2_deflate_base64.truncate(20);
        assert_eq!(value(&cell, "get_max_ns"), None);
    }
}
