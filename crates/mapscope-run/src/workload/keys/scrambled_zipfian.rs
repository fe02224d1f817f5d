//! `scrambled-zipfian(theta)`: the popularity of `zipfian(theta)`, with hot keys scattered over all of `u64`.
//!
//! Named after YCSB's `ScrambledZipfianGenerator` (Cooper et al., "Benchmarking Cloud Serving Systems with YCSB",
//! SoCC 2010), but not its algorithm: that one always draws from 10^10 items and hashes the result modulo n, so that
//! unrelated items fall together and the popularity is no longer that of theta over n records. Here the ranks are drawn
//! over exactly n records, and it is the key, not the rank, that is scrambled, by a bijection.

use super::zipfian::{Sampler, THETA};
use super::{Keys, Rng, Row, Term};
use crate::workload::rng::Scramble;

pub(super) const ROW: Row = Row {
    term: Term {
        name: "scrambled-zipfian",
        summary: "distinct random 64-bit keys; the popularity of zipfian, hot keys scattered",
        source: "after YCSB (Cooper et al., SoCC 2010), without its fixed item count",
        params: &[THETA],
        named: false,
        file: false,
        needs_arguments: false,
    },
    start: |inputs| {
        let ranks = Sampler::new(inputs.args.real("theta"));
        Box::new(ScrambledZipfian { keys: Scramble::new(inputs.seed).within(inputs.bits), ranks })
    },
};

struct ScrambledZipfian {
    keys: Scramble,
    ranks: Sampler,
}

impl Keys for ScrambledZipfian {
    fn nth(&self, i: u64) -> u64 {
        self.keys.at(i)
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        self.ranks.draw(rng, n)
    }
}
