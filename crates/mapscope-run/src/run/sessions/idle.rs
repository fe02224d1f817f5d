//! What does nothing in the place of a map: what its operations cost is the loop's.

use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::ptr;

use super::batch::{Batch, Blocks, Step, Worked};
use super::row::Row;
use crate::workload::{Key, Kind, Value};

/// See the module.
pub(super) struct Idle;

impl<K: Key, V: Value> Row<K, V> for Idle {
    fn bare(&mut self, batches: &mut [Batch<K, V>], blocks: &mut Blocks) {
        keeping(batches, |batches| {
            blocks.begin(batches.iter().map(Batch::len).sum());
            batches.iter_mut().for_each(|batch| batch.work(Nothing, blocks));
            blocks.end();
        });
    }

    fn clocked(&mut self, _: &mut [Batch<K, V>], _: &mut [u64]) -> u64 {
        unreachable!("nobody times nothing")
    }
}

/// Works off batches by what forgets each entry that is put. Entries are dropped when the loop is done: that is no part of it.
pub(super) fn keeping<K: Key, V: Value>(batches: &mut [Batch<K, V>], work: impl FnOnce(&mut [Batch<K, V>])) {
    let put = |(key, value): (&K, &V)| {
        // SAFETY: copies that alone are dropped, after `work` has forgotten the others. If it panics, they are leaked.
        ManuallyDrop::new(unsafe { (ptr::read(key), ptr::read(value)) })
    };
    let puts: Vec<_> = batches.iter().flat_map(Batch::puts).map(put).collect();
    work(batches);
    assert!(batches.iter().all(Batch::is_worked), "each has forgotten its puts");
    puts.into_iter().for_each(|put| drop(ManuallyDrop::into_inner(put)));
}

pub(super) struct Nothing;

impl<K, V> Worked<K, V> for Nothing {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        std::mem::forget((key, value));
        false
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        black_box(key);
        false
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        black_box(key);
        false
    }
    #[inline(always)]
    fn seldom(&mut self, step: &Step<K, V>) -> (Kind, bool) {
        black_box(step);
        // Nobody asks for the kind.
        (Kind::Iterate, true)
    }
}
