//! The percentiles of single operations.
//!
//! A percentile is absent when fewer operations were recorded than it can resolve: p99.99 of a thousand values would
//! be their maximum under a grander name.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use super::{Formula::Integer, Metric, Rank, shares, timed, undisturbed};
use crate::record::{CHECKPOINTS, Cause, Cell, KindPercentiles, LatencyHistogram, OpKind};

/// The histogram itself; `None` when it is damaged, which [`read`](crate::record::read) has ruled out.
pub fn decode(histogram: &LatencyHistogram) -> Option<Histogram<u64>> {
    let bytes = BASE64_STANDARD.decode(&histogram.hdr_v2_deflate_base64).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}

/// As many as two cells have: those observed, and the least after each of so many repetitions and after the last one.
const MEMO_MAX: usize = 2 * (1 + CHECKPOINTS.len() + 1);

/// The latencies of a cell's time pass, decoded.
#[derive(Debug)]
struct Latencies {
    by_kind_and_cause: Vec<(OpKind, Cause, Histogram<u64>)>,
    by_kind: BTreeMap<OpKind, Histogram<u64>>,
    written: Option<Histogram<u64>>,
    tail_shares: Option<BTreeMap<Cause, f64>>,
}

impl Latencies {
    /// Those that were observed in `cell`; `None` without a time pass, or when a histogram is damaged.
    fn of(cell: &Cell) -> Option<Rc<Latencies>> {
        Latencies::read(&cell.time.as_ref()?.histograms)
    }

    /// The least of each operation, where there are any.
    fn undisturbed(cell: &Cell) -> Option<Rc<Latencies>> {
        let last = undisturbed::of(cell)?;
        (!last.histograms.is_empty()).then(|| Latencies::read(&last.histograms))?
    }

    /// Those of [`shown_first`].
    fn shown_first(cell: &Cell) -> Option<Rc<Latencies>> {
        cell.time.as_ref()?;
        Latencies::read(shown_first(cell))
    }

    /// Decodes histograms.
    ///
    /// The last ones are kept, found again by their content, all that two cells have: whoever exports a cell asks it for
    /// dozens of metrics, and whoever compares two cells asks them in turn.
    fn read(encoded: &[LatencyHistogram]) -> Option<Rc<Latencies>> {
        type Memo = VecDeque<(Vec<LatencyHistogram>, Option<Rc<Latencies>>)>;
        thread_local!(static MEMO: RefCell<Memo> = const { RefCell::new(VecDeque::new()) });

        MEMO.with_borrow_mut(|memo| {
            if let Some((_, decoded)) = memo.iter().find(|(key, _)| key == encoded) {
                return decoded.clone();
            }
            let decoded = Self::decode(encoded).map(Rc::new);
            memo.truncate(MEMO_MAX - 1);
            memo.push_front((encoded.to_vec(), decoded.clone()));
            decoded
        })
    }

    fn decode(encoded: &[LatencyHistogram]) -> Option<Latencies> {
        let by_kind_and_cause = encoded.iter().map(|h| Some((h.kind, h.cause, decode(h)?))).collect::<Option<_>>()?;
        let mut latencies = Latencies { by_kind_and_cause, by_kind: BTreeMap::new(), written: None, tail_shares: None };
        let merged = |kind: OpKind| Some((kind, latencies.merged(|of| of == kind)?));
        latencies.by_kind = OpKind::ALL.into_iter().filter_map(merged).collect();
        latencies.written = latencies.merged(latencies.shown());
        let all = latencies.merged(|_| true);
        latencies.tail_shares = all.and_then(|all| shares::of_tail(&all, &latencies.by_kind_and_cause));
        Some(latencies)
    }

    /// Writes, or, where there are none, the first kind that there is: lookups, clears, iterations, scans.
    fn shown(&self) -> impl Fn(OpKind) -> bool + use<> {
        let kinds = || self.by_kind_and_cause.iter().map(|(kind, ..)| *kind);
        let (writes, instead) = (kinds().any(OpKind::is_write), kinds().min());
        move |kind| if writes { kind.is_write() } else { Some(kind) == instead }
    }

    /// The operations of these kinds in one histogram, whatever their cause; `None` when there were none.
    fn merged(&self, kinds: impl Fn(OpKind) -> bool) -> Option<Histogram<u64>> {
        let mut parts = self.by_kind_and_cause.iter().filter(|(kind, ..)| kinds(*kind)).map(|(.., part)| part);
        let mut sum = parts.next()?.clone();
        sum.auto(true);
        for part in parts {
            // Fails only for a value that an auto-resizing histogram of `u64` can't reach.
            sum.add(part).ok()?;
        }
        (!sum.is_empty()).then_some(sum)
    }
}

/// A percentile of all operations in these histograms; `None` when one of them is damaged.
pub(super) fn merged_quantile_ns(histograms: &[LatencyHistogram], quantile: f64) -> Option<u64> {
    percentile(&Latencies::decode(histograms)?.merged(|_| true)?, quantile)
}

