//! A map or a set of indexmap, with its record and what is known of its tables.

mod of;

use std::convert::Infallible;
use std::hash::Hash;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Bound, Range, RangeBounds};
use std::ptr;

pub(super) use of::Of;

use super::tables::{Put, Said, Tables};
use crate::recorder::{Key, Layout, Operation, Part, Record, Recorded, Row, Since, traced};

/// A real map or set.
pub(super) trait Real: Recorded {
    type Key;

    /// Its entries. The table of a map whose `retain` has panicked says another number, and has an assertion about it.
    fn entries(&self) -> usize;

    fn room(&self) -> usize;

    fn key_at(&self, index: usize) -> Option<&Self::Key>;
}

/// The key that lies there, as a trace has it: what takes an entry out by its position can't hash it.
type Hashed = unsafe fn(&Row, *const ()) -> Option<Key>;

/// # Safety
/// A `K` lies there, or one whose lifetimes are longer.
unsafe fn hashed<M: Recorded, K: Hash>(row: &Row, key: *const ()) -> Option<Key> {
    // SAFETY: the caller's to promise.
    traced::<M, K>(row, unsafe { &*key.cast::<K>() })
}

/// What the trace of this map has of a key of its own; if it can't be hashed now, that trace is not whole.
///
/// # Safety
/// The key is of the map whose this is: while its keys may have come to be of shorter lifetimes than those that it was made
/// for, it is none.
unsafe fn key_of<K>(hashed: Option<Hashed>, row: &Row, key: &K) -> Option<Key> {
    if !row.is_traced() {
        return None;
    }
    let Some(hashed) = hashed else {
        row.traced_in_part();
        return None;
    };
    // SAFETY: so the key is of the type that it was made for, or lives longer.
    unsafe { hashed(row, ptr::from_ref(key).cast()) }
}

/// What the map has to be asked for, which an entry had when it came to it.
#[derive(Clone, Copy)]
enum Pending {
    Nothing,
    /// A key was put where there were so many.
    Put(usize),
    /// Others took the place of some, and so many stayed.
    Spliced(usize),
}

/// What is known of a map besides its row.
pub(super) struct State {
    /// `None` where they could not be told once.
    tables: Option<Tables>,
    pending: Pending,
    /// Of a map that is traced, from the first key on. A map is covariant: lent as one of keys that live shorter, it is given
    /// such keys. Whatever puts keys makes this anew for those, or, where it knows nothing of their hashes, forgets it.
    hashed: Option<Hashed>,
}

pub(super) struct Watched<M> {
    pub(super) real: M,
    record: Record,
    state: State,
}

/// An operation of a map that is recorded, and what there was before it.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub(super) row: &'static Row,
    pub(super) key: Option<Key>,
    before: Said,
    since: Since,
}

impl State {
    const fn new() -> State {
        State { tables: Some(Tables::NONE), pending: Pending::Nothing, hashed: None }
    }

    /// The map has these tables now; where it can't be told, that is so for good. What is replaced has grown, with so many
    /// entries to move, or was replaced in another way.
    fn becomes(&mut self, layout: &Layout, row: &Row, to: Option<Tables>, grown: Option<(usize, Since)>) {
        let Some(from) = self.tables else { return };
        self.tables = to;
        let Some(to) = to else { return row.measured(false) };
        if from.buckets != to.buckets {
            let bytes = [from, to].map(|of| if of.buckets == 0 { 0 } else { layout.bytes(of.buckets) });
            row.replaced(Part::Table, bytes, grown);
        }
        if from.entries != to.entries {
            row.replaced(Part::Array, [from, to].map(|of| array_bytes(layout, of.entries)), grown);
        }
    }
}

fn array_bytes(layout: &Layout, entries: usize) -> u64 {
    layout.entry_bytes.saturating_mul(entries) as u64
}

impl<M> Watched<M> {
    /// One that is made here, perhaps by the compiler.
    #[track_caller]
    pub(super) const fn later(real: M) -> Watched<M> {
        Watched { real, record: Record::later(), state: State::new() }
    }
}

impl<M: Real> Watched<M> {
    /// One that is made here, empty.
    #[track_caller]
    pub(super) fn new(real: M) -> Watched<M> {
        Watched { real, record: Record::new::<M>(0), state: State::new() }
    }

    /// One that is made here with room for so many, and for this hint.
    #[track_caller]
    pub(super) fn with_room(real: M, entries: usize, hint: usize) -> Watched<M> {
        let mut made = Watched { real, record: Record::new::<M>(hint), state: State::new() };
        if let Some(row) = made.row() {
            made.state.becomes(&M::LAYOUT, row, Some(Tables::with_capacity(entries)), Some((0, Since::NEVER)));
        }
        made
    }

