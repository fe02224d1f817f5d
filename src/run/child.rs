//! The hidden verb: one pass of one cell, in a process of its own.

use std::io::{self, Read};
use std::process::ExitCode;

use super::job::{Answer, Job, JobError, Pass};
use super::memory;
use super::runtime::GoRuntime;
use super::subjects::{Subject as _, Subjects};
use crate::probe::alloc;
use crate::workload::{Inputs, Workload};

/// The first argument that makes this program run one pass of one cell.
pub const HIDDEN_VERB: &str = "__cell";

/// Reads a job from standard input, runs it, and writes its answer where the job says.
///
/// A panic of the map ends the process as panics do; the parent makes a row of it.
pub fn main(subjects: &Subjects) -> ExitCode {
    let mut text = String::new();
    let job: Job = match io::stdin().read_to_string(&mut text).map(|_| serde_json::from_str(&text)) {
        Ok(Ok(job)) => job,
        _ => {
            eprintln!("error: `{HIDDEN_VERB}` is for mapscope's own use");
            return ExitCode::from(2);
        }
    };
    memory::limit(job.memory_limit_bytes);
    let answer = run(subjects, &job).unwrap_or_else(|error| Answer::Failed(error.status(), error.to_string()));
    match serde_json::to_vec(&answer).map(|bytes| std::fs::write(&job.answer, bytes)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    }
}

fn run(subjects: &Subjects, job: &Job) -> Result<Answer, JobError> {
    alloc::verify_counting()?;
    let mut inputs = job.input.as_ref().map(Inputs::handed_over).transpose()?.unwrap_or_default();
    let workload = Workload::open_from(&job.workload(&subjects.catalog())?, &mut inputs)?;
    if job.pass == Pass::Expect {
        return Ok(Answer::Expected(workload.expected()?));
    }
    if let Some(runtime) = GoRuntime::of_job(job) {
        return runtime.run(job, &workload);
    }
    let subject = subjects.find(&job.map).ok_or_else(|| JobError::Unknown(job.map.clone()))?;
    subject.run(job, &workload)
}
