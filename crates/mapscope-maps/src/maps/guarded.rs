//! Entries of maps that are read under a guard, and locks that report waiting.

use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::probe::event::{Event, Probe};

/// Unties an entry from the guard under which it was found: the address of an entry must outlive it.
///
/// # Safety
/// The entry is in `map`, and stays where it is until `map` is changed through `&mut`: no method that takes `&self` moves
/// or frees an entry that is in the map, and nothing else has the map.
#[inline]
pub(super) unsafe fn untie<'m, M, K, V>(_: &'m M, (key, value): (&K, &V)) -> (&'m K, &'m V) {
    // SAFETY: the caller's promise. While the borrow of `map` lasts nobody can have it as `&mut`.
    unsafe { (&*std::ptr::from_ref(key), &*std::ptr::from_ref(value)) }
}

/// Takes a lock, and tells when another thread had it. A panic of that thread is no reason to stop here.
#[inline]
pub(super) fn lock<P: Probe, G>(
    probe: P,
    attempt: impl FnOnce() -> TryLockResult<G>,
    wait: impl FnOnce() -> LockResult<G>,
) -> G {
    if P::ON {
        match attempt() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => probe.emit(Event::LockWait),
        }
    }
    wait().unwrap_or_else(PoisonError::into_inner)
}