    /// One that is made here with so many entries that no write put there.
    #[track_caller]
    pub(super) fn split_off(real: M) -> Watched<M> {
        let entries = real.entries();
        let made = Watched::with_room(real, entries, 0);
        if let Some(row) = made.row() {
            row.begins_with(entries);
        }
        made
    }

    #[inline]
    pub(super) fn row(&self) -> Option<&'static Row> {
        self.record.row::<M>()
    }

    fn said(&self) -> Said {
        Said { len: self.real.entries(), capacity: self.real.room() }
    }

    /// Begins an operation.
    #[inline]
    pub(super) fn begin(&mut self) -> Option<Op> {
        let row = self.row()?;
        self.settle(row);
        let before = self.said();
        let since = if before.len == before.capacity { Since::now() } else { Since::NEVER };
        Some(Op { row, key: None, before, since })
    }

    /// Begins one with this key.
    #[inline]
    pub(super) fn begin_with<Q: Hash + ?Sized>(&mut self, key: &Q) -> Option<Op> {
        let op = self.begin()?;
        Some(Op { key: traced::<M, Q>(op.row, key), ..op })
    }

    /// Begins one that puts this key.
    #[inline]
    pub(super) fn begin_put(&mut self, key: &M::Key) -> Option<Op>
    where
        M::Key: Hash,
    {
        let op = self.begin_with(key)?;
        self.hash_keys(op.row);
        Some(op)
    }

    #[inline]
    fn hash_keys(&mut self, row: &Row)
    where
        M::Key: Hash,
    {
        if row.is_traced() {
            self.state.hashed = Some(hashed::<M, M::Key>);
        }
    }

    /// Its keys are about to be lent to be changed, by what need not be able to hash them.
    pub(super) fn lend_keys(&mut self) -> &mut Self {
        self.state.hashed = None;
        self
    }

    /// Begins one of the entry at this position.
    #[inline]
    pub(super) fn begin_at(&mut self, index: usize) -> Option<Op> {
        let op = self.begin()?;
        Some(Op { key: self.key_at(op.row, index), ..op })
    }

    fn key_at(&self, row: &Row, index: usize) -> Option<Key> {
        // SAFETY: it is a key of this map.
        unsafe { key_of(self.state.hashed, row, self.real.key_at(index)?) }
    }

    /// What an operation finds out that an entry could not.
    fn settle(&mut self, row: &Row) {
        match mem::replace(&mut self.state.pending, Pending::Nothing) {
            Pending::Nothing => {}
            Pending::Put(len) => {
                let after = self.said();
                row.measured(true);
                // The entry may be gone again, and have left a slot behind.
                let asked = self.state.tables.filter(|_| after.len == len + 1);
                let to = asked.and_then(|of| of.put(Said { len, capacity: len }, Put::New, true, Some(after)));
                self.state.becomes(&M::LAYOUT, row, to, Some((len, Since::NEVER)));
            }
            Pending::Spliced(stayed) => row.inserted(self.real.entries().saturating_sub(stayed) as u64),
        }
    }

    fn give_up(&mut self, row: &Row) {
        self.state.becomes(&M::LAYOUT, row, None, None);
    }

    #[inline]
    pub(super) fn looked_up<Q: Hash + ?Sized>(&self, key: &Q) {
        if let Some(row) = self.row() {
            row.looked_up(|| traced::<M, Q>(row, key));
        }
    }

    #[inline]
    pub(super) fn iterated(&self) {
        if let Some(row) = self.row() {
            row.iterated(self.real.entries());
        }
    }

    /// A key is put, by what may call the user's `Hash` and `Eq`.
    #[inline]
    pub(super) fn put<R>(&mut self, op: Option<Op>, put: Put, with: impl FnOnce(&mut M) -> R) -> R {
        let Some(op) = op else { return with(&mut self.real) };
        let unfinished = Unfinished { watched: self, op };
        let outcome = with(&mut unfinished.watched.real);
        mem::forget(unfinished);
        let after = self.said();
        let is_new = after.len > op.before.len;
        op.wrote(is_new);
        let to = self.state.tables.and_then(|of| of.put(op.before, put, is_new, Some(after)));
        self.state.becomes(&M::LAYOUT, op.row, to, op.grown());
        outcome
    }

    /// A key takes the place of the one at this position, which is another.
    pub(super) fn replace_key<R>(&mut self, op: Op, index: usize, with: impl FnOnce(&mut M) -> R) -> R {
        let old = self.key_at(op.row, index);
        let unfinished = Unfinished { watched: self, op };
        let outcome = with(&mut unfinished.watched.real);
        mem::forget(unfinished);
        op.replaced(old);
        let after = self.said();
        let to = self.state.tables.and_then(|of| of.key_replaced(op.before, Some(after)));
        self.state.becomes(&M::LAYOUT, op.row, to, op.grown());
        outcome
    }

    /// Removes what it removes of the key of the operation.
    #[inline]
    pub(super) fn take<R>(&mut self, op: Option<Op>, with: impl FnOnce(&mut M) -> R) -> R {
        let outcome = with(&mut self.real);
        if let Some(op) = op {
            let after = self.said();
            op.row.trace(Operation::Remove, op.key);
            op.row.removed((op.before.len - after.len) as u64);
            self.state.removed(op.before.len - after.len, after.len);
        }
        outcome
    }

    /// The entries of this range are about to be taken out: those that there are.
    pub(super) fn take_range(&mut self, range: &impl RangeBounds<usize>) -> Option<(Op, Range<usize>)> {
        let op = self.begin()?;
        let range = within(range, op.before.len)?;
        match range.len() {
            0 => {}
            all if all == op.before.len => {
                op.row.cleared(all);
                match op.before.capacity {
                    // It is not filled anew, but its keys are removed one by one.
                    0..2 => self.state.removed(all, 0),
                    _ => self.state.swept(),
                }
            }
            some => {
                if op.row.is_traced() {
                    range.clone().for_each(|index| op.row.trace(Operation::Remove, self.key_at(op.row, index)));
                }
                op.row.removed(some as u64);
                self.state.removed(some, op.before.len - some);
            }
        }
        Some((op, range))
    }

    /// Others are about to take the place of the entries of this range. How the table fares on the way can't be told.
    pub(super) fn splice(&mut self, range: &impl RangeBounds<usize>) -> (&mut M, Option<Each<M::Key>>)
    where
        M::Key: Hash,
    {
        let taken = self.take_range(range);
        let each = taken.map(|(op, range)| {
            self.hash_keys(op.row);
            self.give_up(op.row);
            self.state.pending = Pending::Spliced(op.before.len - range.len());
            self.each(op)
        });
        (&mut self.real, each)
    }

    /// Removes those for which `with` says so, one by one: what it asks may panic.
    pub(super) fn retain(&mut self, with: impl FnOnce(&mut M, Option<Each<M::Key>>)) {
        self.iterated();
        let Some(op) = self.begin() else { return with(&mut self.real, None) };
        let each = self.each(op);
        let unfinished = Unfinished { watched: self, op };
        with(&mut unfinished.watched.real, Some(each));
        mem::forget(unfinished);
        if self.real.entries() < op.before.len {
            self.state.swept();
        }
    }

    /// What takes entries out one by one, of which each is said.
    pub(super) fn extract(&mut self) -> (&mut M, Option<Each<M::Key>>) {
        self.iterated();
        let each = self.begin().map(|op| self.each(op));
        (&mut self.real, each)
    }

    fn each(&self, op: Op) -> Each<M::Key> {
        Each { row: op.row, hashed: self.state.hashed, key: PhantomData }
    }

    /// Puts entries in another order, after which the table is filled anew, if it has any.
    pub(super) fn sort(&mut self, with: impl FnOnce(&mut M)) {
        let op = self.begin();
        with(&mut self.real);
        if op.is_some_and(|op| op.before.len > 0) {
            self.state.swept();
        }
    }

    /// Removes all entries. A table without any keeps the slots of those that were removed.
    pub(super) fn clear(&mut self, with: impl FnOnce(&mut M)) {
        if let Some(op) = self.begin() {
            op.row.cleared(op.before.len);
            if op.before.len > 0 {
                self.state.swept();
            }
        }
        with(&mut self.real);
    }

    /// Makes room for so many more.
    #[inline]
    pub(super) fn reserve(&mut self, more: usize, is_exact: bool, with: impl FnOnce(&mut M)) {
        let Ok(()) = self.try_reserve(more, is_exact, |real| {
            with(real);
            Ok::<_, Infallible>(())
        });
    }

    /// Makes room for so many more, if there is memory.
    #[inline]
    pub(super) fn try_reserve<E>(
        &mut self,
        more: usize,
        is_exact: bool,
        with: impl FnOnce(&mut M) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(op) = self.begin() else { return with(&mut self.real) };
        let op = Op { since: Since::now(), ..op };
        let outcome = with(&mut self.real);
        let after = self.said();
        let to = self.state.tables.and_then(|of| match outcome {
            Ok(()) => of.reserved(op.before, more, is_exact, after),
            Err(_) => of.refused(op.before, more),
        });
        self.state.becomes(&M::LAYOUT, op.row, to, op.grown());
        outcome
    }

    /// Gives room back beyond so many.
    pub(super) fn shrink(&mut self, least: usize, with: impl FnOnce(&mut M)) {
        let op = self.begin();
        with(&mut self.real);
        if let (Some(op), Some(from)) = (op, self.state.tables) {
            let (to, is_replaced) = from.shrunk(op.before.len, least);
            self.state.becomes(&M::LAYOUT, op.row, Some(to), None);
            if is_replaced && from.entries == to.entries {
                op.row.replaced(Part::Array, [array_bytes(&M::LAYOUT, to.entries); 2], None);
            }
        }
    }

    /// The map, and what becomes of it by way of an entry that begins with this.
    #[inline]
    pub(super) fn lend(&mut self, op: Option<Op>) -> (&mut M, Of<'_, M::Key>) {
        (&mut self.real, Of::new(op, &mut self.state, M::LAYOUT))
    }

    pub(super) fn into_real(mut self) -> M {
        if let Some(row) = self.row() {
            self.settle(row);
        }
        self.real
    }
}

