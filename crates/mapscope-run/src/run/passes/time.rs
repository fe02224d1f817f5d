//! The time pass: latencies by kind and cause, and the throughput of the bare loop.
//!
//! Each repetition is a process of its own, and begins on a fresh heap: what a watched run [learnt](super::learnt) of each
//! operation comes from another process. One bare run warms up. Then come the two that count: bare, for the throughput,
//! and with the clock read after every operation, for the latencies. Recording into the histograms happens between batches.
//!
//! # Small maps
//!
//! A workload of a few operations on a map of its own can't be timed once: the clock's readings about it, and caches that
//! know nothing of it, would be all that is measured. It is timed on many maps side by side, all built before, one filled
//! after the other with the same keys, as many as make up a batch, and that over and over.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::hashing::hashing;
use super::latencies::{CLASSES, Recordings, recorded, sum_kinds};
use super::learnt::{Learnt, WORK_OPS_MAX};
use super::least::{Figures, Handed, Left};
use super::moments::moments;
use super::responses::{Arriving, highest_rates, responses};
use super::sensors;
use super::timeline::Heat;
use crate::probe::clock::{Clock, Moment};
use crate::probe::event::Cause;
use crate::probe::latency::{Latencies, kind_and_cause};
use crate::record::metrics::latency::percentiles;
use crate::record::{Moments, Services, ThreadTime, Time, UNDISTURBED_MIN, Undisturbed};
use crate::subject::{Failure, Hand, Session, Timed, TimedEnd, Timing};
use crate::workload::{Batch, Op, Workload};

/// How many operations at the beginning of a batch find caches and branch predictors as the harness left them, having
/// built keys and recorded latencies. Steady ones among them, and those of whose cause nobody knew before, are not recorded:
/// they would be the p99.9.
const COLD_OPS: u32 = 4;

/// A workload of at most so many operations is small.
const SMALL_OPS_MAX: u64 = 64;

/// A repetition of a small workload times so many operations at the least.
const SMALL_MAPS_OPS_MIN: u64 = 1 << 16;

/// So many operations are worked out at a time. The generator has a working set of its own, such as the live keys, which evicts
/// the map's entries from the caches.
const AHEAD_OPS: u64 = 1 << 16;

/// What a repetition is to give beside the latencies.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Wanted<'a> {
    /// When operations began.
    pub moments: bool,
    /// Response times.
    pub arriving: Arriving<'a>,
    /// The least of this repetition and those before; whether as figures, too.
    pub least: Option<(&'a Handed, bool)>,
}

