//! Timelines in the Trace Event Format, for Perfetto (ui.perfetto.dev) and chrome://tracing: one process a cell, with
//! tracks for its operations, for what remade tables, for spells of moves and for large allocations, and with counters for
//! entries, capacity and bytes.
//!
//! Time is that of one timed repetition, without what the harness did between batches of operations; a slice holds one
//! reading of the clock. The counters come from the count pass, which does the same operations in the same order, and stand
//! where the timed repetition was after as many. Without a time pass there are no durations: one microsecond stands for one
//! operation, and the process's name says so.
//!
//! Source: "Trace Event Format" (Duffy, Zhao; Chromium project): `ts` in microseconds, begins and ends (`B`, `E`), counters
//! (`C`), metadata (`M`). Not complete events (`X`): most operations begin where another ends, and a beginning and a
//! duration that were rounded can end after that, so that readers take the one to lie within the other.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::number::{bytes, integer};
use super::{Emit, Format};
use crate::record::{Cause, Cell, Moment, Moments, Results, Spell, Timeline};

pub(super) const FORMAT: Format = Format {
    name: "trace-event",
    summary: "cells/*/trace.json: operations, growths, moves and memory over time, for Perfetto",
    always: false,
    render,
};

/// Smaller allocations have no slice of their own: a page.
const LARGE_ALLOC_BYTES: u64 = 4096;

const OPERATIONS: u32 = 1;
const TABLES: u32 = 2;
const MOVES: u32 = 3;
const ALLOCATIONS: u32 = 4;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        let timeline = cell.count.as_ref().and_then(|count| count.timeline.as_ref());
        let moments = cell.time.as_ref().and_then(|time| time.moments.as_ref());
        let events = match (moments, timeline) {
            (Some(moments), timeline) => timed(cell, moments, timeline),
            (None, Some(timeline)) => counted(cell, timeline),
            (None, None) => continue,
        };
        let trace = json!({
            "displayTimeUnit": "ns",
            "otherData": { "mapscope": results.mapscope, "cell": cell.id, "map_version": cell.map_version },
        });
        let Value::Object(mut trace) = trace else { unreachable!("it is one") };
        trace.insert("traceEvents".to_owned(), serde_json::to_value(events)?);
        emit(&format!("cells/{}/trace.json", cell.id.file_stem()), &serde_json::to_vec(&trace)?)?;
    }
    Ok(())
}

/// One event; a trace is a list of them.
#[derive(Serialize)]
struct Event {
    name: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    cat: &'static str,
    ph: &'static str,
    /// Microseconds.
    ts: f64,
    pid: u32,
    tid: u32,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

impl Event {
    /// Its begin and its end.
    fn slice(tid: u32, name: String, cat: &'static str, [start_us, end_us]: [f64; 2], args: Value) -> [Event; 2] {
        let end = Event { name: name.clone(), cat, ph: "E", ts: end_us, pid: 1, tid, args: Value::Null };
        [Event { name, cat, ph: "B", ts: start_us, pid: 1, tid, args }, end]
    }

    fn counter(name: &str, at_us: f64, value: u64) -> Event {
        let args = Value::Object(Map::from_iter([(name.to_owned(), value.into())]));
        Event { name: name.to_owned(), cat: "", ph: "C", ts: at_us, pid: 1, tid: 0, args }
    }

