//! A table: an array of groups, and how keys are searched in it.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;

use super::ctrl::{Ctrl, h2};
use super::group::{Group, SLOTS, Slot};
use crate::entry::{Key, Value};
use crate::maps::go::heap;

/// The most slots that a table has; what needs more is split.
pub(super) const MAX_SLOTS: usize = 1024;
/// The most groups that a table has.
pub(super) const MAX_GROUPS: usize = MAX_SLOTS / SLOTS;
/// Of the eight slots of a group, how many may be taken on average.
pub(super) const MAX_GROUP_LOAD: usize = 7;

/// The `index` of a table that has been replaced.
const REPLACED: isize = -1;

/// The most entries and tombstones that so many slots hold; two groups at least.
pub(super) const fn growth_limit(slots: usize) -> usize {
    slots / SLOTS * MAX_GROUP_LOAD
}

/// A table's header: 32 bytes, Go's fields.
#[repr(C)]
pub(super) struct Fields<K, V> {
    /// Live entries.
    pub(super) used: Cell<u16>,
    /// Slots: a power of two, [`MAX_SLOTS`] at most.
    slots: u16,
    /// Empty slots that may still be taken.
    pub(super) growth_left: Cell<u16>,
    /// How many top bits the hashes of its entries have in common.
    pub(super) local_depth: u8,
    /// The first directory entry that names it.
    index: Cell<isize>,
    groups: Group<K, V>,
    /// One less than the number of groups.
    group_mask: usize,
}

/// The address of a table.
///
/// Invariant **live**: it points at a table on Go's heap, written by `allocate`, which stays allocated, with its array
/// of groups, for as long as any copy of the address is used. What changes in it is in cells, so that the address may
/// be shared within the map's thread.
#[repr(transparent)]
pub(super) struct Table<K, V>(NonNull<Fields<K, V>>, PhantomData<*mut (K, V)>);

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K, V> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K, V> Deref for Table<K, V> {
    type Target = Fields<K, V>;

    #[inline]
    fn deref(&self) -> &Fields<K, V> {
        // SAFETY: live.
        unsafe { self.0.as_ref() }
    }
}

impl<K: Key, V: Value> Table<K, V> {
    const BYTES: usize = {
        assert!(size_of::<Fields<K, V>>() == 32);
        32
    };

    /// Allocates an empty table. `slots` is a power of two, 16 to [`MAX_SLOTS`].
    pub(super) fn allocate(slots: usize, index: usize, local_depth: u8) -> Self {
        // SAFETY: furnished in the next line.
        let table = unsafe { Self::reserve() };
        table.furnish(slots, index, local_depth);
        table
    }

    /// Allocates a header alone. Those of one size lie side by side on Go's heap, and here when they are allocated one
    /// after the other: a search that must come by one among thousands finds it in fewer pages.
    ///
    /// # Safety
    ///
    /// The table must be furnished before it is used.
    pub(super) unsafe fn reserve() -> Self {
        Table(heap::alloc(Self::BYTES, false).cast(), PhantomData)
    }

    /// Makes a reserved table an empty one.
    pub(super) fn furnish(self, slots: usize, index: usize, local_depth: u8) {
        debug_assert!(slots.is_power_of_two() && (2 * SLOTS..=MAX_SLOTS).contains(&slots));
        let fields = Fields {
            used: Cell::new(0),
            slots: slots as u16,
            growth_left: Cell::new(growth_limit(slots) as u16),
            local_depth,
            index: Cell::new(index as isize),
            groups: allocate_groups(slots / SLOTS),
            group_mask: slots / SLOTS - 1,
        };
        // SAFETY: of its size, and not in use yet.
        unsafe { self.0.write(fields) };
    }

    #[inline]
    pub(super) fn slots(self) -> usize {
        self.slots.into()
    }

    /// The first directory entry that names it; `None` once it has been replaced.
    pub(super) fn index(self) -> Option<usize> {
        usize::try_from(self.index.get()).ok()
    }

    pub(super) fn set_index(self, index: usize) {
        self.index.set(index as isize);
    }

    pub(super) fn mark_replaced(self) {
        self.index.set(REPLACED);
    }

    /// What events call it.
    pub(super) fn name(self) -> usize {
        self.0.addr().get()
    }

