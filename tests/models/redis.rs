//! `redis-dict`: what `dict.c`, `db.c` and `kvstore.c` of Redis 7.0 and 7.4 say.

use mapscope::maps::Redis;

use super::*;

pub(super) const RELEASES: [&str; 2] = ["7.0", "7.4"];

fn redis<'t>(
    release: &'static str,
    hint: usize,
    told: &'t RefCell<Vec<Event>>,
) -> <Redis as Family>::Map<u64, u64, Identity, Told<'t>> {
    let options = Options { release: Some(release), ..options::<Redis>(None, hint) };
    build::<Redis, Identity>(&options, told)
}

/// Entries, buckets of either table, entries in the second, and where the rehash is.
fn state(map: &impl Map<u64, u64>) -> [u64; 5] {
    let mut row = [0; 5];
    map.state(&mut row);
    row
}

/// What has been told of the heap since this was last asked.
fn heap(told: &RefCell<Vec<Event>>) -> Vec<Event> {
    let heap = |event: &Event| {
        use Event::{Alloc, EntryAlloc, EntryFree, Free};
        matches!(event, Alloc { .. } | Free { .. } | EntryAlloc { .. } | EntryFree { .. })
    };
    told.take().into_iter().filter(heap).collect()
}

/// `DICT_HT_INITIAL_SIZE` 4; `dictExpandIfNeeded`: as many entries as buckets; `dictExpand` to a power of two above.
#[test]
fn it_grows_before_the_entry_that_finds_as_many_as_buckets() {
    for release in RELEASES {
        let told = RefCell::default();
        let mut map = redis(release, 0, &told);
        assert_eq!(state(&map), [0; 5], "lazy");
        for entries in 1..=300u64 {
            map.insert(entries - 1, 0);
            map.check_invariants();
            if entries.is_power_of_two() && entries >= 4 {
                assert_eq!(state(&map), [entries, entries, 0, 0, 0]);
            }
            if (entries - 1).is_power_of_two() && entries > 4 {
                // 7.0 looks the new key up, which links the first chain over.
                let linked = u64::from(release == "7.0");
                assert_eq!(state(&map), [entries, entries - 1, 2 * (entries - 1), 1 + linked, linked]);
            }
        }
        assert_eq!(moved(&told), 0);
    }
}

/// `setGenericCommand`, `setKey`, `dbAdd`, `dbOverwrite`, `dbSetValue`, `removeExpire`, `dbGenericDelete`.
#[test]
fn a_command_takes_as_many_steps_as_calls() {
    for (release, new, other) in [("7.0", 3, 3), ("7.4", 2, 2)] {
        let told = RefCell::default();
        let mut map = redis(release, 1024, &told);
        fill(&mut map, 0..1025);
        let steps = |work: &mut dyn FnMut()| {
            told.borrow_mut().clear();
            work();
            count(&told, Event::Rehash)
        };
        assert_eq!(steps(&mut || assert!(!map.insert(5000, 0))), new, "{release}");
        assert_eq!(steps(&mut || assert!(map.insert(600, 0))), other, "{release}");
        assert_eq!(steps(&mut || assert!(map.get(&700).is_some())), 1, "{release}");
        assert_eq!(steps(&mut || assert!(map.get(&9000).is_none())), 1, "{release}");
        assert_eq!(steps(&mut || assert!(map.remove(&800))), 1, "{release}");
        assert_eq!(steps(&mut || assert!(!map.remove(&9000))), 1, "{release}");
        map.check_invariants();
    }
}

/// An overwrite finds the key twice, and adds nothing.
#[test]
fn an_overwrite_starts_no_rehash() {
    for release in RELEASES {
        let told = RefCell::default();
        let mut map = redis(release, 0, &told);
        fill(&mut map, 0..4);
        assert!(map.insert(2, 1));
        assert_eq!(state(&map), [4, 4, 0, 0, 0], "{release}");
    }
}

