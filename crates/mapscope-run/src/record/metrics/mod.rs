//! The metrics: what a record says, by name. A metric is a quantity, which is an integer that was counted or is known of the
//! work, or a quotient of two; few need more. One file a family, one registry. Reports and the gate iterate it; adding a
//! metric edits neither.
//!
//! A metric that a cell cannot have is absent, never 0, and so is a quotient whose denominator is 0. Integers stay the
//! integers that were counted; quotients are divided once and never rounded.
//!
//! What a map counts beyond the registry it [declares](Quantity) itself: [`of`] adds that.

pub mod allocs;
mod collector;
mod column;
pub mod dearest;
pub mod events;
#[cfg(test)]
mod fixture;
mod instructions;
pub mod latency;
pub mod mainly;
pub mod memory;
mod metric;
pub mod moves;
pub mod parts;
mod rank;
pub mod shares;
pub mod structure;
pub mod threads;
pub mod times;
pub mod undisturbed;
pub mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

pub use column::Column;
pub use metric::{Formula, Metric, Number, Shown};
pub use rank::Rank;
pub use structure::worst_probe_groups;

use super::Results;
pub use crate::probe::quantity::{Better, Class, Quantity};

/// `of / per`.
const fn per(of: &'static Metric, per: &'static Metric) -> Formula {
    Formula::Quotient { of, per, scale: 1 }
}

/// An exact metric that a user pays for; less is better.
const fn cost(name: &'static str, unit: &'static str, summary: &'static str, formula: Formula) -> Metric {
    Metric::new(name, unit, Class::Exact, Better::Lower, summary, formula)
}

/// An exact metric that explains costs and is none; less is better.
const fn description(name: &'static str, unit: &'static str, summary: &'static str, formula: Formula) -> Metric {
    cost(name, unit, summary, formula).rank(Rank::Description)
}

/// A statistical metric of which less is better: a time as it was observed, or what depends on one.
const fn timed(name: &'static str, unit: &'static str, summary: &'static str, formula: Formula) -> Metric {
    Metric::new(name, unit, Class::Statistical, Better::Lower, summary, formula)
}

/// The rows of a family, each a constant and, in their order, the registry's.
macro_rules! rows {
    ($($name:ident = $row:expr;)*) => {
        $(
            #[doc = concat!("The row of `", stringify!($name), "`, in lower case; its summary says what it is.")]
            pub const $name: super::Metric = $row;
        )*
        /// In the order of the CSV's columns.
        pub(super) const ROWS: &[super::Metric] = &[$($name),*];
    };
}
use rows;

/// The registry: every metric whoever shows it, those that every format shows in the order of the CSV's columns.
pub fn registry() -> &'static [Metric] {
    static ROWS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
        let families = [
            work::ROWS,
            allocs::ROWS,
            moves::ROWS,
            memory::ROWS,
            events::ROWS,
            structure::ROWS,
            instructions::ROWS,
            instructions::OF_KINDS.as_flattened(),
            times::ROWS,
            latency::PERCENTILES.as_flattened(),
            undisturbed::ROWS,
            latency::UNDISTURBED_PERCENTILES.as_flattened(),
            parts::ROWS,
            &shares::TIME_SHARES,
            &shares::TAIL_SHARES,
            collector::ROWS,
            threads::ROWS,
            &[times::CLOCK_FLOOR_NS],
            mainly::ROWS,
            dearest::ROWS,
        ];
        families.concat()
    });
    &ROWS
}

/// Every metric that all formats show, in the order of the CSV's columns.
pub fn all() -> &'static [Metric] {
    static ALL: LazyLock<Vec<Metric>> =
        LazyLock::new(|| registry().iter().filter(|metric| metric.shown == Shown::Everywhere).copied().collect());
    &ALL
}

/// Every metric that all formats show of these records: [`all`], then what their maps declared, by name. A name has one
/// meaning in a record; what two records mean by it otherwise are two metrics, of which each has a value in one of them.
pub fn of<'a>(records: impl IntoIterator<Item = &'a Results>) -> Vec<Metric> {
    let counts = records.into_iter().flat_map(|results| &results.cells).filter_map(|cell| cell.count.as_ref());
    let quantities = counts.flat_map(|count| &count.declared);
    let mut by_meaning: BTreeMap<_, &Quantity> = BTreeMap::new();
    quantities.for_each(|quantity| _ = by_meaning.entry(quantity.meaning()).or_insert(quantity));
    all().iter().copied().chain(by_meaning.into_values().map(declared)).collect()
}

