//! One operation, watched from all sides: what it allocated, which entries it moved, and its cause.

use std::cell::Cell;
use std::mem::{size_of, size_of_val};

use super::batch::{Step, op_kind};
use crate::maps::{Info, Map, Write};
use crate::probe::alloc::{self, Tally};
use crate::probe::census::Census;
use crate::probe::event::{Cause, Event, Probe};
use crate::record::OpKind;
use crate::workload::{Key, Op, Value};

/// What a map says of itself, summed over the run and over the operation at hand.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub moved_entries: Cell<u64>,
    pub moved_bytes: Cell<u64>,
    pub slot_reuses: Cell<u64>,
    /// Events by the cause they give.
    steps: [Cell<u64>; Cause::ALL.len()],
    /// Allocations and frees that the allocator did not see, of the operation at hand.
    shared_allocs: Cell<u64>,
    shared_frees: Cell<u64>,
    cause: Cell<Cause>,
    on_move: Option<fn(entries: u64, bytes: u64)>,
}

impl Tape {
    /// A tape that also tells `on_move` of each move at the moment it happens, on the stack of who moves.
    pub fn telling(on_move: fn(u64, u64)) -> Tape {
        Tape { on_move: Some(on_move), ..Tape::default() }
    }

    /// How many events gave this cause.
    pub fn steps(&self, cause: Cause) -> u64 {
        self.steps[cause as usize].get()
    }

    /// Forgets the sums, as when the set-up ends.
    pub fn rewind(&self) {
        let sums = [&self.moved_entries, &self.moved_bytes, &self.slot_reuses];
        sums.into_iter().chain(&self.steps).for_each(|sum| sum.set(0));
    }
}

impl Probe for &Tape {
    const ON: bool = true;

    fn emit(self, event: Event) {
        let add = |sum: &Cell<u64>, n| sum.set(sum.get() + n);
        match event {
            Event::SlotReuse => add(&self.slot_reuses, 1),
            Event::Move { entries, bytes } => {
                add(&self.moved_entries, entries);
                add(&self.moved_bytes, bytes);
                if let Some(on_move) = self.on_move {
                    on_move(entries, bytes);
                }
            }
            Event::SharedAlloc => add(&self.shared_allocs, 1),
            Event::SharedFree => add(&self.shared_frees, 1),
            _ => {}
        }
        add(&self.steps[event.cause() as usize], 1);
        self.cause.set(self.cause.get().max(event.cause()));
    }
}

/// Watches operations one by one.
pub(super) struct Observer<'t> {
    info: Info,
    tape: &'t Tape,
    census: Census,
    held_bytes: i64,
    held_peak_bytes: i64,
    recent_peak_bytes: i64,
}

/// What one operation did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// `None` for a clear.
    pub kind: Option<OpKind>,
    pub hit: bool,
    pub cause: Cause,
    pub tally: Tally,
    pub moved_entries: u64,
    pub moved_bytes: u64,
    pub payload_bytes: u64,
}

impl<'t> Observer<'t> {
    /// Builds the map and begins to watch it.
    pub fn new<M>(info: Info, tape: &'t Tape, build: impl FnOnce() -> M) -> (M, Tally, Observer<'t>) {
        let (held_bytes, held_peak_bytes, recent_peak_bytes) = (0, 0, 0);
        let mut observer =
            Observer { info, tape, census: Census::default(), held_bytes, held_peak_bytes, recent_peak_bytes };
        let (map, tally) = observer.window(0, build);
        (map, tally, observer)
    }

