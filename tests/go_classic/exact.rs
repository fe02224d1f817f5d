//! Numbers that are known.

use mapscope::maps::go::classic::GoClassicMap;
use mapscope::maps::go::{GoClassic, heap};
use mapscope::maps::{Hashing, Map, Options, Structure};
use mapscope::workload::{Key, Str24, Value};

use super::go_map::{self, *};

type TestMap<K, V, S> = GoClassicMap<K, V, S, Tally>;

fn build<K: Key, V: Value, S: Hashing>(options: &Options) -> TestMap<K, V, S> {
    go_map::build::<GoClassic, K, V, S>(options)
}

/// What building and filling a map allocates, and what is live at the end.
fn filled<K: Key, V: Value>(hint: usize, entries: u64) -> (TestMap<K, V, Good>, Allocated) {
    let before = ALLOCATED.get();
    let mut map = build(&options(6.5, hint, 1));
    for id in 0..entries {
        map.insert(K::from_id(id), V::from_seed(id, 8));
    }
    (map, ALLOCATED.get().since(before))
}

fn bytes_and_allocs<K: Key, V: Value>(hint: usize, entries: u64) -> (u64, u64) {
    let (_, allocated) = filled::<K, V>(hint, entries);
    (allocated.bytes, allocated.allocs)
}

#[test]
fn an_empty_map_owns_its_header() {
    assert_eq!(bytes_and_allocs::<u64, u64>(0, 0), (48, 1));
    assert_eq!(bytes_and_allocs::<u64, u64>(8, 0), (48, 1));
    assert_eq!(bytes_and_allocs::<u64, u64>(0, 1), (48 + 144, 2));
}

#[test]
fn a_hint_allocates_the_array_at_once() {
    assert_eq!(bytes_and_allocs::<u64, u64>(1000, 0), (41032, 3));
    assert_eq!(bytes_and_allocs::<u64, u64>(9, 0), (48 + 288, 2));
    // A hint that no address space holds counts as none.
    assert_eq!(bytes_and_allocs::<u64, u64>(usize::MAX, 0), (48, 1));
}

#[test]
fn buckets_are_as_large_as_gos() {
    assert_eq!(bytes_and_allocs::<u64, [u8; 64]>(0, 1), (48 + 640, 2));
    assert_eq!(bytes_and_allocs::<u64, [u8; 256]>(0, 1), (48 + 144 + 256, 3));
}

/// An elem of 576 bytes that holds pointers, and is stored by its address.
#[derive(Clone)]
struct Wide([Option<Box<u64>>; 72]);

