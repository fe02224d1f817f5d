//! Numbers that are known.

use mapscope::maps::go::GoSwiss;
use mapscope::maps::go::swiss::{GoSwissMap, State};
use mapscope::maps::{Hashing, Map, Options, Structure};
use mapscope::replay::Words;
use mapscope::workload::{Key, Str24, Value};

use super::go_map::{self, *};

type TestMap<K, V, S> = GoSwissMap<K, V, S, Tally>;

fn build<K: Key, V: Value, S: Hashing>(options: &Options) -> TestMap<K, V, S> {
    go_map::build::<GoSwiss, K, V, S>(options)
}

/// What building and filling a map allocates.
fn bytes_and_allocs<K: Key, V: Value>(hint: usize, entries: u64) -> (u64, u64) {
    let before = ALLOCATED.get();
    let mut map = build::<K, V, Good>(&options(0.0, hint, 1));
    for id in 0..entries {
        map.insert(K::from_id(id), V::from_seed(id, 8));
    }
    let allocated = ALLOCATED.get().since(before);
    (allocated.bytes, allocated.allocs)
}

/// What `step` tells.
fn told(step: impl FnOnce()) -> Events {
    EVENTS.set(Events::default());
    step();
    EVENTS.get()
}

#[test]
fn a_map_of_up_to_eight_is_a_header_and_a_group() {
    assert_eq!(bytes_and_allocs::<u64, u64>(0, 0), (48, 1));
    assert_eq!(bytes_and_allocs::<u64, u64>(8, 0), (48, 1));
    assert_eq!(bytes_and_allocs::<u64, u64>(8, 8), (48 + 144, 2));
    // The ninth: two groups, a table, a directory of one.
    assert_eq!(bytes_and_allocs::<u64, u64>(0, 9), (48 + 144 + 288 + 32 + 8, 5));
}

#[test]
fn groups_are_as_large_as_gos() {
    fn first_insert<K: Key, V: Value>() -> (u64, u64) {
        let mut map = build::<K, V, Good>(&options(0.0, 0, 1));
        let (key, value) = (K::from_id(1), V::from_seed(1, 8));
        let before = ALLOCATED.get();
        map.insert(key, value);
        let allocated = ALLOCATED.get().since(before);
        (allocated.bytes, allocated.allocs)
    }
    assert_eq!(first_insert::<u64, u64>(), (144, 1));
    assert_eq!(first_insert::<u64, [u8; 64]>(), (640, 1));
    // With pointers a group of more than 512 bytes has a header of 8: 8 + 8 * (16 + 64) + 8.
    assert_eq!(first_insert::<Str24, [u8; 64]>(), (704, 1));
    assert_eq!(first_insert::<u64, [u8; 256]>(), (144 + 256, 2));
}

#[test]
fn a_hint_allocates_the_tables_at_once() {
    let figures = |hint| build::<u64, u64, Good>(&options(0.0, hint, 1)).figures();
    let empty = State { len: 0, dir_len: 0, tables: 0, capacity: 0, growth_left: 0 };
    assert_eq!(figures(8), empty);
    assert_eq!(figures(9), State { dir_len: 1, tables: 1, capacity: 16, growth_left: 14, ..empty });
    assert_eq!(figures(100), State { dir_len: 1, tables: 1, capacity: 128, growth_left: 112, ..empty });
    assert_eq!(figures(896), State { dir_len: 1, tables: 1, capacity: 1024, growth_left: 896, ..empty });
    // 1025 slots are two tables of 512 each, which then are one slot short of the hint.
    assert_eq!(figures(897), State { dir_len: 2, tables: 2, capacity: 1024, growth_left: 896, ..empty });
    assert_eq!(figures(1000), State { dir_len: 2, tables: 2, capacity: 2048, growth_left: 1792, ..empty });
    assert_eq!(bytes_and_allocs::<u64, u64>(1000, 0), (36992, 6));
    // Hints that no address space holds count as none.
    assert_eq!(figures(usize::MAX), empty);
    assert_eq!(figures(1 << 42), empty);
}

