//! Operations made ready: keys and values built before anything is measured.

use std::hint::black_box;
use std::mem::{self, ManuallyDrop, size_of};
use std::ptr;

use crate::maps::{Concurrent, Map};
use crate::probe::clock;
use crate::record::BLOCK_OPS;
use crate::workload::{Key, Kind, Op, Value};

/// The most operations made ready at a time.
const BATCH_OPS_MAX: usize = 1024;

/// The most bytes of entries made ready at a time: a quarter of a common second-level cache, so that preparing does not
/// evict the map under test.
const BATCH_BYTES_MAX: usize = 128 << 10;

/// The fewest that any entry allows.
const BATCH_OPS_MIN: usize = 64;

/// The most operations of such entries made ready at a time.
pub(super) fn batch_ops_max<K, V>() -> usize {
    (BATCH_BYTES_MAX / size_of::<(K, V)>()).clamp(BATCH_OPS_MIN, BATCH_OPS_MAX)
}

/// A batch of operations with their keys and values built, in one array: a loop over it keeps one address, and leaves the
/// registers to the map.
///
/// Puts own their entries, because the map takes them. Removes and lookups borrow their keys, so that the map's user
/// and not the map drops them, after the measuring.
pub(super) struct Batch<K, V> {
    steps: Vec<ManuallyDrop<Step<K, V>>>,
    /// Whether the operations have begun: the entries that are to be put are no longer the batch's. To mark each as it is
    /// taken would cost the loop a write for each of them.
    worked: bool,
}

/// One operation made ready. The loop tells them apart in this order: first what is cheapest on most maps, where a
/// comparison weighs most.
pub(super) enum Step<K, V> {
    Get(K),
    Put(K, V),
    Remove(K),
    Clear,
    Iterate,
    Scan(K, usize),
}

impl<K: Key, V: Value> Batch<K, V> {
    pub fn new() -> Batch<K, V> {
        Batch { steps: Vec::new(), worked: false }
    }

    /// Makes other operations ready.
    pub fn fill(&mut self, ops: &[Op]) {
        self.empty();
        self.steps.extend(ops.iter().map(|op| {
            ManuallyDrop::new(match op.kind {
                Kind::Put => Step::Put(K::sized(op.key, op.key_bytes), V::from_seed(op.value, op.value_bytes)),
                Kind::Remove => Step::Remove(K::sized(op.key, op.key_bytes)),
                Kind::Get => Step::Get(K::sized(op.key, op.key_bytes)),
                Kind::Clear => Step::Clear,
                Kind::Iterate => Step::Iterate,
                Kind::Scan => Step::Scan(K::sized(op.key, op.key_bytes), op.value as usize),
            })
        }));
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether its operations were done, or begun.
    pub fn is_worked(&self) -> bool {
        self.worked
    }

    /// The entries that are to be put.
    pub fn puts(&self) -> impl Iterator<Item = (&K, &V)> {
        assert!(!self.worked, "they are the map's");
        self.steps.iter().filter_map(|step| match &**step {
            Step::Put(key, value) => Some((key, value)),
            _ => None,
        })
    }

    /// Does the operations, once, and reads the clock after each block of them.
    pub fn work(&mut self, map: impl Worked<K, V>, blocks: &mut Blocks) {
        self.work_by(map, |_, _| {}, |ops| blocks.done(ops));
    }

    /// Does the operations, once, calling `after` after each with its kind and whether it found its key.
    pub fn work_then(&mut self, map: impl Worked<K, V>, after: impl FnMut(Kind, bool)) {
        self.work_by(map, after, |_| {});
    }

    #[inline(never)]
    fn work_by(
        &mut self,
        mut map: impl Worked<K, V>,
        mut after: impl FnMut(Kind, bool),
        mut after_block: impl FnMut(usize),
    ) {
        assert!(!mem::replace(&mut self.worked, true), "a batch is worked off once");
        for block in self.steps.chunks(BLOCK_OPS) {
            for step in block {
                // Four cases are compared; with more, every operation would pay for an indirect jump.
                let (kind, hit) = match &**step {
                    Step::Get(key) => (Kind::Get, map.look_up(key)),
                    Step::Put(key, value) => {
                        // SAFETY: `worked` is set: the batch won't drop the entry, and nobody reads it twice.
                        let (key, value) = unsafe { (ptr::read(key), ptr::read(value)) };
                        (Kind::Put, map.put(key, value))
                    }
                    Step::Remove(key) => (Kind::Remove, map.take_out(key)),
                    // Apart, and with its kind in what is called: else the compiler puts all others behind it.
                    step => {
                        let (kind, hit) = map.seldom(step);
                        after(kind, hit);
                        continue;
                    }
                };
                after(kind, black_box(hit));
            }
            after_block(block.len());
        }
    }

    /// The batch one operation at a time, for those who look at the map between two.
    pub fn steps(&mut self) -> impl Iterator<Item = Step<K, V>> {
        assert!(!self.worked, "what is put is the map's");
        self.steps.drain(..).map(ManuallyDrop::into_inner)
    }
}

impl<K, V> Batch<K, V> {
    /// Drops what is the batch's.
    fn empty(&mut self) {
        let (worked, mut steps) = (mem::take(&mut self.worked), mem::take(&mut self.steps));
        for step in &mut steps {
            if !(worked && matches!(**step, Step::Put(..))) {
                // SAFETY: the vector drops none of them, also where this panics, and is cleared.
                unsafe { ManuallyDrop::drop(step) }
            }
        }
        steps.clear();
        self.steps = steps;
    }
}

impl<K, V> Drop for Batch<K, V> {
    fn drop(&mut self) {
        self.empty();
    }
}

/// When blocks of operations ended that nothing else was done between: a clock read so seldom is not in their time.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The clock's, before the first one and after each.
    ticks: Vec<u64>,
    /// Operations since the last one.
    pending: usize,
}

