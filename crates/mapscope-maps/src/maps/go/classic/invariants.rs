//! What must hold between any two operations.

use std::collections::BTreeSet;

use super::bucket::Bucket;
use super::design::{Design, Part};
use super::hmap::Array;
use super::tophash::{EMPTY_ONE, EMPTY_REST, MIN_TOPHASH, tophash};
use super::{GoClassicMap, Hashing, Key, Value, capacity};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Panics when an invariant does not hold.
    pub(super) fn check(&self) {
        let hmap = self.hmap();
        assert_eq!(self.capacity, capacity(self.load_factor, hmap.b), "capacity belongs to b = {}", hmap.b);
        assert!(self.ranges > 0 || self.kept.is_empty(), "something is kept for no range");
        let Some(array) = self.array() else {
            assert_eq!((hmap.count, hmap.b, hmap.growing()), (0, 0, false), "a map without buckets is empty");
            return;
        };

        let reach = self.reach();
        let mut entries = 0;
        let mut overflow = Vec::new();
        let old_array = self.old_array();
        for (index, head) in array.heads().enumerate() {
            let pending = old_array.as_ref().is_some_and(|old| !old.head(index).tops().evacuated());
            if pending {
                assert_eq!(head.tops().0, 0, "bucket {index} is used before its old bucket is evacuated");
                assert!(head.overflow(reach).is_none(), "bucket {index} is chained before its old bucket is evacuated");
            } else {
                entries += self.check_chain(&array, index, head);
                overflow.extend(head.chain(reach).skip(1));
            }
        }
        if let Some(old_array) = &old_array {
            for (index, head) in old_array.heads().enumerate() {
                if head.tops().evacuated() {
                    let states = head.chain(reach).all(|bucket| bucket.tops().filled().len() == 0);
                    assert!(states, "evacuated old bucket {index} still holds an entry");
                } else {
                    assert!(index >= hmap.nevacuate, "old bucket {index} was stepped over, not evacuated");
                    entries += self.check_chain(old_array, index, head);
                }
            }
            assert!(hmap.nevacuate < 1 << old_array.b, "a growth with nothing left to evacuate");
        } else {
            assert!(!hmap.same_size_grow(), "no growth is under way to be to the same size");
        }
        assert_eq!(entries, hmap.count, "count is not the number of filled slots");

        if hmap.b < 16 {
            assert_eq!(usize::from(hmap.noverflow), overflow.len(), "noverflow is not the number of overflow buckets");
        }
        self.check_reserve(&array, &overflow);
        self.check_recycled(&array, &overflow);
    }

    /// Checks one chain that lookups walk; returns its entries.
    fn check_chain(&self, array: &Array<K, V, D>, index: usize, head: Bucket<K, V, D>) -> usize {
        let mut keys = BTreeSet::new();
        let mut previous = MIN_TOPHASH;
        let slots = |bucket: Bucket<K, V, D>| (0..super::bucket::SLOTS).map(move |index| bucket.slot(index));
        for slot in head.chain(self.reach()).flat_map(slots) {
            let top = slot.top();
            assert!(previous != EMPTY_REST || top == EMPTY_REST, "bucket {index}: something follows an empty rest");
            assert!(previous != EMPTY_ONE || top != EMPTY_REST, "bucket {index}: a tombstone right before the rest");
            previous = top;
            if top <= EMPTY_ONE {
                continue;
            }
            assert!(top >= MIN_TOPHASH, "bucket {index}: an evacuated slot in a bucket that is not");
            // SAFETY: filled; the map is borrowed.
            let (key, _) = unsafe { slot.entry() };
            let hash = self.hasher.hash_one(key);
            assert_eq!(top, tophash(hash), "bucket {index}: a tophash that is not its key's");
            assert_eq!(hash as usize & ((1 << array.b) - 1), index, "an entry in a bucket that is not its own");
            assert!(keys.insert(key), "bucket {index} holds key {} twice", key.id());
        }
        assert!(previous != EMPTY_ONE, "bucket {index}: a tombstone at the very end");
        keys.len()
    }

    /// Checks the preallocated buckets and the list of overflow buckets against those in use.
    fn check_reserve(&self, array: &Array<K, V, D>, overflow: &[Bucket<K, V, D>]) {
        let reach = self.reach();
        let unused: Vec<_> = match self.lists().and_then(|lists| lists.next_overflow) {
            Some(next) => {
                // SAFETY: only the last preallocated bucket's overflow pointer is not nil.
                let following =
                    |bucket: &Bucket<K, V, D>| bucket.overflow(reach).is_none().then(|| unsafe { bucket.add(1) });
                std::iter::successors(Some(next), following).collect()
            }
            None => Vec::new(),
        };
        assert!(unused.iter().all(|bucket| bucket.tops().0 == 0), "an unused overflow bucket is not empty");
        let used = overflow.iter().filter(|&&bucket| array.contains(bucket)).count();
        let preallocated = array.bytes() / Bucket::<K, V, D>::BYTES - (1 << array.b);
        assert_eq!(used + unused.len(), preallocated, "a preallocated overflow bucket is lost");
        assert!(unused.is_empty() || overflow.len() == used, "a bucket was allocated before the reserve was used up");

        let list = self.lists().and_then(|lists| lists.overflow);
        // SAFETY: the map's alone.
        let listed = list.map_or(&[][..], |list| unsafe { list.as_ref() }.as_slice());
        if Bucket::<K, V, D>::LISTED {
            let addresses = |buckets: &[Bucket<K, V, D>]| buckets.iter().map(|b| b.address()).collect::<BTreeSet<_>>();
            assert_eq!(listed.len(), overflow.len(), "the list of overflow buckets is not as long as they are many");
            assert_eq!(addresses(listed), addresses(overflow), "the list names other overflow buckets than those used");
        } else {
            assert!(list.is_none(), "buckets that need no list have one");
        }
    }

    /// Checks the overflow buckets to be handed out again against those in use.
    fn check_recycled(&self, array: &Array<K, V, D>, overflow: &[Bucket<K, V, D>]) {
        let reach = self.reach();
        let recycled: Vec<_> = self.recycled().into_iter().flat_map(|first| first.chain(reach)).collect();
        let old_heads = self.old_array().into_iter().flat_map(|old| old.heads());
        let old_overflow: Vec<_> = old_heads.flat_map(|head| head.chain(reach).skip(1)).collect();
        let mut seen = BTreeSet::new();
        for bucket in recycled.iter().chain(overflow).chain(&old_overflow) {
            assert!(seen.insert(bucket.address()), "an overflow bucket is in two places");
        }
        assert!(recycled.iter().all(|&bucket| !array.contains(bucket)), "part of an array is handed out again");
        // Buckets that a range may be walking are in neither place.
        if let Some(slab) = self.extra().and_then(|extra| extra.slab.get())
            && self.kept.is_empty()
        {
            assert_eq!(seen.len(), slab.used() as usize, "an overflow bucket of the slab is lost");
        }
    }
}
