//! What both maps have of a key: one entry.

use std::ptr::{NonNull, null_mut};
use std::sync::atomic::Ordering::SeqCst;

use super::super::sync::{AtomicPtr, Guard};

/// A key, and the word for its value.
///
/// The word is null when the entry is deleted, [`expunged`] when it is deleted and not in the dirty map, else the address of a
/// box that the entry owns.
pub(super) struct Entry<K, V> {
    pub(super) key: K,
    value: AtomicPtr<V>,
}

/// An address that no box has.
fn expunged<V>() -> *mut V {
    static PLACE: u8 = 0;
    (&raw const PLACE).cast_mut().cast()
}

impl<K, V: 'static> Entry<K, V> {
    pub(super) fn new(key: K, value: Box<V>) -> Self {
        Entry { key, value: AtomicPtr::new(Box::into_raw(value)) }
    }

    /// The value, if it is not deleted.
    #[inline]
    pub(super) fn load<'g>(&'g self, _: &'g Guard) -> Option<&'g V> {
        let value = self.value.load(SeqCst);
        // SAFETY: a box, found under the guard: it is freed after it.
        owned(value).map(|value| unsafe { value.as_ref() })
    }

    /// Puts a value in place of what was there, unless the entry is expunged: then the value comes back.
    #[inline]
    pub(super) fn try_swap(&self, value: Box<V>) -> Result<Option<Unlinked<V>>, Box<V>> {
        let value = Box::into_raw(value);
        let mut old = self.value.load(SeqCst);
        loop {
            if old == expunged() {
                // SAFETY: its own box, which nobody else has seen.
                return Err(unsafe { Box::from_raw(value) });
            }
            match self.value.compare_exchange(old, value, SeqCst, SeqCst) {
                Ok(old) => return Ok(unlinked(old)),
                Err(newer) => old = newer,
            }
        }
    }

    /// The same for an entry that can't be expunged meanwhile: the lock is held, and it is in the dirty map or about to be.
    #[inline]
    pub(super) fn swap(&self, value: Box<V>) -> Option<Unlinked<V>> {
        unlinked(self.value.swap(Box::into_raw(value), SeqCst))
    }

    /// Deletes it; gives what was there.
    #[inline]
    pub(super) fn delete(&self) -> Option<Unlinked<V>> {
        let mut old = self.value.load(SeqCst);
        loop {
            owned(old)?;
            match self.value.compare_exchange(old, null_mut(), SeqCst, SeqCst) {
                Ok(old) => return unlinked(old),
                Err(newer) => old = newer,
            }
        }
    }

    /// Marks a deleted entry that the new dirty map leaves out; true when it is such a one. The lock is held.
    #[inline]
    pub(super) fn expunge(&self) -> bool {
        let mut old = self.value.load(SeqCst);
        while old.is_null() {
            match self.value.compare_exchange(old, expunged(), SeqCst, SeqCst) {
                Ok(_) => return true,
                Err(newer) => old = newer,
            }
        }
        old == expunged()
    }

    /// Makes an expunged entry a deleted one; true when it was one. The lock is held until the dirty map has it.
    #[inline]
    pub(super) fn unexpunge(&self) -> bool {
        self.value.compare_exchange(expunged(), null_mut(), SeqCst, SeqCst).is_ok()
    }

    #[cfg(test)]
    pub(super) fn is_expunged(&self) -> bool {
        self.value.load(SeqCst) == expunged()
    }
}

impl<K, V> Drop for Entry<K, V> {
    fn drop(&mut self) {
        if let Some(value) = owned(*self.value.get_mut()) {
            // SAFETY: its own box, and nobody else has the entry.
            drop(unsafe { Box::from_raw(value.as_ptr()) });
        }
    }
}

/// The box that a word names.
#[inline]
fn owned<V>(value: *mut V) -> Option<NonNull<V>> {
    NonNull::new(value).filter(|value| value.as_ptr() != expunged())
}

/// The box that a word has named until now.
#[inline]
fn unlinked<V: 'static>(value: *mut V) -> Option<Unlinked<V>> {
    owned(value).map(Unlinked)
}

/// A box that whoever comes now can't find.
#[must_use = "nobody else frees it"]
pub(super) struct Unlinked<T: 'static>(NonNull<T>);

impl<T: 'static> Unlinked<T> {
    /// # Safety
    /// It comes from [`Box::into_raw`], nobody who pins from now on can find it, and any thread may drop it.
    pub(super) unsafe fn new(object: NonNull<T>) -> Self {
        Unlinked(object)
    }

    /// Frees it when everybody has let go of their guards who may have found it. The guard is older than the unlinking.
    #[inline]
    pub(super) fn retire(self, guard: &Guard) {
        let object = self.0.as_ptr();
        // SAFETY: of `new`; what a map takes may be dropped on any thread.
        unsafe { guard.defer_unchecked(move || drop(Box::from_raw(object))) };
    }
}