impl Blocks {
    /// With room for those of the largest batch: nothing is allocated while operations are counted or timed.
    pub fn new() -> Blocks {
        Blocks { ticks: Vec::with_capacity(BATCH_OPS_MAX / BLOCK_OPS + 2), pending: 0 }
    }

    /// Begins anew, with room for those of so many operations.
    pub fn begin(&mut self, ops: usize) {
        self.ticks.clear();
        self.ticks.reserve(ops / BLOCK_OPS + 2);
        self.ticks.push(clock::ticks());
        self.pending = 0;
    }

    /// So many more were done. Batches of fewer than a block's share one.
    #[inline]
    fn done(&mut self, ops: usize) {
        self.pending += ops;
        if self.pending >= BLOCK_OPS {
            self.end();
        }
    }

    /// None is pending after this.
    pub fn end(&mut self) {
        if self.pending > 0 {
            self.pending = 0;
            self.ticks.push(clock::ticks());
        }
    }

    /// What each took, in ticks.
    pub fn took(&self) -> impl Iterator<Item = u64> {
        self.ticks.windows(2).map(|both| both[1].saturating_sub(both[0]))
    }
}

/// A map at work; each operation says whether it found its key.
pub(super) trait Worked<K, V> {
    fn put(&mut self, key: K, value: V) -> bool;
    fn look_up(&mut self, key: &K) -> bool;
    fn take_out(&mut self, key: &K) -> bool;
    /// Any other operation; gives its kind too.
    fn seldom(&mut self, step: &Step<K, V>) -> (Kind, bool);
}

/// A map that one thread has to itself.
impl<K, V, M: Map<K, V> + ?Sized> Worked<K, V> for &mut M {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        self.insert(key, value)
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        self.get(key).is_some()
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        self.remove(key)
    }
    #[inline(always)]
    fn seldom(&mut self, step: &Step<K, V>) -> (Kind, bool) {
        seldom(&mut **self, step)
    }
}

/// Not in the loop, whose registers are for what is done often. It is given the map and not the reference to it, which
/// would have to lie in memory for every operation.
#[inline(never)]
fn seldom<K, V, M: Map<K, V> + ?Sized>(map: &mut M, step: &Step<K, V>) -> (Kind, bool) {
    match step {
        Step::Clear => {
            map.clear();
            (Kind::Clear, true)
        }
        Step::Iterate => {
            map.range(&mut |key, value| _ = black_box((key, value)));
            (Kind::Iterate, true)
        }
        Step::Scan(from, entries) => {
            let mut any = false;
            map.scan(from, *entries, &mut |key, value| {
                any = true;
                black_box((key, value));
            });
            (Kind::Scan, any)
        }
        Step::Put(..) | Step::Remove(_) | Step::Get(_) => unreachable!("the loop does it"),
    }
}

/// A map that other threads use meanwhile.
pub(super) struct Among<'a, M>(pub &'a M);

