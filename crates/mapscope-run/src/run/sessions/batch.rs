//! Operations made ready: keys and values built before anything is measured.

use std::hint::black_box;
use std::mem::size_of;

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
pub(super) struct Batch<K, V>(Vec<Option<Step<K, V>>>);

/// One operation made ready.
pub(super) enum Step<K, V> {
    Put(K, V),
    Remove(K),
    Get(K),
    Clear,
    Iterate,
    Scan(K, usize),
}

impl<K: Key, V: Value> Batch<K, V> {
    pub fn new() -> Batch<K, V> {
        Batch(Vec::new())
    }

    /// Makes other operations ready.
    pub fn fill(&mut self, ops: &[Op]) {
        self.0.clear();
        self.0.extend(ops.iter().map(|op| {
            Some(match op.kind {
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
        self.0.len()
    }

    /// The entries that are to be put.
    pub fn puts(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().filter_map(|step| match step {
            Some(Step::Put(key, value)) => Some((key, value)),
            _ => None,
        })
    }

    /// Does the operations, and reads the clock after each block of them.
    pub fn work(&mut self, map: impl Worked<K, V>, blocks: &mut Blocks) {
        self.work_by(map, |_, _| {}, |ops| blocks.done(ops));
    }

    /// Does the operations, calling `after` after each with its kind and whether it found its key.
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
        for block in self.0.chunks_mut(BLOCK_OPS) {
            let ops = block.len();
            for step in block {
                let (kind, hit) = match step {
                    Some(Step::Get(key)) => (Kind::Get, map.look_up(key)),
                    Some(Step::Remove(key)) => (Kind::Remove, map.take_out(key)),
                    Some(Step::Scan(key, entries)) => (Kind::Scan, map.look_at_some(key, *entries)),
                    _ => match step.take() {
                        Some(Step::Put(key, value)) => (Kind::Put, map.put(key, value)),
                        Some(Step::Clear) => (Kind::Clear, map.drop_all()),
                        _ => (Kind::Iterate, map.look_at_all()),
                    },
                };
                after(kind, hit);
            }
            after_block(ops);
        }
    }

    /// The batch one operation at a time, for those who look at the map between two.
    pub fn steps(&mut self) -> impl Iterator<Item = Step<K, V>> {
        self.0.drain(..).flatten()
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
    fn drop_all(&mut self) -> bool;
    fn look_at_all(&mut self) -> bool;
    fn look_at_some(&mut self, from: &K, entries: usize) -> bool;
}

/// A map that one thread has to itself.
impl<K, V, M: Map<K, V> + ?Sized> Worked<K, V> for &mut M {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        black_box(self.insert(key, value))
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        black_box(self.get(key).is_some())
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        black_box(self.remove(key))
    }
    #[inline(always)]
    fn drop_all(&mut self) -> bool {
        drop_all(&mut **self)
    }
    #[inline(always)]
    fn look_at_all(&mut self) -> bool {
        look_at_all(&mut **self)
    }
    #[inline(always)]
    fn look_at_some(&mut self, from: &K, entries: usize) -> bool {
        look_at_some(&mut **self, from, entries)
    }
}

// Not in the loop, whose registers are for what is done often. They are given the map and not the reference to it, which
// would have to lie in memory for every operation.

#[inline(never)]
fn drop_all<K, V, M: Map<K, V> + ?Sized>(map: &mut M) -> bool {
    map.clear();
    true
}

#[inline(never)]
fn look_at_all<K, V, M: Map<K, V> + ?Sized>(map: &mut M) -> bool {
    map.range(&mut |key, value| _ = black_box((key, value)));
    true
}

#[inline(never)]
fn look_at_some<K, V, M: Map<K, V> + ?Sized>(map: &mut M, from: &K, entries: usize) -> bool {
    let mut any = false;
    map.scan(from, entries, &mut |key, value| {
        any = true;
        black_box((key, value));
    });
    any
}

/// A map that other threads use meanwhile.
pub(super) struct Among<'a, M>(pub &'a M);

impl<K, V, M: Concurrent<K, V>> Worked<K, V> for Among<'_, M> {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        black_box(self.0.insert(key, value))
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        self.0.get(key, |value| _ = black_box(value)).is_some()
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        black_box(self.0.remove(key))
    }
    fn drop_all(&mut self) -> bool {
        unreachable!("no workload that clears is dealt")
    }
    fn look_at_all(&mut self) -> bool {
        unreachable!("no workload that iterates is dealt")
    }
    fn look_at_some(&mut self, _: &K, _: usize) -> bool {
        unreachable!("no workload that scans is dealt")
    }
}
