//! What several threads on one map come to, each.

use super::latency::merged_quantile_ns;
use super::{Better::Neither, Column, Formula, Formula::Integer, Formula::Real, Metric, events, per, rows, work};
use crate::record::ThreadTime;

/// The gate compares the times that these derive from.
const fn timed(name: &'static str, unit: &'static str, summary: &'static str, formula: Formula) -> Metric {
    super::timed(name, unit, summary, formula).better(Neither)
}

rows! {
    SLOWEST_THREAD_NS_PER_OP = timed(
        "slowest_thread_ns_per_op",
        "ns/op",
        "Wall time of a thread's share / its operations, median over the repetitions, of the thread where it is longest; \
         absent without --threads.",
        Real(|c| {
            let own = |thread: &ThreadTime| {
                let mut elapsed = thread.bare_elapsed_ns.clone();
                elapsed.sort_unstable();
                let median = *elapsed.get(elapsed.len() / 2)?;
                (thread.ops > 0).then(|| median as f64 / thread.ops as f64)
            };
            c.time.as_ref()?.threads.iter().filter_map(own).reduce(f64::max)
        }),
    );
    WORST_THREAD_P999_NS = timed(
        "worst_thread_p999_ns",
        "ns",
        "99.9th percentile of the latencies of all of a thread's operations, of the thread where it is highest; absent \
         without --threads.",
        Integer(|c| {
            let threads = &c.time.as_ref()?.threads;
            let own = threads.iter().filter_map(|thread| merged_quantile_ns(&thread.histograms, 0.999));
            own.max().map(i128::from)
        }),
    )
    .column(Column::new(
        10,
        "worst thread p99.9",
        "ns",
        "worst thread p99.9: of the thread where it is highest, all operations",
    ));
    LOCK_WAITS_PER_OP = timed(
        "lock_waits_per_op",
        "count/op",
        "Times that a lock was found taken and waited for / operations, in the count pass; absent without --threads and \
         for maps that don't tell.",
        per(&events::LOCK_WAIT_EVENTS, &work::OPS),
    )
    .column(Column::new(9, "waits", "/op", "waits: locks found taken").rank(7).decimals(4));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::{cell, counted, histogram, time};
    use crate::record::metrics::times::OPS_PER_S;
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
        cell.count = Some(counted(&[(events::LOCK_WAIT_EVENTS, 11)]));
        assert_eq!(OPS_PER_S.value(&cell), Some(Number::Real(1e8)));
        assert_eq!(SLOWEST_THREAD_NS_PER_OP.value(&cell), Some(Number::Real(20.0)));
        assert_eq!(WORST_THREAD_P999_NS.value(&cell), Some(Number::Int(40)));
        assert_eq!(LOCK_WAITS_PER_OP.value(&cell), Some(Number::Real(0.1)));
    }

    #[test]
    fn who_has_the_map_to_himself_has_no_figures_of_threads() {
        let mut cell = cell("std");
        cell.time = Some(Time { ops: 10, ..time(&[1000], vec![]) });
        cell.count = Some(Count::default());
        assert_eq!(OPS_PER_S.value(&cell), Some(Number::Real(1e7)));
        for metric in [SLOWEST_THREAD_NS_PER_OP, WORST_THREAD_P999_NS, LOCK_WAITS_PER_OP] {
            assert_eq!(metric.value(&cell), None, "{}", metric.name);
        }
    }
}
