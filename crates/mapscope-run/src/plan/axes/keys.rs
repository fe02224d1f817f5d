//! Which keys there are, and which one an operation addresses.

use std::collections::BTreeMap;

use super::names::calls;
use super::{Absent, Axis, Column, Put, Scope, Value};
use crate::plan::place::Raw;
use crate::plan::{Call, Source};

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

/// Whether a table has keys, and all from files, each of which says how many there are.
pub(in crate::plan) fn are_of_files(lists: &BTreeMap<&'static str, Vec<Raw>>) -> bool {
    lists.get(AXIS.key).is_some_and(|list| list.iter().all(|raw| raw.text.trim_start().starts_with("file:")))
}

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let put = |call: Call| -> Put {
        Box::new(move |draft| {
            if let Source::Generated { keys, .. } = &mut draft.cell.workload.source {
                *keys = call.clone();
            }
        })
    };
    Ok(calls(raw, "key distribution", &scope.catalog.keys, scope)?.calls.into_iter().map(put).collect())
}
