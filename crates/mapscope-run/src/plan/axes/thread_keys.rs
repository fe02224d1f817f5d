//! How the operations of a workload are dealt to threads.

use super::draft::{named, put};
use super::{Absent, Axis, Column, Draft, Put, Scope, Unfit, Value};
use crate::plan::ThreadKeys;
use crate::plan::place::Raw;

pub(super) const AXIS: Axis = Axis {
    key: "thread_keys",
    flag: "--thread-keys",
    label: "thread keys",
    help: "Whether threads share keys: shared, disjoint",
    absent: Absent::Default(ThreadKeys::Shared.name()),
    column: Some(Column {
        value: |id| id.thread_keys.as_deref().map(Value::Text),
        whole: "({} keys)",
        stem: "-{}",
        // With threads come keys that they share.
        as_none: Some(ThreadKeys::Shared.name()),
        ..Column::WORDS
    }),
    depth: 9,
    read,
    settle,
    ..Axis::PLAIN
};

fn read(raw: &Raw, _: &Scope<'_>) -> Result<Vec<Put>, String> {
    let keys = named("way to deal keys", &raw.text, &ThreadKeys::ALL, |keys| keys.name())?;
    Ok(put(move |draft| {
        if let Some(crew) = &mut draft.cell.crew {
            crew.keys = keys;
        }
    }))
}

/// One thread has them all.
fn settle(draft: &mut Draft, _: &Scope<'_>, _: Option<&Raw>) -> Result<(), Unfit> {
    if let Some(crew) = draft.cell.crew.as_mut().filter(|crew| crew.threads == 1) {
        crew.keys = ThreadKeys::Shared;
    }
    Ok(())
}
