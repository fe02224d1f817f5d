//! `cuckoo`: what the literature says of buckets of four slots.

use mapscope::maps::{Cuckoo, FixedFold};

use super::*;

/// Two hashes and buckets of four fill a table to 0.97 and more before an insert fails (Dietzfelbinger and Weidling; Li et
/// al. measure 0.95 within their search bound). Here: no failure up to the largest load factor that can be set.
#[test]
fn a_table_fills_to_its_load_factor_before_an_insert_fails() {
    for buckets in [1024, 16384] {
        let told = RefCell::default();
        let capacity = buckets * 4 * 95 / 100;
        let mut map = build::<Cuckoo, FixedFold>(&options::<Cuckoo>(Some(0.95), capacity), &told);
        told.borrow_mut().clear();
        for key in 0..capacity as u64 {
            told.borrow_mut().clear();
            map.insert(key, key);
            assert!(moved(&told) <= 4, "a path of five buckets");
            assert_eq!(count(&told, Event::Grow) + count(&told, Event::Overflow), 0, "entry {key} of {capacity}");
        }
        assert_eq!(state(&map), [capacity as u64, buckets as u64, capacity as u64, 0]);
        // Every key is in one of its two buckets.
        map.check_invariants();
        let structure = map.structure();
        assert_eq!(structure.probe_groups_max, Some(2));
        assert!(structure.hit_probes.is_some_and(|probes| probes <= 8 * capacity as u64));
    }
}

#[test]
fn doubling_moves_every_entry_and_displacing_one_at_a_time() {
    let told = RefCell::default();
    let mut map = build::<Cuckoo, FixedFold>(&options::<Cuckoo>(None, 0), &told);
    assert_eq!(state(&map), [0, 0, 0, 0], "lazy");
    for key in 0..10_000 {
        let buckets = state(&map)[1];
        told.borrow_mut().clear();
        map.insert(key, key);
        let grown = state(&map)[1] > buckets;
        assert_eq!(count(&told, Event::Grow), usize::from(grown));
        if grown {
            assert!(moved(&told) == key || state(&map)[3] > 0, "entry {key}: {} moved", moved(&told));
        } else {
            assert!(told.borrow().iter().all(|event| matches!(
                event,
                Event::Move { entries: 1, bytes: 16 }
                    | Event::Overflow
                    | Event::SlotShift { .. }
                    | Event::SlotTaken { .. }
            )));
        }
    }
    assert_eq!(state(&map), [10_000, 4096, 14_745, 0], "0.9 of 8,192 slots are too few");
}

/// Two buckets of four are all that equal hashes have.
#[test]
fn keys_of_equal_hashes_end_in_the_stash_and_the_table_keeps_its_size() {
    let told = RefCell::default();
    let mut map = build::<Cuckoo, AllEqual>(&options::<Cuckoo>(None, 0), &told);
    for key in 0..2000 {
        map.insert(key, key);
        let [len, buckets, _, stash] = state(&map);
        assert!(len - stash <= 8, "{} in the table", len - stash);
        assert!(buckets * 4 <= 8 * len.max(4), "{buckets} buckets for {len} entries");
    }
    map.check_invariants();
    assert!((0..2000).all(|key| map.get(&key) == Some((&key, &key))));
    assert!((0..2000).all(|key| map.remove(&key)));
    assert_eq!((map.len(), state(&map)[3]), (0, 0));
}

/// Equal hashes: four keys lie in their first bucket, the others in the second, and the ninth in the stash.
#[test]
fn structure_is_counted() {
    let told = RefCell::default();
    let mut map = build::<Cuckoo, AllEqual>(&options::<Cuckoo>(None, 28), &told);
    fill(&mut map, 0..9);
    assert_eq!(state(&map), [9, 8, 28, 1], "the stash takes what a table less than half full can't");
    let structure = map.structure();
    // A hit looks at the keys before its own, of the second bucket after the first's four, of the stash after all eight.
    assert_eq!(structure.hit_probes, Some((1 + 2 + 3 + 4) + (5 + 6 + 7 + 8) + 9));
    assert_eq!((structure.hit_groups, structure.probe_groups_max), (Some(4 + 4 * 2 + 3), Some(3)));
    // A miss looks at two buckets, of whatever keys, and at the stash: eight of them see each entry twice, the stash eight
    // times.
    assert_eq!((structure.miss_probes, structure.buckets), (Some(2 * 8 + 8), Some(8)));
    assert_eq!((structure.miss_groups, structure.miss_groups_of), (Some(3 * 8), Some(8)));
    assert_eq!((structure.overflow_buckets, structure.chain_length_max), (Some(1), None));
    assert_eq!(structure.occupancy, Some(vec![6, 0, 0, 0, 2]));
    assert_eq!(structure.in_use_bytes, Some(8 * (8 + 4 * 16) + 16));
}

#[test]
fn a_hint_makes_room_and_clear_keeps_it() {
    let told = RefCell::default();
    let mut map = build::<Cuckoo, FixedFold>(&options::<Cuckoo>(None, 1000), &told);
    assert_eq!(state(&map), [0, 512, 1843, 0], "256 buckets hold 921");
    fill(&mut map, 0..1000);
    map.clear();
    assert_eq!(state(&map), [0, 512, 1843, 0]);
    assert_eq!(count(&told, Event::Grow), 1);
}
