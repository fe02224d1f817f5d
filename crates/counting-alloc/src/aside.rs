//! Looks at what is measured.
//!
//! A block that a look allocates is remembered by its address for as long as it lives. Its free is not counted, whoever frees
//! it and when: code that keeps what a look made for it, and drops it in its next operation, frees nothing then. Of a block
//! that was there before, a look's free is told to whoever looks.
//!
//! While any such block lives, every allocation and free of the process asks for it. Most looks leave none.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::current::{self, Mode};
use crate::lock::SpinLock;

/// The blocks that looks allocated and nobody has freed.
static BLOCKS: SpinLock<BTreeSet<usize>> = SpinLock::new(BTreeSet::new());

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
#[inline]
pub fn aside<T>(f: impl FnOnce() -> T) -> (T, u64) {
    let before = FREED_BYTES.get();
    let value = within(Mode::Aside, f);
    (value, FREED_BYTES.get() - before)
}

/// Runs `f` and counts what this thread allocates and frees in it, inside of [`uncounted`](crate::uncounted) or [`aside`] too.
#[inline]
pub fn counted<T>(f: impl FnOnce() -> T) -> T {
    within(Mode::Counted, f)
}

#[inline]
fn within<T>(mode: Mode, f: impl FnOnce() -> T) -> T {
    let _resume = current::enter(mode);
    f()
}

/// Whether a block lives that a look allocated.
#[inline(always)]
pub(crate) fn any() -> bool {
    LIVE.load(Relaxed) > 0
}

fn with_blocks<T>(f: impl FnOnce(&mut BTreeSet<usize>) -> T) -> T {
    // The set grows with the same allocator: no recursion.
    within(Mode::Unseen, || {
        BLOCKS.with(|blocks| {
            let out = f(blocks);
            if LIVE.swap(blocks.len(), Relaxed) == 0 && any() {
                // Before anybody is handed the block: so that its free is seen, on every thread.
                current::close_all();
            }
            out
        })
    })
}

/// A block was allocated while this thread looks.
pub(crate) fn allocated(block: *mut u8) {
    with_blocks(|blocks| _ = blocks.insert(block.addr()));
}

/// A block is about to be freed; true when a look allocated it.
#[inline]
pub(crate) fn forget(block: *mut u8) -> bool {
    any() && current::mode() != Mode::Unseen && with_blocks(|blocks| blocks.remove(&block.addr()))
}

/// This thread's look frees a block that no look allocated.
pub(crate) fn frees(bytes: usize) {
    FREED_BYTES.set(FREED_BYTES.get() + bytes as u64);
}
