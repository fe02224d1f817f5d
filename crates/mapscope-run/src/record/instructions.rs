//! What the processor executed, as Valgrind counted it.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::OpKind;

/// What the instructions pass counted over the measured operations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instructions {
    /// What the figures depend on besides the sources: compiler, profile, flags, C library, Valgrind. Those of another build
    /// are other figures.
    pub build: String,
    /// By kind of operation: all that the loop executed that the time pass times, the map's work and the loop's own.
    pub kinds: BTreeMap<OpKind, Executed>,
    /// The same of the same loop over what does nothing.
    pub idle: BTreeMap<OpKind, Executed>,
}

/// Sums over operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Executed {
    /// Instructions.
    pub instructions: u64,
    /// Conditional branches, and indirect jumps and calls.
    pub branches: u64,
    /// Those that the simulated predictor got wrong.
    pub mispredictions: u64,
    /// Loads and stores that the simulated first-level data cache did not have.
    pub l1_misses: u64,
    /// Those that the simulated last level did not have, either.
    pub ll_misses: u64,
}

impl AddAssign for Executed {
    fn add_assign(&mut self, other: Executed) {
        let Executed { instructions, branches, mispredictions, l1_misses, ll_misses } = self;
        let sums = [
            (instructions, other.instructions),
            (branches, other.branches),
            (mispredictions, other.mispredictions),
            (l1_misses, other.l1_misses),
            (ll_misses, other.ll_misses),
        ];
        sums.into_iter().for_each(|(sum, more)| *sum = sum.saturating_add(more));
    }
}
