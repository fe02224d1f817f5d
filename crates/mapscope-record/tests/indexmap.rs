//! What is recorded of indexmap's maps is what an allocator counts, whatever was done to them; and where it is not known, that
//! is said.
#![cfg(all(feature = "record", feature = "indexmap", target_os = "linux"))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::env;
use std::fs::{self, File};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;

use mapscope_record::indexmap::map::{Entry, MutableKeys as _, OccupiedEntry};
use mapscope_record::indexmap::{IndexMap, IndexSet};

type Fixed = BuildHasherDefault<DefaultHasher>;
type InPlace = BuildHasherDefault<Itself>;

/// The hash of a number is the number, so that keys in a row are slots in a row, and leave slots behind when removed.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().enumerate().for_each(|(at, byte)| self.0 ^= u64::from(*byte) << (at % 8 * 8));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Bytes that this thread allocated, has, and had at most; whether it counts.
#[derive(Clone, Copy, Default)]
struct Counted {
    allocations: u64,
    bytes: u64,
    live: i64,
    peak: i64,
}

thread_local! {
    static COUNTED: Cell<Counted> = const { Cell::new(Counted { allocations: 0, bytes: 0, live: 0, peak: 0 }) };
    static COUNTS: Cell<bool> = const { Cell::new(false) };
}

/// Moves whatever is reallocated: its `realloc` is that of the trait.
struct Counting;

// SAFETY: the system's allocator, whose calls are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.get() {
            let mut counted = COUNTED.get();
            counted.allocations += 1;
            counted.bytes += layout.size() as u64;
            counted.live += layout.size() as i64;
            counted.peak = counted.peak.max(counted.live);
            COUNTED.set(counted);
        }
        // SAFETY: the caller's to promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if COUNTS.get() {
            let mut counted = COUNTED.get();
            counted.live -= layout.size() as i64;
            COUNTED.set(counted);
        }
        // SAFETY: the caller's to promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

/// The file of this process, and that of its trace.
fn recording() -> &'static [File; 2] {
    static RECORDING: OnceLock<[File; 2]> = OnceLock::new();
    RECORDING.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("indexmap");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        // SAFETY: every test comes here first, and waits for the first of them; nothing else reads the environment.
        unsafe {
            env::set_var("MAPSCOPE_RECORD", format!("2:1:{}", folder.display()));
            env::set_var("MAPSCOPE_TRACE", format!("indexmap.rs:{}", traced(false).1));
        }
        drop(IndexMap::<u8, u8>::new());
        let files = fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
        let files: Vec<_> = files.collect();
        ["maps", "ops"].map(|kind| {
            let file = files.iter().find(|file| file.extension().is_some_and(|is| is == kind)).expect(kind);
            File::open(file).expect("a file")
        })
    })
}

fn number<const N: usize>(at: u64) -> u64 {
    let mut bytes = [0; 8];
    recording()[0].read_exact_at(&mut bytes[..N], at).expect("it is there");
    u64::from_le_bytes(bytes)
}

/// A map, as it is recorded.
#[derive(Debug, Clone, Copy)]
struct Row {
    number: u64,
    flags: u64,
    writes: u64,
    inserts: u64,
    removes: u64,
    entries: u64,
    growths: u64,
    moved: u64,
    alloc_bytes: u64,
    held_bytes: u64,
    held_bytes_max: u64,
}

impl Row {
    fn is_measured(&self) -> bool {
        self.flags & 512 == 0
    }
}

/// Maps that are made from here on.
struct Rows(u64);

impl Rows {
    fn from_here() -> Rows {
        Rows(number::<4>(116))
    }

    /// Those made since then by this thread, which is the only one that makes maps meanwhile.
    fn read(&self) -> Vec<Row> {
        let row = |index: u64| {
            let at = number::<8>(80) + 128 * index;
            let long = |field| number::<8>(at + field);
            let short = |field| number::<4>(at + field);
            Row {
                number: index,
                flags: short(12) & 0xffff,
                writes: long(16),
                inserts: long(24),
                removes: long(32),
                entries: long(48),
                growths: short(64),
                moved: long(72),
                alloc_bytes: long(80) + long(88),
                held_bytes: long(104),
                held_bytes_max: long(112),
            }
        };
        (self.0..number::<4>(116)).map(row).collect()
    }

