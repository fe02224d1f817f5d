//! A cell's process: started, watched, and its end told in a [`Status`].

use std::io::{self, Read, Write as _};
use std::os::fd::RawFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::job::{Answer, Answered, HIDDEN_VERB, Job, Pass, REFUSAL, REFUSED};
use super::passes;
use super::scheduler::Executor;
use super::valgrind::Valgrind;
use crate::record::Status;
use crate::subject::Failure;
use crate::text;
use crate::workload::HandOver;

/// The most of a process's standard error that is kept.
const STDERR_BYTES_MAX: u64 = 64 << 10;

/// How long to wait for a process to end before somebody looks whether the run was interrupted.
const BEAT: Duration = Duration::from_millis(50);

/// Jobs as processes of this program. Those that run are ended when it is dropped.
pub(super) struct Processes {
    running: Vec<Process>,
    /// Numbers of processes that have ended, with what they wrote to standard error.
    ended: Receiver<(u64, String)>,
    tell: Sender<(u64, String)>,
    started: u64,
    /// Where a pass needs it.
    valgrind: Option<Valgrind>,
}

/// A running pass.
struct Process {
    id: u64,
    child: Child,
    job: Job,
    deadline: Instant,
    limit: Duration,
}

impl Processes {
    pub fn new(valgrind: Option<Valgrind>) -> Processes {
        let (tell, ended) = channel();
        Processes { running: Vec::new(), ended, tell, started: 0, valgrind }
    }

    fn take(&mut self, id: u64) -> Option<Process> {
        let index = self.running.iter().position(|process| process.id == id)?;
        Some(self.running.swap_remove(index))
    }
}

impl Executor for Processes {
    fn start(&mut self, job: Job, limit: Duration) -> io::Result<u64> {
        self.started += 1;
        let id = self.started;
        let command = command(&job, self.valgrind.as_ref())?;
        self.running.push(Process::start(id, job, command, limit, self.tell.clone())?);
        Ok(id)
    }

    fn wait(&mut self) -> Option<(u64, Answered)> {
        let late = |process: &&Process| process.deadline <= Instant::now();
        let next = self.running.iter().map(|process| process.deadline).min();
        let patience = next.map_or(BEAT, |next| next.saturating_duration_since(Instant::now()).min(BEAT));
        if let Ok((id, stderr)) = self.ended.recv_timeout(patience) {
            // One that was ended for being late is here no more.
            return self.take(id).map(|process| (id, process.ended(&stderr)));
        }
        let id = self.running.iter().find(late)?.id;
        self.take(id).map(|process| (id, process.late()))
    }
}

/// Held while a descriptor is open to whatever is started.
static STARTING: Mutex<()> = Mutex::new(());

/// Starts a process that inherits a descriptor which others don't. No code of ours runs in it before its program does, so
/// that the system need not copy this process (`posix_spawn`).
fn spawn(command: &mut Command, inherited: Option<RawFd>) -> io::Result<Child> {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let keep = |flags: libc::c_int| match inherited {
        // SAFETY: sets a flag of a descriptor, which the job's workload has open meanwhile.
        Some(descriptor) if unsafe { libc::fcntl(descriptor, libc::F_SETFD, flags) } == -1 => {
            Err(io::Error::last_os_error())
        }
        _ => Ok(()),
    };
    keep(0)?;
    let child = command.spawn();
    keep(libc::FD_CLOEXEC)?;
    child
}

impl Process {
    /// Starts it for one job; its end is told with what it wrote to standard error.
    fn start(
        id: u64,
        job: Job,
        mut command: Command,
        limit: Duration,
        tell: Sender<(u64, String)>,
    ) -> io::Result<Process> {
        command.arg(HIDDEN_VERB).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env_remove("RUST_BACKTRACE").process_group(0);
        let text = job.speak()?;
        let child = spawn(&mut command, job.input.as_ref().map(HandOver::descriptor))?;
        // From here on an error ends it.
        let mut process = Process { id, child, job, deadline: Instant::now() + limit, limit };
        if let Some(mut stdin) = process.child.stdin.take() {
            // A process that died before it read its job tells so by its end.
            let _ = stdin.write_all(&text);
        }
        let (pid, mut stderr) = (process.child.id(), process.child.stderr.take());
        std::thread::Builder::new().spawn(move || {
            let mut text = Vec::new();
            if let Some(pipe) = &mut stderr {
                let _ = pipe.by_ref().take(STDERR_BYTES_MAX).read_to_end(&mut text);
                let _ = io::copy(pipe, &mut io::sink());
            }
            wait_for(pid);
            // Nobody listens any more where the run has ended.
            let _ = tell.send((id, String::from_utf8_lossy(&text).into_owned()));
        })?;
        Ok(process)
    }

