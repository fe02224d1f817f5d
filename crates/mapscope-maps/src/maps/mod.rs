//! The maps under test, behind one trait; the registry is the list behind [`each`].
//!
//! To add a map: one file in this folder that implements [`Map`] and [`Family`], one row in the list behind [`each`].

pub mod anatomy;
mod btree;
mod concurrent;
mod cuckoo;
mod dashmap_map;
mod flurry_map;
pub mod go;
mod griddle_map;
mod guarded;
mod hashbrown_map;
mod hashing;
mod imbl_hash_map;
mod imbl_ord_map;
mod indexmap_map;
mod java;
pub mod layout;
mod linked;
mod open_anatomy;
mod open_table;
mod papaya_map;
mod redis;
mod rwlock_hashbrown;
mod scc_map;
mod sharded_mutex;
mod skiplist_map;
mod std_map;
mod sync;

pub use concurrent::{Concurrent, ConcurrentFamily};
pub use cuckoo::{Cuckoo, CuckooMap};
pub use hashing::{FixedAhash, FixedFold, FixedFoldQuality, FixedSip, Fx, GoHash, Hashing};
pub use java::{Java, JavaHash, JavaHasher, JavaMap};
pub use redis::{Redis, RedisDict};

use std::cmp::Ordering;

use anatomy::{Anatomy, Part};
use layout::{EntryShape, Layout};

use crate::entry::{Entry, Key, Value};
use crate::probe::event::{Cause, Probe};
pub use crate::probe::quantity::{Better, Quantity};
pub use crate::term::LoadFactors;
use crate::term::Term;
use crate::values::Values;

/// A map under test. Implement it for your map, or for a thin wrapper around it.
///
/// # What the harness does around each call
///
/// In the *count* pass the allocator's tallies are read before and after each call, and after each write the
/// [census](Map::disturbed) looks for entries that moved. In the *time* pass only a clock is read between two
/// calls, and the calls are monomorphised: nothing is virtual. Keys and values are made before, and dropped by the
/// map (an overwrite drops the old value and the spare key, a remove drops both), inside what is measured, because
/// that is what the map's user pays.
///
/// # What an implementation must keep
///
/// - After `insert(k, v)`, `get(&k)` gives `v` until `k` is overwritten or removed; every run checks the content
///   at the end against a model of its own, and a map that loses an entry fails its cell.
/// - References given to [`for_each`](Map::for_each), [`get`](Map::get) and [`disturbed`](Map::disturbed) point at
///   the entry's real place in memory: the census compares addresses.
/// - Same calls, same work: no address- or time-derived randomness. If that can't be had, say
///   [`Info::exact`]` = false`.
pub trait Map<K, V> {
    /// Puts an entry; true when the key was there already (an overwrite).
    fn insert(&mut self, key: K, value: V) -> bool;
    /// The key's entry, where it lives.
    fn get(&self, key: &K) -> Option<(&K, &V)>;
    /// The key's entry for one who watches the map: found without leaving a trace, where [`get`](Map::get) leaves one.
    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        self.get(key)
    }
    /// Takes the key's entry out; true when it was there.
    fn remove(&mut self, key: &K) -> bool;
    /// Drops all entries, keeping what memory the map keeps.
    fn clear(&mut self);
    /// Live entries.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Iterates over all entries as the map's user does, which may change its structure, where `for_each` only looks.
    fn range(&mut self, f: &mut dyn FnMut(&K, &V)) {
        self.for_each(f);
    }
    /// Calls `f` for the `entries` that come first in the order of keys of those whose keys are not less than `from`, or for as
    /// many of these as there are; asked only of maps that [keep that order](Family::ORDERED).
    fn scan(&self, from: &K, entries: usize, f: &mut dyn FnMut(&K, &V)) {
        let _ = (from, entries, f);
        unreachable!("a map that keeps the order of keys has a scan of its own");
    }
    /// Calls `f` for every live entry once, in any order, where it lives.
    fn for_each(&self, f: &mut dyn FnMut(&K, &V));

    /// Gives back what memory it can without dropping an entry; false when it has no such thing.
    fn shrink(&mut self) -> bool {
        false
    }

    /// How many entries it can hold before it must grow, where the map knows: it tells a larger table from another
    /// allocation.
    fn capacity(&self) -> Option<usize> {
        None
    }

    /// The capacity of the table that a write of this key goes to, for a map of many: whatever a write adds to the map's it
    /// adds to this one's. Read before each operation of the count pass on a key, and after those that allocate.
    fn capacity_at(&self, key: &K) -> Option<usize> {
        let _ = key;
        self.capacity()
    }

    /// Offers the census every entry that the write just made may have moved; `visit` answers whether that entry
    /// had moved.
    ///
    /// The default offers all entries, which is always right and never fast. A narrower answer is an optimisation
    /// that must not miss one: a test holds it against the default, write by write. An entry offered twice counts
    /// once.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let _ = write;
        self.for_each(&mut |key, value| {
            visit(key, value);
        });
    }

    /// Where the write just made happened, for a map whose entries lie in slots of tables: the count pass follows the slots
    /// that removes free by the addresses of entries.
    ///
    /// Nothing but that table may have been laid out anew. Entries that moved otherwise are those that
    /// [`disturbed`](Map::disturbed) offers, in the order in which they moved. The default is for maps made of nodes, and
    /// for those that tell of their slots by events.
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        let _ = write;
        None
    }

    /// Writes the values of [`Info::state`]'s columns as they stand now; `row` is as long.
    fn state(&self, row: &mut [u64]) {
        row[0] = self.len() as u64;
    }

    /// The inner structure as it stands now, as far as the map has it.
    fn structure(&self) -> Structure {
        Structure::default()
    }

    /// Of [`Map::structure`] what its hits look at, keys and groups: asked again and again while the map is at work.
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        let Structure { hit_probes, hit_groups, .. } = self.structure();
        (hit_probes, hit_groups)
    }

    /// Reports what it counts beyond what is counted of every map, each with its value; [`Quantity`] has the rule for names.
    /// The count pass calls it once, when the last measured operation is done: what a map adds up from its building on has
    /// the set-up in it.
    ///
    /// Each is then a column of the CSV, is in the page and in Markdown, and the gate compares it.
    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64)) {
        let _ = report;
    }

    /// A part of its inside as plain data, which `inspect` shows and nothing measured asks for; `None` for a map that has
    /// not been taken apart yet.
    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        let _ = part;
        None
    }

    /// Panics when an internal invariant does not hold. Called after each step by tests, never by a measuring run: in a
    /// build without debug assertions it does nothing, and is not compiled.
    fn check_invariants(&self) {}
}