    fn one(&self) -> Row {
        let [row] = self.read()[..] else { panic!("one map") };
        row
    }
}

/// The map that is traced, if it is to be made, and the line that makes it.
fn traced(is_made: bool) -> (Option<IndexMap<u64, u64, Fixed>>, u32) {
    let line = line!() + 1;
    (is_made.then(|| IndexMap::with_capacity_and_hasher(0, Fixed::new())), line)
}

/// Does this alone, since rows are found by their numbers; and twice, since the first of its kind has its names written
/// down.
fn alone<T>(mut what: impl FnMut() -> T) -> T {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    recording();
    what();
    what()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// What a sequence of operations came to.
struct Done {
    rows: Vec<Row>,
    counted: Counted,
    /// Whether tables were replaced only by growing, and there was one map.
    only_grew: bool,
    entries: usize,
}

/// Operations at random on a map of `K` and `V`, of which there are as many keys as `key` makes.
fn sequence<S, K, V>(seed: u64, key: fn(u64) -> K, value: V) -> Done
where
    S: BuildHasher + Clone + Default,
    K: Copy + Hash + Ord,
    V: Copy,
{
    let mut random = Random(seed);
    // One sequence is of a few kinds of operations: such as those of a queue.
    let kinds: Vec<usize> = (0..2 + random.below(6)).map(|_| random.below(32)).collect();
    let rows = Rows::from_here();
    COUNTED.set(Counted::default());
    COUNTS.set(true);
    let keys = [4, 12, 20, 40, 70, 130, 300][random.below(7)];
    let hint = [0, 0, 3, 10, 28, keys, keys / 2][random.below(7)];
    let mut map: IndexMap<K, V, S> = match random.below(3) {
        0 => IndexMap::default(),
        _ => IndexMap::with_capacity_and_hasher(hint, S::default()),
    };
    let mut only_grew = true;
    for next in 1..=random.below(600) as u64 {
        let kind = match random.below(10) {
            0 => random.below(32),
            _ => kinds[random.below(kinds.len())],
        };
        let at = random.below(map.len());
        let any = key(if random.below(2) == 0 { next } else { random.below(keys) as u64 });
        let is_seldom = random.below(30) == 0;
        match kind {
            0..6 => _ = map.insert(any, value),
            6 => _ = *map.entry(any).or_insert(value),
            7 => match map.entry(any) {
                Entry::Vacant(none) if is_seldom => _ = none.insert_entry(value).swap_remove(),
                Entry::Vacant(none) => _ = none.shift_insert(at, value),
                Entry::Occupied(there) => _ = there.shift_remove(),
            },
            8 => match map.entry(any) {
                Entry::Vacant(none) if at < none.index() => _ = none.replace_index(at).1.insert(value),
                Entry::Vacant(none) => _ = none.insert_entry(value),
                Entry::Occupied(mut there) => _ = there.insert(value),
            },
            9 => _ = map.insert_before(at, any, value),
            10 => _ = map.shift_insert(at, any, value),
            11 => _ = map.insert_sorted(any, value),
            12..15 => _ = map.swap_remove(&any),
            15..18 => _ = map.shift_remove_index(0),
            18 => _ = map.swap_remove_index(at),
            19 => _ = map.pop(),
            20 => _ = map.get_index_entry(at).map(|there| OccupiedEntry::from(there).swap_remove_entry().1),
            21 if at < map.len() => _ = map.replace_index(at, any),
            22 => map.reserve(random.below(keys)),
            23 if is_seldom => map.reserve_exact(random.below(keys)),
            24 => map.extend((0..random.below(9) as u64).map(|more| (key(next + more), value))),
            25 => map.sort_unstable_keys(),
            26 if is_seldom => map.clear(),
            27 if is_seldom => {
                map.retain(|_, _| random.below(3) > 0);
                drop(map.extract_if(.., |_, _| random.below(2) > 0));
            }
            28 if is_seldom => map.truncate(at),
            29 if is_seldom => drop(map.drain(at / 2..at)),
            30 if is_seldom => {
                only_grew = false;
                match random.below(3) {
                    0 => map.shrink_to_fit(),
                    1 => map.shrink_to(at),
                    _ => _ = map.try_reserve(usize::MAX).is_err(),
                }
            }
            31 if is_seldom => {
                only_grew = false;
                match random.below(4) {
                    0 => map = map.clone(),
                    1 => map = map.split_off(at),
                    2 => {
                        let mut other = IndexMap::with_capacity_and_hasher(at, S::default());
                        other.insert(any, value);
                        other.clone_from(&map);
                        map.clone_from(&other);
                    }
                    _ => {
                        let mut other: IndexMap<K, V, S> = (0..20).map(|more| (key(next + more), value)).collect();
                        map.append(&mut other);
                    }
                }
            }
            _ => {}
        }
    }
    COUNTS.set(false);
    let counted = COUNTED.get();
    // What its last entry did is told by the next operation.
    map.reserve(0);
    let entries = map.len();
    Done { rows: rows.read(), counted, only_grew, entries }
}

#[test]
fn bytes_are_those_of_an_allocator_that_counts_or_are_not_known() {
    let mut unknown = 0;
    const SEQUENCES: u64 = 2000;
    for seed in 0..SEQUENCES {
        let done = alone(|| match seed % 8 {
            0 => sequence::<Fixed, _, _>(seed, |key| key, seed),
            1 => sequence::<Fixed, _, _>(seed, |key| key as u8, [0_u8; 100]),
            2 => sequence::<Fixed, _, _>(seed, u128::from, ()),
            3 => sequence::<Fixed, _, _>(seed, |key| (key as u16, key as u32), 7_u8),
            4 => sequence::<InPlace, _, _>(seed, |key| key, seed),
            5 => sequence::<InPlace, _, _>(seed, |key| key as u8, [0_u8; 100]),
            6 => sequence::<InPlace, _, _>(seed, u128::from, ()),
            _ => sequence::<InPlace, _, _>(seed, |key| (key as u16, key as u32), 7_u8),
        });
        let Done { rows, counted, only_grew, entries } = done;
        let entries_of = rows.iter().map(|row| row.entries).sum::<u64>();
        if only_grew {
            assert_eq!(entries_of, entries as u64, "seed {seed}: {rows:?}");
            let [row] = rows[..] else { panic!("seed {seed}: {rows:?}") };
            assert!(row.writes >= row.inserts && row.inserts >= row.removes + row.entries, "seed {seed}: {row:?}");
        }
        if !rows.iter().all(Row::is_measured) {
            unknown += 1;
            continue;
        }
        let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
        assert_eq!(sum(|row| row.alloc_bytes), counted.bytes, "seed {seed}: {rows:?}");
        if only_grew {
            let row = rows[0];
            assert_eq!(row.held_bytes as i64, counted.live, "seed {seed}: {row:?}");
            assert_eq!(row.held_bytes_max as i64, counted.peak, "seed {seed}: {row:?}");
            // The first table and the first array are none.
            let growths = counted.allocations.saturating_sub(2);
            assert_eq!(row.growths, growths, "seed {seed}: {row:?}");
        }
    }
    // Of maps whose table may or may not have grown over the slots of removed keys.
    assert!(unknown < SEQUENCES / 5, "{unknown} of {SEQUENCES}");
    println!("{unknown} of {SEQUENCES} are not known");
}

/// What is recorded of a map to which this is done, and the bytes that were allocated.
fn of_slots(entries: usize, what: impl Fn(&mut IndexMap<u64, u64, InPlace>)) -> (Row, u64) {
    alone(|| {
        let rows = Rows::from_here();
        COUNTED.set(Counted::default());
        COUNTS.set(true);
        let mut map = IndexMap::with_capacity_and_hasher(entries, InPlace::new());
        what(&mut map);
        COUNTS.set(false);
        let counted = COUNTED.get();
        map.reserve(0);
        (rows.one(), counted.bytes)
    })
}

#[test]
fn a_key_that_takes_a_removed_one_s_slot_is_no_growth() {
    let full = |map: &mut IndexMap<u64, u64, InPlace>| {
        (0..=28).filter(|key| *key != 18).for_each(|key| _ = map.insert(key, key));
        map.swap_remove(&0);
    };
    // The array has room for one more: a table that has grown says no more than that.
    let (row, _) = of_slots(28, |map| {
        full(map);
        let at = map.get_index_of(&20).expect("it is there");
        assert_eq!((map.replace_index(at, 64), map.capacity()), (Ok(20), 28));
    });
    assert!(!row.is_measured(), "{row:?}");
    // For two: a table that has grown would say that.
    let (row, bytes) = of_slots(28, |map| {
        full(map);
        map.swap_remove(&1);
        let at = map.get_index_of(&20).expect("it is there");
        assert_eq!((map.replace_index(at, 64), map.capacity()), (Ok(20), 27));
    });
    assert!(row.is_measured(), "{row:?}");
    assert_eq!((row.alloc_bytes, row.growths), (bytes, 0));
    // It has grown.
    let (row, bytes) = of_slots(28, |map| {
        full(map);
        map.swap_remove(&1);
        let at = map.get_index_of(&5).expect("it is there");
        assert_eq!((map.replace_index(at, 64 + 29), map.capacity()), (Ok(5), 28));
    });
    assert!(row.is_measured(), "{row:?}");
    assert_eq!((row.alloc_bytes, row.growths), (bytes, 1));
}

#[test]
fn a_table_that_is_empty_keeps_the_slots_of_removed_keys() {
    type Emptied = fn(&mut IndexMap<u64, u64, InPlace>);
    let empty: [(u64, Emptied); 6] = [
        (0, |map| map.clear()),
        (0, |map| map.sort_keys()),
        (0, |map| map.sort_unstable_by(|a, _, b, _| a.cmp(b))),
        (1, |map| drop(map.drain(..))),
        (1, |map| map.truncate(0)),
        (1, |map| assert_eq!(map.drain(0..=0).count(), 1)),
    ];
    for (at, (left, emptied)) in empty.into_iter().enumerate() {
        let (row, bytes) = of_slots(20, |map| {
            (0..20).for_each(|key| _ = map.insert(key, key));
            (0..20).for_each(|key| _ = map.swap_remove(&key));
            if left == 1 {
                (20..28).for_each(|key| _ = map.insert(key, key));
                (20..27).for_each(|key| _ = map.swap_remove(&key));
                assert_eq!((map.len(), map.capacity()), (1, 1));
                emptied(map);
                (0..20).for_each(|key| _ = map.entry(key).or_insert(key));
            } else {
                emptied(map);
                (0..12).for_each(|key| _ = map.entry(key).or_insert(key));
                (20..28).for_each(|key| _ = map.insert(key, key));
            }
            assert_eq!((map.len(), map.capacity()), (20, 20), "{at}");
            map.insert(28, 28);
        });
        // Of a table that had one key, it can't be told whether it was filled anew.
        assert_eq!(row.is_measured(), left == 0, "{at}: {row:?}");
        if row.is_measured() {
            assert_eq!((row.alloc_bytes, row.growths), (bytes, 2), "{at}: {row:?}");
        }
    }
}

#[test]
fn tables_and_arrays_grow_alike() {
    // As docs/RECORDING.md has it.
    assert_eq!(size_of::<IndexMap<u8, u8>>(), size_of::<indexmap::IndexMap<u8, u8>>() + 64);
    let row = alone(|| {
        let rows = Rows::from_here();
        let mut map: IndexMap<u64, u64, Fixed> = IndexMap::default();
        for key in 0..100 {
            match key % 4 {
                0 => _ = map.insert(key, key),
                1 => _ = map.entry(key).or_insert(key),
                2 => _ = map.insert_sorted(key, key),
                _ => _ = map.entry(key).insert_entry(key).insert(1),
            }
            map.insert(key, 1);
        }
        rows.one()
    });
    // Tables of 4, 8, 16, 32, 64 and 128 buckets, and arrays of as many entries as they have room for.
    let replaced = [3, 7, 14, 28, 56];
    assert_eq!((row.writes, row.inserts, row.entries), (200, 100, 100));
    assert_eq!((row.growths, row.moved), (2 * 5, 2 * replaced.iter().sum::<u64>()));
    let tables: u64 = [4, 8, 16, 32, 64, 128].iter().map(|buckets| 9 * buckets + 16).sum();
    assert_eq!(row.alloc_bytes, tables + 24 * (replaced.iter().sum::<u64>() + 112));
    assert_eq!(row.held_bytes, 9 * 128 + 16 + 24 * 112);
}

#[test]
fn a_set_is_recorded_as_a_map_is() {
    for seed in 0..200 {
        let (row, counted, len) = alone(|| {
            let mut random = Random(seed);
            let rows = Rows::from_here();
            COUNTED.set(Counted::default());
            COUNTS.set(true);
            let mut set: IndexSet<u32, Fixed> = IndexSet::default();
            for _ in 0..random.below(400) {
                let value = random.below(90) as u32;
                match random.below(12) {
                    0..5 => _ = set.insert(value),
                    5 => _ = set.replace(value),
                    6 => _ = set.shift_insert(random.below(set.len()), value),
                    7 => _ = set.swap_take(&value),
                    8 => _ = set.shift_remove_index(0),
                    9 => _ = set.pop(),
                    10 => set.retain(|value| value % 10 > 0),
                    _ => set.extend([value, value + 1]),
                }
            }
            COUNTS.set(false);
            (rows.one(), COUNTED.get(), set.len() as u64)
        });
        assert_eq!((row.entries, row.inserts - row.removes), (len, len), "seed {seed}: {row:?}");
        if row.is_measured() {
            assert_eq!(row.alloc_bytes, counted.bytes, "seed {seed}: {row:?}");
            assert_eq!(row.held_bytes_max as i64, counted.peak, "seed {seed}: {row:?}");
        }
    }
}

#[test]
fn what_can_t_be_told_is_not_known() {
    // A map that has as many entries as its array has room for, and lost some: an overwrite may make its table grow.
    let row = alone(|| {
        let rows = Rows::from_here();
        let mut map: IndexMap<u64, (), Fixed> = IndexMap::with_capacity_and_hasher(100, Fixed::new());
        for key in 0..5_000 {
            if map.len() == 100 {
                map.shift_remove_index(0);
            }
            map.insert(key, ());
            map.insert(key, ());
        }
        rows.one()
    });
    assert!(!row.is_measured(), "{row:?}");
    assert_eq!((row.inserts, row.writes, row.entries), (5_000, 10_000, 100));
    // With more room, it is known.
    let row = alone(|| {
        let rows = Rows::from_here();
        let mut map: IndexMap<u64, (), Fixed> = IndexMap::default();
        for key in 0..5_000 {
            map.entry(key).or_insert(());
            if map.len() > 100 {
                map.shift_remove_index(0);
            }
        }
        rows.one()
    });
    assert!(row.is_measured(), "{row:?}");
    let row = alone(|| {
        let rows = Rows::from_here();
        let mut map: IndexMap<u64, u64, Fixed> = (0..10).map(|key| (key, key)).collect();
        assert_eq!(map.splice(2..5, [(2, 1), (9, 1), (20, 1), (21, 1)]).count(), 3);
        // What was put is known to the next operation.
        let row = rows.one();
        assert_eq!((map.len(), row.writes, row.inserts, row.entries), (10, 14, 10, 7));
        map.reserve(0);
        rows.one()
    });
    assert!(!row.is_measured(), "{row:?}");
    assert_eq!((row.inserts, row.removes, row.writes, row.entries), (13, 3, 14, 10));
}

#[test]
fn a_copy_of_a_map_that_is_not_recorded_is_counted_and_not_measured() {
    let (row, kept) = alone(|| {
        let rows = Rows::from_here();
        let mut map: IndexMap<u64, String, Fixed> = (0..20).map(|key| (key, "a long text".repeat(3))).collect();
        let (row, at) = (rows.one(), map[0].as_ptr());
        // The map is not used meanwhile, and goes on being recorded.
        mapscope_record::control::set_sample(None).expect("it is recorded");
        let other: IndexMap<u64, String, Fixed> = (0..15).map(|key| (key, String::from("a text"))).collect();
        mapscope_record::control::set_sample(NonZeroU32::new(1)).expect("it is recorded");
        map.clone_from(&other);
        map.insert(40, String::new());
        assert_eq!((row.entries, map == other), (20, false));
        (rows.one(), map[0].as_ptr() == at)
    });
    assert!(kept, "values are cloned to where they were");
    assert_eq!((row.entries, row.inserts, row.is_measured()), (16, 21, false), "{row:?}");
    // A hash map is recorded no further, and allocates no other table either.
    let (row, allocations) = alone(|| {
        let rows = Rows::from_here();
        let mut map: mapscope_record::HashMap<u64, u64> = (0..20).map(|key| (key, key)).collect();
        mapscope_record::control::set_sample(None).expect("it is recorded");
        let other: mapscope_record::HashMap<u64, u64> = (0..15).chain(20..25).map(|key| (key, key)).collect();
        mapscope_record::control::set_sample(NonZeroU32::new(1)).expect("it is recorded");
        COUNTED.set(Counted::default());
        COUNTS.set(true);
        map.clone_from(&other);
        COUNTS.set(false);
        map.insert(40, 1);
        assert_eq!(map.len(), 21);
        (rows.one(), COUNTED.get().allocations)
    });
    assert_eq!((allocations, row.entries, row.writes), (0, 20, 20), "{row:?}");
}

/// A key that panics when it is compared, if it is told to, or when it is dropped.
#[derive(Clone, PartialOrd, Ord, Eq)]
struct Panicking(u32);

thread_local! {
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

impl Hash for Panicking {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.0 % 2).hash(state);
    }
}

