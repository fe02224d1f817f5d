//! What a map has cost since it was made: the sums of what each operation allocated and what the map told of its work.

use crate::maps::Info;
use crate::maps::anatomy::Field;
use crate::probe::event::Cause;
use crate::replay::Told;

/// The sums.
#[derive(Debug, Clone, Default)]
pub(super) struct SoFar {
    alloc_bytes: u64,
    allocs: u64,
    moved_entries: u64,
    moved_bytes: u64,
    /// By cause.
    steps: [u64; Cause::ALL.len()],
}

/// The steps that are told, under the names that metrics have.
const STEPS: [(Cause, &str, &str, &str); 8] = [
    (Cause::Grow, "grow_events", "tables", "larger ones that were allocated, the first included"),
    (Cause::SameSizeGrow, "same_size_grow_events", "tables", "of the same size that were allocated to pack entries"),
    (Cause::Overflow, "overflow_events", "buckets", "chained since the map was made, evacuations' included"),
    (Cause::Split, "split_events", "tables", "that were replaced by two"),
    (Cause::DirectoryGrow, "directory_grow_events", "directories", "twice as large as the one before"),
    (Cause::Prune, "prune_events", "times", "that tombstones became empty slots again"),
    (Cause::Promote, "promote_events", "times", "that the dirty map became the read map"),
    (Cause::DirtyCopy, "dirty_copy_events", "times", "that a dirty map was made of the read map"),
];

impl SoFar {
    /// Adds an operation: what it allocated, as [`Play::play`](crate::replay::Play::play) has it, and what the map told.
    pub fn add(&mut self, figures: &[u64], told: &Told) {
        self.alloc_bytes += figures[0];
        self.allocs += figures[1];
        self.moved_entries += told.moved_entries;
        self.moved_bytes += told.moved_bytes;
        for (sum, cause) in self.steps.iter_mut().zip(Cause::ALL) {
            *sum += told.steps(cause);
        }
    }

    /// As far as the map tells.
    pub fn fields(&self, info: &Info) -> Vec<Field> {
        let mut fields = vec![
            Field::whole("alloc_bytes", self.alloc_bytes, "bytes", "allocated, the making of the map included"),
            Field::whole("allocs", self.allocs, "allocations", "of these bytes"),
        ];
        if info.tells.contains(&Cause::Move) {
            let once = "copied to another address; twice by one write counts once";
            fields.push(Field::whole("moved_entries", self.moved_entries, "entries", once));
            fields.push(Field::whole("moved_bytes", self.moved_bytes, "bytes", "of keys and values copied for them"));
        }
        for (cause, name, unit, meaning) in STEPS.into_iter().filter(|(cause, ..)| info.tells.contains(cause)) {
            fields.push(Field::whole(name, self.steps[cause as usize], unit, meaning));
        }
        fields
    }
}
