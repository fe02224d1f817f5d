//! `overwrite(records)`: a population that stays, and every write gives a record of it a new value.

use super::{Keys, Kind, Loads, Mix, Rng, Row, term};

pub(super) const ROW: Row = Row {
    term: term("overwrite", "every operation overwrites one of the records", ""),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ok(Box::new(Overwrite { records: inputs.records })),
};

struct Overwrite {
    records: u64,
}

impl Mix for Overwrite {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        let rank = keys.draw(rng, self.records);
        (Kind::Put, keys.nth(rank))
    }
}
