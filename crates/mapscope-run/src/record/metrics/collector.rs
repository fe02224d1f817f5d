//! What a runtime's garbage collector did while the operations were timed.

use super::{Column, Formula::Integer, Formula::Real, rows, timed};
use crate::record::{Cell, Collector};

fn collector(cell: &Cell) -> Option<&Collector> {
    cell.time.as_ref()?.collector.as_ref()
}

/// `sum` shared out over the repetitions.
fn per_repetition(collector: &Collector, sum: u128) -> Option<f64> {
    let repetitions = collector.cycles.len();
    (repetitions > 0).then(|| sum as f64 / repetitions as f64)
}

fn sum(figures: &[u64]) -> u128 {
    figures.iter().map(|&x| u128::from(x)).sum()
}

/// Lists of the collector as what each repetition gave.
fn each(cell: &Cell, list: fn(&Collector) -> &Vec<u64>) -> Vec<f64> {
    collector(cell).map(|collector| list(collector).iter().map(|&x| x as f64).collect()).unwrap_or_default()
}

/// The pauses of each repetition; nothing where they can't be told apart.
fn pauses(cell: &Cell) -> Option<Vec<&[u64]>> {
    let Collector { cycles, pauses_ns, .. } = collector(cell)?;
    let mut left = &pauses_ns[..];
    let mut own = Vec::new();
    for &cycles in cycles {
        let (first, rest) = left.split_at_checked(usize::try_from(cycles).ok()?)?;
        own.push(first);
        left = rest;
    }
    left.is_empty().then_some(own)
}

const LEGEND: &str = "gc: garbage collections a repetition, and how long they stopped the world";

rows! {
    GC_CYCLES = timed(
        "gc_cycles",
        "count",
        "Garbage collections while the operations were timed, mean of the repetitions.",
        Real(|c| {
            let collector = collector(c)?;
            per_repetition(collector, sum(&collector.cycles))
        }),
    )
    .repeated(|c| each(c, |collector| &collector.cycles))
    .column(Column::new(11, "gc", "cycles", LEGEND).rank(6).decimals(1));
    GC_PAUSE_TOTAL_NS = timed(
        "gc_pause_total_ns",
        "ns",
        "Time for which those collections stopped the world, mean of the repetitions.",
        Real(|c| {
            let collector = collector(c)?;
            per_repetition(collector, sum(&collector.pauses_ns))
        }),
    )
    .repeated(|c| pauses(c).into_iter().flatten().map(|own| sum(own) as f64).collect())
    .column(Column::new(12, "gc pauses", "µs", LEGEND).rank(13).decimals(1).divisor(1e3));
    GC_PAUSE_MAX_NS = timed(
        "gc_pause_max_ns",
        "ns",
        "The longest time for which one collection stopped the world; absent without a collection.",
        Integer(|c| collector(c)?.pauses_ns.iter().max().copied().map(i128::from)),
    )
    // A repetition without a collection has no longest pause, and then there is no value for each.
    .repeated(|c| {
        let longest = |own: &[u64]| own.iter().max().map(|&ns| ns as f64);
        pauses(c).and_then(|own| own.into_iter().map(longest).collect()).unwrap_or_default()
    });
    HEAP_PEAK_BYTES = timed(
        "heap_peak_bytes",
        "bytes",
        "The most bytes of objects on the collector's heap beyond what was there before the map, garbage included, seen \
         between batches of timed operations.",
        Integer(|c| collector(c)?.heap_peak_bytes.iter().max().copied().map(i128::from)),
    )
    .repeated(|c| each(c, |collector| &collector.heap_peak_bytes))
    .column(
        Column::new(13, "heap peak", "MiB", "heap peak: the most bytes of objects, garbage included")
            .rank(14)
            .decimals(1)
            .divisor((1 << 20) as f64),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::{Number, fixture};

    #[test]
    fn cycles_and_pauses_are_means_of_the_repetitions() {
        let mut cell = fixture::cell("go-runtime");
        let mut time = fixture::time(&[1], vec![]);
        time.collector =
            Some(Collector { cycles: vec![3, 4], pauses_ns: vec![10, 20, 5, 1, 1, 1, 2], heap_peak_bytes: vec![7, 9] });
        cell.time = Some(time);
        assert_eq!(GC_CYCLES.value(&cell), Some(Number::Real(3.5)));
        assert_eq!(GC_PAUSE_TOTAL_NS.value(&cell), Some(Number::Real(20.0)));
        assert_eq!(GC_PAUSE_MAX_NS.value(&cell), Some(Number::Int(20)));
        assert_eq!(HEAP_PEAK_BYTES.value(&cell), Some(Number::Int(9)));
        assert_eq!(GC_CYCLES.repetitions(&cell), [3.0, 4.0]);
        assert_eq!(GC_PAUSE_TOTAL_NS.repetitions(&cell), [35.0, 5.0]);
        assert_eq!(GC_PAUSE_MAX_NS.repetitions(&cell), [20.0, 2.0]);
        assert_eq!(HEAP_PEAK_BYTES.repetitions(&cell), [7.0, 9.0]);
    }

    #[test]
    fn pauses_that_are_no_repetition_s_give_no_value_for_each() {
        let with = |cycles: &[u64], pauses: &[u64]| {
            let mut time = fixture::time(&[1], vec![]);
            let (cycles, pauses_ns) = (cycles.to_vec(), pauses.to_vec());
            time.collector = Some(Collector { cycles, pauses_ns, heap_peak_bytes: vec![7, 9] });
            Cell { time: Some(time), ..fixture::cell("go-runtime") }
        };
        assert!(GC_PAUSE_TOTAL_NS.repetitions(&with(&[2, 1], &[1, 2])).is_empty());
        assert!(GC_PAUSE_TOTAL_NS.repetitions(&with(&[1, 1], &[1, 2, 3])).is_empty());
        let idle = with(&[0, 2], &[1, 2]);
        assert_eq!(GC_PAUSE_TOTAL_NS.repetitions(&idle), [0.0, 3.0]);
        assert!(GC_PAUSE_MAX_NS.repetitions(&idle).is_empty(), "the first one has no longest");
    }

    #[test]
    fn without_a_collector_there_is_none_of_it() {
        let mut cell = fixture::cell("std");
        cell.time = Some(fixture::time(&[1], vec![]));
        for metric in [GC_CYCLES, GC_PAUSE_TOTAL_NS, GC_PAUSE_MAX_NS, HEAP_PEAK_BYTES] {
            assert_eq!(metric.value(&cell), None, "{}", metric.name);
        }
    }
}
