//! `results.bench.txt`: Go's benchmark text, for benchstat and whatever else reads what `go test -bench` prints.
//!
//! ```text
//! cpu: AMD EPYC
//! Unit live-bytes better=lower assume=exact
//! BenchmarkMapscope/map=std/keys=uniform/mix=fill/hint=0/entry=u64+u64/ops=1000/seed=1 1000 31.5 ns/op 36.9 B/op ...
//! ```
//!
//! - A cell's name is its identity, `/column=value` by `/column=value`, so that each is a key of benchstat's projections
//!   (`-col /map -row /keys`). In a value `/` is written `+`, and whitespace, `%` and `+` as `%` with two hexadecimal
//!   digits. The last part is `seed=N` or `thread_keys=WORD`: readers take a `-N` that ends a name for GOMAXPROCS.
//! - The count of iterations is the cell's operations. `ns/op`, `B/op` and `allocs/op` are Go's: time, bytes allocated and
//!   allocations over all operations, lookups too. Every metric of the registry follows with its name as its unit, `_` as
//!   `-` and `_per_` as `/` (`ns_per_op` becomes `ns/op` that way, `insert_p99_ns` a number of `ns` that benchstat shows
//!   in seconds, `live_bytes` one of `bytes`). `Unit` lines tell which are exact, and which way is better.
//! - A line a repetition: its own times, percentiles included, and the exact figures alike. Times that the record doesn't
//!   have of each repetition are figures of all of them together and stand on the first line only, because repeated they
//!   would pass for so many measurements.
//! - Configuration lines hold the profile and the environment, anew where it changes; cells that do not repeat bit for
//!   bit are marked `exact: false`. A cell that failed is a line beginning `#`, which readers skip.
//!
//! Source: golang.org/design/14313-benchmark-format, and the package golang.org/x/perf/benchfmt.

use std::fmt::Write as _;
use std::io;

use super::number::{fit, one_line};
use super::{Emit, Format, identity};
use crate::record::metrics::allocs::{ALLOC_BYTES, ALLOC_COUNT};
use crate::record::metrics::{self, Class, Metric};
use crate::record::{Cell, Environment, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "go-bench",
    summary: "results.bench.txt: Go's benchmark text, for benchstat; a line a repetition",
    always: false,
    render,
};

/// Figures over all operations that Go's benchmarks print beside the time.
const PER_OPERATION: [(&str, Metric); 2] = [("B/op", ALLOC_BYTES), ("allocs/op", ALLOC_COUNT)];

/// Columns of an error that are shown.
const ERROR_WIDTH: usize = 200;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut text = String::new();
    for (unit, _) in PER_OPERATION {
        let _ = writeln!(text, "Unit {unit} better=lower assume=exact");
    }
    let metrics = metrics::of([results]);
    for metric in &metrics {
        text.push_str(&unit_line(metric));
    }
    let mut block = None;
    for cell in &results.cells {
        if block != Some((cell.environment, cell.exact)) {
            block = Some((cell.environment, cell.exact));
            configuration(&mut text, &results.profile, results.environments.get(cell.environment), cell.exact);
        }
        match cell.status {
            Status::Ok => benchmark(&mut text, cell, &metrics),
            status => {
                let error = fit(&one_line(cell.error.as_deref().unwrap_or_default()), ERROR_WIDTH);
                let _ = writeln!(text, "# {}: {}: {error}", benchmark_name(cell), status.name());
            }
        }
    }
    emit("results.bench.txt", text.as_bytes())
}

/// A metric's name as a unit.
fn unit(metric: &Metric) -> String {
    metric.name.replace("_per_", "/").replace('_', "-")
}

/// What is known of a metric, in the words that readers of the format know; empty without any.
fn unit_line(metric: &Metric) -> String {
    let better = metric.better.name().map(|better| format!(" better={better}")).unwrap_or_default();
    let assume = if metric.class == Class::Exact { " assume=exact" } else { "" };
    if better.is_empty() && assume.is_empty() {
        return String::new();
    }
    format!("Unit {}{better}{assume}\n", unit(metric))
}

fn configuration(text: &mut String, profile: &str, environment: Option<&Environment>, exact: bool) {
    let _ = writeln!(text, "\nprofile: {}", one_line(profile));
    if let Some(environment) = environment {
        let Environment { cpu, cpus, kernel, page_bytes, rustc, target, allocator, mapscope } = environment;
        let (cpus, page_bytes) = (cpus.to_string(), page_bytes.to_string());
        let lines = [
            ("cpu", cpu),
            ("cpus", &cpus),
            ("kernel", kernel),
            ("page-bytes", &page_bytes),
            ("rustc", rustc),
            ("target", target),
            ("allocator", allocator),
            ("mapscope", mapscope),
        ];
        for (key, value) in lines {
            let _ = writeln!(text, "{key}: {}", one_line(value));
        }
    }
    // A key without a value is one that was never set.
    text.push_str(if exact { "exact:\n" } else { "exact: false\n" });
}

fn benchmark_name(cell: &Cell) -> String {
    let mut name = "BenchmarkMapscope".to_owned();
    for (key, value) in identity::parts(cell) {
        let _ = write!(name, "/{key}=");
        for c in value.chars() {
            match c {
                '/' => name.push('+'),
                '%' | '+' => push_escaped(&mut name, c),
                c if c.is_whitespace() || c.is_control() => push_escaped(&mut name, c),
                c => name.push(c),
            }
        }
    }
    name
}

fn push_escaped(name: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        let _ = write!(name, "%{byte:02X}");
    }
}

/// The lines of a cell: one for each repetition, or one without a time.
fn benchmark(text: &mut String, cell: &Cell, metrics: &[Metric]) {
    let name = benchmark_name(cell);
    let ops = cell.id.ops;
    let repetitions: Vec<Vec<f64>> = metrics.iter().map(|metric| metric.repetitions(cell)).collect();
    let lines = repetitions.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for line in 0..lines {
        let _ = write!(text, "{name} {ops}");
        let mut figure = |value: &dyn std::fmt::Display, unit: &str| {
            let _ = write!(text, " {value} {unit}");
        };
        for (unit, total) in PER_OPERATION.iter().filter(|_| ops > 0) {
            if let Some(total) = total.value(cell) {
                figure(&(total.as_f64() / ops as f64), unit);
            }
        }
        for (metric, repetitions) in metrics.iter().zip(&repetitions) {
            match (metric.value(cell), repetitions.get(line)) {
                (_, Some(own)) => figure(own, &unit(metric)),
                (Some(value), None) if line == 0 || metric.class == Class::Exact => figure(&value, &unit(metric)),
                _ => {}
            }
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn units_are_unique_and_keep_go_s_own() {
        let mut units: BTreeSet<_> = metrics::all().iter().map(unit).collect();
        assert_eq!(units.len(), metrics::all().len());
        assert!(units.contains("ns/op"), "Go's unit of time is the registry's");
        assert!(PER_OPERATION.into_iter().all(|(unit, _)| units.insert(unit.to_owned())));
        assert!(units.iter().all(|unit| !unit.contains(char::is_whitespace)));
    }
}
