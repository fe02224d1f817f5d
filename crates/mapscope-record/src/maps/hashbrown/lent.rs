//! A map whose entries are put and looked at from outside of it: putting one may make the table grow, and while the map is
//! lent nothing can be asked of it.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use ::hashbrown::Equivalent;

use crate::recorder::{Key, Layout, Operation, Row, Since, Size};

/// Of an entry: the row of its map, the key where it is traced, and what there was before.
#[derive(Clone, Copy)]
pub(super) struct Of {
    pub(super) row: Option<&'static Row>,
    pub(super) key: Option<Key>,
    pub(super) before: Size,
}

impl Of {
    /// Whether the table may grow when the entry is put: it is full, or was before this entry was taken out of it.
    pub(super) fn may_grow(&self) -> bool {
        self.row.is_some() && self.before.len + 1 >= self.before.capacity
    }

    /// The same, of an entry that is put now.
    pub(super) fn begun(self) -> Of {
        let since = if self.may_grow() { Since::now() } else { self.before.since };
        Of { before: Size { since, ..self.before }, ..self }
    }

    /// The entry was put.
    pub(super) fn inserted(&self) {
        if let Some(row) = self.row {
            row.wrote();
            row.inserted(1);
            row.trace(Operation::Put, self.key);
        }
    }

    /// The entry was put into a table which may have grown, so that there is this now.
    pub(super) fn inserted_growing(&self, layout: &Layout, now: Size) {
        self.inserted();
        if let Some(row) = self.row {
            row.reserved(layout, self.before, now);
        }
    }

    /// It was taken out.
    pub(super) fn removed(&self) {
        if let Some(row) = self.row {
            row.removed(1);
            row.trace(Operation::Remove, self.key);
        }
    }
}

/// A map that is lent for as long as `'a`.
pub(super) struct Lent<'a, M> {
    map: NonNull<M>,
    lent: PhantomData<&'a mut M>,
}

impl<'a, M> Lent<'a, M> {
    /// What `lend` makes of the map, and the map to come back to.
    #[inline]
    pub(super) fn lend<T>(map: &'a mut M, lend: impl FnOnce(&'a mut M) -> T) -> (T, Lent<'a, M>) {
        let mut map = NonNull::from(map);
        // SAFETY: it was a reference, which nobody else has for as long as `'a`.
        (lend(unsafe { map.as_mut() }), Lent { map, lent: PhantomData })
    }

    /// The map, to be looked at.
    ///
    /// # Safety
    /// What was made of it are references to what its table holds, and nothing else.
    #[inline]
    pub(super) unsafe fn look(&self) -> &M {
        // SAFETY: the caller's to promise.
        unsafe { self.map.as_ref() }
    }
}

/// A key of a table, which is no other that equals it.
pub(super) struct Itself<K>(pub(super) *const K);

impl<K: Hash> Hash for Itself<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // SAFETY: who makes one has the table it is in.
        unsafe { &*self.0 }.hash(state);
    }
}

impl<K> Equivalent<K> for Itself<K> {
    fn equivalent(&self, key: &K) -> bool {
        ptr::eq(self.0, key)
    }
}
