//! Growth: starting it, and moving one old bucket after another.

use super::bucket::{Bucket, SLOTS};
use super::design::Design;
use super::hmap::{Array, ITERATOR, OLD_ITERATOR, SAME_SIZE_GROW};
use super::tophash::{EMPTY_ONE, EVACUATED_EMPTY, EVACUATED_X, EVACUATED_Y};
use super::write::TABLE;
use super::{GoClassicMap, Hashing, Key, Map, Value, capacity};
use crate::probe::event::{Event, Probe};

/// How many old buckets, evacuated out of turn, one write steps over at the most.
const ADVANCE_MAX: usize = 1024;

/// The buckets that the last write moved entries into, as indices. Such a bucket holds nothing else, but for the entry
/// that the write put in.
///
/// A write may end one growth and start the next, or several while the table is small. Buckets of the first growth
/// then are old ones in the second.
#[derive(Default, Clone, Copy)]
pub(super) struct Disturbed {
    current: Buckets,
    old: Buckets,
}

/// A write evacuates two old buckets of each growth at the most, into two new ones each.
#[derive(Default, Clone, Copy)]
struct Buckets {
    indices: [usize; 4],
    len: usize,
}

impl Buckets {
    fn add(&mut self, index: usize) {
        self.indices[self.len] = index;
        self.len += 1;
    }

    fn as_slice(&self) -> &[usize] {
        &self.indices[..self.len]
    }
}

impl Disturbed {
    /// Before a write.
    #[inline]
    pub(super) fn forget(&mut self) {
        (self.current.len, self.old.len) = (0, 0);
    }

    fn start_growth(&mut self) {
        self.old = std::mem::take(&mut self.current);
    }
}

/// Where the next evacuated entry goes.
struct Destination<K, V, D: Design> {
    bucket: Bucket<K, V, D>,
    index: usize,
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Allocates the next array, larger if the load factor asks for it; moves nothing yet.
    #[cold]
    #[inline(never)]
    pub(super) fn start_growth(&mut self) {
        let larger = self.hmap().count >= self.capacity;
        let array = self.next_array(self.hmap().b + u8::from(larger));
        self.probe.emit(if larger { Event::Grow } else { Event::SameSizeGrow });
        self.probe.emit(Event::SlotsLost { table: TABLE });
        self.disturbed.start_growth();

        let iterated = self.hmap().flags & ITERATOR != 0 || self.ranges > 0;
        let hmap = self.hmap_mut();
        hmap.flags = if larger { 0 } else { SAME_SIZE_GROW } | if iterated { OLD_ITERATOR } else { 0 };
        hmap.oldbuckets = hmap.buckets;
        hmap.b = array.b;
        hmap.nevacuate = 0;
        hmap.noverflow = 0;
        self.capacity = capacity(self.load_factor, array.b);
        if self.lists().is_some_and(|lists| lists.overflow.is_some())
            && let Some(lists) = self.lists_mut()
        {
            lists.oldoverflow = lists.overflow.take();
        }
        self.install(array);
    }

    /// Evacuates the old bucket that a hash belongs to, and one more.
    #[inline(never)]
    pub(super) fn grow_work(&mut self, hash: usize, leaving: Option<&K>) {
        self.evacuate(hash & ((1 << self.hmap().old_b()) - 1), leaving);
        if self.hmap().growing() {
            self.evacuate(self.hmap().nevacuate, leaving);
        }
    }

    /// Evacuates an old bucket with its chain, unless that is done already.
    #[inline(never)]
    fn evacuate(&mut self, old_index: usize, leaving: Option<&K>) {
        let (Some(array), Some(old_array)) = (self.array(), self.old_array()) else { return };
        let head = old_array.head(old_index);
        if !head.tops().evacuated() {
            let moved = self.move_chain(&array, &old_array, old_index, leaving);
            // What one write moves twice counts once, as in the census.
            if moved > 0 && !self.disturbed.old.as_slice().contains(&old_index) {
                self.probe.emit(Event::Move { entries: moved, bytes: moved * Bucket::<K, V, D>::SLOT_BYTES as u64 });
            }
            if !Bucket::<K, V, D>::LISTED && self.hmap().flags & OLD_ITERATOR == 0 {
                // SAFETY: all its entries have moved, and its head lets go of it.
                unsafe { self.retire_chain(&old_array, head) };
                head.set_overflow(None, self.reach());
            }
        }
        if old_index == self.hmap().nevacuate {
            self.advance(old_array);
        }
    }

