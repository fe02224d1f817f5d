//! Which process runs when. It knows no clock and no process: [`Executor`] starts what it is given and says what ended, so
//! that all it does can be tried step by step.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::event::{Event, Sinks};
use super::job::{Answered, Job, Pass};
use super::ledger::Ledger;
use super::limits::Limits;
use super::opened::Opened;
use super::task::Task;
use crate::record::Cell;
use crate::subject::{Failure, Prepared};

/// Who runs jobs.
pub(super) trait Executor {
    /// Starts a job, which may take so long. Its end comes from `wait`, by the number that this gives.
    fn start(&mut self, job: Job, limit: Duration) -> io::Result<u64>;

    /// Waits for a job to end, and gives its number and what became of it; `None` where none did for a while.
    fn wait(&mut self) -> Option<(u64, Answered)>;
}

/// See the module.
pub(super) struct Scheduler<'a> {
    opened: &'a Opened<'a>,
    limits: Limits,
    /// Where processes leave what they have to say.
    folder: &'a Path,
    /// By cell: what its map has made ready.
    prepared: Vec<Prepared>,
    ledger: Ledger<'a>,
    queue: VecDeque<Task>,
    running: Vec<(u64, Task)>,
}

impl<'a> Scheduler<'a> {
    /// Of a ledger in which everything is booked but what these tasks are for.
    pub fn new(
        opened: &'a Opened<'a>,
        folder: &'a Path,
        limits: Limits,
        prepared: Vec<Prepared>,
        ledger: Ledger<'a>,
        queue: VecDeque<Task>,
    ) -> Scheduler<'a> {
        Scheduler { opened, limits, folder, prepared, ledger, queue, running: Vec::new() }
    }

    /// Starts what may be started, and waits for something to end. False when nothing is left to do.
    pub fn step(&mut self, executor: &mut dyn Executor, sinks: &mut Sinks<'_>) -> bool {
        while let Some(task) = self.next(sinks) {
            self.start(task, executor, sinks);
        }
        if let Some((_, task)) = self.running.first() {
            let Task { cell, pass, repetition, of } = task;
            let round = match of {
                Some(1) => String::new(),
                Some(of) => format!(" {repetition}/{of}"),
                None => format!(" {repetition}"),
            };
            sinks.tell(Event::Doing(&format!("{}{round}: {}", pass.name(), self.ledger.cells[*cell].id)));
            if let Some((id, ended)) = executor.wait()
                && let Some(index) = self.running.iter().position(|(running, _)| *running == id)
            {
                let (_, task) = self.running.remove(index);
                self.book(&task, ended, sinks);
            }
        }
        !(self.queue.is_empty() && self.running.is_empty())
    }

    /// What may start now. What can't be of use any more is passed over.
    fn next(&mut self, sinks: &mut Sinks<'_>) -> Option<Task> {
        while let Some(&task) = self.queue.front() {
            let needless = task.pass == Pass::Time && self.ledger.is_timed(task.cell);
            if needless || !self.ledger.is_well(task.cell) {
                self.queue.pop_front();
                sinks.tell(Event::Dropped(&task));
            } else if self.may_start(task) {
                return self.queue.pop_front();
            } else {
                return None;
            }
        }
        None
    }

    /// Whether it may start beside those that run. Sampling the CPU is timing too.
    fn may_start(&self, task: Task) -> bool {
        let beside = |(_, running): &(u64, Task)| running.pass.is_undisturbed();
        let room = || self.running.len() < self.limits.jobs && self.running.iter().all(beside);
        self.running.is_empty() || task.pass.is_undisturbed() && room()
    }

    fn start(&mut self, task: Task, executor: &mut dyn Executor, sinks: &mut Sinks<'_>) {
        let job = self.job(&task);
        let ops = self.opened.ops(task.cell).saturating_mul(task.pass.slowness());
        match executor.start(job, self.limits.time(ops)) {
            Ok(id) => self.running.push((id, task)),
            // There may be room for it when one of the others has ended; for as many as this there is none.
            Err(_) if !self.running.is_empty() => {
                self.limits.jobs = self.running.len();
                self.queue.push_front(task);
            }
            Err(error) => {
                let failure = Failure::harness(format!("its process can't be started: {error}"));
                self.book(&task, Err(failure), sinks);
            }
        }
    }

    fn book(&mut self, task: &Task, ended: Answered, sinks: &mut Sinks<'_>) {
        sinks.tell(Event::Ended(task, &ended));
        self.ledger.book(task, ended);
    }

    fn job(&mut self, task: &Task) -> Job {
        let Task { cell, pass, repetition, .. } = *task;
        let mut learns = None;
        if self.opened.plan.passes.time && pass.watches() && self.opened.repeats(cell) {
            let file = self.folder.join(format!("{cell}-learnt"));
            self.ledger.learns(cell, file.clone());
            learns = Some(file);
        }
        let prepared = &self.prepared[cell];
        Job {
            parent: std::process::id(),
            pass,
            cell: self.opened.plan.cells[cell].clone(),
            input: self.opened.workload(cell).hand_over(),
            prepared: if let Prepared::Path(path) = prepared { Some(path.clone()) } else { None },
            program: if let Prepared::Program { path, .. } = prepared { Some(path.clone()) } else { None },
            learns,
            learnt: self.ledger.learnt(cell),
            is_checkpoint: task.is_checkpoint(),
            least: if pass == Pass::Time { self.ledger.hands_on(cell) } else { None },
            rates_per_s: self.opened.plan.rates_per_s.clone(),
            paces: self.opened.plan.paces.clone(),
            response_limits: self.opened.plan.response_limits.clone(),
            memory_limit_bytes: self.limits.memory_bytes(pass),
            answer: self.folder.join(format!("{cell}-{}-{repetition}.json", pass.name())),
        }
    }

    /// The records so far. What has not ended by now is not in them.
    pub fn finish(self) -> Vec<Cell> {
        self.ledger.finish(self.running.into_iter().map(|(_, task)| task).chain(self.queue))
    }
}
