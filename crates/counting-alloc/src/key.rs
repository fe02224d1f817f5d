//! A second way to learn that a thread ends, where the C library runs all destructors of thread-locals before those of keys.
//!
//! A thread that Rust did not start, and whose first allocation or free is made by a key's destructor, runs none of its
//! thread-locals' there. It runs this crate's key's: a key that is set by another's destructor has its turn in the same
//! round of destructors or in the next. The rounds are four, POSIX says, or more; whoever sets keys from destructors to
//! the last round, and first allocates there, is out of reach.

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::lock::SpinLock;

#[cfg(any(target_os = "linux", target_os = "fuchsia"))]
type Key = std::ffi::c_uint;
#[cfg(any(target_os = "android", target_os = "dragonfly", target_os = "hurd", target_os = "netbsd"))]
type Key = c_int;
#[cfg(target_os = "redox")]
type Key = usize;

type Destructor = unsafe extern "C" fn(*mut c_void);

// As in <pthread.h> of these systems, and in the crate `libc`, which tests alone have.
unsafe extern "C" {
    fn pthread_key_create(key: *mut Key, destructor: Option<Destructor>) -> c_int;
    fn pthread_setspecific(key: Key, value: *const c_void) -> c_int;
}

/// Made by the first thread that begins, and never deleted.
static KEY: SpinLock<Option<Key>> = SpinLock::new(None);

/// Has `end`, always the same, run when this thread ends, unless [`disarm`] is called before. False when the system has no
/// memory or no more keys for it.
pub(crate) fn arm(end: Destructor) -> bool {
    let key = KEY.with(|key| {
        if key.is_none() {
            let mut made = 0;
            // SAFETY: `made` may be written to.
            *key = (unsafe { pthread_key_create(&mut made, Some(end)) } == 0).then_some(made);
        }
        *key
    });
    key.is_some_and(|key| set(key, ptr::dangling()))
}

/// This thread runs no `end`. Once its thread-locals' destructors have run, the library that this is part of may be unloaded,
/// and `end` with it.
pub(crate) fn disarm() {
    if let Some(key) = KEY.with(|key| *key) {
        set(key, ptr::null());
    }
}

fn set(key: Key, value: *const c_void) -> bool {
    // SAFETY: the key is there.
    unsafe { pthread_setspecific(key, value) == 0 }
}

#[cfg(test)]
const _: (
    unsafe extern "C" fn(*mut Key, Option<Destructor>) -> c_int,
    unsafe extern "C" fn(Key, *const c_void) -> c_int,
) = (libc::pthread_key_create, libc::pthread_setspecific);
