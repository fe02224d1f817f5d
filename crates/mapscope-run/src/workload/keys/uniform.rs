//! `uniform`: random keys, all distinct, each as likely as any other.

use super::{Keys, Rng, Row, Term};
use crate::workload::rng::Scramble;

pub(super) const ROW: Row = Row {
    term: Term::plain(
        "uniform",
        "distinct random keys of 64 bits, or as many as a key has; every record equally likely",
        "",
    ),
    start: |inputs| Box::new(Uniform { keys: Scramble::new(inputs.seed).within(inputs.bits) }),
};

struct Uniform {
    keys: Scramble,
}

impl Keys for Uniform {
    fn nth(&self, i: u64) -> u64 {
        self.keys.at(i)
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        rng.below(n)
    }
}
