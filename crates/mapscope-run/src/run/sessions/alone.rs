//! A map of this process that one thread has to itself.

use std::time::{Duration, Instant};

use super::batch::{Batch, Blocks, batch_ops_max};
use super::content::content;
use super::idle::Idle;
use super::observe::{Observer, Tape};
use super::pin;
use super::row::Row;
use super::tested::{Tested, Typed};
use super::unclocked;
use crate::maps::{Family, Hashing as _, Options, Quantity};
use crate::probe::alloc;
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::slots::SlotCounts;
use crate::replay::{EitherHashing, Recorded, Replaying};
use crate::subject::{
    Content, Each, Failure, Hashes, Holds, Look, Reading, Session, Timed, TimedEnd, Timing, Traits, Watch, Watched,
    Work,
};
use crate::workload::{Key, Op, Value};

/// A session of it.
pub(in crate::run) struct Alone<K, V> {
    map: Box<dyn Tested<K, V>>,
    /// The hasher's table, where a trace brings the hashes.
    hashes: Option<Recorded>,
    tape: Tape,
}

impl<K: Key, V: Value> Alone<K, V> {
    /// Of a family's map. Its hasher is the map's own, or looks up what the workload brings.
    pub fn new<F: Family>(options: Options, hashed: bool) -> Alone<K, V> {
        let hashes = hashed.then(Recorded::default);
        let hasher = match &hashes {
            Some(hashes) => EitherHashing::Recorded(Replaying::new(hashes)),
            None => EitherHashing::Own(F::Hasher::with_seed(options.seed)),
        };
        Alone { map: Box::new(Typed::<F>::new(options, hasher)), hashes, tape: Tape::new() }
    }
}

impl<K: Key, V: Value> Alone<K, V> {
    /// What is in the place of a map, and is not clocked.
    fn bare<'s>(&'s self, maps: Box<dyn Row<K, V> + 's>) -> Box<dyn Timed + 's> {
        let (ready, blocks, readings) = (Ready::<K, V>::new(&self.hashes), Blocks::new(), Vec::new());
        Box::new(Bare { maps, ready, blocks, readings, clock: None })
    }
}

impl<K: Key, V: Value> Session for Alone<K, V> {
    fn traits(&self) -> Traits {
        Traits {
            batch_ops: batch_ops_max::<K, V>() as u64,
            // Recorded hashes are in one table for all maps, and may have to wait for theirs to be empty.
            side_by_side: self.hashes.is_none(),
            tells_moves: !self.map.info().tells.is_empty(),
            // Of a block that a model tells of nobody says where it lies.
            knows_blocks: !self.map.models_heap(),
            causes_repeat: self.map.info().exact,
        }
    }

    fn watched<'s>(&'s mut self, watch: Watch) -> Result<(Box<dyn Watched + 's>, Work), Failure> {
        self.tape = Tape::of(watch);
        let alone: &'s Alone<K, V> = self;
        let (observer, built) = alone.map.watched(&alone.tape);
        let batch = Ready::new(&alone.hashes);
        Ok((Box::new(Observed { observer, batch }), built))
    }

    fn ready_to_time(&mut self) -> Result<Timing, Failure> {
        Ok(Timing { clock: None, pinned_to: pin::to_last_processor() })
    }

    fn timed<'s>(&'s mut self, maps: usize, clock: Option<Clock>) -> Result<Box<dyn Timed + 's>, Failure> {
        let batches = (0..maps).map(|_| Batch::new()).collect();
        let ready = Ready { batches, ..Ready::new(&self.hashes) };
        let (blocks, readings) = (Blocks::new(), Vec::new());
        Ok(Box::new(Bare { maps: self.map.timed(maps), ready, blocks, readings, clock }))
    }

    fn idle<'s>(&'s mut self) -> Result<Box<dyn Timed + 's>, Failure> {
        Ok(self.bare(Box::new(Idle)))
    }

    fn hashes<'s>(&'s mut self) -> Hashes<'s> {
        match self.map.hashes() {
            None => Hashes::Unknown,
            Some(None) => Hashes::None,
            Some(Some(hashing)) => Hashes::By { hashing: self.bare(hashing), idle: self.bare(Box::new(Idle)) },
        }
    }
}

/// Batches made ready, one a map.
struct Ready<'s, K, V> {
    batches: Vec<Batch<K, V>>,
    hashes: Option<&'s Recorded>,
}

impl<'s, K: Key, V: Value> Ready<'s, K, V> {
    /// One, for a map that was just built.
    fn new(hashes: &'s Option<Recorded>) -> Ready<'s, K, V> {
        let hashes = hashes.as_ref();
        if let Some(hashes) = hashes {
            hashes.clear();
        }
        Ready { batches: vec![Batch::new()], hashes }
    }

    /// Makes operations ready and hands them to `work`; piece by piece where a key's recorded hash changes, which the map
    /// must be empty for.
    fn each<'o>(&mut self, mut ops: &'o [Op], mut work: impl FnMut(&'o [Op], &mut [Batch<K, V>])) {
        while !ops.is_empty() {
            let ready = self.hashes.map_or(ops.len(), |hashes| ready(ops, hashes));
            let piece;
            (piece, ops) = ops.split_at(ready);
            self.batches.iter_mut().for_each(|batch| batch.fill(piece));
            work(piece, &mut self.batches);
        }
    }
}

/// How many of `ops` may run before a key's recorded hash changes; records the hashes of those.
fn ready(ops: &[Op], hashes: &Recorded) -> usize {
    for (index, op) in ops.iter().enumerate() {
        if op.kind.has_key() && hashes.get(op.key) != Some(op.hash) {
            if hashes.get(op.key).is_some() && index > 0 {
                return index;
            }
            hashes.set(op.key, op.hash);
        }
    }
    ops.len()
}

/// A map that an observer has.
struct Observed<'s, K, V> {
    observer: Observer<'s, K, V>,
    batch: Ready<'s, K, V>,
}

