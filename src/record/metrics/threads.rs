//! What several threads on one map come to, together and each.

use super::latency::{merged_quantile_ns, ns_per_op};
use super::{Better, Class, Metric, Number, ratio};
use crate::record::{Cell, ThreadTime};

const fn timed(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    // The gate compares the times that these derive from.
    Metric::new(name, unit, Class::Statistical, Better::Neither, summary, value)
}

pub(super) const OPS_PER_S: Metric = timed(
    "ops_per_s",
    "ops/s",
    "Operations a second of all threads together: 1e9 / ns_per_op. Higher is better.",
    |c| match ns_per_op(c.time.as_ref()?)?.as_f64() {
        ns if ns > 0.0 => Some(Number::Real(1e9 / ns)),
        _ => None,
    },
);

pub(super) const LOCK_WAITS_PER_OP: Metric = timed(
    "lock_waits_per_op",
    "count/op",
    "Times that a lock was found taken and waited for / operations, in the count pass; absent without --threads and \
     for maps that don't tell.",
    |c| ratio(c.count.as_ref()?.lock_wait_events?, c.id.ops),
);

pub(super) const SLOWEST_THREAD_NS_PER_OP: Metric = timed(
    "slowest_thread_ns_per_op",
    "ns/op",
    "Wall time of a thread's share / its operations, median over the repetitions, of the thread where it is longest; \
     absent without --threads.",
    |c| {
        let own = |thread: &ThreadTime| {
            let mut elapsed = thread.bare_elapsed_ns.clone();
            elapsed.sort_unstable();
            let median = *elapsed.get(elapsed.len() / 2)?;
            (thread.ops > 0).then(|| median as f64 / thread.ops as f64)
        };
        c.time.as_ref()?.threads.iter().filter_map(own).reduce(f64::max).map(Number::Real)
    },
);

pub(super) const WORST_THREAD_P999_NS: Metric = timed(
    "worst_thread_p999_ns",
    "ns",
    "99.9th percentile of the latencies of all of a thread's operations, of the thread where it is highest; absent \
     without --threads.",
    |c| {
        let threads = &c.time.as_ref()?.threads;
        threads.iter().filter_map(|thread| merged_quantile_ns(&thread.histograms, 0.999)).max().map(Number::Int)
    },
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture::{cell, histogram, time};
    use crate::record::{Cause, Count, OpKind, Time};

    fn thread(ops: u64, elapsed: &[u64], tail_ns: u64) -> ThreadTime {
        let histograms = vec![
            histogram(OpKind::Get, Cause::Steady, &[(10, 997)]),
            histogram(OpKind::Insert, Cause::LockWait, &[(tail_ns, 3)]),
        ];
        ThreadTime { ops, bare_elapsed_ns: elapsed.to_vec(), pinned_to: None, histograms }
    }

    #[test]
    fn threads_are_judged_by_the_slowest_and_sums_by_the_wall_clock() {
        let threads = vec![thread(10, &[900, 100, 200], 40), thread(100, &[500, 600, 700], 30)];
        let mut cell = cell("sharded-mutex");
        cell.time = Some(Time { ops: 110, threads, ..time(&[1100], vec![]) });
        cell.id.ops = 110;
        cell.count = Some(Count { lock_wait_events: Some(11), ..Count::default() });
        assert_eq!((OPS_PER_S.value)(&cell), Some(Number::Real(1e8)));
        assert_eq!((SLOWEST_THREAD_NS_PER_OP.value)(&cell), Some(Number::Real(20.0)));
        assert_eq!((WORST_THREAD_P999_NS.value)(&cell), Some(Number::Int(40)));
        assert_eq!((LOCK_WAITS_PER_OP.value)(&cell), Some(Number::Real(0.1)));
    }

    #[test]
    fn who_has_the_map_to_himself_has_no_figures_of_threads() {
        let mut cell = cell("std");
        cell.time = Some(Time { ops: 10, ..time(&[1000], vec![]) });
        cell.count = Some(Count::default());
        assert_eq!((OPS_PER_S.value)(&cell), Some(Number::Real(1e7)));
        for metric in [SLOWEST_THREAD_NS_PER_OP, WORST_THREAD_P999_NS, LOCK_WAITS_PER_OP] {
            assert_eq!((metric.value)(&cell), None, "{}", metric.name);
        }
    }
}
