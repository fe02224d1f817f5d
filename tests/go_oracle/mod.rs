//! The models of Go's maps against recordings of real Go programs: after every operation, what it allocated and the
//! map's state. Each is played on the release that it was recorded from.

mod record;
mod releases;

use std::cell::RefCell;
use std::fs::File;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mapscope::maps::go::{GoClassic, GoSwiss};
use mapscope::maps::{Family, Hashing, Info, Map, Options};
use mapscope::probe::event::Off;
use mapscope::workload::{Key, Value};

use crate::common::skip;
use crate::go_recorder;
use crate::heap::{ALLOCATED, Allocated};

thread_local! {
    /// The hash of each key at the moment, by the key's id.
    static HASHES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

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

/// What every clone has, and the folder of long recordings, which not every machine has.
const OWN: &str = "tests/data";
const SHARED: &str = "../shared/go-oracle";

/// The recordings in a folder of a layout and a type, as `LAYOUT-KEY-ELEM` in their names; `None` without the folder.
fn recordings(folder: &str, layout: &str, types: &str) -> Option<Vec<PathBuf>> {
    let prefix = format!("{layout}-{types}-h");
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).ok()?;
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| name(path).starts_with(&prefix));
    paths.sort();
    Some(paths)
}

fn name(path: &Path) -> String {
    path.file_name().expect("a file").to_string_lossy().into_owned()
}

/// The lines of a recording, by how its name ends.
fn lines(path: &Path) -> impl Iterator<Item = String> {
    let file = File::open(path).expect("a readable recording");
    let content: Box<dyn Read> = match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => Box::new(GzDecoder::new(file)),
        Some("zst") => Box::new(zstd::Decoder::new(file).expect("memory")),
        _ => panic!("{}: neither gzip nor zstd", path.display()),
    };
    BufReader::new(content).lines().map(|line| line.expect("whole text"))
}

fn parameter<'a>(line: &'a str, name: &str) -> &'a str {
    let value = line.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// The release of the model that a recording is to be played on.
fn release_of(info: &Info, about: &str) -> &'static str {
    let nearest = info.release_for(parameter(about, "go").trim_start_matches("go")).expect("a model with releases");
    assert!(nearest.away.is_eq(), "{about}: no such release");
    nearest.release
}

/// What a recording's rows came to.
#[derive(Default)]
struct Played {
    operations: usize,
    differences: Vec<Difference>,
}

/// A row in which the model did something else.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    line: usize,
    op: String,
    /// Bytes, objects, and the columns of the state.
    recorded: Vec<u64>,
    got: Vec<u64>,
}

/// What the columns from `alloc_bytes` on should say.
fn columns<F: Family, K: Key, V: Value>(map: &impl Map<K, V>, before: Allocated) -> Vec<u64> {
    let done = ALLOCATED.get().since(before);
    let mut row = vec![0; 2 + F::INFO.state.len()];
    (row[0], row[1]) = (done.bytes, done.allocs);
    map.state(&mut row[2..]);
    row
}

/// Plays a recording on a release, by default its own.
fn play<F: Family, K: Key, V: Value>(path: &Path, release: Option<&'static str>) -> Played {
    let mut lines = lines(path);
    let about = lines.next().expect("a first line");
    let release = release.unwrap_or_else(|| release_of(&F::INFO, &about));
    let options = Options {
        load_factor: F::INFO.load_factor_of(Some(release)),
        hint: parameter(&about, "hint").parse().expect("a number"),
        seed: 1,
        release: Some(release),
    };
    assert_eq!(parameter(&about, "key_size"), size_of::<K>().to_string());
    assert_eq!(parameter(&about, "elem_size"), size_of::<V>().to_string());
    let header = lines.next().expect("a header");
    assert_eq!(header, format!("op,key,hash,alloc_bytes,allocs,{}", F::INFO.state.join(",")));

    let (mut map, mut played) = (None, Played::default());
    for (line, row) in (3..).zip(lines) {
        let fields: Vec<&str> = row.split(',').collect();
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
            (op, _) => panic!("{}:{line}: unknown operation {op}", path.display()),
        }
        let map = map.as_ref().expect("a recording begins with new");
        let got = columns::<F, K, V>(map, before);
        let recorded: Vec<u64> = fields[3..].iter().map(|field| field.parse().expect("a number")).collect();
        if got != recorded {
            played.differences.push(Difference { line, op: fields[0].to_owned(), recorded, got });
        }
        played.operations += 1;
        if line % 1000 == 0 {
            map.check_invariants();
        }
    }
    played
}

