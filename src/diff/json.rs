//! A difference as JSON: whole identities and numbers as they were counted.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Diff, Pair, Side};
use crate::record::{Cell, CellId};

#[derive(Serialize)]
struct Document<'a> {
    a: Value,
    b: Value,
    cells: Value,
    circumstances: Vec<Value>,
    passes: Vec<Value>,
    times_not_compared: Vec<Value>,
    times: Value,
    ended_differently: Vec<Value>,
    failed_alike: Vec<&'a CellId>,
    changes: Vec<Value>,
    only_in_a: Vec<&'a CellId>,
    only_in_b: Vec<&'a CellId>,
}

pub(super) fn json(diff: &Diff<'_>) -> serde_json::Result<Vec<u8>> {
    let ids = |cells: &[&Cell]| -> Vec<CellId> { cells.iter().map(|cell| cell.id.clone()).collect() };
    let (only_a, only_b) = (ids(&diff.only_before), ids(&diff.only_after));
    let document = Document {
        a: side(&diff.before),
        b: side(&diff.after),
        cells: json!({
            "held_against_each_other": diff.pairs.len(),
            "same": diff.same(false),
            "same_exactly": diff.same(true),
            "ambiguous": diff.ambiguous,
        }),
        circumstances: (diff.circumstances.iter())
            .map(|(of, cells)| json!({ "name": of.name, "a": of.before, "b": of.after, "cells": cells }))
            .collect(),
        passes: (diff.passes.iter())
            .map(|(pass, first, cells)| json!({ "pass": pass, "only_in": if *first { "a" } else { "b" }, "cells": cells }))
            .collect(),
        times_not_compared: (diff.times_not_compared.iter())
            .map(|(reason, cells)| json!({ "reason": reason.to_string(), "cells": cells }))
            .collect(),
        times: json!({
            "compared": diff.chance.compared,
            "apart": diff.chance.apart,
            "apart_by_chance": diff.chance.expected,
        }),
        ended_differently: diff.endings().map(ending).collect(),
        failed_alike: diff.failed_alike().map(|pair| &pair.before.id).collect(),
        changes: (diff.changes.iter())
            .map(|change| {
                let pair = &diff.pairs[change.pair];
                json!({
                    "cell": pair.before.id, "field": field(pair), "metric": change.metric.name,
                    "unit": change.metric.unit, "class": if change.exact { "exact" } else { "statistical" },
                    "a": change.before, "b": change.after, "worse": change.worse(),
                })
            })
            .collect(),
        only_in_a: only_a.iter().collect(),
        only_in_b: only_b.iter().collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn side(side: &Side<'_>) -> Value {
    let results = side.results;
    json!({
        "name": side.name, "profile": results.profile, "mapscope": results.mapscope, "partial": results.partial,
        "cells": results.cells.len(),
    })
}

fn ending(pair: &Pair<'_>) -> Value {
    json!({
        "cell": pair.before.id, "field": field(pair), "a": pair.before.status, "b": pair.after.status,
        "error": pair.after.error.as_ref().or(pair.before.error.as_ref()),
    })
}

/// The field in which the identity in B is another.
fn field(pair: &Pair<'_>) -> Option<Value> {
    pair.field.as_ref().map(|field| json!({ "name": field.name, "a": field.before, "b": field.after }))
}
