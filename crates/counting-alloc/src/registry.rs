//! The threads that run, and what those did that have ended.
//!
//! A thread that counts is on a list from its first allocation or free to its destructor, in which its tallies are added to
//! those of the ended and it leaves the list: both under one lock, so that whoever adds up all threads finds each once. Its
//! memory is its thread-local storage, which lives longer than that.

use std::ptr;

use crate::Tally;
use crate::sync::{Ordering::Relaxed, Ordering::SeqCst, SpinLock, const_fn, fence};
use crate::thread::Thread;

pub(crate) struct Registry {
    /// The first of the threads that run. All links are read and written under this lock.
    first: SpinLock<Link>,
    /// Written under the lock. What ended threads did, and what a thread does after its destructor.
    ended: Thread,
}

struct Link(*const Thread);

// SAFETY: a `Thread` may be shared, and those on the list live: `Registry::enlist` asks for it.
unsafe impl Send for Link {}

impl Registry {
    const_fn! {
        pub fn new() -> Registry {
            Registry { first: SpinLock::new(Link(ptr::null())), ended: Thread::new() }
        }
    }

    /// Puts a thread on the list.
    ///
    /// # Safety
    ///
    /// It is on no list, and stays where it is until [`Registry::end`] has taken it off.
    pub unsafe fn enlist(&self, thread: &Thread) {
        self.first.with(|first| {
            thread.previous.store(ptr::null_mut(), Relaxed);
            thread.next.store(first.0.cast_mut(), Relaxed);
            // SAFETY: what is on the list lives.
            if let Some(next) = unsafe { first.0.as_ref() } {
                next.previous.store(ptr::from_ref(thread).cast_mut(), Relaxed);
            }
            first.0 = thread;
        });
    }

    /// Takes a thread off the list and keeps what it did. It must be on it.
    pub fn end(&self, thread: &Thread) {
        self.first.with(|first| {
            let (previous, next) = (thread.previous.load(Relaxed), thread.next.load(Relaxed));
            // SAFETY: what is on the list lives.
            match unsafe { previous.as_ref() } {
                Some(previous) => previous.next.store(next, Relaxed),
                None => first.0 = next,
            }
            // SAFETY: as above.
            if let Some(next) = unsafe { next.as_ref() } {
                next.previous.store(previous, Relaxed);
            }
            thread.close();
            self.ended.absorb(thread);
        });
    }

    /// Counts what a thread does after its end.
    pub fn count_late(&self, count: impl FnOnce(&Thread)) {
        self.first.with(|_| count(&self.ended));
    }

    /// Sends every thread's allocations and frees to the slow path. The caller must watch already.
    pub fn close_all(&self) {
        fence(SeqCst);
        self.first.with(|first| each(first, Thread::close));
    }

    /// The tallies of all threads.
    pub fn totals(&self) -> Tally {
        self.first.with(|first| {
            let mut sum = self.ended.tally();
            each(first, |thread| sum = sum + thread.tally());
            sum
        })
    }

    /// The sum of all threads' peaks.
    pub fn peak_bound_bytes(&self) -> i64 {
        self.first.with(|first| {
            let mut sum = self.ended.peak_bytes();
            each(first, |thread| sum += thread.peak_bytes());
            sum
        })
    }
}

fn each(first: &Link, mut f: impl FnMut(&Thread)) {
    let mut next = first.0;
    // SAFETY: what is on the list lives, as long as the lock is held.
    while let Some(thread) = unsafe { next.as_ref() } {
        f(thread);
        next = thread.next.load(Relaxed);
    }
}
