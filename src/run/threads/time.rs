//! The time pass of several threads: as for one, save that causes can't be learnt beforehand. The operation before decides
//! whether the next one waits: each is looked at when it happens, after the clock was read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::shared::{Reading, Shared};
use super::{Done, Setting, Worker, check, run, wall};
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::latency::Latencies;
use crate::record::metrics::latency::percentiles;
use crate::record::{ThreadTime, Time};
use crate::run::batch::Batch;
use crate::run::job::JobError;
use crate::run::repetitions::sum_kinds;
use crate::run::time::{CLASSES, COLD_OPS, Recordings, recorded};
use crate::workload::{Key, Outcomes, Value};

/// One repetition: runs the workload three times.
pub(in crate::run) fn time<K: Key, V: Value>(setting: &Setting<'_, K, V>) -> Result<Time, JobError> {
    let outcomes = &Outcomes::of(setting.workload, setting.deal)?;
    let clock = &Clock::calibrate();
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;

    let threads = 0..setting.deal.threads;
    let bare = || -> Result<Vec<Done<Bare>>, JobError> {
        let map = setting.map.unwatched();
        let crew = run(setting, &*map, threads.clone().map(|_| Bare).collect(), true)?;
        check(&*map, outcomes)?;
        Ok(crew)
    };
    bare()?;
    let bare_crew = bare()?;

    let (map, _) = setting.map.watched();
    let new = |_| Clocked::new(clock, setting.map.info().alloc_cause);
    let clocked_crew = run(setting, &*map, threads.clone().map(new).collect(), true)?;
    check(&*map, outcomes)?;

    let mut latencies = Latencies::new(CLASSES);
    let clocked_elapsed_ns = ns(wall(&clocked_crew));
    let own: Vec<_> = clocked_crew.into_iter().map(|done| done.worker.recordings.finish()).collect();
    own.iter().for_each(|(own, _)| latencies.add(own));
    let of_thread = |(bare, (own, _)): (&Done<Bare>, &(Latencies, _))| ThreadTime {
        ops: bare.ops,
        bare_elapsed_ns: vec![ns(bare.elapsed())],
        pinned_to: bare.pinned_to,
        histograms: recorded(own),
    };
    let histograms = recorded(&latencies);
    Ok(Time {
        ops: setting.workload.ops(),
        bare_elapsed_ns: vec![ns(wall(&bare_crew))],
        clocked_elapsed_ns: vec![clocked_elapsed_ns],
        clock_floor_ns: clock.floor_ns,
        ticks_per_ns: clock.ticks_per_ns,
        pinned_to: None,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        kind_ns: sum_kinds(own.iter().map(|(_, kind_ns)| kind_ns)),
        threads: bare_crew.iter().zip(&own).map(of_thread).collect(),
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

impl<K: Key, V: Value> Worker<K, V> for Bare {
    fn set_up(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        map.bare(batch);
    }

    fn work(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        map.bare(batch);
    }
}

/// Reads the clock before and after each operation.
struct Clocked<'a> {
    clock: &'a Clock,
    alloc_cause: Cause,
    /// Of each operation of the window: how long it took, in ticks, and its class.
    readings: Vec<Reading>,
    recordings: Recordings,
}

impl<'a> Clocked<'a> {
    fn new(clock: &'a Clock, alloc_cause: Cause) -> Clocked<'a> {
        Clocked { clock, alloc_cause, readings: Vec::new(), recordings: Recordings::new() }
    }
}

impl<K: Key, V: Value> Worker<K, V> for Clocked<'_> {
    fn set_up(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        map.bare(batch);
    }

    fn work(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        self.readings.clear();
        self.readings.reserve(batch.ops.len());
        map.clocked(batch, self.alloc_cause, &mut self.readings);
    }

    fn rest(&mut self) {
        for (index, &(ticks, class)) in self.readings.iter().enumerate() {
            self.recordings.add(class, self.clock.ns(ticks), index < COLD_OPS);
        }
        self.readings.clear();
    }
}
