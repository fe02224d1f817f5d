//! How many operations are measured.

use super::draft::{put, whole};
use super::{Absent, Axis, Column, Kind, Takes, Value};
use crate::plan::cell::OPS_MAX;

pub(super) const AXIS: Axis = Axis {
    key: "ops",
    flag: "--ops",
    label: "ops",
    help: "Measured operations; of a trace, the most to take; of keys in a file, by default as many as it has",
    one: Some(("Operations of the workload, its set-up not counted [default: 100000]", "N")),
    takes: Takes::Numbers(&[]),
    absent: Absent::NeededWithoutTrace,
    column: Some(Column {
        kind: Kind::Int,
        value: |id| Some(Value::Int(id.ops)),
        whole: "ops={}",
        short: "{} ops",
        grouped: true,
        ..Column::WORDS
    }),
    depth: 4,
    read: |raw, _| {
        let ops = whole(raw, 1, OPS_MAX)?;
        Ok(put(move |draft| draft.cell.workload.ops = ops))
    },
    ..Axis::PLAIN
};
