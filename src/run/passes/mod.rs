//! The passes, each written once: what drives a session and makes a record of what it gives. They know no map and no runtime.

mod count;
mod latencies;
mod learnt;
mod moments;
mod profile;
mod searches;
mod time;
mod timeline;

pub(super) use count::{Counted, count};
pub(super) use latencies::{CLASSES, recorded, sum_kinds};
pub(super) use learnt::{Learnt, learn};
pub(super) use profile::profile;
pub(super) use time::time;

use crate::workload::{Op, Stream, Workload, WorkloadError};

/// A workload in batches.
struct Batches {
    stream: Stream,
    setup_left: u64,
    most: u64,
    ops: Vec<Op>,
}

/// Operations to be done in one go: set-up or measured ones, never both.
struct Batch<'a> {
    ops: &'a [Op],
    in_setup: bool,
}

impl Batches {
    /// Of at most so many operations.
    fn new(workload: &Workload, most: u64) -> Result<Batches, WorkloadError> {
        Ok(Batches { stream: workload.stream()?, setup_left: workload.setup_ops(), most, ops: Vec::new() })
    }

    /// The next one; `None` after the last.
    fn next(&mut self) -> Result<Option<Batch<'_>>, WorkloadError> {
        let in_setup = self.setup_left > 0;
        let most = if in_setup { self.most.min(self.setup_left) } else { self.most };
        self.stream.next_batch(&mut self.ops, most as usize)?;
        if in_setup {
            self.setup_left -= self.ops.len() as u64;
        }
        Ok((!self.ops.is_empty()).then_some(Batch { ops: &self.ops, in_setup }))
    }
}