    /// Bytes that the map holds.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes.max(0) as u64
    }

    /// The most that it held.
    pub fn held_peak_bytes(&self) -> u64 {
        self.held_peak_bytes.max(0) as u64
    }

    /// The most that it held since this was last asked.
    pub fn take_recent_peak_bytes(&mut self) -> u64 {
        std::mem::replace(&mut self.recent_peak_bytes, self.held_bytes).max(0) as u64
    }

    /// Gets ready to watch these operations.
    pub fn expect(&self, ops: &[Op]) {
        self.census.warm(ops.iter().map(|op| op.key));
    }

    /// Does one operation and looks at what it did.
    pub fn step<K: Key, V: Value, M: Map<K, V>>(&mut self, map: &mut M, op: Op, step: Step<K, V>) -> Seen {
        let capacity_before = map.capacity();
        self.tape.cause.set(Cause::Steady);
        let mut payload_bytes = 0;
        let (hit, tally, write) = match step {
            Step::Put(key, value) => {
                let handed = key.heap_bytes() + value.heap_bytes();
                payload_bytes = (size_of::<K>() + size_of::<V>()) as u64 + handed;
                let written = key.clone();
                let (hit, tally) = self.window(handed, || map.insert(key, value));
                (hit, tally, Some((written, false)))
            }
            Step::Remove(key) => {
                let (hit, tally) = self.window(0, || map.remove(&key));
                (hit, tally, Some((key, true)))
            }
            Step::Get(key) => {
                let (hit, tally) = self.window(0, || map.get(&key).is_some());
                (hit, tally, None)
            }
            Step::Clear => {
                let had_any = !map.is_empty();
                let ((), tally) = self.window(0, || map.clear());
                alloc::uncounted(|| self.census.clear());
                (had_any, tally, None)
            }
        };
        let (moved_entries, moved_bytes) = match write {
            Some((key, remove)) => {
                let (allocs, frees) = (tally.alloc_count, tally.free_count);
                let write = Write { key: &key, remove, hit, allocs, frees, capacity_before };
                alloc::uncounted(|| self.look(map, op.key, &write))
            }
            None => (0, 0),
        };
        let cause = self.cause(&tally, moved_entries, capacity_before, map.capacity());
        Seen { kind: op_kind(op.kind, hit), hit, cause, tally, moved_entries, moved_bytes, payload_bytes }
    }

    /// Runs what belongs to the map alone, and books what it allocated. `handed` bytes become the map's to free.
    pub fn window<T>(&mut self, handed: u64, work: impl FnOnce() -> T) -> (T, Tally) {
        alloc::reset_peak();
        let (live, before) = (alloc::live_bytes(), alloc::tally());
        let out = work();
        let mut tally = alloc::tally() - before;
        tally.alloc_count += self.tape.shared_allocs.take();
        tally.free_count += self.tape.shared_frees.take();
        self.held_bytes += handed as i64;
        let peak_bytes = self.held_bytes + (alloc::peak_bytes() - live);
        self.held_peak_bytes = self.held_peak_bytes.max(peak_bytes);
        self.recent_peak_bytes = self.recent_peak_bytes.max(peak_bytes);
        self.held_bytes += tally.live_delta();
        (out, tally)
    }

    /// Counts the entries that a write moved, and learns where the written entry is now.
    fn look<K: Key, V: Value, M: Map<K, V>>(&mut self, map: &M, id: u64, write: &Write<'_, K>) -> (u64, u64) {
        if write.remove && write.hit {
            self.census.remove(id);
        }
        let (mut entries, mut bytes) = (0, 0);
        map.disturbed(write, &mut |key, value| {
            let moved = self.census.look(key.id(), place(key, value));
            entries += u64::from(moved.key);
            bytes += u64::from(moved.key) * size_of_val(key) as u64 + u64::from(moved.value) * size_of::<V>() as u64;
            moved.key
        });
        if !write.remove
            && let Some((key, value)) = map.peek(write.key)
        {
            self.census.put(id, place(key, value));
        }
        (entries, bytes)
    }

    fn cause(&self, tally: &Tally, moved: u64, before: Option<usize>, after: Option<usize>) -> Cause {
        let allocated = tally.alloc_count > 0;
        if !self.info.tells.is_empty() {
            let told = self.tape.cause.get();
            return if told == Cause::Steady && allocated { Cause::AllocOther } else { told };
        }
        match (allocated, before.zip(after)) {
            (true, Some((before, after))) if after > before => Cause::Grow,
            (true, Some((before, after))) if after < before => Cause::Shrink,
            (true, Some(_)) if moved > 0 => Cause::SameSizeGrow,
            (true, _) => self.info.alloc_cause,
            (false, _) if moved > 0 => Cause::Move,
            (false, _) => Cause::Steady,
        }
    }
}

fn place<K, V>(key: &K, value: &V) -> (usize, usize) {
    (std::ptr::from_ref(key).addr(), std::ptr::from_ref(value).addr())
}
