//! The real Go runtime's maps as subjects: another process works the map, this one streams it the operations.
//!
//! The program of [`golang`] does the same operations on the same entries as every other map gets. What it can tell
//! becomes a record of the same kind; what it can't (moves, frees, causes of timed operations) is absent.

mod causes;
mod count;
mod time;

use std::io;

use super::job::{Answer, Job, JobError, Pass};
use super::subjects::{Subject, Unready};
use crate::golang::{self, Session, Shape, Toolchain};
use crate::maps::Info;
use crate::probe::event::Cause;
use crate::record::Status;
use crate::spec::{Arg, Crew, MapOffer, Param, Range, Term};
use crate::workload::Workload;

/// The names that a run can ask for; each stands for one map of every toolchain found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub group: &'static str,
    summary: &'static str,
    /// What the program calls it.
    map: &'static str,
    hint: bool,
    /// Whether it makes small objects without pointers, which share blocks until somebody reads the counters.
    counting_disturbs: bool,
}

/// Every kind of map that the runtime has.
pub(super) const KINDS: [Kind; 2] = [
    Kind {
        group: "go-runtime",
        summary: "the real map of the Go installed here",
        map: "map",
        hint: true,
        counting_disturbs: false,
    },
    Kind {
        group: "go-runtime-syncmap",
        summary: "the real sync.Map of the Go installed here",
        map: "syncmap",
        hint: false,
        counting_disturbs: true,
    },
];

/// The most megabytes of a memory limit: what fits a byte count.
const LIMIT_MB_MAX: f64 = 8_796_093_022_207.0;

/// The garbage collector's settings, in the order of [`collector`]'s arguments.
static PARAMS: [Param; 2] = [
    Param::number(
        "gogc",
        "GOGC: how many percent the heap may grow between collections, -1 for off; Go's default is 100",
        Range { min: -1.0, max: 1e6, above_min: false, below_max: false, integer: true },
        None,
    ),
    Param::number(
        "limit_mb",
        "GOMEMLIMIT in MiB; none by default",
        Range { min: 1.0, max: LIMIT_MB_MAX, above_min: false, below_max: false, integer: true },
        None,
    ),
];

/// GOGC and the memory limit in bytes (0: none) that a job asks for.
fn collector(job: &Job) -> (i64, u64) {
    let argument = |index: usize| job.map_args.get(index).and_then(Option::as_ref).and_then(Arg::number);
    (argument(0).map_or(100, |percent| percent as i64), argument(1).map_or(0, |mb| (mb as u64) << 20))
}

/// One kind of map of one toolchain, or of none.
pub(super) struct GoRuntime {
    kind: Kind,
    toolchain: Option<Toolchain>,
    info: Info,
}

impl GoRuntime {
    /// The kind's map in a toolchain; in none, a subject that says how to get one.
    pub fn new(kind: Kind, toolchain: Option<Toolchain>) -> GoRuntime {
        // Names live as long as the program; there are as many as toolchains.
        let leaked = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let (name, version) = match &toolchain {
            Some(found) => {
                (leaked(format!("{}@{}", kind.group, found.version)), leaked(format!("Go {}", found.version)))
            }
            None => (kind.group, ""),
        };
        let term = Term { params: &PARAMS, named: true, ..Term::plain(name, kind.summary, "") };
        let info = Info {
            term,
            version,
            load_factor: None,
            hint: kind.hint,
            exact: false,
            alloc_cause: Cause::AllocOther,
            tells: &[],
            layout: None,
            state: &["len"],
        };
        GoRuntime { kind, toolchain, info }
    }

    /// The subject that a job for a toolchain means.
    pub fn of_job(job: &Job) -> Option<GoRuntime> {
        let toolchain = job.toolchain.clone()?;
        let group = job.map.split('@').next()?;
        let kind = KINDS.into_iter().find(|kind| kind.group == group)?;
        Some(GoRuntime::new(kind, Some(toolchain)))
    }

    fn shape(entry: &str) -> Result<Shape, Unready> {
        golang::shape_of_entry(entry)
            .ok_or_else(|| Unready(Status::Unavailable, format!("the Go program has no entry {entry}")))
    }

    fn program(&self, entry: &str) -> Result<std::path::PathBuf, Unready> {
        let Some(toolchain) = &self.toolchain else {
            return Err(Unready(
                Status::Unavailable,
                "there is no go command on the PATH: install Go (go.dev/dl), or say where it is with --go PATH".into(),
            ));
        };
        let shape = Self::shape(entry)?;
        toolchain.program(shape).map_err(|error| Unready(Status::HarnessFailed, error.to_string()))
    }

    fn session(&self, entry: &str) -> Result<Session, JobError> {
        let program = self.program(entry).map_err(|Unready(_, why)| JobError::Unready(why))?;
        Session::start(&program, self.kind.map).map_err(JobError::Pipe)
    }
}

impl Subject for GoRuntime {
    fn info(&self) -> Info {
        self.info
    }

    fn offer(&self) -> MapOffer {
        let group = self.toolchain.is_some().then_some(self.kind.group);
        MapOffer {
            term: self.info.term,
            group,
            load_factor: None,
            hint: self.kind.hint,
            concurrent: false,
            concurrent_at: &[],
        }
    }

    fn toolchain(&self) -> Option<&Toolchain> {
        self.toolchain.as_ref()
    }

    fn prepare(&self, entry: &str) -> Result<(), Unready> {
        self.program(entry).map(drop)
    }

    fn has(&self, pass: Pass, _: Option<Crew>) -> bool {
        pass != Pass::Profile
    }

    fn run(&self, job: &Job, workload: &Workload) -> Result<Answer, JobError> {
        let mut session = self.session(&job.entry)?;
        match job.pass {
            Pass::Count => count::count(&mut session, job, workload, self.kind.counting_disturbs)
                .map(|counted| Answer::Count(Box::new(counted))),
            Pass::Time => time::time(&mut session, job, workload).map(|time| Answer::Time(Box::new(time))),
            Pass::Expect | Pass::Profile => Err(JobError::Unknown(format!("a {} pass of it", job.pass.name()))),
        }
    }
}

/// The program ended or answered nonsense.
fn pipe(error: io::Error) -> JobError {
    JobError::Pipe(error)
}
