use std::cell::UnsafeCell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A lock that never allocates, on any platform, so that an allocator can take it.
pub struct SpinLock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `with` gives the value to one thread at a time.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// A lock that nobody holds.
    pub const fn new(value: T) -> SpinLock<T> {
        SpinLock { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Runs `f` on the value. `f` must not take this lock again.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        struct Unlock<'a>(&'a AtomicBool);
        impl Drop for Unlock<'_> {
            fn drop(&mut self) {
                self.0.store(false, Release);
            }
        }
        while self.held.compare_exchange_weak(false, true, Acquire, Relaxed).is_err() {
            // The holder may have lost its processor; on few cores, spinning on would keep it from getting it back.
            std::thread::yield_now();
        }
        let _unlock = Unlock(&self.held);
        // SAFETY: `held` went from false to true here, and goes back only after `f`.
        f(unsafe { &mut *self.value.get() })
    }
}
