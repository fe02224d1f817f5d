//! The time of an operation, over all of them.

use super::{Better, Column, Formula::Real, Metric, rows, timed};
use crate::record::{Cell, Time};

/// The median over the repetitions, halfway between the middle two when their number is even.
pub(super) fn ns_per_op(time: &Time) -> Option<f64> {
    let mut elapsed = time.bare_elapsed_ns.clone();
    elapsed.sort_unstable();
    let middle = elapsed.len() / 2;
    let median = match elapsed.len() {
        0 => return None,
        odd if odd % 2 == 1 => elapsed[middle] as f64,
        _ => (elapsed[middle - 1] as f64 + elapsed[middle] as f64) / 2.0,
    };
    (time.ops > 0).then(|| median / time.ops as f64)
}

/// The same of each repetition.
pub(super) fn each_ns_per_op(cell: &Cell) -> Vec<f64> {
    let Some(time) = cell.time.as_ref().filter(|time| time.ops > 0) else { return Vec::new() };
    time.bare_elapsed_ns.iter().map(|&ns| ns as f64 / time.ops as f64).collect()
}

rows! {
    NS_PER_OP = timed(
        "ns_per_op",
        "ns/op",
        "Wall time of the measured operations without a clock in the loop / operations, median over the repetitions.",
        Real(|c| ns_per_op(c.time.as_ref()?)),
    )
    .repeated(each_ns_per_op);
    // The gate compares the times that this derives from.
    OPS_PER_S = timed(
        "ops_per_s",
        "ops/s",
        "Operations a second of all threads together: 1e9 / ns_per_op. Higher is better.",
        Real(|c| ns_per_op(c.time.as_ref()?).filter(|&ns| ns > 0.0).map(|ns| 1e9 / ns)),
    )
    .better(Better::Neither)
    .column(Column {
        larger: true,
        of: |c| c.id.threads.is_some(),
        ..Column::new(1, "rate", "M ops/s", "rate: operations of all threads together, a larger one is better")
            .rank(3)
            .decimals(2)
            .divisor(1e6)
    });
}

/// Last of all: it is of no map.
pub const CLOCK_FLOOR_NS: Metric = timed(
    "clock_floor_ns",
    "ns",
    "What measuring itself costs: the median interval of an empty operation; every percentile contains it.",
    Real(|c| c.time.as_ref().map(|time| time.clock_floor_ns)),
)
.better(Better::Neither);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture::time;

    #[test]
    fn time_per_operation_is_the_median_of_the_repetitions() {
        let per_op = |elapsed: &[u64], ops| ns_per_op(&Time { ops, ..time(elapsed, vec![]) });
        assert_eq!(per_op(&[900, 100, 200], 10), Some(20.0));
        assert_eq!(per_op(&[900, 100, 200, 300], 10), Some(25.0));
        assert_eq!(per_op(&[], 10), None);
        assert_eq!(per_op(&[100], 0), None);
    }
}