impl Value for Wide {
    const POINTERS: bool = true;
    fn from_seed(_: u64, _: u32) -> Wide {
        Wide([const { None }; 72])
    }
    fn seed(&self) -> Option<u64> {
        self.0[0].as_deref().copied()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// In Go 1.21 a map grows at a load factor of 6.0, and objects with pointers have no header.
#[test]
fn go_1_21_grows_earlier_and_has_no_headers() {
    fn made<K: Key, V: Value>(release: &'static str, hint: usize, entries: u64) -> u64 {
        let before = ALLOCATED.get();
        let mut map = build::<K, V, Good>(&options_of::<GoClassic>(release, hint, 1));
        (0..entries).for_each(|id| _ = map.insert(K::from_id(id), V::from_seed(id, 0)));
        let bytes = ALLOCATED.get().since(before).bytes;
        map.check_invariants();
        map.clear();
        drop(map);
        assert_eq!(ALLOCATED.get().live(), before.live(), "Go {release}");
        bytes
    }
    let each = |made: fn(&'static str, usize, u64) -> u64, hint, entries| {
        ["1.21", "1.22", "1.23"].map(|release| made(release, hint, entries))
    };
    // 24 entries fit into four buckets of 144 bytes, 26 from Go 1.22 on.
    assert_eq!(each(made::<u64, u64>, 24, 0), [48 + 576; 3]);
    assert_eq!(each(made::<u64, u64>, 25, 0), [48 + 1152, 48 + 576, 48 + 576]);
    // With pointers and a header they are of the next size class.
    assert_eq!(each(made::<u64, Wide>, 24, 0), [48 + 576, 48 + 640, 48 + 640]);
    assert_eq!(each(made::<u64, Wide>, 0, 1), [48 + 144 + 576, 48 + 144 + 640, 48 + 144 + 640]);
}

/// Both figures that Go's own programs show: 352 MB in 154k allocations, and 161 MB in 24.
#[test]
#[ignore = "four million inserts, twice"]
fn four_million_inserts_allocate_what_go_allocates() {
    let within = |got: u64, want: f64| (got as f64 / want - 1.0).abs() <= 0.01;
    let (bytes, allocs) = bytes_and_allocs::<u64, u64>(0, 4_194_304);
    println!("unhinted: {bytes} bytes in {allocs} allocations");
    assert!(within(bytes, 352e6) && within(allocs, 154e3), "{bytes} bytes in {allocs} allocations");
    let (bytes, allocs) = bytes_and_allocs::<u64, u64>(4_194_304, 4_194_304);
    println!("hinted: {bytes} bytes in {allocs} allocations");
    assert!(within(bytes, 161e6), "{bytes} bytes in {allocs} allocations");
    assert!((20..=28).contains(&allocs), "{allocs} allocations");
}

/// What is live after a growth is done: header, extra fields, array, the overflow buckets outside of it, their list.
#[test]
fn live_bytes_are_those_after_a_collection() {
    let mut checked = 0;
    let before = ALLOCATED.get();
    let mut map = build::<u64, u64, Good>(&options(6.5, 0, 1));
    for id in 0..30_000 {
        map.insert(id, id);
        let header = map.header();
        if header.growing || header.b < 4 {
            continue;
        }
        let base = 1usize << header.b;
        let array = heap::occupied_bytes((base + base / 16) * 144, true);
        let preallocated = array / 144 - base;
        let overflow = usize::from(header.noverflow);
        let mut expected = 48 + 24 + array + overflow.saturating_sub(preallocated) * 144;
        if overflow > 0 {
            let mut capacity = 0;
            while capacity < overflow {
                capacity = heap::appended_capacity(capacity, 8, false);
            }
            expected += 24 + heap::occupied_bytes(8 * capacity, false);
        }
        assert_eq!(ALLOCATED.get().since(before).live(), expected as u64, "{id} {header:?}");
        checked += 1;
    }
    assert!(checked > 20_000, "{checked}");
}

/// Buckets with pointers let go of their overflow buckets one evacuation after the other.
#[test]
fn chains_with_pointers_are_freed_as_they_are_evacuated() {
    let (mut map, _) = filled::<Str24, u64>(0, 6656);
    assert!(!map.header().growing);
    let mut keys: Vec<_> = (6656..8000).map(Str24::from_id).collect();
    let at_start = ALLOCATED.get();
    while map.header().nevacuate < 900 || !map.header().growing {
        map.insert(keys.pop().expect("enough keys"), 0);
    }
    assert!(map.header().growing);
    let freed = ALLOCATED.get().since(at_start);
    assert!(freed.frees > 50, "{freed:?}");
    assert_eq!(freed.freed_bytes, freed.frees * 208);
}

#[test]
fn every_structural_step_is_an_event() {
    let start = EVENTS.get();
    let since = || {
        let now = EVENTS.get();
        EVENTS.set(start);
        now
    };
    let mut map = build::<u64, u64, Good>(&options(6.5, 0, 1));
    assert_eq!(since(), Events { ..start });
    (0..8).for_each(|id| {
        map.insert(id, id);
    });
    assert_eq!(since(), Events { grow: 1, ..start });
    map.insert(3, 0);
    assert_eq!(since(), Events { ..start });
    // The first of eight leaves a tombstone, which the next insert takes; the last leaves none, and is taken as well.
    map.remove(&0);
    map.insert(8, 8);
    assert_eq!(since(), Events { slot_reuse: 1, ..start });
    map.remove(&7);
    map.insert(9, 9);
    assert_eq!(since(), Events { slot_reuse: 1, ..start });
    map.insert(10, 10);
    assert_eq!(since(), Events { grow: 1, moved: 8, moved_bytes: 128, grow_done: 1, ..start });
    map.clear();
    assert_eq!(since(), Events { clear: 1, reseed: 1, ..start });
    map.clear();
    assert!(!map.remove(&1));
    assert_eq!(since(), Events { ..start });
    map.insert(1, 1);
    map.remove(&1);
    assert_eq!(since(), Events { reseed: 1, ..start });

    let mut map = build::<u64, u64, AllEqual>(&options(6.5, 20, 1));
    (0..9).for_each(|id| {
        map.insert(id, id);
    });
    assert_eq!(since(), Events { grow: 1, overflow: 1, ..start });
}

/// Sparse chains bring a growth to the same size, which sheds them.
#[test]
fn too_many_overflow_buckets_grow_to_the_same_size() {
    let start = EVENTS.get();
    let mut map = build::<u64, u64, Good>(&options(6.5, 0, 1));
    // A window of keys wanders: each bucket fills to the brim at some time, and is left sparse.
    for id in 0..60_000 {
        map.insert(id, id);
        if id >= 700 {
            map.remove(&(id - 700));
        }
    }
    map.check_invariants();
    let events = EVENTS.get();
    assert_eq!((map.len(), map.header().b), (700, 7));
    assert!(events.same_size_grow - start.same_size_grow > 3, "{events:?}");
    assert!(events.grow_done - start.grow_done >= events.same_size_grow - start.same_size_grow);
}

#[test]
fn the_structure_counts_keys_looked_at() {
    let mut map = build::<u64, u64, AllEqual>(&options(6.5, 20, 1));
    (0..20).for_each(|id| {
        map.insert(id, id);
    });
    (3..6).for_each(|id| {
        map.remove(&id);
    });
    let mut occupancy = vec![0; 18];
    (occupancy[0], occupancy[17]) = (3, 1);
    let expected = Structure {
        buckets: Some(4),
        overflow_buckets: Some(2),
        chain_length_max: Some(3),
        in_use_bytes: Some(6 * 144),
        hit_probes: Some(17 * 18 / 2),
        miss_probes: Some(17),
        tombstones: Some(3),
        occupancy: Some(occupancy),
        chain_lengths: Some(vec![0, 3, 0, 1]),
        hit_probe_lengths: Some([vec![0], vec![1; 17]].concat()),
        ..Structure::default()
    };
    assert_eq!(map.structure(), expected);
}

/// While a growth is under way the structure still covers every entry once.
#[test]
fn the_structure_covers_a_growing_map() {
    let mut map = build::<u64, u64, Good>(&options(6.5, 0, 1));
    let mut growing = 0;
    for id in 0..3000 {
        map.insert(id, id);
        let structure = map.structure();
        let occupancy = structure.occupancy.expect("buckets are there");
        assert_eq!(occupancy.iter().zip(0..).map(|(buckets, entries)| buckets * entries).sum::<u64>(), id + 1);
        assert_eq!(occupancy.iter().sum::<u64>(), structure.buckets.expect("counted"));
        assert_eq!(structure.miss_probes, Some(id + 1));
        growing += u64::from(map.header().growing);
    }
    assert!(growing > 100, "{growing}");
}

/// Evacuation that starts at 6.5 N entries ends at 6.5 N + N ln 2 when every write is a new key.
#[test]
fn evacuation_takes_n_ln_2_inserts() {
    let mut map = build::<u64, u64, Good>(&options(6.5, 0, 1));
    let mut started = 0;
    for id in 0..260_000u64 {
        let growing = map.header().growing;
        map.insert(id, id);
        let header = map.header();
        if header.growing && !growing {
            started = id;
        }
        let n = (1u64 << header.b) / 2;
        if growing && !header.growing && [1 << 11, 1 << 13, 1 << 15].contains(&n) {
            assert_eq!(started, n * 13 / 2);
            let expected = n as f64 * (6.5 + 2f64.ln());
            let error = (header.len as f64 / expected - 1.0).abs();
            assert!(error <= 0.01, "N = {n}: done at {} instead of {expected}", header.len);
        }
    }
    assert_eq!(map.header().b, 16);
}

/// 6.5 is no special case: any load factor in range sets where the table grows.
#[test]
fn the_load_factor_sets_where_the_table_grows() {
    for (load_factor, full) in [(1.0, 64), (4.0, 256), (4.3, 275), (6.5, 416), (8.0, 512)] {
        let mut map = build::<u64, u64, Good>(&options(load_factor, full, 1));
        (0..full as u64).for_each(|id| {
            map.insert(id, id);
        });
        assert_eq!((map.header().b, map.capacity()), (6, Some(full)), "load factor {load_factor}");
        map.insert(full as u64, 0);
        assert_eq!(map.header().b, 7, "load factor {load_factor}");
    }
}

#[test]
#[should_panic(expected = "load factor NaN is not in 1.0..=8.0")]
fn a_load_factor_out_of_range_is_a_mistake() {
    build::<u64, u64, Good>(&options(f64::NAN, 0, 1));
}
