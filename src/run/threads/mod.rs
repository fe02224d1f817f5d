//! Several threads on one map.
//!
//! Each thread prepares its share of a window, all wait for each other, each does its share, and all wait again: nobody
//! prepares while others are measured. The wall time of a window is from the first thread's start to the last one's end.

mod count;
mod shared;
mod time;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

pub(super) use count::count;
pub(super) use shared::{Sharing, Typed};
pub(super) use time::time;

use self::shared::Shared;
use super::batch::Batch;
use super::job::JobError;
use super::observe::Tape;
use super::pin;
use crate::probe::alloc;
use crate::probe::event::{Cause, Event, Listen as _, Probe};
use crate::workload::{Deal, Key, Outcomes, Share, Value, Workload, WorkloadError};

/// What every pass needs to build its map and to deal its operations.
pub(super) struct Setting<'a, K, V> {
    pub map: &'a dyn Sharing<K, V>,
    pub workload: &'a Workload,
    pub deal: Deal,
}

/// Bytes of entries in a window: so many that its beginning and end weigh little.
const WINDOW_BYTES: usize = 8 << 20;

/// Operations in a window, of all threads together.
pub(super) fn window_ops<K, V>() -> u64 {
    (WINDOW_BYTES / size_of::<(K, V)>()).clamp(1 << 14, 1 << 18) as u64
}

/// What a thread does with its operations.
trait Worker<K, V>: Send {
    /// Does a window of the set-up.
    fn set_up(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>);
    /// Does a window that is measured.
    fn work(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>);
    /// All threads have ended the window.
    fn rest(&mut self) {}
}

/// When a thread began and ended each measured window.
type Spans = Vec<(Instant, Instant)>;

/// What a thread brings home.
struct Done<W> {
    worker: W,
    spans: Spans,
    /// Measured operations.
    ops: u64,
    pinned_to: Option<usize>,
}

impl<W> Done<W> {
    fn elapsed(&self) -> Duration {
        self.spans.iter().map(|(start, end)| *end - *start).sum()
    }
}

/// The wall time of all measured windows.
fn wall<W>(crew: &[Done<W>]) -> Duration {
    let windows = crew.iter().map(|done| done.spans.len()).max().unwrap_or_default();
    let of = |window: usize| {
        let spans = || crew.iter().filter_map(|done| done.spans.get(window));
        let start = spans().map(|(start, _)| *start).min();
        start.zip(spans().map(|(_, end)| *end).max()).map(|(start, end)| end - start)
    };
    (0..windows).filter_map(of).sum()
}

/// Runs the whole workload, one worker a thread.
fn run<K: Key, V: Value, W: Worker<K, V>>(
    setting: &Setting<'_, K, V>,
    map: &dyn Shared<K, V>,
    workers: Vec<W>,
    pinned: bool,
) -> Result<Vec<Done<W>>, JobError> {
    let (gate, failed) = (Gate::new(workers.len()), AtomicBool::new(false));
    let (workload, deal) = (setting.workload, setting.deal);
    let body = |thread: usize, worker: W| {
        let _ends = EndsProcess;
        let pinned_to = if pinned { pin::to_own_processor(thread, deal.threads) } else { None };
        let mut done = Done { worker, spans: Vec::new(), ops: 0, pinned_to };
        let mut batch = Batch::<K, V>::new();
        let mut share = Share::new(workload, deal, thread as u32);
        loop {
            let in_setup = share.as_ref().is_ok_and(Share::in_setup);
            let more = match &mut share {
                Ok(share) => batch.refill(|ops| share.next_window(ops)),
                Err(_) => Ok(false),
            };
            // Set before the wait and read after it, by all alike: they end together.
            if share.is_err() || more.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            gate.meet();
            if failed.load(Ordering::Relaxed) || matches!(more, Ok(false)) {
                return more.and(share).map(|_| done);
            }
            if in_setup {
                done.worker.set_up(map, &mut batch);
            } else {
                done.ops += batch.ops.len() as u64;
                let start = Instant::now();
                done.worker.work(map, &mut batch);
                done.spans.push((start, Instant::now()));
            }
            gate.wait();
            done.worker.rest();
        }
    };
    let body = &body;
    std::thread::scope(|scope| {
        let count = workers.len();
        let mut handles = Vec::with_capacity(count);
        for (thread, worker) in workers.into_iter().enumerate() {
            let (go, told) = mpsc::channel::<()>();
            // Nobody begins before all are there, and nobody does when one can't be started.
            let begin = move || told.recv().ok().map(|()| body(thread, worker));
            let started = std::thread::Builder::new().name(format!("thread {thread}")).spawn_scoped(scope, begin);
            handles.push((go, started.map_err(|source| JobError::Threads { count, source })?));
        }
        handles.iter().for_each(|(go, _)| go.send(()).expect("it waits for this"));
        let join = |(_, handle): (_, ScopedJoinHandle<'_, Option<Result<_, WorkloadError>>>)| {
            handle.join().expect("a panic ends the process").expect("it was told to go")
        };
        Ok(handles.into_iter().map(join).collect::<Result<_, _>>()?)
    })
}

