//! How long the map's searches are while the count pass goes on. At the end alone they can look short: a table in which
//! entries cluster is at its worst when it is full, and the growth that follows spreads them.

use crate::maps::Structure;
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
}

impl Looks {
    /// At a map that so many operations will be measured on.
    pub fn new(ops: u64) -> Looks {
        Looks { found: Vec::new(), ops: 0, of: ops, next: ops.div_ceil(PIECES), capacity_min: ENTRIES_MIN }
    }

    /// After an operation.
    pub fn add(&mut self, seen: &Seen, map: &mut dyn Look) {
        self.ops += 1;
        let ends_piece = self.ops == self.next;
        if ends_piece {
            self.next += self.of.div_ceil(PIECES);
        }
        if ends_piece && self.ops < self.of {
            self.look(map);
        } else if seen.kind == OpKind::Insert
            && let Some(capacity) = map.capacity().filter(|&capacity| capacity >= self.capacity_min)
            && map.len() >= capacity
        {
            self.capacity_min = 2 * capacity;
            self.look(map);
        }
    }

    fn look(&mut self, map: &mut dyn Look) {
        let entries = map.len();
        if entries < ENTRIES_MIN {
            return;
        }
        let Structure { hit_probes, hit_groups, .. } = map.structure();
        if hit_probes.or(hit_groups).is_some() {
            self.found.push(Searches { ops: self.ops, entries: entries as u64, hit_probes, hit_groups });
        }
    }

    /// In order.
    pub fn found(self) -> Vec<Searches> {
        self.found
    }
}
