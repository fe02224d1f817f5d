//! `redis-dict`: a model of the keyspace of Redis, the dict (`src/dict.c`) of one database of a server that is no cluster,
//! as its commands work it: `SET`, `GET`, `DEL`, `FLUSHDB`.
//!
//! # How it works
//!
//! Buckets are chains of entries, each an allocation of its own. A dict has one table, or two while it *rehashes*: chains
//! are then linked over from the first table to the second bit by bit, and when the first is empty the second takes its
//! place.
//!
//! ```text
//!   a dict of 4 buckets, full:         the SET of e allocates 8,     some steps later:
//!                                      and e goes there:
//!   0 -> d -> a                        0 -> d -> a    0              0        0 -> a
//!   1 -> b                             1 -> b         1              1 -> b   1
//!   2                                  2              2              2        2
//!   3 -> c                             3 -> c         3              3 -> c   3
//!                                      ^ next         4              ^ next   4 -> d
//!                                                     5 -> e                  5 -> e
//! ```
//!
//! A call of `dict.c` that finds a rehash under way does one **step** of it: it links over the next chain in line, for
//! which it looks at no more than ten empty buckets. In 7.4, a find or an add links over the chain that its own key hashes
//! to instead, if that is still in the first table. Lookups take their steps like writes; a dict that nobody uses stays
//! in two tables.
//!
//! **A command is several calls**, and an operation of this map is a command. Where no key has an expiry, it is these:
//!
//! | | 7.0 | 7.4 |
//! |---|---|---|
//! | `SET` of a new key | find, add, find (that the key is there, before its expiry is removed) | find, add |
//! | `SET` of another | find, find (to overwrite), find | find, find |
//! | `GET` | find | find |
//! | `DEL` | unlink | unlink |
//!
//! A find in an empty dict does nothing. As an overwrite adds nothing, it never makes a dict grow, other than
//! `dictReplace` of `dict.c`, which no command for strings calls.
//!
//! New keys go to the second table during a rehash, always to the head of their chain. Keys are looked for in the first
//! table, then in the second.
//!
//! - **Grows** in the add that finds as many entries as buckets, to the next power of two above the number of entries; the
//!   first table has four buckets. Not while a rehash is under way.
//! - **Shrinks** in 7.4 in the `DEL` that leaves an eighth of the buckets' number of entries or less, to the next power of
//!   two that holds them. 7.0 leaves that to the server's timer, for less than a tenth. [`shrink`](Map::shrink) is what
//!   the timers of either do for a dict that nobody uses: this, and all steps of a rehash.
//! - `clear` frees both tables, and in 7.4 the dict with them, on a thread that it waits for. A hint is what `dictExpand`
//!   is called with on an empty dict, as by a server that loads a file.
//!
//! # What it allocates
//!
//! | of the map | 7.0 | 7.4 |
//! |---|---|---|
//! | the dict | 64, made with the server | 64, made for the first key |
//! | a table | 8 a bucket | the same, and 24 for its place in a list of the dicts that rehash |
//! | an entry: key, value, next | 24, of which 32 are used | 24 |
//!
//! What keys and values own (`entry_alloc_bytes`) is in [`heap`], and so is the allocator: 7.0 is Debian's package, with
//! the system's jemalloc, whose size classes are 16 bytes apart; 7.4 is what its Makefile builds, with a jemalloc whose
//! classes are 8 bytes apart. These 8 bytes an entry are the builds' difference, not the releases'.
//!
//! # What it answers for
//!
//! - **Exact**: bytes; sizes, thresholds, which command starts a rehash, what each step links over, the order of each
//!   chain: for a server without a child that saves, without expiring keys, without `maxmemory`. (With a child, Redis waits
//!   for a load of more than 5 in 7.0, of 4 in 7.4, or 1/32.) `tests/models/redis_server.rs` holds it against servers,
//!   command by command.
//! - **Hashes** are SipHash-1-3 of the key with a fixed seed, where Redis has SipHash-1-2 of its text with a random one.
//! - **Moves**: none. Rehashing changes pointers to entries, which stay where they are. Each chain linked over is a
//!   [`Rehash`](Event::Rehash).
//! - **Time** is this implementation's, whose entries hold keys and values themselves.
//! - Left out: what a command allocates besides (the client's buffers, its arguments until they are kept), the timer,
//!   dicts of a cluster's slots and those within values, incremental scans that hold a rehash up.

