//! The metrics: what a record says, by name. One file a family, one registry: [`all`]. Reports and the gate iterate
//! it; adding a metric edits neither.
//!
//! A metric that a cell cannot have is absent, never 0, and so is a ratio whose denominator is 0. Integers stay the
//! integers that were counted; quotients are divided once and never rounded.

mod collector;
mod counts;
#[cfg(test)]
mod fixture;
pub mod latency;
mod memory;
mod ratios;
mod structure;
mod threads;

use std::fmt;
use std::sync::LazyLock;

use serde::Serialize;

pub use structure::worst_probe_groups;

use super::Cell;

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The CSV header and the JSON key; the unit comes last in it.
    pub name: &'static str,
    /// `count`, `bytes`, `ns`, `ratio`, `percent`, `bits`, `bytes/write`, ...
    pub unit: &'static str,
    /// Exact or statistical.
    pub class: Class,
    /// Which way is better.
    pub better: Better,
    /// What it says, with its formula; one or two sentences.
    pub summary: &'static str,
    /// Its value in a cell; `None` where the cell can't have it.
    ///
    /// Asking one cell for many metrics is cheap: the histograms behind the percentiles are decoded once.
    pub value: fn(&Cell) -> Option<Number>,
    /// Whether the value is a [`Number::Int`] wherever there is one, a [`Number::Real`] otherwise: a column's type.
    pub whole: bool,
    /// The same of each repetition alone, in their order; nothing where the record doesn't have it of each.
    ///
    /// The value is never beyond the smallest and the largest of them, but it need not be one of them: `ns_per_op` is their
    /// median, `gc_cycles` their mean, and a percentile is that of all operations of all repetitions.
    pub repetitions: fn(&Cell) -> Vec<f64>,
}

impl Metric {
    /// A metric that no repetition alone has. Counts, bytes and nanoseconds are whole numbers; a mean of them says
    /// otherwise.
    const fn new(
        name: &'static str,
        unit: &'static str,
        class: Class,
        better: Better,
        summary: &'static str,
        value: fn(&Cell) -> Option<Number>,
    ) -> Metric {
        let whole = matches!(unit.as_bytes(), b"count" | b"bytes" | b"ns");
        Metric { name, unit, class, better, summary, value, whole, repetitions: |_| Vec::new() }
    }

    /// The smallest and the largest of [`Metric::repetitions`], where there are any.
    pub fn range(&self, cell: &Cell) -> Option<(f64, f64)> {
        let repetitions = (self.repetitions)(cell);
        let bound = |of: fn(f64, f64) -> f64| repetitions.iter().copied().reduce(of);
        bound(f64::min).zip(bound(f64::max))
    }
}

/// Whether a metric repeats bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It does.
    Exact,
    /// It is a time.
    Statistical,
}

impl Class {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Exact => "exact",
            Class::Statistical => "statistical",
        }
    }
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// An exact one describes the workload: any change means that the two runs did different work. A statistical one
    /// describes how the time went or was measured, and is not compared.
    Neither,
}

impl Better {
    /// `lower` or `higher`, as reports say it; `None` for a metric without a direction.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Better::Lower => Some("lower"),
            Better::Higher => Some("higher"),
            Better::Neither => None,
        }
    }
}

/// A metric's value: an integer as counted, or a quotient never rounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// Counted.
    Int(u64),
    /// Derived; finite.
    Real(f64),
}

impl Number {
    /// The value as a float, for arithmetic and for display; exact up to 2^53.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Real(x) => x,
        }
    }
}

/// The shortest decimal form that reads back as the same number.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(n) => write!(f, "{n}"),
            Number::Real(x) => write!(f, "{x}"),
        }
    }
}

/// The metric called `name`.
pub fn find(name: &str) -> Option<&'static Metric> {
    all().iter().find(|metric| metric.name == name)
}

/// `numerator / denominator`; absent when nothing is to be divided by. Sums are of 128 bits, which those of a record's figures
/// fit into.
fn ratio(numerator: impl Into<u128>, denominator: impl Into<u128>) -> Option<Number> {
    let (numerator, denominator) = (numerator.into(), denominator.into());
    (denominator > 0).then(|| Number::Real(numerator as f64 / denominator as f64))
}

