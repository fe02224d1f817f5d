//! The count pass: what each operation allocated, as the runtime counts it.

use std::collections::BTreeMap;

use super::causes::Causes;
use super::pipe;
use crate::golang::{Op, Session};
use crate::record::{Count, EndState};
use crate::run::batch::op_kind;
use crate::run::job::{Counted, Job, JobError};
use crate::run::sizes::sizes;
use crate::workload::{self, Kind, Workload};

/// How many operations go at a time.
const BATCH_OPS: usize = 1024;

/// Runs the workload once, with the collector off and one processor, and counts.
///
/// Where reading the counters disturbs how objects share blocks (`counting_disturbs`), what the map holds is looked at after
/// a second run without.
pub(super) fn count(
    session: &mut Session,
    job: &Job,
    workload: &Workload,
    counting_disturbs: bool,
) -> Result<Counted, JobError> {
    session.set_collector(-1, 0, 1).map_err(pipe)?;
    // What the runtime allocates for itself when it first collects is allocated by now.
    session.memory().map_err(pipe)?;
    let empty = session.memory().map_err(pipe)?;
    let built = session.build(job.hint).map_err(pipe)?;
    let mut causes = Causes::new(&session.greeting().layout, &built);

    let (mut count, mut end) = (Count::default(), EndState::none());
    let mut setup_left = workload.setup_ops();
    if setup_left == 0 {
        (count.alloc_count, count.alloc_bytes) = (built.allocs, built.alloc_bytes);
    }
    let mut stream = workload.stream()?;
    let (mut batch, mut ops) = (Vec::new(), Vec::<Op>::new());
    loop {
        let in_setup = setup_left > 0;
        let most = if in_setup { setup_left.min(BATCH_OPS as u64) as usize } else { BATCH_OPS };
        stream.next_batch(&mut batch, most)?;
        if batch.is_empty() {
            break;
        }
        setup_left = setup_left.saturating_sub(batch.len() as u64);
        ops.clear();
        ops.extend(batch.iter().map(|&op| Op::from(op)));
        let mut asked = batch.iter();
        let counted = session.record(&ops, false, |op, recorded| {
            let cause = causes.next(op.kind, &recorded);
            let Some(asked) = asked.next().filter(|_| !in_setup) else { return };
            count.alloc_count += recorded.allocs;
            count.alloc_bytes += recorded.alloc_bytes;
            if asked.kind.changes() {
                count.max_alloc_bytes_in_one_write = count.max_alloc_bytes_in_one_write.max(recorded.alloc_bytes);
            }
            let kind = op_kind(asked.kind, recorded.hit);
            *count.causes.entry(kind).or_default().entry(cause).or_default() += 1;
            end.add_op(kind, recorded.hit);
        });
        counted.map_err(pipe)?;
    }
    let held = |now: u64| now.saturating_sub(empty.live_bytes);
    // Before anybody looks at the content.
    if !counting_disturbs {
        count.live_bytes = held(session.memory().map_err(pipe)?.live_bytes);
    }
    (end.entries, end.checksum) = session.entries().map_err(pipe)?;
    if counting_disturbs {
        // Looking at the content has, too: an iteration promotes a sync.Map's dirty map.
        let alive = plain_run(session, job, workload)?;
        count.live_bytes = held(session.memory().map_err(pipe)?.live_bytes);
        for removes in alive.chunks(BATCH_OPS) {
            session.apply(removes).map_err(pipe)?;
        }
    } else {
        session.drain().map_err(pipe)?;
    }
    count.drained_bytes = held(session.memory().map_err(pipe)?.live_bytes);

    let sizes = sizes(&job.entry).unwrap_or_default();
    let puts = end.inserts + end.overwrites;
    end.payload_bytes = puts * (sizes.key_bytes + sizes.value_bytes);
    end.payload_heap_bytes = Some(puts * sizes.key_heap_bytes);
    end.live_payload_bytes = end.entries * (sizes.key_bytes + sizes.value_bytes);
    end.live_payload_heap_bytes = Some(end.entries * sizes.key_heap_bytes);
    // The strings of a put's key, made before its batch: of 24 bytes, which Go's heap has a size for. What else its entries
    // own (the boxes of a `sync.Map`) is allocated while they are put, and is in `alloc_bytes`.
    count.entry_alloc_count = Some(puts * u64::from(sizes.key_heap_bytes > 0));
    count.entry_alloc_bytes = end.payload_heap_bytes;
    Ok(Counted { end, key_bytes: sizes.key_bytes, value_bytes: sizes.value_bytes, count })
}

/// Builds the map anew and does every operation, counting nothing. Gives a remove for each key that is left.
fn plain_run(session: &mut Session, job: &Job, workload: &Workload) -> Result<Vec<workload::Op>, JobError> {
    session.build(job.hint).map_err(pipe)?;
    let (mut stream, mut batch) = (workload.stream()?, Vec::new());
    let mut alive = BTreeMap::new();
    loop {
        stream.next_batch(&mut batch, BATCH_OPS)?;
        if batch.is_empty() {
            return Ok(alive.into_values().collect());
        }
        for op in &batch {
            match op.kind {
                Kind::Put => _ = alive.insert(op.key, workload::Op { kind: Kind::Remove, ..*op }),
                Kind::Remove => _ = alive.remove(&op.key),
                Kind::Clear => alive.clear(),
                Kind::Get | Kind::Iterate => {}
            }
        }
        session.apply(&batch).map_err(pipe)?;
    }
}
