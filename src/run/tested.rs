//! The map of a cell, its types erased but for those of its entries: passes are compiled once for each entry. What is
//! compiled for each map is the map watched, every call virtual, and the two loops that are timed, where none is.

use std::marker::PhantomData;

use super::batch::Batch;
use super::observe::{Observer, Tape};
use crate::maps::{Family, Hashing, Info, Map, Options};
use crate::probe::alloc::{self, Tally};
use crate::probe::clock;
use crate::probe::event::{Listen, Off};
use crate::workload::{Key, Value};

/// A map that can be built.
pub(super) trait Tested<K, V> {
    fn info(&self) -> Info;
    /// Builds one and begins to watch it; says what building allocated.
    fn watched<'t>(&self, tape: &'t Tape) -> (Box<dyn Map<K, V> + 't>, Tally, Observer<'t>);
    /// Builds so many, side by side, that nobody watches.
    fn timed(&self, maps: usize) -> Box<dyn Timed<K, V>>;
}

/// Maps side by side. Between two operations nothing is virtual.
pub(super) trait Timed<K, V> {
    /// Does each batch on the map in its place.
    fn bare(&mut self, batches: &mut [Batch<K, V>]);
    /// The same; reads the clock before the first operation, which it gives, and after every one.
    fn clocked(&mut self, batches: &mut [Batch<K, V>], readings: &mut [u64]) -> u64;
}

/// A family, and all that it takes to build its map for any entry.
pub(super) struct Typed<F, S> {
    options: Options,
    hasher: S,
    family: PhantomData<F>,
}

impl<F: Family, S: Hashing> Typed<F, S> {
    pub fn new(options: Options, hasher: S) -> Typed<F, S> {
        Typed { options, hasher, family: PhantomData }
    }
}

impl<F: Family, K: Key, V: Value, S: Hashing> Tested<K, V> for Typed<F, S> {
    fn info(&self) -> Info {
        F::INFO
    }

    fn watched<'t>(&self, tape: &'t Tape) -> (Box<dyn Map<K, V> + 't>, Tally, Observer<'t>) {
        let build = || F::build::<K, V, S, &'t dyn Listen>(&self.options, self.hasher.clone(), tape);
        let (map, built, observer) = Observer::new(F::INFO, tape, build);
        // The box is the harness's.
        (alloc::uncounted(|| Box::new(map)), built, observer)
    }

    fn timed(&self, maps: usize) -> Box<dyn Timed<K, V>> {
        let build = |_| F::build::<K, V, S, Off>(&self.options, self.hasher.clone(), Off);
        Box::new(Row((0..maps).map(build).collect::<Vec<_>>()))
    }
}

struct Row<M>(Vec<M>);

impl<K: Key, V: Value, M: Map<K, V>> Timed<K, V> for Row<M> {
    fn bare(&mut self, batches: &mut [Batch<K, V>]) {
        for (batch, map) in batches.iter_mut().zip(&mut self.0) {
            batch.work(map);
        }
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
