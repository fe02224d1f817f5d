//! Recordings of real Go programs: after every operation, what it allocated and the state of both maps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mapscope::maps::Map;
use mapscope::workload::Str24;

use super::*;

thread_local! {
    /// The hashes of keys by their ids: a table for each map that the recorded one made, the newest last.
    static TABLES: RefCell<Vec<HashMap<u64, u64>>> = const { RefCell::new(Vec::new()) };
    /// The hashes in the map that the next operation makes, if it makes one.
    static NEXT: RefCell<HashMap<u64, u64>> = RefCell::new(HashMap::new());
}

/// Looks a key's recorded hash up by its id, in a table for each map.
#[derive(Clone)]
struct Recorded {
    table: usize,
}

impl Recorded {
    fn add_table(hashes: HashMap<u64, u64>) -> Recorded {
        TABLES.with_borrow_mut(|tables| {
            tables.push(hashes);
            Recorded { table: tables.len() - 1 }
        })
    }
}

impl Hashing for Recorded {
    fn with_seed(_: u64) -> Recorded {
        Recorded::add_table(HashMap::new())
    }
    fn reseed(&mut self, _: u64) {}
    fn another(&self, _: u64) -> Recorded {
        // What the map does in here is not its own.
        let before = ALLOCATED.get();
        let other = Recorded::add_table(NEXT.take());
        ALLOCATED.set(before);
        other
    }
}

impl BuildHasher for Recorded {
    type Hasher = RecordedHasher;
    fn build_hasher(&self) -> RecordedHasher {
        RecordedHasher { table: self.table, id: 0 }
    }
}

struct RecordedHasher {
    table: usize,
    id: u64,
}

impl Hasher for RecordedHasher {
    fn write_u64(&mut self, id: u64) {
        self.id = id;
    }
    fn write_u8(&mut self, _: u8) {} // the end of a string
    fn write(&mut self, bytes: &[u8]) {
        self.id = std::str::from_utf8(&bytes[4..]).expect("digits").parse().expect("digits");
    }
    fn finish(&self) -> u64 {
        // A key that the map has never had may have no hash; any will do not to find it.
        TABLES.with_borrow(|tables| tables[self.table].get(&self.id).copied().unwrap_or_default())
    }
}

/// A number of `T`'s size that is never small.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Large<T>(T);

impl Hash for Large<u32> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.id());
    }
}

