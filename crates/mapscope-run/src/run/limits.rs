//! How long a process may take, how much memory it may use, and how many may run side by side.

use std::time::Duration;

use super::job::Pass;
use super::memory::{self, available_bytes};
use crate::plan::Plan;

/// What a pass may take where nobody says otherwise: this long, and so much longer for each operation. A pass that is
/// well takes a few microseconds an operation at the most; a build without optimisation, a busy machine or a map that
/// compares all its entries at each write takes more.
const TIME_MIN: Duration = Duration::from_secs(60);
const TIME_PER_OP: Duration = Duration::from_micros(50);

/// The least memory that is left to each of several processes side by side.
const SHARE_BYTES_MIN: u64 = 64 << 20;

/// The memory that may be used where nobody says otherwise, by all that runs at once: three quarters of what is free.
pub fn memory_limit_bytes() -> u64 {
    available_bytes() / 4 * 3
}

/// Holds this process, which works on a map itself, to that much. Beyond it, it ends with exit code 2.
pub fn limit_memory() {
    memory::limit(memory_limit_bytes());
    memory::end_in_words();
}

/// What one process may take: a pass of a cell, or a repetition of its time pass.
pub(super) struct Limits {
    time_s: Option<u64>,
    memory_bytes: u64,
    /// Of a pass that others may run beside.
    share_bytes: u64,
    /// Passes side by side.
    pub jobs: usize,
}

impl Limits {
    /// Those of `plan`, of which so many passes may run side by side, and as many are wanted to.
    pub fn new(plan: &Plan, passes: usize, wanted: usize) -> Limits {
        let jobs = wanted.min(passes).max(1);
        match plan.memory_limit_bytes {
            Some(bytes) => Limits { time_s: plan.time_limit_s, memory_bytes: bytes, share_bytes: bytes, jobs },
            None => Limits::sharing(memory_limit_bytes(), jobs, plan.time_limit_s),
        }
    }

    /// As many as leave each of them something to work with.
    fn sharing(memory_bytes: u64, jobs: usize, time_s: Option<u64>) -> Limits {
        let jobs = (jobs as u64).min(memory_bytes / SHARE_BYTES_MIN).max(1);
        Limits { time_s, memory_bytes, share_bytes: memory_bytes / jobs, jobs: jobs as usize }
    }

    /// Of a pass of so many operations, its set-up and the entries of a hint included.
    pub fn time(&self, ops: u64) -> Duration {
        let grown = || Duration::from_nanos((TIME_PER_OP.as_nanos() as u64).saturating_mul(ops)) + TIME_MIN;
        self.time_s.map_or_else(grown, Duration::from_secs)
    }

    /// Of the process of such a pass.
    pub fn memory_bytes(&self, pass: Pass) -> u64 {
        if pass.is_undisturbed() { self.share_bytes } else { self.memory_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_grows_with_the_work_unless_it_is_given() {
        let limits = Limits::sharing(1 << 30, 1, None);
        assert_eq!(limits.time(0), Duration::from_secs(60));
        assert_eq!(limits.time(1_000_000), Duration::from_secs(110));
        assert!(limits.time(u64::MAX) > Duration::from_secs(1 << 34));
        assert_eq!(Limits::sharing(1 << 30, 1, Some(7)).time(u64::MAX), Duration::from_secs(7));
    }

    #[test]
    fn memory_is_shared_by_those_that_run_side_by_side_and_each_has_enough() {
        let shared = |jobs| Limits::sharing(1 << 30, jobs, None);
        let of = |limits: &Limits| (limits.jobs, limits.memory_bytes(Pass::Count));
        assert_eq!(of(&shared(2)), (2, 1 << 29));
        assert_eq!(of(&shared(1000)), (16, 64 << 20));
        assert_eq!(of(&Limits::sharing(1 << 20, 8, None)), (1, 1 << 20));
        // What runs alone has all of it.
        assert_eq!([Pass::Expect, Pass::Time, Pass::Profile].map(|pass| shared(2).memory_bytes(pass)), [1 << 30; 3]);
    }

    #[test]
    fn no_more_run_side_by_side_than_there_are() {
        let flags = crate::plan::Flags::from([("memory_limit_mb", "100")]);
        let plan = crate::plan::plan(&["ci".into()], &flags, &crate::run::Subjects::builtin().catalog()).unwrap();
        let limits = Limits::new(&plan, 3, 1000);
        assert_eq!((limits.jobs, limits.memory_bytes(Pass::Count)), (3, 100 << 20));
        assert_eq!(Limits::new(&plan, 0, 8).jobs, 1);
    }
}