    /// Moves a chain's entries. Where the table doubles, one more bit of the hash sends each to the lower or the upper
    /// half.
    ///
    /// Returns how many moved, as the census sees it: without the entry of the key that is `leaving` right after.
    fn move_chain(
        &mut self,
        array: &Array<K, V, D>,
        old_array: &Array<K, V, D>,
        index: usize,
        leaving: Option<&K>,
    ) -> u64 {
        let doubling = array.b != old_array.b;
        let new_bit = 1 << old_array.b;
        // Without doubling the second is the same bucket, and is not used.
        let mut destinations =
            [index, index + new_bit].map(|index| Destination { bucket: array.head(index), index: 0 });
        let mut moved = 0;
        for bucket in old_array.head(index).chain(self.reach()) {
            let tops = bucket.tops();
            for from in (0..SLOTS).map(|index| bucket.slot(index)) {
                let top = tops.get(from.index);
                if top <= EMPTY_ONE {
                    from.set_top(EVACUATED_EMPTY);
                    continue;
                }
                // SAFETY: filled: not empty, and a bucket's slots are evacuated all at once.
                let key = unsafe { from.key_ptr().as_ref() };
                let counts = !P::ON || leaving.is_none_or(|leaving| leaving != key);
                let mut half = 0;
                if doubling {
                    let hash = self.hasher.hash_one(key);
                    half = usize::from(hash as usize & new_bit != 0);
                }
                let destination = &mut destinations[half];
                if destination.index == SLOTS {
                    *destination = Destination { bucket: self.add_overflow(destination.bucket), index: 0 };
                }
                let to = destination.bucket.slot(destination.index);
                destination.index += 1;
                from.copy_to(to);
                from.set_top([EVACUATED_X, EVACUATED_Y][half]);
                to.set_top(top);
                moved += u64::from(counts);
            }
        }
        if P::ON && moved > 0 {
            self.disturbed.current.add(index);
            if doubling {
                self.disturbed.current.add(index + new_bit);
            }
        }
        moved
    }

    /// Steps over the old buckets that have been evacuated; after the last one the growth is done.
    fn advance(&mut self, old_array: Array<K, V, D>) {
        let old_buckets = 1 << old_array.b;
        let next = self.hmap().nevacuate + 1;
        let stop = (next + ADVANCE_MAX).min(old_buckets);
        let evacuated = |&index: &usize| old_array.head(index).tops().evacuated();
        let reached = next + (next..stop).take_while(evacuated).count();
        self.hmap_mut().nevacuate = reached;
        if reached == old_buckets {
            self.finish_growth(old_array);
        }
    }

    #[cold]
    fn finish_growth(&mut self, old_array: Array<K, V, D>) {
        let hmap = self.hmap_mut();
        hmap.oldbuckets = None;
        hmap.flags &= !SAME_SIZE_GROW;
        let chained = hmap.flags & OLD_ITERATOR != 0;
        let oldoverflow = match self.lists() {
            Some(_) => self.lists_mut().and_then(|lists| lists.oldoverflow.take()),
            None => None,
        };
        // SAFETY: every entry has moved on; the old array and its list are out of the map's reach.
        unsafe {
            if chained || oldoverflow.is_some() {
                self.retire_overflow(&old_array, oldoverflow);
            }
            self.retire_array(old_array);
        }
        self.probe.emit(Event::GrowDone);
    }

    /// Shows the entries that the last write may have moved.
    pub(super) fn visit_disturbed(&self, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if !P::ON {
            return self.for_each(&mut |key, value| {
                visit(key, value);
            });
        }
        let heads = |array: Option<Array<K, V, D>>, buckets: Buckets| {
            let indices = array.map(|array| (0..buckets.len).map(move |n| array.head(buckets.indices[n])));
            indices.into_iter().flatten()
        };
        let Disturbed { current, old } = self.disturbed;
        for head in heads(self.array(), current).chain(heads(self.old_array(), old)) {
            for slot in head.chain(self.reach()).flat_map(Bucket::filled) {
                // SAFETY: filled; the map is borrowed.
                let (key, value) = unsafe { slot.entry() };
                visit(key, value);
            }
        }
    }
}
