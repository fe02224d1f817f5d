//! The time pass: latencies by kind and cause, and the throughput of the bare loop.
//!
//! Each repetition is a process of its own. One bare run warms up. Then come the two that count: bare, for the throughput,
//! and with the clock read after every operation, for the latencies. Recording into the histograms happens between batches.
//!
//! # Small maps
//!
//! A workload of a few operations on a map of its own can't be timed once: the clock's readings about it, and caches that
//! know nothing of it, would be all that is measured. It is timed on many maps side by side, all built before, one filled
//! after the other with the same keys, as many as make up a batch, and that over and over.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Batches;
use super::latencies::{Recordings, recorded, sum_kinds};
use super::moments::{self, Works};
use super::timeline::Heat;
use crate::probe::event::Cause;
use crate::probe::latency::{Classes, Latencies, class_of, kind_and_cause};
use crate::record::metrics::latency::percentiles;
use crate::record::{ThreadTime, Time};
use crate::subject::{Failure, Hand, Session, Timed, TimedEnd, Timing, Watch};
use crate::workload::{Op, Workload};

/// How many operations at the beginning of a batch find caches and branch predictors as the harness left them, having
/// built keys and recorded latencies. Steady ones among them, and those of whose cause nobody knew before, are not recorded:
/// they would be the p99.9.
const COLD_OPS: u32 = 4;

/// A workload of at most so many operations is small.
const SMALL_OPS_MAX: u64 = 64;

/// A repetition of a small workload times so many operations at the least.
const SMALL_MAPS_OPS_MIN: u64 = 1 << 16;

/// One repetition.
pub(in crate::run) fn time(
    session: &mut dyn Session,
    workload: &Workload,
    hint: u64,
    repeats: bool,
    keeps_moments: bool,
) -> Result<Time, Failure> {
    let runs = Runs::new(&*session, workload, hint);
    let kept = keeps_moments && repeats && runs.maps == 1 && workload.ops() <= moments::OPS_MAX;
    let (classes, works) = if repeats { learn(session, workload, kept)? } else { Default::default() };
    let Timing { ticks_per_ns, floor_ns, pinned_to } = session.ready_to_time()?;
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;

    runs.bare(session)?;
    let (bare_elapsed, bare_end) = runs.bare(session)?;
    let mut hands: Vec<Recordings> = Vec::new();
    // The order of all operations is one hand's.
    let mut heat = bare_end.hands.is_empty().then(|| Heat::new(workload.ops()));
    let mut each_ns = Vec::with_capacity(if kept { workload.ops() as usize } else { 0 });
    // Small maps do the same, one after the other.
    let mut learnt = classes.iter().cycle();
    let mut readings = Vec::new();
    let (clocked_elapsed, clocked_end) = runs.run(session, true, |maps, ops| {
        readings.clear();
        let elapsed = maps.clocked(ops, &mut readings)?;
        for reading in &readings {
            let class = reading.class.or_else(|| learnt.next());
            let class = class.ok_or_else(|| Failure::harness("an operation is timed whose kind nobody knows"))?;
            let steady = reading.class.is_some() || kind_and_cause(class.into()).1 == Cause::Steady;
            let hand = reading.hand as usize;
            if hands.len() <= hand {
                hands.resize_with(hand + 1, Recordings::new);
            }
            let warm = hands[hand].add(class, reading.ns, steady && reading.place < COLD_OPS);
            if let Some(heat) = &mut heat {
                heat.add(warm.then_some(reading.ns));
            }
            if kept {
                each_ns.push(u32::try_from(reading.ns).unwrap_or(u32::MAX));
            }
        }
        Ok(elapsed)
    })?;

    let mut latencies = Latencies::new(super::CLASSES);
    let hands: Vec<_> = hands.into_iter().map(Recordings::finish).collect();
    hands.iter().for_each(|(of_hand, _)| latencies.add(of_hand));
    let histograms = recorded(&latencies);
    let of_hand = |(hand, (latencies, _)): (&Hand, &(Latencies, _))| ThreadTime {
        ops: hand.ops,
        bare_elapsed_ns: vec![ns(hand.elapsed)],
        pinned_to: hand.pinned_to,
        histograms: recorded(latencies),
    };
    Ok(Time {
        ops: workload.ops() * runs.maps as u64 * runs.rounds,
        bare_elapsed_ns: vec![ns(bare_elapsed)],
        clocked_elapsed_ns: vec![ns(clocked_elapsed)],
        clock_floor_ns: floor_ns,
        ticks_per_ns,
        pinned_to,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        kind_ns: sum_kinds(hands.iter().map(|(_, kind_ns)| kind_ns)),
        threads: bare_end.hands.iter().zip(&hands).map(of_hand).collect(),
        collector: clocked_end.collector,
        heat: heat.map(Heat::finish),
        moments: kept.then(|| works.moments(&classes, &each_ns)),
    })
}