/// Every metric that the page shows of a record: those [`of`] it, then those for people alone.
pub fn in_reports(results: &Results) -> Vec<Metric> {
    let for_people = registry().iter().copied().filter(|metric| metric.shown == Shown::InReports);
    of([results]).into_iter().chain(for_people).collect()
}

/// The metric of all formats called `name`.
pub fn find(name: &str) -> Option<&'static Metric> {
    all().iter().find(|metric| metric.name == name)
}

/// Whether a metric comes from the pass of instructions.
pub fn is_executed(metric: &Metric) -> bool {
    instructions::ROWS.iter().chain(instructions::OF_KINDS.as_flattened()).any(|row| row.name == metric.name)
}

/// The quantity of the registry that a count pass records under `name`.
pub(super) fn counted(name: &str) -> Option<&'static Metric> {
    static BY_NAME: LazyLock<BTreeMap<&str, &Metric>> = LazyLock::new(|| {
        let counted = registry().iter().filter(|metric| metric.counted());
        counted.map(|metric| (metric.name, metric)).collect()
    });
    BY_NAME.get(name).copied()
}

/// A quantity that a map declared.
fn declared(quantity: &Quantity) -> Metric {
    let [name, unit, summary] = [&quantity.name, &quantity.unit, &quantity.summary].map(|text| interned(text));
    let metric = Metric::new(name, unit, quantity.class, quantity.better, summary, Formula::Declared);
    metric.column(Column::new(u8::MAX, name, unit, summary))
}

