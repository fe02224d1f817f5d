//! What the columns of a trace mean, where its header doesn't say it.

use mapscope_trace::read::Columns;

use super::trace::said;
use super::{Absent, Axis, Takes};

pub(super) const AXIS: Axis = Axis {
    key: "columns",
    flag: "--columns",
    label: "columns",
    help: "What columns of a trace mean, as key=lbn,op=op,value_bytes=size; by number where there is no header",
    one: Some(("What columns of the trace mean, as key=lbn,op=op; by number where there is no header", "COLUMNS")),
    takes: Takes::Files,
    absent: Absent::Open("what the header says"),
    depth: 1,
    read: |raw, _| {
        raw.text.parse::<Columns>()?;
        let columns = raw.text.clone();
        Ok(said(move |reading| reading.columns.clone_from(&columns)))
    },
    ..Axis::PLAIN
};