/// A write that has just been made, for [`Map::disturbed`].
#[derive(Debug, Clone, Copy)]
pub struct Write<'a, K> {
    /// The key written or removed.
    pub key: &'a K,
    /// Whether it was a remove.
    pub remove: bool,
    /// Whether the key was there before.
    pub hit: bool,
    /// Allocations made by the write.
    pub allocs: u64,
    /// Frees made by the write.
    pub frees: u64,
    /// [`Map::capacity_at`] the key before the write.
    pub capacity_before: Option<usize>,
}

/// The table that a write went to, for [`Map::written_table`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTable {
    /// Names the table among the map's.
    pub number: usize,
    /// Whether the write allocated it anew or rehashed it in place.
    pub laid_out_anew: bool,
}

/// The inner structure of a map at one moment; whatever a map does not have stays `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Structure {
    /// Buckets (or groups) that a key can hash to.
    pub buckets: Option<u64>,
    /// Chained buckets in use.
    pub overflow_buckets: Option<u64>,
    /// Buckets in the longest chain, the first included.
    pub chain_length_max: Option<u64>,
    /// Bytes of the buckets and chained buckets in use: no reserve, no header.
    pub in_use_bytes: Option<u64>,
    /// Keys looked at, summed over a successful lookup of each live entry.
    pub hit_probes: Option<u64>,
    /// Keys looked at, summed over one unsuccessful lookup in each bucket.
    pub miss_probes: Option<u64>,
    /// Groups of slots looked at, summed over a successful lookup of each live entry.
    pub hit_groups: Option<u64>,
    /// Groups looked at, summed over `miss_groups_of` unsuccessful lookups spread evenly over all hashes.
    pub miss_groups: Option<u64>,
    /// See `miss_groups`.
    pub miss_groups_of: Option<u64>,
    /// Groups looked at by the longest successful lookup.
    pub probe_groups_max: Option<u64>,
    /// Tables that entries are spread over by their hashes.
    pub tables: Option<u64>,
    /// Entries of the directory of tables; 0 while there is none.
    pub directory_entries: Option<u64>,
    /// Slots that held an entry, are empty, and still lengthen a search.
    pub tombstones: Option<u64>,
    /// `occupancy[n]`: buckets (chains counted whole) that hold `n` entries.
    pub occupancy: Option<Vec<u64>>,
    /// `chain_lengths[n]`: chains of `n` buckets or nodes, the first included; for maps that chain.
    pub chain_lengths: Option<Vec<u64>>,
    /// `hit_probe_lengths[n]`: live entries whose successful lookup looks at `n` keys.
    pub hit_probe_lengths: Option<Vec<u64>>,
    /// `hit_group_lengths[n]`: live entries whose successful lookup looks at `n` groups.
    pub hit_group_lengths: Option<Vec<u64>>,
}