/// The value below which a share `quantile` of the recordings lie, in the histogram's unit; `None` when there are
/// too few recordings for one of them to lie above. A quantile of 1.0 is the maximum.
pub fn percentile(histogram: &Histogram<u64>, quantile: f64) -> Option<u64> {
    resolves(histogram.len(), quantile).then(|| histogram.value_at_quantile(quantile))
}

/// Whether of so many recordings one lies above this quantile, or there are any where it is 1.0.
pub fn resolves(recordings: u64, quantile: f64) -> bool {
    // 1.0 - 0.9999 is a little more than 1e-4 in binary, 1.0 - 0.99 a little less than 1e-2.
    let above = (1.0 - quantile) * recordings as f64;
    recordings > 0 && (quantile >= 1.0 || above >= 1.0 - 1e-6)
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
fn each_ns(cell: &Cell, kind: OpKind, list: fn(&KindPercentiles) -> &Vec<u64>) -> Vec<f64> {
    let own = cell.time.iter().flat_map(|time| &time.percentiles).find(|own| own.kind == kind);
    own.map(|own| list(own).iter().map(|&ns| ns as f64).collect()).unwrap_or_default()
}

/// One percentile of the operations of one kind.
pub(super) fn percentile_ns(cell: &Cell, kind: OpKind, quantile: f64) -> Option<i128> {
    percentile(Latencies::of(cell)?.by_kind.get(&kind)?, quantile).map(i128::from)
}

/// The same of the least of each operation.
fn least_percentile_ns(cell: &Cell, kind: OpKind, quantile: f64) -> Option<i128> {
    percentile(Latencies::undisturbed(cell)?.by_kind.get(&kind)?, quantile).map(i128::from)
}

/// Mean and median of the operations of one kind, of what people are shown first.
pub(super) fn shown_first_ns(cell: &Cell, kind: OpKind) -> Option<(f64, u64)> {
    let latencies = Latencies::shown_first(cell)?;
    let of_kind = latencies.by_kind.get(&kind)?;
    Some((of_kind.mean(), of_kind.value_at_quantile(0.5)))
}

/// See [`shares::TAIL_SHARES`].
pub(super) fn tail_shares<T>(cell: &Cell, of: impl FnOnce(&BTreeMap<Cause, f64>) -> Option<T>) -> Option<T> {
    of(Latencies::shown_first(cell)?.tail_shares.as_ref()?)
}

/// What `$row!` makes of each kind's name, in words and as a variant.
macro_rules! each_kind {
    ($row:ident) => {
        [
            $row!("insert", Insert),
            $row!("overwrite", Overwrite),
            $row!("remove", Remove),
            $row!("get", Get),
            $row!("clear", Clear),
            $row!("iterate", Iterate),
            $row!("scan", Scan),
        ]
    };
}
pub(super) use each_kind;

macro_rules! percentiles {
    ($kind_name:literal, $kind:ident) => {
        [
            percentiles!($kind_name, $kind, "_p50_ns", p50_ns, 0.5, "median"),
            percentiles!($kind_name, $kind, "_p90_ns", p90_ns, 0.9, "90th percentile"),
            percentiles!($kind_name, $kind, "_p99_ns", p99_ns, 0.99, "99th percentile"),
            percentiles!(
                $kind_name,
                $kind,
                "_p999_ns",
                p999_ns,
                0.999,
                "99.9th percentile; absent below 1,000 recordings"
            ),
            percentiles!(
                $kind_name,
                $kind,
                "_p9999_ns",
                p9999_ns,
                0.9999,
                "99.99th percentile; absent below 10,000 recordings"
            ),
            percentiles!($kind_name, $kind, "_max_ns", max_ns, 1.0, "maximum"),
        ]
    };
    ($kind_name:literal, $kind:ident, $suffix:literal, $list:ident, $quantile:literal, $what:literal) => {
        timed(
            concat!($kind_name, $suffix),
            "ns",
            concat!("Latency of a single ", $kind_name, ", all causes and repetitions together: ", $what, "."),
            Integer(|c| percentile_ns(c, OpKind::$kind, $quantile)),
        )
        .repeated(|c| each_ns(c, OpKind::$kind, |own| &own.$list))
    };
}

/// Six percentiles for each kind of operation.
pub(super) const PERCENTILES: [[Metric; 6]; OpKind::ALL.len()] = each_kind!(percentiles);

macro_rules! undisturbed_percentiles {
    ($kind_name:literal, $kind:ident) => {
        [
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_p50_ns", 0.5, "median"),
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_p90_ns", 0.9, "90th percentile"),
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_p99_ns", 0.99, "99th percentile"),
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_p999_ns", 0.999, "99.9th percentile"),
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_p9999_ns", 0.9999, "99.99th percentile"),
            undisturbed_percentiles!($kind_name, $kind, "_undisturbed_max_ns", 1.0, "maximum"),
        ]
    };
    ($kind_name:literal, $kind:ident, $suffix:literal, $quantile:literal, $what:literal) => {
        timed(
            concat!($kind_name, $suffix),
            "ns",
            concat!(
                "The least latency of each single ",
                $kind_name,
                " over the repetitions, all causes together: ",
                $what,
                "."
            ),
            Integer(|c| least_percentile_ns(c, OpKind::$kind, $quantile)),
        )
        .rank(if $quantile > 0.99 { Rank::UndisturbedTail } else { Rank::UndisturbedTime })
        .settling(|c| shown_first_settling_ns(c, |kind| kind == OpKind::$kind, $quantile))
    };
}

/// The same six of the least of each operation.
pub(super) const UNDISTURBED_PERCENTILES: [[Metric; 6]; OpKind::ALL.len()] = each_kind!(undisturbed_percentiles);

/// The histograms that people are shown first: of the least of each operation, where there are any.
pub fn shown_first(cell: &Cell) -> &[LatencyHistogram] {
    let observed = cell.time.as_ref().map_or(&[][..], |time| &time.histograms);
    undisturbed::of(cell).map(|least| &*least.histograms).filter(|least| !least.is_empty()).unwrap_or(observed)
}

/// What the latencies of a cell's writes come to, or of the first kind that it has instead; undisturbed where it has such.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Operations recorded.
    pub count: u64,
    /// Absent for one operation.
    pub median_ns: Option<u64>,
    /// The longest.
    pub max_ns: u64,
    /// The cause of the longest.
    pub max_cause: Cause,
    /// The longest without structural work: what interruptions alone do here, where they are not taken out.
    pub steady_max_ns: u64,
}