/// A put of a key that is there, into a single group that is full.
#[test]
fn an_overwrite_makes_a_table_of_a_full_group_up_to_1_26() {
    for (release, allocated, dir_len) in [("1.24", (328, 3), 1), ("1.26", (328, 3), 1), ("1.27", (0, 0), 0)] {
        let mut map = build::<u64, u64, Good>(&options_of::<GoSwiss>(release, 0, 1));
        (0..8).for_each(|id| assert!(!map.insert(id, id)));
        let before = ALLOCATED.get();
        let events = told(|| assert!(map.insert(5, 50)));
        let since = ALLOCATED.get().since(before);
        assert_eq!((since.bytes, since.allocs), allocated, "Go {release}");
        assert_eq!((events.grow, events.moved), (dir_len, 8 * dir_len), "Go {release}");
        assert_eq!((map.figures().len, map.figures().dir_len as u64, map.get(&5)), (8, dir_len, Some((&5, &50))));
        map.check_invariants();
        // A table has room: no release does it twice.
        assert!(map.insert(6, 60) && map.figures().dir_len as u64 == dir_len);
    }
}

/// Full groups leave tombstones when they are emptied.
#[test]
fn a_clear_of_an_empty_map_leaves_tombstones_in_1_24_alone() {
    for (release, left) in [("1.24", true), ("1.25", false), ("1.27", false)] {
        let mut map = build::<u64, u64, AllEqual>(&options_of::<GoSwiss>(release, 0, 1));
        (0..14).for_each(|id| assert!(!map.insert(id, id)));
        (0..14).for_each(|id| assert!(map.remove(&id)));
        let before = map.figures();
        assert!(before.len == 0 && before.growth_left < 14, "{before:?}");
        map.clear();
        assert_eq!(map.figures(), State { growth_left: if left { before.growth_left } else { 14 }, ..before });
        map.check_invariants();
    }
}

/// Splits move 896 entries, growths half as many or less, and nothing else moves any: whatever the map's size, no write
/// moves more.
#[test]
fn one_insert_moves_896_entries_at_most() {
    let mut map = build::<u64, u64, Good>(&options(0.0, 0, 1));
    let mut most = 0;
    let (mut growths, mut splits) = (Vec::new(), 0);
    for id in 0..200_000u64 {
        let events = told(|| {
            map.insert(id, id);
        });
        most = most.max(events.moved);
        splits += events.split;
        match (events.grow, events.split) {
            (0, 0) => assert_eq!(events.moved, 0, "insert {id}"),
            (1, 0) => growths.push(events.moved),
            (0, 1) => assert_eq!(events.moved, 896, "insert {id}"),
            _ => panic!("insert {id}: {events:?}"),
        }
        if id % 3 == 0 {
            let events = told(|| assert!(map.remove(&(id / 2))));
            assert_eq!(events.moved, 0, "a remove moved entries");
            map.insert(id / 2, id);
        }
    }
    assert_eq!((most, growths), (896, vec![0, 8, 14, 28, 56, 112, 224, 448]));
    let figures = map.figures();
    assert_eq!(figures.tables as u64, splits + 1);
    assert_eq!((figures.len, figures.capacity), (200_000, figures.tables * 1024));
}

#[test]
fn every_structural_step_is_an_event() {
    let none = Events::default();
    let mut map = build::<u64, u64, Good>(&options(0.0, 0, 1));
    assert_eq!(told(|| (0..8).for_each(|id| assert!(!map.insert(id, id)))), Events { grow: 1, ..none });
    assert_eq!(told(|| assert!(map.insert(3, 0))), none);
    // A map that is one group has no tombstones: its slots are empty again.
    assert_eq!(told(|| assert!(map.remove(&0) && !map.insert(8, 8))), Events { slot_reuse: 1, ..none });
    let grown = Events { grow: 1, moved: 8, moved_bytes: 128, ..none };
    assert_eq!(told(|| assert!(!map.insert(9, 9))), grown);
    assert_eq!(told(|| map.clear()), Events { clear: 1, reseed: 1, ..none });
    assert_eq!(told(|| map.clear()), none);
    assert_eq!(told(|| assert!(!map.insert(1, 1) && map.remove(&1))), Events { reseed: 1, ..none });
    assert_eq!(told(|| drop(build::<u64, u64, Good>(&options(0.0, 5000, 1)))), Events { grow: 1, ..none });

    // All in the same groups: the first is full, so a remove from it leaves a tombstone, which the next insert takes.
    let mut map = build::<u64, u64, AllEqual>(&options(0.0, 20, 1));
    (0..10).for_each(|id| assert!(!map.insert(id, id)));
    let left = |map: &TestMap<u64, u64, AllEqual>| (map.figures().growth_left, map.structure().tombstones);
    assert_eq!(left(&map), (18, Some(0)));
    assert_eq!(told(|| assert!(map.remove(&9) && map.remove(&0))), none);
    assert_eq!(left(&map), (19, Some(1)));
    assert_eq!(told(|| assert!(!map.insert(11, 11))), Events { slot_reuse: 1, ..none });
    assert_eq!(left(&map), (19, Some(0)));
    // A map of nothing but tombstones is cleared all the same.
    (0..12).for_each(|id| {
        map.remove(&id);
    });
    assert_eq!((map.len(), left(&map)), (0, (20, Some(8))));
    assert_eq!(told(|| map.clear()), Events { clear: 1, reseed: 1, ..none });
    assert_eq!(left(&map), (28, Some(0)));
}