/// Counts one more of `n` in `counts[n]`.
fn count_one(counts: &mut Vec<u64>, n: usize) {
    if counts.len() <= n {
        counts.resize(n + 1, 0);
    }
    counts[n] += 1;
}

/// What is known of a map before it is built.
#[derive(Debug, Clone, Copy)]
pub struct Info {
    /// Name, summary, source.
    pub term: Term,
    /// The version of the crate or runtime it comes from, for the environment: `hashbrown 0.17.1`. Crates of mapscope's own
    /// dependencies stand in braces, `hashbrown {hashbrown}`: [`Info::version_at`] fills in what is linked.
    pub version: &'static str,
    /// The load factors it can be set to; `None` when it can't be set.
    pub load_factor: Option<LoadFactors>,
    /// Whether it takes a capacity hint.
    pub hint: bool,
    /// Whether equal runs give equal exact metrics.
    pub exact: bool,
    /// The cause of an allocation that did not raise [`Map::capacity`]: [`Cause::Overflow`] for maps made of
    /// nodes, otherwise [`Cause::AllocOther`].
    pub alloc_cause: Cause,
    /// The structural steps that it tells of by [`Event`](crate::probe::Event)s, as the causes that these give; empty
    /// when it tells nothing, and causes and moves are observed from outside. One that tells any tells every move too, by
    /// [`Event::Move`](crate::probe::Event::Move): nobody looks for those of it from outside.
    pub tells: &'static [Cause],
    /// The name that recordings of the map it models carry as their `layout`; `None` when there are none.
    pub layout: Option<&'static str>,
    /// The columns that describe the map after an operation, in recordings and in what `replay` writes.
    pub state: &'static [&'static str],
}

impl Info {
    /// The releases of the modelled program to choose from, oldest first: the words of the term's first parameter. Empty
    /// where there is no choice.
    pub fn releases(&self) -> &'static [&'static str] {
        match self.term.params.first().map(|param| param.values) {
            Some(Values::Words(words)) => words,
            _ => &[],
        }
    }

    /// The version at a release: [`Info::version`], the last word of its first part replaced, and the versions of crates
    /// filled in.
    pub fn version_at(&self, release: Option<&str>) -> String {
        let parts = self.version.find(';').unwrap_or(self.version.len());
        match (release, self.version[..parts].rsplit_once(' ')) {
            (Some(release), Some((program, _))) => {
                linked::filled(&format!("{program} {release}{}", &self.version[parts..]))
            }
            _ => linked::filled(self.version),
        }
    }

    /// Its own load factor at a release, `None` being the newest; 0 for a map that has none.
    pub fn load_factor_of(&self, release: Option<&str>) -> f64 {
        self.load_factor.map(|x| x.of_release(release)).unwrap_or_default()
    }

    /// The release that stands for a version of the modelled program, such as Go's `1.25.5` or `1.27rc1`: its own, else
    /// the nearest. `None` where there is no choice, and for what is no version.
    pub fn release_for(&self, version: &str) -> Option<Nearest> {
        /// Major and minor number.
        fn numbers(version: &str) -> [u32; 2] {
            let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse().unwrap_or(0));
            [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
        }
        let wanted = numbers(version);
        if wanted[0] == 0 {
            return None;
        }
        let order = |release: &str| numbers(release).cmp(&wanted);
        let releases = self.releases();
        let nearest = releases.iter().rev().find(|release| order(release).is_le()).or(releases.first())?;
        Some(Nearest { release: nearest, away: order(nearest).reverse() })
    }

    /// The newest release of a map whose recordings have this layout; `info_at` tells what is known of the map at a
    /// release. `None` when those of no release have it.
    pub fn release_of_layout(
        layout: &str,
        info_at: impl Fn(Option<&'static str>) -> Info,
    ) -> Option<Option<&'static str>> {
        let older = info_at(None).releases().iter().rev().map(|&release| Some(release));
        std::iter::once(None).chain(older).find(|&release| info_at(release).layout == Some(layout))
    }

    /// Of a map that is looked at from outside: no load factor, no hint, no events.
    pub const fn plain(name: &'static str, version: &'static str) -> Info {
        Info {
            term: Term::plain(name, "a map of your own", ""),
            version,
            load_factor: None,
            hint: false,
            exact: true,
            alloc_cause: Cause::AllocOther,
            tells: &[],
            layout: None,
            state: &["len"],
        }
    }
}

