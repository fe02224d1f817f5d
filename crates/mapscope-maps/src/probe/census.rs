//! The census: counts from outside, exactly, which entries of a map moved, by comparing each entry's address with the
//! one before.
//!
//! It sees an entry that ends an operation at another address than it began; it can't see one that left and came back
//! within a single operation, nor bytes copied to a place that never held the live entry.
//!
//! # Cost
//!
//! One probe of an open-addressed table for each entry looked at. A large table is in no cache, so that the probe costs
//! what memory does, and the table is made for that: a slot is 16 bytes (twenty-one to forty-three a live entry), most
//! probes read one cache line, and [`Census::warm`] reads the slots of many coming writes while none waits for another.

use std::hint::black_box;

use hashbrown::HashMap;

use super::alloc;

/// Where the key and the value of an entry are.
pub type Place = (usize, usize);

/// What one look at an entry found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Where the key was before, if its address changed.
    pub key: Option<usize>,
    /// Whether the value's address changed.
    pub value: bool,
}

/// Entries by identity, with their last known place.
///
/// Linear probing over a power of two of slots, at most three quarters of them full. A remove shifts back the entries that
/// probed past it, so that no tombstone is left.
#[derive(Debug, Default)]
pub struct Census {
    slots: Vec<Slot>,
    len: usize,
    /// Places that don't pack.
    far: HashMap<u64, Place, foldhash::fast::FixedState>,
}

/// An entry's identity, [mixed](mix), so that where its probe begins shows without another look at it; and its place:
/// [`EMPTY`], [`FAR`], or what [`pack`] made of it. A pair, because the system hands zeroed memory out for those.
type Slot = (u64, u64);

const EMPTY: u64 = 0;

/// The place is in [`Census::far`].
const FAR: u64 = 0x8000 << ADDRESS_BITS;

const ADDRESS_BITS: u32 = 48;

/// The key's address, with the signed distance from there to the value above it. [`FAR`] where either is too large: values
/// behind a pointer, on most machines.
#[inline]
fn pack((key, value): Place) -> u64 {
    let distance = value.wrapping_sub(key) as isize;
    let fits = key != 0 && key as u64 >> ADDRESS_BITS == 0 && distance.unsigned_abs() <= i16::MAX as usize;
    if fits { key as u64 | u64::from(distance as u16) << ADDRESS_BITS } else { FAR }
}

/// Turns [`pack`] round.
#[inline]
fn unpack(packed: u64) -> Place {
    let key = (packed & ((1 << ADDRESS_BITS) - 1)) as usize;
    let distance = (packed >> ADDRESS_BITS) as u16 as i16;
    (key, key.wrapping_add_signed(distance.into()))
}

/// Another number for each identity. The product's highest byte, on which every bit of it tells, becomes the lowest.
#[inline]
fn mix(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15).swap_bytes()
}

impl Census {
    /// A new entry, or one that was put anew.
    #[inline]
    pub fn put(&mut self, id: u64, place: Place) {
        if self.len * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let mixed = mix(id);
        let index = self.find(mixed);
        self.len += usize::from(self.slots[index].1 == EMPTY);
        self.set(index, mixed, place);
    }

    /// An entry that was removed; its last known place.
    pub fn remove(&mut self, id: u64) -> Option<Place> {
        let mut hole = self.found(mix(id))?;
        let (mixed, place) = self.slots[hole];
        let known = if place == FAR { self.far.remove(&mixed)? } else { unpack(place) };
        self.len -= 1;
        let slots = &mut *self.slots;
        let mask = slots.len() - 1;
        let mut index = hole;
        loop {
            index = (index + 1) & mask;
            let slot = slots[index];
            if slot.1 == EMPTY {
                break;
            }
            // It may fill the hole unless its probe begins behind it.
            let probed = index.wrapping_sub(slot.0 as usize) & mask;
            if probed >= index.wrapping_sub(hole) & mask {
                slots[hole] = slot;
                hole = index;
            }
        }
        slots[hole].1 = EMPTY;
        Some(known)
    }

    /// All entries were dropped.
    pub fn clear(&mut self) {
        self.slots.iter_mut().for_each(|(_, place)| *place = EMPTY);
        self.far.clear();
        self.len = 0;
    }

    /// Compares an entry's place with the last known one, which it then replaces. An entry not yet known has not moved.
    #[inline]
    pub fn look(&mut self, id: u64, place: Place) -> Moved {
        const STAYED: Moved = Moved { key: None, value: false };
        let mixed = mix(id);
        let Some(index) = self.found(mixed) else { return STAYED };
        let packed = self.slots[index].1;
        if packed != FAR && pack(place) == packed {
            return STAYED;
        }
        let known = if packed == FAR { self.far[&mixed] } else { unpack(packed) };
        self.set(index, mixed, place);
        Moved { key: (known.0 != place.0).then_some(known.0), value: known.1 != place.1 }
    }

