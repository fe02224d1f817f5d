//! How long the map's searches are while the count pass goes on. At the end alone they can look short: a table in which
//! entries cluster is at its worst when it is full, and the growth that follows spreads them.

use crate::record::{OpKind, Searches};
use crate::subject::{Look, Seen};

/// Pieces of equal length that the operations are cut into; each end is looked at.
const PIECES: u64 = 8;
/// Fewer entries than these are too few for a mean.
const ENTRIES_MIN: usize = 64;

/// Looks at a map now and then: at the end of each piece but the last, and at the first moment when it is full that finds it
/// twice as large as the one before. All looks together visit some ten times the entries that there are in the end.
pub(super) struct Looks {
    found: Vec<Searches>,
    ops: u64,
    of: u64,
    /// When the next piece ends.
    next: u64,
    /// A smaller map is not looked at for being full.
    capacity_min: usize,
    /// Inserts that can't fill it.
    room: usize,
}

impl Looks {
    /// At a map that so many operations will be measured on.
    pub fn new(ops: u64) -> Looks {
        Looks { found: Vec::new(), ops: 0, of: ops, next: ops.div_ceil(PIECES), capacity_min: ENTRIES_MIN, room: 0 }
    }

    /// After an operation.
    #[inline]
    pub fn add(&mut self, seen: &Seen, map: &mut dyn Look) {
        self.ops += 1;
        let may_be_full = self.may_be_full(seen);
        let ends_piece = self.ops == self.next;
        if may_be_full || ends_piece {
            self.look_at(ends_piece, may_be_full, map);
        }
    }

    #[cold]
    fn look_at(&mut self, ends_piece: bool, may_be_full: bool, map: &mut dyn Look) {
        if ends_piece {
            self.next += self.of.div_ceil(PIECES);
        }
        if ends_piece && self.ops < self.of {
            self.look(map);
        } else if may_be_full && let Some(capacity) = map.capacity() {
            let entries = map.len();
            self.room = capacity.max(self.capacity_min).saturating_sub(entries);
            if entries >= capacity && capacity >= self.capacity_min {
                self.capacity_min = 2 * capacity;
                self.look(map);
            }
        }
    }

    /// Whether an insert may have filled it up: asking costs a map of many tables more than the insert. An insert takes up
    /// the room of one entry, and a remove none, unless memory is allocated or freed.
    #[inline]
    fn may_be_full(&mut self, seen: &Seen) -> bool {
        if seen.work.allocs.count > 0 || seen.work.frees.is_none_or(|frees| frees.count > 0) {
            self.room = 0;
        }
        if seen.kind != OpKind::Insert {
            return false;
        }
        self.room = self.room.saturating_sub(1);
        self.room == 0
    }

    fn look(&mut self, map: &mut dyn Look) {
        let entries = map.len();
        if entries < ENTRIES_MIN {
            return;
        }
        let (hit_probes, hit_groups) = map.hit_lookups();
        if hit_probes.or(hit_groups).is_some() {
            self.found.push(Searches { ops: self.ops, entries: entries as u64, hit_probes, hit_groups });
        }
    }

    /// In order.
    pub fn found(self) -> Vec<Searches> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::Structure;
    use crate::probe::event::Cause;
    use crate::probe::heap::Allocs;
    use crate::subject::{Frees, Handed, Work};

    /// A table that doubles when it is full, and in which each third remove leaves a tombstone.
    #[derive(Default)]
    struct Doubling {
        entries: usize,
        capacity: usize,
        removes: usize,
        asked: usize,
    }

    impl Look for Doubling {
        fn len(&mut self) -> usize {
            self.entries
        }
        fn capacity(&mut self) -> Option<usize> {
            self.asked += 1;
            Some(self.capacity)
        }
        fn structure(&mut self) -> Structure {
            Structure { hit_probes: Some(self.entries as u64), ..Structure::default() }
        }
        fn held_bytes(&self) -> u64 {
            0
        }
        fn take_recent_peak_bytes(&mut self) -> u64 {
            0
        }
    }

    impl Doubling {
        fn work(&mut self, kind: OpKind) -> Seen {
            let mut allocs = Allocs::default();
            if kind == OpKind::Remove {
                self.entries -= 1;
                self.removes += 1;
                self.capacity -= usize::from(self.removes.is_multiple_of(3));
            } else {
                if self.entries == self.capacity {
                    self.capacity = (2 * self.capacity).max(7);
                    allocs = Allocs { count: 1, bytes: 100 };
                }
                self.entries += 1;
            }
            let work = Work { allocs, frees: Some(Frees::default()), ..Work::default() };
            Seen {
                kind,
                hit: kind == OpKind::Remove,
                scanned: 0,
                cause: Cause::Steady,
                work,
                handed: Handed::default(),
            }
        }
    }

    #[test]
    fn no_moment_at_which_the_map_is_full_is_missed_though_it_is_asked_seldom() {
        for (ops, remove_every) in (900..1100).zip([4, 7, 1000].into_iter().cycle()) {
            let (mut map, mut looks) = (Doubling::default(), Looks::new(ops));
            // Who asks after every insert.
            let (mut capacity_min, mut expected) = (ENTRIES_MIN, Vec::new());
            for op in 1..=ops {
                let kind = if op % remove_every == 0 { OpKind::Remove } else { OpKind::Insert };
                let seen = map.work(kind);
                looks.add(&seen, &mut map);
                if op % ops.div_ceil(PIECES) == 0 && op < ops {
                    expected.extend((map.entries >= ENTRIES_MIN).then_some(op));
                } else if kind == OpKind::Insert && map.capacity >= capacity_min && map.entries >= map.capacity {
                    capacity_min = 2 * map.capacity;
                    expected.push(op);
                }
            }
            let found: Vec<u64> = looks.found().iter().map(|searches| searches.ops).collect();
            assert_eq!(found, expected, "{ops} operations, each {remove_every}th a remove");
            assert!(map.asked < ops as usize / 4, "asked {} times in {ops} operations", map.asked);
        }
    }
}
