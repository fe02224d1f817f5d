//! The recorder: for each distinct call stack, what it allocated, what of that is still in use, and what it copied.
//!
//! Between [`start`] and [`stop`], every counted allocation of every thread takes its call stack, by the unwind tables that
//! compilers write, and adds to the totals of that stack, in this process. A free lowers the live bytes of the stack that
//! allocated the block, whichever thread frees it.
//!
//! Copies can't be seen by an allocator. A map of one's own says when it moves entries ([`copied`]); for foreign maps,
//! a harness that saw entries move charges them to whoever allocated the new table
//! ([`charge_copy_to_largest_alloc_since`]).
//!
//! # How it can't hurt
//!
//! The recorder's tables grow with the same allocator, uncounted, hence unseen by the recorder: no recursion. The one
//! lock spins and yields, and never allocates. Memory that can't be had is counted in [`Recording::dropped`].
//!
//! # Limits
//!
//! - A stack is cut at its root after 256 frames; [`Recording::truncated`] counts how often.
//! - Functions with neither unwind tables nor frame pointers hide their caller; so do those of a library that was loaded
//!   after [`start`], if they have no frame pointers. On processors other than x86-64 and AArch64, and on systems other than
//!   Linux, Android and macOS, all stacks are empty.
//!
//! # Cost
//!
//! Off: nothing, the test is the one that [`alloc`](super::alloc) makes anyway. On: some 190 ns for an allocation of
//! 64 bytes and its free under ten frames (18 times `System`), and 14 more for each further frame, threads in turn; 29 to
//! 57 bytes for each live block, 70 to 140, plus 8 for each frame, for each distinct stack, and some 40 KiB.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod loaded;
mod table;
pub(super) mod walk;

use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};

use self::table::{Block, Tables};
use self::walk::{Registers, Walker, stack_end};
use super::alloc::{SpinLock, uncounted};
use super::watch;

/// A hint: what decides is whether [`RECORDER`] has started.
static ON: AtomicBool = AtomicBool::new(false);
static RECORDER: SpinLock<Recorder> = SpinLock::new(Recorder { sessions: 0, started: None });

struct Recorder {
    sessions: u32,
    started: Option<Started>,
}

/// What there is from [`start`] to [`stop`].
struct Started {
    tables: Tables,
    walker: Walker,
}

thread_local! {
    static LARGEST: Cell<Largest> = const { Cell::new(Largest { mark: 0, session: 0, stack: 0, bytes: 0 }) };
}

/// The largest recorded allocation of this thread since its latest mark.
#[derive(Clone, Copy)]
struct Largest {
    mark: u64,
    session: u32,
    stack: u32,
    /// 0: there was none.
    bytes: usize,
}

/// What was recorded from [`start`] to [`stop`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    /// Stacks that allocated, in the order in which they first occurred.
    pub allocs: Vec<RawAllocStack>,
    /// Stacks that copied, in the order in which they first occurred.
    pub copies: Vec<RawCopyStack>,
    /// Allocations, copies and live blocks left out because there was no memory to note them. 0 in a sound recording.
    pub dropped: u64,
    /// Allocations and copies whose stack was deeper than the recorder takes: they are counted, under a stack that
    /// lacks its root.
    pub truncated: u64,
}

/// What one call stack allocated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawAllocStack {
    /// Return addresses, leaf first; see [`super::symbols`].
    pub frames: Vec<usize>,
    /// Allocations, reallocations included.
    pub alloc_count: u64,
    /// Bytes allocated.
    pub alloc_bytes: u64,
    /// Blocks not freed yet.
    pub live_count: u64,
    /// Bytes of them.
    pub live_bytes: u64,
}

/// What one call stack copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawCopyStack {
    /// Return addresses, leaf first; see [`super::symbols`].
    pub frames: Vec<usize>,
    /// Entries moved.
    pub moved_entries: u64,
    /// Bytes of them.
    pub moved_bytes: u64,
}

