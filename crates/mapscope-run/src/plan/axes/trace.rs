//! Operations that are read, in place of keys and a mix that make them.

use std::collections::BTreeMap;

use super::draft::{Put, put};
use super::{Axis, Takes};
use crate::intake::STDIN;
use crate::plan::place::{PlanError, Raw};
use crate::plan::{Reading, Source};

pub(super) const AXIS: Axis = Axis {
    key: KEY,
    flag: "--trace",
    label: "trace",
    help: "Operations from a file or a pipe, - for stdin, instead of --keys and --mix",
    takes: Takes::Files,
    depth: 1,
    read: |raw, _| {
        let path = raw.place.resolve(&raw.text);
        Ok(put(move |draft| draft.cell.workload.source = Source::Trace(path.clone().into())))
    },
    ..Axis::PLAIN
};

const KEY: &str = "trace";
/// What says how it is read.
const READING: [&str; 3] = ["trace_format", "columns", "trace_op"];
/// What a trace brings.
const BROUGHT: [&str; 2] = ["keys", "mix"];

/// What says how a trace is read, put where that is kept.
pub(super) fn said(say: impl Fn(&mut Reading) + 'static) -> Vec<Put> {
    put(move |draft| {
        if let Source::Trace(trace) = &mut draft.cell.workload.source {
            say(&mut trace.reading);
        }
    })
}

type Lists = BTreeMap<&'static str, Vec<Raw>>;

/// The axes of [`BROUGHT`] that are given.
fn brought(lists: &Lists) -> impl Iterator<Item = &Vec<Raw>> {
    BROUGHT.iter().filter_map(|key| lists.get(key))
}

/// Takes from a table what the flags that will replace its lists leave no room for.
pub(in crate::plan) fn make_way(lists: &mut Lists, flags: &Lists) -> Result<(), PlanError> {
    let generated = brought(flags).next().is_some();
    if let Some(trace) = flags.get(KEY) {
        if generated {
            return Err(trace[0].place.error("a trace brings its own keys and mix: leave --keys and --mix out"));
        }
        lists.retain(|key, _| !BROUGHT.contains(key) && *key != "ops");
    } else if generated {
        lists.retain(|key, _| *key != KEY && !READING.contains(key));
    }
    Ok(())
}

/// Whether a table's traces can be read, with what else it gives.
pub(in crate::plan) fn check(lists: &Lists) -> Result<(), PlanError> {
    let Some(traces) = lists.get(KEY) else {
        let reading = READING.iter().find_map(|key| lists.get(key));
        return reading.map_or(Ok(()), |list| Err(list[0].place.error("says how a trace is read, and there is none")));
    };
    if let Some(twice) = traces.iter().filter(|raw| raw.text == STDIN).nth(1) {
        return Err(twice.place.error("- is standard input, which is read once: name it once"));
    }
    match brought(lists).next() {
        Some(list) => Err(list[0].place.error("a trace brings its own keys and mix: leave this out")),
        None => Ok(()),
    }
}
