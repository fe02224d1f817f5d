//! One operation, watched from all sides: what it allocated, which entries it moved, and its cause.

use std::cell::{Cell, RefCell};
use std::mem::size_of;

use super::batch::Step;
use crate::maps::{Info, Map, Structure, Write};
use crate::probe::alloc::{self, Measured, Pause, Tally};
use crate::probe::blocks;
use crate::probe::census::Census;
use crate::probe::event::{Cause, Event, Listen};
use crate::probe::heap::{Allocs, ModelledHeap};
use crate::probe::slots::{FreedSlots, SlotCounts};
use crate::subject::{Frees, Handed, Look, Moved, OnWork, Seen, Watch, Work, op_kind};
use crate::workload::{Key, Kind, Op, Value};

/// What a map says of itself, summed over the run or over the operation at hand.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// Of the operation at hand.
    moved: Cell<Moved>,
    /// Events by the cause they give.
    steps: [Cell<u64>; Cause::ALL.len()],
    /// Allocations and frees that the allocator did not see, of the operation at hand.
    shared_allocs: Cell<u64>,
    shared_frees: Cell<u64>,
    cause: Cell<Cause>,
    /// Where they are wanted; what it allocates is not counted.
    slots: RefCell<Option<FreedSlots>>,
    /// What the map says that the program it models allocated.
    heap: ModelledHeap,
    on_work: Option<OnWork>,
}

impl Tape {
    /// An empty one.
    pub const fn new() -> Tape {
        Tape {
            moved: Cell::new(Moved { entries: 0, bytes: 0 }),
            slots: RefCell::new(None),
            steps: [const { Cell::new(0) }; Cause::ALL.len()],
            shared_allocs: Cell::new(0),
            shared_frees: Cell::new(0),
            cause: Cell::new(Cause::Steady),
            heap: ModelledHeap::new(),
            on_work: None,
        }
    }

    /// One for somebody who looks for that.
    pub fn of(watch: Watch) -> Tape {
        let slots = RefCell::new(watch.slots.then(FreedSlots::default));
        Tape { slots, on_work: watch.on_work, ..Tape::new() }
    }

    /// What became of freed slots; `None` where they are not followed, or the map's entries don't lie in slots.
    pub fn slot_counts(&self) -> Option<SlotCounts> {
        self.slots.borrow().as_ref()?.counts()
    }

    /// Whether freed slots are followed.
    #[inline]
    fn follows_slots(&self) -> bool {
        self.slots.borrow().is_some()
    }

    #[inline]
    fn begin_write(&self) {
        if let Some(slots) = &mut *self.slots.borrow_mut() {
            slots.begin_write();
        }
    }

    #[inline]
    fn slots(&self, told: impl FnOnce(&mut FreedSlots)) {
        if let Some(slots) = &mut *self.slots.borrow_mut() {
            told(slots);
        }
    }

    /// Forgets the slots: what becomes of them from now on nobody asks.
    fn forget_slots(&self) {
        self.slots.take();
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
        self.steps.iter().for_each(|sum| sum.set(0));
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
                let moved = self.moved.get();
                self.moved.set(Moved { entries: moved.entries + entries, bytes: moved.bytes + bytes });
                if let Some(on_work) = self.on_work {
                    (on_work.moved)(entries, bytes);
                }
            }
            Event::Alloc { bytes } => {
                self.heap.hear(event);
                if let Some(on_work) = self.on_work {
                    (on_work.allocated)(bytes);
                }
            }
            Event::Free { .. } | Event::EntryAlloc { .. } | Event::EntryFree { .. } => self.heap.hear(event),
            Event::SharedAlloc => add(&self.shared_allocs, 1),
            Event::SharedFree => add(&self.shared_frees, 1),
            _ => {}
        }
        add(&self.steps[event.cause() as usize], 1);
        self.cause.set(self.cause.get().max(event.cause()));
    }
}

/// Watches a map's operations one by one.
///
/// It has the map to itself, so that three kinds of work are told apart by construction: what runs in [`Observer::window`] is
/// the map's and counts; what runs in [`Observer::look`] looks at the map and never counts; all else that the pass does as long
/// as the observer lives is the harness's, and doesn't either.
pub(super) struct Observer<'t, K, V> {
    map: Box<dyn Map<K, V> + 't>,
    info: Info,
    census: Census,
    held: Held<'t>,
    /// Operations by the cause observed, where the map tells of none.
    observed: [u64; Cause::ALL.len()],
    /// What the map got wrong while somebody looked.
    pub wrong: Option<String>,
    _harness: Pause,
}

