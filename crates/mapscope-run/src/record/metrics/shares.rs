//! What share of the time kinds and causes of operations took.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::latency::{each_kind, shown_first_ns, tail_shares};
use super::{Better::Neither, Formula::Real, Metric, timed, undisturbed};
use crate::record::{Cause, Cell, OpKind};

/// The tail is what lies above this quantile.
const TAIL_QUANTILE: f64 = 0.999;

/// The share of the time that the operations above the p99.9 of all took, by cause. Holds every cause that occurred, the ones
/// without a share of the tail as 0.0; `None` when nothing lies above.
pub(super) fn of_tail(all: &Histogram<u64>, parts: &[(OpKind, Cause, Histogram<u64>)]) -> Option<BTreeMap<Cause, f64>> {
    let threshold = all.value_at_quantile(TAIL_QUANTILE);
    let mut time_ns = BTreeMap::<Cause, u128>::new();
    for (_, cause, histogram) in parts.iter().filter(|(.., histogram)| !histogram.is_empty()) {
        let above = histogram.iter_recorded().filter(|step| step.value_iterated_to() > threshold);
        let spent = |value, count| u128::from(histogram.median_equivalent(value)) * u128::from(count);
        *time_ns.entry(*cause).or_default() +=
            above.map(|step| spent(step.value_iterated_to(), step.count_at_value())).sum::<u128>();
    }
    let total: u128 = time_ns.values().sum();
    let share = |(cause, ns)| (cause, ns as f64 / total as f64);
    (total > 0).then(|| time_ns.into_iter().map(share).collect())
}

/// The share of the time that operations of one kind took of all that the operations took; of every operation, whether a
/// histogram has it or not.
fn time_share(cell: &Cell, kind: OpKind) -> Option<f64> {
    let kinds = kind_ns(cell)?;
    let all: f64 = kinds.iter().map(|(_, ns)| ns).sum();
    let own = kinds.iter().find(|(of, _)| *of == kind).map(|(_, ns)| *ns)?;
    (all > 0.0).then(|| own / all)
}

/// What all operations of a kind took in one repetition, in nanoseconds: the least of each where there are such, otherwise
/// the mean of the repetitions, with those too that no histogram has.
pub(super) fn kind_ns(cell: &Cell) -> Option<Vec<(OpKind, f64)>> {
    let time = cell.time.as_ref()?;
    let repetitions = time.clocked_elapsed_ns.len().max(1) as f64;
    // Small maps lie side by side.
    let all_ops: u64 = OpKind::ALL.into_iter().filter_map(|kind| cell.expected.ops(kind)).sum();
    let maps = if all_ops > 0 { time.ops as f64 / all_ops as f64 } else { 1.0 };
    let is_undisturbed = undisturbed::of(cell).is_some_and(|least| !least.histograms.is_empty());
    let of_kind = |(&kind, &observed_ns): (&OpKind, &u64)| match shown_first_ns(cell, kind) {
        Some((mean_ns, _)) if is_undisturbed => (kind, mean_ns * cell.expected.ops(kind).unwrap_or(0) as f64),
        _ => (kind, observed_ns as f64 / repetitions / maps),
    };
    Some(time.kind_ns.iter().map(of_kind).collect())
}

macro_rules! time_share {
    ($kind_name:literal, $kind:ident) => {
        timed(
            concat!("time_share_", $kind_name),
            "ratio",
            concat!(
                "Share of the sum of all latencies that those of kind ",
                $kind_name,
                " took, of undisturbed times where there are such; the shares of the kinds that occur add up to 1. Absent where the kind never occurred.",
            ),
            Real(|c| time_share(c, OpKind::$kind)),
        )
        .better(Neither)
    };
}

/// One share for each kind of operation.
pub const TIME_SHARES: [Metric; OpKind::ALL.len()] = each_kind!(time_share);

macro_rules! tail_shares {
    ($($cause_name:literal $cause:ident,)*) => {
        /// One share for each cause.
        pub const TAIL_SHARES: [Metric; Cause::ALL.len()] = [$(timed(
            concat!("tail_share_", $cause_name),
            "ratio",
            concat!(
                "Share of the time spent in operations above the p99.9 of all operations together that had the cause ",
                $cause_name,
                ", of undisturbed times where there are such; absent where the cause never occurred or nothing lies above.",
            ),
            Real(|c| tail_shares(c, |shares| shares.get(&Cause::$cause).copied())),
        )
        .better(Neither)),*];
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
    "machine" Machine,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::{histogram, timed_cell, value};

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
}
