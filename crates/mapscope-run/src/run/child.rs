//! The hidden verb: one pass of one cell, in a process of its own.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::process::parent_id;
use std::process::ExitCode;

use super::job::{Answer, Answered, Job, Pass, REFUSAL, REFUSED};
use super::subjects::Subjects;
use super::{memory, passes};
use crate::probe::alloc;
use crate::subject::{Failure, Opening, Subject};
use crate::text;
use crate::workload::{Inputs, Workload};

/// Reads a job from standard input, runs it, and writes its answer where the job says.
///
/// A panic of the map ends the process as panics do; the parent makes a row of it.
pub fn main(subjects: &Subjects) -> ExitCode {
    told(work(&|name| subjects.find(name), false))
}

/// The same in a program of one map, which the parent has had built: it names its stacks itself.
pub(super) fn main_of_runner(subject: &dyn Subject) -> ExitCode {
    told(work(&|name| Some(subject).filter(|subject| subject.info().term.name == name), true))
}

/// Finds the subject of this name.
type Find<'a> = &'a dyn Fn(&str) -> Option<&'a dyn Subject>;

fn told(worked: Result<(), String>) -> ExitCode {
    match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{REFUSAL}{why}");
            ExitCode::from(REFUSED)
        }
    }
}

fn work(find: Find<'_>, names: bool) -> Result<(), String> {
    end_with_parent();
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| format!("what to do can't be read: {error}"))?;
    let job = Job::hear(&text)?;
    if parent_id() != job.parent {
        // It ended before it could be seen to.
        return Err("whoever started this has ended".to_owned());
    }
    memory::limit(job.memory_limit_bytes);
    let workload = ready(&job);
    // The parent sees by this file that all was ready: what ends the process from here on is in the pass. And what has no
    // place to answer had better not begin.
    if workload.is_ok() {
        File::create(&job.answer).map_err(|error| unwritten(&job, &error))?;
    }
    let answer = workload.and_then(|workload| run(find, names, &job, &workload));
    let bytes = serde_json::to_vec(&answer).map_err(|error| error.to_string())?;
    std::fs::write(&job.answer, bytes).map_err(|error| unwritten(&job, &error))
}

/// Ends this process when the one that started it ends, however that does.
pub(super) fn end_with_parent() {
    #[cfg(target_os = "linux")]
    // SAFETY: sets what the system does with this process; no memory is handed over.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
}

fn ready(job: &Job) -> Result<Workload, Failure> {
    alloc::verify_counting().map_err(Failure::harness)?;
    let mut inputs = job.input.as_ref().map(Inputs::handed_over).transpose()?.unwrap_or_default();
    Ok(Workload::open_from(&job.cell.workload, &mut inputs)?)
}

fn run(find: Find<'_>, names: bool, job: &Job, workload: &Workload) -> Answered {
    let Job { pass, cell, .. } = job;
    let hint = cell.hint.entries(workload.ops());
    let open = || {
        let unknown = || Failure::harness(format!("not known to this mapscope: {}", cell.map.name));
        let subject = find(cell.map.name).ok_or_else(unknown)?;
        subject.open(Opening { cell, workload, prepared: job.prepared.as_deref() })
    };
    match pass {
        Pass::Expect => Ok(Answer::Expected(workload.expected()?)),
        Pass::Count => {
            let (counted, learnt) = passes::count(&mut *open()?, workload, job.learns.as_deref())?;
            Ok(Answer::Count(Box::new(counted), learnt))
        }
        Pass::Learn => {
            let path = job.learns.as_deref().ok_or_else(|| Failure::harness("it is not said where to"))?;
            Ok(Answer::Learnt(passes::learn(&mut *open()?, workload, path)?))
        }
        Pass::Time => {
            let learnt = job.learnt.as_ref().map(|learnt| learnt.as_ref().map_err(Failure::clone)).transpose()?;
            let arriving = passes::Arriving {
                rates_per_s: &job.rates_per_s,
                paces: &job.paces,
                trace: None,
                limits: &job.response_limits,
                seed: cell.workload.seed,
            };
            let least = job.least.as_ref().map(|handed| (handed, job.is_checkpoint));
            let wanted = passes::Wanted { moments: job.is_checkpoint, arriving, least };
            let (time, left) = passes::time(&mut *open()?, workload, hint, learnt, &wanted)?;
            Ok(Answer::Time(Box::new(time), left))
        }
        Pass::Profile => {
            let unnamed = passes::profile(&mut *open()?, workload, hint)?;
            if names {
                return Ok(Answer::Named(Box::new(passes::Names::default().profile(&unnamed)?)));
            }
            Ok(Answer::Profile(unnamed))
        }
        Pass::Instructions => {
            passes::execute(&mut *open()?, workload)?;
            Ok(Answer::Executed { build: build() })
        }
    }
}

/// What decides, besides the sources, what this program executes.
fn build() -> String {
    let mut build = format!("rustc {}, {}, {}", mapscope_maps::RUSTC, mapscope_maps::TARGET, mapscope_maps::BUILD);
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: the version is text that ends in NUL and is never changed.
        let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
        build += &format!(", glibc {}", version.to_str().unwrap_or("unknown"));
    }
    build
}

fn unwritten(job: &Job, error: &io::Error) -> String {
    let path = text::path(&job.answer);
    format!("the answer can't be written to {path}: {error}; make room there, or set TMPDIR to another folder")
}
