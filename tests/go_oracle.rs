//! The models of Go's maps against recordings of real Go programs: after every operation, what it allocated and the
//! map's state.

#[path = "common/skip.rs"]
mod skip;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mapscope::maps::go::{GoClassic, GoSwiss};
use mapscope::maps::{Family, Hashing, Map, Options};
use mapscope::probe::event::Off;
use mapscope::workload::{Key, Value};

/// Counts what this thread allocates.
struct Counter;

thread_local! {
    static ALLOCATED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// The hash of each key at the moment, by the key's id.
    static HASHES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

fn count(layout: Layout) {
    let (bytes, allocs) = ALLOCATED.get();
    ALLOCATED.set((bytes + layout.size() as u64, allocs + 1));
}

// SAFETY: hands everything on to `System`; a const thread-local without a destructor neither allocates nor ends.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(object, layout) }
    }
}

#[global_allocator]
static COUNTER: Counter = Counter;

/// Looks a key's recorded hash up by its id.
#[derive(Clone)]
struct Recorded;

struct RecordedHasher(u64);

impl Hashing for Recorded {
    fn with_seed(_: u64) -> Recorded {
        Recorded
    }
}

impl BuildHasher for Recorded {
    type Hasher = RecordedHasher;
    fn build_hasher(&self) -> RecordedHasher {
        RecordedHasher(0)
    }
}

impl Hasher for RecordedHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys write their id")
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = HASHES.with_borrow(|hashes| hashes[id as usize]);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A key of `size_of::<T>() * N` bytes, `POINTERS` as Go's type has them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sized<T, const N: usize, const POINTERS: bool>([T; N]);

macro_rules! sized_keys {
    ($($int:ty),*) => {$(
        impl<const N: usize, const POINTERS: bool> Hash for Sized<$int, N, POINTERS> {
            fn hash<H: Hasher>(&self, state: &mut H) {
                state.write_u64(self.id());
            }
        }
        impl<const N: usize, const POINTERS: bool> Key for Sized<$int, N, POINTERS> {
            const POINTERS: bool = POINTERS;
            fn from_id(id: u64) -> Self {
                Sized([<$int>::try_from(id).expect("an id that fits"); N])
            }
            fn id(&self) -> u64 {
                u64::from(self.0[0])
            }
            fn heap_bytes(&self) -> u64 {
                0
            }
        }
        impl<const N: usize, const POINTERS: bool> Value for Sized<$int, N, POINTERS> {
            const POINTERS: bool = POINTERS;
            fn from_seed(seed: u64, _: u32) -> Self {
                Sized([seed as $int; N])
            }
            fn seed(&self) -> Option<u64> {
                self.0.first().map(|&seed| u64::from(seed))
            }
            fn heap_bytes(&self) -> u64 {
                0
            }
        }
    )*};
}

sized_keys!(u8, u16, u32, u64);

type Int64 = Sized<u64, 1, false>;
type Big = Sized<u64, 25, false>;

/// A short recording that every clone has, and the folder of the long ones, which not every machine has.
const FOLDERS: [&str; 2] = ["tests/data", "../shared/go-oracle"];

/// The recordings for a layout and a type, as `LAYOUT-KEY-VALUE` in their names.
fn recordings(layout: &str, types: &str) -> Vec<PathBuf> {
    let prefix = format!("{layout}-{types}-h");
    let mut paths = Vec::new();
    for folder in FOLDERS.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            skip::skip("shared", &format!("no recordings in {}", folder.display()));
            continue;
        };
        let found = entries.map(|entry| entry.expect("a readable folder").path());
        paths.extend(found.filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix))));
    }
    paths.sort();
    paths
}

/// The one line, of half a million, where something else than the map allocated: 5,320 bytes in six pieces at an insert
/// that leaves directory, tables and capacity alone.
const STRAY: (&str, usize) = ("swiss-u64-u64-h0-churn-30000-s1.csv.gz", 519);

