//! The map of a cell, its types erased but for those of its entries: passes are compiled once for each entry. What is
//! compiled for each map is the map watched, every call virtual, and the two loops that are timed, where none is.

use std::borrow::BorrowMut;
use std::marker::PhantomData;

use super::batch::{Batch, Blocks};
use super::hashes::Hashes;
use super::observe::{Observer, Tape};
use super::row::Row;
use crate::maps::{Family, Info, Map, Options};
use crate::probe::event::{Event, Listen, Off};
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

    /// As it is compiled for being watched.
    fn watchable<'t, K: Key, V: Value>(&self, listener: &'t dyn Listen) -> Box<dyn Map<K, V> + 't> {
        let map = F::build::<K, V, _, &'t dyn Listen>(&self.options, self.hasher.clone(), listener);
        // The box is its owner's.
        alloc::uncounted(|| Box::new(map))
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
        Observer::new(F::info_at(self.options.release), F::MODELS_HEAP, tape, &|| self.watchable(tape))
    }

    fn timed(&self, maps: usize) -> Box<dyn Row<K, V>> {
        match &self.hasher {
            EitherHashing::Own(hasher) => {
                let build = |_| F::build::<K, V, _, Off>(&self.options, hasher.clone(), Off);
                Box::new(Maps::new((0..maps).map(build).collect()))
            }
            // Looking hashes up takes longer than any call: a third loop for each map and entry would be no truer.
            EitherHashing::Recorded(_) => {
                Box::new(Maps::<_, dyn Map<K, V>>::new((0..maps).map(|_| self.watchable(&Deaf)).collect()))
            }
        }
    }

    fn hashes(&self) -> Option<Option<Box<dyn Row<K, V>>>> {
        let EitherHashing::Own(hasher) = &self.hasher else { return None };
        F::HASHES.map(|hashes| hashes.then(|| Box::new(Hashes(hasher.clone())) as Box<dyn Row<K, V>>))
    }
}

/// Hears nothing.
struct Deaf;

impl Listen for Deaf {
    fn hear(&self, _: Event) {}
}

/// Maps, each of them one or a pointer to one.
struct Maps<P, M: ?Sized> {
    maps: Vec<P>,
    map: PhantomData<M>,
}

impl<P: BorrowMut<M>, M: ?Sized> Maps<P, M> {
    fn new(maps: Vec<P>) -> Maps<P, M> {
        Maps { maps, map: PhantomData }
    }
}

impl<K: Key, V: Value, P: BorrowMut<M>, M: Map<K, V> + ?Sized> Row<K, V> for Maps<P, M> {
    fn bare(&mut self, batches: &mut [Batch<K, V>], blocks: &mut Blocks) {
        blocks.begin(batches.iter().map(Batch::len).sum());
        for (batch, map) in batches.iter_mut().zip(&mut self.maps) {
            batch.work(map.borrow_mut(), blocks);
        }
        blocks.end();
    }

    fn clocked(&mut self, batches: &mut [Batch<K, V>], readings: &mut [u64]) -> u64 {
        let mut next = readings.iter_mut();
        let start = clock::ticks();
        for (batch, map) in batches.iter_mut().zip(&mut self.maps) {
            batch.work_then(map.borrow_mut(), |_, _| {
                if let Some(reading) = next.next() {
                    *reading = clock::ticks();
                }
            });
        }
        start
    }
}