impl Written {
    /// `None` for a cell that was not timed.
    pub fn of(cell: &Cell) -> Option<Written> {
        let latencies = Latencies::shown_first(cell)?;
        let written = latencies.written.as_ref()?;
        let shown = latencies.shown();
        let parts = || latencies.by_kind_and_cause.iter().filter(|(kind, ..)| shown(*kind));
        let longest = parts().rev().max_by_key(|(.., part)| part.max())?;
        let steady = parts().filter(|(_, cause, _)| *cause == Cause::Steady);
        Some(Written {
            count: written.len(),
            median_ns: percentile(written, 0.5),
            max_ns: written.max(),
            max_cause: longest.1,
            steady_max_ns: steady.map(|(.., part)| part.max()).max().unwrap_or(0),
        })
    }
}

/// A percentile of some kinds of operation together, of what people are shown first.
pub(super) fn shown_first_percentile_ns(cell: &Cell, kinds: impl Fn(OpKind) -> bool, quantile: f64) -> Option<i128> {
    percentile(&Latencies::shown_first(cell)?.merged(kinds)?, quantile).map(i128::from)
}

/// The same of each repetition, where it is of what was observed, and of one kind: the record doesn't have it of several.
pub(super) fn shown_first_each_ns(cell: &Cell, kinds: impl Fn(OpKind) -> bool, quantile: f64) -> Vec<f64> {
    let Some(time) = cell.time.as_ref().filter(|_| Latencies::undisturbed(cell).is_none()) else { return Vec::new() };
    let mut own = time.percentiles.iter().filter(|own| kinds(own.kind));
    let (Some(only), None) = (own.next(), own.next()) else { return Vec::new() };
    let mut lists = KindPercentiles::QUANTILES.into_iter().zip(only.lists());
    lists.find(|(of, _)| *of == quantile).map_or_else(Vec::new, |(_, list)| list.iter().map(|&ns| ns as f64).collect())
}

/// The same of the least over the first repetitions, for more and more of them.
pub(super) fn shown_first_settling_ns(cell: &Cell, kinds: impl Fn(OpKind) -> bool, quantile: f64) -> Vec<f64> {
    let of = |histograms| percentile(&Latencies::read(histograms)?.merged(&kinds)?, quantile);
    let after = cell.time.iter().flat_map(|time| &time.undisturbed).map(|least| of(&least.histograms));
    after.map(|ns| ns.map(|ns| ns as f64)).collect::<Option<_>>().unwrap_or_default()
}

/// Kind and cause, mean and number of what people are shown first.
pub(super) fn shown_first_means(cell: &Cell) -> Option<Vec<(OpKind, Cause, f64, u64)>> {
    let latencies = Latencies::shown_first(cell)?;
    Some(latencies.by_kind_and_cause.iter().map(|(kind, cause, of)| (*kind, *cause, of.mean(), of.len())).collect())
}

/// The cause of the longest of some kinds of operation, of what people are shown first.
pub(super) fn shown_first_max_cause(cell: &Cell, kinds: impl Fn(OpKind) -> bool) -> Option<Cause> {
    let latencies = Latencies::shown_first(cell)?;
    let parts = latencies.by_kind_and_cause.iter().filter(|(kind, ..)| kinds(*kind));
    parts.rev().max_by_key(|(.., part)| part.max()).map(|&(_, cause, _)| cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::{histogram, timed_cell, value};

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
                let all = percentile_ns(&whole, OpKind::Get, quantile).map(|ns| ns as u64);
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