/// One repetition: three runs. What was learnt of its operations is needed where the session itself can't class them.
pub(in crate::run) fn time(
    session: &mut dyn Session,
    workload: &Workload,
    hint: u64,
    learnt: Option<&Learnt>,
    wanted: &Wanted<'_>,
) -> Result<(Time, Option<Left>), Failure> {
    let watch = sensors::Watch::begin();
    let runs = Runs::new(&*session, workload, hint);
    let repeats = session.traits().causes_repeat;
    let mut known = learnt.map(|learnt| learnt.read(workload)).transpose()?;
    let Timing { clock, pinned_to } = session.ready_to_time()?;
    let ready = Moment::now();
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;

    runs.bare(session)?;
    let Bare { elapsed: bare_elapsed, end: bare_end, block_ticks } = runs.bare(session)?;
    // The runs before have taken the time that a comparison of clocks takes.
    let clock = clock.unwrap_or_else(|| Clock::since(ready));
    let mut hands: Vec<Recordings> = Vec::new();
    // The order of all operations is one hand's.
    let one_hand = bare_end.hands.is_empty();
    let mut heat = one_hand.then(|| Heat::new(workload.ops()));
    let ops = workload.ops() * runs.maps as u64 * runs.rounds;
    // With more operations it would take too much memory.
    let few = one_hand && ops <= WORK_OPS_MAX;
    // One hand's operations are one queue; those of maps side by side are not one caller's.
    let mut arriving = if few && runs.maps == 1 { wanted.arriving } else { Arriving::default() };
    let trace = if arriving.paces.is_empty() { None } else { workload.arrivals()? };
    arriving.trace = trace.as_ref();
    let kept = learnt.filter(|_| wanted.moments && repeats && few && runs.maps == 1);
    let least = wanted.least.filter(|_| repeats && one_hand && !block_ticks.is_empty()).zip(learnt);
    let keeps_each = kept.is_some() || arriving.any() || least.is_some() && few;
    let mut each_ns = Vec::with_capacity(if keeps_each { ops as usize } else { 0 });
    let mut cold = Vec::new();
    let mut readings = Vec::new();
    let (clocked_elapsed, clocked_end) = runs.run(session, Some(clock), |maps, ops| {
        readings.clear();
        let elapsed = maps.clocked(ops, &mut readings)?;
        // One more or less, and each operation after it would be taken for its neighbour.
        let timed = ops.len() * runs.maps;
        if readings.len() != timed {
            return Err(Failure::harness(format!("of {timed} operations {} were timed", readings.len())));
        }
        for reading in &readings {
            let class = match (reading.class, &mut known) {
                (Some(class), _) if usize::from(class) < CLASSES => class,
                (Some(class), _) => return Err(Failure::harness(format!("there is no class {class} of operations"))),
                // Small maps do the same, one after the other.
                (None, Some(known)) => known.next()?.class,
                (None, None) => return Err(Failure::harness("nobody has learnt what the timed operations are")),
            };
            let steady =
                matches!(kind_and_cause(class.into()).1, Cause::Steady | Cause::Unknown) || reading.class.is_some();
            let hand = reading.hand as usize;
            if hands.len() <= hand {
                hands.resize_with(hand + 1, Recordings::new);
            }
            let is_cold = steady && reading.place < COLD_OPS;
            let warm = hands[hand].add(class, reading.ns, is_cold);
            if let Some(heat) = &mut heat {
                heat.add(warm.then_some(reading.ns));
            }
            if keeps_each {
                if is_cold {
                    cold.push(each_ns.len() as u32);
                }
                each_ns.push(u32::try_from(reading.ns).unwrap_or(u32::MAX));
            }
        }
        Ok(elapsed)
    })?;

    hands.resize_with(hands.len().max(bare_end.hands.len()), Recordings::new);
    let mut latencies = Latencies::new(CLASSES);
    let hands: Vec<_> = hands.into_iter().map(Recordings::finish).collect();
    hands.iter().for_each(|(of_hand, _)| latencies.add(of_hand));
    let histograms = recorded(&latencies);
    let of_hand = |(hand, (latencies, _)): (&Hand, &(Latencies, _))| ThreadTime {
        ops: hand.ops,
        bare_elapsed_ns: vec![ns(hand.elapsed)],
        pinned_to: hand.pinned_to,
        histograms: recorded(latencies),
    };
    let mut responses = responses(&each_ns, clock.floor_ns, Services::Observed, arriving, ns(bare_elapsed));
    let mut highest_rates = highest_rates(&each_ns, clock.floor_ns, Services::Observed, arriving, ns(bare_elapsed));
    let (mut undisturbed, mut left) = (None, None);
    if let Some(((handed, as_figures), learnt)) = least {
        let blocks_ps = block_ticks.iter().map(|&ticks| clock.ps(ticks)).collect();
        let observed = if few { each_ns } else { Vec::new() };
        let mut figures = Figures::new(blocks_ps, observed, &cold, &latencies, learnt.again()?)?;
        let least = figures.hand_on(handed)?;
        let mut machine = Vec::new();
        if as_figures && least.repetitions >= UNDISTURBED_MIN {
            let (histograms, of_machine) = figures.histograms(&cold, learnt.again()?)?;
            undisturbed =
                Some(Undisturbed { repetitions: least.repetitions, blocks_ns: figures.blocks_ns(), histograms });
            machine = of_machine;
            if few {
                heat = Some(figures.heat(&cold, workload.ops()));
            }
            let (each_ns, services) = (&*figures.each_ns, Services::Undisturbed);
            let whole_ns = figures.blocks_ns();
            responses.extend(self::responses(each_ns, clock.floor_ns, services, arriving, whole_ns));
            highest_rates.extend(self::highest_rates(each_ns, clock.floor_ns, services, arriving, whole_ns));
        }
        left = Some(Left { least, machine });
        // What moments are made of, too.
        each_ns = figures.each_ns;
    }
    let time = Time {
        ops,
        bare_elapsed_ns: vec![ns(bare_elapsed)],
        clocked_elapsed_ns: vec![ns(clocked_elapsed)],
        clock_floor_ns: clock.floor_ns,
        ticks_per_ns: clock.ticks_per_ns,
        pinned_to,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        kind_ns: sum_kinds(hands.iter().map(|(_, kind_ns)| kind_ns)),
        threads: bare_end.hands.iter().zip(&hands).map(of_hand).collect(),
        collector: clocked_end.collector,
        heat: heat.map(Heat::finish),
        moments: kept.map(|learnt| moments_of(learnt, &each_ns)).transpose()?,
        responses,
        highest_rates,
        undisturbed: undisturbed.into_iter().collect(),
        sensors: Some(watch.end()),
        hashing: hashing(session, workload, clock)?,
    };
    Ok((time, left))
}

