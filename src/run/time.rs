//! The time pass: latencies by kind and cause, and the throughput of the bare loop.
//!
//! Each repetition is a process of its own. A first run, watched as in the count pass, learns each operation's kind and
//! cause: the same cell does the same work every time, so the timed runs need no watching. One bare run warms up. Then come
//! the two that count: bare, for the throughput, and with the clock read after every operation, for the latencies. Recording
//! into the histograms happens between batches.
//!
//! # Small maps
//!
//! A workload of a few operations on a map of its own can't be timed once: the clock's readings about it, and caches that
//! know nothing of it, would be all that is measured. It is timed on many maps side by side, all built before, one filled
//! after the other with the same keys, as many as make up a batch, and that over and over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::batch::{BATCH_OPS_MIN, Batch, Batches, batch_ops_max};
use super::job::JobError;
use super::moments::{self, Works};
use super::observe::Tape;
use super::pin;
use super::setting::Setting;
use super::tested::Timed;
use super::timeline::Heat;
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::latency::{Classes, Latencies, class_of, kind_and_cause, serialize};
use crate::record::metrics::latency::percentiles;
use crate::record::{LatencyHistogram, OpKind, Time};
use crate::workload::{Key, Value};

/// How many operations at the beginning of a batch find caches and branch predictors as the harness left them, having
/// built keys and recorded latencies. Steady ones among them are not recorded: they would be the p99.9.
pub(super) const COLD_OPS: usize = 4;

/// How many classes there are.
pub(super) const CLASSES: usize = OpKind::ALL.len() * Cause::ALL.len();

/// A repetition of a small workload times so many operations at the least.
const SMALL_MAPS_OPS_MIN: u64 = 1 << 16;

/// What a timed run records of its operations.
pub(super) struct Recordings {
    latencies: Latencies,
    /// Of operations at the beginning of a batch; see [`COLD_OPS`].
    cold: Latencies,
    kind_ns: BTreeMap<OpKind, u64>,
}

impl Recordings {
    pub fn new() -> Recordings {
        Recordings { latencies: Latencies::new(CLASSES), cold: Latencies::new(CLASSES), kind_ns: BTreeMap::new() }
    }

    /// Takes an operation's latency down; whether it belongs into the histograms. One that is about all entries is not blurred
    /// by where it stands in its batch.
    pub fn add(&mut self, class: u8, ns: u64, cold: bool) -> bool {
        let kind = OpKind::ALL[kind_and_cause(class.into()).0];
        *self.kind_ns.entry(kind).or_default() += ns;
        let cold = cold && kind.has_key();
        if cold { &mut self.cold } else { &mut self.latencies }.record(class.into(), ns);
        !cold
    }

    /// The latencies by class, and their sums by kind. A kind that only occurs at beginnings of batches has those.
    pub fn finish(self) -> (Latencies, BTreeMap<OpKind, u64>) {
        let Recordings { mut latencies, cold, kind_ns } = self;
        let of = |class: usize| kind_and_cause(class).0;
        let warm: BTreeSet<usize> = latencies.recorded().map(|(class, _)| of(class)).collect();
        let only_cold = cold.recorded().filter(|(class, _)| !warm.contains(&of(*class)));
        only_cold.for_each(|(class, histogram)| latencies.add_to(class, histogram));
        (latencies, kind_ns)
    }
}

/// One repetition: runs the workload four times.
pub(super) fn time<K: Key, V: Value>(setting: &Setting<'_, K, V>, keeps_moments: bool) -> Result<Time, JobError> {
    let ops = setting.workload.ops();
    let kept = keeps_moments && small_maps(setting).is_none() && ops <= moments::OPS_MAX;
    let (classes, works) = classify(setting, kept)?;
    let pinned_to = pin::to_last_processor();
    let clock = Clock::calibrate();
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;

    bare(setting)?;
    let bare_elapsed = bare(setting)?;
    let mut recordings = Recordings::new();
    let mut heat = Heat::new(ops);
    let mut each_ns = Vec::with_capacity(if kept { ops as usize } else { 0 });
    let clocked_elapsed = clocked(setting, &classes, &clock, |class, ns, cold| {
        heat.add(recordings.add(class, ns, cold).then_some(ns));
        if kept {
            each_ns.push(u32::try_from(ns).unwrap_or(u32::MAX));
        }
    })?;
    let (latencies, kind_ns) = recordings.finish();
    let histograms = recorded(&latencies);
    Ok(Time {
        ops: ops * small_maps(setting).map_or(1, |(maps, rounds)| maps * rounds),
        bare_elapsed_ns: vec![bare_elapsed.as_nanos() as u64],
        clocked_elapsed_ns: vec![clocked_elapsed.as_nanos() as u64],
        clock_floor_ns: clock.floor_ns,
        ticks_per_ns: clock.ticks_per_ns,
        pinned_to,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        kind_ns,
        threads: Vec::new(),
        collector: None,
        heat: Some(heat.finish()),
        moments: kept.then(|| works.moments(&classes, &each_ns)),
    })
}

/// The histograms as the record has them.
pub(super) fn recorded(latencies: &Latencies) -> Vec<LatencyHistogram> {
    let encoded = latencies.recorded().map(|(class, histogram)| {
        let (kind, cause) = kind_and_cause(class);
        let hdr_v2_deflate_base64 = STANDARD.encode(serialize(histogram));
        LatencyHistogram { kind: OpKind::ALL[kind], cause, count: histogram.len(), hdr_v2_deflate_base64 }
    });
    encoded.collect()
}

