//! What is done with a key of which a trace doesn't say what is done with it.

use super::draft::named;
use super::trace::said;
use super::{Absent, Axis};
use crate::plan::Requests;

pub(super) const AXIS: Axis = Axis {
    key: "trace_op",
    flag: "--trace-op",
    label: "trace op",
    help: "What is done with a trace's keys where it says only these: insert, get-or-insert",
    one: Some((
        "What is done with keys where the trace says only these: insert, get-or-insert [default: insert]",
        "OP",
    )),
    absent: Absent::Open("insert"),
    depth: 1,
    read: |raw, _| {
        let requests = named("operation of traces", &raw.text, &Requests::ALL, |requests| requests.name())?;
        Ok(said(move |reading| reading.requests = requests))
    },
    ..Axis::PLAIN
};