/// The text for as long as the program runs, which has it once: metrics are handed around by the thousand.
fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(known) = texts.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.into());
    texts.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::{Cause, Cell, Count, OpKind};

    /// Every exact metric, in the order of the columns.
    const EXACT: &str = "writes inserts overwrites removes gets clears iterations scans scanned_entries payload_bytes \
        alloc_count alloc_bytes entry_alloc_count entry_alloc_bytes free_count free_bytes realloc_moved_bytes allocs_per_write alloc_bytes_per_write \
        moved_entries moved_bytes moves_per_insert write_amplification alloc_amplification \
        live_bytes peak_bytes bytes_per_entry overhead_bytes_per_entry space_amplification peak_amplification \
        drained_bytes shrunk_bytes grow_events same_size_grow_events split_events directory_grow_events prune_events \
        promote_events dirty_copy_events rehash_events max_moves_in_one_write max_alloc_bytes_in_one_write \
        overflow_buckets overflow_bucket_percent chain_length_max hit_probes miss_probes \
        hit_probe_groups miss_probe_groups probe_groups_max hit_probes_worst hit_probe_groups_worst \
        bucket_entropy_bits tables directory_entries tombstones \
        slot_reuse_ratio slot_reuse_age_mean_writes in_use_overhead_bytes_per_entry \
        instructions_per_op branches_per_op mispredictions_per_op l1_misses_per_op ll_misses_per_op \
        loop_instructions_per_op";

    fn names(class: Class) -> Vec<&'static str> {
        all().iter().filter(|metric| metric.class == class).map(|metric| metric.name).collect()
    }

    #[test]
    fn the_exact_list_is_complete_and_in_order() {
        let mut expected: Vec<_> = EXACT.split_whitespace().map(String::from).collect();
        for kind in OpKind::ALL.map(OpKind::name) {
            let figures = ["instructions", "branches", "mispredictions", "l1_misses", "ll_misses"];
            expected.extend(figures.map(|figure| format!("{kind}_{figure}")));
        }
        assert_eq!(names(Class::Exact), expected);
    }

    #[test]
    fn the_statistical_list_is_complete_and_in_order() {
        let mut expected = ["ns_per_op", "ops_per_s"].map(String::from).to_vec();
        for kind in OpKind::ALL.map(OpKind::name) {
            expected.extend(["p50", "p90", "p99", "p999", "p9999", "max"].map(|p| format!("{kind}_{p}_ns")));
        }
        expected.extend(["undisturbed_ns_per_op", "disturbance_percent"].map(String::from));
        for kind in OpKind::ALL.map(OpKind::name) {
            expected
                .extend(["p50", "p90", "p99", "p999", "p9999", "max"].map(|p| format!("{kind}_undisturbed_{p}_ns")));
        }
        expected.push("hash_ns".to_owned());
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
        for metric in registry() {
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
        let work = "writes inserts overwrites removes gets clears iterations scans scanned_entries payload_bytes";
        assert_eq!(neither, work.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn of_the_exact_metrics_those_that_nobody_pays_for_are_descriptions() {
        let ranked = |rank| all().iter().filter(move |m| m.class == Class::Exact && m.rank == rank).map(|m| m.name);
        let descriptions = "grow_events same_size_grow_events split_events directory_grow_events prune_events \
            promote_events dirty_copy_events rehash_events overflow_buckets overflow_bucket_percent chain_length_max \
            bucket_entropy_bits tables directory_entries tombstones slot_reuse_ratio slot_reuse_age_mean_writes";
        let simulated = |name: &&str| ["mispredictions", "misses", "loop_"].iter().any(|of| name.contains(of));
        let of_maps = ranked(Rank::Description).filter(|name| !simulated(name));
        assert_eq!(of_maps.collect::<Vec<_>>(), descriptions.split_whitespace().collect::<Vec<_>>());
        let neither = all().iter().filter(|m| m.class == Class::Exact && m.better == Better::Neither).map(|m| m.name);
        assert!(ranked(Rank::Work).eq(neither));
        assert_eq!(ranked(Rank::Time).chain(ranked(Rank::UndisturbedTime)).count(), 0);
    }

    #[test]
    fn a_time_says_by_its_name_whether_the_machine_s_share_is_in_it() {
        for metric in registry().iter().filter(|metric| metric.class == Class::Statistical) {
            let expected = match (metric.better, metric.name.contains("undisturbed")) {
                (Better::Neither, _) => Rank::Description,
                (_, true) if ["_p999_ns", "_p9999_ns", "_max_ns"].iter().any(|end| metric.name.ends_with(end)) => {
                    Rank::UndisturbedTail
                }
                (_, true) => Rank::UndisturbedTime,
                (_, false) => Rank::Time,
            };
            assert_eq!(metric.rank, expected, "{}", metric.name);
        }
    }

    #[test]
    fn a_cell_that_has_every_metric_has_them_as_whole_says() {
        let cell = fixture::cell_with_everything();
        for metric in all() {
            let value = metric.value(&cell).unwrap_or_else(|| panic!("{} is absent", metric.name));
            assert_eq!(matches!(value, Number::Int(_)), metric.whole(), "{}: {value:?}", metric.name);
        }
    }

    #[test]
    fn a_value_is_within_its_repetitions() {
        let cell = fixture::cell_with_everything();
        let of_repetitions = all().iter().filter(|metric| !metric.repetitions(&cell).is_empty());
        for metric in of_repetitions.clone() {
            let mut repetitions = metric.repetitions(&cell);
            assert_eq!(repetitions.len(), 3);
            repetitions.sort_by(f64::total_cmp);
            let value = metric.value(&cell).unwrap().as_f64();
            assert!((repetitions[0]..=repetitions[2]).contains(&value), "{}: {value}", metric.name);
            assert_eq!(metric.range(&cell), Some((repetitions[0], repetitions[2])), "{}", metric.name);
            if metric.name == "ns_per_op" {
                assert_eq!(value, repetitions[1], "the median");
            }
        }
        // Every observed time that can be better or worse, and of every undisturbed one how it settled.
        let compared = all().iter().filter(|metric| metric.rank == Rank::Time);
        for metric in all() {
            let settled = metric.settled(&cell);
            assert_eq!(settled.len(), if metric.rank.is_undisturbed() { 3 } else { 0 }, "{}", metric.name);
            let last = metric.value(&cell).unwrap().as_f64();
            assert!(settled.is_empty() || settled[2] == last, "{}: {settled:?}", metric.name);
        }
        assert!(of_repetitions.map(|metric| metric.name).eq(compared.map(|metric| metric.name)));
        assert_eq!(find("live_bytes").unwrap().range(&cell), None);
        // What people are shown scatters as what it stands for.
        let scatter = |name: &str| registry().iter().find(|metric| metric.name == name).unwrap().scatter(&cell);
        assert_eq!(scatter("time_ns_per_op"), scatter("undisturbed_ns_per_op"));
        assert!(scatter("time_ns_per_op").is_some_and(|(from, to)| from < to));
        assert!(scatter("latency_p50_ns").is_some());
    }

    #[test]
    fn numbers_print_so_that_they_read_back() {
        assert_eq!(Number::Int(u64::MAX).to_string(), "18446744073709551615");
        assert_eq!(Number::Real(0.1).to_string(), "0.1");
        assert_eq!(Number::Real(1.0 / 3.0).to_string().parse(), Ok(1.0 / 3.0));
    }

    #[test]
    fn nothing_over_nothing_is_absent() {
        let over = |live_bytes, entries| {
            let mut cell = fixture::cell("std");
            cell.expected.entries = entries;
            cell.count = Some(fixture::counted(&[(memory::LIVE_BYTES, live_bytes)]));
            memory::BYTES_PER_ENTRY.value(&cell)
        };
        assert_eq!(over(0, 0), None);
        assert_eq!(over(1, 0), None);
        assert_eq!(over(1, 4), Some(Number::Real(0.25)));
    }

    #[test]
    fn what_is_beyond_128_bits_is_absent_and_does_not_wrap() {
        let mut cell = fixture::cell_with_everything();
        (cell.expected.entries, cell.key_bytes) = (u64::MAX, u64::MAX);
        assert_eq!(memory::OVERHEAD_BYTES_PER_ENTRY.value(&cell), None);
        assert_eq!(structure::IN_USE_OVERHEAD_BYTES_PER_ENTRY.value(&cell), None);
    }

    #[test]
    fn a_quotient_s_parts_are_integers_of_the_registry() {
        let names: BTreeSet<_> = registry().iter().map(|metric| metric.name).collect();
        for metric in registry() {
            let Formula::Quotient { of, per, .. } = metric.formula else { continue };
            for part in [of, per] {
                assert!(part.whole() && names.contains(part.name), "{} of {}", part.name, metric.name);
            }
        }
    }

    #[test]
    fn columns_have_places_of_their_own_and_are_of_what_tables_show() {
        let columns = || registry().iter().filter_map(|metric| Some((metric, metric.column?)));
        let places: BTreeSet<_> = columns().map(|(_, column)| column.place).collect();
        assert_eq!(places.len(), columns().count());
        for (metric, column) in columns() {
            assert!(metric.shown >= Shown::InTables && column.legend.starts_with(|c: char| c.is_ascii_lowercase()));
        }
        let hidden = registry().iter().filter(|metric| metric.shown == Shown::InTables);
        assert!(hidden.into_iter().all(|metric| metric.column.is_some()), "it would be seen nowhere");
    }

    #[test]
    fn what_maps_declare_comes_last_by_name_each_meaning_once() {
        let quantity = |name, better| Quantity::exact(name, "count", better, "Of a map of one's own.");
        let declaring = |declared: Vec<Quantity>| {
            let count = Some(Count { declared, ..Count::default() });
            fixture::results(vec![Cell { count, ..fixture::cell("std") }])
        };
        let before = declaring(vec![quantity("b.x", Better::Lower), quantity("a.x", Better::Lower)]);
        let after = declaring(vec![quantity("b.x", Better::Higher)]);
        let metrics = of([&before, &after]);
        let own: Vec<_> = metrics[all().len()..].iter().map(|metric| (metric.name, metric.better)).collect();
        assert_eq!(own, [("a.x", Better::Lower), ("b.x", Better::Lower), ("b.x", Better::Higher)]);
        assert!(std::ptr::eq(metrics.last().unwrap().name, of([&before]).last().unwrap().name), "held once");
    }
}