impl<M: Real + Clone> Clone for Watched<M> {
    #[track_caller]
    fn clone(&self) -> Self {
        let real = self.real.clone();
        // Of a map that is not of the sample, it is not known how large its tables are.
        if self.row().is_none() {
            return Watched { real, record: Record::none(), state: State::new() };
        }
        let mut copy = Watched::new(real);
        if let Some(row) = copy.row() {
            let said = copy.said();
            row.begins_with(said.len);
            let tables = self.state.settled().map(|of| of.copied(said));
            copy.state.becomes(&M::LAYOUT, row, tables, Some((0, Since::NEVER)));
        }
        copy
    }

    #[track_caller]
    fn clone_from(&mut self, source: &Self) {
        let Some(op) = self.begin() else { return self.real.clone_from(&source.real) };
        // Of a map that is not of the sample, it is not known how large its tables are.
        let of = source.row().and_then(|_| source.state.settled());
        let before = self.state.tables.take();
        // A clone may panic; nothing is known of the tables while they are none. It needs no hash.
        op.row.measured(false);
        self.lend_keys().real.clone_from(&source.real);
        let after = self.said();
        op.row.becomes_as(after.len);
        if let (Some(from), Some(of)) = (before, of) {
            op.row.measured(true);
            self.state.tables = before;
            self.state.becomes(&M::LAYOUT, op.row, Some(from.replaced_by(of, after)), None);
        }
    }
}