impl Key for Large<u32> {
    const POINTERS: bool = false;
    fn from_id(id: u64) -> Self {
        Large(u32::try_from(id).expect("an id that fits"))
    }
    fn id(&self) -> u64 {
        self.0.into()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Value for Large<u16> {
    const POINTERS: bool = false;
    fn from_seed(seed: u64, _: u32) -> Self {
        Large(seed as u16)
    }
    fn seed(&self) -> Option<u64> {
        Some(self.0.into())
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// Short recordings that every clone has, and the folder of the long ones, which not every machine has.
const FOLDERS: [&str; 2] = ["tests/data", "../shared/go-oracle"];

/// The recordings of a structure for a type, and the operations that their names say they have.
fn recordings(layout: &str, types: &str) -> Vec<(PathBuf, usize)> {
    let prefix = format!("{layout}-{types}-");
    let mut found = Vec::new();
    for folder in FOLDERS.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            crate::common::skip::skip("shared", &format!("no recordings in {}", folder.display()));
            continue;
        };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            // LAYOUT-KEY-VALUE-MIX-OPERATIONS-SEED
            if let Some(rest) = name.strip_prefix(&prefix) {
                let operations = rest.split('-').nth(1).and_then(|n| n.parse().ok()).expect("a number of operations");
                found.push((path, operations));
            }
        }
    }
    found.sort();
    found
}

fn replay<K: Key, V: Value>(path: &Path, value: impl Fn(u64) -> V) -> usize {
    let mut lines = BufReader::new(GzDecoder::new(File::open(path).expect("a readable recording"))).lines();
    let mut next = || lines.next().map(|line| line.expect("whole text"));
    let about = next().expect("a first line");
    let release = about.split(' ').find_map(|pair| pair.strip_prefix("go=go")).expect("a version of Go");
    let release = GoSyncMap::INFO.releases().iter().copied().find(|&known| release.starts_with(&format!("{known}.")));
    let info = GoSyncMap::info_at(release);
    assert!(release.is_some() && about.contains(&format!(" layout={} ", info.layout.expect("a layout"))), "{about}");
    let header = next().expect("a header");
    assert_eq!(header, format!("op,key,hash,alloc_bytes,allocs,{}", info.state.join(",")));

    let mut map: Option<TestMap<K, V, Recorded>> = None;
    let mut compared = 0;
    while let Some(line) = next() {
        let fields: Vec<&str> = line.split(',').collect();
        let id = fields[1].parse::<u64>().unwrap_or(0);
        if let Ok(hash) = u64::from_str_radix(fields[2], 16) {
            NEXT.with_borrow_mut(|next| next.insert(id, hash));
            if fields[0] == "hash" {
                continue;
            }
            // In a map that is about to be left, the new key's hash does no harm: it is not there.
            TABLES.with_borrow_mut(|tables| tables.last_mut().expect("a map").insert(id, hash));
        }
        // The number of the operation after `new`; in a trie's recordings, the key's.
        let number = if info.layout == Some("synctrie") { id } else { (compared as u64).saturating_sub(1) };
        let (key, value) = (K::from_id(id), value(number));
        let allocated = watch(|| match (fields[0], &mut map) {
            ("new", map) => {
                let before = ALLOCATED.get();
                let hasher = Recorded::with_seed(0);
                ALLOCATED.set(before);
                let options = Options { load_factor: 0.0, hint: 0, seed: 1, release };
                *map = Some(GoSyncMap::build(&options, hasher, Tally));
            }
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
            ("range", Some(map)) => map.range(&mut |_, _| ()),
            (op, _) => panic!("{}: unknown operation {op}", path.display()),
        });
        NEXT.with_borrow_mut(HashMap::clear);
        let map = map.as_ref().expect("a recording begins with new");
        let mut got = [allocated.bytes, allocated.allocs, 0, 0, 0, 0];
        map.state(&mut got[2..]);
        let want: Vec<u64> = fields[3..].iter().map(|field| field.parse().expect("a number")).collect();
        assert_eq!(got[..], want[..], "{}: operation {compared}: {line}", path.display());
        compared += 1;
        if compared % 500 == 0 {
            map.check_invariants();
        }
    }
    compared
}

/// Replays every recording of a type; returns how many.
fn replay_all<K: Key, V: Value>(types: &str, value: impl Fn(u64) -> V) -> usize {
    let mut found = recordings("syncmap", types);
    found.extend(recordings("synctrie", types));
    for (path, operations) in &found {
        assert_eq!(replay::<K, V>(path, &value), operations + 1, "{}: operations compared", path.display());
        println!("{}: {operations} operations", path.display());
    }
    found.len()
}

#[test]
fn integers() {
    assert!(replay_all::<u64, u64>("u64-u64", |number| number) > 0, "every clone has one");
}

#[test]
fn string_keys() {
    assert!(replay_all::<Str24, u64>("str-u64", |number| number) > 0, "every clone has one");
}

#[test]
fn small_integers_are_not_allocated() {
    replay_all::<u64, u64>("u64-small", |number| number % 300);
}

#[test]
fn wide_values() {
    assert!(replay_all::<u64, [u8; 64]>("u64-64", |number| [number as u8; 64]) > 0, "every clone has one");
    replay_all::<u64, [u8; 256]>("u64-256", |number| [number as u8; 256]);
}

#[test]
fn tiny_objects_of_different_sizes() {
    replay_all::<Large<u32>, Large<u16>>("u32-u16", |number| Large(number as u16));
    replay_all::<u64, [u8; 12]>("u64-12", |number| [number as u8; 12]);
}
