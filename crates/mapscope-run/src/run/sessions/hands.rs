//! A map of this process that several threads use. Which thread comes first is chance, and so is what depends on it: the
//! content is held against what some order of the operations leaves, and a timed operation's cause is looked at when it
//! happens, after the clock was read.

use std::sync::Arc;
use std::time::Duration;

use super::batch::Step;
use super::content::content;
use super::crew::Crew;
use super::observe::{handed, work};
use super::shared::{Shared, Sharing, Steps, Ticks, Typed, cause, steps};
use super::unclocked;
use crate::maps::{ConcurrentFamily, Info, Options, Quantity};
use crate::plan::{self, ThreadKeys};
use crate::probe::alloc::{self, Tally};
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::heap::Allocs;
use crate::record::OpKind;
use crate::subject::{
    Content, Each, Failure, Hand, Handed, Holds, Reading, Seen, Session, Timed, TimedEnd, Timing, Traits, Watch,
    Watched, Work, op_kind,
};
use crate::workload::{Deal, Key, Op, Outcomes, Value, Workload};

/// Bytes of entries in a batch, of all threads together: so many that its beginning and end weigh little.
const BATCH_BYTES: usize = 8 << 20;

/// A session of it.
pub(in crate::run) struct Hands<K, V> {
    map: Box<dyn Sharing<K, V>>,
    deal: Deal,
    outcomes: Arc<Outcomes>,
    /// Whether each thread's figures are wanted beside those of all.
    each: bool,
}

impl<K: Key, V: Value> Hands<K, V> {
    /// Of a family's map, whose operations are dealt to these threads; without any, to one that has no figures of its own.
    pub fn new<F: ConcurrentFamily>(
        options: Options,
        crew: Option<plan::Crew>,
        workload: &Workload,
    ) -> Result<Hands<K, V>, Failure> {
        let plan::Crew { threads, keys } = crew.unwrap_or(plan::Crew { threads: 1, keys: ThreadKeys::Shared });
        let window_ops = (BATCH_BYTES / size_of::<(K, V)>()).clamp(1 << 14, 1 << 18) as u64;
        let deal = Deal { threads, keys, window_ops };
        let outcomes = Arc::new(Outcomes::of(workload, deal)?);
        Ok(Hands { map: Box::new(Typed::<F>::new(options)), deal, outcomes, each: crew.is_some() })
    }
}

impl<K: Key, V: Value> Session for Hands<K, V> {
    fn traits(&self) -> Traits {
        let batch_ops = self.deal.window_ops;
        Traits { batch_ops, side_by_side: false, tells_moves: false, knows_blocks: true, causes_repeat: false }
    }

    fn watched<'s>(&'s mut self, _: Watch) -> Result<(Box<dyn Watched + 's>, Work), Failure> {
        let info = self.map.info();
        let before = steps();
        let (map, built) = self.map.watched();
        let built_steps = sum(steps(), before, u64::wrapping_sub);
        let outcomes = self.outcomes.clone();
        let crew = Crew::start(&map, self.deal.threads, false, move |map, batch, share| {
            let did = |(op, step)| step_of(map, &outcomes, info.alloc_cause, op, step);
            share.outs.extend(share.ops.iter().zip(batch.steps()).map(did));
        })?;
        let watching = Watching {
            info,
            map,
            dealt: Dealt { deal: self.deal, place: 0, crew },
            outcomes: &self.outcomes,
            steps: built_steps,
            forgotten: Steps::default(),
            held_bytes: built.live_delta(),
            inserts: 0,
            remove_hits: 0,
            misread: None,
        };
        Ok((Box::new(watching), work(built, Allocs::default(), None)))
    }

    fn ready_to_time(&mut self) -> Result<Timing, Failure> {
        // Each thread has a processor of its own.
        Ok(Timing { clock: None, pinned_to: None })
    }

    fn timed<'s>(&'s mut self, _: usize, clock: Option<Clock>) -> Result<Box<dyn Timed + 's>, Failure> {
        let (alloc_cause, clocked) = (self.map.info().alloc_cause, clock.is_some());
        let map = if clocked { self.map.watched().0 } else { self.map.unwatched() };
        let crew = Crew::start(&map, self.deal.threads, true, move |map, batch, share| {
            if clocked && !share.in_setup {
                map.clocked(batch, alloc_cause, &mut share.outs);
            } else {
                map.bare(batch);
            }
        })?;
        Ok(Box::new(Running {
            map,
            dealt: Dealt { deal: self.deal, place: 0, crew },
            outcomes: &self.outcomes,
            hands: vec![Hand::default(); self.deal.threads as usize],
            each: self.each,
            clock,
        }))
    }
}