    /// What became of one that runs past its limit, which ends it.
    fn late(mut self) -> Answered {
        if has_ended(self.child.id()) {
            // What it has started holds its standard error.
            self.kill();
            return self.ended("");
        }
        self.kill();
        let seconds = self.limit.as_secs();
        let why = format!("still running after its limit of {seconds} s: --time-limit or time_limit_s raises it");
        let status = match self.at_work() {
            Party::Map => Status::TimedOut,
            Party::Mapscope => Status::HarnessFailed,
        };
        let _ = std::fs::remove_file(&self.job.answer);
        Err(Failure::new(status, why))
    }

    /// Ends it now.
    fn kill(&mut self) {
        // Either fails only when the process has already ended.
        if let Ok(group) = i32::try_from(self.child.id()) {
            // SAFETY: only sends a signal. The group is the child's own, made when it was started, and its number is nobody
            // else's until the child is waited for, which is done below.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whose work it is at, or was.
    fn at_work(&self) -> Party {
        // The process makes the file when it has its workload and a map's pass begins.
        if self.job.pass != Pass::Expect && self.job.answer.exists() { Party::Map } else { Party::Mapscope }
    }

    /// What became of one that has ended.
    fn ended(mut self, stderr: &str) -> Answered {
        let status = match self.child.wait() {
            Ok(status) => status,
            Err(error) => return Err(Failure::harness(format!("its process can't be watched: {error}"))),
        };
        let at_work = self.at_work();
        let answer = std::fs::read(&self.job.answer);
        // Read, or not to be read; either way the folder need not hold them all.
        let _ = std::fs::remove_file(&self.job.answer);
        if !status.success() {
            let (status, why) = diagnose(status, stderr, self.job.memory_limit_bytes, at_work);
            return Err(Failure { status, why });
        }
        let harness = |why: String| Err(Failure::harness(why));
        match answer {
            Ok(bytes) if bytes.is_empty() => {
                Err(Failure::new(Status::Aborted, "the map ended the process before the pass was done"))
            }
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(Ok(Answer::Executed { build })) => executed(&self.job, &build),
                Ok(answered) => answered,
                Err(error) => harness(format!("its answer is damaged: {error}")),
            },
            Err(error) => harness(format!("its answer can't be read from {}: {error}", text::path(&self.job.answer))),
        }
    }
}

/// What starts the program of a job.
fn command(job: &Job, valgrind: Option<&Valgrind>) -> io::Result<Command> {
    let own = || match valgrind {
        // There, its own is Valgrind.
        Some(_) if cfg!(target_os = "linux") => Ok(PathBuf::from(format!("/proc/{}/exe", std::process::id()))),
        _ => program(),
    };
    let program = job.program.clone().map_or_else(own, Ok)?;
    Ok(match valgrind.filter(|_| job.pass == Pass::Instructions) {
        Some(valgrind) => valgrind.command(&program, &counts(job)),
        None => Command::new(program),
    })
}

/// Where Valgrind leaves what it has counted for a job.
fn counts(job: &Job) -> PathBuf {
    job.answer.with_extension("callgrind")
}

/// What it has counted.
fn executed(job: &Job, build: &str) -> Answered {
    let path = counts(job);
    let unread =
        |error| Failure::harness(format!("{}: what Valgrind has counted can't be read: {error}", text::path(&path)));
    let file = std::fs::read_to_string(&path).map_err(unread)?;
    // The folder need not hold them all.
    let _ = std::fs::remove_file(&path);
    passes::executed(&file, build).map(|counted| Answer::Instructions(Box::new(counted)))
}

/// Waits until a child has ended, and leaves its end for who started it: so long its number is nobody else's.
fn wait_for(pid: u32) {
    end_of(pid, 0);
}

/// Whether a child has ended, whose end nobody has taken.
fn has_ended(pid: u32) -> bool {
    // Of one that has not, nothing is written.
    end_of(pid, libc::WNOHANG).is_some_and(|about| about.si_signo == libc::SIGCHLD)
}

/// What the system says of a child's end, which it keeps; `None` where there is no such child.
fn end_of(pid: u32, options: libc::c_int) -> Option<libc::siginfo_t> {
    let mut about = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = options | libc::WEXITED | libc::WNOWAIT;
    // SAFETY: writes to `about` alone.
    while unsafe { libc::waitid(libc::P_PID, pid, about.as_mut_ptr(), options) } == -1 {
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return None;
        }
    }
    // SAFETY: numbers and addresses, of which all zeros are ones.
    Some(unsafe { about.assume_init() })
}