/// The one row, of half a million, in which the runtime allocated something of its own: an insert into a free slot, which
/// takes nothing.
fn stray(path: &Path) -> Vec<Difference> {
    let state = |bytes, objects| vec![bytes, objects, 516, 1, 1, 1024, 380];
    let (recorded, got) = (state(5320, 6), state(0, 0));
    let stray = Difference { line: 519, op: "insert".to_owned(), recorded, got };
    (name(path) == "swiss-u64-u64-h0-churn-30000-s1.csv.gz").then_some(stray).into_iter().collect()
}

/// Plays recordings on their own releases; returns how many operations were compared.
fn compare(paths: &[PathBuf], play: Play) -> usize {
    let compared = paths.iter().map(|path| {
        let Played { operations, differences } = play(path, None);
        assert_eq!(differences, stray(path), "{}", path.display());
        operations
    });
    compared.sum()
}

/// How many operations a recording has, the making of the map included, by its name: `LAYOUT-KEY-ELEM-hHINT-WORK-N...`.
fn named_operations(path: &Path) -> usize {
    let name = name(path);
    let number: String = name.split('-').nth(5).expect("a number").chars().take_while(char::is_ascii_digit).collect();
    number.parse().expect("a number")
}

/// Plays a recording of one layout and type.
type Play = fn(&Path, Option<&'static str>) -> Played;

/// What there are recordings of.
struct Row {
    layout: &'static str,
    types: &'static str,
    /// Operations of the long recordings.
    shared: usize,
    play: Play,
}

macro_rules! oracle {
    ($($module:ident: $family:ident { $($test:ident: $types:literal $key:ty, $value:ty, $operations:literal;)* })*) => {
        const ROWS: &[Row] = &[$($(Row {
            layout: stringify!($module),
            types: $types,
            shared: $operations,
            play: play::<$family, $key, $value>,
        },)*)*];

        $(mod $module {
            $(
                #[test]
                fn $test() {
                    super::compares(stringify!($module), $types);
                }
            )*
        })*
    };
}

/// Less would be a test of little.
const OWN_OPERATIONS_MIN: usize = 7_000;

fn compares(layout: &str, types: &str) {
    let row = ROWS.iter().find(|row| row.layout == layout && row.types == types).expect("a row");
    let own = recordings(OWN, layout, types).expect("every clone has them");
    let expected: usize = own.iter().map(|path| named_operations(path)).sum();
    assert!(expected >= OWN_OPERATIONS_MIN, "{expected} operations of {layout} {types} in every clone");
    assert_eq!(compare(&own, row.play), expected, "operations compared");
    match recordings(SHARED, layout, types) {
        Some(shared) => assert_eq!(compare(&shared, row.play), row.shared, "operations compared"),
        None => skip::skip("shared", &format!("no recordings in {SHARED}")),
    }
}

#[test]
fn every_clone_compares_a_hundred_thousand_operations() {
    let own = ROWS.iter().flat_map(|row| recordings(OWN, row.layout, row.types).expect("every clone has them"));
    let operations: usize = own.map(|path| named_operations(&path)).sum();
    assert!(operations > 100_000, "{operations}");
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
        pointer_keys: "ptr-u64" Sized<u64, 1, true>, Int64, 0;
        string_keys: "str-u64" Sized<u64, 2, true>, Int64, 50_002;
        small_keys_without_elems: "u16-none" Sized<u16, 1, false>, Sized<u8, 0, false>, 10_001;
        small_entries: "u32-u8" Sized<u32, 1, false>, Sized<u8, 1, false>, 20_001;
        integers: "u64-u64" Int64, Int64, 210_006;
    }
}
