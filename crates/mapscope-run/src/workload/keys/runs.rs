//! `runs(share,descending,appended,theta)`: random keys, of which a fraction `share` come in runs, as blocks of files and
//! addresses of memory do: each the neighbour of the one before it.
//!
//! ```text
//! 0        |  random keys  |   up   | down  |        on top        |  2^bits
//!             . .  .  . .    ... ...  ... ...  .........
//! ```
//!
//! A run counts up, or, of a fraction `descending` of the keys in runs, down. Both are of [`RUN`] keys and begin in random
//! places. A fraction `appended` of the keys in runs is in a single one, which counts up above all other keys, as serial
//! numbers and times do. Keys of all kinds come in turn, in proportion.
//!
//! Operations address the record of rank r in proportion to 1 / (r + 1)^theta, and all of them alike where theta is 0.
//!
//! Each kind has a quarter of the numbers, or a half on top, which is enough for 10^9 records where keys have 32 bits. Keys
//! of fewer bits leave no room for runs, and all are random.

use super::zipfian::Sampler;
use super::{Keys, Rng, Row, Term};
use crate::plan::{Param, Range};
use crate::workload::rng::Scramble;

/// The keys of a run.
const RUN: u64 = 1 << RUN_BITS;
const RUN_BITS: u32 = 6;
/// As many bits have room for runs.
const BITS_MIN: u32 = 32;

const fn fraction(name: &'static str, summary: &'static str, default: f64) -> Param {
    let range = Range { min: 0.0, max: 1.0, above_min: false, below_max: false, integer: false };
    Param::number(name, summary, range, Some(default))
}

pub(super) const ROW: Row = Row {
    term: Term {
        name: "runs",
        summary: "random keys, of which a share come in order: runs of 64 up or down, or above all others",
        source: "",
        params: &[
            fraction("share", "fraction of the keys that come in runs", 0.5),
            fraction("descending", "fraction of these whose runs count down", 0.0),
            fraction(
                "appended",
                "fraction of these that count up above all other keys; with descending at most 1",
                0.0,
            ),
            Param::number(
                "theta",
                "skew: the record of rank r is drawn proportionally to 1 / (r + 1)^theta; 0 for none",
                Range { min: 0.0, max: 8.0, above_min: false, below_max: false, integer: false },
                Some(0.0),
            ),
        ],
        named: true,
        file: false,
        needs_arguments: false,
    },
    start: |inputs| {
        let [share, descending, appended, theta] =
            ["share", "descending", "appended", "theta"].map(|name| inputs.args.real(name));
        let share = if inputs.bits < BITS_MIN { 0.0 } else { share };
        let part = if inputs.bits < BITS_MIN { inputs.bits } else { inputs.bits - 2 };
        // Of those that are not on top.
        let descending = if appended < 1.0 { (descending / (1.0 - appended)).min(1.0) } else { 0.0 };
        let scramble = |seed: u64, bits: u32| Scramble::new(seed).within(bits);
        Box::new(Runs {
            share: Fraction(share),
            appended: Fraction(appended),
            descending: Fraction(descending),
            part,
            random: scramble(inputs.seed, part),
            places: scramble(!inputs.seed, part.saturating_sub(RUN_BITS + 1).max(1)),
            ranks: (theta > 0.0).then(|| Sampler::new(theta)),
        })
    },
};

struct Runs {
    share: Fraction,
    appended: Fraction,
    descending: Fraction,
    /// The bits of a quarter.
    part: u32,
    random: Scramble,
    /// Of runs.
    places: Scramble,
    ranks: Option<Sampler>,
}

/// A fraction of the numbers from 0 on, spread evenly.
#[derive(Debug, Clone, Copy)]
struct Fraction(f64);

impl Fraction {
    /// How many of the numbers below `i` are in it.
    fn below(self, i: u64) -> u64 {
        // A whole is exact however large.
        if self.0 == 1.0 { i } else { (i as f64 * self.0) as u64 }
    }

