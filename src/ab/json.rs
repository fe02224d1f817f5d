//! A comparison as JSON, for programs.

use serde_json::{Value, json};

use super::{Call, Cell, Changed, Comparison, Format, Interval};

pub(super) const FORMAT: Format = Format {
    name: "json",
    summary: "JSON for programs: the outcome, and every cell with its numbers",
    render: |comparison, _| Ok(serde_json::to_string_pretty(&document(comparison))? + "\n"),
};

fn document(comparison: &Comparison) -> Value {
    let outcome = comparison.outcome();
    json!({
        "outcome": outcome.word(),
        "exit_code": outcome.exit_code(),
        "old": comparison.sides[0],
        "new": comparison.sides[1],
        "cells": comparison.cells.iter().map(cell).collect::<Vec<_>>(),
        "notes": comparison.notes,
    })
}

fn cell(cell: &Cell) -> Value {
    let mut object = json!({ "cell": cell.id, "changed": cell.changed.iter().map(changed).collect::<Vec<_>>() });
    match &cell.timed {
        Err(untimed) => object["error"] = json!(untimed.why),
        Ok(timed) => {
            object["rounds"] = json!(timed.rounds);
            object["repetitions"] = json!(timed.repetitions);
            object["old_ns_per_op"] = json!(timed.ns_per_op[0]);
            object["new_ns_per_op"] = json!(timed.ns_per_op[1]);
            object["ratio"] = interval(timed.compared.ratio);
            object["control"] = interval(timed.compared.control);
            object["call"] = match timed.compared.call() {
                Call::None => Value::Null,
                Call::Faster => json!("faster"),
                Call::Slower => json!("slower"),
            };
            object["action"] = json!(timed.action.map(crate::gate::Action::name));
        }
    }
    object
}

fn interval(interval: Interval) -> Value {
    json!({ "ratio": interval.ratio, "low": interval.low, "high": interval.high })
}

fn changed(Changed { metric, before, after }: &Changed) -> Value {
    json!({ "metric": metric.name, "old": before, "new": after })
}
