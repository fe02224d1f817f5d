//! How many requests a second are answered.

use std::time::{Duration, Instant};

/// A bucket that fills at that rate, and holds what comes in one second.
pub(crate) struct Rate {
    per_second: u32,
    left: Duration,
    last: Instant,
}

/// What the bucket holds: time, of which each request takes its part.
const FULL: Duration = Duration::from_secs(1);

impl Rate {
    pub(crate) fn new(per_second: u32, now: Instant) -> Rate {
        Rate { per_second: per_second.max(1), left: FULL, last: now }
    }

    /// Whether a request at that time is among those that are answered.
    pub(crate) fn takes(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.last);
        self.last = self.last.max(now);
        self.left = self.left.saturating_add(since).min(FULL);
        let left = self.left.checked_sub(FULL / self.per_second);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_answered_than_were_agreed_whatever_the_clock_does() {
        let start = Instant::now();
        let mut rate = Rate::new(10, start);
        let at = |millis| start + Duration::from_millis(millis);
        let mut of = |count: usize, millis| (0..count).filter(|_| rate.takes(at(millis))).count();
        assert_eq!(of(50, 0), 10);
        assert_eq!(of(50, 99), 0);
        assert_eq!(of(50, 100), 1);
        assert_eq!(of(50, 50), 0, "a clock that goes back");
        assert_eq!(of(50, 400), 3);
        assert_eq!(of(50, 1_000_000), 10, "what was not used is lost");
    }
}