/// A turn beside another build.
pub(in crate::run) struct Blocks {
    /// Operations of a run.
    pub ops: u64,
    /// What each block of them took at the least.
    pub ticks: Vec<u64>,
    pub ticks_per_ns: f64,
    /// What the shortest run took, its set-up included.
    pub shortest: Duration,
}

/// Runs without a clock in the loop, after one that warms up: as many as `next` says, again and again until it says none.
pub(in crate::run) fn blocks(
    session: &mut dyn Session,
    workload: &Workload,
    hint: u64,
    mut next: impl FnMut() -> Option<u32>,
) -> Result<Blocks, Failure> {
    let runs = Runs::new(&*session, workload, hint);
    let Timing { clock, .. } = session.ready_to_time()?;
    let ready = Moment::now();
    runs.bare(session)?;
    let (mut ticks, mut shortest) = (Vec::new(), None);
    while let Some(number) = next() {
        for _ in 0..number {
            let start = Instant::now();
            let again = runs.bare(session)?.block_ticks;
            shortest = shortest.into_iter().chain([start.elapsed()]).min();
            if ticks.is_empty() {
                ticks = again;
            } else {
                ticks.iter_mut().zip(again).for_each(|(least, again)| *least = again.min(*least));
            }
        }
    }
    let clock = clock.unwrap_or_else(|| Clock::since(ready));
    let ops = workload.ops() * runs.maps as u64 * runs.rounds;
    Ok(Blocks { ops, ticks, ticks_per_ns: clock.ticks_per_ns, shortest: shortest.unwrap_or_default() })
}

fn ns(elapsed: Duration) -> u64 {
    elapsed.as_nanos() as u64
}

fn moments_of(learnt: &Learnt, each_ns: &[u32]) -> Result<Moments, Failure> {
    let (mut first, mut second) = (learnt.again()?, learnt.again()?);
    moments(|| first.next(), || second.next(), each_ns)
}

/// Runs of a workload.
pub(super) struct Runs<'a> {
    workload: &'a Workload,
    batch_ops: u64,
    /// How many maps lie side by side, more than one for small workloads; and how often all of them are built and filled.
    maps: usize,
    rounds: u64,
}

/// What a run without a clock in the loop came to.
pub(super) struct Bare {
    /// Of all operations.
    elapsed: Duration,
    end: TimedEnd,
    /// Of each block of them, where the session gives it.
    block_ticks: Vec<u64>,
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
    pub fn bare(&self, session: &mut dyn Session) -> Result<Bare, Failure> {
        let mut block_ticks = Vec::new();
        let (elapsed, end) = self.run(session, None, |maps, ops| maps.bare(ops, &mut block_ticks))?;
        Ok(Bare { elapsed, end, block_ticks })
    }

