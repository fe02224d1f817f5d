//! Operations made ready: keys and values built before anything is measured.

use std::hint::black_box;
use std::mem::size_of;

use crate::maps::{Concurrent, Map};
use crate::record::OpKind;
use crate::replay::Recorded;
use crate::workload::{Key, Kind, Op, Stream, Value, Workload, WorkloadError};

/// The most operations made ready at a time.
const BATCH_OPS_MAX: usize = 1024;

/// The most bytes of entries made ready at a time: a quarter of a common second-level cache, so that preparing does not
/// evict the map under test.
const BATCH_BYTES_MAX: usize = 128 << 10;

/// The fewest that any entry allows.
pub(super) const BATCH_OPS_MIN: usize = 64;

/// The most operations of such entries made ready at a time.
pub(super) fn batch_ops_max<K, V>() -> usize {
    (BATCH_BYTES_MAX / size_of::<(K, V)>()).clamp(BATCH_OPS_MIN, BATCH_OPS_MAX)
}

/// A batch of operations with their keys and values built.
///
/// Puts own their entries, because the map takes them. Removes and lookups borrow their keys, so that the map's user
/// and not the map drops them, after the measuring.
pub(super) struct Batch<K, V> {
    pub kinds: Vec<Kind>,
    puts: Vec<(K, V)>,
    keys: Vec<K>,
    /// The operations as the workload gave them.
    pub ops: Vec<Op>,
}

/// Streams a workload as batches, the set-up apart from the measured operations.
pub(super) struct Batches<'a> {
    stream: Stream,
    hashes: Option<&'a Recorded>,
    /// Operations read ahead that wait for the map to be empty, their key's hash having changed.
    waiting: Vec<Op>,
    setup_left: u64,
}

impl<'a> Batches<'a> {
    pub fn new(workload: &Workload, hashes: Option<&'a Recorded>) -> Result<Batches<'a>, WorkloadError> {
        let stream = workload.stream()?;
        if let Some(hashes) = hashes {
            hashes.clear();
        }
        Ok(Batches { stream, hashes, waiting: Vec::new(), setup_left: workload.setup_ops() })
    }

    /// Fills `batch` anew; true while there is more. A batch never mixes set-up and measured operations.
    pub fn next<K: Key, V: Value>(&mut self, batch: &mut Batch<K, V>) -> Result<bool, WorkloadError> {
        let max = batch_ops_max::<K, V>();
        batch.clear();
        if self.waiting.is_empty() {
            let max = if self.setup_left > 0 { self.setup_left.min(max as u64) as usize } else { max };
            self.stream.next_batch(&mut batch.ops, max)?;
        } else {
            batch.ops.append(&mut self.waiting);
        }
        if let Some(hashes) = self.hashes {
            let ready = ready(&batch.ops, hashes);
            self.waiting.extend(batch.ops.drain(ready..));
        }
        self.setup_left = self.setup_left.saturating_sub(batch.ops.len() as u64);
        batch.prepare();
        Ok(!batch.ops.is_empty())
    }

    /// Whether the next batch is still set-up.
    pub fn in_setup(&self) -> bool {
        self.setup_left > 0
    }
}

/// How many of `ops` may run before a key's recorded hash changes; records the hashes of those.
fn ready(ops: &[Op], hashes: &Recorded) -> usize {
    for (index, op) in ops.iter().enumerate() {
        if op.kind.has_key() && hashes.get(op.key) != Some(op.hash) {
            if hashes.get(op.key).is_some() && index > 0 {
                return index;
            }
            hashes.set(op.key, op.hash);
        }
    }
    ops.len()
}

impl<K: Key, V: Value> Batch<K, V> {
    pub fn new() -> Batch<K, V> {
        Batch { kinds: Vec::new(), puts: Vec::new(), keys: Vec::new(), ops: Vec::new() }
    }

    /// The same operations, made ready once more.
    pub fn again(&self) -> Batch<K, V> {
        let mut batch = Batch { ops: self.ops.clone(), ..Batch::new() };
        batch.prepare();
        batch
    }

