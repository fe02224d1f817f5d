//! The map of a cell, its types erased but for those of its entries: passes are compiled once for each entry. What is
//! compiled for each map is the map watched, every call virtual, and the two loops that are timed, where none is.

use super::batch::{Batch, Blocks};
use super::hashes::Hashes;
use super::observe::{Observer, Tape};
use super::row::Row;
use crate::maps::{Family, Hashing, Info, Map, Options};
use crate::probe::event::{Listen, Off};
use crate::probe::{alloc, clock};
use crate::replay::EitherHashing;
use crate::subject::Work;
use crate::workload::{Key, Value};

/// A map that can be built.
pub(super) trait Tested<K, V> {
    fn info(&self) -> Info;
    /// See [`Family::MODELS_HEAP`].
    fn models_heap(&self) -> bool;
    /// Builds one and begins to watch it; says what building allocated.
    fn watched<'t>(&self, tape: &'t Tape) -> (Observer<'t, K, V>, Work);
    /// Builds so many, side by side, that nobody watches.
    fn timed(&self, maps: usize) -> Box<dyn Row<K, V>>;
    /// What only hashes keys as the map does, by itself; `Some(None)` of one that doesn't hash, `None` where nobody knows.
    fn hashes(&self) -> Option<Option<Box<dyn Row<K, V>>>>;
}

/// A family, and all that it takes to build its map for any entry.
pub(super) struct Typed<F: Family> {
    options: Options,
    hasher: EitherHashing<F::Hasher>,
}

impl<F: Family> Typed<F> {
    pub fn new(options: Options, hasher: EitherHashing<F::Hasher>) -> Typed<F> {
        Typed { options, hasher }
    }

    fn row<K: Key, V: Value, S: Hashing>(&self, maps: usize, hasher: &S) -> Box<dyn Row<K, V>> {
        let build = |_| F::build::<K, V, S, Off>(&self.options, hasher.clone(), Off);
        Box::new(Maps((0..maps).map(build).collect::<Vec<_>>()))
    }
}

impl<F: Family, K: Key, V: Value> Tested<K, V> for Typed<F> {
    fn info(&self) -> Info {
        F::info_at(self.options.release)
    }

    fn models_heap(&self) -> bool {
        F::MODELS_HEAP
    }

    fn watched<'t>(&self, tape: &'t Tape) -> (Observer<'t, K, V>, Work) {
        let build = || -> Box<dyn Map<K, V> + 't> {
            let map = F::build::<K, V, _, &'t dyn Listen>(&self.options, self.hasher.clone(), tape);
            // The box is the observer's.
            alloc::uncounted(|| Box::new(map))
        };
        Observer::new(F::info_at(self.options.release), F::MODELS_HEAP, tape, &build)
    }

    fn timed(&self, maps: usize) -> Box<dyn Row<K, V>> {
        match &self.hasher {
            EitherHashing::Own(hasher) => self.row(maps, hasher),
            EitherHashing::Recorded(hasher) => self.row(maps, hasher),
        }
    }

    fn hashes(&self) -> Option<Option<Box<dyn Row<K, V>>>> {
        let EitherHashing::Own(hasher) = &self.hasher else { return None };
        F::HASHES.map(|hashes| hashes.then(|| Box::new(Hashes(hasher.clone())) as Box<dyn Row<K, V>>))
    }
}

struct Maps<M>(Vec<M>);

impl<K: Key, V: Value, M: Map<K, V>> Row<K, V> for Maps<M> {
    fn bare(&mut self, batches: &mut [Batch<K, V>], blocks: &mut Blocks) {
        blocks.begin(batches.iter().map(Batch::len).sum());
        for (batch, map) in batches.iter_mut().zip(&mut self.0) {
            batch.work(map, blocks);
        }
        blocks.end();
    }

    fn clocked(&mut self, batches: &mut [Batch<K, V>], readings: &mut [u64]) -> u64 {
        let mut next = readings.iter_mut();
        let start = clock::ticks();
        for (batch, map) in batches.iter_mut().zip(&mut self.0) {
            batch.work_then(map, |_, _| {
                if let Some(reading) = next.next() {
                    *reading = clock::ticks();
                }
            });
        }
        start
    }
}
