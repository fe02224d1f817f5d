//! `go-syncmap` on several threads: the algorithm of Go's `sync.Map` up to Go 1.23, over Rust's tables and another
//! collector.
//!
//! Its structure is Go's: what is read without the lock and what under it, each compare-and-swap, when the dirty map is
//! made, what it is made from, when it is promoted, and how often each of these allocates. On one thread it makes the
//! same dirty copies and promotions at the same operations as the [exact model](super::pair). Its bytes are not Go's.
//!
//! # What is Go's
//!
//! - **The words**: the address of the read map with its flag `amended`, and each entry's value: a box, null when
//!   deleted, or *expunged*. All accesses are sequentially consistent, as Go's are.
//! - **The lock**: one mutex for the dirty map and the misses. A key that the read map has is looked up, overwritten,
//!   put back and removed without it, unless it is expunged. Under it the read map is looked at again.
//! - **Allocations**: an insert boxes its value, and a new key's entry is made under the lock. A dirty copy makes a
//!   table with room for the read map's keys; it, the first new key and each promotion replace what the word for the
//!   read map points to.
//! - **Copies**: a dirty copy hashes each key anew, since each dirty map has a hash of its own.
//!
//! # What is not
//!
//! - **Tables** are hashbrown's, of counted references to entries that hold their keys themselves. The read map and the
//!   dirty map share the entry with its key: a dirty copy clones no key; it counts a reference for each. A key that was
//!   expunged and is put back is the one that was there, where Go's dirty map has the new one.
//! - **Boxes**: a value is in one box, which is not shared with other values; in Go it is in two or three, keys in
//!   boxes of their own.
//! - **Frees**: what can't be found any more waits until every operation has ended that may have found it earlier
//!   (`crossbeam-epoch`, its default collector). The frees come in batches, at the start of an operation that has nothing
//!   to do with them; what waits at the end of a run counts as live. Every 64 frees of a thread take a bag that is
//!   allocated.
//! - **Waiting**: Go's mutex, and what its scheduler does with a goroutine that waits, is here that of std.

#[cfg(test)]
mod explored;
mod protocol;
#[cfg(test)]
mod tests;

use super::{GoSyncMap, OF_PAIRS};
use crate::entry::{Key, Value};
use crate::maps::{ConcurrentFamily, Family, GoHash, Hashing, Info, Options};
use crate::probe::event::{Cause, Probe};
use protocol::SharedMap;

/// What [`protocol`] shares with other threads: the tests have another such module, whose threads they schedule.
mod sync {
    pub(super) use std::sync::atomic::AtomicPtr;

    pub(super) use crossbeam_epoch::{Guard, pin};

    pub(super) use crate::maps::sync::{Mutex, MutexGuard};
}

impl ConcurrentFamily for GoSyncMap {
    const SHARED_INFO: Info = Info {
        version: "Go 1.23; hashbrown {hashbrown}, crossbeam-epoch {crossbeam-epoch}",
        exact: false,
        tells: &[Cause::LockWait, Cause::Promote, Cause::DirtyCopy, Cause::Grow],
        layout: None,
        state: &[],
        ..Self::INFO
    };
    const SHARED_RELEASES: &[&str] = OF_PAIRS;
    type SharedHasher = GoHash;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = SharedMap<K, V, S, P>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        probe: P,
    ) -> SharedMap<K, V, S, P> {
        SharedMap::new(options, hasher, probe)
    }
}
