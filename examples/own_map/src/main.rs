//! A map written this morning, with mapscope's whole command line: `cargo run --release -- run --map linear,hashbrown`.

use std::hash::BuildHasher;

use mapscope::maps::{FixedFold, Map, Write};
use mapscope::workload::{Key, Value};

mapscope::main!(LinearMap, "linear", LinearMap::with_capacity);

/// Open addressing: an entry lies in the first free slot from the one that its hash names on, and at most half of the
/// slots are taken.
struct LinearMap<K, V> {
    slots: Vec<Option<(K, V)>>,
    len: usize,
    hasher: FixedFold,
}

impl<K: Key, V: Value> LinearMap<K, V> {
    fn with_capacity(entries: usize) -> Self {
        let slots = if entries == 0 { 0 } else { (2 * entries).next_power_of_two() };
        LinearMap { slots: (0..slots).map(|_| None).collect(), len: 0, hasher: FixedFold::with_seed(1) }
    }

    fn put(&mut self, key: K, value: V) -> Option<(K, V)> {
        if 2 * self.len >= self.slots.len() {
            self.grow();
        }
        let at = self.slot(&key);
        let old = self.slots[at].replace((key, value));
        self.len += usize::from(old.is_none());
        old
    }

    fn entry(&self, key: &K) -> Option<&(K, V)> {
        let at = (self.len > 0).then(|| self.slot(key))?;
        self.slots[at].as_ref()
    }

    fn take(&mut self, key: &K) -> Option<(K, V)> {
        let at = (self.len > 0).then(|| self.slot(key))?;
        let old = self.slots[at].take()?;
        self.len -= 1;
        self.close(at);
        Some(old)
    }

    /// The entries from the key's first slot on, up to a free one.
    fn run(&self, key: &K) -> impl Iterator<Item = &(K, V)> {
        let (before, from) = self.slots.split_at(self.home(key));
        from.iter().chain(before).map_while(Option::as_ref)
    }

    fn home(&self, key: &K) -> usize {
        (self.hasher.hash_one(key) >> 20) as usize & (self.slots.len() - 1)
    }

    /// The key's slot, or the free one where it would go. There is a free slot.
    fn slot(&self, key: &K) -> usize {
        let mut at = self.home(key);
        while self.slots[at].as_ref().is_some_and(|(other, _)| other != key) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }

    fn grow(&mut self) {
        let mut larger = LinearMap::with_capacity(self.slots.len().max(4));
        for (key, value) in self.slots.drain(..).flatten() {
            larger.put(key, value);
        }
        *self = larger;
    }

    /// Fills a hole with the next entry that may lie there, and the hole which that leaves.
    fn close(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        let mut at = (hole + 1) & mask;
        while let Some((key, _)) = &self.slots[at] {
            let distance = |from: usize| at.wrapping_sub(from) & mask;
            if distance(self.home(key)) >= distance(hole) {
                self.slots.swap(hole, at);
                hole = at;
            }
            at = (at + 1) & mask;
        }
    }
}

impl<K: Key, V: Value> Map<K, V> for LinearMap<K, V> {
    fn insert(&mut self, key: K, value: V) -> bool {
        self.put(key, value).is_some()
    }
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.entry(key).map(|(key, value)| (key, value))
    }
    fn remove(&mut self, key: &K) -> bool {
        self.take(key).is_some()
    }
    fn clear(&mut self) {
        self.slots.fill_with(|| None);
        self.len = 0;
    }
    fn len(&self) -> usize {
        self.len
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.slots.iter().flatten().for_each(|(key, value)| f(key, value));
    }
    /// Which entries a write may have moved: without this, all are looked at after every write.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.allocs > 0 {
            self.for_each(&mut |key, value| _ = visit(key, value));
        } else if write.remove && write.hit {
            self.run(write.key).for_each(|(key, value)| _ = visit(key, value));
        }
    }
}
