//! What operations take when the machine does nothing else: the least over the repetitions.
//!
//! Every repetition of a cell does the same operations in the same order, and what the machine adds to one is never less
//! than nothing (J. Chen, J. Revels, "Robust benchmarking in noisy environments", 2016, of whole benchmarks).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Cell, LatencyHistogram};

/// Operations of a block: the bare loop reads the clock after so many, and the least of a block is that of all of them.
pub const BLOCK_OPS: usize = 64;

/// After so many repetitions the least are recorded; after the last one, too. The least of more is less: figures are
/// held against each other at the largest number that both have.
pub const CHECKPOINTS: [u32; 5] = [3, 5, 8, 10, 15];

/// A step of the clock where it is coarse, on some virtual machines (docs/METHODOLOGY.md, Times), in nanoseconds: single
/// operations that differ by it took as long.
pub const CLOCK_STEP_NS: u64 = 10;

/// Fewer repetitions than this don't tell the map's time from the machine's.
pub const UNDISTURBED_MIN: u32 = CHECKPOINTS[0];

/// The least over the first repetitions of a cell's time pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undisturbed {
    /// How many repetitions; at least [`UNDISTURBED_MIN`].
    pub repetitions: u32,
    /// The sum of what each block of [`BLOCK_OPS`] operations took at the least without a clock between them, in
    /// nanoseconds.
    pub blocks_ns: u64,
    /// What each operation took at the least, by kind and cause; empty for more than 2^24 operations.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub histograms: Vec<LatencyHistogram>,
}

/// What the machine did during each repetition's process, in their order; a list is empty where nobody could see it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sensors {
    /// How often the process had to give its processor up to another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub involuntary_switches: Vec<u64>,
    /// Time that the hypervisor gave all processors of this machine to others meanwhile, in milliseconds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stolen_ms: Vec<u64>,
    /// Frequency of the processor it ran on, in MHz, at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mhz: Vec<f64>,
    /// Processes that ran or wanted to, this run's own among them, on average over the last minute.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<f64>,
}

impl Sensors {
    /// The second one's repetitions after the first one's; a list that one lacks is empty.
    pub fn join(first: &Sensors, second: &Sensors) -> Sensors {
        fn both<T: Clone>(first: &[T], second: &[T]) -> Vec<T> {
            if first.is_empty() || second.is_empty() { Vec::new() } else { [first, second].concat() }
        }
        Sensors {
            involuntary_switches: both(&first.involuntary_switches, &second.involuntary_switches),
            stolen_ms: both(&first.stolen_ms, &second.stolen_ms),
            mhz: both(&first.mhz, &second.mhz),
            load: both(&first.load, &second.load),
        }
    }
}

/// Two cells that are held against each other, with the least over no more repetitions than both have figures after: the
/// least of more is less.
pub fn at_equal_repetitions<'a>(before: &'a Cell, after: &'a Cell) -> [Cow<'a, Cell>; 2] {
    let of = |cell: &'a Cell| cell.time.iter().flat_map(|time| &time.undisturbed).map(|least| least.repetitions);
    let most = of(before).filter(|number| of(after).any(|other| other == *number)).max().unwrap_or(0);
    [before, after].map(|cell| {
        if of(cell).max().unwrap_or(0) == most {
            return Cow::Borrowed(cell);
        }
        let mut fewer = cell.clone();
        fewer.time.iter_mut().for_each(|time| time.undisturbed.retain(|least| least.repetitions <= most));
        Cow::Owned(fewer)
    })
}
