//! Which keys there are, and which one an operation addresses.

use super::draft::put;
use super::{Absent, Axis, Column, Put, Scope, Value};
use crate::spec::place::Raw;
use crate::spec::{Call, Source, Term};

pub(super) const AXIS: Axis = Axis {
    key: "keys",
    flag: "--keys",
    label: "keys",
    help: "Key distributions",
    one: Some(("A key distribution [default: uniform]", "KEYS")),
    absent: Absent::NeededWithoutTrace,
    column: Some(Column { value: |id| Some(Value::Text(&id.keys)), ..Column::WORDS }),
    depth: 2,
    read,
    ..Axis::PLAIN
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let call = call(raw, "key distribution", &scope.catalog.keys)?;
    Ok(put(move |draft| {
        if let Source::Generated { keys, .. } = &mut draft.cell.workload.source {
            *keys = call.clone();
        }
    }))
}

/// A call of one of `terms`, a path in it as seen from where it is written.
pub(super) fn call(raw: &Raw, what: &'static str, terms: &[Term]) -> Result<Call, String> {
    let mut call = Call::parse(&raw.text, what, terms).map_err(|error| error.to_string())?;
    call.path = call.path.map(|path| raw.place.resolve(path));
    Ok(call)
}
