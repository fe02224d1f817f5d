//! What hashing takes alone: the same loop over the same keys as a bare run's, once with the map's hasher in the place of the
//! map and once with nothing, each block of 64 operations the least of a few rounds.
//!
//! Both read the clock alike and go through the same operations, so that what one takes more is the hash. Hashes of one block
//! don't wait for each other, as those of neighbouring operations don't in the map.

use crate::probe::clock::Clock;
use crate::record::{BLOCK_OPS, Hashing};
use crate::subject::{Failure, Hashes, Session, Timed};
use crate::workload::{Op, Workload};

/// How often each batch is hashed.
const ROUNDS: usize = 5;

/// So many operations are hashed, the first of the cell, those that load its map among them: where an operation comes says
/// nothing of how long its key is.
const OPS_MAX: usize = 1 << 15;

/// `None` where that is not known, or operations with a key are fewer than a block.
pub(super) fn hashing(
    session: &mut dyn Session,
    workload: &Workload,
    clock: Clock,
) -> Result<Option<Hashing>, Failure> {
    let batch_ops = session.traits().batch_ops;
    let (mut hashing, mut idle) = match session.hashes() {
        Hashes::Unknown => return Ok(None),
        Hashes::None => return Ok(Some(Hashing::NONE)),
        Hashes::By { hashing, idle } => (hashing, idle),
    };
    let mut batches = workload.batches(batch_ops)?;
    let (mut done, mut keyed, mut hashed_ticks, mut idle_ticks) = (0, 0, 0, 0);
    while let Some(batch) = batches.next()? {
        let ops = &batch.ops[..batch.ops.len().min(OPS_MAX - done)];
        hashed_ticks += least_ticks(&mut *hashing, ops)?;
        idle_ticks += least_ticks(&mut *idle, ops)?;
        done += ops.len();
        keyed += ops.iter().filter(|op| op.kind.has_key()).count();
        if done == OPS_MAX {
            break;
        }
    }
    let ns = |ticks| vec![clock.ps(ticks) / 1000];
    let hashing = Hashing { ops: keyed as u64, hashed_ns: ns(hashed_ticks), idle_ns: ns(idle_ticks) };
    Ok((keyed >= BLOCK_OPS).then_some(hashing))
}

/// The sum of what the blocks of some operations take at the least.
fn least_ticks(timed: &mut dyn Timed, ops: &[Op]) -> Result<u64, Failure> {
    let (mut least, mut round) = (Vec::new(), Vec::new());
    timed.bare(ops, &mut least)?;
    for _ in 1..ROUNDS {
        round.clear();
        timed.bare(ops, &mut round)?;
        least.iter_mut().zip(&round).for_each(|(least, &ticks)| *least = ticks.min(*least));
    }
    Ok(least.iter().sum())
}
