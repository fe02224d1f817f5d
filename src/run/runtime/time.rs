//! The time pass: latencies by kind as the runtime's own process measures them, and what its collector did meanwhile.
//!
//! Like the time pass of the maps in this process, with two differences: an operation's kind is worked out here, from the
//! keys that are alive, because asking the map would be timed; and its cause is not known. The process is not pinned: the
//! collector works beside the map on other processors, as in a user's program.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{collector, pipe};
use crate::golang::Session;
use crate::probe::event::Cause;
use crate::probe::latency::class_of;
use crate::record::metrics::latency::percentiles;
use crate::record::{Collector, OpKind, Time};
use crate::run::batch::op_kind;
use crate::run::job::{Job, JobError};
use crate::run::time::{Recordings, recorded};
use crate::workload::{Kind, Op, Workload};

const BATCH_OPS: usize = 1024;

/// How many operations at the beginning of a batch find caches and branch predictors as the program left them, having
/// built keys. They are not in the histograms: they would be the p99.9.
const COLD_OPS: usize = 4;

/// One repetition: runs the workload three times.
pub(super) fn time(session: &mut Session, job: &Job, workload: &Workload) -> Result<Time, JobError> {
    let (percent, limit_bytes) = collector(job);
    session.set_collector(percent, limit_bytes, 0).map_err(pipe)?;
    let started_unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let (ticks_per_ns, clock_floor_ns) = (session.greeting().ticks_per_ns, session.greeting().floor_ns);
    let ns = |ticks: u64| (ticks as f64 / ticks_per_ns) as u64;

    let mut runs = Runs { session, job, workload };
    let mut recordings = Recordings::new();
    runs.bare()?;
    let bare_elapsed_ns = ns(runs.bare()?);
    let ticks = runs.clocked(|kind, ticks, cold| {
        recordings.add(class_of(kind as usize, Cause::Unknown), ns(ticks), cold);
    })?;
    let collected = runs.session.collections().map_err(pipe)?;
    let (latencies, kind_ns) = recordings.finish();
    let histograms = recorded(&latencies);
    Ok(Time {
        ops: workload.ops(),
        bare_elapsed_ns: vec![bare_elapsed_ns],
        clocked_elapsed_ns: vec![ns(ticks)],
        clock_floor_ns,
        ticks_per_ns,
        pinned_to: None,
        started_unix_ms,
        percentiles: percentiles(&histograms),
        histograms,
        kind_ns,
        threads: Vec::new(),
        collector: Some(Collector {
            cycles: vec![collected.cycles],
            pauses_ns: collected.pauses_ns,
            heap_peak_bytes: vec![collected.peak_bytes],
        }),
        heat: None,
        moments: None,
    })
}

struct Runs<'a> {
    session: &'a mut Session,
    job: &'a Job,
    workload: &'a Workload,
}

impl Runs<'_> {
    /// One run without a clock in the loop; the ticks of the measured operations.
    fn bare(&mut self) -> Result<u64, JobError> {
        let mut ticks = 0;
        self.batches(|session, batch| {
            ticks += session.apply(batch).map_err(pipe)?;
            Ok(())
        })?;
        Ok(ticks)
    }

    /// One run with the clock read after every operation; tells `each` the kind and the ticks of one, and
    /// whether its caches were cold, and gives their sum.
    fn clocked(&mut self, mut each: impl FnMut(OpKind, u64, bool)) -> Result<u64, JobError> {
        let mut alive = HashSet::<u64, foldhash::fast::FixedState>::default();
        let (mut intervals, mut sum) = (Vec::with_capacity(BATCH_OPS), 0);
        let setup = self.workload.setup_ops();
        if setup > 0 {
            let mut stream = self.workload.stream()?;
            let mut batch = Vec::new();
            let mut left = setup;
            while left > 0 {
                stream.next_batch(&mut batch, left.min(BATCH_OPS as u64) as usize)?;
                left -= batch.len() as u64;
                batch.iter().for_each(|op| {
                    kind_of(op, &mut alive);
                });
            }
        }
        self.batches(|session, batch| {
            intervals.clear();
            session.timed(batch, &mut intervals).map_err(pipe)?;
            for (index, (op, &ticks)) in batch.iter().zip(&intervals).enumerate() {
                sum += ticks;
                each(kind_of(op, &mut alive), ticks, index < COLD_OPS);
            }
            Ok(())
        })?;
        Ok(sum)
    }

    /// Builds a map, does the set-up, and hands the measured operations to `measure` batch by batch.
    fn batches(
        &mut self,
        mut measure: impl FnMut(&mut Session, &[Op]) -> Result<(), JobError>,
    ) -> Result<(), JobError> {
        self.session.build(self.job.hint).map_err(pipe)?;
        let mut stream = self.workload.stream()?;
        let mut setup_left = self.workload.setup_ops();
        let mut batch = Vec::new();
        let mut measuring = false;
        loop {
            let in_setup = setup_left > 0;
            if !in_setup && !measuring {
                measuring = true;
                self.session.begin_measuring().map_err(pipe)?;
            }
            let most = if in_setup { setup_left.min(BATCH_OPS as u64) as usize } else { BATCH_OPS };
            stream.next_batch(&mut batch, most)?;
            if batch.is_empty() {
                return Ok(());
            }
            if in_setup {
                setup_left -= batch.len() as u64;
                self.session.apply(&batch).map_err(pipe)?;
            } else {
                measure(self.session, &batch)?;
            }
        }
    }
}

/// The kind as measured. Keeps `alive` what it says.
fn kind_of(op: &Op, alive: &mut HashSet<u64, foldhash::fast::FixedState>) -> OpKind {
    let hit = match op.kind {
        Kind::Put => !alive.insert(op.key),
        Kind::Remove => alive.remove(&op.key),
        Kind::Clear => {
            alive.clear();
            false
        }
        Kind::Get | Kind::Iterate => false,
    };
    op_kind(op.kind, hit)
}