/// The directory doubles when a table splits that it names once only.
#[test]
fn splits_double_the_directory_where_it_does_not_tell_halves_apart() {
    let mut map = build::<u64, u64, Good>(&options(0.0, 0, 1));
    let (mut id, mut depths) = (0, Vec::new());
    while map.figures().tables < 40 {
        let before = map.figures();
        let events = told(|| {
            map.insert(id, id);
        });
        let after = map.figures();
        id += 1;
        assert_eq!(events.directory_grow == 1, after.dir_len > before.dir_len.max(1));
        if events.split == 1 {
            assert_eq!(after.tables, before.tables + 1);
            assert_eq!(after.capacity, before.capacity + 1024);
            assert_eq!(after.growth_left, before.growth_left + 896 - 1);
        }
        if events.directory_grow == 1 {
            assert_eq!(after.dir_len, 2 * before.dir_len);
            depths.push(after.dir_len);
        }
    }
    assert_eq!(depths, [2, 4, 8, 16, 32, 64]);
    map.check_invariants();
}

/// A tenth of the slots must become free; then tombstones go without a move, and the insert does not grow the table.
#[test]
fn tombstones_that_no_search_passes_are_pruned() {
    // Every search begins at the same group.
    let mut map = build::<u64, u64, AllEqual>(&options(0.0, 100, 1));
    (0..112).for_each(|id| assert!(!map.insert(id, id)));
    assert_eq!(map.figures().growth_left, 0);
    // Two whole groups of tombstones in the middle are passed by the search for what lies behind them.
    (32..48).for_each(|id| assert!(map.remove(&id)));
    assert_eq!((map.structure().tombstones, map.figures().growth_left), (Some(16), 0));
    assert_eq!(told(|| assert!(!map.insert(200, 0))), Events { slot_reuse: 1, ..Events::default() });
    assert_eq!(map.figures().capacity, 128);

    // A window of keys that wanders leaves tombstones in groups that were full, until no empty slot may be taken.
    let mut map = build::<u64, u64, Good>(&options(0.0, 896, 1));
    let (mut id, mut before) = (0, map.figures());
    let pruned = loop {
        let events = told(|| assert!(!map.insert(id, id)));
        if events.prune > 0 {
            break events;
        }
        before = map.figures();
        if id >= 500 {
            assert!(map.remove(&(id - 500)));
            before = map.figures();
        }
        id += 1;
    };
    // An empty slot was left; its last entry had been removed.
    assert_eq!(pruned, Events { prune: 1, slot_reuse: 1, ..Events::default() });
    assert_eq!((before.capacity, before.growth_left), (1024, 0));
    let after = map.figures();
    assert_eq!((after.capacity, after.tables, after.len), (1024, 1, before.len + 1));
    // A tenth of 1024 slots at least, less the one that the insert took.
    assert!(after.growth_left >= 103 - 1, "{after:?}");
    map.check_invariants();
}

/// Go's insert for elems that are stored indirectly, and for keys that are neither words nor strings, has no pruning.
#[test]
fn inserts_of_other_types_do_not_prune() {
    fn prunes<K: Key, V: Value>(release: &'static str) -> u64 {
        told(|| {
            let mut map = build::<K, V, Good>(&options_of::<GoSwiss>(release, 896, 1));
            for id in 0..8_000 {
                map.insert(K::from_id(id), V::from_seed(id, 8));
                if id >= 500 {
                    map.remove(&K::from_id(id - 500));
                }
            }
            map.check_invariants();
        })
        .prune
    }
    for (release, words, pointers) in
        [("1.24", false, false), ("1.25", true, false), ("1.26", true, false), ("1.27", true, true)]
    {
        assert_eq!(prunes::<u64, u64>(release) > 0, words, "Go {release}");
        assert_eq!(prunes::<Str24, u64>(release) > 0, words, "Go {release}");
        assert_eq!(prunes::<Words<1, true>, u64>(release) > 0, pointers, "Go {release}");
        assert_eq!(prunes::<u64, [u8; 256]>(release), 0);
        assert_eq!(prunes::<BigKey, u64>(release), 0);
    }
}

