//! The metrics: what a record says, by name. One file a family, one registry: [`all`]. Reports and the gate iterate it;
//! adding a metric edits neither.
//!
//! A metric that a cell can't have is absent, never 0; so is a ratio without a denominator. Nothing is rounded.

mod counts;
pub mod latency;
mod memory;
mod ratios;
mod structure;

use std::sync::LazyLock;

use super::{Cell, Count};

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
    pub value: fn(&Cell) -> Option<Number>,
}

/// Whether a metric repeats bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It does.
    Exact,
    /// It is a time.
    Statistical,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// It describes the workload: any change means that the two runs did different work.
    Neither,
}

/// A metric's value: an integer as counted, or a quotient never rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Counted.
    Int(u64),
    /// Derived; finite.
    Real(f64),
}

impl Number {
    /// The value as a float; integers above 2^53 lose their last digits.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Real(x) => x,
        }
    }
}

/// An exact metric.
const fn exact(
    name: &'static str,
    unit: &'static str,
    better: Better,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric { name, unit, class: Class::Exact, better, summary, value }
}

/// Every metric, in the order of the CSV's columns.
pub fn all() -> &'static [Metric] {
    static ALL: LazyLock<Vec<Metric>> = LazyLock::new(|| {
        let families = [counts::METRICS, ratios::METRICS, memory::METRICS, structure::METRICS, latency::METRICS];
        families.concat()
    });
    &ALL
}

/// The metric called `name`.
pub fn find(name: &str) -> Option<&'static Metric> {
    all().iter().find(|metric| metric.name == name)
}

/// A quotient; absent without a denominator.
fn ratio(numerator: u64, denominator: u64) -> Option<Number> {
    (denominator > 0).then(|| Number::Real(numerator as f64 / denominator as f64))
}

fn writes(cell: &Cell) -> u64 {
    cell.expected.inserts + cell.expected.overwrites + cell.expected.removes
}

/// Entries and bytes moved: as the map itself says where it does, otherwise by the census.
fn moved(count: &Count) -> (u64, u64) {
    let inside = count.inside_moved_entries.zip(count.inside_moved_bytes);
    inside.unwrap_or((count.census_moved_entries, count.census_moved_bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The exact names, in the order in which they were agreed.
    const NAMES: &str = "writes inserts overwrites removes gets payload_bytes \
        alloc_count alloc_bytes free_count free_bytes realloc_moved_bytes \
        moved_entries moved_bytes allocs_per_write alloc_bytes_per_write moves_per_insert \
        write_amplification alloc_amplification \
        live_bytes peak_bytes bytes_per_entry overhead_bytes_per_entry space_amplification peak_amplification \
        drained_bytes grow_events same_size_grow_events max_moves_in_one_write max_alloc_bytes_in_one_write \
        overflow_buckets overflow_bucket_percent chain_length_max hit_probes miss_probes bucket_entropy_bits \
        tombstones slot_reuse_ratio ns_per_op tail_share_steady tail_share_same-size-grow clock_floor_ns \
        insert_p50_ns overwrite_p90_ns remove_p99_ns get_p999_ns insert_p9999_ns get_max_ns";

    #[test]
    fn every_agreed_metric_is_there() {
        for name in NAMES.split_whitespace() {
            assert!(find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_every_metric_is_described() {
        let mut seen = HashSet::new();
        for metric in all() {
            assert!(seen.insert(metric.name), "{} twice", metric.name);
            assert!(metric.summary.len() > 15 && metric.summary.ends_with('.'), "{}", metric.name);
            assert!(!metric.unit.is_empty(), "{}", metric.name);
            let unit_is_last = !metric.name.ends_with("_bytes") || metric.unit == "bytes";
            assert!(unit_is_last, "{} in {}", metric.name, metric.unit);
        }
    }

    #[test]
    fn a_ratio_without_a_denominator_is_absent() {
        assert_eq!(ratio(3, 0), None);
        assert_eq!(ratio(3, 2), Some(Number::Real(1.5)));
    }
}
