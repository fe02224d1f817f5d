//! Several threads at work on one map.
//!
//! Each thread prepares its share of a batch, all wait for each other, each does its share, and all wait again: nobody
//! prepares while others are measured. A batch's wall time is from the first thread's start to the last one's end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::pin;
use super::shared::{Shared, Steps, steps};
use crate::subject::Failure;
use crate::workload::{Key, Op, Value};

/// Threads that wait for work, one a share.
pub(super) struct Crew<T> {
    /// The shares, while nobody works.
    pub shares: Vec<Share<T>>,
    work: Vec<Sender<Share<T>>>,
    done: Receiver<(usize, Share<T>)>,
    handles: Vec<JoinHandle<()>>,
}

/// What one thread is to do of a batch, and what came of it.
pub(super) struct Share<T> {
    pub ops: Vec<Op>,
    /// Whether it is set-up.
    pub in_setup: bool,
    /// Has room for as many as there are operations.
    pub outs: Vec<T>,
    /// When the thread began and ended.
    span: (Instant, Instant),
    /// Events that the thread has heard of since it was started, by the cause they give.
    pub steps: Steps,
    pub pinned_to: Option<usize>,
}

impl<T> Share<T> {
    fn new() -> Share<T> {
        let now = Instant::now();
        let (ops, outs) = (Vec::new(), Vec::new());
        Share { ops, in_setup: false, outs, span: (now, now), steps: Steps::default(), pinned_to: None }
    }

    /// How long the thread took.
    pub fn elapsed(&self) -> Duration {
        self.span.1 - self.span.0
    }
}

impl<T: Send + 'static> Crew<T> {
    /// Starts so many threads, which do `work` with each share that they get; each on a processor of its own if `pinned`.
    pub fn start<K: Key, V: Value>(
        map: &Arc<dyn Shared<K, V>>,
        threads: u32,
        pinned: bool,
        work: impl Fn(&dyn Shared<K, V>, &mut Batch<K, V>, &mut Share<T>) + Send + Sync + 'static,
    ) -> Result<Crew<T>, Failure> {
        let (gate, work) = (Arc::new(Gate::new(threads as usize)), Arc::new(work));
        let (back, done) = mpsc::channel();
        let shares = (0..threads).map(|_| Share::new()).collect();
        let mut crew = Crew { shares, work: Vec::new(), done, handles: Vec::new() };
        for thread in 0..threads as usize {
            let (sender, inbox) = mpsc::channel::<Share<T>>();
            let (map, gate, work, back) = (map.clone(), gate.clone(), work.clone(), back.clone());
            let body = move || {
                let _ends = EndsProcess;
                let pinned_to = if pinned { pin::to_own_processor(thread, threads) } else { None };
                let mut batch = Batch::new();
                for mut share in inbox {
                    batch.fill(&share.ops);
                    gate.meet();
                    let start = Instant::now();
                    work(&*map, &mut batch, &mut share);
                    share.span = (start, Instant::now());
                    gate.wait();
                    (share.steps, share.pinned_to) = (steps(), pinned_to);
                    if back.send((thread, share)).is_err() {
                        return;
                    }
                }
            };
            let started = std::thread::Builder::new().name(format!("thread {thread}")).spawn(body);
            let failed = |source| {
                Failure::harness(format!("{threads} threads can't be started: {source}; give fewer, or more memory"))
            };
            crew.handles.push(started.map_err(failed)?);
            crew.work.push(sender);
        }
        Ok(crew)
    }

    /// Has each thread do its share; the wall time.
    pub fn work(&mut self) -> Duration {
        for (sender, share) in self.work.iter().zip(self.shares.drain(..)) {
            sender.send(share).expect("a thread ends after its crew");
        }
        let mut done: Vec<_> = self.work.iter().map(|_| self.done.recv().expect("a panic ends the process")).collect();
        done.sort_by_key(|(thread, _)| *thread);
        self.shares.extend(done.into_iter().map(|(_, share)| share));
        let starts = self.shares.iter().map(|share| share.span.0);
        let ends = self.shares.iter().map(|share| share.span.1);
        starts.min().zip(ends.max()).map_or(Duration::ZERO, |(start, end)| end - start)
    }
}

impl<T> Crew<T> {
    /// Ends the threads.
    pub fn go_home(&mut self) {
        self.work.clear();
        for handle in self.handles.drain(..) {
            handle.join().expect("a panic ends the process");
        }
    }
}

impl<T> Drop for Crew<T> {
    fn drop(&mut self) {
        self.go_home();
    }
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
