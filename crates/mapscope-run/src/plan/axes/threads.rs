//! How many threads use a map at once.

use super::draft::{put, whole};
use super::{Absent, Axis, Column, Draft, Kind, Scope, Takes, Unfit, Value};
use crate::plan::place::Raw;
use crate::plan::{Crew, MapOffer, ThreadKeys};

/// The most threads of a cell.
const THREADS_MAX: u64 = 1024;

pub(super) const AXIS: Axis = Axis {
    key: "threads",
    flag: "--threads",
    label: "threads",
    help: "Threads, for concurrent maps [default: one, which has the map to itself]",
    takes: Takes::Numbers(&[]),
    absent: Absent::Open("one, which has the map to itself"),
    column: Some(Column {
        kind: Kind::Int,
        value: |id| id.threads.map(|threads| Value::Int(threads.into())),
        whole: "threads={}",
        short: "t={}",
        stem: "t{}",
        ..Column::WORDS
    }),
    depth: 8,
    read: |raw, _| {
        let threads = whole(raw, 1, THREADS_MAX)? as u32;
        Ok(put(move |draft| draft.cell.crew = Some(Crew { threads, keys: ThreadKeys::Shared })))
    },
    settle,
    ..Axis::PLAIN
};

/// A map that one thread has to itself runs so where one is asked for.
fn settle(draft: &mut Draft, scope: &Scope<'_>, _: Option<&Raw>) -> Result<(), Unfit> {
    let Some(crew) = draft.cell.crew.take_if(|_| !draft.offer.is_concurrent(&draft.cell.map)) else { return Ok(()) };
    if crew.threads == 1 { Ok(()) } else { Err(refusal(crew.threads, draft, scope)) }
}

/// Why so many threads can't use a draft's map, and what they can.
fn refusal(threads: u32, draft: &Draft, scope: &Scope<'_>) -> Unfit {
    let Draft { cell, offer, .. } = draft;
    if offer.concurrent {
        let (shared, words) = (concurrent_call(offer), offer.concurrent_at.join(", "));
        let what = format!(
            "{threads} threads can't use {}, but they can {shared}: what several threads use is of {words}",
            cell.map
        );
        return Unfit::map(format!("not concurrent, but {shared} is"), what);
    }
    let mut alone: Vec<String> = Vec::new();
    for map in scope.maps.iter().filter(|map| !map.offer.concurrent).map(|map| map.call.to_string()) {
        if !alone.contains(&map) {
            alone.push(map);
        }
    }
    let offers = scope.catalog.maps.iter().filter(|offer| offer.concurrent);
    let what = format!(
        "{threads} threads can't use {}, which {} not concurrent: give 1, or concurrent maps only ({})",
        alone.join(", "),
        if alone.len() == 1 { "is" } else { "are" },
        offers.map(concurrent_call).collect::<Vec<_>>().join(", ")
    );
    Unfit::map("not concurrent".to_owned(), what)
}

/// A call of a concurrent map's term that several threads may use.
fn concurrent_call(offer: &MapOffer) -> String {
    match (offer.concurrent_at.last(), offer.term.params.first()) {
        (Some(word), Some(param)) => format!("{}({}={word})", offer.term.name, param.name),
        _ => offer.term.name.to_owned(),
    }
}