#[test]
fn the_structure_counts_groups_looked_at() {
    let mut map = build::<u64, u64, AllEqual>(&options(0.0, 20, 1));
    (0..20).for_each(|id| assert!(!map.insert(id, id)));
    assert!(map.remove(&3));
    // Four groups: 7 and a tombstone, 8, 4, none, in the order that every search looks at them: 0, 1, 3, 2.
    let mut occupancy = vec![0; 9];
    (occupancy[0], occupancy[4], occupancy[7], occupancy[8]) = (1, 1, 1, 1);
    let expected = Structure {
        buckets: Some(4),
        in_use_bytes: Some(4 * 136),
        hit_groups: Some(7 + 2 * 8 + 3 * 4),
        // From 0: 0, 1, 3. From 1: 1, 2. From 2 and 3 there is an empty slot at once. Each stands for 32 hashes of 128.
        miss_groups: Some((3 + 2 + 1 + 1) * 32),
        miss_groups_of: Some(128),
        probe_groups_max: Some(3),
        tables: Some(1),
        directory_entries: Some(1),
        tombstones: Some(1),
        occupancy: Some(occupancy),
        hit_group_lengths: Some(vec![0, 7, 8, 4]),
        ..Structure::default()
    };
    assert_eq!(map.structure(), expected);
}

#[test]
fn the_structure_of_a_small_map_is_its_group() {
    let mut map = build::<u64, u64, Good>(&options(0.0, 0, 1));
    let nothing = Structure {
        buckets: Some(0),
        in_use_bytes: Some(0),
        hit_groups: Some(0),
        miss_groups: Some(0),
        miss_groups_of: Some(0),
        probe_groups_max: Some(0),
        tables: Some(0),
        directory_entries: Some(0),
        tombstones: Some(0),
        occupancy: Some(vec![]),
        hit_group_lengths: Some(vec![]),
        ..Structure::default()
    };
    assert_eq!(map.structure(), nothing);
    (0..5).for_each(|id| assert!(!map.insert(id, id)));
    let group = Structure {
        buckets: Some(1),
        in_use_bytes: Some(136),
        hit_groups: Some(5),
        miss_groups: Some(1),
        miss_groups_of: Some(1),
        probe_groups_max: Some(1),
        occupancy: Some(vec![0, 0, 0, 0, 0, 1, 0, 0, 0]),
        hit_group_lengths: Some(vec![0, 5]),
        ..nothing
    };
    assert_eq!(map.structure(), group);
}

/// Over tables of all depths: entries add up, and misses are weighed to all hashes.
#[test]
fn the_structure_covers_every_table_once() {
    let mut map = build::<u64, u64, Good>(&options(0.0, 0, 1));
    (0..30_000).for_each(|id| assert!(!map.insert(id, id)));
    let structure = map.structure();
    let occupancy = structure.occupancy.expect("groups are there");
    assert_eq!(occupancy.iter().zip(0..).map(|(groups, entries)| groups * entries).sum::<u64>(), 30_000);
    let figures = map.figures();
    assert_eq!(structure.buckets, Some(figures.capacity as u64 / 8));
    assert_eq!(structure.directory_entries, Some(figures.dir_len as u64));
    assert_eq!(structure.miss_groups_of, Some(figures.dir_len as u64 * 128));
    assert!(structure.miss_groups > structure.miss_groups_of);
    assert!(structure.hit_groups > Some(30_000));
}

/// A half that is full again at once is split at once; its entries have moved twice, and count once.
#[test]
fn a_split_that_frees_nothing_is_followed_by_another() {
    let mut map = build::<u64, u64, DeepBits>(&options(0.0, 0, 1));
    (0..896).for_each(|id| assert!(!map.insert(id, id)));
    let events = told(|| assert!(!map.insert(896, 0)));
    let moved = Events { moved: 896, moved_bytes: 896 * 16, ..Events::default() };
    assert_eq!(events, Events { split: 5, directory_grow: 5, ..moved });
    let figures = map.figures();
    assert_eq!((figures.dir_len, figures.tables, figures.capacity), (32, 6, 6 * 1024));
    map.check_invariants();
}

/// More than 896 equal hashes make Go's directory double without end.
#[test]
#[should_panic(expected = "over 896 keys whose hashes agree in their 24 top bits")]
fn too_many_equal_hashes_are_refused() {
    let mut map = build::<u64, u64, AllEqual>(&options(0.0, 0, 1));
    (0..897).for_each(|id| {
        map.insert(id, id);
    });
}
