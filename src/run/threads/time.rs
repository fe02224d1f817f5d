//! The time pass of several threads: as for one, save that causes can't be learnt beforehand. The operation before decides
//! whether the next one waits: each is looked at when it happens, after the clock was read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Done, OfThread, Setting, Worker, cause, check, run, wall};
use crate::maps::{Concurrent, ConcurrentFamily, Hashing};
use crate::probe::alloc;
use crate::probe::clock::{self, Clock};
use crate::probe::event::{Cause, Off};
use crate::probe::latency::{Latencies, class_of};
use crate::record::metrics::latency::percentiles;
use crate::record::{ThreadTime, Time};
use crate::run::batch::{Among, Batch, op_kind};
use crate::run::job::JobError;
use crate::run::time::{CLASSES, COLD_OPS, NO_CLASS, recorded};
use crate::workload::{Key, Outcomes, Value};

/// One repetition: runs the workload three times.
pub(in crate::run) fn time<F: ConcurrentFamily, K: Key, V: Value, S: Hashing + Send + Sync>(
    setting: &Setting<'_, S>,
) -> Result<Time, JobError> {
    let outcomes = &Outcomes::of(setting.workload, setting.deal)?;
    let clock = &Clock::calibrate();
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;

    let threads = 0..setting.deal.threads;
    let bare = || -> Result<Vec<Done<Bare>>, JobError> {
        let map = F::share::<K, V, S, Off>(&setting.options, setting.hasher.clone(), Off);
        let crew = run::<K, V, _, _, _>(setting, &map, threads.clone().map(|_| Bare).collect(), true)?;
        check(&map, outcomes)?;
        Ok(crew)
    };
    bare()?;
    let bare_crew = bare()?;

    let map = F::share::<K, V, S, _>(&setting.options, setting.hasher.clone(), OfThread);
    let new = |_| Clocked::new(clock, F::SHARED_INFO.alloc_cause);
    let clocked_crew = run::<K, V, _, _, _>(setting, &map, threads.clone().map(new).collect(), true)?;
    check(&map, outcomes)?;

    let mut latencies = Latencies::new(CLASSES);
    clocked_crew.iter().for_each(|done| latencies.add(&done.worker.latencies));
    let of_thread = |(bare, clocked): (&Done<Bare>, &Done<Clocked<'_>>)| ThreadTime {
        ops: bare.ops,
        bare_elapsed_ns: vec![ns(bare.elapsed())],
        pinned_to: bare.pinned_to,
        histograms: recorded(&clocked.worker.latencies),
    };
    let histograms = recorded(&latencies);
    Ok(Time {
        ops: setting.workload.ops(),
        bare_elapsed_ns: vec![ns(wall(&bare_crew))],
        clocked_elapsed_ns: vec![ns(wall(&clocked_crew))],
        clock_floor_ns: clock.floor_ns,
        ticks_per_ns: clock.ticks_per_ns,
        pinned_to: None,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        threads: bare_crew.iter().zip(&clocked_crew).map(of_thread).collect(),
        collector: None,
        heat: None,
        moments: None,
    })
}

fn ns(elapsed: Duration) -> u64 {
    elapsed.as_nanos() as u64
}

/// Does its operations and nothing else.
struct Bare;

impl<K: Key, V: Value, M: Concurrent<K, V>> Worker<K, V, M> for Bare {
    fn set_up(&mut self, map: &M, batch: &mut Batch<K, V>) {
        batch.setup_ops(Among(map));
    }

    fn work(&mut self, map: &M, batch: &mut Batch<K, V>) {
        batch.measured_ops(Among(map), |_, _| ());
    }
}

/// Reads the clock before and after each operation.
struct Clocked<'a> {
    clock: &'a Clock,
    alloc_cause: Cause,
    /// Of each operation of the window: how long it took, in ticks, and its class.
    readings: Vec<(u64, u8)>,
    latencies: Latencies,
}

impl<'a> Clocked<'a> {
    fn new(clock: &'a Clock, alloc_cause: Cause) -> Clocked<'a> {
        Clocked { clock, alloc_cause, readings: Vec::new(), latencies: Latencies::new(CLASSES) }
    }
}

impl<K: Key, V: Value, M: Concurrent<K, V>> Worker<K, V, M> for Clocked<'_> {
    fn set_up(&mut self, map: &M, batch: &mut Batch<K, V>) {
        batch.setup_ops(Among(map));
    }

    fn work(&mut self, map: &M, batch: &mut Batch<K, V>) {
        self.readings.clear();
        self.readings.reserve(batch.ops.len());
        let alloc_cause = self.alloc_cause;
        // What came before the first operation is no operation's.
        cause(alloc_cause, false);
        let mut allocs = alloc::tally().alloc_count;
        let mut start = clock::ticks();
        batch.measured_ops(Among(map), |kind, hit| {
            let took = clock::ticks().saturating_sub(start);
            let before = std::mem::replace(&mut allocs, alloc::tally().alloc_count);
            let cause = cause(alloc_cause, allocs != before);
            let class = op_kind(kind, hit).map_or(NO_CLASS, |kind| class_of(kind as usize, cause));
            self.readings.push((took, class));
            start = clock::ticks();
        });
    }

    fn rest(&mut self) {
        for (index, &(ticks, class)) in self.readings.iter().enumerate() {
            if class != NO_CLASS && index >= COLD_OPS {
                self.latencies.record(class.into(), self.clock.ns(ticks));
            }
        }
        self.readings.clear();
    }
}