/// Operations on their way to a crew.
struct Dealt<T> {
    deal: Deal,
    /// Of the next operation in the stream.
    place: u64,
    crew: Crew<T>,
}

impl<T: Send + 'static> Dealt<T> {
    /// Has the crew do a batch.
    fn work(&mut self, ops: &[Op], in_setup: bool) -> Duration {
        for share in &mut self.crew.shares {
            share.ops.clear();
            share.outs.clear();
            share.in_setup = in_setup;
        }
        for (place, op) in (self.place..).zip(ops) {
            let thread = self.deal.thread(op, place, in_setup);
            self.crew.shares[thread as usize].ops.push(*op);
        }
        self.place += ops.len() as u64;
        self.crew.shares.iter_mut().for_each(|share| share.outs.reserve(share.ops.len()));
        self.crew.work()
    }
}

/// What one operation did on its thread, and whether it found what was never put under its key.
type Did = (Seen, bool);

/// Does one operation and looks at what it did on this thread.
fn step_of<K: Key, V: Value>(
    map: &dyn Shared<K, V>,
    outcomes: &Outcomes,
    alloc_cause: Cause,
    op: &Op,
    step: Step<K, V>,
) -> Did {
    let (mut put, mut misread) = (Handed::default(), false);
    let (hit, tally) = match step {
        Step::Put(key, value) => {
            put = handed(&key, &value);
            tallied(|| map.insert(key, value))
        }
        Step::Remove(key) => tallied(|| map.remove(&key)),
        Step::Get(key) => {
            let (seed, tally) = tallied(|| map.seed_of(&key));
            misread = seed.is_some_and(|seed| !outcomes.was_put(op.key, seed));
            (seed.is_some(), tally)
        }
        Step::Clear | Step::Iterate | Step::Scan(..) => {
            unreachable!("no workload that clears, iterates or scans is dealt")
        }
    };
    let cause = cause(alloc_cause, tally.alloc_count > 0);
    (
        Seen { kind: op_kind(op.kind, hit), hit, scanned: 0, cause, work: work(tally, put.heap, None), handed: put },
        misread,
    )
}

/// Does something, and says what this thread allocated meanwhile.
fn tallied<T>(work: impl FnOnce() -> T) -> (T, Tally) {
    let before = alloc::tally();
    let out = work();
    (out, alloc::tally() - before)
}

fn sum(a: Steps, b: Steps, add: impl Fn(u64, u64) -> u64) -> Steps {
    std::array::from_fn(|cause| add(a[cause], b[cause]))
}

/// A map of which each thread looks at its own operations.
struct Watching<'s, K, V> {
    info: Info,
    map: Arc<dyn Shared<K, V>>,
    dealt: Dealt<Did>,
    outcomes: &'s Outcomes,
    /// What the building of the map told, and then all threads; those of the set-up apart.
    steps: Steps,
    forgotten: Steps,
    held_bytes: i64,
    inserts: u64,
    remove_hits: u64,
    /// The key of a lookup that found what was never put there.
    misread: Option<u64>,
}

impl<K: Key, V: Value> Watching<'_, K, V> {
    fn work(&mut self, ops: &[Op], in_setup: bool) {
        self.dealt.work(ops, in_setup);
        for share in &self.dealt.crew.shares {
            for (op, (seen, misread)) in share.ops.iter().zip(&share.outs) {
                let freed_bytes = seen.work.frees.map_or(0, |frees| frees.bytes);
                let live_delta = seen.work.allocs.bytes.wrapping_sub(freed_bytes) as i64;
                self.held_bytes += seen.handed.heap.bytes as i64 + live_delta;
                self.inserts += u64::from(seen.kind == OpKind::Insert);
                self.remove_hits += u64::from(seen.kind == OpKind::Remove && seen.hit);
                if *misread {
                    self.misread.get_or_insert(op.key);
                }
            }
        }
    }

    /// What all threads have told so far.
    fn told(&self) -> Steps {
        let shares = self.dealt.crew.shares.iter();
        shares.fold(self.steps, |all, share| sum(all, share.steps, u64::wrapping_add))
    }
}

