//! A map that is lent to an entry. Putting the entry may make the table grow, and while the map is lent nothing can be asked
//! of it. So whoever lends it keeps its address, and asks when the entry is gone: at once, because an entry that had
//! something to do when it is dropped would keep the map lent until then, which the real one does not.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use ::hashbrown::Equivalent;

use crate::recorder::{Key, Operation, Recorded, Row, Since, Size};

/// A map that is a table.
pub(super) trait Table: Recorded {
    /// What it has, and has room for.
    fn size(&self) -> Size;
}

/// A map that is lent for as long as `'a`.
pub(super) struct Lent<'a, M> {
    map: NonNull<M>,
    lent: PhantomData<&'a mut M>,
}

impl<M> Clone for Lent<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Lent<'_, M> {}

// SAFETY: it stands for the reference.
unsafe impl<'a, M> Send for Lent<'a, M> where &'a mut M: Send {}
// SAFETY: as above.
unsafe impl<'a, M> Sync for Lent<'a, M> where &'a mut M: Sync {}

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
    /// Nothing that was made of it will be used again but references to what its table holds.
    #[inline]
    pub(super) unsafe fn look(&self) -> &M {
        // SAFETY: the caller's to promise.
        unsafe { self.map.as_ref() }
    }

    /// The map again.
    ///
    /// # Safety
    /// Nothing that was made of it will be used again, and no copy of this.
    #[inline]
    pub(super) unsafe fn back(mut self) -> &'a mut M {
        // SAFETY: the caller's to promise.
        unsafe { self.map.as_mut() }
    }
}

/// Of an entry: the map, its row, the key where it is traced, and what there was before.
pub(super) struct Of<'a, M> {
    pub(super) map: Lent<'a, M>,
    pub(super) row: Option<&'static Row>,
    pub(super) key: Option<Key>,
    pub(super) before: Size,
}

impl<'a, M: Table> Of<'a, M> {
    /// Whether the table may grow when the entry is put: it is full, or was before this entry was taken out of it.
    pub(super) fn may_grow(&self) -> bool {
        self.row.is_some() && self.before.len + 1 >= self.before.capacity
    }

    /// The same, of an entry that is put now.
    pub(super) fn begun(self) -> Of<'a, M> {
        let since = if self.may_grow() { Since::now() } else { self.before.since };
        Of { before: Size { since, ..self.before }, ..self }
    }

    /// The entry was put.
    ///
    /// # Safety
    /// As for [`Lent::look`], unless it was put where the table [may not grow](Of::may_grow).
    pub(super) unsafe fn inserted(&self) {
        let Some(row) = self.row else { return };
        row.wrote();
        row.inserted(1);
        row.trace(Operation::Put, self.key);
        if self.may_grow() {
            // SAFETY: the caller's to promise.
            let now = unsafe { self.map.look() }.size();
            row.reserved(&M::LAYOUT, self.before, now);
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
