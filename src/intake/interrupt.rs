//! Ctrl-C and what else asks a process to end (SIGTERM, SIGHUP), heeded where it leaves nothing behind.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C no longer ends this process: it makes [`asked`] true, and reading an [`Intake`](super::Intake)
/// fail. Asked again before [`forget`], `again` decides. A program that handles Ctrl-C itself goes on doing so.
pub fn heed(again: fn()) {
    // Fails only when a handler is already set: this one, or the program's.
    let _ = ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            again();
        }
    });
}

/// Whether this process was asked to end, since it began to heed that or to [`forget`] it.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// What was asked is done: whatever comes next is not interrupted by it.
pub fn forget() {
    ASKED.store(false, Ordering::Relaxed);
}
