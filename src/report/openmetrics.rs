//! `results.prom`: OpenMetrics 1.0 text, and Prometheus text 0.0.4 too: the same bytes suit both.
//!
//! ```text
//! # TYPE mapscope_live_bytes gauge
//! # UNIT mapscope_live_bytes bytes
//! # HELP mapscope_live_bytes Bytes the map holds at the end, keys' and values' heap bytes included. Class: exact.
//! mapscope_live_bytes{map="std",keys="uniform",mix="fill",hint="0",entry="u64/u64",ops="1000",seed="1"} 37160
//! ```
//!
//! - A family a metric. Its name is `mapscope_`, the metric's, and the unit in the words of the specification: times
//!   are **converted to seconds**, percentages to ratios. Where the metric's name does not end in its unit, the unit is
//!   added (`write_amplification_ratio`); a number of things has none (`alloc_count` is `mapscope_allocs`).
//! - What a map declares keeps its name and its unit as they are, with two `_` for the dot, which no other family has
//!   (`linear.shifts` is `mapscope_linear__shifts`).
//! - Everything is a gauge: a record is a finished measurement, whose figures nothing counts on from.
//! - Labels are a cell's identity. `mapscope_cell_info` is 1 for each cell, with how it ended, the map's version and the
//!   environment as further labels, to be joined; cells that failed have nothing else.
//! - `mapscope_latency_seconds` has the latencies by kind and cause as histograms. Its bounds lie between nanoseconds
//!   that the recorded histograms keep apart, so its counts are exact; it has no sum, which they don't have either.
//!
//! Source: the OpenMetrics 1.0 specification; Prometheus, "Exposition formats".

use std::fmt::Write as _;
use std::io;

use super::{Emit, Format, identity};
use crate::record::metrics::latency::decode;
use crate::record::metrics::{self, Metric, Number};
use crate::record::{Cell, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "openmetrics",
    summary: "results.prom: OpenMetrics text in base units, for Prometheus, promtool and node_exporter",
    always: false,
    render,
};

const NS_PER_S: f64 = 1e9;

/// The first bound of the histograms, as a power of two of nanoseconds.
const FIRST_BOUND: u32 = 3;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut text = String::new();
    info(&mut text, results);
    let well: Vec<(&Cell, String)> = results
        .cells
        .iter()
        .filter(|cell| cell.status == Status::Ok)
        .map(|cell| (cell, identity_labels(cell)))
        .collect();
    for metric in &metrics::of([results]) {
        let Family { name, unit, divisor } = family(metric);
        let values: Vec<_> = well.iter().filter_map(|(cell, labels)| Some((labels, metric.value(cell)?))).collect();
        if values.is_empty() {
            continue;
        }
        head(&mut text, &name, "gauge", &unit, &format!("{} Class: {}.", metric.summary, metric.class.name()));
        for (labels, value) in values {
            let value = if divisor == 1.0 { value } else { Number::Real(value.as_f64() / divisor) };
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
    }
    latencies(&mut text, &well);
    text.push_str("# EOF\n");
    emit("results.prom", text.as_bytes())
}

/// The lines above a family's samples.
pub(crate) fn head(text: &mut String, name: &str, kind: &str, unit: &str, help: &str) {
    let _ = writeln!(text, "# TYPE {name} {kind}");
    if !unit.is_empty() {
        let _ = writeln!(text, "# UNIT {name} {unit}");
    }
    let _ = writeln!(text, "# HELP {name} {}", escaped(help));
}

/// `key="value",...`; a label without a value would be the same as none.
pub(crate) fn labels<'a>(labels: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    labels.map(|(key, value)| format!("{key}=\"{}\"", escaped(&value))).collect::<Vec<_>>().join(",")
}