impl<K: Key, V: Value> Watched for Observed<'_, K, V> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        let Observed { observer, batch } = self;
        batch.each(ops, |ops, batches| steps(observer, ops, &mut batches[0], &mut |_, _, _| {}));
        observer.rewind();
        Ok(())
    }

    fn watch(&mut self, ops: &[Op], each: &mut Each<'_>) -> Result<(), Failure> {
        let Observed { observer, batch } = self;
        batch.each(ops, |ops, batches| watched_ops(observer, ops, &mut batches[0], each));
        Ok(())
    }

    fn look(&mut self) -> Option<&mut dyn Look> {
        Some(&mut self.observer)
    }

    fn holds(&mut self) -> Result<Holds, Failure> {
        let peak_bytes = Some(self.observer.held_peak_bytes());
        Ok(Holds { live_bytes: self.observer.held_bytes(), peak_bytes })
    }

    fn content(&mut self) -> Result<Content, Failure> {
        let content = self.observer.look(|map| content(|each| map.for_each(each)));
        self.observer.wrong.take().map_or(Ok(content), |why| Err(Failure::content(why)))
    }

    fn quantities(&mut self) -> Vec<(Quantity, u64)> {
        let mut counted = Vec::new();
        self.observer.look(|map| map.quantities(&mut |quantity, value| counted.push((quantity, value))));
        counted
    }

    fn drained_bytes(&mut self) -> Result<u64, Failure> {
        let (observer, mut keys) = (&mut self.observer, Vec::new());
        observer.forget_slots();
        observer.look(|map| map.for_each(&mut |key, _| alloc::uncounted(|| keys.push(key.clone()))));
        for key in &keys {
            observer.window(|map| map.remove(key));
        }
        Ok(observer.held_after_looks_bytes())
    }

    fn shrunk_bytes(&mut self) -> Option<u64> {
        self.observer.window(|map| map.shrink()).then(|| self.observer.held_after_looks_bytes())
    }

    fn events(&self, cause: Cause) -> Option<u64> {
        self.observer.events(cause)
    }

    fn slots(&self) -> Option<SlotCounts> {
        self.observer.slots()
    }
}

/// Does measured operations, and calls `each` for every one.
///
/// Never inlined: `cargo bench --bench watching` tells their instructions by this function's name.
#[inline(never)]
fn watched_ops<K: Key, V: Value>(
    observer: &mut Observer<'_, K, V>,
    ops: &[Op],
    batch: &mut Batch<K, V>,
    each: &mut Each<'_>,
) {
    steps(observer, ops, batch, each);
}

#[inline(always)]
fn steps<K: Key, V: Value>(
    observer: &mut Observer<'_, K, V>,
    ops: &[Op],
    batch: &mut Batch<K, V>,
    each: &mut Each<'_>,
) {
    observer.expect(ops);
    for (op, step) in ops.iter().zip(batch.steps()) {
        let seen = observer.step(op, step);
        each(op, &seen, Some(observer));
    }
}

/// Maps that nobody looks at.
struct Bare<'s, K, V> {
    maps: Box<dyn Row<K, V> + 's>,
    ready: Ready<'s, K, V>,
    blocks: Blocks,
    /// The clock's, after each operation of a batch.
    readings: Vec<u64>,
    clock: Option<Clock>,
}

impl<K: Key, V: Value> Timed for Bare<'_, K, V> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        self.ready.each(ops, |_, batches| self.maps.bare(batches, &mut self.blocks));
        Ok(())
    }

    fn bare(&mut self, ops: &[Op], block_ticks: &mut Vec<u64>) -> Result<Duration, Failure> {
        let mut elapsed = Duration::ZERO;
        let Bare { maps, ready, blocks, .. } = self;
        ready.each(ops, |_, batches| {
            elapsed += measured_ops(|| maps.bare(batches, blocks)).1;
            block_ticks.extend(blocks.took());
        });
        Ok(elapsed)
    }

    fn clocked(&mut self, ops: &[Op], readings: &mut Vec<Reading>) -> Result<Duration, Failure> {
        let mut elapsed = Duration::ZERO;
        let clock = self.clock.ok_or_else(unclocked)?;
        let Bare { maps, ready, readings: raw, .. } = self;
        ready.each(ops, |_, batches| {
            // Nothing but the reading is kept in the loop; intervals are worked out after it.
            raw.resize(batches.iter().map(Batch::len).sum(), 0);
            let (mut last, took) = measured_ops(|| maps.clocked(batches, raw));
            elapsed += took;
            readings.extend((0..).zip(&*raw).map(|(place, &reading)| {
                // Counters of two processors may differ, where the process could not be pinned.
                let ticks = reading.saturating_sub(std::mem::replace(&mut last, reading));
                Reading { ns: clock.ns(ticks), class: None, hand: 0, place }
            }));
        });
        Ok(elapsed)
    }

    fn finish(self: Box<Self>) -> Result<TimedEnd, Failure> {
        Ok(TimedEnd::default())
    }
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