/// What the map holds, in bytes.
struct Held<'t> {
    tape: &'t Tape,
    /// Whether the bytes are those that the map tells of.
    models_heap: bool,
    now: i64,
    /// When its last own work had been done, whatever looking at it has freed since.
    left: i64,
    peak: i64,
    recent_peak: i64,
    /// This thread's, when the map's last own work was done: nothing else counts.
    tally: Tally,
}

impl Held<'_> {
    /// Runs what belongs to the map alone, and books what it allocated. `handed` bytes become the map's to free; of a
    /// modelled heap the map itself says what an entry brings.
    fn window<T>(&mut self, handed: u64, work: impl FnOnce() -> T) -> (T, Tally) {
        let (out, mut did) = if self.models_heap {
            self.tape.heap.measure(work)
        } else {
            self.now += handed as i64;
            (alloc::counted(work), self.did())
        };
        did.tally.alloc_count += self.tape.shared_allocs.take();
        did.tally.free_count += self.tape.shared_frees.take();
        let peak = self.now + did.peak_bytes as i64;
        self.peak = self.peak.max(peak);
        self.recent_peak = self.recent_peak.max(peak);
        self.now += did.live_delta_bytes;
        self.left = self.now;
        (out, did.tally)
    }

    /// What was counted since this was last asked. Most operations allocate and free nothing, which two comparisons show.
    #[inline]
    fn did(&mut self) -> Measured {
        let (tally, before) = (alloc::tally(), self.tally);
        if (tally.alloc_count, tally.free_count) == (before.alloc_count, before.free_count) {
            return Measured::default();
        }
        self.tally = tally;
        let peak_bytes = (alloc::peak_bytes() - before.live_delta()).max(0) as u64;
        alloc::reset_peak();
        let tally = tally - before;
        Measured { tally, live_delta_bytes: tally.live_delta(), peak_bytes }
    }

    /// Runs what looks at the map. What that frees of the map's the map holds no longer.
    fn look<T>(&mut self, look: impl FnOnce() -> T) -> T {
        let (out, freed_bytes) = alloc::aside(look);
        if !self.models_heap {
            self.now -= freed_bytes as i64;
        }
        out
    }
}

/// What a put of these hands over to the map.
pub(super) fn handed<K: Key, V: Value>(key: &K, value: &V) -> Handed {
    let bytes = key.heap_bytes() + value.heap_bytes();
    let count = u64::from(key.heap_bytes() > 0) + u64::from(value.heap_bytes() > 0);
    Handed { payload_bytes: (size_of::<K>() + size_of::<V>()) as u64 + bytes, heap: Allocs { count, bytes } }
}

/// What the allocator counted, as a session gives it.
pub(super) fn work(tally: Tally, entry_allocs: Allocs, moved: Option<Moved>) -> Work {
    let Tally { alloc_count, alloc_bytes, free_count, free_bytes, realloc_moved_bytes } = tally;
    Work {
        allocs: Allocs { count: alloc_count, bytes: alloc_bytes },
        entry_allocs: Some(entry_allocs),
        frees: Some(Frees { count: free_count, bytes: free_bytes, realloc_moved_bytes }),
        moved,
    }
}

impl<'t, K: Key, V: Value> Observer<'t, K, V> {
    /// Builds the map and begins to watch it; what building allocated, without the box.
    pub fn new(
        info: Info,
        models_heap: bool,
        tape: &'t Tape,
        build: &dyn Fn() -> Box<dyn Map<K, V> + 't>,
    ) -> (Observer<'t, K, V>, Work) {
        let _harness = Pause::begin();
        if tape.follows_slots() {
            blocks::begin();
        }
        alloc::reset_peak();
        let tally = alloc::tally();
        let mut held = Held { tape, models_heap, now: 0, left: 0, peak: 0, recent_peak: 0, tally };
        let (map, tally) = held.window(0, build);
        let mut observed = [0; Cause::ALL.len()];
        observed[Cause::Grow as usize] = u64::from(tally.alloc_count > 0);
        let built = work(tally, Allocs::default(), Some(Moved::default()));
        (Observer { map, info, census: Census::default(), held, observed, wrong: None, _harness }, built)
    }

    /// Forgets what was counted, as when the set-up ends.
    pub fn rewind(&mut self) {
        self.held.tape.rewind();
        self.observed = [0; Cause::ALL.len()];
        self.take_recent_peak_bytes();
    }

    /// How many steps gave this cause: told by the map where it tells of any, else observed.
    pub fn events(&self, cause: Cause) -> Option<u64> {
        let known = match &self.info {
            info if !info.tells.is_empty() => return info.tells.contains(&cause).then(|| self.held.tape.steps(cause)),
            // A map made of nodes has no table to grow.
            info => info.alloc_cause != Cause::Overflow && matches!(cause, Cause::Grow | Cause::SameSizeGrow),
        };
        known.then(|| self.observed[cause as usize])
    }

