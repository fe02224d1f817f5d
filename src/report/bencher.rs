//! `bencher.json`: Bencher Metric Format, for `bencher run --adapter json --file bencher.json`.
//!
//! ```text
//! {"go-classic uniform fill ... seed=1": {"ns-per-op": {"value": 31.5, "lower_value": 30.9, "upper_value": 33.0}}}
//! ```
//!
//! One benchmark for each cell that ended well, one measure for each metric that it has: the metric's name as a slug,
//! `_` as `-`, the value in the registry's unit. What a map declares keeps its dot, which no slug has, and is a measure's
//! name. Bencher makes a measure when it first meets one; its unit there is for the user to set. The format has no place
//! for units, classes, or which way is better: a threshold says that there. Lower and upper values are the shortest and the
//! longest repetition, where the record has the metric of each.
//!
//! Bencher takes names of benchmarks up to 1024 bytes, slugs and names of measures up to 64; a longer name is cut and ends
//! in a digest.
//!
//! Source: bencher.dev/docs/reference/bencher-metric-format.

use std::io;

use serde_json::{Map, Value, json};

use super::{Emit, Format, identity};
use crate::record::metrics::{self, Metric, Number};
use crate::record::{Cell, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "bencher",
    summary: "bencher.json: Bencher Metric Format, for Bencher's json adapter; a measure a metric",
    always: false,
    render,
};

const NAME_BYTES_MAX: usize = 1024;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let metrics = metrics::of([results]);
    let cells = results.cells.iter().filter(|cell| cell.status == Status::Ok);
    let benchmarks: Map<String, Value> =
        cells.map(|cell| (identity::name(cell, NAME_BYTES_MAX), measures(cell, &metrics))).collect();
    emit("bencher.json", &serde_json::to_vec_pretty(&benchmarks)?)
}

fn measures(cell: &Cell, metrics: &[Metric]) -> Value {
    let mut measures = Map::new();
    for metric in metrics {
        let Some(value) = metric.value(cell) else { continue };
        let mut measure = Map::from_iter([("value".to_owned(), number(value))]);
        if let Some((lower, upper)) = metric.range(cell) {
            measure.extend([("lower_value".to_owned(), json!(lower)), ("upper_value".to_owned(), json!(upper))]);
        }
        measures.insert(metric.name.replace('_', "-"), Value::Object(measure));
    }
    Value::Object(measures)
}

/// The number as JSON has it: what was counted stays an integer.
pub(super) fn number(number: Number) -> Value {
    match number {
        Number::Int(n) => json!(n),
        Number::Real(x) => json!(x),
    }
}