/// This very program, also when its file was removed or built anew since it was started.
pub(super) fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// What tells this program from one that was built since: figures of two are of no one run, and addresses mean something to
/// one alone.
pub(super) fn about_program() -> String {
    let about = program().and_then(std::fs::metadata);
    let about = about.and_then(|about| Ok((about.len(), about.modified()?)));
    about.map_or("unknown".to_owned(), |(bytes, modified)| {
        let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        format!("{bytes} bytes of {}.{:09} s", since.as_secs(), since.subsec_nanos())
    })
}

/// Whose work it was that ended with the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Party {
    /// The map's, or what the pass remembers of it.
    Map,
    /// What is done without any map.
    Mapscope,
}

/// What the end of a process and its last words say, and of whom.
fn diagnose(status: ExitStatus, stderr: &str, memory_limit_bytes: u64, at_work: Party) -> (Status, String) {
    if status.code() == Some(REFUSED.into())
        && let Some(why) = stderr.lines().find_map(|line| line.strip_prefix(REFUSAL))
    {
        return (Status::HarnessFailed, why.to_owned());
    }
    if let Some(line) = stderr.lines().find(|line| line.starts_with("memory allocation of ")) {
        let limit_mib = memory_limit_bytes >> 20;
        let raise = "--memory-limit or memory_limit_mb raises it";
        return match at_work {
            Party::Map => (
                Status::OutOfMemory,
                format!("{line}; the process's limit is {limit_mib} MiB: {raise}; by default, so do fewer --jobs"),
            ),
            Party::Mapscope => (
                Status::HarnessFailed,
                format!("mapscope itself needs more than the process's limit of {limit_mib} MiB ({line}): {raise}"),
            ),
        };
    }
    match (status.signal(), status.code(), at_work) {
        (Some(libc::SIGKILL), ..) => {
            (Status::Killed, "killed from outside, perhaps by the system for want of memory".into())
        }
        (Some(signal @ (libc::SIGTERM | libc::SIGINT | libc::SIGHUP | libc::SIGQUIT)), ..) => {
            (Status::Killed, format!("ended from outside by signal {signal} ({})", name(signal)))
        }
        (Some(libc::SIGXCPU), ..) => {
            (Status::Killed, "used up the processor time that a process may have here (ulimit -t)".into())
        }
        (Some(libc::SIGXFSZ), ..) => {
            (Status::HarnessFailed, "its answer is larger than a file may be here (ulimit -f)".into())
        }
        (Some(signal), _, Party::Map) => {
            (Status::Aborted, format!("ended by signal {signal} ({}){}", name(signal), last(stderr)))
        }
        (Some(signal), _, Party::Mapscope) => (
            Status::HarnessFailed,
            format!("mapscope itself was ended by signal {signal} ({}){}", name(signal), last(stderr)),
        ),
        (None, Some(101), at_work) => {
            let (place, message) = panicked(stderr);
            match at_work {
                Party::Map if !is_mapscope_s(place) => (Status::Panicked, message),
                _ => (Status::HarnessFailed, format!("mapscope itself panicked: {message}; please report it")),
            }
        }
        (None, code, at_work) => {
            let (who, status) = match at_work {
                Party::Map => ("the map", Status::Aborted),
                Party::Mapscope => ("mapscope itself", Status::HarnessFailed),
            };
            let code = code.unwrap_or_default();
            (status, format!("{who} ended the process with exit code {code}{}", last(stderr)))
        }
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "abort",
        libc::SIGSEGV => "segmentation fault",
        libc::SIGBUS => "bus error",
        libc::SIGILL => "illegal instruction",
        libc::SIGFPE => "arithmetic error",
        libc::SIGTRAP => "trap",
        libc::SIGSYS => "a call that the system forbids",
        libc::SIGTERM => "terminated",
        libc::SIGINT => "interrupted",
        libc::SIGHUP => "hung up",
        libc::SIGQUIT => "quit",
        _ => "signal",
    }
}

/// Whether code at `place` is mapscope's own and no map's, wherever it was built.
fn is_mapscope_s(place: &str) -> bool {
    let root = file!().strip_suffix("run/process.rs").unwrap_or(file!());
    place.starts_with(root) || mapscope_maps::is_what_watches(place)
}

/// A place in the sources that a runner was built from, as it is named in this program.
fn as_named_here(place: &str) -> &str {
    let in_home = place.split_once("/mapscope/rust-").and_then(|(_, place)| place.split_once("/sources/"));
    in_home.map_or(place, |(_, place)| place)
}

