//! `redis-dict`: what `dict.c` and `dict.h` of Redis 7.4 say.

use mapscope::maps::Redis;

use super::*;

/// `DICT_HT_INITIAL_SIZE` 4; `dictExpandIfNeeded`: as many entries as buckets; `dictExpand` to a power of two above.
#[test]
fn it_grows_before_the_entry_that_finds_as_many_as_buckets() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 0), &told);
    assert_eq!(state(&map), [0, 0, 0, 0], "lazy");
    for entries in 1..=300u64 {
        map.insert(entries - 1, 0);
        map.check_invariants();
        if entries == 4 {
            assert_eq!(state(&map), [4, 4, 0, 0]);
        }
        if (entries - 1).is_power_of_two() && entries > 4 {
            // The last rehash has ended in this insert, which needed as many operations as there were buckets.
            assert_eq!(state(&map), [entries, entries - 1, 2 * (entries - 1), 0]);
        }
    }
    assert_eq!(moved(&told), 0);
}

/// An insert of a key that is there grows the dict as well: `dictFindPositionForInsert` makes room before it looks.
#[test]
fn an_overwrite_may_start_a_rehash() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 0), &told);
    fill(&mut map, 0..4);
    assert!(map.insert(2, 1));
    assert_eq!(state(&map), [4, 4, 8, 0]);
}

/// `dictRehash(d, 1)`: one bucket of entries an operation.
#[test]
fn n_full_buckets_take_n_operations() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 1024), &told);
    assert_eq!(state(&map), [0, 1024, 0, 0], "a hint is what dictExpand gets");
    fill(&mut map, 0..1025);
    assert_eq!(state(&map), [1025, 1024, 2048, 0]);
    told.borrow_mut().clear();
    let mut operations = 0;
    while state(&map)[2] > 0 {
        assert!(map.get(&0).is_some());
        operations += 1;
    }
    assert_eq!((operations, count(&told, Event::Rehash)), (1024, 1024));
    assert_eq!(count(&told, Event::GrowDone), 1);
    assert_eq!(state(&map), [1025, 2048, 0, 0]);
}

/// `dictRehash`: ten empty buckets a step.
#[test]
fn a_step_looks_at_ten_empty_buckets() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 1024), &told);
    fill(&mut map, (0..1025).map(|n| n * 1024 + 1023));
    assert_eq!(state(&map), [1025, 1024, 2048, 0], "all in the last bucket");
    for step in 1..=102 {
        assert!(map.get(&0).is_none());
        assert_eq!(state(&map), [1025, 1024, 2048, step * 10]);
    }
    assert_eq!(count(&told, Event::Rehash), 0);
    assert!(map.get(&0).is_none());
    assert_eq!((state(&map), count(&told, Event::Rehash)), ([1025, 2048, 0, 0], 1));
    map.check_invariants();
}

/// `dictFind`: the bucket of the key looked up goes first, and the position in line stays.
#[test]
fn the_visited_bucket_is_linked_over_first() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 1024), &told);
    fill(&mut map, 0..1025);
    let before = places(&map);
    assert!(map.get(&700).is_some());
    assert_eq!((state(&map)[3], count(&told, Event::Rehash)), (0, 1));
    map.check_invariants();
    let after = places(&map);
    assert!(before.iter().all(|place| after.contains(place)), "every entry is where it was");
}

/// Nobody's operation, nobody's step.
#[test]
fn an_idle_dict_stays_in_two_tables() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 1024), &told);
    fill(&mut map, 0..1025);
    assert!(map.peek(&3).is_some());
    map.for_each(&mut |_, _| {});
    assert_eq!(map.structure().tables, Some(2));
    assert_eq!(state(&map), [1025, 1024, 2048, 0]);
}

/// `HASHTABLE_MIN_FILL` 8, and `dictShrink` to the power of two that holds what is left.
#[test]
fn it_shrinks_when_an_eighth_is_left() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 1024), &told);
    fill(&mut map, 0..1000);
    for key in (128..1000).rev() {
        assert_eq!(state(&map)[1..3], [1024, 0]);
        assert!(map.remove(&key));
    }
    assert_eq!(state(&map), [128, 1024, 128, 0]);
    assert_eq!(count(&told, Event::Shrink), 1);
    (0..128).for_each(|key| assert!(map.remove(&key)));
    map.insert(1, 1);
    map.check_invariants();
    assert!(map.remove(&1));
    assert_eq!(map.len(), 0);
    assert!(state(&map)[1] <= 128);
}

#[test]
fn clear_frees_both_tables() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 0), &told);
    fill(&mut map, 0..5);
    map.clear();
    assert_eq!(state(&map), [0, 0, 0, 0]);
}

#[test]
fn structure_counts_what_lookups_walk() {
    let told = RefCell::default();
    let mut map = build::<Redis, Identity>(&options::<Redis>(None, 4), &told);
    // Two chains of two; then a rehash begins, and the new key goes to the second table.
    fill(&mut map, [0, 4, 1, 5, 8]);
    assert_eq!(state(&map), [5, 4, 8, 0]);
    let structure = map.structure();
    assert_eq!(
        (structure.buckets, structure.overflow_buckets, structure.chain_length_max),
        (Some(8), Some(2), Some(2))
    );
    // 4 and 5 are first in their chains, 0 and 1 second, and 8 behind both of its first table's chain.
    assert_eq!(structure.hit_probes, Some(1 + 2 + 1 + 2 + 3));
    // Buckets 0, 1, 4 and 5 of eight walk a chain of two, bucket 0 the new key besides.
    assert_eq!(structure.miss_probes, Some(2 + 2 + 2 + 2 + 1));
    assert_eq!(structure.occupancy, Some(vec![9, 1, 2]));
    // Both tables' pointers, and five nodes of next, key and value.
    assert_eq!(structure.in_use_bytes, Some((4 + 8) * 8 + 5 * 24));
    // Each operation links a chain over: then there is one table, and nothing behind anything but 8 behind 0.
    while state(&map)[2] > 0 {
        assert!(map.get(&8).is_some());
    }
    let structure = map.structure();
    assert_eq!((structure.buckets, structure.tables, structure.chain_length_max), (Some(8), Some(1), Some(2)));
    assert_eq!((structure.hit_probes, structure.miss_probes), (Some(4 + 2), Some(5)));
    assert_eq!(structure.occupancy, Some(vec![4, 3, 1]));
    assert_eq!(structure.in_use_bytes, Some(8 * 8 + 5 * 24));
}