/// Where threads wait for each other.
struct Gate {
    barrier: Barrier,
    threads: usize,
    /// How often any of them came through the barrier.
    came: AtomicUsize,
    spins: bool,
}

impl Gate {
    fn new(threads: usize) -> Gate {
        let spins = std::thread::available_parallelism().is_ok_and(|processors| processors.get() >= threads);
        Gate { barrier: Barrier::new(threads), threads, came: AtomicUsize::new(0), spins }
    }

    fn wait(&self) {
        self.barrier.wait();
    }

    /// Waits so that all go on at the same moment: those who wake up first spin for the others, where each has a processor.
    fn meet(&self) {
        self.wait();
        if self.spins {
            let place = self.came.fetch_add(1, Ordering::Relaxed);
            let all = (place / self.threads + 1) * self.threads;
            while self.came.load(Ordering::Relaxed) < all {
                std::hint::spin_loop();
            }
        }
    }
}

/// Ends the process when its thread panics: the others wait for that thread.
struct EndsProcess;

impl Drop for EndsProcess {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // SAFETY: ends the process without a word to anybody. What others do to the map meanwhile matters no more, and
            // nothing may run that they could disturb.
            unsafe { libc::_exit(101) }
        }
    }
}

/// Holds a map's content against what the operations may leave; gives how many entries there are, and how many bytes of the
/// map's own looking at them has freed.
fn check<K: Key, V: Value>(map: &dyn Shared<K, V>, outcomes: &Outcomes) -> Result<(u64, u64), JobError> {
    let mut entries = Vec::new();
    let ((), freed_bytes) =
        alloc::aside(|| map.for_each(&mut |key, value| alloc::uncounted(|| entries.push((key.id(), value.seed())))));
    alloc::uncounted(|| outcomes.check(&entries)).map_err(JobError::Content)?;
    let count = entries.len() as u64;
    alloc::uncounted(|| drop(entries));
    Ok((count, freed_bytes))
}

thread_local! {
    static TAPE: Tape = const { Tape::new() };
}

/// The probe of a map that several threads use: each event goes to the tape of the thread that it happens on.
#[derive(Clone, Copy)]
struct OfThread;

impl Probe for OfThread {
    const ON: bool = true;

    fn emit(self, event: Event) {
        TAPE.with(|tape| tape.hear(event));
    }
}

/// The dearest thing that this thread's tape tells, and forgets; of an operation that `allocated`, at least the map's cause
/// of an allocation.
fn cause(alloc_cause: Cause, allocated: bool) -> Cause {
    let told = TAPE.with(Tape::take_cause);
    if allocated { told.max(alloc_cause) } else { told }
}
