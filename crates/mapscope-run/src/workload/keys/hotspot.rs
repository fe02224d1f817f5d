//! `hotspot(set,share)`: a fraction `set` of the records, the oldest, gets a fraction `share` of the operations; within
//! the hot and the cold records all are equally likely (YCSB's `HotspotIntegerGenerator`). Keys count up.

use super::{Keys, Rng, Row, Term};
use crate::plan::{Param, Range};

const SET: Param = Param::number(
    "set",
    "fraction of the records that are hot",
    Range { min: 0.0, max: 1.0, above_min: true, below_max: true, integer: false },
    Some(0.2),
);

const SHARE: Param = Param::number(
    "share",
    "fraction of the operations that address a hot record",
    Range { min: 0.0, max: 1.0, above_min: false, below_max: false, integer: false },
    Some(0.8),
);

pub(super) const ROW: Row = Row {
    term: Term {
        name: "hotspot",
        summary: "keys 0, 1, 2, ..; a fraction of the records gets a fraction of the operations",
        source: "YCSB, HotspotIntegerGenerator",
        params: &[SET, SHARE],
        named: false,
        file: false,
        needs_arguments: false,
    },
    start: |inputs| Box::new(Hotspot { set: inputs.args.real("set"), share: inputs.args.real("share") }),
};

struct Hotspot {
    set: f64,
    share: f64,
}

impl Keys for Hotspot {
    fn nth(&self, i: u64) -> u64 {
        i
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        if n == 1 {
            return 0;
        }
        // At least one record is hot and one is cold, however few there are.
        let hot = ((n as f64 * self.set) as u64).clamp(1, n - 1);
        if rng.unit() < self.share { rng.below(hot) } else { hot + rng.below(n - hot) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(set: f64, share: f64, n: u64, hot: u64) -> (f64, Vec<u64>) {
        let (mut keys, mut rng) = (Hotspot { set, share }, Rng::new(11));
        let mut counts = vec![0; n as usize];
        for _ in 0..100_000 {
            counts[keys.draw(&mut rng, n) as usize] += 1;
        }
        (counts[..hot as usize].iter().sum::<u64>() as f64 / 100_000.0, counts)
    }

    #[test]
    fn the_hot_set_gets_its_share_evenly() {
        let (share, counts) = shares(0.2, 0.8, 10, 2);
        assert!((share - 0.8).abs() < 0.005, "{share}");
        assert!(counts[..2].iter().all(|&c| c.abs_diff(40_000) < 800), "{counts:?}");
        assert!(counts[2..].iter().all(|&c| c.abs_diff(2_500) < 200), "{counts:?}");
    }

    #[test]
    fn shares_of_none_and_all_are_exact() {
        assert_eq!(shares(0.5, 1.0, 10, 5).0, 1.0);
        assert_eq!(shares(0.5, 0.0, 10, 5).0, 0.0);
    }

    #[test]
    fn few_records_still_have_a_hot_and_a_cold_one() {
        let (share, _) = shares(0.01, 0.9, 2, 1);
        assert!((share - 0.9).abs() < 0.005, "{share}");
        assert_eq!(Hotspot { set: 0.2, share: 0.8 }.draw(&mut Rng::new(0), 1), 0);
    }
}