    /// Whether the map tells what it does, moves too: nobody looks for them then.
    fn tells(&self) -> bool {
        !self.info.tells.is_empty()
    }

    /// What became of freed slots, where they are followed.
    pub fn slots(&self) -> Option<SlotCounts> {
        self.held.tape.slot_counts()
    }

    /// Follows them no longer.
    pub fn forget_slots(&self) {
        self.held.tape.forget_slots();
    }

    /// Bytes that it holds now that it has been looked at.
    pub fn held_after_looks_bytes(&self) -> u64 {
        self.held.now.max(0) as u64
    }

    /// The most that it held.
    pub fn held_peak_bytes(&self) -> u64 {
        self.held.peak.max(0) as u64
    }

    /// Gets ready to watch these operations.
    pub fn expect(&self, ops: &[Op]) {
        self.census.warm(ops.iter().map(|op| op.key));
    }

    /// Looks at the map; see [`Observer`].
    pub fn look<T>(&mut self, look: impl FnOnce(&dyn Map<K, V>) -> T) -> T {
        let map = &*self.map;
        self.held.look(|| look(map))
    }

    /// Has the map do what is its own; see [`Observer`].
    pub fn window<T>(&mut self, work: impl FnOnce(&mut (dyn Map<K, V> + 't)) -> T) -> T {
        let map = &mut *self.map;
        self.held.window(0, || work(map)).0
    }

    /// Does one operation and looks at what it did.
    pub fn step(&mut self, op: &Op, step: Step<K, V>) -> Seen {
        let capacity_before = match &step {
            _ if self.tells() => None,
            Step::Put(key, _) | Step::Remove(key) | Step::Get(key) | Step::Scan(key, _) => {
                self.look(|map| map.capacity_at(key))
            }
            Step::Clear | Step::Iterate => self.look(|map| map.capacity()),
        };
        let Observer { map, held, census, .. } = self;
        held.tape.cause.set(Cause::Steady);
        held.tape.moved.take();
        if matches!(op.kind, Kind::Put | Kind::Remove) {
            held.tape.begin_write();
        }
        let (mut put, mut entry_allocs, mut scanned) = (Handed::default(), Allocs::default(), 0);
        let (hit, tally, key) = match step {
            Step::Put(key, value) => {
                put = handed(&key, &value);
                let written = key.clone();
                let (hit, tally) = held.window(put.heap.bytes, || map.insert(key, value));
                entry_allocs = if held.models_heap { held.tape.heap.entry_allocs() } else { put.heap };
                (hit, tally, Some(written))
            }
            Step::Remove(key) => {
                let (hit, tally) = held.window(0, || map.remove(&key));
                (hit, tally, Some(key))
            }
            Step::Get(key) => {
                let (hit, tally) = held.window(0, || map.get(&key).is_some());
                (hit, tally, Some(key))
            }
            Step::Clear => {
                let had_any = held.look(|| !map.is_empty());
                let ((), tally) = held.window(0, || map.clear());
                census.clear();
                held.tape.slots(FreedSlots::clear);
                (had_any, tally, None)
            }
            Step::Iterate => {
                let mut seen = 0;
                let ((), tally) = held.window(0, || map.range(&mut |_, _| seen += 1));
                let len = held.look(|| map.len());
                if seen != len {
                    self.wrong.get_or_insert_with(|| format!("an iteration gave {seen} entries of {len}"));
                }
                (seen > 0, tally, None)
            }
            Step::Scan(from, entries) => {
                // Keys have the order of their identities.
                let (mut at, mut is_in_order) = (from.id(), true);
                let mut visit = |key: &K, _: &V| {
                    let next = key.id();
                    is_in_order &= next > at || (next == at && scanned == 0);
                    (at, scanned) = (next, scanned + 1);
                };
                let ((), tally) = held.window(0, || map.scan(&from, entries, &mut visit));
                if !is_in_order {
                    self.wrong
                        .get_or_insert_with(|| "a scan gave entries that are not in the order of keys".to_owned());
                }
                (scanned > 0, tally, Some(from))
            }
        };
        let (moved, cause) = if self.tells() {
            (self.held.tape.moved.get(), self.told_cause(&tally))
        } else {
            self.look_around(op, key.as_ref(), hit, &tally, capacity_before)
        };
        self.observed[cause as usize] += 1;
        Seen {
            kind: op_kind(op.kind, hit),
            hit,
            scanned,
            cause,
            work: work(tally, entry_allocs, Some(moved)),
            handed: put,
        }
    }

    /// Looks at the map after an operation, of which it tells nothing: what moved, and the cause.
    fn look_around(
        &mut self,
        op: &Op,
        key: Option<&K>,
        hit: bool,
        tally: &Tally,
        capacity_before: Option<usize>,
    ) -> (Moved, Cause) {
        let write = key.filter(|_| matches!(op.kind, Kind::Put | Kind::Remove)).map(|key| Write {
            key,
            remove: op.kind == Kind::Remove,
            hit,
            allocs: tally.alloc_count,
            frees: tally.free_count,
            capacity_before,
        });
        let moved = match &write {
            Some(write) => self.follow(op.key, write),
            None if op.kind == Kind::Iterate => self.look_at_all(),
            None => Moved::default(),
        };
        if tally.alloc_count == 0 {
            return (moved, if moved.entries > 0 { Cause::Move } else { Cause::Steady });
        }
        let room = self.look(|map| key.map_or_else(|| map.capacity(), |key| map.capacity_at(key)));
        let cause = match capacity_before.zip(room) {
            Some((before, after)) if after > before => Cause::Grow,
            Some((before, after)) if after < before => Cause::Shrink,
            Some(_) if moved.entries > 0 => Cause::SameSizeGrow,
            // What iterates or scans may allocate for itself, and adds no node.
            _ if matches!(op.kind, Kind::Iterate | Kind::Scan) => Cause::AllocOther,
            _ => self.info.alloc_cause,
        };
        (moved, cause)
    }

    /// Counts the entries that an operation moved which may have moved any.
    fn look_at_all(&mut self) -> Moved {
        let Observer { map, held, census, .. } = self;
        let mut moved = Moved::default();
        held.look(|| map.for_each(&mut |key, value| _ = see(&mut moved, census, key, value)));
        moved
    }

    /// Counts the entries that a write moved, and learns where the written entry is now, and from which slot it came or
    /// to which it went.
    fn follow(&mut self, id: u64, write: &Write<'_, K>) -> Moved {
        let Observer { map, held, census, .. } = self;
        let tape = held.tape;
        let removed = if write.remove && write.hit { census.remove(id) } else { None };
        let mut all = Moved::default();
        let (table, place) = held.look(|| {
            let table = if tape.follows_slots() { map.written_table(write) } else { None };
            let laid_out_anew = table.is_some_and(|table| table.laid_out_anew);
            if let Some(table) = table
                && (removed.is_some() || laid_out_anew)
            {
                tape.slots(|slots| {
                    if let Some(place) = removed {
                        slots.free(place.0, table.number);
                    }
                    if laid_out_anew {
                        slots.lose(table.number);
                    }
                });
            }
            let mut visit = |key: &K, value: &V| {
                let from = see(&mut all, census, key, value);
                if let Some(from) = from
                    && table.is_some()
                    && !laid_out_anew
                {
                    tape.slots(|slots| slots.shift(from, std::ptr::from_ref(key).addr()));
                }
                from.is_some()
            };
            map.disturbed(write, &mut visit);
            let entry = if write.remove { None } else { map.peek(write.key) };
            (table, entry.map(|(key, value)| place(key, value)))
        });
        if let Some(place) = place {
            census.put(id, place);
            if table.is_some() && !write.hit {
                tape.slots(|slots| slots.take(place.0));
            }
        }
        all
    }

    /// The cause of an operation of a map that tells what it does.
    fn told_cause(&self, tally: &Tally) -> Cause {
        let told = self.held.tape.cause.get();
        if told == Cause::Steady && tally.alloc_count > 0 { Cause::AllocOther } else { told }
    }
}

impl<K: Key, V: Value> Look for Observer<'_, K, V> {
    fn len(&mut self) -> usize {
        self.look(|map| map.len())
    }

    fn capacity(&mut self) -> Option<usize> {
        self.look(|map| map.capacity())
    }

    fn structure(&mut self) -> Structure {
        self.look(|map| map.structure())
    }

    fn hit_lookups(&mut self) -> (Option<u64>, Option<u64>) {
        self.look(|map| map.hit_lookups())
    }

    fn held_bytes(&self) -> u64 {
        self.held.left.max(0) as u64
    }

    fn take_recent_peak_bytes(&mut self) -> u64 {
        std::mem::replace(&mut self.held.recent_peak, self.held.now).max(0) as u64
    }
}

/// Adds an entry to those that `moved`, if it did; where its key came from.
fn see<K: Key, V: Value>(moved: &mut Moved, census: &mut Census, key: &K, value: &V) -> Option<usize> {
    let seen = census.look(key.id(), place(key, value));
    let key_moved = u64::from(seen.key.is_some());
    moved.entries += key_moved;
    moved.bytes += key_moved * size_of::<K>() as u64 + u64::from(seen.value) * size_of::<V>() as u64;
    seen.key
}

fn place<K, V>(key: &K, value: &V) -> (usize, usize) {
    (std::ptr::from_ref(key).addr(), std::ptr::from_ref(value).addr())
}