    /// Brings the slots of these entries, known or not, into the processor's caches. Changes nothing.
    pub fn warm(&self, ids: impl Iterator<Item = u64>) {
        if let Some(mask) = self.slots.len().checked_sub(1) {
            black_box(ids.fold(0, |sum: u64, id| sum.wrapping_add(self.slots[mix(id) as usize & mask].1)));
        }
    }

    /// Entries known.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn set(&mut self, index: usize, mixed: u64, place: Place) {
        let packed = pack(place);
        if packed == FAR || self.slots[index].1 == FAR {
            self.set_far(mixed, (packed == FAR).then_some(place));
        }
        self.slots[index] = (mixed, packed);
    }

    /// Keeps a place that doesn't pack, or forgets the one kept.
    #[cold]
    fn set_far(&mut self, mixed: u64, place: Option<Place>) {
        match place {
            Some(place) => alloc::uncounted(|| _ = self.far.insert(mixed, place)),
            None => _ = self.far.remove(&mixed),
        }
    }

    /// The slot of a known entry.
    #[inline]
    fn found(&self, mixed: u64) -> Option<usize> {
        let index = (!self.slots.is_empty()).then(|| self.find(mixed))?;
        (self.slots[index].1 != EMPTY).then_some(index)
    }

    /// The slot that has an entry, or that is for it. There must be slots.
    #[inline]
    fn find(&self, mixed: u64) -> usize {
        let slots = &*self.slots;
        let mask = slots.len() - 1;
        let mut index = mixed as usize & mask;
        while slots[index].1 != EMPTY && slots[index].0 != mixed {
            index = (index + 1) & mask;
        }
        index
    }

    #[cold]
    fn grow(&mut self) {
        alloc::uncounted(|| self.double());
    }

    fn double(&mut self) {
        let larger = vec![(0, EMPTY); (self.slots.len() * 2).max(16)];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.1 != EMPTY {
                let index = self.find(slot.0);
                self.slots[index] = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAYED: Moved = Moved { key: None, value: false };

    #[test]
    fn an_entry_counts_as_moved_once_for_each_new_address() {
        let mut census = Census::default();
        assert_eq!(census.look(7, (1, 2)), STAYED, "not known yet");
        census.put(7, (1, 2));
        assert_eq!(census.look(7, (3, 2)), Moved { key: Some(1), value: false });
        assert_eq!(census.look(7, (3, 2)), STAYED);
        assert_eq!(census.look(7, (3, 9)), Moved { key: None, value: true });
        assert_eq!(census.remove(7), Some((3, 9)));
        assert_eq!(census.remove(7), None);
        assert!(census.is_empty());
    }

    #[test]
    fn places_far_apart_are_told_apart_too() {
        const KEY: usize = 0x7fff_ffff_f000;
        let mut census = Census::default();
        let values = [KEY + 8, KEY - 8, KEY + 32_767, KEY + 32_768, KEY - 32_767, KEY - 32_768, 16, usize::MAX - 7];
        census.put(1, (KEY, 0));
        for value in values {
            assert_eq!(census.look(1, (KEY, value)), Moved { key: None, value: true }, "{value:#x}");
            assert_eq!(census.look(1, (KEY, value)), STAYED, "{value:#x}");
        }
        assert_eq!(census.look(1, (usize::MAX - 7, usize::MAX - 7)), Moved { key: Some(KEY), value: false });
        assert_eq!(census.remove(1), Some((usize::MAX - 7, usize::MAX - 7)));
        assert!(census.far.is_empty());
    }

    #[test]
    fn the_table_agrees_with_a_model_through_growth_and_removal() {
        let (mut census, mut model) = (Census::default(), std::collections::HashMap::new());
        let mut random = 1_u64;
        for step in 0..60_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Few high bits: long runs of neighbouring slots, removed from in the middle and across the table's end.
            let id = ((random >> 33) % 1_500) << if step % 2 == 0 { 0 } else { 52 };
            let place = (random as usize >> 20 | 1, random as usize >> 21);
            match random >> 61 {
                0..4 => {
                    census.put(id, place);
                    model.insert(id, place);
                }
                4..7 => {
                    assert_eq!(census.remove(id), model.remove(&id), "step {step}");
                }
                _ => {
                    let moved = model.get_mut(&id).map_or(STAYED, |known| {
                        let before = std::mem::replace(known, place);
                        Moved { key: (before.0 != place.0).then_some(before.0), value: before.1 != place.1 }
                    });
                    assert_eq!(census.look(id, place), moved, "step {step}");
                }
            }
            assert_eq!(census.len(), model.len(), "step {step}");
        }
        assert!(model.len() > 1_000);
        for (&id, &place) in &model {
            assert_eq!(census.look(id, place), STAYED);
            assert_eq!(census.look(id, (place.0 + 1, place.1)), Moved { key: Some(place.0), value: false });
        }
        census.clear();
        assert_eq!((census.len(), census.look(0, (1, 1))), (0, STAYED));
    }
}