impl<K: Key, V: Value> Watched for Watching<'_, K, V> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        self.work(ops, true);
        self.forgotten = self.told();
        Ok(())
    }

    fn watch(&mut self, ops: &[Op], each: &mut Each<'_>) -> Result<(), Failure> {
        self.work(ops, false);
        for share in &self.dealt.crew.shares {
            share.ops.iter().zip(&share.outs).for_each(|(op, (seen, _))| each(op, seen, None));
        }
        Ok(())
    }

    fn holds(&mut self) -> Result<Holds, Failure> {
        self.dealt.crew.go_home();
        match self.misread {
            Some(key) => Err(Failure::content(format!("a lookup of key {key} found what was never put there"))),
            None => Ok(Holds { live_bytes: self.held_bytes.max(0) as u64, peak_bytes: None }),
        }
    }

    fn content(&mut self) -> Result<Content, Failure> {
        let (content, freed_bytes) = alloc::aside(|| content::<K, V>(|each| self.map.for_each(each)));
        self.held_bytes -= (freed_bytes + check(&*self.map, self.outcomes)?) as i64;
        // Entries come by inserts that find none, and go by removes that find one.
        let Watching { inserts, remove_hits, .. } = self;
        if *inserts != content.entries + *remove_hits {
            return Err(Failure::content(format!(
                "{inserts} inserts found no entry and {remove_hits} removes found one, but {} entries are left",
                content.entries
            )));
        }
        Ok(content)
    }

    fn quantities(&mut self) -> Vec<(Quantity, u64)> {
        let mut counted = Vec::new();
        let ((), freed_bytes) =
            alloc::aside(|| self.map.quantities(&mut |quantity, value| counted.push((quantity, value))));
        self.held_bytes -= freed_bytes as i64;
        counted
    }

    fn drained_bytes(&mut self) -> Result<u64, Failure> {
        let (map, mut keys) = (&*self.map, Vec::new());
        let ((), freed_bytes) =
            alloc::aside(|| map.for_each(&mut |key, _| alloc::uncounted(|| keys.push(key.clone()))));
        let ((), tally) = tallied(|| keys.iter().for_each(|key| _ = map.remove(key)));
        Ok((self.held_bytes - freed_bytes as i64 + tally.live_delta()).max(0) as u64)
    }

    fn events(&self, cause: Cause) -> Option<u64> {
        let told = || self.told()[cause as usize] - self.forgotten[cause as usize];
        self.info.tells.contains(&cause).then(told)
    }
}

/// A map at work, timed.
struct Running<'s, K, V> {
    map: Arc<dyn Shared<K, V>>,
    dealt: Dealt<Ticks>,
    outcomes: &'s Outcomes,
    hands: Vec<Hand>,
    each: bool,
    clock: Option<Clock>,
}

impl<K: Key, V: Value> Timed for Running<'_, K, V> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        self.dealt.work(ops, true);
        Ok(())
    }

    fn bare(&mut self, ops: &[Op], _: &mut Vec<u64>) -> Result<Duration, Failure> {
        let elapsed = self.dealt.work(ops, false);
        for (hand, share) in self.hands.iter_mut().zip(&self.dealt.crew.shares) {
            hand.ops += share.ops.len() as u64;
            hand.elapsed += share.elapsed();
            hand.pinned_to = share.pinned_to;
        }
        Ok(elapsed)
    }

    fn clocked(&mut self, ops: &[Op], readings: &mut Vec<Reading>) -> Result<Duration, Failure> {
        let clock = self.clock.ok_or_else(unclocked)?;
        let elapsed = self.bare(ops, &mut Vec::new())?;
        for (hand, share) in (0..).zip(&self.dealt.crew.shares) {
            let reading = |(place, &(ticks, class)): (u32, &Ticks)| Reading {
                ns: clock.ns(ticks),
                class: Some(class),
                hand,
                place,
            };
            readings.extend((0..).zip(&share.outs).map(reading));
        }
        Ok(elapsed)
    }

    fn finish(mut self: Box<Self>) -> Result<TimedEnd, Failure> {
        self.dealt.crew.go_home();
        check(&*self.map, self.outcomes)?;
        let hands = if self.each { self.hands } else { Vec::new() };
        Ok(TimedEnd { hands, collector: None })
    }
}

/// Holds a map's content against what the operations may leave; gives how many bytes of the map's own looking at it has
/// freed.
fn check<K: Key, V: Value>(map: &dyn Shared<K, V>, outcomes: &Outcomes) -> Result<u64, Failure> {
    let mut entries = Vec::new();
    let ((), freed_bytes) =
        alloc::aside(|| map.for_each(&mut |key, value| alloc::uncounted(|| entries.push((key.id(), value.seed())))));
    alloc::uncounted(|| {
        let checked = outcomes.check(&entries).map_err(Failure::content);
        drop(entries);
        checked
    })?;
    Ok(freed_bytes)
}
