//! For a harness that measures code which is not its own, in a process in which it works itself.
//!
//! Three kinds of work go on there: the measured code's own, which [counts](counted); the harness's, which
//! [doesn't](crate::uncounted); and looking at what is measured, in which both allocate and free. A look ([`aside`]) must
//! change no count, whatever it allocates, keeps, or frees. A [`Pause`] makes what counts the exception, a [`Watch`] learns
//! of every block that counts, and [`set_realloc_always_moves`] takes chance out of reallocations.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr};

pub use crate::aside::{aside, counted};
use crate::current::{self, Mode};
pub use crate::lock::SpinLock;

/// Where this file lies, as panics name those beside it: whoever says whose a panic is knows by it that it is not the
/// measured code's.
pub const SOURCE: &str = file!();

/// [`uncounted`](crate::uncounted) for as long as this lives: for a harness that counts only what it runs in [`counted`].
///
/// What is begun while another lives must be dropped before it.
pub struct Pause {
    _resume: current::Resume,
    /// It is its thread's.
    _here: PhantomData<*const ()>,
}

impl Pause {
    /// Begins one.
    pub fn begin() -> Pause {
        Pause { _resume: current::enter(Mode::Uncounted), _here: PhantomData }
    }
}

/// Who learns of blocks that count.
///
/// Called in the middle of an allocation or a free, before a block goes back to where it came from. It must not unwind. It
/// may allocate inside of [`uncounted`](crate::uncounted), and take a [`SpinLock`].
pub struct Watch {
    /// Whether it wants to learn of this thread's blocks now. Asked often; must not allocate.
    pub on: fn() -> bool,
    /// A block of so many bytes was handed out.
    pub allocated: fn(block: *mut u8, bytes: usize),
    /// A block is about to be freed, which may be one that was allocated when this was not on.
    pub freed: fn(block: *mut u8),
}

static WATCH: AtomicPtr<Watch> = AtomicPtr::new(ptr::null_mut());

/// Has `watch` learn of the blocks that count, of all threads, whenever it is [on](Watch::on): a program has one. To be
/// called each time that it has gone on.
///
/// While it is on, an allocation or a free takes some nanoseconds more, and a reallocation always moves.
pub fn watch(watch: &'static Watch) {
    WATCH.store(ptr::from_ref(watch).cast_mut(), Release);
    current::close_all();
}

/// Who watches at the moment.
pub(crate) fn watching() -> Option<&'static Watch> {
    // SAFETY: null, or what `watch` was given.
    unsafe { WATCH.load(Acquire).as_ref() }.filter(|watch| (watch.on)())
}

/// Whether blocks are more than numbers to anybody.
pub(crate) fn watched() -> bool {
    crate::aside::any() || watching().is_some()
}

static REALLOC_ALWAYS_MOVES: AtomicBool = AtomicBool::new(false);

/// Whether a reallocation always goes to a new address, for the whole process. Off by default.
///
/// Whether the system's allocator can extend a block where it lies depends on its neighbours, hence on everything
/// allocated before: on the machine, the C library, the length of an environment variable. With this on,
/// [`Tally::realloc_moved_bytes`](crate::Tally::realloc_moved_bytes), and what addresses show, repeat bit for bit. The
/// price: the copy that `realloc` might have saved.
pub fn set_realloc_always_moves(on: bool) {
    REALLOC_ALWAYS_MOVES.store(on, Relaxed);
}

#[inline]
pub(crate) fn realloc_always_moves() -> bool {
    REALLOC_ALWAYS_MOVES.load(Relaxed)
}
