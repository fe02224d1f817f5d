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
use crate::record::metrics::{Metric, allocs, events, memory, moves, structure};
use crate::record::{Count, Distributions, EndState, OpKind, Quantities, Quantity, flaw};
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

/// Runs the workload once and counts; leaves what it learnt of each operation at a path, where somebody wants it. That this
/// can't be written costs no figure: it is the concern of who wants it.
pub(in crate::run) fn count(
    session: &mut dyn Session,
    workload: &Workload,
    learnt: Option<&Path>,
) -> Result<(Counted, Option<Result<Learnt, Failure>>), Failure> {
    // Whether a table that is made larger moves must not depend on the system allocator's mood.
    alloc::set_realloc_always_moves(true);
    let traits = session.traits();
    let mut batches = workload.batches(traits.batch_ops)?;
    let mut learning = learnt.map(|path| Writer::new(path, workload, traits));
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

    // Before anybody looks: some maps end a growth under way before they are iterated over, some count iterations.
    let holds = map.holds()?;
    let (declared, values): (Vec<Quantity>, Vec<u64>) = map.quantities().into_iter().unzip();
    flaw(&declared).map_or(Ok(()), |flaw| Err(Failure::harness(flaw)))?;
    let named = declared.iter().map(|quantity| &*quantity.name);
    let mut quantities: Quantities = named.zip(values).collect();
    let mut count = |quantity: Metric, value| quantities.set(quantity.name, value);
    let Work { allocs, entry_allocs, frees, moved } = sums.work;
    count(allocs::ALLOC_COUNT, Some(allocs.count));
    count(allocs::ALLOC_BYTES, Some(allocs.bytes));
    count(allocs::ENTRY_ALLOC_COUNT, entry_allocs.map(|entries| entries.count));
    count(allocs::ENTRY_ALLOC_BYTES, entry_allocs.map(|entries| entries.bytes));
    count(allocs::FREE_COUNT, frees.map(|frees| frees.count));
    count(allocs::FREE_BYTES, frees.map(|frees| frees.bytes));
    count(allocs::REALLOC_MOVED_BYTES, frees.map(|frees| frees.realloc_moved_bytes));
    count(memory::LIVE_BYTES, Some(holds.live_bytes));
    count(memory::PEAK_BYTES, holds.peak_bytes);
    let (inside, census) = if traits.tells_moves { (moved, None) } else { (None, moved) };
    count(moves::INSIDE_MOVED_ENTRIES, inside.map(|moved| moved.entries));
    count(moves::INSIDE_MOVED_BYTES, inside.map(|moved| moved.bytes));
    count(moves::CENSUS_MOVED_ENTRIES, census.map(|moved| moved.entries));
    count(moves::CENSUS_MOVED_BYTES, census.map(|moved| moved.bytes));
    count(events::MAX_MOVES_IN_ONE_WRITE, moved.map(|_| sums.max_moves_in_one_write));
    count(events::MAX_ALLOC_BYTES_IN_ONE_WRITE, Some(sums.max_alloc_bytes_in_one_write));
    count(events::GROW_EVENTS, map.events(Cause::Grow));
    count(events::SAME_SIZE_GROW_EVENTS, map.events(Cause::SameSizeGrow));
    count(events::SPLIT_EVENTS, map.events(Cause::Split));
    count(events::DIRECTORY_GROW_EVENTS, map.events(Cause::DirectoryGrow));
    count(events::PRUNE_EVENTS, map.events(Cause::Prune));
    count(events::PROMOTE_EVENTS, map.events(Cause::Promote));
    count(events::DIRTY_COPY_EVENTS, map.events(Cause::DirtyCopy));
    count(events::REHASH_EVENTS, map.events(Cause::Rehash));
    count(events::LOCK_WAIT_EVENTS, map.events(Cause::LockWait));
    let slots = map.slots();
    count(structure::SLOTS_FREED, slots.map(|slots| slots.freed));
    count(structure::SLOT_REUSES, slots.map(|slots| slots.reuses));
    count(structure::SLOT_REUSE_AGE_WRITES, slots.map(|slots| slots.age_writes));

    let timeline = map.look().map(|look| course.finish(look));
    let Content { entries, checksum, payload_bytes, payload_heap_bytes, key_bytes, value_bytes } = map.content()?;
    let end = EndState {
        entries,
        checksum,
        live_payload_bytes: payload_bytes,
        live_payload_heap_bytes: Some(payload_heap_bytes),
        ..sums.end()
    };
    let structure = map.look().map(|look| look.structure()).unwrap_or_default();
    count(structure::BUCKETS, structure.buckets);
    count(structure::OVERFLOW_BUCKETS, structure.overflow_buckets);
    count(structure::CHAIN_LENGTH_MAX, structure.chain_length_max);
    count(structure::IN_USE_BYTES, structure.in_use_bytes);
    count(structure::HIT_LOOKUP_KEYS, structure.hit_probes);
    count(structure::MISS_LOOKUP_KEYS, structure.miss_probes);
    count(structure::HIT_LOOKUP_GROUPS, structure.hit_groups);
    count(structure::MISS_LOOKUP_GROUPS, structure.miss_groups);
    count(structure::MISS_LOOKUPS, structure.miss_groups_of);
    count(structure::PROBE_GROUPS_MAX, structure.probe_groups_max);
    count(structure::TABLES, structure.tables);
    count(structure::DIRECTORY_ENTRIES, structure.directory_entries);
    count(structure::TOMBSTONES, structure.tombstones);
    // Last of all.
    count(memory::DRAINED_BYTES, Some(map.drained_bytes()?));
    count(memory::SHRUNK_BYTES, map.shrunk_bytes());
    let maps::Structure { occupancy, chain_lengths, hit_probe_lengths, hit_group_lengths, .. } = structure;
    let distributions = Distributions { occupancy, chain_lengths, hit_probe_lengths, hit_group_lengths };
    let (causes, searches) = (sums.causes(), looks.found());
    let count = Count { quantities, declared, causes, distributions, timeline, searches };
    Ok((Counted { end, key_bytes, value_bytes, count }, learning.map(Writer::finish)))
}

