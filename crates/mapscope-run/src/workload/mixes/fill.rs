//! `fill`: an empty map, and every write is a new key (unless a file of keys repeats one).

use super::{Keys, Kind, Loads, Mix, Rng, Row, Term};

pub(super) const ROW: Row = Row {
    term: Term::plain("fill", "every operation inserts a new key", ""),
    loads: Loads::Nothing,
    scans: false,
    start: |_| Ok(Box::new(Fill { created: 0 })),
};

struct Fill {
    created: u64,
}

impl Mix for Fill {
    fn next(&mut self, keys: &mut dyn Keys, _: &mut Rng) -> (Kind, u64) {
        let key = keys.nth(self.created);
        self.created += 1;
        (Kind::Put, key)
    }
}