impl<K, V, M: Concurrent<K, V>> Worked<K, V> for Among<'_, M> {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        self.0.insert(key, value)
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        self.0.get(key, |value| _ = black_box(value)).is_some()
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        self.0.remove(key)
    }
    fn seldom(&mut self, _: &Step<K, V>) -> (Kind, bool) {
        unreachable!("no workload that clears, iterates or scans is dealt")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    thread_local! {
        static LIVE: Cell<isize> = const { Cell::new(0) };
    }

    /// A key that is a value too, and is counted while it lives.
    #[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
    struct Counted(u64);

    impl Counted {
        fn new(number: u64) -> Counted {
            LIVE.set(LIVE.get() + 1);
            Counted(number)
        }
    }

    impl Clone for Counted {
        fn clone(&self) -> Counted {
            Counted::new(self.0)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            LIVE.set(LIVE.get() - 1);
        }
    }

    impl Key for Counted {
        const POINTERS: bool = false;
        fn from_id(id: u64) -> Counted {
            Counted::new(id)
        }
        fn id(&self) -> u64 {
            self.0
        }
        fn heap_bytes(&self) -> u64 {
            0
        }
    }

    impl Value for Counted {
        const POINTERS: bool = false;
        fn from_seed(seed: u64, _: u32) -> Counted {
            Counted::new(seed)
        }
        fn seed(&self) -> Option<u64> {
            Some(self.0)
        }
        fn heap_bytes(&self) -> u64 {
            0
        }
    }

    /// Its lookups panic.
    struct Broken<'a>(&'a mut BTreeMap<Counted, Counted>);

    impl Worked<Counted, Counted> for Broken<'_> {
        fn put(&mut self, key: Counted, value: Counted) -> bool {
            self.0.put(key, value)
        }
        fn look_up(&mut self, _: &Counted) -> bool {
            panic!("it is broken")
        }
        fn take_out(&mut self, key: &Counted) -> bool {
            self.0.take_out(key)
        }
        fn seldom(&mut self, step: &Step<Counted, Counted>) -> (Kind, bool) {
            self.0.seldom(step)
        }
    }

    fn ops() -> Vec<Op> {
        let op = |kind, key| Op { kind, key, value: 1, hash: 0, value_bytes: 0, key_bytes: 0 };
        let put = |key| op(Kind::Put, key);
        vec![
            put(1),
            put(2),
            put(1),
            op(Kind::Remove, 2),
            op(Kind::Get, 1),
            put(3),
            op(Kind::Scan, 1),
            op(Kind::Iterate, 0),
        ]
    }

    #[test]
    fn what_is_put_is_the_maps_and_all_else_the_batchs() {
        let (mut batch, mut map) = (Batch::new(), BTreeMap::<Counted, Counted>::new());
        batch.fill(&ops());
        assert_eq!(LIVE.get(), 11, "four entries and three keys");
        let mut kinds = Vec::new();
        batch.work_then(&mut map, |kind, hit| kinds.push((kind, hit)));
        assert_eq!(LIVE.get(), 4 + 3, "two entries are left, and the batch's keys are dropped after the measuring");
        use Kind::{Get, Iterate, Put, Remove, Scan};
        let puts = [(Put, false), (Put, false), (Put, true)];
        assert_eq!(kinds[..3], puts);
        assert_eq!(kinds[3..], [(Remove, true), (Get, true), (Put, false), (Scan, true), (Iterate, true)]);
        batch.fill(&ops()[..1]);
        assert_eq!(LIVE.get(), 4 + 2);
        drop(batch);
        assert_eq!(LIVE.get(), 4, "an entry that was never put is the batch's");
        drop(map);
        assert_eq!(LIVE.get(), 0);
    }

    #[test]
    fn a_batch_that_a_panic_ends_drops_nothing_twice() {
        let (mut batch, mut map) = (Batch::new(), BTreeMap::<Counted, Counted>::new());
        batch.fill(&ops());
        let work = AssertUnwindSafe(|| batch.work_then(Broken(&mut map), |_, _| {}));
        catch_unwind(work).unwrap_err();
        drop((batch, map));
        assert_eq!(LIVE.get(), 2, "the entry that was not put yet is leaked");
    }

    #[test]
    #[should_panic(expected = "worked off once")]
    fn a_batch_is_worked_off_once() {
        let (mut batch, mut map) = (Batch::<u64, u64>::new(), BTreeMap::new());
        batch.fill(&ops());
        batch.work_then(&mut map, |_, _| {});
        batch.work_then(&mut map, |_, _| {});
    }
}
