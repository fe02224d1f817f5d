//! Ctrl-C and what else asks a process to end (SIGTERM, SIGHUP), heeded where it leaves nothing behind.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C no longer ends this process: it makes [`asked`] true, and reading an [`Intake`](super::Intake)
/// fail. Asked again before [`forget`], `again` decides. A program that handles Ctrl-C itself goes on doing so.
pub fn heed(again: fn()) {
    // Whoever started this under `nohup` wants it to go on when the terminal has gone.
    let hangup_ignored = is_ignored(libc::SIGHUP);
    let heeded = ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            again();
        }
    });
    // Fails only when a handler is already set: this one, or the program's.
    if heeded.is_ok() && hangup_ignored {
        // SAFETY: ignoring a signal runs no code of ours.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: it only reads the signal's action into `action`, for which all zeroes is a valid value besides.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Whether this process was asked to end, since it began to heed that or to [`forget`] it.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// What was asked is done: whatever comes next is not interrupted by it.
pub fn forget() {
    ASKED.store(false, Ordering::Relaxed);
}