/// How to build a map for a cell.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Load factor, within [`Info::load_factor`]; ignored by maps that have none.
    pub load_factor: f64,
    /// Expected entries; 0 for none.
    pub hint: usize,
    /// Seeds whatever randomness the map has of its own (never the keys).
    pub seed: u64,
    /// The release of the modelled program, one of [`Info::releases()`]; `None` for the last of them, and for maps that
    /// model one release, or none.
    pub release: Option<&'static str>,
}

impl Options {
    /// Where the release stands among `releases`, which are oldest first.
    ///
    /// # Panics
    /// When it is none of them.
    pub fn release_index(&self, releases: &[&str]) -> usize {
        let Some(wanted) = self.release else { return releases.len() - 1 };
        let index = releases.iter().position(|&release| release == wanted);
        index.unwrap_or_else(|| panic!("release {wanted} is none of {}", releases.join(", ")))
    }
}

/// A release that stands for a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    /// One of [`Info::releases()`].
    pub release: &'static str,
    /// How the version compares with it: greater where it is newer than every release known, less where it is older.
    pub away: Ordering,
}

/// A map as a type constructor: one map for every key, value, hasher and probe.
pub trait Family: 'static {
    /// What is known of it.
    const INFO: Info;
    /// Whether it models another program's heap, whose bytes are not those of Rust allocations. Its map emits
    /// [`Alloc`](crate::probe::Event::Alloc), `Free`, `EntryAlloc` and `EntryFree` for every object that the modelled
    /// program has, in the order of that program; what is counted is these, and nothing that Rust allocates for it.
    const MODELS_HEAP: bool = false;
    /// What is known of it at a release, `None` being the newest, for a map that was another structure once. Name,
    /// parameters and what it can be set to are those of [`Family::INFO`].
    fn info_at(release: Option<&str>) -> Info {
        let _ = release;
        Self::INFO
    }
    /// Why the program that it models can't have such an entry; `None` where it can.
    fn lacks(entry: &Entry) -> Option<&'static str> {
        let _ = entry;
        None
    }
    /// What an entry of this shape costs, at each size up to so many entries: derived, as [`layout`] has it, for a map built
    /// with these options but for their hint. `None` for a map that doesn't say.
    fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
        let _ = (entry, options, entries);
        None
    }
    /// Whether an operation on a key hashes it by the hasher that the map is built with. Only where that is known is it said
    /// what an operation's time goes into.
    const HASHES: Option<bool> = None;
    /// Whether it keeps its entries in the order of keys, so that [`Map::scan`] can be asked of it.
    const ORDERED: bool = false;
    /// Its own hasher, used unless a trace brings hashes.
    type Hasher: Hashing;
    /// The map for these types.
    type Map<K: Key, V: Value, S: Hashing, P: Probe>: Map<K, V>;
    /// Builds it. What this allocates counts as the map's.
    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, probe: P) -> Self::Map<K, V, S, P>;
}

/// Takes the families of [`each`], one by one.
pub trait FamilyVisitor {
    /// Called once a family.
    fn visit<F: Family>(&mut self);
    /// Called in its place for one that several threads may use, too.
    fn visit_concurrent<F: Family + ConcurrentFamily>(&mut self) {
        self.visit::<F>();
    }
    /// Called for one that can't be used but as other threads would: it hands out no reference to an entry.
    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {}
}

