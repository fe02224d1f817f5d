//! `java-hashmap`: what the JDK's documentation and `HashMap.java` say of `java.util.HashMap`.

use mapscope::maps::{Java, JavaHash};

use super::*;

/// Javadoc of `HashMap`: 16 bins, load factor 0.75, doubled when the entries exceed their product.
#[test]
fn the_table_has_16_bins_and_doubles_at_the_13th_25th_49th_entry() {
    let told = RefCell::default();
    let mut map = build::<Java, JavaHash>(&options::<Java>(None, 0), &told);
    assert_eq!((state(&map), map.capacity()), ([0, 0, 0, 0], Some(0)), "lazy");
    for entries in 1..=1000u64 {
        map.insert(entries, entries);
        let bins = (entries as f64 / 0.75).ceil() as u64;
        let bins = bins.next_power_of_two().max(16);
        assert_eq!(state(&map), [entries, bins, bins * 3 / 4, 0]);
    }
    for grown in [1, 13, 25, 49, 97] {
        let told = RefCell::default();
        let mut map = build::<Java, JavaHash>(&options::<Java>(None, 0), &told);
        fill(&mut map, 1..grown);
        told.borrow_mut().clear();
        map.insert(0, 0);
        assert_eq!(count(&told, Event::Grow), 1, "entry {grown}");
    }
    (1..=1000).for_each(|key| assert!(map.remove(&key)));
    assert_eq!(state(&map), [0, 2048, 1536, 0], "it never shrinks");
    assert_eq!(moved(&told), 0, "a node is linked anew, not copied");
}

/// `tableSizeFor` and the constructor of an initial capacity: bins, not entries, and only with the first put.
#[test]
fn a_hint_is_a_number_of_bins() {
    for (hint, bins, threshold) in [(1, 1, 0), (3, 4, 3), (16, 16, 12), (17, 32, 24), (1000, 1024, 768)] {
        let told = RefCell::default();
        let mut map = build::<Java, JavaHash>(&options::<Java>(None, hint), &told);
        assert_eq!(state(&map)[1], 0, "lazy");
        map.insert(7, 7);
        let expected = if threshold == 0 { [1, 2, 1, 0] } else { [1, bins, threshold, 0] };
        assert_eq!(state(&map), expected, "hint {hint}");
    }
}

/// `resize`: the product is rounded down once, and doubled from then on if the table has 16 bins.
#[test]
fn thresholds_double_once_the_table_has_16_bins() {
    let told = RefCell::default();
    let mut map = build::<Java, JavaHash>(&options::<Java>(Some(0.3), 0), &told);
    fill(&mut map, 0..5);
    assert_eq!(state(&map), [5, 32, 8, 0], "not 9, which is 32 times 0.3");
    let mut map = build::<Java, JavaHash>(&options::<Java>(Some(0.3), 8), &told);
    fill(&mut map, 0..3);
    assert_eq!(state(&map), [3, 16, 4, 0], "of 8 bins 2, of 16 not twice that by itself");
}

/// `TREEIFY_THRESHOLD` 8 and `MIN_TREEIFY_CAPACITY` 64.
#[test]
fn the_ninth_key_of_a_bin_makes_a_tree_if_there_are_64_bins() {
    let told = RefCell::default();
    let mut map = build::<Java, Identity>(&options::<Java>(None, 64), &told);
    fill(&mut map, (0..8).map(|key| key * 1024));
    assert_eq!((state(&map), moved(&told)), ([8, 64, 48, 0], 0));
    map.insert(8 * 1024, 0);
    assert_eq!((state(&map), moved(&told)), ([9, 64, 48, 1], 8), "eight entries were there already");
    map.check_invariants();
    assert_eq!(count(&told, Event::Grow), 1, "the first table");
}

#[test]
fn in_a_smaller_table_the_ninth_key_doubles_it_instead() {
    let told = RefCell::default();
    let mut map = build::<Java, Identity>(&options::<Java>(None, 0), &told);
    let mut bins = Vec::new();
    for key in 0..11 {
        map.insert(key * 1024, 0);
        bins.push((state(&map)[1], state(&map)[3]));
    }
    assert_eq!(bins[7..], [(16, 0), (32, 0), (64, 0), (64, 1)]);
    assert_eq!(moved(&told), 10);
}

