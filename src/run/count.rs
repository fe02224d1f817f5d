//! The count pass: every exact metric, every operation watched.

use std::mem::size_of;

use super::batch::{Batch, Batches};
use super::job::{Counted, JobError};
use super::observe::{Observer, Seen, Tape};
use super::searches::Looks;
use super::setting::Setting;
use super::timeline::Course;
use crate::maps;
use crate::probe::alloc::{self, Tally};
use crate::probe::event::Cause;
use crate::probe::heap::Allocs;
use crate::record::{Count, EndState, Structure};
use crate::workload::{Key, Op, Value, entry_checksum};

/// Runs the workload once and counts.
pub(super) fn count<K: Key, V: Value>(setting: &Setting<'_, K, V>) -> Result<Counted, JobError> {
    // Whether a table that is made larger moves must not depend on the system allocator's mood.
    alloc::set_realloc_always_moves(true);
    let tape = Tape::following_slots();
    let info = setting.map.info();
    let (mut observer, built) = setting.map.watched(&tape);

    let mut sums = Sums::new();
    if setting.workload.setup_ops() == 0 {
        sums.tally = built;
        sums.grows += u64::from(built.alloc_count > 0);
    } else {
        tape.rewind();
    }
    let mut course = Course::new(setting.workload.ops());
    let mut looks = Looks::new(setting.workload.ops());
    let mut batches = Batches::new(setting.workload, setting.hashes.as_ref())?;
    let mut batch = Batch::<K, V>::new();
    loop {
        let in_setup = batches.in_setup();
        if !batches.next(&mut batch)? {
            break;
        }
        observer.expect(&batch.ops);
        for (op, step) in batch.steps() {
            let seen = observer.step(op, step);
            if !in_setup {
                sums.add(op, &seen);
                course.add(&seen, &mut observer);
                looks.add(&seen, &mut observer);
            }
        }
        if in_setup {
            tape.rewind();
            observer.take_recent_peak_bytes();
        }
    }

    // Before anybody looks: some maps end a growth under way before they are iterated over.
    let (live_bytes, peak_bytes) = (observer.held_bytes(), Some(observer.held_peak_bytes()));
    let timeline = course.finish(&mut observer);
    let (end, key_bytes, value_bytes) = observer.look(|map| inspect::<K, V>(|f| map.for_each(f), sums.end));
    let structure = recorded(observer.look(|map| map.structure()));
    if let Some(why) = observer.wrong.take() {
        return Err(JobError::Content(why));
    }
    let mut count = Count {
        live_bytes,
        peak_bytes,
        structure,
        timeline: Some(timeline),
        searches: looks.found(),
        alloc_count: sums.tally.alloc_count,
        alloc_bytes: sums.tally.alloc_bytes,
        entry_alloc_count: Some(sums.entry_allocs.count),
        entry_alloc_bytes: Some(sums.entry_allocs.bytes),
        free_count: Some(sums.tally.free_count),
        free_bytes: Some(sums.tally.free_bytes),
        realloc_moved_bytes: Some(sums.tally.realloc_moved_bytes),
        census_moved_entries: Some(sums.moved_entries),
        census_moved_bytes: Some(sums.moved_bytes),
        max_moves_in_one_write: Some(sums.moves_max),
        ..sums.count
    };
    if info.tells.is_empty() {
        if info.alloc_cause != Cause::Overflow {
            // A map made of nodes has no table to grow.
            count.grow_events = Some(sums.grows);
            count.same_size_grow_events = Some(sums.same_size_grows);
        }
    } else {
        let told = |cause| info.tells.contains(&cause).then(|| tape.steps(cause));
        count.inside_moved_entries = Some(tape.moved_entries.get());
        count.inside_moved_bytes = Some(tape.moved_bytes.get());
        count.grow_events = told(Cause::Grow);
        count.same_size_grow_events = told(Cause::SameSizeGrow);
        count.split_events = told(Cause::Split);
        count.directory_grow_events = told(Cause::DirectoryGrow);
        count.prune_events = told(Cause::Prune);
        count.promote_events = told(Cause::Promote);
        count.dirty_copy_events = told(Cause::DirtyCopy);
        count.rehash_events = told(Cause::Rehash);
    }
    if let Some(slots) = tape.slot_counts() {
        count.slots_freed = Some(slots.freed);
        count.slot_reuses = Some(slots.reuses);
        count.slot_reuse_age_writes = Some(slots.age_writes);
    }
    count.drained_bytes = drain(&mut observer);
    let shrunk = observer.window(|map| map.shrink());
    count.shrunk_bytes = shrunk.then(|| observer.held_after_looks_bytes());
    Ok(Counted { end, key_bytes, value_bytes, count })
}