/// What the measured operations add up to.
struct Sums {
    work: Work,
    /// Of keys and values that were put, what they own on the heap included.
    payload_bytes: u64,
    /// Of these, what they own on the heap.
    payload_heap_bytes: u64,
    /// Operations by kind and cause.
    classes: [[u64; Cause::ALL.len()]; OpKind::ALL.len()],
    /// Operations that found their key, by kind.
    hits: [u64; OpKind::ALL.len()],
    /// Entries that scans gave.
    scanned: u64,
    max_alloc_bytes_in_one_write: u64,
    max_moves_in_one_write: u64,
}

impl Sums {
    fn new(work: Work) -> Sums {
        Sums {
            work,
            payload_bytes: 0,
            payload_heap_bytes: 0,
            classes: [[0; _]; _],
            hits: [0; _],
            scanned: 0,
            max_alloc_bytes_in_one_write: 0,
            max_moves_in_one_write: 0,
        }
    }

    #[inline]
    fn add(&mut self, op: &Op, seen: &Seen) {
        if !seen.work.is_nothing() {
            self.work += &seen.work;
            if op.kind.changes() {
                let moved_entries = seen.work.moved.map_or(0, |moved| moved.entries);
                self.max_moves_in_one_write = self.max_moves_in_one_write.max(moved_entries);
                self.max_alloc_bytes_in_one_write = self.max_alloc_bytes_in_one_write.max(seen.work.allocs.bytes);
            }
        }
        self.payload_bytes += seen.handed.payload_bytes;
        self.payload_heap_bytes += seen.handed.heap.bytes;
        self.classes[seen.kind as usize][seen.cause as usize] += 1;
        self.hits[seen.kind as usize] += u64::from(seen.hit);
        self.scanned += seen.scanned;
    }

    /// What the operations were, and what they put.
    fn end(&self) -> EndState {
        let mut end = EndState {
            payload_bytes: self.payload_bytes,
            payload_heap_bytes: Some(self.payload_heap_bytes),
            ..EndState::none()
        };
        for ((kind, causes), &hits) in OpKind::ALL.into_iter().zip(&self.classes).zip(&self.hits) {
            end.set_ops(kind, causes.iter().sum(), hits);
        }
        end.scanned_entries = end.scans.map(|_| self.scanned);
        end
    }

    /// How many operations of each kind had each cause.
    fn causes(&self) -> BTreeMap<OpKind, BTreeMap<Cause, u64>> {
        let mut causes: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (kind, counts) in OpKind::ALL.into_iter().zip(&self.classes) {
            for (cause, &count) in Cause::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
                causes.entry(kind).or_default().insert(cause, count);
            }
        }
        causes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{self, Flags};
    use crate::run::Subjects;
    use crate::subject::Opening;

    #[test]
    fn what_can_t_be_left_for_the_time_pass_costs_no_figure() {
        let subjects = Subjects::builtin();
        let flags = Flags::from([("map", "btree"), ("ops", "1000")]);
        let plan = plan::plan(&[], &flags, &subjects.catalog()).unwrap();
        let (cell, folder) = (&plan.cells[0], tempfile::tempdir().unwrap());
        let workload = Workload::open(&cell.workload).unwrap();
        let count = |path: &str| {
            let opening = Opening { cell, workload: &workload, prepared: None };
            let mut session = subjects.find(cell.map.name).unwrap().open(opening).unwrap();
            super::count(&mut *session, &workload, Some(&folder.path().join(path))).unwrap()
        };
        let ((whole, learnt), (counted, unwritten)) = (count("learnt"), count("none/learnt"));
        assert_eq!(learnt.unwrap().unwrap().ops, 1000);
        assert_eq!((counted.end, counted.count.causes), (whole.end, whole.count.causes));
        let failure = unwritten.unwrap().unwrap_err();
        assert!(failure.why.contains("learnt of the operations can't be written"), "{}", failure.why);
    }
}
