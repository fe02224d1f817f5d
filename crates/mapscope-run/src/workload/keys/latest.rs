//! `latest`: the newer a record, the hotter (YCSB's `SkewedLatestGenerator`): a Zipfian draw with theta 0.99, counted
//! back from the newest. Keys count up, as serial numbers and timestamps do.

use super::zipfian::Sampler;
use super::{Keys, Rng, Row, Term};

pub(super) const ROW: Row = Row {
    term: Term::plain(
        "latest",
        "keys 0, 1, 2, ..; the newer the record, the hotter (zipfian, theta 0.99)",
        "YCSB, SkewedLatestGenerator",
    ),
    start: |_| Box::new(Latest { age: Sampler::new(0.99) }),
};

struct Latest {
    age: Sampler,
}

impl Keys for Latest {
    fn nth(&self, i: u64) -> u64 {
        i
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        n - 1 - self.age.draw(rng, n)
    }
}
