//! `uniform`: random keys, all distinct, each as likely as any other.

use super::{Keys, Rng, Row, Term};
use crate::workload::rng::Scramble;

pub(super) const ROW: Row = Row {
    term: Term::plain("uniform", "distinct random 64-bit keys; every record equally likely", ""),
    start: |inputs| Box::new(Uniform { keys: Scramble::new(inputs.seed) }),
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
