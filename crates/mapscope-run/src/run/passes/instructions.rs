//! The pass of instructions: what the processor executes for the operations, as Valgrind counts it, under which the process
//! runs (`run/valgrind.rs`).
//!
//! What is counted is the loop that the time pass times, without a clock, [`MEASURED`] and what it calls. The operations come
//! to it in runs of one kind, each by the function of its kind: what was counted below that is the kind's. A second run does
//! the same on nothing, and so is the loop's own.

use std::collections::{BTreeMap, HashSet};
use std::hint::black_box;
use std::time::Duration;

use foldhash::fast::FixedState;

use crate::record::{Executed, Instructions, OpKind};
use crate::subject::{Failure, Session, Timed, op_kind};
use crate::workload::{Kind, Op, Workload};

/// The name of the function that does operations and nothing else, `Batch::work_by`, as patterns: mangled in the older way
/// and in the newer. Neither is that of a closure in it.
pub(in crate::run) const MEASURED: [&str; 2] = ["*7work_by17h*", "_RIN*7work_by*"];

/// Does the operations, under what counts.
pub(in crate::run) fn execute(session: &mut dyn Session, workload: &Workload) -> Result<(), Failure> {
    let batch_ops = session.traits().batch_ops;
    let kinds = kinds(workload, batch_ops)?;
    let mut map = session.timed(1, None)?;
    in_runs(&mut *map, workload, batch_ops, &kinds, |of| of.map)?;
    map.finish()?;
    in_runs(&mut *session.idle()?, workload, batch_ops, &kinds, |of| of.idle)
}

/// The kind of each measured operation.
fn kinds(workload: &Workload, batch_ops: u64) -> Result<Vec<OpKind>, Failure> {
    let (setup_ops, ops) = (workload.setup_ops(), workload.ops());
    let mut kinds = Vec::with_capacity(ops as usize);
    let mut keys = HashSet::with_capacity_and_hasher((setup_ops + ops) as usize, FixedState::default());
    let mut batches = workload.batches(batch_ops)?;
    while let Some(batch) = batches.next()? {
        for op in batch.ops {
            let hit = match op.kind {
                Kind::Put => !keys.insert(op.key),
                Kind::Remove => keys.remove(&op.key),
                Kind::Clear => {
                    keys.clear();
                    true
                }
                Kind::Get | Kind::Iterate | Kind::Scan => true,
            };
            if !batch.in_setup {
                kinds.push(op_kind(op.kind, hit));
            }
        }
    }
    // A large block given back has the system's allocator treat the next ones otherwise, which are the map's.
    std::mem::forget(keys);
    Ok(kinds)
}

fn in_runs(
    maps: &mut dyn Timed,
    workload: &Workload,
    batch_ops: u64,
    mut kinds: &[OpKind],
    work: fn(&OfKind) -> Work,
) -> Result<(), Failure> {
    let mut batches = workload.batches(batch_ops)?;
    // What the clock says here is nobody's.
    let mut ticks = Vec::new();
    while let Some(batch) = batches.next()? {
        if batch.in_setup {
            maps.set_up(batch.ops)?;
            continue;
        }
        let (now, later) = kinds.split_at(batch.ops.len());
        let mut ops = batch.ops;
        for run in now.chunk_by(PartialEq::eq) {
            let (these, rest) = ops.split_at(run.len());
            work(&BY_KIND[run[0] as usize])(maps, these, &mut ticks)?;
            ticks.clear();
            ops = rest;
        }
        kinds = later;
    }
    Ok(())
}

/// Does operations of one kind.
type Work = fn(&mut dyn Timed, &[Op], &mut Vec<u64>) -> Result<Duration, Failure>;