fn identity_labels(cell: &Cell) -> String {
    labels(identity::parts(cell))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// What a metric is called here.
struct Family {
    name: String,
    /// Empty for a number of things.
    unit: String,
    /// What a value of the record is to be divided by.
    divisor: f64,
}

fn family(metric: &Metric) -> Family {
    if let Some((subject, own)) = metric.name.split_once('.') {
        let name = format!("mapscope_{}__{own}", subject.replace('-', "_"));
        let unit = metric.unit.replace('-', "_").replace('/', "_per_");
        // A family's name has to end in the unit that it is said to have.
        let unit = if name.ends_with(&format!("_{unit}")) { unit } else { String::new() };
        return Family { name, unit, divisor: 1.0 };
    }
    let (of, per) = metric.unit.split_once('/').map_or((metric.unit, None), |(of, per)| (of, Some(per)));
    let (of, divisor) = match of {
        "ns" => ("seconds", NS_PER_S),
        "percent" => ("ratio", 100.0),
        "count" => ("", 1.0),
        of => (of, 1.0),
    };
    let of = &*of.replace('-', "_");
    let unit = match per {
        _ if of.is_empty() => String::new(),
        Some("s") => format!("{of}_per_second"),
        Some(per) => format!("{of}_per_{per}"),
        None => of.to_owned(),
    };
    let name = format!("mapscope_{}", metric.name.replace('-', "_"));
    let name = match name.strip_suffix("_count") {
        // Names that end so are histograms'.
        Some(things) if unit.is_empty() => format!("{things}s"),
        _ => {
            let own_unit = format!("_{}", metric.unit.replace('/', "_per_"));
            // A time of which all operations have their share may be named by its unit alone.
            let own_time = || name.strip_suffix("_ns").filter(|_| metric.unit.starts_with("ns/"));
            let name = name.strip_suffix(&own_unit).or_else(own_time).unwrap_or(&name);
            if unit.is_empty() { name.to_owned() } else { format!("{name}_{unit}") }
        }
    };
    Family { name, unit, divisor }
}

/// How each cell ended, and what it ran on.
fn info(text: &mut String, results: &Results) {
    const NAME: &str = "mapscope_cell_info";
    if results.cells.is_empty() {
        return;
    }
    head(text, NAME, "gauge", "", "How each cell ended, and on what it ran: 1 for every cell of the record.");
    for cell in &results.cells {
        let environment = results.environments.get(cell.environment);
        let exact = if cell.exact { "true" } else { "false" };
        let own = [("status", cell.status.name()), ("exact", exact), ("map_version", &cell.map_version)];
        let here = environment.map(|here| {
            [
                ("cpu", &here.cpu),
                ("kernel", &here.kernel),
                ("rustc", &here.rustc),
                ("target", &here.target),
                ("allocator", &here.allocator),
                ("mapscope", &here.mapscope),
            ]
        });
        let own = own.into_iter().map(|(key, value)| (key, value.to_owned()));
        let here = here.into_iter().flatten().map(|(key, value)| (key, value.clone()));
        let _ = writeln!(text, "{NAME}{{{}}} 1", labels(identity::parts(cell).chain(own).chain(here)));
    }
}

/// The latencies by kind and cause. All have the same bounds, so that they can be added up.
fn latencies(text: &mut String, cells: &[(&Cell, String)]) {
    const NAME: &str = "mapscope_latency_seconds";
    let mut series = Vec::new();
    for (cell, labels) in cells {
        for histogram in cell.time.iter().flat_map(|time| &time.histograms) {
            let own = format!("{labels},kind=\"{}\",cause=\"{}\"", histogram.kind.name(), histogram.cause.name());
            series.extend(decode(histogram).map(|decoded| (own, decoded)));
        }
    }
    let Some(max_ns) = series.iter().map(|(_, histogram)| histogram.max()).max() else { return };
    head(
        text,
        NAME,
        "histogram",
        "seconds",
        "Latencies of single operations, by their kind and cause. Class: statistical.",
    );
    let last_bound = (u64::BITS - max_ns.leading_zeros()).max(FIRST_BOUND);
    for (labels, histogram) in series {
        let mut steps =
            histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).peekable();
        let mut below = 0;
        for power in FIRST_BOUND..=last_bound {
            let bound_ns = u64::MAX >> (u64::BITS - power);
            while let Some((_, count)) = steps.next_if(|&(value_ns, _)| value_ns <= bound_ns) {
                below += count;
            }
            let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"{}\"}} {below}", bound_ns as f64 / NS_PER_S);
        }
        let _ = writeln!(text, "{NAME}_bucket{{{labels},le=\"+Inf\"}} {}", histogram.len());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn families_are_unique_named_by_rule_and_end_in_their_unit() {
        let families: Vec<_> = metrics::all().iter().map(family).collect();
        let names: BTreeSet<_> = families.iter().map(|family| &family.name).collect();
        assert_eq!(names.len(), families.len());
        for Family { name, unit, .. } in &families {
            assert!(name.ends_with(unit.as_str()), "{name} does not end in {unit}");
            assert!(!name.contains("__"), "{name} could be what a map declares");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
            let reserved = ["_total", "_count", "_sum", "_bucket", "_created", "_info"];
            assert!(reserved.iter().all(|suffix| !name.ends_with(suffix)), "{name}");
        }
    }

    #[test]
    fn units_are_base_units() {
        let of = |name: &str| {
            let Family { name, unit, divisor } = family(metrics::find(name).unwrap());
            (name, unit, divisor)
        };
        let named = |name: &str, unit: &str, divisor| (format!("mapscope_{name}"), unit.to_owned(), divisor);
        assert_eq!(of("insert_p50_ns"), named("insert_p50_seconds", "seconds", 1e9));
        assert_eq!(of("ns_per_op"), named("seconds_per_op", "seconds_per_op", 1e9));
        assert_eq!(of("hash_ns"), named("hash_seconds_per_op", "seconds_per_op", 1e9));
        assert_eq!(of("ops_per_s"), named("ops_per_second", "ops_per_second", 1.0));
        assert_eq!(of("overflow_bucket_percent"), named("overflow_bucket_ratio", "ratio", 100.0));
        assert_eq!(of("live_bytes"), named("live_bytes", "bytes", 1.0));
        assert_eq!(of("alloc_count"), named("allocs", "", 1.0));
        assert_eq!(of("lock_waits_per_op"), named("lock_waits_per_op", "", 1.0));
        assert_eq!(of("write_amplification"), named("write_amplification_ratio", "ratio", 1.0));
    }
}
