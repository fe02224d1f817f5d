//! The count pass: every exact metric, every operation watched.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::learnt::{Learnt, Writer};
use super::searches::Looks;
use super::timeline::Course;
use crate::maps;
use crate::probe::alloc;
use crate::probe::event::Cause;
use crate::record::{Count, EndState, OpKind, Structure};
use crate::subject::{Content, Failure, Seen, Session, Watch, Work};
use crate::workload::{Op, Workload};

/// What the count pass found out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::run) struct Counted {
    pub end: EndState,
    pub key_bytes: u64,
    pub value_bytes: u64,
    pub count: Count,
}

/// Runs the workload once and counts; leaves what it learnt of each operation at a path, where somebody wants it.
pub(in crate::run) fn count(
    session: &mut dyn Session,
    workload: &Workload,
    learnt: Option<&Path>,
) -> Result<(Counted, Option<Learnt>), Failure> {
    // Whether a table that is made larger moves must not depend on the system allocator's mood.
    alloc::set_realloc_always_moves(true);
    let mut batches = workload.batches(session.traits().batch_ops)?;
    let mut learning = learnt.map(|path| Writer::new(path, workload)).transpose()?;
    let (mut map, built) = session.watched(Watch { slots: true, on_work: None })?;
    let mut sums = Sums::new(if workload.setup_ops() == 0 { built } else { built.nothing() });
    let (mut course, mut looks) = (Course::new(workload.ops()), Looks::new(workload.ops()));
    while let Some(batch) = batches.next()? {
        if batch.in_setup {
            map.set_up(batch.ops)?;
            continue;
        }
        map.watch(batch.ops, &mut |op, seen, look| {
            sums.add(op, seen);
            if let Some(learning) = &mut learning {
                learning.add(seen);
            }
            if let Some(look) = look {
                course.add(seen, look);
                looks.add(seen, look);
            }
        })?;
    }

    // Before anybody looks: some maps end a growth under way before they are iterated over.
    let holds = map.holds()?;
    let timeline = map.look().map(|look| course.finish(look));
    let Content { entries, checksum, payload_bytes, payload_heap_bytes, key_bytes, value_bytes } = map.content()?;
    let structure = map.look().map(|look| recorded(look.structure())).unwrap_or_default();
    let end = EndState {
        entries,
        checksum,
        live_payload_bytes: payload_bytes,
        live_payload_heap_bytes: Some(payload_heap_bytes),
        ..sums.end
    };
    let Work { allocs, entry_allocs, frees, moved } = sums.work;
    let inside = map.moved_inside();
    let slots = map.slots();
    let count = Count {
        alloc_count: allocs.count,
        alloc_bytes: allocs.bytes,
        entry_alloc_count: entry_allocs.map(|entries| entries.count),
        entry_alloc_bytes: entry_allocs.map(|entries| entries.bytes),
        free_count: frees.map(|frees| frees.count),
        free_bytes: frees.map(|frees| frees.bytes),
        realloc_moved_bytes: frees.map(|frees| frees.realloc_moved_bytes),
        live_bytes: holds.live_bytes,
        peak_bytes: holds.peak_bytes,
        inside_moved_entries: inside.map(|moved| moved.entries),
        inside_moved_bytes: inside.map(|moved| moved.bytes),
        census_moved_entries: moved.map(|moved| moved.entries),
        census_moved_bytes: moved.map(|moved| moved.bytes),
        max_moves_in_one_write: moved.map(|_| sums.max_moves_in_one_write),
        max_alloc_bytes_in_one_write: sums.max_alloc_bytes_in_one_write,
        grow_events: map.events(Cause::Grow),
        same_size_grow_events: map.events(Cause::SameSizeGrow),
        split_events: map.events(Cause::Split),
        directory_grow_events: map.events(Cause::DirectoryGrow),
        prune_events: map.events(Cause::Prune),
        promote_events: map.events(Cause::Promote),
        dirty_copy_events: map.events(Cause::DirtyCopy),
        rehash_events: map.events(Cause::Rehash),
        lock_wait_events: map.events(Cause::LockWait),
        slots_freed: slots.map(|slots| slots.freed),
        slot_reuses: slots.map(|slots| slots.reuses),
        slot_reuse_age_writes: slots.map(|slots| slots.age_writes),
        causes: sums.causes,
        structure,
        timeline,
        searches: looks.found(),
        // Last of all.
        drained_bytes: map.drained_bytes()?,
        shrunk_bytes: map.shrunk_bytes(),
    };
    let learnt = learning.map(Writer::finish).transpose()?;
    Ok((Counted { end, key_bytes, value_bytes, count }, learnt))
}

/// What the measured operations add up to.
struct Sums {
    work: Work,
    end: EndState,
    causes: BTreeMap<OpKind, BTreeMap<Cause, u64>>,
    max_alloc_bytes_in_one_write: u64,
    max_moves_in_one_write: u64,
}

impl Sums {
    fn new(work: Work) -> Sums {
        let (end, causes) = (EndState::none(), BTreeMap::new());
        Sums { work, end, causes, max_alloc_bytes_in_one_write: 0, max_moves_in_one_write: 0 }
    }

    fn add(&mut self, op: &Op, seen: &Seen) {
        self.work = self.work + seen.work;
        if op.kind.changes() {
            let moved_entries = seen.work.moved.map_or(0, |moved| moved.entries);
            self.max_moves_in_one_write = self.max_moves_in_one_write.max(moved_entries);
            self.max_alloc_bytes_in_one_write = self.max_alloc_bytes_in_one_write.max(seen.work.allocs.bytes);
        }
        self.end.payload_bytes += seen.handed.payload_bytes;
        *self.end.payload_heap_bytes.get_or_insert(0) += seen.handed.heap.bytes;
        self.end.add_op(seen.kind, seen.hit);
        *self.causes.entry(seen.kind).or_default().entry(seen.cause).or_default() += 1;
    }
}

fn recorded(structure: maps::Structure) -> Structure {
    let maps::Structure {
        buckets,
        overflow_buckets,
        chain_length_max,
        in_use_bytes,
        hit_probes,
        miss_probes,
        hit_groups,
        miss_groups,
        miss_groups_of,
        probe_groups_max,
        tables,
        directory_entries,
        tombstones,
        occupancy,
        chain_lengths,
        hit_probe_lengths,
        hit_group_lengths,
    } = structure;
    Structure {
        buckets,
        overflow_buckets,
        chain_length_max,
        in_use_bytes,
        hit_probes,
        miss_probes,
        hit_groups,
        miss_groups,
        miss_groups_of,
        probe_groups_max,
        tables,
        directory_entries,
        tombstones,
        occupancy,
        chain_lengths,
        hit_probe_lengths,
        hit_group_lengths,
    }
}