    /// What its groups occupy: what Go asks its heap for, in bytes.
    fn group_bytes(self) -> usize {
        (self.group_mask + 1) * Group::<K, V>::BYTES
    }

    /// The objects of Go's heap that it consists of: address, size, and whether free of pointers.
    pub(super) fn objects(self) -> [(NonNull<u8>, usize, bool); 2] {
        [(self.groups.address(), self.group_bytes(), Group::<K, V>::NOSCAN), (self.0.cast(), Self::BYTES, false)]
    }

    /// Tombstones.
    pub(super) fn tombstones(self) -> usize {
        growth_limit(self.slots()) - usize::from(self.used.get()) - usize::from(self.growth_left.get())
    }

    /// The group at an index, taken modulo their number.
    #[inline]
    pub(super) fn group(self, index: usize) -> Group<K, V> {
        // SAFETY: masked to the array.
        unsafe { self.groups.add(index & self.group_mask) }
    }

    pub(super) fn groups(self) -> impl DoubleEndedIterator<Item = Group<K, V>> {
        (0..=self.group_mask).map(move |index| self.group(index))
    }

    /// Its full slots.
    pub(super) fn full(self) -> impl Iterator<Item = Slot<K, V>> {
        self.groups().flat_map(Group::full)
    }

    /// The groups that a search for a hash looks at, in order, as indices; without end.
    #[inline]
    pub(super) fn probe(self, hash: u64) -> Probe {
        Probe { mask: self.group_mask, at: (hash >> 7) as usize & self.group_mask, step: 0 }
    }

    /// The key's slot.
    #[inline]
    pub(super) fn find(self, hash: u64, key: &K) -> Option<Slot<K, V>> {
        let h2 = h2(hash);
        let mut probe = self.probe(hash);
        loop {
            let group = self.group(probe.at);
            if let Some(slot) = group.find(h2, key) {
                return Some(slot);
            }
            if !group.ctrl().empty().is_empty() {
                return None;
            }
            probe.advance();
        }
    }

    /// Where an entry goes that is not in the table, which has no tombstones.
    #[inline]
    pub(super) fn first_empty(self, hash: u64) -> Slot<K, V> {
        let mut probe = self.probe(hash);
        loop {
            let group = self.group(probe.at);
            let empty = group.ctrl().free();
            if !empty.is_empty() {
                return group.slot(empty.first());
            }
            probe.advance();
        }
    }

    /// One entry more, in a slot that was empty.
    #[inline]
    pub(super) fn count_filled(self) {
        self.used.set(self.used.get() + 1);
        self.growth_left.set(self.growth_left.get() - 1);
    }
}

/// Allocates an array of empty groups. Where nothing looks at keys and elems but by a full control byte, they need not
/// be zeroed, as Go's collector would have them.
pub(super) fn allocate_groups<K: Key, V: Value>(groups: usize) -> Group<K, V> {
    let memory = heap::alloc(groups * Group::<K, V>::BYTES, Group::<K, V>::NOSCAN);
    // SAFETY: large enough for all groups, whose control words are set before anything else; freed only by the map,
    // which forgets them first.
    unsafe {
        let first = Group::new(memory);
        (0..groups).for_each(|index| first.add(index).set_ctrl(Ctrl::ALL_EMPTY));
        first
    }
}

/// A probe sequence: from the group that the hash names on in steps of one, two, three and so on. With a power of two
/// of groups it comes by each.
#[derive(Clone, Copy)]
pub(super) struct Probe {
    mask: usize,
    /// The group to look at.
    pub(super) at: usize,
    step: usize,
}

impl Probe {
    #[inline]
    pub(super) fn advance(&mut self) {
        self.step += 1;
        self.at = (self.at + self.step) & self.mask;
    }
}

impl Iterator for Probe {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = self.at;
        self.advance();
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_sequence_comes_by_every_group_once() {
        for groups in [1, 2, 4, 32, 128] {
            for start in 0..groups {
                let probe = Probe { mask: groups - 1, at: start, step: 0 };
                let mut seen: Vec<_> = probe.take(groups).collect();
                assert_eq!(seen[0], start);
                seen.sort_unstable();
                assert!(seen.into_iter().eq(0..groups));
            }
        }
    }
}