/// Every metric, in the order of the CSV's columns.
pub fn all() -> &'static [Metric] {
    static ALL: LazyLock<Vec<Metric>> = LazyLock::new(|| {
        let mut all = vec![
            counts::WRITES,
            counts::INSERTS,
            counts::OVERWRITES,
            counts::REMOVES,
            counts::GETS,
            counts::CLEARS,
            counts::ITERATIONS,
            counts::PAYLOAD_BYTES,
            counts::ALLOC_COUNT,
            counts::ALLOC_BYTES,
            counts::ENTRY_ALLOC_COUNT,
            counts::ENTRY_ALLOC_BYTES,
            counts::FREE_COUNT,
            counts::FREE_BYTES,
            counts::REALLOC_MOVED_BYTES,
            ratios::ALLOCS_PER_WRITE,
            ratios::ALLOC_BYTES_PER_WRITE,
            counts::MOVED_ENTRIES,
            counts::MOVED_BYTES,
            ratios::MOVES_PER_INSERT,
            ratios::WRITE_AMPLIFICATION,
            ratios::ALLOC_AMPLIFICATION,
            memory::LIVE_BYTES,
            memory::PEAK_BYTES,
            memory::BYTES_PER_ENTRY,
            memory::OVERHEAD_BYTES_PER_ENTRY,
            memory::SPACE_AMPLIFICATION,
            memory::PEAK_AMPLIFICATION,
            memory::DRAINED_BYTES,
            memory::SHRUNK_BYTES,
            counts::GROW_EVENTS,
            counts::SAME_SIZE_GROW_EVENTS,
            counts::SPLIT_EVENTS,
            counts::DIRECTORY_GROW_EVENTS,
            counts::PRUNE_EVENTS,
            counts::PROMOTE_EVENTS,
            counts::DIRTY_COPY_EVENTS,
            counts::REHASH_EVENTS,
            counts::MAX_MOVES_IN_ONE_WRITE,
            counts::MAX_ALLOC_BYTES_IN_ONE_WRITE,
            structure::OVERFLOW_BUCKETS,
            structure::OVERFLOW_BUCKET_PERCENT,
            structure::CHAIN_LENGTH_MAX,
            structure::HIT_PROBES,
            structure::MISS_PROBES,
            structure::HIT_PROBE_GROUPS,
            structure::MISS_PROBE_GROUPS,
            structure::PROBE_GROUPS_MAX,
            structure::HIT_PROBES_WORST,
            structure::HIT_PROBE_GROUPS_WORST,
            structure::BUCKET_ENTROPY_BITS,
            structure::TABLES,
            structure::DIRECTORY_ENTRIES,
            structure::TOMBSTONES,
            structure::SLOT_REUSE_RATIO,
            structure::SLOT_REUSE_AGE_MEAN_WRITES,
            structure::IN_USE_OVERHEAD_BYTES_PER_ENTRY,
            latency::NS_PER_OP,
            threads::OPS_PER_S,
        ];
        all.extend(latency::PERCENTILES);
        all.extend(latency::TIME_SHARES);
        all.extend(latency::TAIL_SHARES);
        all.extend([
            collector::GC_CYCLES,
            collector::GC_PAUSE_TOTAL_NS,
            collector::GC_PAUSE_MAX_NS,
            collector::HEAP_PEAK_BYTES,
        ]);
        all.extend([
            threads::SLOWEST_THREAD_NS_PER_OP,
            threads::WORST_THREAD_P999_NS,
            threads::LOCK_WAITS_PER_OP,
            latency::CLOCK_FLOOR_NS,
        ]);
        all
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::{Cause, OpKind};

    /// Every exact metric, in the order of the columns.
    const EXACT: &str = "writes inserts overwrites removes gets clears iterations payload_bytes \
        alloc_count alloc_bytes entry_alloc_count entry_alloc_bytes free_count free_bytes realloc_moved_bytes allocs_per_write alloc_bytes_per_write \
        moved_entries moved_bytes moves_per_insert write_amplification alloc_amplification \
        live_bytes peak_bytes bytes_per_entry overhead_bytes_per_entry space_amplification peak_amplification \
        drained_bytes shrunk_bytes grow_events same_size_grow_events split_events directory_grow_events prune_events \
        promote_events dirty_copy_events rehash_events max_moves_in_one_write max_alloc_bytes_in_one_write \
        overflow_buckets overflow_bucket_percent chain_length_max hit_probes miss_probes \
        hit_probe_groups miss_probe_groups probe_groups_max hit_probes_worst hit_probe_groups_worst \
        bucket_entropy_bits tables directory_entries tombstones \
        slot_reuse_ratio slot_reuse_age_mean_writes in_use_overhead_bytes_per_entry";

    fn names(class: Class) -> Vec<&'static str> {
        all().iter().filter(|metric| metric.class == class).map(|metric| metric.name).collect()
    }

    #[test]
    fn the_exact_list_is_complete_and_in_order() {
        assert_eq!(names(Class::Exact), EXACT.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn the_statistical_list_is_complete_and_in_order() {
        let mut expected = ["ns_per_op", "ops_per_s"].map(String::from).to_vec();
        for kind in OpKind::ALL.map(OpKind::name) {
            expected.extend(["p50", "p90", "p99", "p999", "p9999", "max"].map(|p| format!("{kind}_{p}_ns")));
        }
        expected.extend(OpKind::ALL.map(|kind| format!("time_share_{}", kind.name())));
        expected.extend(Cause::ALL.map(|cause| format!("tail_share_{}", cause.name())));
        let rest = "gc_cycles gc_pause_total_ns gc_pause_max_ns heap_peak_bytes \
            slowest_thread_ns_per_op worst_thread_p999_ns lock_waits_per_op clock_floor_ns";
        expected.extend(rest.split_whitespace().map(String::from));
        assert_eq!(names(Class::Statistical), expected);
    }

    #[test]
    fn every_metric_is_unique_documented_and_named_in_one_form() {
        let mut seen = BTreeSet::new();
        for metric in all() {
            assert!(seen.insert(metric.name), "{} is registered twice", metric.name);
            assert!(metric.summary.len() >= 20 && metric.summary.ends_with('.'), "{}: say what it is", metric.name);
            assert!(!metric.unit.is_empty(), "{} has no unit", metric.name);
            assert!(
                metric.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')),
                "{}: lower case, please",
                metric.name
            );
        }
    }

    #[test]
    fn of_the_exact_metrics_only_the_workload_is_neither_better_nor_worse() {
        let exact = all().iter().filter(|m| m.class == Class::Exact);
        let neither: Vec<_> = exact.filter(|m| m.better == Better::Neither).map(|m| m.name).collect();
        let work = "writes inserts overwrites removes gets clears iterations payload_bytes";
        assert_eq!(neither, work.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn a_cell_that_has_every_metric_has_them_as_whole_says() {
        let cell = fixture::cell_with_everything();
        for metric in all() {
            let value = (metric.value)(&cell).unwrap_or_else(|| panic!("{} is absent", metric.name));
            assert_eq!(matches!(value, Number::Int(_)), metric.whole, "{}: {value:?}", metric.name);
        }
    }

    #[test]
    fn a_value_is_within_its_repetitions() {
        let cell = fixture::cell_with_everything();
        let of_repetitions = all().iter().filter(|metric| !(metric.repetitions)(&cell).is_empty());
        for metric in of_repetitions.clone() {
            let mut repetitions = (metric.repetitions)(&cell);
            assert_eq!(repetitions.len(), 3);
            repetitions.sort_by(f64::total_cmp);
            let value = (metric.value)(&cell).unwrap().as_f64();
            assert!((repetitions[0]..=repetitions[2]).contains(&value), "{}: {value}", metric.name);
            assert_eq!(metric.range(&cell), Some((repetitions[0], repetitions[2])), "{}", metric.name);
            if metric.name == "ns_per_op" {
                assert_eq!(value, repetitions[1], "the median");
            }
        }
        // Every time that can be better or worse: nothing else is compared.
        let compared =
            all().iter().filter(|metric| metric.class == Class::Statistical && metric.better != Better::Neither);
        assert!(of_repetitions.map(|metric| metric.name).eq(compared.map(|metric| metric.name)));
        assert_eq!(find("live_bytes").unwrap().range(&cell), None);
    }

    #[test]
    fn numbers_print_so_that_they_read_back() {
        assert_eq!(Number::Int(u64::MAX).to_string(), "18446744073709551615");
        assert_eq!(Number::Real(0.1).to_string(), "0.1");
        assert_eq!(Number::Real(1.0 / 3.0).to_string().parse(), Ok(1.0 / 3.0));
    }

    #[test]
    fn nothing_over_nothing_is_absent() {
        assert_eq!(ratio(0_u64, 0_u64), None);
        assert_eq!(ratio(1_u64, 0_u64), None);
        assert_eq!(ratio(1_u64, 4_u64), Some(Number::Real(0.25)));
    }
}
