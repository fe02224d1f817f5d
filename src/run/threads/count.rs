//! The count pass of several threads: what each allocates, and the causes it sees, added up. Which thread comes first is
//! chance, and so is what depends on it.

use super::shared::Shared;
use super::{Setting, TAPE, Worker, cause, check, run};
use crate::probe::alloc::{self, Tally};
use crate::probe::event::Cause;
use crate::record::{Count, EndState};
use crate::run::batch::{Batch, Step, op_kind};
use crate::run::count::{Sums, inspect};
use crate::run::job::{Counted, JobError};
use crate::run::observe::{Handed, Seen, Tape};
use crate::workload::{Key, Op, Outcomes, Value};

/// Runs the workload once and counts.
pub(in crate::run) fn count<K: Key, V: Value>(setting: &Setting<'_, K, V>) -> Result<Counted, JobError> {
    alloc::set_realloc_always_moves(true);
    let outcomes = Outcomes::of(setting.workload, setting.deal)?;
    let info = setting.map.info();
    let (map, built) = setting.map.watched();

    let new = |_| Counter::new(&outcomes, info.alloc_cause);
    let crew = run(setting, &*map, (0..setting.deal.threads).map(new).collect(), false)?;
    let mut all = crew.into_iter().map(|done| done.worker).fold(new(0), Counter::join);
    all.held_bytes += built.live_delta();
    if setting.workload.setup_ops() == 0 {
        // What the building of the map told is on this thread's tape.
        all.sums.tally = all.sums.tally + built;
        all.steps = sum(all.steps, TAPE.with(Tape::all_steps));
    }
    if let Some(why) = all.misread {
        return Err(JobError::Content(why));
    }

    // Before anybody looks: some maps end a growth under way before they are iterated over.
    let live_bytes = all.held_bytes.max(0) as u64;
    let ((end, key_bytes, value_bytes), freed_bytes) =
        alloc::aside(|| inspect::<K, V>(|f| map.for_each(f), all.sums.end));
    let (_, freed_by_check_bytes) = check(&*map, &outcomes)?;
    let held_bytes = all.held_bytes - (freed_bytes + freed_by_check_bytes) as i64;
    conserved(all.setup_inserts, &end)?;
    let told = |cause| info.tells.contains(&cause).then(|| all.steps[cause as usize]);
    let count = Count {
        alloc_count: all.sums.tally.alloc_count,
        alloc_bytes: all.sums.tally.alloc_bytes,
        entry_alloc_count: Some(all.sums.entry_allocs.count),
        entry_alloc_bytes: Some(all.sums.entry_allocs.bytes),
        free_count: Some(all.sums.tally.free_count),
        free_bytes: Some(all.sums.tally.free_bytes),
        realloc_moved_bytes: Some(all.sums.tally.realloc_moved_bytes),
        live_bytes,
        grow_events: told(Cause::Grow),
        promote_events: told(Cause::Promote),
        dirty_copy_events: told(Cause::DirtyCopy),
        lock_wait_events: told(Cause::LockWait),
        drained_bytes: drain(&*map, held_bytes),
        ..all.sums.count
    };
    Ok(Counted { end, key_bytes, value_bytes, count })
}

/// Entries come by inserts that find none, and go by removes that find one.
fn conserved(setup_inserts: u64, end: &EndState) -> Result<(), JobError> {
    let EndState { entries, inserts, remove_hits, .. } = *end;
    if setup_inserts + inserts == entries + remove_hits {
        return Ok(());
    }
    Err(JobError::Content(format!(
        "{} inserts found no entry and {remove_hits} removes found one, but {entries} entries are left",
        setup_inserts + inserts
    )))
}

/// Removes every entry, one by one, on this thread, and says what the map still holds.
fn drain<K: Key, V: Value>(map: &dyn Shared<K, V>, held_bytes: i64) -> u64 {
    let mut keys = Vec::new();
    let ((), freed_bytes) = alloc::aside(|| map.for_each(&mut |key, _| alloc::uncounted(|| keys.push(key.clone()))));
    let before = alloc::tally();
    for key in &keys {
        map.remove(key);
    }
    (held_bytes - freed_bytes as i64 + (alloc::tally() - before).live_delta()).max(0) as u64
}

/// One thread's sums.
struct Counter<'a> {
    outcomes: &'a Outcomes,
    alloc_cause: Cause,
    sums: Sums,
    held_bytes: i64,
    setup_inserts: u64,
    steps: Steps,
    /// The first lookup that found what was never put under its key.
    misread: Option<String>,
}

/// Events by the cause they give.
type Steps = [u64; Cause::ALL.len()];

fn sum(a: Steps, b: Steps) -> Steps {
    std::array::from_fn(|cause| a[cause] + b[cause])
}

impl<'a> Counter<'a> {
    fn new(outcomes: &'a Outcomes, alloc_cause: Cause) -> Counter<'a> {
        let sums = Sums::new();
        let steps = Steps::default();
        Counter { outcomes, alloc_cause, sums, held_bytes: 0, setup_inserts: 0, steps, misread: None }
    }

    fn join(self, other: Self) -> Self {
        Counter {
            sums: self.sums.join(other.sums),
            held_bytes: self.held_bytes + other.held_bytes,
            setup_inserts: self.setup_inserts + other.setup_inserts,
            steps: sum(self.steps, other.steps),
            misread: self.misread.or(other.misread),
            ..self
        }
    }

    /// Does one operation and looks at what it did on this thread.
    fn step<K: Key, V: Value>(&mut self, map: &dyn Shared<K, V>, op: Op, step: Step<K, V>) -> Seen {
        let mut handed = Handed::default();
        let (hit, tally) = match step {
            Step::Put(key, value) => {
                handed = Handed::new(&key, &value);
                self.held_bytes += handed.heap.bytes as i64;
                tallied(|| map.insert(key, value))
            }
            Step::Remove(key) => tallied(|| map.remove(&key)),
            Step::Get(key) => {
                let (seed, tally) = tallied(|| map.seed_of(&key));
                if seed.is_some_and(|seed| !self.outcomes.was_put(op.key, seed)) {
                    self.misread = Some(format!("a lookup of key {} found what was never put there", op.key));
                }
                (seed.is_some(), tally)
            }
            Step::Clear | Step::Iterate => unreachable!("no workload that clears or iterates is dealt"),
        };
        self.held_bytes += tally.live_delta();
        let cause = cause(self.alloc_cause, tally.alloc_count > 0);
        let kind = op_kind(op.kind, hit);
        Seen { kind, hit, cause, tally, moved_entries: 0, moved_bytes: 0, handed, entry_allocs: handed.heap }
    }
}

/// Does something, and says what this thread allocated meanwhile.
fn tallied<T>(work: impl FnOnce() -> T) -> (T, Tally) {
    let before = alloc::tally();
    let out = work();
    (out, alloc::tally() - before)
}

impl<K: Key, V: Value> Worker<K, V> for Counter<'_> {
    fn set_up(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        for (op, step) in batch.steps() {
            let seen = self.step(map, op, step);
            self.setup_inserts += u64::from(!seen.hit);
        }
        TAPE.with(Tape::rewind);
    }

    fn work(&mut self, map: &dyn Shared<K, V>, batch: &mut Batch<K, V>) {
        for (op, step) in batch.steps() {
            let seen = self.step(map, op, step);
            self.sums.add(op, &seen);
        }
    }

    fn rest(&mut self) {
        self.steps = TAPE.with(Tape::all_steps);
    }
}
