//! One operation, watched from all sides: what it allocated, which entries it moved, and its cause.

use std::cell::{Cell, RefCell};
use std::mem::{size_of, size_of_val};

use super::batch::{Step, op_kind};
use crate::maps::{Info, Map, Write};
use crate::probe::alloc::{self, Tally};
use crate::probe::census::Census;
use crate::probe::event::{Cause, Event, Listen};
use crate::probe::slots::{FreedSlots, SlotCounts};
use crate::record::OpKind;
use crate::workload::{Key, Kind, Op, Value};

/// What a map says of itself, summed over the run and over the operation at hand.
#[derive(Debug, Default)]
pub(super) struct Tape {
    pub moved_entries: Cell<u64>,
    pub moved_bytes: Cell<u64>,
    /// Events by the cause they give.
    steps: [Cell<u64>; Cause::ALL.len()],
    /// Allocations and frees that the allocator did not see, of the operation at hand.
    shared_allocs: Cell<u64>,
    shared_frees: Cell<u64>,
    cause: Cell<Cause>,
    /// Where they are wanted; what it allocates is not counted.
    slots: Option<RefCell<FreedSlots>>,
    on_move: Option<fn(entries: u64, bytes: u64)>,
}

impl Tape {
    /// An empty one.
    pub const fn new() -> Tape {
        Tape {
            moved_entries: Cell::new(0),
            moved_bytes: Cell::new(0),
            slots: None,
            steps: [const { Cell::new(0) }; Cause::ALL.len()],
            shared_allocs: Cell::new(0),
            shared_frees: Cell::new(0),
            cause: Cell::new(Cause::Steady),
            on_move: None,
        }
    }

    /// A tape that also tells `on_move` of each move at the moment it happens, on the stack of who moves.
    pub fn telling(on_move: fn(u64, u64)) -> Tape {
        Tape { on_move: Some(on_move), ..Tape::default() }
    }

    /// A tape that also follows the slots that removes free, whether the map tells of them or is asked.
    pub fn following_slots() -> Tape {
        Tape { slots: Some(RefCell::default()), ..Tape::default() }
    }

    /// What became of freed slots; `None` where they are not followed, or the map's entries don't lie in slots.
    pub fn slot_counts(&self) -> Option<SlotCounts> {
        self.slots.as_ref()?.borrow().counts()
    }

    /// Allocates nothing, and so needs no pause in the counting.
    fn begin_write(&self) {
        if let Some(slots) = &self.slots {
            slots.borrow_mut().begin_write();
        }
    }

    fn slots(&self, told: impl FnOnce(&mut FreedSlots)) {
        if let Some(slots) = &self.slots {
            alloc::uncounted(|| told(&mut slots.borrow_mut()));
        }
    }

    /// How many events gave this cause.
    pub fn steps(&self, cause: Cause) -> u64 {
        self.steps[cause as usize].get()
    }

    /// How many events gave each cause.
    pub fn all_steps(&self) -> [u64; Cause::ALL.len()] {
        self.steps.each_ref().map(Cell::get)
    }

    /// The dearest cause told since it was last taken.
    pub fn take_cause(&self) -> Cause {
        self.cause.replace(Cause::Steady)
    }

    /// Forgets the sums, as when the set-up ends.
    pub fn rewind(&self) {
        let sums = [&self.moved_entries, &self.moved_bytes];
        sums.into_iter().chain(&self.steps).for_each(|sum| sum.set(0));
        self.slots(FreedSlots::rewind);
    }
}

impl Listen for Tape {
    fn hear(&self, event: Event) {
        let add = |sum: &Cell<u64>, n| sum.set(sum.get() + n);
        match event {
            Event::SlotFreed { slot, table } => self.slots(|slots| slots.free(slot, table)),
            Event::SlotTaken { slot } => self.slots(|slots| slots.take(slot)),
            Event::SlotShift { from, to } => self.slots(|slots| slots.shift(from, to)),
            Event::SlotsLost { table } => self.slots(|slots| slots.lose(table)),
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
    pub fn step<K: Key, V: Value>(&mut self, map: &mut (dyn Map<K, V> + '_), op: Op, step: Step<K, V>) -> Seen {
        let capacity_before = map.capacity();
        self.tape.cause.set(Cause::Steady);
        if matches!(op.kind, Kind::Put | Kind::Remove) {
            self.tape.begin_write();
        }
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
                self.tape.slots(FreedSlots::clear);
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

    /// Counts the entries that a write moved, and learns where the written entry is now, and from which slot it came or
    /// to which it went.
    fn look<K: Key, V: Value>(&mut self, map: &(dyn Map<K, V> + '_), id: u64, write: &Write<'_, K>) -> (u64, u64) {
        let tape = self.tape;
        let table = if tape.slots.is_some() { map.written_table(write) } else { None };
        if write.remove
            && write.hit
            && let Some(place) = self.census.remove(id)
            && let Some(table) = table
        {
            tape.slots(|slots| slots.free(place.0, table.number));
        }
        let laid_out_anew = table.is_some_and(|table| table.laid_out_anew);
        if let Some(table) = table
            && laid_out_anew
        {
            tape.slots(|slots| slots.lose(table.number));
        }
        let (mut entries, mut bytes) = (0, 0);
        map.disturbed(write, &mut |key, value| {
            let moved = self.census.look(key.id(), place(key, value));
            if let Some(from) = moved.key {
                entries += 1;
                bytes += size_of_val(key) as u64;
                if table.is_some() && !laid_out_anew {
                    tape.slots(|slots| slots.shift(from, std::ptr::from_ref(key).addr()));
                }
            }
            bytes += u64::from(moved.value) * size_of::<V>() as u64;
            moved.key.is_some()
        });
        if !write.remove
            && let Some((key, value)) = map.peek(write.key)
        {
            let place = place(key, value);
            self.census.put(id, place);
            if table.is_some() && !write.hit {
                tape.slots(|slots| slots.take(place.0));
            }
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
