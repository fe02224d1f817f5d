//! The keys of a trace: how often each is used, how soon again, and whether it is there.

use std::collections::HashMap;

use super::popularity::{Popularity, Split};
use super::recency::Recency;
use super::{Reuse, Uses};
use crate::workload::{Rng, Scramble};

/// What is known of the keys that are followed.
pub(super) struct Keys {
    /// By identity: the number of a key, in order of their coming.
    numbers: HashMap<u64, u32, foldhash::fast::FixedState>,
    known: Vec<Known>,
    recency: Recency,
    /// By reuse distance among the keys followed: how many uses have it.
    distances: Vec<u64>,
    /// Clears so far, and 1.
    era: u32,
    live: u64,
    largest: u64,
    /// Puts, gets and removes that didn't find their key.
    missed: [u64; 3],
    /// Of all keys, followed or not.
    uses: u64,
    keys_max: usize,
    /// One in 2 to this power is followed.
    halvings: u32,
    coins: Rng,
}

/// A key.
#[derive(Clone, Copy, Default)]
struct Known {
    uses: Split,
    /// The era in which it was put, where it is there.
    put_in: u32,
}

impl Keys {
    pub fn new(keys_max: usize) -> Keys {
        Keys {
            numbers: HashMap::default(),
            known: Vec::new(),
            recency: Recency::default(),
            distances: Vec::new(),
            era: 1,
            live: 0,
            largest: 0,
            missed: [0; 3],
            uses: 0,
            keys_max,
            halvings: 0,
            coins: Rng::new(0),
        }
    }

    /// A put, which may belong to the use before it.
    pub fn put(&mut self, key: u64, is_use: bool) {
        let number = if is_use { self.used(key) } else { self.numbers.get(&key).copied() };
        if let Some(number) = number.filter(|&number| !self.is_there(number)) {
            self.missed[0] += self.one_in();
            self.known[number as usize].put_in = self.era;
            self.live += 1;
            self.largest = self.largest.max(self.live());
        }
    }

    pub fn get(&mut self, key: u64) {
        if self.used(key).is_some_and(|number| !self.is_there(number)) {
            self.missed[1] += self.one_in();
        }
    }

    pub fn remove(&mut self, key: u64) {
        let Some(number) = self.used(key) else { return };
        if self.is_there(number) {
            self.known[number as usize].put_in = 0;
            self.live -= 1;
        } else {
            self.missed[2] += self.one_in();
        }
    }

    pub fn clear(&mut self) {
        self.era += 1;
        self.live = 0;
    }

    fn is_there(&self, number: u32) -> bool {
        self.known[number as usize].put_in == self.era
    }

    /// Counts a use; the key's number, where it is followed.
    fn used(&mut self, key: u64) -> Option<u32> {
        self.uses += 1;
        while self.known.len() == self.keys_max && follows(key, self.halvings) && !self.numbers.contains_key(&key) {
            self.halve();
        }
        if !follows(key, self.halvings) {
            return None;
        }
        let next = self.known.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.known.push(Known::default());
        }
        let first = self.coins.bits() & 1 == 0;
        self.known[number as usize].uses.add(first);
        if let Some(distance) = self.recency.touch(number) {
            let distance = distance as usize;
            if distance >= self.distances.len() {
                self.distances.resize(distance + 1, 0);
            }
            self.distances[distance] += self.one_in();
        }
        Some(number)
    }

    /// Forgets half of the keys.
    fn halve(&mut self) {
        self.halvings += 1;
        let mut kept = vec![false; self.known.len()];
        for (&key, &number) in &self.numbers {
            kept[number as usize] = follows(key, self.halvings);
        }
        let mut next = 0;
        let renumbered: Vec<u32> = kept.iter().map(|&kept| (next, next += u32::from(kept)).0).collect();
        self.numbers.retain(|_, number| {
            let was = *number as usize;
            *number = renumbered[was];
            kept[was]
        });
        self.recency.retain(|key| kept[key as usize]);
        let mut kept = kept.into_iter();
        self.known.retain(|_| kept.next().unwrap_or_default());
        self.live = self.known.iter().filter(|key| key.put_in == self.era).count() as u64;
        // A distance among the keys followed stands for twice as many others now.
        let halved = self.distances.chunks(2).map(|pair| pair.iter().sum()).collect();
        self.distances = halved;
    }

    /// One in so many keys is followed.
    pub fn one_in(&self) -> u64 {
        1 << self.halvings
    }

    /// Entries that are there.
    pub fn live(&self) -> u64 {
        self.live << self.halvings
    }

    /// The most that there were.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// Puts, gets and removes that didn't find their key.
    pub fn missed(&self) -> [u64; 3] {
        self.missed
    }

    pub fn uses(&self) -> Uses {
        let once = self.known.iter().filter(|key| key.uses.all() == 1).count() as u64;
        let distinct = (self.known.len() as u64) << self.halvings;
        Uses { distinct, used_once: once << self.halvings, uses: self.uses }
    }

    pub fn popularity(&self) -> Popularity {
        Popularity::new(self.known.iter().map(|key| key.uses).collect(), self.one_in())
    }

    /// `None` where no key was used twice.
    pub fn reuse(mut self) -> Option<Reuse> {
        let uses = self.uses.saturating_sub(self.uses().distinct);
        self.settle(uses);
        let percentile = |percent: u128| {
            let rank = (u128::from(uses) * percent).div_ceil(100);
            let mut sum = 0;
            let reached = self.distances.iter().position(|&uses| {
                sum += u128::from(uses);
                sum >= rank
            });
            reached.map_or(0, |distance| (distance as u64) << self.halvings)
        };
        (uses > 0).then(|| Reuse {
            uses,
            p50: percentile(50),
            p90: percentile(90),
            p99: percentile(99),
            max: percentile(100),
        })
    }

    /// Makes the distances those of so many uses. A few hot keys, followed or not, are most of what an estimate is off by, and
    /// their distances are the shortest: what is missing or too many is there (SHARDS-adj in the paper).
    fn settle(&mut self, uses: u64) {
        let counted: u64 = self.distances.iter().sum();
        if self.distances.is_empty() {
            self.distances.push(0);
        }
        self.distances[0] += uses.saturating_sub(counted);
        let mut surplus = counted.saturating_sub(uses);
        for distance in &mut self.distances {
            let less = surplus.min(*distance);
            *distance -= less;
            surplus -= less;
        }
    }
}

/// Whether a key is among the one in 2 to this power that are followed.
fn follows(key: u64, halvings: u32) -> bool {
    Scramble::new(0).at(key).leading_zeros() >= halvings
}