/// Learns each measured operation's kind and cause, and, where that is to be kept, what it did.
fn classify<K: Key, V: Value>(setting: &Setting<'_, K, V>, kept: bool) -> Result<(Classes, Works), JobError> {
    let tape = Tape::default();
    let (mut observer, _) = setting.map.watched(&tape);
    let (mut classes, mut works) = (Classes::default(), Works::default());
    let mut batches = Batches::new(setting.workload, setting.hashes.as_ref())?;
    let mut batch = Batch::<K, V>::new();
    loop {
        let in_setup = batches.in_setup();
        if !batches.next(&mut batch)? {
            return Ok((classes, works));
        }
        for (op, step) in batch.steps() {
            let seen = observer.step(op, step);
            if !in_setup {
                classes.push(class_of(seen.kind as usize, seen.cause));
                if kept {
                    works.add(&seen);
                }
            }
        }
    }
}

/// One run without a clock in the loop; the time of the measured operations alone.
pub(super) fn bare<K: Key, V: Value>(setting: &Setting<'_, K, V>) -> Result<Duration, JobError> {
    run(setting, |maps, batches| measured_ops(|| maps.bare(batches)).1)
}

/// One run with the clock read after every operation; hands each one's class and latency to `take`, between batches, and
/// whether the caches were not yet its own.
fn clocked<K: Key, V: Value>(
    setting: &Setting<'_, K, V>,
    classes: &Classes,
    clock: &Clock,
    mut take: impl FnMut(u8, u64, bool),
) -> Result<Duration, JobError> {
    // Small maps do the same, one after the other.
    let mut classes = classes.iter().cycle();
    let mut readings = Vec::new();
    run(setting, |maps, batches| {
        // Nothing but the reading is kept in the loop; intervals are worked out after it.
        readings.resize(batches.iter().map(|batch| batch.ops.len()).sum(), 0);
        let (mut last, elapsed) = measured_ops(|| maps.clocked(batches, &mut readings));
        for (index, (&reading, class)) in readings.iter().zip(&mut classes).enumerate() {
            // Counters of two processors may differ, where the process could not be pinned.
            let ticks = reading.saturating_sub(last);
            last = reading;
            let cold = index < COLD_OPS && kind_and_cause(class.into()).1 == Cause::Steady;
            take(class, clock.ns(ticks), cold);
        }
        elapsed
    })
}

/// Does and times measured operations.
///
/// Never inlined: CPU samples are told to be measured by this function's name.
#[inline(never)]
fn measured_ops<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// How many maps lie side by side in a small workload, and how often all of them are built and filled; `None` for a
/// workload that is run once, on one map.
fn small_maps<K, V>(setting: &Setting<'_, K, V>) -> Option<(u64, u64)> {
    let ops = setting.workload.ops();
    let small = (1..=BATCH_OPS_MIN as u64).contains(&ops) && setting.workload.setup_ops() == 0;
    // A thousand maps with room for many don't fit.
    let small = small && setting.hint <= BATCH_OPS_MIN;
    // Recorded hashes are in one table for all maps, and may have to wait for theirs to be empty.
    (small && setting.hashes.is_none()).then(|| {
        let maps = batch_ops_max::<K, V>() as u64 / ops;
        (maps, SMALL_MAPS_OPS_MIN.div_ceil(maps * ops))
    })
}

/// One run: the set-up, then the measured operations batch by batch through `measure`, whose times are added up.
fn run<K: Key, V: Value>(
    setting: &Setting<'_, K, V>,
    mut measure: impl FnMut(&mut dyn Timed<K, V>, &mut [Batch<K, V>]) -> Duration,
) -> Result<Duration, JobError> {
    let mut elapsed = Duration::ZERO;
    let mut batches = Batches::new(setting.workload, setting.hashes.as_ref())?;
    if let Some((maps, rounds)) = small_maps(setting) {
        let mut batch = Batch::new();
        batches.next(&mut batch)?;
        for _ in 0..rounds {
            let mut ready: Vec<_> = (0..maps).map(|_| batch.again()).collect();
            elapsed += measure(&mut *setting.map.timed(ready.len()), &mut ready);
        }
        return Ok(elapsed);
    }
    let (mut map, mut ready) = (setting.map.timed(1), [Batch::new()]);
    loop {
        let in_setup = batches.in_setup();
        if !batches.next(&mut ready[0])? {
            return Ok(elapsed);
        }
        if in_setup {
            map.bare(&mut ready);
        } else {
            elapsed += measure(&mut *map, &mut ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_latencies_and_all_of_its_time() {
        let class = |kind: OpKind| class_of(kind as usize, Cause::Steady);
        let mut recordings = Recordings::new();
        assert!(!recordings.add(class(OpKind::Insert), 100, true));
        assert!(recordings.add(class(OpKind::Insert), 10, false));
        assert!(!recordings.add(class(OpKind::Get), 40, true), "cold, and there may be others");
        assert!(recordings.add(class(OpKind::Clear), 1000, true), "not blurred by its place");
        let (latencies, kind_ns) = recordings.finish();
        let recorded: Vec<_> = latencies.recorded().map(|(class, of)| (class, of.len(), of.max())).collect();
        let one = |kind, ns| (usize::from(class(kind)), 1, ns);
        assert_eq!(recorded, [one(OpKind::Insert, 10), one(OpKind::Get, 40), one(OpKind::Clear, 1000)]);
        assert_eq!(kind_ns, [(OpKind::Insert, 110), (OpKind::Get, 40), (OpKind::Clear, 1000)].into());
    }
}
