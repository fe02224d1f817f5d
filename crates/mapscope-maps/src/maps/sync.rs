//! The locks of our own concurrent maps: std's.
//!
//! With `--cfg mapscope_sanitize_thread` they are those of another crate. std comes compiled without the thread sanitizer,
//! which therefore doesn't see its locks, and takes whatever they guard for a race.

#[cfg(not(mapscope_sanitize_thread))]
pub(super) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(mapscope_sanitize_thread)]
pub(super) use seen::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(mapscope_sanitize_thread)]
mod seen {
    use std::sync::{LockResult, TryLockError, TryLockResult};

    pub use parking_lot::{MutexGuard, RwLockReadGuard, RwLockWriteGuard};

    fn attempted<G>(guard: Option<G>) -> TryLockResult<G> {
        guard.ok_or(TryLockError::WouldBlock)
    }

    pub struct Mutex<T>(parking_lot::Mutex<T>);

    impl<T> Mutex<T> {
        pub fn new(inner: T) -> Mutex<T> {
            Mutex(parking_lot::Mutex::new(inner))
        }
        pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
            attempted(self.0.try_lock())
        }
        pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            Ok(self.0.lock())
        }
    }

    pub struct RwLock<T>(parking_lot::RwLock<T>);

    impl<T> RwLock<T> {
        pub fn new(inner: T) -> RwLock<T> {
            RwLock(parking_lot::RwLock::new(inner))
        }
        pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
            attempted(self.0.try_read())
        }
        pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
            Ok(self.0.read())
        }
        pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
            attempted(self.0.try_write())
        }
        pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
            Ok(self.0.write())
        }
    }
}