    /// The number's place among those that are in it, or else among the others.
    fn split(self, i: u64) -> Result<u64, u64> {
        let below = self.below(i);
        if self.below(i + 1) > below { Ok(below) } else { Err(i - below) }
    }
}

impl Runs {
    /// The key of a run's place.
    fn at(&self, place: u64, offset: u64) -> u64 {
        self.places.at(place) << RUN_BITS | offset
    }
}

impl Keys for Runs {
    fn nth(&self, i: u64) -> u64 {
        let i = match self.share.split(i) {
            Err(random) => return self.random.at(random),
            Ok(i) => i,
        };
        let i = match self.appended.split(i) {
            Ok(top) => return (2 << self.part) + top,
            Err(i) => i,
        };
        // Half of the quarter's places are for each.
        let half = 1 << (self.part - 1);
        (1 << self.part)
            + match self.descending.split(i) {
                Err(up) => self.at(up / RUN, up % RUN),
                Ok(down) => half + self.at(down / RUN, RUN - 1 - down % RUN),
            }
    }

    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64 {
        match &mut self.ranks {
            Some(ranks) => ranks.draw(rng, n),
            None => rng.below(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ops::Range;

    use super::*;
    use crate::plan::Call;
    use crate::workload::args::Args;
    use crate::workload::keys::Inputs;

    fn started(call: &str, bits: u32) -> Box<dyn Keys> {
        let call = Call::parse(call, "key distribution", &[ROW.term]).unwrap();
        (ROW.start)(&Inputs { args: Args::new(&ROW.term, &call).unwrap(), seed: 3, bits, file: None })
    }

    fn first(call: &str, bits: u32, n: u64) -> Vec<u64> {
        let keys = started(call, bits);
        (0..n).map(|i| keys.nth(i)).collect()
    }

    #[test]
    fn keys_differ_and_fit_whatever_their_kinds() {
        for bits in [16, 31, 32, 33, 63, 64] {
            for call in [
                "runs",
                "runs(share=0)",
                "runs(share=1)",
                "runs(share=0.9,descending=1)",
                "runs(share=1,appended=1)",
                "runs(share=0.7,descending=0.3,appended=0.4)",
                "runs(share=1,descending=0.9,appended=0.9)",
            ] {
                let keys = first(call, bits, 50_000);
                assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "{call}, {bits} bits");
                assert!(
                    keys.iter().all(|key| key.checked_shr(bits).is_none_or(|beyond| beyond == 0)),
                    "{call}, {bits}"
                );
            }
        }
    }

    #[test]
    fn as_many_keys_are_in_order_as_were_asked_for() {
        // The keys of a kind, and those that are neighbours of the one before them.
        let steps = |eighths: Range<u64>, step: u64| {
            let keys = first("runs(share=0.75,descending=0.2,appended=0.3)", 64, 64_000);
            let keys: Vec<u64> = keys.into_iter().filter(|key| eighths.contains(&(key >> 61))).collect();
            (keys.len(), keys.windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(step)).count())
        };
        assert_eq!(steps(0..2, 1), (16_000, 0), "random");
        assert_eq!(steps(2..3, 1), (24_000, 24_000 - 24_000 / 64), "up");
        assert_eq!(steps(3..4, u64::MAX), (9_600, 9_600 - 9_600 / 64), "down");
        assert_eq!(steps(4..8, 1), (14_400, 14_399), "on top");
        assert!(first("runs(share=1,appended=1)", 64, 100).is_sorted());
    }

    #[test]
    fn skew_is_that_of_theta() {
        let oldest = |call: &str| {
            let (mut keys, mut rng) = (started(call, 64), Rng::new(1));
            (0..100_000).filter(|_| keys.draw(&mut rng, 10) == 0).count()
        };
        assert!(oldest("runs").abs_diff(10_000) < 400);
        // 1 in 1 + 1/2 + .. + 1/10.
        assert!(oldest("runs(theta=1)").abs_diff(34_142) < 600);
    }
}