/// `dictRehash(d, 1)`: one bucket of entries a call.
#[test]
fn n_full_buckets_take_n_calls() {
    for (release, done) in [("7.0", 1), ("7.4", 0)] {
        let told = RefCell::default();
        let mut map = redis(release, 1024, &told);
        assert_eq!(state(&map), [0, 1024, 0, 0, 0], "a hint is what dictExpand gets");
        fill(&mut map, 0..1025);
        assert_eq!(state(&map), [1025, 1024, 2048, 1 + done, done]);
        told.borrow_mut().clear();
        let mut calls = 0;
        while state(&map)[2] > 0 {
            assert!(map.get(&0).is_some());
            calls += 1;
        }
        assert_eq!((calls, count(&told, Event::Rehash) as u64), (1024 - done, 1024 - done), "{release}");
        assert_eq!(count(&told, Event::GrowDone), 1);
        assert_eq!(state(&map), [1025, 2048, 0, 0, 0]);
    }
}

/// `dictRehash`: ten empty buckets a step.
#[test]
fn a_step_looks_at_ten_empty_buckets() {
    for (release, done) in [("7.0", 1), ("7.4", 0)] {
        let told = RefCell::default();
        let mut map = redis(release, 1024, &told);
        fill(&mut map, (0..1025).map(|n| n * 1024 + 1023));
        assert_eq!(state(&map), [1025, 1024, 2048, 1, done * 10], "all in the last bucket");
        for step in done + 1..=102 {
            assert!(map.get(&0).is_none());
            assert_eq!(state(&map), [1025, 1024, 2048, 1, step * 10]);
        }
        assert_eq!(count(&told, Event::Rehash), 0);
        assert!(map.get(&0).is_none());
        assert_eq!((state(&map), count(&told, Event::Rehash)), ([1025, 2048, 0, 0, 0], 1));
        map.check_invariants();
    }
}

/// `dictFind` of 7.4: the bucket of the key looked up goes first, and the position in line stays. In 7.0, and in
/// `dictTwoPhaseUnlinkFind` of 7.4, the next in line.
#[test]
fn a_find_links_its_own_bucket_over_first_from_7_4_on() {
    for (release, in_line) in [("7.0", 1), ("7.4", 0)] {
        let told = RefCell::default();
        let mut map = redis(release, 1024, &told);
        fill(&mut map, 0..1025);
        told.borrow_mut().clear();
        let (before, index) = (places(&map), state(&map)[4]);
        assert!(map.get(&700).is_some());
        assert_eq!((state(&map)[4], count(&told, Event::Rehash)), (index + in_line, 1));
        map.check_invariants();
        let after = places(&map);
        assert!(before.iter().all(|place| after.contains(place)), "every entry is where it was");
        let index = state(&map)[4];
        assert!(map.remove(&800));
        assert_eq!(state(&map)[4], index + 1, "{release}");
    }
}

/// Nobody's call, nobody's step.
#[test]
fn an_idle_dict_stays_in_two_tables() {
    let told = RefCell::default();
    let mut map = redis("7.4", 1024, &told);
    fill(&mut map, 0..1025);
    assert!(map.peek(&3).is_some());
    map.for_each(&mut |_, _| {});
    assert_eq!(map.structure().tables, Some(2));
    assert_eq!(state(&map), [1025, 1024, 2048, 1, 0]);
}

/// `HASHTABLE_MIN_FILL` 8, and `dictShrink` to the power of two that holds what is left.
#[test]
fn a_delete_shrinks_when_an_eighth_is_left_from_7_4_on() {
    let told = RefCell::default();
    let mut map = redis("7.4", 1024, &told);
    fill(&mut map, 0..1000);
    for key in (128..1000).rev() {
        assert_eq!(state(&map)[1..3], [1024, 0]);
        assert!(map.remove(&key));
    }
    assert_eq!(state(&map), [128, 1024, 128, 0, 0]);
    assert_eq!(count(&told, Event::Shrink), 1);
    (0..128).for_each(|key| assert!(map.remove(&key)));
    map.insert(1, 1);
    map.check_invariants();
    assert!(map.remove(&1));
    assert_eq!(map.len(), 0);
    assert!(state(&map)[1] <= 128);
}

