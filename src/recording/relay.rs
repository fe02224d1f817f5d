//! What asks this process to end while it waits for a command: it is passed on, and the command's end is this one's too.
//!
//! The terminal sends Ctrl-C to the command as well, so that only what a process sent (`kill`) has to be passed on. Many
//! programs do something of their own at a second one, so that the third, each within two seconds of the one before, has the
//! command killed, whatever that makes of it. Before there is one, a second signal ends mapscope as it is.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};

const SIGNALS: [libc::c_int; 4] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP];

/// The process that signals are passed on to; 0 where there is none yet, and -1 once it has ended.
static COMMAND: AtomicI32 = AtomicI32::new(0);
/// The signal that came before there was one; 0 for none.
static EARLY: AtomicI32 = AtomicI32::new(0);

/// When Ctrl-C was pressed last, in milliseconds.
static PRESSED: AtomicI64 = AtomicI64::new(i64::MIN);
/// How often, each time soon after the time before.
static PRESSES: AtomicI32 = AtomicI32::new(0);

/// Holds these signals up for as long as it lives.
pub(super) struct Relay {
    before: Vec<(libc::c_int, libc::sigaction)>,
}

impl Relay {
    /// One at a time: signals are the whole process's.
    pub(super) fn new() -> Relay {
        EARLY.store(0, Ordering::SeqCst);
        COMMAND.store(0, Ordering::SeqCst);
        PRESSED.store(i64::MIN, Ordering::SeqCst);
        PRESSES.store(0, Ordering::SeqCst);
        Relay { before: SIGNALS.into_iter().filter_map(|signal| Some((signal, catch(signal)?))).collect() }
    }

    /// Runs a command to its end, or to that of the signal which came before it could begin: `Err` has its number.
    pub(super) fn run(&self, command: &mut Command) -> io::Result<Result<ExitStatus, i32>> {
        if let early @ 1.. = EARLY.load(Ordering::SeqCst) {
            return Ok(Err(early));
        }
        let mut child = command.spawn()?;
        COMMAND.store(child.id() as i32, Ordering::SeqCst);
        // One may have come while it was started, before it could be passed on. Should the terminal have sent it that one,
        // too, then twice is better than never.
        if let early @ 1.. = EARLY.swap(0, Ordering::SeqCst) {
            send(child.id() as i32, early);
        }
        let ended = wait_for_end(&child);
        // Its number is another's once it has been waited for.
        COMMAND.store(-1, Ordering::SeqCst);
        ended?;
        child.wait().map(Ok)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        for (signal, before) in &self.before {
            // SAFETY: it is the action that `sigaction` said was there.
            unsafe { libc::sigaction(*signal, before, ptr::null_mut()) };
        }
    }
}

/// What was done on the signal until now. `None` where it is ignored, which the command inherits (`nohup`).
fn catch(signal: libc::c_int) -> Option<libc::sigaction> {
    // SAFETY: all zeroes is a valid value of both, `pass_on` only does what a handler may, and the pointers are of here.
    unsafe {
        let mut before: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, ptr::null(), &raw mut before) != 0 || before.sa_sigaction == libc::SIG_IGN {
            return None;
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = pass_on as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        (libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0).then_some(before)
    }
}

extern "C" fn pass_on(signal: libc::c_int, about: *mut libc::siginfo_t, _: *mut libc::c_void) {
    match COMMAND.load(Ordering::SeqCst) {
        0 if EARLY.swap(signal, Ordering::SeqCst) == 0 => {}
        // What prepares the command is left as it is: the next recorder removes it.
        // SAFETY: a handler may end the process so.
        0 => unsafe { libc::_exit(128 + signal) },
        // What is left to do takes no time.
        -1 => {}
        // SAFETY: the system gives a handler of `SA_SIGINFO` what it says of the signal.
        command if unsafe { (*about).si_code } <= 0 => send(command, signal),
        command if signal == libc::SIGINT && presses() >= PRESSES_MAX => send(command, libc::SIGKILL),
        // The system's own: the terminal's, of which the command has its own.
        _ => {}
    }
}

/// As often Ctrl-C is the command's alone, and once more.
const PRESSES_MAX: i32 = 3;

/// How often Ctrl-C was pressed, each time soon after the time before.
fn presses() -> i32 {
    const WITHIN_MS: i64 = 2000;
    // SAFETY: a handler may ask for the time, `now` is the system's to write to, and all zeroes is a valid value.
    let now = unsafe {
        let mut now: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now);
        now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    };
    let is_soon = now.saturating_sub(PRESSED.swap(now, Ordering::SeqCst)) <= WITHIN_MS;
    let presses = if is_soon { PRESSES.load(Ordering::SeqCst) + 1 } else { 1 };
    PRESSES.store(presses, Ordering::SeqCst);
    presses
}

fn send(process: libc::pid_t, signal: libc::c_int) {
    // SAFETY: only asks the system. `errno`, which a handler must leave as it was, changes where the process has ended,
    // and is put back.
    unsafe {
        let errno = *libc::__errno_location();
        libc::kill(process, signal);
        *libc::__errno_location() = errno;
    }
}

/// Until it has ended, and leaves its number taken.
fn wait_for_end(child: &Child) -> io::Result<()> {
    loop {
        // SAFETY: `about` is the system's to write to, and all zeroes is a valid value.
        let ended = unsafe {
            let mut about: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, child.id(), &raw mut about, libc::WEXITED | libc::WNOWAIT)
        };
        match io::Error::last_os_error() {
            _ if ended == 0 => return Ok(()),
            error if error.kind() == io::ErrorKind::Interrupted => {}
            error => return Err(error),
        }
    }
}