mod dict;
mod heap;
mod layout;
mod structure;
mod table;

use std::cell::RefCell;

use dict::Dict;
use heap::Heap;
use table::entry;

use super::layout::{EntryShape, Layout};
use super::{Family, FixedSip, Hashing, Info, Map, Options, Structure, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::{Param, Term};

/// See the module.
pub struct Redis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Release {
    V7_0,
    V7_4,
}

impl Release {
    fn chosen(options: &Options) -> Release {
        match options.release {
            Some("7.0") => Release::V7_0,
            _ => Release::V7_4,
        }
    }

    const fn heap(self) -> Heap {
        Heap::of(self)
    }
}

impl Family for Redis {
    const INFO: Info = Info {
        term: Term {
            params: &[Param::word("redis", "the server's release", &["7.0", "7.4"])],
            named: true,
            ..Term::plain(
                "redis-dict",
                "model of Redis's keyspace: chains, two tables while it rehashes, a step a call",
                "github.com/redis/redis, src/dict.c",
            )
        },
        version: "Redis 7.4",
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[Cause::Overflow, Cause::Rehash, Cause::Shrink, Cause::Grow],
        layout: None,
        state: &["len", "buckets", "rehash_buckets", "rehashed", "rehash_index"],
    };
    const MODELS_HEAP: bool = true;
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedSip;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = RedisDict<K, V, S, P>;

    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        Some(layout::layout(entry, Release::chosen(options), entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> RedisDict<K, V, S, P> {
        let mut dict = Dict::new(Release::chosen(options), hasher, probe);
        if options.hint > 0 {
            dict.expand(options.hint);
        }
        RedisDict(RefCell::new(dict))
    }
}

/// A database of Redis; see the module.
///
/// A lookup may rehash. The dict is borrowed within this module's functions only, never while a caller's code runs, save
/// that of keys and hashers.
pub struct RedisDict<K, V, S, P>(RefCell<Dict<K, V, S, P>>);

impl<K: Key, V: Value, S: Hashing, P: Probe> Map<K, V> for RedisDict<K, V, S, P> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        let dict = self.0.get_mut();
        dict.alloc_value(&value);
        let hit = dict.find(&key).is_some();
        let node = match hit.then(|| dict.find(&key)).flatten() {
            Some(mut node) => {
                // SAFETY: linked, so live; the dict is borrowed mutably, so nobody else looks at its nodes.
                let old = std::mem::replace(&mut unsafe { node.as_mut() }.value, value);
                dict.free_value(&old);
                node
            }
            None => dict.add(key, value),
        };
        if dict.release == Release::V7_0 {
            // SAFETY: linked, so live; `find` frees nothing and changes no key.
            dict.find(unsafe { entry(node) }.0);
        }
        hit
    }

    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: linked, so live; it is freed and its value replaced only by who has the dict to himself.
        self.0.borrow_mut().find(key).map(|node| unsafe { entry(node) })
    }

    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        // SAFETY: as in `get`.
        self.0.borrow().peek(key).map(|node| unsafe { entry(node) })
    }

    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        let dict = self.0.get_mut();
        let hit = dict.delete(key);
        if hit && dict.release == Release::V7_4 {
            dict.shrink_if_needed();
        }
        hit
    }

    fn clear(&mut self) {
        self.0.get_mut().empty();
    }

    fn len(&self) -> usize {
        self.0.borrow().len()
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        // `f` may look things up, which may rehash: it is called when nothing is borrowed.
        let nodes: Vec<_> = self.0.borrow().nodes().collect();
        for node in nodes {
            // SAFETY: linked, so live; the dict is borrowed, so that nobody has it to himself.
            let (key, value) = unsafe { entry(node) };
            f(key, value);
        }
    }

    fn shrink(&mut self) -> bool {
        self.0.get_mut().idle();
        true
    }

    fn capacity(&self) -> Option<usize> {
        Some(self.0.borrow().capacity())
    }

    /// Nothing ever moves.
    fn disturbed(&self, _: &Write<'_, K>, _: &mut dyn FnMut(&K, &V) -> bool) {}

    fn state(&self, row: &mut [u64]) {
        row.copy_from_slice(&self.0.borrow().state());
    }

    fn structure(&self) -> Structure {
        self.0.borrow().structure()
    }

    fn check_invariants(&self) {
        if cfg!(debug_assertions) {
            self.0.borrow().check_invariants();
        }
    }
}
