//! What callers wait at a rate of arrival: worked out from the time of each operation, not measured.

use serde::{Deserialize, Serialize};

/// The highest rate of arrival, per second: one a nanosecond.
pub const RATE_MAX_PER_S: u64 = 1_000_000_000;

/// How callers arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Independently of each other: times between arrivals are exponentially distributed.
    Poisson,
    /// At equal intervals.
    Paced,
}

impl Arrivals {
    /// Both.
    pub const ALL: [Arrivals; 2] = [Arrivals::Poisson, Arrivals::Paced];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Arrivals::Poisson => "poisson",
            Arrivals::Paced => "paced",
        }
    }
}
