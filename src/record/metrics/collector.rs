//! What a runtime's garbage collector did while the operations were timed.

use super::{Better, Class, Metric, Number};
use crate::record::{Cell, Collector};

const fn collected(
    name: &'static str,
    unit: &'static str,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Statistical, Better::Lower, summary, value)
}

fn collector(cell: &Cell) -> Option<&Collector> {
    cell.time.as_ref()?.collector.as_ref()
}

/// `sum` shared out over the repetitions.
fn per_repetition(collector: &Collector, sum: u64) -> Option<Number> {
    super::ratio(sum, collector.cycles.len() as u64)
}

pub(super) const GC_CYCLES: Metric = Metric {
    whole: false,
    ..collected(
        "gc_cycles",
        "count",
        "Garbage collections while the operations were timed, mean of the repetitions.",
        |c| {
            let collector = collector(c)?;
            per_repetition(collector, collector.cycles.iter().sum())
        },
    )
};

pub(super) const GC_PAUSE_TOTAL_NS: Metric = Metric {
    whole: false,
    ..collected(
        "gc_pause_total_ns",
        "ns",
        "Time for which those collections stopped the world, mean of the repetitions.",
        |c| {
            let collector = collector(c)?;
            per_repetition(collector, collector.pauses_ns.iter().sum())
        },
    )
};

pub(super) const GC_PAUSE_MAX_NS: Metric = collected(
    "gc_pause_max_ns",
    "ns",
    "The longest time for which one collection stopped the world; absent without a collection.",
    |c| collector(c)?.pauses_ns.iter().max().copied().map(Number::Int),
);

pub(super) const HEAP_PEAK_BYTES: Metric = collected(
    "heap_peak_bytes",
    "bytes",
    "The most bytes of objects on the collector's heap beyond what was there before the map, garbage included, seen \
     between batches of timed operations.",
    |c| collector(c)?.heap_peak_bytes.iter().max().copied().map(Number::Int),
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn cycles_and_pauses_are_means_of_the_repetitions() {
        let mut cell = fixture::cell("go-runtime");
        let mut time = fixture::time(&[1], vec![]);
        time.collector =
            Some(Collector { cycles: vec![3, 4], pauses_ns: vec![10, 20, 5, 1, 1, 1, 2], heap_peak_bytes: vec![7, 9] });
        cell.time = Some(time);
        assert_eq!((GC_CYCLES.value)(&cell), Some(Number::Real(3.5)));
        assert_eq!((GC_PAUSE_TOTAL_NS.value)(&cell), Some(Number::Real(20.0)));
        assert_eq!((GC_PAUSE_MAX_NS.value)(&cell), Some(Number::Int(20)));
        assert_eq!((HEAP_PEAK_BYTES.value)(&cell), Some(Number::Int(9)));
    }

    #[test]
    fn without_a_collector_there_is_none_of_it() {
        let mut cell = fixture::cell("std");
        cell.time = Some(fixture::time(&[1], vec![]));
        for metric in [GC_CYCLES, GC_PAUSE_TOTAL_NS, GC_PAUSE_MAX_NS, HEAP_PEAK_BYTES] {
            assert_eq!((metric.value)(&cell), None, "{}", metric.name);
        }
    }
}
