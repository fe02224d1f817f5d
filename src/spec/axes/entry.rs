//! What a map holds: the types of its keys and values.

use super::draft::{named, put};
use super::{Absent, Axis, Column, Put, Scope, Value};
use crate::spec::place::Raw;

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
    let entry = named("entry", &raw.text, &scope.catalog.entries, |offer| offer.term.name)?.term.name;
    Ok(put(move |draft| draft.cell.entry = entry))
}
