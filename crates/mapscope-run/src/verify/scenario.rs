//! Random work for a map, made to reach its corners: it grows through every size, churns at one, is read, overwritten,
//! emptied one by one and all at once, and starts again.

use crate::engines::go::{Kind, Op};
use crate::workload::Rng;

/// What a map is asked to do, from a seed.
#[derive(Debug, Clone)]
pub struct Scenario {
    rng: Rng,
    /// Keys are below this.
    keys: u64,
    /// Whether iterations are among the operations, and drops of all entries.
    ranges: bool,
    clears: bool,
    /// Live keys, in no order, and where each is in that list.
    live: Vec<u64>,
    place: Vec<u32>,
    /// The most live keys there have been.
    most: usize,
    phase: Phase,
    left: u64,
}

/// What is done for a while.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Mostly new keys.
    Grow,
    /// As many inserts as removes.
    Churn,
    /// Mostly removes.
    Shrink,
    /// Puts of live keys.
    Overwrite,
    /// Lookups, of live keys and others.
    Read,
    /// Removes until nothing is left, and a drop of all entries where none is: it meets what removes leave behind.
    Drain,
}

const PHASES: [Phase; 8] =
    [Phase::Grow, Phase::Grow, Phase::Churn, Phase::Churn, Phase::Shrink, Phase::Overwrite, Phase::Read, Phase::Drain];

const ABSENT: u32 = u32::MAX;

/// The entries of the smallest map, full.
const GROUP: usize = 8;

impl Scenario {
    /// Work over at most `keys` different keys.
    pub fn new(seed: u64, keys: u32, ranges: bool, clears: bool) -> Scenario {
        let place = vec![ABSENT; keys as usize];
        let (rng, keys) = (Rng::new(seed), u64::from(keys));
        Scenario { rng, keys, ranges, clears, live: Vec::new(), place, most: 0, phase: Phase::Grow, left: 1 }
    }

    /// The next operation.
    pub fn next_op(&mut self) -> Op {
        if self.left == 0 {
            self.begin_phase();
        }
        self.left -= 1;
        // A map is never again as small as one that has grown to this.
        if (self.live.len(), self.most) == (GROUP, GROUP) && self.rng.below(4) != 0 {
            return self.overwrite();
        }
        match self.rng.below(20_000) {
            0 if self.clears => return self.clear(),
            // A range costs as much as the map is large.
            1..20 if self.ranges => return self.op(Kind::Range, 0),
            _ => {}
        }
        let share = self.rng.below(100);
        match self.phase {
            Phase::Grow if share < 85 => self.insert(),
            Phase::Grow => self.mixed(share),
            Phase::Churn if share < 45 => self.insert(),
            Phase::Churn if share < 90 => self.remove(),
            Phase::Churn => self.mixed(share),
            Phase::Shrink if share < 85 => self.remove(),
            Phase::Shrink => self.mixed(share),
            Phase::Overwrite if share < 80 => self.overwrite(),
            Phase::Overwrite => self.mixed(share),
            Phase::Read => self.get(),
            Phase::Drain => match self.some_live() {
                Some(key) => self.take(key),
                None if self.clears => self.clear(),
                None => self.get(),
            },
        }
    }

    fn begin_phase(&mut self) {
        self.phase = PHASES[self.rng.below(PHASES.len() as u64) as usize];
        // Lengths over several magnitudes, so that small maps and large ones come about.
        let magnitude = self.rng.below(self.keys.max(2).ilog2().into()) + 1;
        self.left = self.rng.below(2 << magnitude) + 1;
        let live = self.live.len() as u64;
        match self.phase {
            _ if live * 8 > self.keys * 7 => self.phase = Phase::Shrink,
            // A large map takes long to drain, and long to come about.
            Phase::Drain if live * 4 > self.keys => self.phase = Phase::Shrink,
            Phase::Drain => self.left = live + 1,
            // Long enough for the slots that removes leave behind to fill the table.
            Phase::Churn => self.left = self.left.max((8 * live).min(self.keys)),
            _ => {}
        }
    }

    fn mixed(&mut self, share: u64) -> Op {
        match share % 4 {
            0 => self.insert(),
            1 => self.remove(),
            2 => self.overwrite(),
            _ => self.get(),
        }
    }

    /// A recording has no values: they are made of the keys.
    fn op(&self, kind: Kind, key: u64) -> Op {
        Op { kind, key, value: key, value_bytes: 0 }
    }

    fn insert(&mut self) -> Op {
        let key = self.rng.below(self.keys);
        if self.place[key as usize] == ABSENT {
            self.place[key as usize] = self.live.len() as u32;
            self.live.push(key);
            self.most = self.most.max(self.live.len());
        }
        self.op(Kind::Put, key)
    }

    /// Of a live key, but for one in sixteen.
    fn remove(&mut self) -> Op {
        let Some(key) = self.some_live() else { return self.insert() };
        if self.rng.below(16) == 0 {
            let key = self.rng.below(self.keys);
            return self.take(key);
        }
        self.take(key)
    }

    fn take(&mut self, key: u64) -> Op {
        let place = std::mem::replace(&mut self.place[key as usize], ABSENT);
        if place != ABSENT {
            self.live.swap_remove(place as usize);
            if let Some(&moved) = self.live.get(place as usize) {
                self.place[moved as usize] = place;
            }
        }
        self.op(Kind::Remove, key)
    }

    fn overwrite(&mut self) -> Op {
        match self.some_live() {
            Some(key) => self.op(Kind::Put, key),
            None => self.insert(),
        }
    }

    fn get(&mut self) -> Op {
        let any = self.rng.below(self.keys);
        let live = self.some_live().filter(|_| !any.is_multiple_of(3));
        self.op(Kind::Get, live.unwrap_or(any))
    }

    fn clear(&mut self) -> Op {
        self.live.clear();
        self.place.fill(ABSENT);
        self.op(Kind::Clear, 0)
    }

    fn some_live(&mut self) -> Option<u64> {
        let n = self.live.len() as u64;
        (n > 0).then(|| self.live[self.rng.below(n) as usize])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn equal_seeds_ask_the_same_and_every_corner_is_reached() {
        let (mut a, mut b) = (Scenario::new(7, 5000, true, true), Scenario::new(7, 5000, true, true));
        let (mut live, mut seen, mut most, mut emptied) = (HashSet::new(), [0; 5], 0, 0);
        let mut cleared_empty = 0;
        for _ in 0..200_000 {
            let op = a.next_op();
            assert_eq!(op, b.next_op());
            seen[op.kind as usize] += 1;
            match op.kind {
                Kind::Put => _ = live.insert(op.key),
                Kind::Remove => emptied += u32::from(live.remove(&op.key) && live.is_empty()),
                Kind::Clear => {
                    cleared_empty += u32::from(live.is_empty());
                    live.clear();
                }
                Kind::Get | Kind::Range => {}
            }
            most = most.max(live.len());
            assert!(op.key < 5000);
        }
        assert!(seen.iter().all(|&n| n > 3), "{seen:?}");
        assert!(most > 3000, "at most {most} live keys");
        assert_eq!(live.len(), a.live.len());
        assert!(emptied > 10, "emptied one by one {emptied} times");
        assert!(cleared_empty > 10, "cleared {cleared_empty} times while empty");
    }
}
