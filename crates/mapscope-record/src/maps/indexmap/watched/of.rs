//! What an entry says of its map, which it has for itself.

use std::marker::PhantomData;

use super::super::tables::Put;
use super::{Op, Pending, State, key_of};
use crate::recorder::{Layout, Operation, Since};

/// Of an entry: what is known of its map, while that is lent.
pub(in super::super) struct Of<'a, K> {
    op: Option<Op>,
    state: &'a mut State,
    layout: Layout,
    key: PhantomData<fn(&K)>,
}

impl<'a, K> Of<'a, K> {
    pub(super) fn new(op: Option<Op>, state: &'a mut State, layout: Layout) -> Of<'a, K> {
        Of { op, state, layout, key: PhantomData }
    }

    /// Its key is lent to be changed, by what need not be able to hash it.
    pub(in super::super) fn lend_key(&mut self) {
        self.state.hashed = None;
    }

    /// The entry is looked at.
    #[inline]
    pub(in super::super) fn looked_up(&self) {
        if let Some(op) = self.op {
            op.row.looked_up(|| op.key);
        }
    }

    /// Its value is put, or lent to be changed.
    #[inline]
    pub(in super::super) fn wrote(&self) {
        if let Some(op) = self.op {
            op.wrote(false);
        }
    }

    /// It is about to be put.
    #[inline]
    pub(in super::super) fn begin(&mut self) {
        if let Some(op) = &mut self.op
            && op.before.len == op.before.capacity
        {
            op.since = Since::now();
        }
    }

    /// It was put. Where only the map can tell what became of its tables, its next operation asks.
    #[inline]
    pub(in super::super) fn put(&mut self) {
        let Some(op) = &mut self.op else { return };
        op.wrote(true);
        match self.state.tables.map(|of| of.put(op.before, Put::New, true, None)) {
            None => {}
            Some(None) => {
                op.row.measured(false);
                self.state.pending = Pending::Put(op.before.len);
            }
            Some(to) => self.state.becomes(&self.layout, op.row, to, op.grown()),
        }
        op.before.len += 1;
    }

    /// Its key took the place of this one.
    pub(in super::super) fn replaced(&mut self, old: &K) {
        let Some(op) = self.op else { return };
        // SAFETY: it was a key of this map.
        let old = unsafe { key_of(self.state.hashed, op.row, old) };
        op.replaced(old);
        let to = self.state.tables.and_then(|of| of.key_replaced(op.before, None));
        self.state.becomes(&self.layout, op.row, to, op.grown());
    }

    /// It was taken out.
    #[inline]
    pub(in super::super) fn removed(&mut self) {
        if let Some(op) = self.op {
            op.row.trace(Operation::Remove, op.key);
            op.row.removed(1);
            self.state.removed(1, op.before.len - 1);
        }
    }
}