/// An operation that has the table grow before it calls what may panic: then it can't be told whether it did.
struct Unfinished<'a, M: Real> {
    watched: &'a mut Watched<M>,
    op: Op,
}

impl<M: Real> Drop for Unfinished<'_, M> {
    fn drop(&mut self) {
        let is_short = self.watched.real.entries() < self.op.before.len;
        if is_short || self.watched.state.tables.is_some_and(|tables| tables.may_grow(self.op.before)) {
            self.watched.give_up(self.op.row);
        }
    }
}

impl State {
    /// The tables of a map that can't be asked anything now.
    fn settled(&self) -> Option<Tables> {
        self.tables.filter(|_| matches!(self.pending, Pending::Nothing))
    }

    fn removed(&mut self, keys: usize, len: usize) {
        self.tables = self.tables.map(|of| of.removed(keys, len));
    }

    fn swept(&mut self) {
        self.tables = self.tables.map(Tables::swept);
    }
}

impl Op {
    /// The tables were replaced by larger ones.
    fn grown(&self) -> Option<(usize, Since)> {
        Some((self.before.len, self.since))
    }

    /// The key was put.
    pub(super) fn wrote(&self, is_new: bool) {
        self.row.trace(Operation::Put, self.key);
        self.row.wrote();
        if is_new {
            self.row.inserted(1);
        }
    }

    /// The key was put in place of this one.
    fn replaced(&self, old: Option<Key>) {
        self.row.trace(Operation::Remove, old);
        self.row.removed(1);
        self.wrote(true);
    }
}

/// What counts keys that are put, or taken out, each by itself, while the map is lent.
pub(super) struct Each<K> {
    row: &'static Row,
    hashed: Option<Hashed>,
    key: PhantomData<fn(&K)>,
}

impl<K> Each<K> {
    fn key(&self, key: &K) -> Option<Key> {
        // SAFETY: it is a key of the map that this is of, which is lent, or one to be put by what made it for such keys.
        unsafe { key_of(self.hashed, self.row, key) }
    }

    /// A key is put.
    pub(super) fn put(&self, key: &K) {
        self.row.trace(Operation::Put, self.key(key));
        self.row.wrote();
    }

    /// A key is taken out.
    pub(super) fn gone(&self, key: &K) {
        self.row.trace(Operation::Remove, self.key(key));
        self.row.removed(1);
    }
}

/// The positions in a range of so many, if it lies there.
fn within(range: &impl RangeBounds<usize>, len: usize) -> Option<Range<usize>> {
    let start = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.checked_add(1)?,
    };
    let end = match range.end_bound() {
        Bound::Unbounded => len,
        Bound::Included(&last) => last.checked_add(1)?,
        Bound::Excluded(&end) => end,
    };
    (start <= end && end <= len).then_some(start..end)
}
