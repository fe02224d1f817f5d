//! What a map holds: the types of its keys and values.

use super::names::names;
use super::{Absent, Axis, Column, Put, Scope, Value};
use crate::plan::place::Raw;

pub(super) const AXIS: Axis = Axis {
    key: "entry",
    flag: "--entry",
    label: "entry",
    help: "Entries, as KEY/VALUE",
    one: Some(("Entry [default: u64/u64]", "KEY/VALUE")),
    absent: Absent::Default("u64/u64"),
    column: Some(Column { value: |id| Some(Value::Text(&id.entry)), ..Column::WORDS }),
    depth: 0,
    read,
    ..Axis::PLAIN
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let all: Vec<_> = scope.catalog.entries.iter().map(|offer| offer.term.name).collect();
    let put = |entry| -> Put { Box::new(move |draft| draft.cell.entry = entry) };
    Ok(names(raw, "entry", &all, scope)?.into_iter().map(put).collect())
}
