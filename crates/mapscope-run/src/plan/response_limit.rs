//! How long callers may wait, and how many of them: `p99.9=100us`.

use serde::{Deserialize, Serialize};

use super::place::Raw;
use crate::text::shown;

/// A limit that a share of the responses keeps. The time pass works out the highest rate of arrival that does so.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct ResponseLimit {
    /// The share of the responses; 1.0 for all of them.
    pub quantile: f64,
    /// What they take at the most, in nanoseconds; at least 1.
    pub limit_ns: u64,
}

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
const UNITS: [(&str, f64); 6] =
    [("ns", 1.0), ("us", 1e3), ("\u{b5}s", 1e3), ("\u{3bc}s", 1e3), ("ms", 1e6), ("s", 1e9)];

/// The longest that a limit can be: a day.
const LIMIT_MAX_NS: f64 = 86_400e9;

pub(super) fn response_limit(raw: &Raw) -> Result<ResponseLimit, String> {
    let form = || {
        let got = shown(&raw.text);
        format!("must be p50, p99, p99.9 or max, = and a time from 1ns to a day, as p99.9=100us or max=2ms, got {got}")
    };
    let (of, time) = raw.text.split_once('=').ok_or_else(form)?;
    let (_, quantile) = QUANTILES.into_iter().find(|(name, _)| *name == of.trim()).ok_or_else(form)?;
    let time = time.trim();
    let digits = time.trim_end_matches(|c: char| c.is_alphabetic());
    let unit = &time[digits.len()..];
    let (_, scale) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(form)?;
    let ns = digits.trim_end().replace('_', "").parse::<f64>().map_err(|_| form())? * scale;
    // 4.1 ms come out a little above 4,100,000 ns.
    let is_whole = (ns - ns.round()).abs() <= 1e-9 * ns;
    if !(1.0..=LIMIT_MAX_NS).contains(&ns) || !is_whole {
        return Err(form());
    }
    Ok(ResponseLimit { quantile, limit_ns: ns.round() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::place::Place;

    #[test]
    fn a_limit_is_a_share_and_a_time_with_its_unit() {
        let read = |text: &str| {
            let raw = Raw { text: text.to_owned(), place: Place::Flag("--response-limit") };
            response_limit(&raw).map(|limit| (limit.quantile, limit.limit_ns))
        };
        for (text, expected) in [
            ("p99.9=100us", (0.999, 100_000)),
            ("p50 = 20ns", (0.5, 20)),
            ("max=1.5 ms", (1.0, 1_500_000)),
            ("p99=2s", (0.99, 2_000_000_000)),
            ("p99=4.1ms", (0.99, 4_100_000)),
            ("p99=1.001us", (0.99, 1_001)),
            ("p99=16.1\u{3bc}s", (0.99, 16_100)),
            ("p99=1_000µs", (0.99, 1_000_000)),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for wrong in
            ["", "p99", "p98=1us", "p99=1", "p99=us", "p99=0ns", "p99=1.5ns", "p99=-1us", "p99=9e9s", "p99=nans"]
        {
            let error = read(wrong).unwrap_err();
            assert!(error.starts_with("must be p50, p99, p99.9 or max, = and a time"), "{wrong}: {error}");
        }
    }
}