    fn name(what: &str, tid: u32, name: String) -> Event {
        Event { name: what.to_owned(), cat: "", ph: "M", ts: 0.0, pid: 1, tid, args: json!({ "name": name }) }
    }
}

fn timed(cell: &Cell, moments: &Moments, timeline: Option<&Timeline>) -> Vec<Event> {
    let mut events = vec![Event::name("process_name", 0, cell.id.to_string())];
    let left_out: u64 = moments.left_out.values().sum();
    let operations = match left_out {
        0 => "operations: every one but steady ones, of which a sample".to_owned(),
        n => format!("operations: the longest, and a sample of the steady ones ({} others left out)", integer(n)),
    };
    events.push(Event::name("thread_name", OPERATIONS, operations));
    events.extend(moments.operations.iter().flat_map(operation));

    let remade = moments.operations.iter().filter(|moment| remakes(moment.cause));
    track(&mut events, TABLES, "tables made, replaced, split, pruned", remade.flat_map(table).collect());
    track(
        &mut events,
        MOVES,
        "stretches of operations that move entries",
        moments.spells.iter().flat_map(spell).collect(),
    );
    let large = moments.operations.iter().filter(|moment| moment.alloc_bytes >= LARGE_ALLOC_BYTES);
    let name = format!("allocating {} or more", bytes(LARGE_ALLOC_BYTES));
    track(&mut events, ALLOCATIONS, &name, large.flat_map(allocation).collect());

    // Both passes cut the same operations into the same points.
    if let Some(timeline) = timeline.filter(|timeline| timeline.ops_per_point == moments.ops_per_point) {
        counters(&mut events, timeline, |point| moments.elapsed_ns.get(point).map(|&ns| us(ns)));
    }
    events
}

fn counted(cell: &Cell, timeline: &Timeline) -> Vec<Event> {
    let mut events = vec![Event::name("process_name", 0, format!("{} (1 µs is one operation)", cell.id))];
    let remade = timeline.events.iter().flat_map(|event| {
        let args = json!({
            "op": event.op,
            "alloc_bytes": event.alloc_bytes,
            "moved_entries": event.moved_entries,
        });
        Event::slice(
            TABLES,
            event.cause.name().to_owned(),
            event.cause.name(),
            [event.op as f64, event.op as f64 + 1.0],
            args,
        )
    });
    let name = match timeline.events_left_out {
        0 => "tables made, replaced, split".to_owned(),
        n => format!("tables made, replaced, split ({} that allocated less left out)", integer(n)),
    };
    track(&mut events, TABLES, &name, remade.collect());
    counters(&mut events, timeline, |point| Some(timeline.ops_per_point as f64 * (point + 1) as f64));
    events
}

/// A track, unless it is empty.
fn track(events: &mut Vec<Event>, tid: u32, name: &str, slices: Vec<Event>) {
    if !slices.is_empty() {
        events.push(Event::name("thread_name", tid, name.to_owned()));
        events.extend(slices);
    }
}

fn counters(events: &mut Vec<Event>, timeline: &Timeline, at_us: impl Fn(usize) -> Option<f64>) {
    let series = [
        ("entries", Some(&timeline.entries)),
        ("capacity_entries", timeline.capacity.as_ref()),
        ("live_bytes", Some(&timeline.held_bytes)),
        ("peak_bytes", Some(&timeline.peak_bytes)),
    ];
    for (name, values) in series {
        for (point, &value) in values.into_iter().flatten().enumerate() {
            events.extend(at_us(point).map(|at_us| Event::counter(name, at_us, value)));
        }
    }
}

fn operation(moment: &Moment) -> [Event; 2] {
    let kind = moment.kind.name();
    let name = match moment.cause {
        Cause::Steady | Cause::Unknown => kind.to_owned(),
        cause => format!("{kind}: {}", cause.name()),
    };
    of(moment, OPERATIONS, name)
}

fn table(moment: &Moment) -> [Event; 2] {
    of(moment, TABLES, moment.cause.name().to_owned())
}

fn allocation(moment: &Moment) -> [Event; 2] {
    of(moment, ALLOCATIONS, bytes(moment.alloc_bytes))
}

fn of(moment: &Moment, tid: u32, name: String) -> [Event; 2] {
    let args = json!({
        "op": moment.op,
        "cause": moment.cause.name(),
        "alloc_bytes": moment.alloc_bytes,
        "moved_entries": moment.moved_entries,
    });
    Event::slice(tid, name, moment.cause.name(), [moment.start_ns, moment.start_ns + moment.ns].map(us), args)
}

fn spell(spell: &Spell) -> [Event; 2] {
    let args = json!({
        "first_op": spell.first_op,
        "last_op": spell.last_op,
        "moving_ops": spell.moving_ops,
        "moved_entries": spell.moved_entries,
    });
    let name = format!("moving {} entries", integer(spell.moved_entries));
    Event::slice(MOVES, name, "move", [spell.start_ns, spell.end_ns].map(us), args)
}

/// Whether it has a place on the track of tables.
fn remakes(cause: Cause) -> bool {
    use Cause::{AllocOther, LockWait, Move, Overflow, Rehash, Steady, Unknown};
    !matches!(cause, Unknown | Steady | AllocOther | Overflow | LockWait | Rehash | Move)
}

fn us(ns: u64) -> f64 {
    ns as f64 / 1e3
}