/// The comment in `resize`: each half of a list keeps its order.
#[test]
fn a_list_is_split_in_order_and_nothing_moves() {
    let told = RefCell::default();
    let mut map = build::<Java, Identity>(&options::<Java>(None, 0), &told);
    for key in [48, 0, 32, 16, 64] {
        map.insert(key, 0);
    }
    assert_eq!(order(&map), [48, 0, 32, 16, 64], "new nodes go to the end");
    fill(&mut map, 1..8);
    let before = places(&map);
    map.insert(8, 0);
    assert_eq!(state(&map)[1], 32);
    let after = places(&map);
    assert_eq!(order(&map), [0, 32, 64, 1, 2, 3, 4, 5, 6, 7, 8, 48, 16]);
    assert!(before.iter().all(|place| after.contains(place)), "every entry is where it was");
    assert_eq!(moved(&told), 0);
}

/// `UNTREEIFY_THRESHOLD` 6: halves of a split tree.
#[test]
fn a_half_of_a_split_tree_becomes_a_list_from_six_nodes_down() {
    // 13 in one bin of 64; of 128, so many stay and the others go to the bin 64 further.
    for (low, trees) in [(13, 1), (7, 1), (6, 1), (0, 1), (4, 1)] {
        let told = RefCell::default();
        let mut map = build::<Java, Identity>(&options::<Java>(None, 64), &told);
        fill(&mut map, (0..13).map(|n| n * 128 + if n < low { 0 } else { 64 }));
        assert_eq!(state(&map), [13, 64, 48, 1]);
        told.borrow_mut().clear();
        fill(&mut map, 1..=36);
        assert_eq!(state(&map), [49, 128, 96, trees], "{low} stay");
        let small = low.min(13 - low);
        assert_eq!(moved(&told), if small <= 6 { small } else { 0 }, "{low} stay");
        map.check_invariants();
    }
}

/// The comment in `removeTreeNode` says that a tree is given up with between 2 and 6 nodes, its shape deciding; a few
/// shapes of seven are given up too, in the model as in the JDK (`jdk.rs`).
#[test]
fn a_tree_becomes_a_list_when_removals_have_made_it_small() {
    let mut left = Vec::new();
    for seed in 0..200u64 {
        let told = RefCell::default();
        let mut map = build::<Java, Identity>(&options::<Java>(None, 64), &told);
        let mut keys: Vec<u64> = (0..12).map(|n| n * 1024).collect();
        fill(&mut map, keys.iter().copied());
        let mut random = seed;
        while state(&map)[3] == 1 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = keys.swap_remove((random >> 33) as usize % keys.len());
            assert!(map.remove(&key));
            map.check_invariants();
        }
        left.push(map.len());
    }
    assert!(left.iter().all(|nodes| (2..=7).contains(nodes)), "{left:?}");
    assert!(left.iter().min() < left.iter().max(), "the shape decides");
}

#[test]
fn clear_keeps_the_table() {
    let told = RefCell::default();
    let mut map = build::<Java, JavaHash>(&options::<Java>(None, 0), &told);
    fill(&mut map, 0..100);
    map.clear();
    assert_eq!(state(&map), [0, 256, 192, 0]);
}

/// Of nine keys put in ascending order, red-black trees hang the fourth over the second and the sixth, the latter over the
/// fifth and the eighth.
#[test]
fn a_tree_counts_the_keys_on_the_path() {
    let told = RefCell::default();
    let mut map = build::<Java, Identity>(&options::<Java>(None, 64), &told);
    fill(&mut map, (1..=9).map(|key| key * 1024));
    let structure = map.structure();
    assert_eq!(structure.hit_probes, Some(1 + 2 * 2 + 4 * 3 + 2 * 4));
    // One bin of 64 is walked to a leaf of its longest path.
    assert_eq!((structure.miss_probes, structure.buckets), (Some(4), Some(64)));
    assert_eq!((structure.overflow_buckets, structure.chain_length_max), (Some(8), Some(9)));
    assert_eq!(structure.occupancy, Some(vec![63, 0, 0, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(structure.in_use_bytes, Some(16 + 64 * 4 + 9 * 56));
}

#[test]
fn structure_is_counted() {
    let told = RefCell::default();
    let mut map = build::<Java, Identity>(&options::<Java>(None, 64), &told);
    fill(&mut map, [1, 65, 129, 2]);
    let structure = map.structure();
    assert_eq!(
        (structure.buckets, structure.overflow_buckets, structure.chain_length_max),
        (Some(64), Some(2), Some(3))
    );
    assert_eq!((structure.hit_probes, structure.miss_probes), (Some(1 + 2 + 3 + 1), Some(4)));
    assert_eq!(structure.occupancy, Some(vec![62, 1, 0, 1]));
    assert_eq!(structure.in_use_bytes, Some(16 + 64 * 4 + 4 * 32));
}