impl PartialEq for Panicking {
    fn eq(&self, other: &Self) -> bool {
        assert!(!PANICS.get(), "compared");
        self.0 == other.0
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        assert!(!PANICS.replace(false) || self.0 != 5, "dropped");
    }
}

/// What was recorded of a map of this many, of which this panics.
fn panicking(entries: u32, what: fn(&mut IndexMap<Panicking, u32, Fixed>)) -> Row {
    alone(|| {
        let rows = Rows::from_here();
        let mut map = (0..entries).map(|key| (Panicking(key), key)).collect::<IndexMap<_, _, Fixed>>();
        map.shrink_to_fit();
        assert!(catch_unwind(AssertUnwindSafe(|| what(&mut map))).is_err());
        PANICS.set(false);
        let row = rows.one();
        std::mem::forget(map);
        row
    })
}

#[test]
fn counts_are_true_where_a_closure_a_comparison_or_a_drop_panics() {
    let row = panicking(14, |map| map.retain(|key, _| if key.0 < 4 { key.0 % 2 > 0 } else { panic!("asked") }));
    assert_eq!((row.removes, row.entries, row.is_measured()), (2, 12, false));
    let row = panicking(14, |map| map.retain2(|key, _| if key.0 < 4 { key.0 % 2 > 0 } else { panic!("asked") }));
    assert_eq!((row.removes, row.entries), (2, 12));
    let row = panicking(14, |map| {
        map.extract_if(.., |key, _| if key.0 < 4 { key.0 % 2 > 0 } else { panic!("asked") }).for_each(drop);
    });
    assert_eq!((row.removes, row.entries), (2, 12));
    // A full table grows before keys are compared.
    let row = panicking(14, |map| {
        PANICS.set(true);
        map.insert(Panicking(20), 1);
    });
    assert_eq!((row.writes, row.entries, row.is_measured()), (14, 14, false));
    let row = panicking(10, |map| {
        PANICS.set(true);
        map.insert(Panicking(20), 1);
    });
    assert_eq!((row.writes, row.entries, row.is_measured()), (10, 10, true));
    let row = panicking(10, |map| {
        PANICS.set(true);
        map.truncate(5);
    });
    assert_eq!((row.removes, row.entries, row.is_measured()), (5, 5, true));
}

