//! What is done, in which order.

use super::names::calls;
use super::{Absent, Axis, Column, Put, Scope, Value};
use crate::plan::place::Raw;
use crate::plan::{Call, Source};

pub(super) const AXIS: Axis = Axis {
    key: "mix",
    flag: "--mix",
    label: "mix",
    help: "Mixes of operations",
    one: Some(("A mix of operations [default: fill]", "MIX")),
    absent: Absent::NeededWithoutTrace,
    column: Some(Column { value: |id| Some(Value::Text(&id.mix)), ..Column::WORDS }),
    depth: 3,
    read,
    ..Axis::PLAIN
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let put = |call: Call| -> Put {
        Box::new(move |draft| {
            if let Source::Generated { mix, .. } = &mut draft.cell.workload.source {
                *mix = call.clone();
            }
        })
    };
    Ok(calls(raw, "mix", &scope.catalog.mixes, scope)?.calls.into_iter().map(put).collect())
}
