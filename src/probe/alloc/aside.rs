//! Three kinds of work go on in a pass: the map's own, which [counts](counted); the harness's, which
//! [doesn't](super::uncounted); and looking at the map, in which both allocate and free. A [look](aside) must change no count,
//! whatever it allocates, keeps, or frees of what the map has.
//!
//! # How
//!
//! A block that a look allocates is remembered by its address for as long as it lives. Its free is not counted, whoever frees
//! it and when: a map that keeps what an iteration made for it, and drops it in its next insert, frees nothing then. Of a block
//! that was there before, a look's free is told to whoever looks.
//!
//! While any such block lives, every allocation and free of the process asks for it (about 20 ns). Most looks leave none.

use std::cell::Cell;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use super::slot::{self, ASIDE, UNSEEN};

/// The blocks that looks allocated and nobody has freed.
static BLOCKS: Mutex<HashSet<usize, FixedState>> = Mutex::new(HashSet::with_hasher(FixedState::with_seed(0)));

/// How many they are.
static LIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Bytes that this thread's looks freed of blocks that no look allocated.
    static FREED_BYTES: Cell<u64> = const { Cell::new(0) };
}

/// Runs `f`, which looks at something that is measured: what it allocates and frees is not counted, and never will be.
///
/// Gives, beside its value, how many bytes it freed of blocks that were allocated outside of all looks: what was looked at
/// holds so much less.
pub fn aside<T>(f: impl FnOnce() -> T) -> (T, u64) {
    let before = FREED_BYTES.get();
    let value = slot::counting_into(&ASIDE, f);
    if any() {
        // So that their frees are seen, on every thread.
        slot::close_all();
    }
    (value, FREED_BYTES.get() - before)
}

/// Runs `f` and counts what this thread allocates and frees in it, inside of [`uncounted`](super::uncounted) or [`aside`] too.
pub fn counted<T>(f: impl FnOnce() -> T) -> T {
    slot::counting_into(slot::own(), f)
}

/// Whether a block lives that a look allocated.
#[inline(always)]
pub(super) fn any() -> bool {
    LIVE.load(Relaxed) > 0
}

fn with_blocks<T>(f: impl FnOnce(&mut HashSet<usize, FixedState>) -> T) -> T {
    slot::counting_into(&UNSEEN, || {
        let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        let out = f(&mut blocks);
        LIVE.store(blocks.len(), Relaxed);
        out
    })
}

/// A block was allocated while this thread looks.
#[cold]
#[inline(never)]
pub(super) fn allocated(block: *mut u8) {
    with_blocks(|blocks| _ = blocks.insert(block.addr()));
}

/// A block is about to be freed; true when a look allocated it.
#[inline]
pub(super) fn forget(block: *mut u8) -> bool {
    // The table grows with the same allocator: no recursion.
    any() && !slot::is(&UNSEEN) && with_blocks(|blocks| blocks.remove(&block.addr()))
}

/// This thread's look frees a block that no look allocated.
pub(super) fn frees(bytes: usize) {
    FREED_BYTES.set(FREED_BYTES.get() + bytes as u64);
}