fn parameter(line: &str, name: &str) -> usize {
    let value = line.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// What the columns from `alloc_bytes` on should say.
fn columns<F: Family, K: Key, V: Value>(map: &impl Map<K, V>, before: (u64, u64)) -> Vec<u64> {
    let after = ALLOCATED.get();
    let mut row = vec![0; 2 + F::INFO.state.len()];
    (row[0], row[1]) = (after.0 - before.0, after.1 - before.1);
    map.state(&mut row[2..]);
    row
}

/// Replays every recording of a type; returns how many operations were compared.
fn replay<F: Family, K: Key, V: Value>(types: &str) -> usize {
    let mut compared = 0;
    for path in recordings(F::INFO.layout.expect("a map with recordings"), types) {
        let file = File::open(&path).expect("a readable recording");
        let mut lines = BufReader::new(GzDecoder::new(file)).lines().map(|line| line.expect("whole text"));
        let about = lines.next().expect("a first line");
        let options = Options { load_factor: 6.5, hint: parameter(&about, "hint"), seed: 1, release: None };
        assert_eq!(parameter(&about, "key_size"), size_of::<K>());
        assert_eq!(parameter(&about, "elem_size"), size_of::<V>());
        let header = lines.next().expect("a header");
        assert_eq!(header, format!("op,key,hash,alloc_bytes,allocs,{}", F::INFO.state.join(",")));

        let mut map = None;
        for (number, line) in lines.enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            let id = fields[1].parse::<u64>().unwrap_or(0);
            if let Ok(hash) = u64::from_str_radix(fields[2], 16) {
                HASHES.with_borrow_mut(|hashes| {
                    hashes.resize(hashes.len().max(id as usize + 1), 0);
                    hashes[id as usize] = hash;
                });
            }
            let (key, value) = (K::from_id(id), V::from_seed(id, 0));
            let before = ALLOCATED.get();
            match (fields[0], &mut map) {
                ("new", map) => *map = Some(F::build::<K, V, _, _>(&options, Recorded, Off)),
                ("insert", Some(map)) => {
                    map.insert(key, value);
                }
                ("remove", Some(map)) => {
                    map.remove(&key);
                }
                ("get", Some(map)) => {
                    map.get(&key);
                }
                ("clear", Some(map)) => map.clear(),
                (op, _) => panic!("{}:{}: unknown operation {op}", path.display(), number + 3),
            }
            let map = map.as_ref().expect("a recording begins with new");
            let got = columns::<F, K, V>(map, before);
            let mut want: Vec<u64> = fields[3..].iter().map(|field| field.parse().expect("a number")).collect();
            if path.ends_with(STRAY.0) && number + 3 == STRAY.1 {
                assert_eq!(want[..2], [5320, 6]);
                want[..2].fill(0);
            }
            assert_eq!(got, want, "{}:{}: {line}", path.display(), number + 3);
            compared += 1;
            if number % 1000 == 0 {
                map.check_invariants();
            }
        }
    }
    compared
}

macro_rules! oracle {
    ($($module:ident: $family:ident { $($test:ident: $types:literal $key:ty, $value:ty, $operations:literal;)* })*) => {$(
        mod $module {
            use super::*;
            $(
                #[test]
                fn $test() {
                    compares::<$family, $key, $value>($types, $operations);
                }
            )*
        }
    )*};
}

fn compares<F: Family, K: Key, V: Value>(types: &str, operations: usize) {
    let compared = replay::<F, K, V>(types);
    let [own, shared] = FOLDERS.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).is_dir());
    assert!(own, "every clone has tests/data");
    let short = if types == "u64-u64" { 3_000 } else { 0 };
    let long = if shared { operations } else { 0 };
    assert_eq!(compared, short + long, "operations compared");
}

oracle! {
    classic: GoClassic {
        big_keys_are_stored_indirectly: "big-u64" Big, Int64, 10_001;
        big_elems_are_stored_indirectly: "u64-big" Int64, Big, 10_001;
        keys_of_40_bytes_with_pointer_elems: "mid-ptr" Sized<u64, 5, false>, Sized<u64, 1, true>, 20_001;
        string_keys: "str-u64" Sized<u64, 2, true>, Int64, 50_002;
        small_keys_without_elems: "u16-none" Sized<u16, 1, false>, Sized<u8, 0, false>, 10_001;
        small_entries: "u32-u8" Sized<u32, 1, false>, Sized<u8, 1, false>, 20_001;
        integers: "u64-u64" Int64, Int64, 210_006;
    }
    swiss: GoSwiss {
        big_keys_are_stored_indirectly: "big-u64" Big, Int64, 10_001;
        big_elems_are_stored_indirectly: "u64-big" Int64, Big, 10_001;
        keys_of_40_bytes_with_pointer_elems: "mid-ptr" Sized<u64, 5, false>, Sized<u64, 1, true>, 20_001;
        string_keys: "str-u64" Sized<u64, 2, true>, Int64, 50_002;
        small_keys_without_elems: "u16-none" Sized<u16, 1, false>, Sized<u8, 0, false>, 10_001;
        small_entries: "u32-u8" Sized<u32, 1, false>, Sized<u8, 1, false>, 20_001;
        integers: "u64-u64" Int64, Int64, 210_006;
    }
}
