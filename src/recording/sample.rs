//! Which maps are recorded.

use std::fmt;
use std::str::FromStr;

/// N is at most so large where one map of N is recorded.
pub const SAMPLE_MAX: u64 = 1_000_000;

/// Which of the maps that are made from some moment on are recorded: `all`, `off`, or `1/100`, chosen at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample(u32);

impl Sample {
    /// Every map.
    pub const ALL: Sample = Sample(1);
    /// None, and those that were recorded so far are no longer.
    pub const OFF: Sample = Sample(0);

    /// That of a file: N, or 0 for none.
    pub(super) fn of_file(n: u64) -> Option<Sample> {
        (n <= SAMPLE_MAX).then_some(Sample(n as u32))
    }

    /// As files have it.
    pub(super) fn in_file(self) -> u32 {
        self.0
    }

    /// N where one map of N is recorded. `None` where none is.
    pub fn one_of(self) -> Option<u64> {
        Some(self.0.into()).filter(|&n| n > 0)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("off"),
            1 => f.write_str("all"),
            n => write!(f, "1/{n}"),
        }
    }
}

impl FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Sample, String> {
        let n = match text {
            "all" => Some(1),
            "off" => Some(0),
            _ => text.strip_prefix("1/").and_then(|n| n.parse().ok()).filter(|&n| n > 0),
        };
        n.and_then(Sample::of_file).ok_or_else(|| format!("give all, off or 1/N, N from 1 to {SAMPLE_MAX}, as 1/100"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_reads_as_it_is_written() {
        for text in ["all", "off", "1/100", "1/1000000"] {
            assert_eq!(text.parse::<Sample>().expect("it is one").to_string(), text);
        }
        assert_eq!("1/1".parse(), Ok(Sample::ALL));
        for text in ["", "1", "0", "100", "1/0", "1/1000001", "2/100", "1/-1", "on", "all "] {
            assert!(text.parse::<Sample>().is_err(), "{text}");
        }
    }
}
