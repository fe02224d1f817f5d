//! `waves(records)`: grows to `records` by inserts, shrinks to a tenth by removes, again and again. Every key is new, and
//! the oldest goes first, so that two counters are all the memory it needs.

use super::{Keys, Kind, Loads, Mix, Rng, Row, term};

pub(super) const ROW: Row = Row {
    term: term("waves", "inserts up to the records, removes down to a tenth, over and over; the oldest go first", ""),
    loads: Loads::Nothing,
    scans: false,
    start: |inputs| Ok(Box::new(Waves { crest: inputs.records, created: 0, removed: 0, rising: true })),
};

struct Waves {
    crest: u64,
    created: u64,
    removed: u64,
    rising: bool,
}

impl Mix for Waves {
    fn next(&mut self, keys: &mut dyn Keys, _: &mut Rng) -> (Kind, u64) {
        if self.rising {
            self.created += 1;
            self.rising = self.created - self.removed < self.crest;
            (Kind::Put, keys.nth(self.created - 1))
        } else {
            self.removed += 1;
            self.rising = self.created - self.removed == self.crest / 10;
            (Kind::Remove, keys.nth(self.removed - 1))
        }
    }
}
