//! The `scc` crate: a hash table whose buckets of 32 entries have locks of their own, resized bucket by bucket by whoever comes
//! by, readers included.
//!
//! A lookup may move entries, so that no reference outlives its guard: it can't be a [`Map`](super::Map), and its cells are
//! run as those of several threads are, with one thread too.

use scc::HashMap;

use super::layout::{EntryShape, LINE_BYTES, Layout, Part, Room, Slot, Step, When};
use super::{Concurrent, ConcurrentFamily, FixedFold, Hashing, Info, Options};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// Slots of a bucket, and of one chained to it.
const BUCKET: u64 = 32;
const LINKED: u64 = 4;
const FIRST_SLOTS: u64 = 2 * BUCKET;
/// What names the buckets, with the collector's link.
const ARRAY_BYTES: u64 = 64;

/// See the module. Not exact: its collector of memory is the whole process's.
pub struct Scc;

impl ConcurrentFamily for Scc {
    const SHARED_INFO: Info = Info {
        term: Term::plain(
            "scc",
            "the scc crate's HashMap (buckets with locks of their own, resized little by little; foldhash, fixed seed)",
            "docs.rs/scc",
        ),
        version: "scc {scc}",
        load_factor: None,
        hint: true,
        exact: false,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = HashMap<K, V, S>;

    /// Of scc's `hash_table/bucket.rs`: keys of a bucket lie together, and values, apart from its lock and its hashes, which
    /// take a cache line; the array of these is allocated a line longer than it is. A smaller bucket chained to a full one
    /// has its entries in it.
    fn shared_layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        let EntryShape { key, value } = *entry;
        let data = |entries| Room::of(&[key.room.times(entries), value.room.times(entries)]);
        let steps =
            (0..).map(|doublings| FIRST_SLOTS << doublings).take_while(|&slots| slots / 2 < entries.max(FIRST_SLOTS));
        let step = |slots| {
            let buckets = slots / BUCKET;
            let blocks = vec![(buckets + 1) * LINE_BYTES, buckets * data(BUCKET).bytes, ARRAY_BYTES];
            let from = (slots == FIRST_SLOTS).then_some(1);
            Step { slots, from, holds: None, bytes: blocks.iter().sum(), blocks }
        };
        // Bits of taken slots and of removed ones, a byte of each hash, and the next; the one before; the collector's link.
        let bits = Room::of(&[Room::int(4).times(2), Room::int(1).times(LINKED), Room::WORD]);
        let linked = Room::of(&[Room::of(&[bits, Room::WORD, data(LINKED)]), Room::WORD.times(2)]);
        let [key, value] = [key, value].map(|shape| Part::inline(shape.room.bytes));
        let layout = Layout::new(Slot::apart(key, value, entry.pair().align), entry)
            .steps(steps.map(step).collect())
            .with(When::Sometimes, "4 more slots of a full bucket", linked.bytes)
            .with(When::Sometimes, "what the collector keeps, which is the whole process's", None);
        let least = (LINE_BYTES + data(BUCKET).bytes) as f64 / BUCKET as f64;
        Some(
            layout
                .at_least(least.min(linked.bytes as f64 / LINKED as f64))
                .open("a table grows by what a sample of its buckets holds: at 13 slots in 16, or about there"),
        )
    }

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        _: P,
    ) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync> Concurrent<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        self.upsert_sync(key, value).is_some()
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        self.read_sync(key, |_, value| see(value))
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        self.remove_sync(key).is_some()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter_sync(|key, value| {
            f(key, value);
            true
        });
    }
}
