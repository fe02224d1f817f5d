//! What the parent asks of a cell's process, and what the process answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::passes::{Counted, Handed, Learnt, Left, Unnamed};
use crate::plan::{CellSpec, ResponseLimit};
use crate::record::{Instructions, Profile, Time};
use crate::subject::Failure;
use crate::workload::{Expected, HandOver};

/// The first argument that makes this program run one pass of one cell.
pub const HIDDEN_VERB: &str = "__cell";

/// The exit code of a process that could not do its work and has said why, in a line that begins with [`REFUSAL`]. Its own,
/// so that no map is taken for it.
pub(super) const REFUSED: u8 = 75;
/// See [`REFUSED`].
pub(super) const REFUSAL: &str = "error: ";

/// The version of what follows. A process that was started by another mapscope, such as one built anew meanwhile, refuses.
pub(super) const PROTOCOL: u32 = 6;

/// One pass of one cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    /// The process that waits for the answer: with it ends what it has started.
    pub parent: u32,
    pub pass: Pass,
    pub cell: CellSpec,
    /// The trace or the file of keys, read already: this process opens neither.
    pub input: Option<HandOver>,
    /// What the subject has made ready.
    pub prepared: Option<PathBuf>,
    /// The program that does it, where that is not this one.
    #[serde(skip)]
    pub program: Option<PathBuf>,
    /// Where a pass that watches is to leave what it learns of each operation.
    pub learns: Option<PathBuf>,
    /// What one has left for a time pass, or why it could not.
    pub learnt: Option<Result<Learnt, Failure>>,
    /// Whether after this repetition of a time pass the record may be what it is: it keeps when operations began, and gives
    /// the figures of the least.
    pub is_checkpoint: bool,
    /// Where a repetition finds the least of those before it, and leaves its own.
    pub least: Option<Handed>,
    /// The rates of arrival that a time pass works out response times for.
    pub rates_per_s: Vec<u64>,
    /// How many times as fast as the trace it works out response times at the trace's own arrivals for.
    pub paces: Vec<u64>,
    /// The limits that it works out the highest rate for.
    pub response_limits: Vec<ResponseLimit>,
    pub memory_limit_bytes: u64,
    /// Where the answer goes.
    pub answer: PathBuf,
}

/// A job as it is handed over.
#[derive(Serialize)]
struct Spoken<'a> {
    protocol: u32,
    job: &'a Job,
}

/// As it is heard: the job is read when it is known to be of this version.
#[derive(Deserialize)]
struct Heard {
    protocol: u32,
    job: serde_json::Value,
}

impl Job {
    /// For another process of this program.
    pub fn speak(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(&Spoken { protocol: PROTOCOL, job: self })?;
        // How many digits a process's number has is no reason for another heap.
        text.resize(text.len().next_multiple_of(4096), b'\n');
        Ok(text)
    }

    /// What that process was told.
    ///
    /// # Errors
    /// In words: what is no job, or one of another version.
    pub fn hear(text: &str) -> Result<Job, String> {
        let own_use = |_| format!("`{}` is for mapscope's own use", HIDDEN_VERB);
        let heard: Heard = serde_json::from_str(text).map_err(own_use)?;
        if heard.protocol != PROTOCOL {
            return Err(format!(
                "the mapscope that runs the cells speaks version {} of their protocol, and this program version {PROTOCOL}: it \
                 was built anew meanwhile, so run it again",
                heard.protocol
            ));
        }
        serde_json::from_value(heard.job).map_err(|error| format!("a cell's job can't be read: {error}"))
    }
}

/// The passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pass {
    /// No pass of a map: works out the expected end state.
    Expect,
    Count,
    /// What the time pass needs of a count pass, where that was not asked for.
    Learn,
    Time,
    Profile,
    Instructions,
}

impl Pass {
    /// Whether others may run beside it.
    pub const fn is_undisturbed(self) -> bool {
        matches!(self, Pass::Count | Pass::Learn | Pass::Instructions)
    }

    /// Whether it looks at each operation.
    pub const fn watches(self) -> bool {
        matches!(self, Pass::Count | Pass::Learn)
    }

