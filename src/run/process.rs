//! A cell's process: started, watched, and its end told in a [`Status`].

use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::child::HIDDEN_VERB;
use super::job::{Answer, Job};
use crate::record::Status;
use crate::workload::HandOver;

/// The most of a process's standard error that is kept.
const STDERR_BYTES_MAX: u64 = 64 << 10;

/// A running pass.
pub(super) struct Process {
    child: Child,
    stderr: Option<JoinHandle<String>>,
    job: Job,
    started: Instant,
    limit: Duration,
}

/// How a pass ended: its answer, or the status and the reason of its failure.
pub(super) type Ended = Result<Answer, (Status, String)>;

impl Process {
    /// Starts this program anew for one job.
    pub fn start(job: Job, limit: Duration) -> io::Result<Process> {
        let mut command = Command::new(program()?);
        command.arg(HIDDEN_VERB).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env_remove("RUST_BACKTRACE").process_group(0);
        let input = job.input.as_ref().map(HandOver::descriptor);
        // SAFETY: `prctl` and `fcntl` are async-signal-safe, and nothing else happens between fork and exec.
        unsafe {
            command.pre_exec(move || {
                #[cfg(target_os = "linux")]
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                match input {
                    // Not to be closed by exec, in this process alone.
                    Some(input) if libc::fcntl(input, libc::F_SETFD, 0) == -1 => Err(io::Error::last_os_error()),
                    _ => Ok(()),
                }
            });
        }
        let mut child = command.spawn()?;
        let text = serde_json::to_vec(&job)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A process that died before it read its job tells so by its end.
            let _ = stdin.write_all(&text);
        }
        let stderr = child.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = pipe.by_ref().take(STDERR_BYTES_MAX).read_to_end(&mut text);
                let _ = io::copy(&mut pipe, &mut io::sink());
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        Ok(Process { child, stderr, job, started: Instant::now(), limit })
    }

    /// How it ended, if it has; kills it when it runs past its limit.
    pub fn poll(&mut self) -> io::Result<Option<Ended>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(self.ended(status)));
        }
        if self.started.elapsed() > self.limit {
            self.kill();
            let seconds = self.limit.as_secs();
            return Ok(Some(Err((Status::TimedOut, format!("still running after its limit of {seconds} s")))));
        }
        Ok(None)
    }

    /// Ends it now.
    pub fn kill(&mut self) {
        // Either fails only when the process has already ended.
        if let Ok(group) = i32::try_from(self.child.id()) {
            // SAFETY: only sends a signal. The group is the child's own, made when it was started.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ended(&mut self, status: ExitStatus) -> Ended {
        let stderr = self.stderr.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
        if status.success() {
            let answer = std::fs::read(&self.job.answer).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            // Read, or not to be read; either way the folder need not hold them all.
            let _ = std::fs::remove_file(&self.job.answer);
            return match answer {
                Some(Answer::Failed(status, why)) => Err((status, why)),
                Some(answer) => Ok(answer),
                None => Err((Status::Aborted, "the map ended the process before the pass was done".into())),
            };
        }
        Err(diagnose(status, &stderr, self.job.memory_limit_bytes))
    }
}

/// This very program, also when its file was removed or built anew since it was started.
fn program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { std::env::current_exe() }
}

/// What the end of a process and its last words say.
fn diagnose(status: ExitStatus, stderr: &str, memory_limit_bytes: u64) -> (Status, String) {
    if let Some(line) = stderr.lines().find(|line| line.starts_with("memory allocation of ")) {
        let limit_mib = memory_limit_bytes >> 20;
        return (Status::OutOfMemory, format!("{line}; the process's limit is {limit_mib} MiB"));
    }
    match (status.signal(), status.code()) {
        (Some(libc::SIGKILL), _) => {
            (Status::Killed, "killed from outside, perhaps by the system for want of memory".into())
        }
        (Some(signal), _) => (Status::Aborted, format!("ended by signal {signal} ({}){}", name(signal), last(stderr))),
        (None, Some(101)) => (Status::Panicked, panic_message(stderr)),
        (None, code) => {
            let code = code.unwrap_or_default();
            (Status::Aborted, format!("the map ended the process with exit code {code}{}", last(stderr)))
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
        libc::SIGTERM => "terminated",
        _ => "signal",
    }
}

/// A panic's message and place, on one line.
fn panic_message(stderr: &str) -> String {
    let mut lines = stderr.lines().skip_while(|line| !line.contains("panicked at"));
    let place = lines.next().and_then(|line| line.split_once("panicked at ")).map(|(_, place)| place);
    let message = lines.next().unwrap_or_default();
    match place {
        Some(place) => format!("{message} (at {})", place.trim_end_matches(':')),
        None => "panicked without a message".into(),
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
        let panic = "thread 'main' panicked at src/map.rs:3:9:\nno room\nnote: run with `RUST_BACKTRACE=1`\n";
        assert_eq!(diagnose(code(101), panic, 0), (Status::Panicked, "no room (at src/map.rs:3:9)".into()));
        let memory = "memory allocation of 800 bytes failed\n";
        let (status, why) = diagnose(signal(libc::SIGABRT), memory, 5 << 20);
        assert_eq!(status, Status::OutOfMemory);
        assert_eq!(why, "memory allocation of 800 bytes failed; the process's limit is 5 MiB");
        assert_eq!(diagnose(signal(libc::SIGABRT), "", 0).0, Status::Aborted);
        assert_eq!(diagnose(signal(libc::SIGKILL), "", 0).0, Status::Killed);
        assert_eq!(diagnose(code(3), "", 0), (Status::Aborted, "the map ended the process with exit code 3".into()));
    }
}
