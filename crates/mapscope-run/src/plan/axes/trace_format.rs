//! What format a trace has, where its content doesn't show it.

use mapscope_trace::read::FORMATS;

use super::draft::named;
use super::trace::said;
use super::{Absent, Axis};

pub(super) const AXIS: Axis = Axis {
    key: "trace_format",
    flag: "--trace-format",
    label: "trace format",
    help: "Formats of traces (mapscope list traces), where content is not to tell them",
    one: Some(("The format of the trace [default: the one that its content shows]", "NAME")),
    absent: Absent::Open("what its content shows"),
    depth: 1,
    read: |raw, _| {
        let formats: Vec<_> = FORMATS.iter().collect();
        let format = named("trace format", &raw.text, &formats, |format| format.name)?;
        Ok(said(move |reading| reading.format = Some(format.name.to_owned())))
    },
    ..Axis::PLAIN
};
