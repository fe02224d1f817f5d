//! `mapscope maps PID --rates`: what the maps of running programs cost a second, again and again.

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};

use super::output::{self, CLEARED};
use crate::recording::{Manifest, Process, Rates, Reading, Seen, Sort, State, running};
use crate::text;

/// Shows the rates of a process, or of those of a folder.
pub(super) fn run(path: &Path, pid: Option<u32>, by: Sort, rows_max: usize) -> anyhow::Result<ExitCode> {
    const EVERY: Duration = Duration::from_secs(2);
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let manifest = match path.is_dir() || folder.join(Manifest::FILE_NAME).is_file() {
        true => Some(Manifest::read(folder)?),
        false => None,
    };
    let mut watched = Watched { pid, since: Instant::now(), ends: HashMap::new() };
    let mut before = watched.read(path)?;
    let is_one = !path.is_dir();
    if is_one && !watched.any_runs() {
        bail!("{}: its process has ended: `mapscope maps` without --rates shows what it did", text::path(path));
    }
    let mut screen = io::stdout();
    let is_screen = screen.is_terminal();
    output::print("Rates come every 2 seconds\n")?;
    if !watched.any_runs() {
        output::note("no process of this recording runs now: the next one that begins is shown, and Ctrl-C ends this");
    }
    loop {
        watched.wait(EVERY, is_one)?;
        let after = watched.read(path)?;
        let rates = Rates::between(&before, &after, manifest.as_ref(), by);
        let rows_max = if is_screen { rows_max.min(fitting()) } else { rows_max };
        if is_screen {
            screen.write_all(CLEARED.as_bytes()).and_then(|()| screen.flush()).context("can't write to stdout")?;
        }
        output::print(&format!("{}\n", rates.text(rows_max, output::width().unwrap_or(80))))?;
        if is_one && !watched.any_runs() {
            output::note("the process has ended");
            return Ok(ExitCode::SUCCESS);
        }
        before = after;
    }
}

/// Places that fit on the screen.
fn fitting() -> usize {
    /// Its head, the sum, its last line and the prompt below.
    const OTHER_LINES: usize = 10;
    const LINES_OF_A_PLACE: usize = 2;
    (output::height().saturating_sub(OTHER_LINES) / LINES_OF_A_PLACE).max(1)
}

/// Processes, and when they end. What happened is told by the time since this began.
struct Watched {
    /// The one that was asked for.
    pid: Option<u32>,
    since: Instant,
    ends: HashMap<PathBuf, End>,
}

/// When a process ends.
enum End {
    /// It runs, and this can be read once it does not.
    Runs(OwnedFd),
    Known(State),
}

impl Watched {
    fn any_runs(&self) -> bool {
        self.ends.values().any(|end| matches!(end, End::Runs(_)))
    }

    /// What all have recorded now.
    fn read(&mut self, path: &Path) -> anyhow::Result<Reading> {
        let at = self.since.elapsed();
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let processes = if path.is_dir() { Process::read_all(path)? } else { vec![Process::read(path)?] };
        // In its container a process has another number than here.
        let any_new = processes.iter().any(|process| !self.ends.contains_key(&process.path));
        let numbers = if any_new && self.pid.is_none() { running(path)? } else { Vec::new() };
        let number = |process: &Process| numbers.iter().find(|(_, path)| *path == process.path).map(|(pid, _)| *pid);
        let processes = processes.into_iter().map(|process| {
            let is = || End::of(self.pid.or_else(|| number(&process)), &process);
            let end = self.ends.entry(process.path.clone()).or_insert_with(is);
            let state = match end {
                End::Runs(_) => State::Runs,
                End::Known(state) => *state,
            };
            let age = process.periods.first().map_or(Duration::MAX, |first| unix.saturating_sub(first.since));
            Seen { process, began: at.saturating_sub(age), state }
        });
        Ok(Reading { at, processes: processes.collect() })
    }

    /// Waits so long, or until all have ended that there can be.
    fn wait(&mut self, time: Duration, are_all: bool) -> io::Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || are_all && !self.any_runs() {
                return Ok(());
            }
            let mut polled: Vec<_> = self.ends.values().filter_map(End::polled).collect();
            if polled.is_empty() {
                thread::sleep(left);
                continue;
            }
            // A whole millisecond at least, and the last one is not waited for again and again.
            let timeout = left.as_millis().max(1) as libc::c_int;
            // SAFETY: `polled` is a vector of so many, and its descriptors are open.
            let ready = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout) };
            if ready < 0 {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
            let ended = State::Ended(self.since.elapsed());
            for end in self.ends.values_mut() {
                if let End::Runs(process) = end
                    && polled.iter().any(|polled| polled.fd == process.as_raw_fd() && polled.revents != 0)
                {
                    *end = End::Known(ended);
                }
            }
        }
    }
}

impl End {
    /// That of the process of this number, if it is the one that writes the file.
    fn of(pid: Option<u32>, process: &Process) -> End {
        // The number may be another's by now: it is looked at after it was opened.
        let is_it = |pid| Process::file_of(pid).is_ok_and(|path| path.file_name() == process.path.file_name());
        match pid.and_then(|pid| Some((pid, open(pid)?))) {
            Some((pid, opened)) if is_it(pid) => End::Runs(opened),
            _ => End::Known(State::Gone),
        }
    }

    fn polled(&self) -> Option<libc::pollfd> {
        match self {
            End::Runs(process) => Some(libc::pollfd { fd: process.as_raw_fd(), events: libc::POLLIN, revents: 0 }),
            End::Known(_) => None,
        }
    }
}

/// A descriptor of a process that can be read once it has ended.
fn open(pid: u32) -> Option<OwnedFd> {
    // SAFETY: only asks the system.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    // SAFETY: it is new, and nobody else's; the system closes it where another program begins.
    (opened >= 0).then(|| unsafe { OwnedFd::from_raw_fd(opened as i32) })
}
