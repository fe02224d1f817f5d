//! The thread that runs: its tallies, its stage, and how what it allocates and frees is taken at the moment.

use std::cell::Cell;
use std::ffi::c_void;

use crate::registry::Registry;
use crate::thread::Thread;
use crate::{Tally, harness, key};

static REGISTRY: Registry = Registry::new();

thread_local! {
    // Without destructors: an allocation or free may come after any.
    static THREAD: Thread = const { Thread::new() };
    static STAGE: Cell<Stage> = const { Cell::new(Stage::New) };
    static MODE: Cell<Mode> = const { Cell::new(Mode::Counted) };
    /// Its destructor ends the thread.
    static END: End = const { End };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has neither allocated nor freed.
    New,
    Listed,
    /// It is off the list, or could not be put on it. What it does now counts for the ended.
    Ended,
}

/// What an allocation or a free is, at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Counted,
    /// The harness's.
    Uncounted,
    /// That of a look; see [`crate::harness::aside`].
    Aside,
    /// That of this crate's own table of blocks.
    Unseen,
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        key::disarm();
        end();
    }
}

extern "C" fn end_by_key(_: *mut c_void) {
    end();
}

fn end() {
    if STAGE.replace(Stage::Ended) == Stage::Listed {
        THREAD.with(|thread| REGISTRY.end(thread));
    }
}

#[inline(always)]
pub(crate) fn try_allocate(bytes: usize) -> bool {
    THREAD.with(|thread| thread.try_allocate(bytes))
}

#[inline(always)]
pub(crate) fn try_free(bytes: usize) -> bool {
    THREAD.with(|thread| thread.try_free(bytes))
}

#[inline(always)]
pub(crate) fn is_open() -> bool {
    THREAD.with(Thread::is_open)
}

/// Counts a reallocation of a thread that is open.
#[inline]
pub(crate) fn reallocated(old_bytes: usize, new_bytes: usize, moved: bool) {
    THREAD.with(|thread| thread.reallocated(old_bytes, new_bytes, moved));
}

pub(crate) fn allocated(bytes: usize) {
    count(|thread| thread.allocated(bytes));
}

pub(crate) fn freed(bytes: usize) {
    count(|thread| thread.freed(bytes));
}

pub(crate) fn reallocated_slowly(old_bytes: usize, new_bytes: usize, moved: bool) {
    count(|thread| thread.reallocated(old_bytes, new_bytes, moved));
}

/// Counts, at any stage of the thread.
fn count(count: impl Fn(&Thread)) {
    THREAD.with(|thread| {
        if STAGE.get() == Stage::New {
            begin(thread);
        }
        count(thread);
        if STAGE.get() == Stage::Ended {
            REGISTRY.count_late(&count);
        } else if !thread.is_open() {
            thread.open_unless(harness::watched);
        }
    });
}

/// Puts this thread on the list until its end, if it is sure to learn of that.
#[cold]
fn begin(thread: &Thread) {
    // What the system allocates to know a destructor is nobody's.
    let _resume = enter(Mode::Unseen);
    if !key::arm(end_by_key) {
        return STAGE.set(Stage::Ended);
    }
    STAGE.set(Stage::Listed);
    // SAFETY: it was `New`, so it is on no list. Its storage outlives its destructors; `END`'s, or the key's where thread-locals'
    // have run already, takes it off.
    unsafe { REGISTRY.enlist(thread) };
    END.with(|_| {});
}

/// How this thread's allocations and frees are taken.
#[inline]
pub(crate) fn mode() -> Mode {
    MODE.get()
}

/// The mode before: it is so again when this is dropped.
pub(crate) struct Resume(Mode);

impl Drop for Resume {
    #[inline]
    fn drop(&mut self) {
        set(self.0);
    }
}

/// Changes how this thread's allocations and frees are taken.
#[inline]
pub(crate) fn enter(mode: Mode) -> Resume {
    Resume(set(mode))
}

/// What it was before. The thread is open in no mode but the first.
#[inline]
fn set(mode: Mode) -> Mode {
    let before = MODE.replace(mode);
    if before == Mode::Counted && mode != Mode::Counted {
        THREAD.with(Thread::close);
    }
    before
}

/// Sends every thread's allocations and frees to the slow path. The caller must watch already.
pub(crate) fn close_all() {
    REGISTRY.close_all();
}

pub(crate) fn set_peak_bytes(peak: i64) {
    THREAD.with(|thread| thread.set_peak_bytes(peak));
}

/// This thread's running totals since it started. A handful of loads: meant to be read around every operation.
#[inline]
pub fn tally() -> Tally {
    THREAD.with(Thread::tally)
}

/// The running totals of all threads, ended ones included.
///
/// Each figure is one that its thread had; figures of threads that work meanwhile may be from slightly different
/// moments. Exact once the others have ended or wait.
pub fn totals() -> Tally {
    REGISTRY.totals()
}

/// Bytes that this thread allocated less bytes that it freed, since it started.
#[inline]
pub fn live_bytes() -> i64 {
    THREAD.with(Thread::live_bytes)
}

/// The most that [`live_bytes`] was since this thread started or [`reset_peak`] was called. Exact.
#[inline]
pub fn peak_bytes() -> i64 {
    THREAD.with(Thread::peak_bytes)
}

/// An upper bound of what all threads together ever held at one moment, in bytes: the sum of their peaks, ended
/// threads included.
pub fn peak_bound_bytes() -> i64 {
    REGISTRY.peak_bound_bytes()
}

/// Makes [`peak_bytes`] start again from this thread's live bytes. Inside [`measure`](crate::measure), the scope's peak
/// starts again too.
pub fn reset_peak() {
    set_peak_bytes(live_bytes());
}