    /// How many times longer than another's an operation of it takes.
    pub const fn slowness(self) -> u64 {
        match self {
            Pass::Expect | Pass::Count | Pass::Learn | Pass::Time | Pass::Profile => 1,
            // Callgrind's word is 50, of code that does little else than a watched operation does.
            Pass::Instructions => 20,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Pass::Expect => "expect",
            Pass::Count => "count",
            Pass::Learn => "learn",
            Pass::Time => "time",
            Pass::Profile => "profile",
            Pass::Instructions => "instructions",
        }
    }
}

/// What a pass found out, or why it could not be run.
pub(super) type Answered = Result<Answer, Failure>;

/// What a pass found out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Expected(Expected),
    Count(Box<Counted>, Option<Result<Learnt, Failure>>),
    Learnt(Learnt),
    Time(Box<Time>, Option<Left>),
    Profile(Unnamed),
    /// The same by a program of its own, which alone knows its names.
    Named(Box<Profile>),
    /// The operations are done, under what counts them. No process but the one that started it reads that.
    Executed {
        /// See [`Instructions::build`].
        build: String,
    },
    Instructions(Box<Instructions>),
}

impl Answer {
    /// The pass that it is an answer of.
    pub const fn pass(&self) -> Pass {
        match self {
            Answer::Expected(_) => Pass::Expect,
            Answer::Count(..) => Pass::Count,
            Answer::Learnt(_) => Pass::Learn,
            Answer::Time(..) => Pass::Time,
            Answer::Profile(_) | Answer::Named(_) => Pass::Profile,
            Answer::Executed { .. } | Answer::Instructions(_) => Pass::Instructions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Flags, plan};
    use crate::run::Subjects;

    /// A cell with all that a cell can have.
    fn job() -> Job {
        let seed = u64::MAX.to_string();
        let flags = Flags::from([
            ("map", "dashmap"),
            ("keys", "zipfian(0.1)"),
            ("mix", "mix(insert=33,get=67)"),
            ("threads", "2"),
            ("seed", &seed),
        ]);
        let plan = plan(&[], &flags, &Subjects::builtin().catalog()).unwrap();
        Job {
            parent: 1,
            pass: Pass::Count,
            cell: plan.cells[0].clone(),
            input: None,
            prepared: Some("/a program".into()),
            program: None,
            learns: Some("/what is learnt".into()),
            learnt: None,
            is_checkpoint: true,
            least: None,
            rates_per_s: vec![1, u64::MAX],
            paces: vec![1, 1000],
            response_limits: vec![ResponseLimit { quantile: 0.999, limit_ns: 1 }],
            memory_limit_bytes: u64::MAX,
            answer: "/an answer".into(),
        }
    }

    #[test]
    fn a_job_is_heard_as_it_was_spoken() {
        let job = job();
        let heard = Job::hear(std::str::from_utf8(&job.speak().unwrap()).unwrap()).unwrap();
        assert_eq!(format!("{heard:?}"), format!("{job:?}"));
        assert_eq!(heard.cell, job.cell, "numbers to the last bit");
    }

    #[test]
    fn another_version_is_refused_in_words() {
        let spoken = String::from_utf8(job().speak().unwrap()).unwrap();
        let refused = |text: &str| Job::hear(text).unwrap_err();
        let newer = refused(&spoken.replacen(&format!("\"protocol\":{PROTOCOL}"), "\"protocol\":999", 1));
        assert!(newer.contains("version 999 of their protocol") && newer.ends_with("run it again"), "{newer}");
        // What a job of that version has in it, nobody here knows.
        assert_eq!(refused("{\"protocol\": 999, \"job\": 1}"), newer);
        let damaged = refused(&spoken.replacen("\"pass\"", "\"path\"", 1));
        assert!(damaged.starts_with("a cell's job can't be read: "), "{damaged}");
        for text in ["", "{}", "{\"job\": {}}"] {
            assert_eq!(refused(text), "`__cell` is for mapscope's own use");
        }
    }
}