/// Who can use a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// One thread: a [`Family`].
    Alone,
    /// One thread or several: a [`Family`] and a [`ConcurrentFamily`].
    Concurrent,
    /// Threads beside others, though there be only one: a [`ConcurrentFamily`].
    Shared,
}

/// A map as a program that is yet to be compiled names it.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// What users call it.
    pub name: &'static str,
    /// The type in [`family`].
    pub family: &'static str,
    /// Who can use it.
    pub by: Use,
}

macro_rules! families {
    ($($by:ident $module:ident::$family:ident;)*) => {
        /// Calls the visitor with every map.
        pub fn each(visitor: &mut impl FamilyVisitor) {
            $(families!(@visit $by visitor $module::$family);)*
        }

        /// Every map by the name of its type.
        pub fn named() -> impl Iterator<Item = Named> {
            [$(families!(@named $by $module::$family)),*].into_iter()
        }

        /// The types of all maps.
        pub mod family {
            $(pub use super::$module::$family;)*
        }
    };
    (@visit alone $visitor:ident $family:ty) => { $visitor.visit::<$family>() };
    (@visit concurrent $visitor:ident $family:ty) => { $visitor.visit_concurrent::<$family>() };
    (@visit shared $visitor:ident $family:ty) => { $visitor.visit_shared_only::<$family>() };
    (@named alone $module:ident::$family:ident) => {
        Named { name: $module::$family::INFO.term.name, family: stringify!($family), by: Use::Alone }
    };
    (@named concurrent $module:ident::$family:ident) => {
        Named { name: $module::$family::INFO.term.name, family: stringify!($family), by: Use::Concurrent }
    };
    (@named shared $module:ident::$family:ident) => {
        Named { name: $module::$family::SHARED_INFO.term.name, family: stringify!($family), by: Use::Shared }
    };
}

// The registry: one row a map.
families! {
    alone go::GoClassic;
    alone go::GoClassicInline;
    alone go::GoClassicSlab;
    alone go::GoClassicPooled;
    alone go::GoSwiss;
    concurrent go::GoSyncMap;
    alone java::Java;
    alone redis::Redis;
    alone cuckoo::Cuckoo;
    alone std_map::Std;
    alone hashbrown_map::Hashbrown;
    alone hashbrown_map::HashbrownFoldhashQuality;
    alone hashbrown_map::HashbrownAhash;
    alone hashbrown_map::HashbrownFxhash;
    alone griddle_map::Griddle;
    alone indexmap_map::Indexmap;
    alone btree::BTree;
    alone imbl_hash_map::ImblHashMap;
    alone imbl_ord_map::ImblOrdMap;
    alone skiplist_map::Skiplist;
    concurrent rwlock_hashbrown::RwLockHashbrown;
    concurrent sharded_mutex::ShardedMutex;
    concurrent dashmap_map::Dashmap;
    concurrent papaya_map::Papaya;
    concurrent flurry_map::Flurry;
    shared scc_map::Scc;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Param;

    #[test]
    fn a_version_is_stood_for_by_its_release_or_the_nearest() {
        const PARAMS: &[Param] = &[Param::word("go", "", &["1.9", "1.24", "1.27"])];
        let mut info = Info::plain("swiss", "Go 1.27");
        assert_eq!((info.release_for("1.24.1"), info.version_at(None)), (None, "Go 1.27".to_owned()));
        info.term.params = PARAMS;
        for (version, release, away) in [
            ("1.24.11", "1.24", Ordering::Equal),
            ("1.24", "1.24", Ordering::Equal),
            ("1.27rc1", "1.27", Ordering::Equal),
            ("1.28-0123abc", "1.27", Ordering::Greater),
            ("2.0", "1.27", Ordering::Greater),
            ("1.240.1", "1.27", Ordering::Greater),
            ("1.4", "1.9", Ordering::Less),
        ] {
            assert_eq!(info.release_for(version), Some(Nearest { release, away }), "{version}");
        }
        assert_eq!(["", "\u{1b}[31mX", "X1"].map(|version| info.release_for(version)), [None; 3]);
        assert_eq!(info.version_at(Some("1.24")), "Go 1.24");
    }
}
