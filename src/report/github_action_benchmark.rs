//! What github-action-benchmark reads: `github-action-benchmark.smaller.json` for its tool `customSmallerIsBetter`,
//! `github-action-benchmark.bigger.json` for `customBiggerIsBetter`.
//!
//! ```text
//! [{"name": "go-classic uniform fill ... seed=1: live_bytes", "unit": "bytes", "value": 37160, "extra": "exact\n..."}]
//! ```
//!
//! One entry for each cell that ended well and each metric that has a direction; a file knows one direction, and a metric
//! without any is in neither. `unit` is the registry's; `range`, where the record has the metric of each, is the
//! shortest and the longest of them (no `±`, which the action would take for half of a symmetric interval); `extra` is
//! what a tooltip says: exact, statistical, or counted of a map that does not repeat, and what the metric is. The action compares ratios of values against one
//! threshold for all; give exact and statistical figures thresholds of their own by filtering the file with `jq`.
//!
//! Source: the README of benchmark-action/github-action-benchmark, and its `src/extract.ts`.

use std::io;

use serde_json::{Value, json};

use super::bencher::number;
use super::{Emit, Format, identity};
use crate::record::metrics::{self, Better, Class, Metric};
use crate::record::{Cell, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "github-action-benchmark",
    summary: "github-action-benchmark.{smaller,bigger}.json: for that action's custom tools, a file a direction",
    always: false,
    render,
};

/// The action sets no limit; a name is a chart's title.
const NAME_BYTES_MAX: usize = 1024;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let metrics = metrics::of([results]);
    for (path, better) in [
        ("github-action-benchmark.smaller.json", Better::Lower),
        ("github-action-benchmark.bigger.json", Better::Higher),
    ] {
        let mut entries = Vec::new();
        for cell in results.cells.iter().filter(|cell| cell.status == Status::Ok) {
            let name = identity::name(cell, NAME_BYTES_MAX);
            let metrics = metrics.iter().filter(|metric| metric.better == better);
            entries.extend(metrics.filter_map(|metric| entry(&name, cell, metric)));
        }
        emit(path, &serde_json::to_vec_pretty(&entries)?)?;
    }
    Ok(())
}

fn entry(cell_name: &str, cell: &Cell, metric: &Metric) -> Option<Value> {
    let class = match metric.class {
        Class::Exact if !cell.exact => "counted, but this map does not repeat bit for bit",
        class => class.name(),
    };
    let mut entry = json!({
        "name": format!("{cell_name}: {}", metric.name),
        "unit": metric.unit,
        "value": number(metric.value(cell)?),
        "extra": format!("{class}\n{}", metric.summary),
    });
    if let Some((shortest, longest)) = metric.range(cell) {
        entry["range"] = json!(format!("{shortest} to {longest}"));
    }
    Some(entry)
}
