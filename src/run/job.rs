//! What the parent asks of a cell's process, and what it hears back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::golang::Toolchain;
use crate::record::{Count, EndState, Profile, Status, Time};
use crate::spec::{Arg, Call, CallError, Catalog, Crew, Source, WorkloadSpec};
use crate::workload::{Expected, HandOver, WorkloadError};

/// One pass of one cell, in words: the process that runs it looks them up again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub pass: Pass,
    pub map: String,
    /// One value per parameter of the map's term.
    pub map_args: Vec<Option<Arg>>,
    /// The Go toolchain, for maps of a real runtime.
    pub toolchain: Option<Toolchain>,
    pub entry: String,
    /// Key distribution and mix in canonical form; `None` for a trace.
    pub generated: Option<(String, String)>,
    pub trace: Option<PathBuf>,
    /// The trace or the file of keys, read already: this process opens neither.
    pub input: Option<HandOver>,
    pub ops: u64,
    pub seed: u64,
    pub load_factor: Option<f64>,
    pub hint: u64,
    pub crew: Option<Crew>,
    /// Whether this repetition of a time pass keeps when operations began.
    pub keeps_moments: bool,
    pub memory_limit_bytes: u64,
    /// Where the answer goes.
    pub answer: PathBuf,
}

/// The passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pass {
    /// No pass of a map: works out the expected end state.
    Expect,
    Count,
    Time,
    Profile,
}

impl Pass {
    pub const fn name(self) -> &'static str {
        match self {
            Pass::Expect => "expect",
            Pass::Count => "count",
            Pass::Time => "time",
            Pass::Profile => "profile",
        }
    }
}

impl Job {
    /// The workload, its names looked up in `catalog`.
    pub fn workload(&self, catalog: &Catalog) -> Result<WorkloadSpec, JobError> {
        let source = match (&self.generated, &self.trace) {
            (Some((keys, mix)), _) => {
                let keys = Call::parse(keys, "key distribution", &catalog.keys)?;
                Source::Generated { keys, mix: Call::parse(mix, "mix", &catalog.mixes)? }
            }
            (None, Some(path)) => Source::Trace(path.clone()),
            (None, None) => return Err(JobError::Unknown("a job without a workload".into())),
        };
        Ok(WorkloadSpec { source, ops: self.ops, seed: self.seed })
    }
}

/// What a pass found out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Expected(Expected),
    Count(Box<Counted>),
    Time(Box<Time>),
    Profile(Profile),
    /// The process could not do its job, and why.
    Failed(Status, String),
}

/// What the count pass found out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Counted {
    pub end: EndState,
    pub key_bytes: u64,
    pub value_bytes: u64,
    pub count: Count,
}

/// Why a pass could not be run at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum JobError {
    #[error("{0}")]
    Answer(String),
    #[error("not known to this mapscope: {0}")]
    Unknown(String),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    #[error(transparent)]
    NotCounting(#[from] crate::probe::alloc::NotCounting),
    #[error("the Go program: {0}")]
    Pipe(std::io::Error),
    #[error("{0}")]
    Unready(String),
    #[error("{0}")]
    Content(String),
    #[error("{count} threads can't be started: {source}; give fewer, or more memory")]
    Threads { count: usize, source: std::io::Error },
    #[error("the CPU profiler: {0}")]
    Profiler(#[from] std::io::Error),
    #[error("the program's file was removed or built anew since the run began, and stacks have no names: run it again")]
    Nameless,
    #[error("the profile would not be whole: {0} samples, allocations or copies were lost for want of memory")]
    Lossy(u64),
}

impl JobError {
    /// The status of a cell whose pass ends so.
    pub fn status(&self) -> Status {
        match self {
            JobError::Content(_) => Status::WrongContent,
            JobError::Pipe(error) if error.kind() == std::io::ErrorKind::OutOfMemory => Status::OutOfMemory,
            _ => Status::HarnessFailed,
        }
    }
}
