//! When two times differ by more than their runs scatter.

use crate::record::Time;

/// Why the times of two cells can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Incomparable {
    /// Too few repetitions to know how far they scatter.
    #[error("a run has fewer than {REPETITIONS_MIN} repetitions: give the profile more")]
    Repetitions,
    /// They come from different environments: what differs, in words.
    #[error("{0}: record a baseline on this machine, with this build")]
    Environment(String),
}

/// Fewer repetitions give no interval: two and two are apart by chance once in six.
const REPETITIONS_MIN: usize = 3;

/// How far a run's repetitions scatter: the shortest and the longest over the median one. `low <= 1 <= high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    low: f64,
    high: f64,
}

impl Spread {
    /// `None` below three repetitions, and for repetitions too short to have a length.
    pub(super) fn of(time: &Time) -> Option<Spread> {
        let mut elapsed_ns = time.clocked_elapsed_ns.clone();
        elapsed_ns.sort_unstable();
        let (first, last, middle) = (*elapsed_ns.first()?, *elapsed_ns.last()?, elapsed_ns.len() / 2);
        let median = match elapsed_ns.len() % 2 {
            1 => elapsed_ns[middle] as f64,
            _ => (elapsed_ns[middle - 1] as f64 + elapsed_ns[middle] as f64) / 2.0,
        };
        (elapsed_ns.len() >= REPETITIONS_MIN && first > 0)
            .then(|| Spread { low: first as f64 / median, high: last as f64 / median })
    }
}

/// Whether the intervals around two values are apart.
pub(super) fn apart(before: f64, spread_before: Spread, after: f64, spread_after: Spread) -> bool {
    after * spread_after.low > before * spread_before.high || after * spread_after.high < before * spread_before.low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(clocked_elapsed_ns: &[u64]) -> Time {
        Time {
            ops: 1,
            bare_elapsed_ns: Vec::new(),
            clocked_elapsed_ns: clocked_elapsed_ns.to_vec(),
            clock_floor_ns: 0.0,
            ticks_per_ns: 1.0,
            pinned_to: None,
            started_unix_ms: 0,
            threads: Vec::new(),
            collector: None,
            heat: None,
            moments: None,
            histograms: Vec::new(),
        }
    }

    #[test]
    fn a_spread_is_the_extremes_over_the_median() {
        assert_eq!(Spread::of(&time(&[120, 100, 90])), Some(Spread { low: 0.9, high: 1.2 }));
        assert_eq!(Spread::of(&time(&[100, 50, 150, 300])), Some(Spread { low: 0.4, high: 2.4 }));
        for none in [&[][..], &[100], &[100, 100], &[0, 100, 100]] {
            assert_eq!(Spread::of(&time(none)), None, "{none:?}");
        }
    }

    #[test]
    fn intervals_that_touch_are_not_apart() {
        let (tight, wide) = (Spread { low: 1.0, high: 1.0 }, Spread { low: 0.5, high: 1.5 });
        assert!(apart(100.0, tight, 101.0, tight));
        assert!(apart(101.0, tight, 100.0, tight));
        assert!(!apart(100.0, tight, 100.0, tight));
        assert!(!apart(100.0, tight, 200.0, wide));
        assert!(apart(100.0, tight, 201.0, wide));
        assert!(!apart(100.0, wide, 50.0, tight));
        assert!(apart(100.0, wide, 49.0, tight));
    }
}