/// What does those of one kind, on a map and on nothing, with names.
struct OfKind {
    kind: OpKind,
    map: Work,
    idle: Work,
    names: [&'static str; 2],
}

/// Functions that only their names tell apart, and what they show the compiler, lest it makes one of two. What comes after
/// the call keeps it a call.
macro_rules! by_kind {
    ($($kind:ident $map:ident $idle:ident,)*) => {
        by_kind! { @ $($map)* $($idle)* }
        /// In the order of the kinds.
        const BY_KIND: [OfKind; OpKind::ALL.len()] = [$(OfKind {
            kind: OpKind::$kind,
            map: $map,
            idle: $idle,
            names: [stringify!($map), stringify!($idle)],
        }),*];
    };
    (@ $($function:ident)*) => {
        $(#[inline(never)]
        fn $function(maps: &mut dyn Timed, ops: &[Op], ticks: &mut Vec<u64>) -> Result<Duration, Failure> {
            let done = maps.bare(ops, ticks);
            black_box(stringify!($function));
            done
        })*
    };
}

/// A kind is where its number says.
const _: () = {
    let mut at = 0;
    while at < BY_KIND.len() {
        assert!(BY_KIND[at].kind as usize == at);
        at += 1;
    }
};

by_kind! {
    Insert executes_inserts idles_inserts,
    Overwrite executes_overwrites idles_overwrites,
    Remove executes_removes idles_removes,
    Get executes_gets idles_gets,
    Clear executes_clears idles_clears,
    Iterate executes_iterations idles_iterations,
    Scan executes_scans idles_scans,
}

/// What callgrind counted, from its file.
pub(in crate::run) fn executed(file: &str, build: &str) -> Result<Instructions, Failure> {
    let creator = file.lines().find_map(|line| line.strip_prefix("creator: ")).unwrap_or("unknown");
    let mut counted = Instructions { build: format!("{build}; {creator}"), ..Instructions::default() };
    let mut events = Vec::new();
    // Where the calls that come next come from.
    let mut caller: Option<(OpKind, bool)> = None;
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        if let Some(names) = line.strip_prefix("events: ") {
            events = names.split(' ').collect();
        } else if let Some(name) = line.strip_prefix("fn=") {
            caller = BY_KIND.iter().find_map(|of| {
                let named = of.names.iter().position(|known| name.contains(known))?;
                Some((of.kind, named == 0))
            });
        } else if line.starts_with("calls=") {
            // All that the call cost, in a line of its own: a position, and sums in the order of the events.
            let (Some(costs), Some((kind, on_map))) = (lines.next(), caller) else { continue };
            let costs: BTreeMap<&str, u64> = events
                .iter()
                .zip(costs.split(' ').skip(1))
                .map(|(event, sum)| Some((*event, sum.parse().ok()?)))
                .collect::<Option<_>>()
                .ok_or_else(|| Failure::harness("what callgrind has counted can't be read"))?;
            // Zeros at the end are left out.
            let sum = |events: &[&str]| {
                events.iter().filter_map(|event| costs.get(event).copied()).fold(0, u64::saturating_add)
            };
            let of = if on_map { &mut counted.kinds } else { &mut counted.idle };
            *of.entry(kind).or_default() += Executed {
                instructions: sum(&["Ir"]),
                branches: sum(&["Bc", "Bi"]),
                mispredictions: sum(&["Bcm", "Bim"]),
                l1_misses: sum(&["D1mr", "D1mw"]),
                ll_misses: sum(&["DLmr", "DLmw"]),
            };
        }
    }
    if counted.kinds.keys().ne(counted.idle.keys()) || counted.kinds.values().any(|sum| sum.instructions == 0) {
        let why = "callgrind has counted nothing: the program's file has no names of functions (was it stripped?), or was \
                   built anew since the run began";
        return Err(Failure::harness(why));
    }
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_size_are_read_and_what_is_none_is_refused() {
        let file = |costs: &str| {
            let of = |name: &str| format!("fn={name}\ncalls=1 0\n0 {costs}\n");
            executed(&format!("events: Ir Bc Bi\n{0}{0}{1}", of("x13executes_gets17h"), of("idles_gets")), "a build")
        };
        let of_gets = |costs: &str| file(costs).expect("counted").kinds[&OpKind::Get];
        let most = of_gets(&format!("{0} {0} {0}", u64::MAX));
        assert_eq!((most.instructions, most.branches), (u64::MAX, u64::MAX));
        let sums = of_gets("7 2");
        assert_eq!((sums.instructions, sums.branches), (14, 4), "zeros at the end are left out");
        for costs in ["18446744073709551616", "-1", "x", "", "0"] {
            assert!(file(costs).is_err(), "{costs}");
        }
    }
}