    fn clear(&mut self) {
        self.kinds.clear();
        self.puts.clear();
        self.keys.clear();
        self.ops.clear();
    }

    fn prepare(&mut self) {
        for op in &self.ops {
            self.kinds.push(op.kind);
            match op.kind {
                Kind::Put => self.puts.push((K::from_id(op.key), V::from_seed(op.value, op.value_bytes))),
                Kind::Remove | Kind::Get => self.keys.push(K::from_id(op.key)),
                Kind::Clear | Kind::Iterate => {}
            }
        }
    }

    /// Fills it anew with the operations that `take` puts into an empty list; gives what `take` gives.
    pub fn refill<T>(&mut self, take: impl FnOnce(&mut Vec<Op>) -> T) -> T {
        self.clear();
        let taken = take(&mut self.ops);
        self.prepare();
        taken
    }

    /// Does the operations.
    pub fn work(&mut self, map: impl Worked<K, V>) {
        // A function of its own name: set-up and measured operations are compiled once.
        fn nothing(_: Kind, _: bool) {}
        self.work_then(map, nothing);
    }

    /// Does the operations, calling `after` after each with its kind and whether it found its key.
    #[inline(never)]
    pub fn work_then(&mut self, mut map: impl Worked<K, V>, mut after: impl FnMut(Kind, bool)) {
        let mut puts = self.puts.drain(..);
        let mut keys = self.keys.iter();
        for &kind in &self.kinds {
            let hit = match kind {
                Kind::Put => puts.next().is_some_and(|(key, value)| map.put(key, value)),
                Kind::Get => keys.next().is_some_and(|key| map.look_up(key)),
                Kind::Remove => keys.next().is_some_and(|key| map.take_out(key)),
                Kind::Clear => map.drop_all(),
                Kind::Iterate => map.look_at_all(),
            };
            after(kind, hit);
        }
    }

    /// The batch one operation at a time, for passes that look at the map between two.
    pub fn steps(&mut self) -> impl Iterator<Item = (Op, Step<K, V>)> {
        let mut puts = self.puts.drain(..);
        let mut keys = self.keys.drain(..);
        self.ops.iter().filter_map(move |&op| {
            let step = match op.kind {
                Kind::Put => puts.next().map(|(key, value)| Step::Put(key, value))?,
                Kind::Remove => Step::Remove(keys.next()?),
                Kind::Get => Step::Get(keys.next()?),
                Kind::Clear => Step::Clear,
                Kind::Iterate => Step::Iterate,
            };
            Some((op, step))
        })
    }
}

/// A map at work; each operation says whether it found its key.
pub(super) trait Worked<K, V> {
    fn put(&mut self, key: K, value: V) -> bool;
    fn look_up(&mut self, key: &K) -> bool;
    fn take_out(&mut self, key: &K) -> bool;
    fn drop_all(&mut self) -> bool;
    fn look_at_all(&mut self) -> bool;
}

/// A map that one thread has to itself.
impl<K, V, M: Map<K, V>> Worked<K, V> for &mut M {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        black_box(self.insert(key, value))
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        black_box(self.get(key)).is_some()
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        black_box(self.remove(key))
    }
    #[inline(always)]
    fn drop_all(&mut self) -> bool {
        self.clear();
        true
    }
    #[inline(always)]
    fn look_at_all(&mut self) -> bool {
        self.range(&mut |key, value| _ = black_box((key, value)));
        true
    }
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
}

/// One operation made ready.
pub(super) enum Step<K, V> {
    Put(K, V),
    Remove(K),
    Get(K),
    Clear,
    Iterate,
}

/// The kind as recorded; `hit` tells an overwrite from an insert.
pub(super) fn op_kind(kind: Kind, hit: bool) -> OpKind {
    match kind {
        Kind::Put if hit => OpKind::Overwrite,
        Kind::Put => OpKind::Insert,
        Kind::Remove => OpKind::Remove,
        Kind::Get => OpKind::Get,
        Kind::Clear => OpKind::Clear,
        Kind::Iterate => OpKind::Iterate,
    }
}
