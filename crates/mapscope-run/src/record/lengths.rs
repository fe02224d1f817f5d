//! How long keys or values are whose lengths come with the operations.

use serde::{Deserialize, Serialize};

/// The lengths that measured puts brought, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// How many puts.
    pub puts: u64,
    /// The mean.
    pub mean_bytes: f64,
    /// The least that half of them don't exceed.
    pub p50_bytes: u32,
    /// The least that 99 in 100 don't exceed.
    pub p99_bytes: u32,
    /// The greatest.
    pub max_bytes: u32,
    /// How many are longer than the trace says: what is shorter could not be told from others.
    pub lengthened: u64,
}

impl Lengths {
    /// What can't be, in words.
    pub(super) fn check(&self) -> Result<(), String> {
        let Lengths { puts, mean_bytes, p50_bytes, p99_bytes, max_bytes, lengthened } = *self;
        let is_so = p50_bytes <= p99_bytes
            && p99_bytes <= max_bytes
            && (0.0..=f64::from(max_bytes)).contains(&mean_bytes)
            && (1..=puts).contains(&puts)
            && lengthened <= puts;
        if is_so { Ok(()) } else { Err(format!("lengths that can't be: {self:?}")) }
    }
}
