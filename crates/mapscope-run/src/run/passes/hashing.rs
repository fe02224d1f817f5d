//! What hashing takes alone: the same loop over the same keys as a bare run's, once with the map's hasher in the place of the
//! map and once with nothing, each block of 64 operations the least of a few rounds.
//!
//! Both read the clock alike and go through the same operations, so that what one takes more is the hash. Hashes of one block
//! don't wait for each other, as those of neighbouring operations don't in the map.

use crate::probe::clock::Clock;
use crate::record::{BLOCK_OPS, Hashing};
use crate::subject::{Failure, Hashes, Session, Timed};
use crate::workload::Workload;

/// How often each batch is hashed.
const ROUNDS: usize = 5;

/// So many operations at the most are hashed, in batches spread evenly over all.
const OPS_MAX: u64 = 1 << 18;

/// `None` where that is not known, or the operations are fewer than a block.
pub(super) fn hashing(
    session: &mut dyn Session,
    workload: &Workload,
    clock: Clock,
) -> Result<Option<Hashing>, Failure> {
    let (ops, batch_ops) = (workload.ops(), session.traits().batch_ops);
    let every = ops.div_ceil(OPS_MAX).max(1);
    let walk = Walk { workload, batch_ops, every };
    let (ops, hashed_ticks) = match session.hashes() {
        _ if ops < BLOCK_OPS as u64 => return Ok(None),
        Hashes::Unknown => return Ok(None),
        Hashes::None => return Ok(Some(Hashing::NONE)),
        Hashes::By(mut hashes) => walk.least_ticks(&mut *hashes)?,
    };
    let (_, idle_ticks) = walk.least_ticks(&mut *session.idle()?)?;
    let ns = |ticks| clock.ps(ticks) / 1000;
    Ok(Some(Hashing { ops, hashed_ns: vec![ns(hashed_ticks)], idle_ns: vec![ns(idle_ticks)] }))
}

/// A way through some batches of a workload's measured operations.
struct Walk<'a> {
    workload: &'a Workload,
    batch_ops: u64,
    /// One batch in so many is taken.
    every: u64,
}

impl Walk<'_> {
    /// Operations done once, and the sum of what their blocks took at the least.
    fn least_ticks(&self, timed: &mut dyn Timed) -> Result<(u64, u64), Failure> {
        let mut batches = self.workload.batches(self.batch_ops)?;
        let (mut number, mut ops, mut sum) = (0, 0, 0);
        let (mut least, mut round) = (Vec::new(), Vec::new());
        while let Some(batch) = batches.next()? {
            if batch.in_setup {
                continue;
            }
            number += 1;
            if (number - 1) % self.every != 0 {
                continue;
            }
            least.clear();
            timed.bare(batch.ops, &mut least)?;
            for _ in 1..ROUNDS {
                round.clear();
                timed.bare(batch.ops, &mut round)?;
                least.iter_mut().zip(&round).for_each(|(least, &ticks)| *least = ticks.min(*least));
            }
            ops += batch.ops.len() as u64;
            sum += least.iter().sum::<u64>();
        }
        Ok((ops, sum))
    }
}