    /// One run: the set-up, then the measured operations batch by batch through `measure`, whose times are added up.
    fn run(
        &self,
        session: &mut dyn Session,
        clock: Option<Clock>,
        mut measure: impl FnMut(&mut dyn Timed, &[Op]) -> Result<Duration, Failure>,
    ) -> Result<(Duration, TimedEnd), Failure> {
        let (mut elapsed, mut end) = (Duration::ZERO, TimedEnd::default());
        let ahead = self.batch_ops * (AHEAD_OPS / self.batch_ops).max(1);
        if self.maps == 1 {
            // Small maps are made one after the other, out of what earlier ones have left.
            give_back();
        }
        for _ in 0..self.rounds {
            let mut batches = self.workload.batches(ahead)?;
            let mut maps = session.timed(self.maps, clock)?;
            while let Some(Batch { ops, in_setup }) = batches.next()? {
                for ops in ops.chunks(self.batch_ops as usize) {
                    if in_setup {
                        maps.set_up(ops)?;
                    } else {
                        elapsed += measure(&mut *maps, ops)?;
                    }
                }
            }
            end = maps.finish()?;
        }
        Ok((elapsed, end))
    }
}

/// Gives the system back what is free, as far as the allocator can: what is allocated next is touched for the first time,
/// whatever was there before.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::plan::{self, Flags};
    use crate::probe::latency::class_of;
    use crate::record::OpKind;
    use crate::run::Subjects;
    use crate::subject::{Reading, Traits, Watch, Watched, Work};

    /// A session that does nothing and writes down what it is asked.
    struct Asked {
        log: Rc<RefCell<Vec<String>>>,
        class: Option<u8>,
        /// How many more operations it says that it timed than it was given.
        more: isize,
    }

    struct Run {
        log: Rc<RefCell<Vec<String>>>,
        class: Option<u8>,
        more: isize,
        maps: usize,
    }

    impl Session for Asked {
        fn traits(&self) -> Traits {
            Traits { batch_ops: 100, side_by_side: true, tells_moves: false, knows_blocks: false, causes_repeat: true }
        }
        fn watched<'s>(&'s mut self, _: Watch) -> Result<(Box<dyn Watched + 's>, Work), Failure> {
            unreachable!("a timed process watches nothing: its map begins on a fresh heap")
        }
        fn ready_to_time(&mut self) -> Result<Timing, Failure> {
            self.log.borrow_mut().push("ready".into());
            Ok(Timing { clock: Some(Clock { ticks_per_ns: 2.0, floor_ns: 3.0 }), pinned_to: Some(1) })
        }
        fn timed<'s>(&'s mut self, maps: usize, clock: Option<Clock>) -> Result<Box<dyn Timed + 's>, Failure> {
            self.log.borrow_mut().push(format!("{maps} {}", if clock.is_some() { "clocked" } else { "bare" }));
            Ok(Box::new(Run { log: self.log.clone(), class: self.class, more: self.more, maps }))
        }
    }

    impl Timed for Run {
        fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
            self.log.borrow_mut().push(format!("sets up {}", ops.len()));
            Ok(())
        }
        fn bare(&mut self, ops: &[Op], _: &mut Vec<u64>) -> Result<Duration, Failure> {
            Ok(Duration::from_nanos(ops.len() as u64))
        }
        fn clocked(&mut self, ops: &[Op], readings: &mut Vec<Reading>) -> Result<Duration, Failure> {
            let timed = (ops.len() * self.maps).saturating_add_signed(self.more) as u32;
            readings.extend((0..timed).map(|place| Reading { ns: 7, class: self.class, hand: 0, place }));
            Ok(Duration::from_nanos(2 * ops.len() as u64))
        }
        fn finish(self: Box<Self>) -> Result<TimedEnd, Failure> {
            Ok(TimedEnd::default())
        }
    }

    fn workload(mix: &str, ops: u64) -> Workload {
        let flags = Flags::from([("ops", &*ops.to_string()), ("mix", mix)]);
        let plan = plan::plan(&[], &flags, &Subjects::builtin().catalog()).unwrap();
        Workload::open(&plan.cells[0].workload).unwrap()
    }

    const LOCK_WAIT: u8 = class_of(OpKind::Get as usize, Cause::LockWait);

    fn asked(class: Option<u8>) -> Asked {
        Asked { log: Rc::default(), class, more: 0 }
    }

    #[test]
    fn a_repetition_is_three_runs_of_fresh_maps_and_nothing_before_them() {
        let mut session = asked(Some(LOCK_WAIT));
        let wanted = Wanted { moments: true, ..Wanted::default() };
        let (time, left) = time(&mut session, &workload("churn(records=150)", 250), 0, None, &wanted).unwrap();
        assert!(left.is_none(), "the session has no blocks");
        let run = |kind: &str| [kind.to_owned(), "sets up 100".into(), "sets up 50".into()];
        let expected: Vec<String> = ["ready".to_owned()]
            .into_iter()
            .chain(["1 bare", "1 bare", "1 clocked"].into_iter().flat_map(run))
            .collect();
        assert_eq!(*session.log.borrow(), expected);
        assert_eq!((time.bare_elapsed_ns, time.clocked_elapsed_ns, time.ops), (vec![250], vec![500], 250));
        assert_eq!((time.histograms.len(), time.histograms[0].cause), (1, Cause::LockWait));
        assert_eq!(time.histograms[0].count, 250 - 3 * 4, "less the first four of each batch");
        assert_eq!((time.kind_ns[&OpKind::Get], time.moments), (250 * 7, None));
    }

    #[test]
    fn callers_of_one_map_wait_at_the_rates_that_are_asked_for() {
        let arriving = Arriving { rates_per_s: &[100_000], seed: 1, ..Arriving::default() };
        let responses = |mix, ops| {
            let wanted = Wanted { arriving, ..Wanted::default() };
            let (time, _) = time(&mut asked(Some(LOCK_WAIT)), &workload(mix, ops), 0, None, &wanted).unwrap();
            time.responses.iter().map(|of| (of.rate_per_s.unwrap(), of.ops, of.service_ns.clone())).collect::<Vec<_>>()
        };
        // 7 ns each, of which 3 are the clock's.
        assert_eq!(responses("churn(records=150)", 250), vec![(100_000, 250, vec![250 * 4]); 2]);
        assert_eq!(responses("fill", 10), [], "maps side by side");
    }

    #[test]
    fn small_workloads_are_done_on_maps_side_by_side_over_and_over() {
        let mut session = asked(Some(LOCK_WAIT));
        let (time, _) = time(&mut session, &workload("fill", 10), 0, None, &Wanted::default()).unwrap();
        let log = session.log.borrow();
        let rounds = (1_u64 << 16).div_ceil(100);
        assert_eq!((log.len() as u64, &*log[1], &*log[log.len() - 1]), (1 + 3 * rounds, "10 bare", "10 clocked"));
        assert_eq!(time.ops, 100 * rounds);
    }

    #[test]
    fn operations_of_which_nobody_knows_the_kind_are_not_timed() {
        let failure = time(&mut asked(None), &workload("fill", 100), 0, None, &Wanted::default()).unwrap_err();
        assert_eq!(failure, Failure::harness("nobody has learnt what the timed operations are"));
    }

    #[test]
    fn readings_that_are_not_one_an_operation_are_refused_and_so_are_classes_that_there_are_not() {
        let failed =
            |mut session: Asked| time(&mut session, &workload("fill", 250), 0, None, &Wanted::default()).unwrap_err();
        for (more, found) in [(1, "101"), (-1, "99")] {
            let failure = failed(Asked { more, ..asked(Some(LOCK_WAIT)) });
            assert_eq!(failure, Failure::harness(format!("of 100 operations {found} were timed")));
        }
        let none = CLASSES as u8;
        assert_eq!(failed(asked(Some(none))), Failure::harness(format!("there is no class {none} of operations")));
    }
}
