//! The hidden verb: one pass of one cell, in a process of its own.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::process::ExitCode;

use super::job::{Answer, Job, JobError, Pass};
use super::memory;
use super::runtime::GoRuntime;
use super::subjects::{Subject as _, Subjects};
use crate::probe::alloc;
use crate::text;
use crate::workload::{Inputs, Workload};

/// The first argument that makes this program run one pass of one cell.
pub const HIDDEN_VERB: &str = "__cell";

/// The exit code of a process that could not do its work and has said why, in a line that begins with [`REFUSAL`]. Its own,
/// so that no map is taken for it.
pub(super) const REFUSED: u8 = 75;
/// See [`REFUSED`].
pub(super) const REFUSAL: &str = "error: ";

/// Reads a job from standard input, runs it, and writes its answer where the job says.
///
/// A panic of the map ends the process as panics do; the parent makes a row of it.
pub fn main(subjects: &Subjects) -> ExitCode {
    match work(subjects) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{REFUSAL}{why}");
            ExitCode::from(REFUSED)
        }
    }
}

fn work(subjects: &Subjects) -> Result<(), String> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| format!("what to do can't be read: {error}"))?;
    let job: Job = serde_json::from_str(&text).map_err(|_| format!("`{HIDDEN_VERB}` is for mapscope's own use"))?;
    memory::limit(job.memory_limit_bytes);
    let answer = match run(subjects, &job) {
        Err(JobError::Answer(why)) => return Err(why),
        Err(error) => Answer::Failed(error.status(), error.to_string()),
        Ok(answer) => answer,
    };
    let bytes = serde_json::to_vec(&answer).map_err(|error| error.to_string())?;
    std::fs::write(&job.answer, bytes).map_err(|error| unwritten(&job, &error))
}

fn run(subjects: &Subjects, job: &Job) -> Result<Answer, JobError> {
    alloc::verify_counting()?;
    let mut inputs = job.input.as_ref().map(Inputs::handed_over).transpose()?.unwrap_or_default();
    let workload = Workload::open_from(&job.workload(&subjects.catalog())?, &mut inputs)?;
    // The parent sees by this file that all was ready: what ends the process from here on is in the pass. And what has no
    // place to answer had better not begin.
    File::create(&job.answer).map_err(|error| JobError::Answer(unwritten(job, &error)))?;
    if job.pass == Pass::Expect {
        return Ok(Answer::Expected(workload.expected()?));
    }
    if let Some(runtime) = GoRuntime::of_job(job) {
        return runtime.run(job, &workload);
    }
    let subject = subjects.find(&job.map).ok_or_else(|| JobError::Unknown(job.map.clone()))?;
    subject.run(job, &workload)
}

fn unwritten(job: &Job, error: &io::Error) -> String {
    let path = text::path(&job.answer);
    format!("the answer can't be written to {path}: {error}; make room there, or set TMPDIR to another folder")
}