/// A panic's place, empty where it is not known, and its message with the place, on one line.
fn panicked(stderr: &str) -> (&str, String) {
    let mut lines = stderr.lines().skip_while(|line| !line.contains("panicked at"));
    let place = lines.next().and_then(|line| line.split_once("panicked at ")).map(|(_, place)| as_named_here(place));
    match place.map(|place| place.trim_end_matches(':')) {
        Some(place) => (place, format!("{} (at {place})", lines.next().unwrap_or_default())),
        None => ("", "panicked without a message".into()),
    }
}

fn last(stderr: &str) -> String {
    stderr.lines().rfind(|line| !line.trim().is_empty()).map(|line| format!(": {line}")).unwrap_or_default()
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_process_is_told_by_its_signal_its_code_and_its_last_words() {
        let signal = ExitStatus::from_raw;
        let code = |code: i32| ExitStatus::from_raw(code << 8);
        let map = |status, stderr| diagnose(status, stderr, 5 << 20, Party::Map);
        let panic = "thread 'main' panicked at maps/map.rs:3:9:\nno room\nnote: run with `RUST_BACKTRACE=1`\n";
        assert_eq!(map(code(101), panic), (Status::Panicked, "no room (at maps/map.rs:3:9)".into()));
        assert_eq!(map(code(101), ""), (Status::Panicked, "panicked without a message".into()));
        let (status, why) = map(signal(libc::SIGABRT), NO_MEMORY);
        assert_eq!(status, Status::OutOfMemory);
        assert!(
            why.starts_with("memory allocation of 800 bytes failed; the process's limit is 5 MiB: --memory-limit or"),
            "{why}"
        );
        assert_eq!(map(signal(libc::SIGABRT), "").0, Status::Aborted);
        assert_eq!(map(code(3), ""), (Status::Aborted, "the map ended the process with exit code 3".into()));
        // A map's own words are not taken for ours.
        assert_eq!(map(code(2), "error: x\n").0, Status::Aborted);
        assert_eq!(map(code(75), "x\n").0, Status::Aborted);
    }

    const NO_MEMORY: &str = "memory allocation of 800 bytes failed\n";

    #[test]
    fn what_no_map_did_is_blamed_on_no_map() {
        let signal = ExitStatus::from_raw;
        let code = |code: i32| ExitStatus::from_raw(code << 8);
        for at_work in [Party::Map, Party::Mapscope] {
            let outside = |number| diagnose(signal(number), "", 0, at_work).0;
            assert_eq!([libc::SIGKILL, libc::SIGTERM, libc::SIGXCPU].map(outside), [Status::Killed; 3]);
            assert_eq!(outside(libc::SIGXFSZ), Status::HarnessFailed);
            let refused = diagnose(code(75), "a line of the map's\nerror: no room in /tmp\n", 0, at_work);
            assert_eq!(refused, (Status::HarnessFailed, "no room in /tmp".into()));
            let panic = format!("thread 'main' panicked at {}:3:9:\nexpected\n", file!());
            let (status, why) = diagnose(code(101), &panic, 0, at_work);
            assert_eq!(status, Status::HarnessFailed);
            assert!(why.starts_with("mapscope itself panicked: expected (at "), "{why}");
            // Also in a program that was built from the sources that this one carries.
            let there = panic.replace(file!(), &format!("/home/a/.cache/mapscope/rust-1a/sources/{}", file!()));
            assert_eq!(diagnose(code(101), &there, 0, at_work), (status, why));
        }
        let mapscope = |status, stderr| diagnose(status, stderr, 5 << 20, Party::Mapscope);
        let (status, why) = mapscope(signal(libc::SIGABRT), NO_MEMORY);
        assert_eq!(status, Status::HarnessFailed);
        assert!(why.starts_with("mapscope itself needs more than the process's limit of 5 MiB (memory all"), "{why}");
        assert_eq!(mapscope(signal(libc::SIGSEGV), "").0, Status::HarnessFailed);
        assert_eq!(mapscope(code(3), "").0, Status::HarnessFailed);
        assert_eq!(mapscope(code(101), "").0, Status::HarnessFailed);
        // The crate of the maps is built from beside this one.
        let maps = file!().replace("mapscope-run/src/run/process.rs", "mapscope-maps/src/");
        assert!(
            is_mapscope_s(&format!("{maps}probe/census.rs:1:1")) && is_mapscope_s(&format!("{maps}entry/mod.rs:1:1"))
        );
        assert!(
            !is_mapscope_s(&format!("{maps}maps/std_map.rs:1:1"))
                && !is_mapscope_s("")
                && !is_mapscope_s("/rustc/0/library/core/src/option.rs:1:1")
        );
    }
}
