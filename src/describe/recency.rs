//! Reuse distances, exactly: how many other keys were used since a key was used last.
//!
//! ```text
//! slots, by time:   a . b . . c a b . . . .        . used again since, or free       -> now
//! marks:            0 0 0 0 0 1 1 1 0 0 0 0        the last use of each key
//! ```
//!
//! The distance is the number of marks behind a key's own, which a Fenwick tree sums up (Bennett and Kruskal, "LRU stack
//! processing", IBM Journal of Research and Development 19(4), 1975, by a tree of sums). When the slots are used up, the
//! marks move to the front and keep their order; there are twice as many slots as marks then, so this costs a use next to
//! nothing.

/// No key.
const NOBODY: u32 = u32::MAX;

/// At least as many slots.
const SLOTS_MIN: usize = 1024;

/// The order of the last uses of keys, which are numbers in order of their coming.
#[derive(Debug, Default)]
pub(super) struct Recency {
    /// By slot: the key that has its mark there.
    owners: Vec<u32>,
    /// By key: its slot.
    slots: Vec<u32>,
    /// By slot, from 1: the marks in as many slots up to it as its lowest bit says.
    tree: Vec<u32>,
    marks: u32,
}

impl Recency {
    /// Notes that a key is used; gives its reuse distance, and nothing at its first use. Keys come first in the order of
    /// their numbers, without a gap.
    pub fn touch(&mut self, key: u32) -> Option<u32> {
        if self.owners.len() == self.tree.len().saturating_sub(1) {
            self.move_to_front();
        }
        let distance = match self.slots.get(key as usize) {
            Some(&slot) => {
                let newer = self.marks - self.marks_to(slot);
                self.owners[slot as usize] = NOBODY;
                self.add(slot, u32::wrapping_sub, 1);
                Some(newer)
            }
            None => {
                debug_assert_eq!(key as usize, self.slots.len());
                self.slots.push(0);
                self.marks += 1;
                None
            }
        };
        let slot = self.owners.len() as u32;
        self.owners.push(key);
        self.slots[key as usize] = slot;
        self.add(slot, u32::wrapping_add, 1);
        distance
    }

    /// Forgets all keys but those that are kept, which are numbered anew in their order.
    pub fn retain(&mut self, kept: impl Fn(u32) -> bool) {
        let mut next = 0;
        let numbers: Vec<u32> = (0..self.slots.len() as u32)
            .map(|key| match kept(key) {
                true => (next, next += 1).0,
                false => NOBODY,
            })
            .collect();
        for owner in self.owners.iter_mut().filter(|owner| **owner != NOBODY) {
            *owner = numbers[*owner as usize];
        }
        self.slots.truncate(next as usize);
        self.marks = next;
        self.move_to_front();
    }

    /// The marks up to a slot, its own included.
    fn marks_to(&self, slot: u32) -> u32 {
        let (mut at, mut sum) = (slot as usize + 1, 0);
        while at > 0 {
            sum += self.tree[at];
            at &= at - 1;
        }
        sum
    }

    fn add(&mut self, slot: u32, change: fn(u32, u32) -> u32, by: u32) {
        let mut at = slot as usize + 1;
        while at < self.tree.len() {
            self.tree[at] = change(self.tree[at], by);
            at += at & at.wrapping_neg();
        }
    }

    fn move_to_front(&mut self) {
        self.owners.retain(|&owner| owner != NOBODY);
        for (slot, &key) in self.owners.iter().enumerate() {
            self.slots[key as usize] = slot as u32;
        }
        let (marks, slots) = (self.owners.len(), (self.owners.len() * 2).max(SLOTS_MIN));
        self.tree.clear();
        self.tree.resize(slots + 1, 0);
        for at in 1..=slots {
            let lowest = at & at.wrapping_neg();
            self.tree[at] = (at.min(marks) - (at - lowest).min(marks)) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Rng;

    /// The keys in order of their last uses, the latest first: what the tree stands for.
    #[derive(Default)]
    struct Stack(Vec<u32>);

    impl Stack {
        fn touch(&mut self, key: u32) -> Option<u32> {
            let depth = self.0.iter().position(|&other| other == key);
            depth.map(|depth| self.0.remove(depth));
            self.0.insert(0, key);
            depth.map(|depth| depth as u32)
        }
    }

    #[test]
    fn distances_are_those_of_a_stack() {
        for (seed, keys) in [(1, 1), (2, 3), (3, 50), (4, 2000)] {
            let (mut rng, mut recency, mut stack) = (Rng::new(seed), Recency::default(), Stack::default());
            let mut known = 0;
            for _ in 0..20_000 {
                let key = (rng.below(keys) as u32).min(known);
                known = known.max(key + 1);
                assert_eq!(recency.touch(key), stack.touch(key), "seed {seed}");
            }
            assert!(recency.tree.len() <= (2 * known as usize).max(SLOTS_MIN) + 1, "{}", recency.tree.len());
        }
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let (mut rng, mut recency, mut stack) = (Rng::new(5), Recency::default(), Stack::default());
        (0..300).for_each(|key| _ = (recency.touch(key), stack.touch(key)));
        for _ in 0..5000 {
            let key = rng.below(300) as u32;
            assert_eq!(recency.touch(key), stack.touch(key));
        }
        recency.retain(|key| key % 3 == 0);
        stack.0.retain(|key| key % 3 == 0);
        stack.0.iter_mut().for_each(|key| *key /= 3);
        assert_eq!(recency.touch(100), None);
        assert_eq!(stack.touch(100), None);
        for _ in 0..5000 {
            let key = rng.below(101) as u32;
            assert_eq!(recency.touch(key), stack.touch(key));
        }
    }
}