/// Starts recording, in the whole process. What a recording already running has gathered is thrown away.
///
/// Blocks allocated before are not known: their frees change nothing.
pub fn start() {
    uncounted(|| {
        let walker = Walker::new();
        let old = RECORDER.with(|recorder| {
            recorder.sessions = recorder.sessions.wrapping_add(1);
            let old = recorder.started.replace(Started { tables: Tables::new(recorder.sessions), walker });
            ON.store(true, Relaxed);
            old
        });
        watch::begin();
        drop(old);
    });
}

/// Stops recording and gives what was recorded; empty when nothing was started.
pub fn stop() -> Recording {
    let started = RECORDER.with(|recorder| {
        ON.store(false, Relaxed);
        recorder.started.take()
    });
    let recording = started.as_ref().map(|started| started.tables.recording()).unwrap_or_default();
    uncounted(|| drop(started));
    recording
}

/// Charges a move to the caller's call stack. Does nothing while nothing is recorded.
pub fn copied(entries: u64, bytes: u64) {
    if on() {
        with_current_stack(|tables, stack| tables.copied(stack, entries, bytes));
    }
}

/// Charges an allocation that a map's model of another program's heap makes to the caller's call stack: it is no block of
/// this process's, and in use at the end for nobody. Does nothing while nothing is recorded.
pub fn allocated_in_a_model(bytes: u64) {
    if on() {
        with_current_stack(|tables, stack| tables.allocated_in_a_model(stack, bytes));
    }
}

/// A moment of one thread; see [`mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

/// Marks this moment, for [`charge_copy_to_largest_alloc_since`]. A thread has one mark at a time, its latest.
pub fn mark() -> Mark {
    let mark = LARGEST.get().mark + 1;
    LARGEST.set(Largest { mark, session: 0, stack: 0, bytes: 0 });
    Mark(mark)
}

/// Charges a move to the call stack of this thread's largest recorded allocation since `mark` (the first of equals):
/// who allocated the new table copied into it.
///
/// False, and nothing charged, when there was none, when `mark` is not this thread's latest, or when nothing is
/// recorded.
pub fn charge_copy_to_largest_alloc_since(mark: Mark, entries: u64, bytes: u64) -> bool {
    let largest = LARGEST.get();
    if largest.mark != mark.0 || largest.bytes == 0 {
        return false;
    }
    RECORDER.with(|recorder| match &mut recorder.started {
        Some(Started { tables, .. }) if tables.session == largest.session => {
            tables.copied(largest.stack, entries, bytes);
            true
        }
        _ => false,
    })
}

/// Whether stacks are recorded.
#[inline(always)]
pub(super) fn on() -> bool {
    ON.load(Relaxed)
}

/// A counted allocation succeeded.
#[cold]
#[inline(never)]
pub(super) fn allocated(block: *mut u8, bytes: usize) {
    with_current_stack(|tables, stack| {
        tables.allocated(block.addr(), Block { stack, bytes });
        let largest = LARGEST.get();
        if bytes > largest.bytes {
            LARGEST.set(Largest { mark: largest.mark, session: tables.session, stack, bytes });
        }
    });
}

/// A block is about to be freed, which may be none that is known.
#[cold]
#[inline(never)]
pub(super) fn freed(block: *mut u8) {
    RECORDER.with(|recorder| {
        if let Some(Started { tables, .. }) = &mut recorder.started {
            tables.remove(block.addr());
        }
    });
}

/// Runs `f` with the index of the current call stack, when recording and when there is memory for it.
#[inline(always)]
fn with_current_stack(f: impl FnOnce(&mut Tables, u32)) {
    let (registers, end) = (Registers::here(), stack_end());
    uncounted(|| {
        RECORDER.with(|recorder| {
            let Some(Started { tables, walker }) = &mut recorder.started else { return };
            // SAFETY: the registers are of this thread, as the end of its stack is.
            let stack = unsafe { walker.walk(registers, end) };
            tables.truncated += u64::from(stack.truncated);
            match tables.stack(stack.frames()) {
                Some(index) => f(tables, index),
                None => tables.dropped += 1,
            }
        });
    });
}
