//! What does batches of operations, timed: maps, or what is in their place.

use super::batch::{Batch, Blocks};

/// Maps side by side. Between two operations nothing is virtual.
pub(super) trait Row<K, V> {
    /// Does each batch on the map in its place; reads the clock before and after each block.
    fn bare(&mut self, batches: &mut [Batch<K, V>], blocks: &mut Blocks);
    /// The same; reads the clock before the first operation, which it gives, and after every one.
    fn clocked(&mut self, batches: &mut [Batch<K, V>], readings: &mut [u64]) -> u64;
}