/// What the measured operations add up to.
pub(super) struct Sums {
    pub tally: Tally,
    pub count: Count,
    pub end: EndState,
    pub entry_allocs: Allocs,
    grows: u64,
    same_size_grows: u64,
    moved_entries: u64,
    moved_bytes: u64,
    moves_max: u64,
}

impl Sums {
    pub fn new() -> Sums {
        Sums {
            tally: Tally::default(),
            count: Count::default(),
            end: EndState::none(),
            entry_allocs: Allocs::default(),
            grows: 0,
            same_size_grows: 0,
            moved_entries: 0,
            moved_bytes: 0,
            moves_max: 0,
        }
    }

    pub fn add(&mut self, op: Op, seen: &Seen) {
        self.tally = self.tally + seen.tally;
        self.grows += u64::from(seen.cause == Cause::Grow);
        self.same_size_grows += u64::from(seen.cause == Cause::SameSizeGrow);
        self.moved_entries += seen.moved_entries;
        self.moved_bytes += seen.moved_bytes;
        self.entry_allocs = self.entry_allocs + seen.entry_allocs;
        let Sums { count, end, .. } = self;
        if op.kind.changes() {
            self.moves_max = self.moves_max.max(seen.moved_entries);
            count.max_alloc_bytes_in_one_write = count.max_alloc_bytes_in_one_write.max(seen.tally.alloc_bytes);
        }
        end.payload_bytes += seen.handed.payload_bytes;
        *end.payload_heap_bytes.get_or_insert(0) += seen.handed.heap.bytes;
        end.add_op(seen.kind, seen.hit);
        *count.causes.entry(seen.kind).or_default().entry(seen.cause).or_default() += 1;
    }

    /// Those of two threads together.
    pub fn join(mut self, other: Sums) -> Sums {
        self.tally = self.tally + other.tally;
        self.entry_allocs = self.entry_allocs + other.entry_allocs;
        let (count, end) = (&mut self.count, &mut self.end);
        let one = &mut count.max_alloc_bytes_in_one_write;
        *one = (*one).max(other.count.max_alloc_bytes_in_one_write);
        for (kind, causes) in other.count.causes {
            let sums = count.causes.entry(kind).or_default();
            causes.into_iter().for_each(|(cause, n)| *sums.entry(cause).or_default() += n);
        }
        end.inserts += other.end.inserts;
        end.overwrites += other.end.overwrites;
        end.removes += other.end.removes;
        end.remove_hits += other.end.remove_hits;
        end.gets += other.end.gets;
        end.get_hits += other.end.get_hits;
        // No workload that clears or iterates is dealt to threads.
        end.payload_bytes += other.end.payload_bytes;
        *end.payload_heap_bytes.get_or_insert(0) += other.end.payload_heap_bytes.unwrap_or(0);
        self
    }
}

/// Reads the whole map: the end state, and the bytes of a key and of a value (their mean, where lengths vary).
pub(super) fn inspect<K: Key, V: Value>(
    for_each: impl FnOnce(&mut dyn FnMut(&K, &V)),
    mut end: EndState,
) -> (EndState, u64, u64) {
    let (mut key_heap_bytes, mut value_heap_bytes) = (0, 0);
    for_each(&mut |key, value| {
        end.entries += 1;
        // A damaged value spoils the checksum whatever its seed was.
        let checksum = value.seed().map_or(u64::MAX, |seed| entry_checksum(key.id(), seed));
        end.checksum = end.checksum.wrapping_add(checksum);
        key_heap_bytes += key.heap_bytes();
        value_heap_bytes += value.heap_bytes();
    });
    let slot_bytes = (size_of::<K>() + size_of::<V>()) as u64;
    end.live_payload_bytes = end.entries * slot_bytes + key_heap_bytes + value_heap_bytes;
    end.live_payload_heap_bytes = Some(key_heap_bytes + value_heap_bytes);
    let mean = |fixed: usize, heap: u64| fixed as u64 + heap.checked_div(end.entries).unwrap_or_default();
    (end, mean(size_of::<K>(), key_heap_bytes), mean(size_of::<V>(), value_heap_bytes))
}

/// Removes every entry, one by one, and says what the map still holds.
fn drain<K: Key, V: Value>(observer: &mut Observer<'_, K, V>) -> u64 {
    let mut keys = Vec::new();
    observer.look(|map| map.for_each(&mut |key, _| alloc::uncounted(|| keys.push(key.clone()))));
    for key in &keys {
        observer.window(|map| map.remove(key));
    }
    observer.held_after_looks_bytes()
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