#[test]
fn a_trace_has_what_is_taken_out_by_its_position_with_its_key() {
    let (row, entries) = alone(|| {
        let rows = Rows::from_here();
        let mut map = traced(true).0.expect("it is made");
        for key in 0..40 {
            map.insert(key, key);
        }
        let there = map.get_index_entry(3).expect("an entry");
        OccupiedEntry::from(there).swap_remove();
        map.get_index_entry(3).expect("an entry").shift_remove();
        map.first_entry().expect("an entry").insert(1);
        map.pop();
        map.shift_remove_index(0);
        map.retain(|key, _| key % 7 > 0);
        map.extract_if(.., |key, _| key % 5 == 0).for_each(drop);
        map.truncate(20);
        map.drain(3..5).for_each(drop);
        map.splice(2..4, [(100, 1), (7, 1)]).for_each(drop);
        _ = map.replace_index(4, 101);
        match map.entry(102) {
            Entry::Vacant(none) => _ = none.replace_index(5),
            Entry::Occupied(_) => unreachable!(),
        }
        map.keys().copied().collect::<Vec<_>>().iter().for_each(|key| assert!(map.contains_key(key)));
        (rows.one(), map.len())
    });
    assert_eq!((row.entries, row.flags & 64), (entries as u64, 0), "whole: {row:?}");
    let mut keys = std::collections::BTreeSet::new();
    let mut operation = [0; 16];
    for at in (4096..).step_by(16) {
        recording()[1].read_exact_at(&mut operation, at).expect("it is there");
        let [what, hash] = [0, 8].map(|at| u64::from_le_bytes(operation[at..at + 8].try_into().expect("8 bytes")));
        match what >> 24 & 0xff {
            0 => break,
            _ if what & 0xff_ffff != row.number => {}
            1 => _ = keys.insert(hash),
            2 => assert!(keys.contains(&hash), "a key that is looked up"),
            3 => assert!(keys.remove(&hash), "a key that is taken out"),
            _ => {}
        }
    }
    assert_eq!(keys.len(), entries);
}

#[test]
fn a_trace_is_not_whole_where_a_key_is_taken_out_that_may_have_come_with_no_hash() {
    // The map, before and after an entry is taken out by its position.
    let in_part = |put_again: bool| {
        let [before, after] = alone(|| {
            let rows = Rows::from_here();
            let mut map = traced(true).0.expect("it is made");
            (0..10).for_each(|key| _ = map.insert(key, key));
            map.iter_mut2().for_each(|(_, value)| *value += 1);
            if put_again {
                map.insert(10, 10);
            }
            let before = rows.one();
            map.pop();
            [before, rows.one()]
        });
        [before.flags & 64, after.flags & 64]
    };
    assert_eq!(in_part(false), [0, 64]);
    assert_eq!(in_part(true), [0, 0]);
    let row = alone(|| {
        let rows = Rows::from_here();
        let mut map = traced(true).0.expect("it is made");
        (0..10).for_each(|key| _ = map.insert(key, key));
        map.retain2(|key, _| *key != 3);
        rows.one()
    });
    assert_eq!((row.removes, row.flags & 64), (1, 64));
}
