//! `sequential`: keys count up, and operations go over the records from the oldest to the newest, again and again.

use super::{Keys, Rng, Row, Term};

pub(super) const ROW: Row = Row {
    term: Term::plain("sequential", "keys 0, 1, 2, ..; operations visit the records in that order, over and over", ""),
    start: |_| Box::new(Sequential(Cycle::default())),
};

struct Sequential(Cycle);

impl Keys for Sequential {
    fn nth(&self, i: u64) -> u64 {
        i
    }

    fn draw(&mut self, _: &mut Rng, n: u64) -> u64 {
        self.0.draw(n)
    }
}

/// 0, 1, 2, .. and back to 0 at `n`.
#[derive(Debug, Default)]
pub(super) struct Cycle {
    next: u64,
}

impl Cycle {
    pub(super) fn draw(&mut self, n: u64) -> u64 {
        let rank = if self.next < n { self.next } else { 0 };
        self.next = rank + 1;
        rank
    }
}
