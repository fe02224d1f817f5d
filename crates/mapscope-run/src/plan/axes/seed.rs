//! What keys and mixes are drawn from.

use super::draft::{put, whole};
use super::{Absent, Axis, Column, Kind, Takes, Value};

pub(super) const AXIS: Axis = Axis {
    key: "seed",
    flag: "--seed",
    label: "seed",
    help: "Seeds of keys and mixes",
    one: Some(("Seed of keys and mix [default: 1]", "S")),
    takes: Takes::Numbers(&[]),
    absent: Absent::Default("1"),
    column: Some(Column {
        kind: Kind::Int,
        value: |id| Some(Value::Int(id.seed)),
        whole: "seed={}",
        short: "seed={}",
        stem: "s{}",
        ..Column::WORDS
    }),
    depth: 5,
    read: |raw, _| {
        let seed = whole(raw, 0, u64::MAX)?;
        Ok(put(move |draft| draft.cell.workload.seed = seed))
    },
    ..Axis::PLAIN
};