/// `htNeedsResize` of 7.0: less than a tenth, and only by the timer, which rehashes as well.
#[test]
fn only_the_timer_shrinks_before_7_4() {
    let told = RefCell::default();
    let mut map = redis("7.0", 0, &told);
    map.shrink();
    assert_eq!(state(&map), [0; 5]);
    let mut map = redis("7.0", 1024, &told);
    fill(&mut map, 0..1000);
    (103..1000).for_each(|key| assert!(map.remove(&key)));
    assert!(map.shrink());
    assert_eq!(state(&map), [103, 1024, 0, 0, 0]);
    assert!(map.remove(&102));
    assert_eq!(state(&map), [102, 1024, 0, 0, 0]);
    assert!(map.shrink());
    assert_eq!(state(&map), [102, 128, 0, 0, 0]);
    (0..102).for_each(|key| assert!(map.remove(&key)));
    map.shrink();
    map.check_invariants();
    assert_eq!(state(&map), [0, 4, 0, 0, 0]);
}

/// A rehash that is under way goes first; what it ends with may be far too large by then.
#[test]
fn the_timer_goes_on_until_nothing_is_left_to_do() {
    let told = RefCell::default();
    let mut map = redis("7.4", 1024, &told);
    fill(&mut map, 0..1024);
    (1..1024).for_each(|key| assert!(map.remove(&key)));
    assert_ne!(state(&map), [1, 4, 0, 0, 0]);
    assert!(map.shrink());
    assert_eq!(state(&map), [1, 4, 0, 0, 0]);
}

/// `dict` has 56 bytes, 64 with what 7.4 has behind it; `dictEntry` 24; a key of a digit 3; a value of five digits 16, of
/// four none.
#[test]
fn what_a_command_allocates() {
    use Event::{Alloc, EntryAlloc, EntryFree, Free};
    let [alloc, free] = [|bytes| Alloc { bytes }, |bytes| Free { bytes }];
    let [own, disown] = [|bytes| EntryAlloc { bytes }, |bytes| EntryFree { bytes }];

    let told = RefCell::default();
    let mut map = redis("7.0", 0, &told);
    assert_eq!(heap(&told), [alloc(64)], "the system's jemalloc has no class of 56");
    map.insert(1, 70_000);
    assert_eq!(heap(&told), [own(16), own(8), alloc(32), alloc(32)]);
    map.insert(1, 9_999);
    assert_eq!(heap(&told), [disown(16)]);
    map.insert(1, u64::MAX);
    assert_eq!(heap(&told), [own(48)]);
    fill(&mut map, 2..5);
    heap(&told);
    map.insert(1_000_000, 1);
    assert_eq!(heap(&told), [own(16), alloc(64), alloc(32)], "a shared value, and a table of 8 buckets");
    map.remove(&1);
    assert_eq!(heap(&told), [disown(8), disown(48), free(32)]);
    map.clear();
    let entries = [disown(8), free(32)].repeat(3);
    let mut freed = heap(&told);
    assert_eq!(freed.split_off(freed.len() - 2), [free(32), free(64)], "both tables");
    let place = freed.iter().position(|event| *event == disown(16)).expect("the long key is freed");
    freed.drain(place..place + 2);
    assert_eq!(freed, entries);

    let mut map = redis("7.4", 0, &told);
    assert_eq!(heap(&told), []);
    map.insert(1, 70_000);
    let first = [own(16), alloc(64), alloc(32), alloc(24), free(24), alloc(24), own(8)];
    assert_eq!(heap(&told), first, "the dict, its table, its place in a list for as long as the dict grows");
    fill(&mut map, 2..5);
    map.get(&1);
    heap(&told);
    map.insert(5, 1);
    assert_eq!(heap(&told), [alloc(64), alloc(24), alloc(24), own(8)], "a table, a place in the list, an entry");
    for _ in 0..4 {
        map.get(&1);
    }
    assert_eq!(heap(&told), [free(24), free(32)], "the rehash is done");
    map.clear();
    let mut freed = heap(&told);
    assert_eq!(freed.split_off(freed.len() - 2), [free(64), free(64)], "the table, and the dict itself");
}

#[test]
fn structure_counts_what_lookups_walk() {
    let told = RefCell::default();
    let mut map = redis("7.4", 4, &told);
    // Two chains of two; then a rehash begins, and the new key goes to the second table.
    fill(&mut map, [0, 4, 1, 5, 8]);
    assert_eq!(state(&map), [5, 4, 8, 1, 0]);
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
    // Both tables' pointers, and five entries of 24 bytes.
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