fn ns(elapsed: Duration) -> u64 {
    elapsed.as_nanos() as u64
}

/// Learns each measured operation's kind and cause, and, where that is to be kept, what it did.
fn learn(session: &mut dyn Session, workload: &Workload, kept: bool) -> Result<(Classes, Works), Failure> {
    let (mut classes, mut works) = (Classes::default(), Works::default());
    let mut batches = Batches::new(workload, session.traits().batch_ops)?;
    let (mut map, _) = session.watched(Watch::default())?;
    while let Some(batch) = batches.next()? {
        if batch.in_setup {
            map.set_up(batch.ops)?;
            continue;
        }
        map.watch(batch.ops, &mut |_, seen, _| {
            classes.push(class_of(seen.kind as usize, seen.cause));
            if kept {
                works.add(seen);
            }
        })?;
    }
    Ok((classes, works))
}

/// Runs of a workload.
pub(super) struct Runs<'a> {
    workload: &'a Workload,
    batch_ops: u64,
    /// How many maps lie side by side, more than one for small workloads; and how often all of them are built and filled.
    maps: usize,
    rounds: u64,
}

impl<'a> Runs<'a> {
    /// As the session allows it, of maps with room for `hint` entries.
    pub fn new(session: &dyn Session, workload: &'a Workload, hint: u64) -> Runs<'a> {
        let traits = session.traits();
        let (ops, batch_ops) = (workload.ops(), traits.batch_ops);
        // A thousand maps with room for many don't fit.
        let small = (1..=SMALL_OPS_MAX).contains(&ops) && workload.setup_ops() == 0 && hint <= SMALL_OPS_MAX;
        let maps = if small && traits.side_by_side { batch_ops / ops } else { 1 };
        let rounds = if maps > 1 { SMALL_MAPS_OPS_MIN.div_ceil(maps * ops) } else { 1 };
        Runs { workload, batch_ops, maps: maps as usize, rounds }
    }

    /// One run without a clock in the loop; the time of the measured operations alone.
    pub fn bare(&self, session: &mut dyn Session) -> Result<(Duration, TimedEnd), Failure> {
        self.run(session, false, |maps, ops| maps.bare(ops))
    }

    /// One run: the set-up, then the measured operations batch by batch through `measure`, whose times are added up.
    fn run(
        &self,
        session: &mut dyn Session,
        clocked: bool,
        mut measure: impl FnMut(&mut dyn Timed, &[Op]) -> Result<Duration, Failure>,
    ) -> Result<(Duration, TimedEnd), Failure> {
        let (mut elapsed, mut end) = (Duration::ZERO, TimedEnd::default());
        for _ in 0..self.rounds {
            let mut batches = Batches::new(self.workload, self.batch_ops)?;
            let mut maps = session.timed(self.maps, clocked)?;
            while let Some(batch) = batches.next()? {
                if batch.in_setup {
                    maps.set_up(batch.ops)?;
                } else {
                    elapsed += measure(&mut *maps, batch.ops)?;
                }
            }
            end = maps.finish()?;
        }
        Ok((elapsed, end))
    }
}
