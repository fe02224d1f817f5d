//! What a map holds: the types of its keys and values.

use mapscope_maps::entry::{Entry, EntryError};

use super::{Absent, Axis, Column, Draft, Put, Scope, Unfit, Value};
use crate::plan::place::Raw;
use crate::plan::{UnknownName, Widths, leaked, pattern};
use crate::text::quoted;

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
    settle,
    ..Axis::PLAIN
};

/// A pattern stands for those of the catalog; all that the grammar has can be named.
fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let common: Vec<_> = scope.catalog.entries.iter().map(|term| term.name).collect();
    let names = match pattern::matches(&raw.text, "entry", &common) {
        Some(matched) => matched?.into_iter().map(|index| common[index]).collect(),
        None => {
            let entry: Result<Entry, EntryError> = raw.text.parse();
            let entry = entry.map_err(|error| {
                let meant = UnknownName::new("entry", &raw.text, common.iter().copied()).nearest;
                meant.map_or(error.to_string(), |meant| format!("{error}; did you mean {}?", quoted(meant)))
            })?;
            vec![leaked(&entry.to_string())]
        }
    };
    scope.count_matches(names.len())?;
    Ok(names.into_iter().map(|name| -> Put { Box::new(move |draft| draft.cell.entry = name) }).collect())
}

fn settle(draft: &mut Draft, _: &Scope<'_>, _: Option<&Raw>) -> Result<(), Unfit> {
    if let Ok(Entry { key, value }) = draft.cell.entry.parse() {
        draft.cell.workload.widths = Widths { key_bits: key.shape().bits, value_bits: value.shape().bits };
    }
    Ok(())
}
