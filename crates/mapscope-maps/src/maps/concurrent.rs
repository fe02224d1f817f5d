//! Maps that several threads use at once.
//!
//! What one thread does to such a map is measured through [`Map`](super::Map), like any map's. For more threads there is
//! [`Concurrent`], whose methods take `&self`. Nothing is looked at from outside meanwhile: an address that another thread
//! may change at any moment says nothing of moves.

use super::layout::{EntryShape, Layout};
use super::{Hashing, Info, Options, Quantity};
use crate::entry::{Key, Value};
use crate::probe::event::Probe;

/// A map that several threads may use at once. Implement it for your map, or for a thin wrapper around it.
///
/// # What an implementation must keep
///
/// - Each method is one step, as seen by the other threads, and its answer is that step's: over all threads, inserts that
///   found no entry less removes that found one are the entries at the end. Each run checks that, and that the entries left
///   are those that some order of the operations leaves.
/// - What the map makes visible of its own waiting it tells with [`Event::LockWait`](crate::probe::event::Event), before the
///   wait or after it.
pub trait Concurrent<K, V>: Send + Sync {
    /// Puts an entry; true when the key was there already (an overwrite).
    fn insert(&self, key: K, value: V) -> bool;
    /// Lets `see` look at the key's value where it lives, under whatever guard the map has; `None` when it isn't there.
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R>;
    /// Takes the key's entry out; true when it was there.
    fn remove(&self, key: &K) -> bool;
    /// Calls `f` for every live entry once, in any order. No other thread uses the map meanwhile.
    fn for_each(&self, f: &mut dyn FnMut(&K, &V));
    /// As [`Map::quantities`](super::Map::quantities). No other thread uses the map meanwhile.
    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64)) {
        let _ = report;
    }
}

/// A concurrent map as a type constructor, as [`Family`](super::Family) is of maps for one thread.
pub trait ConcurrentFamily: 'static {
    /// What is known of it. [`Info::tells`] lists the causes that its events give when several threads use it.
    const SHARED_INFO: Info;
    /// The releases of the modelled program that it is the algorithm of, where these are not all of [`Info::releases()`]:
    /// threads may use it when one of these is asked for by name.
    const SHARED_RELEASES: &[&str] = &[];
    /// As [`Family::layout`](super::Family::layout), for a map that is no `Family`.
    fn shared_layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        let _ = (entry, options, entries);
        None
    }
    /// Its own hasher.
    type SharedHasher: Hashing + Send + Sync;
    /// The map for these types.
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>: Concurrent<K, V>;
    /// Builds it.
    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        probe: P,
    ) -> Self::Shared<K, V, S, P>;
}
