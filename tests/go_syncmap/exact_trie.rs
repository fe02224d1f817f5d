//! Known numbers of the trie: what Go 1.24 to 1.27 on amd64 allocate in single operations, and the shapes that hashes make.

use std::hash::{BuildHasher, Hasher};

use mapscope::maps::{Map, Structure};

use super::*;

/// A hash that is the key.
#[derive(Clone)]
struct Same;

#[derive(Default)]
struct SameHasher(u64);

impl Hashing for Same {
    fn with_seed(_: u64) -> Same {
        Same
    }
}

impl BuildHasher for Same {
    type Hasher = SameHasher;
    fn build_hasher(&self) -> SameHasher {
        SameHasher(0)
    }
}

impl Hasher for SameHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are integers");
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

fn allocated(operation: impl FnOnce()) -> (u64, u64) {
    let tally = watch(operation);
    (tally.bytes, tally.allocs)
}

/// What an operation left allocated.
fn kept(operation: impl FnOnce()) -> i64 {
    let tally = watch(operation);
    tally.bytes.cast_signed() - tally.freed_bytes.cast_signed()
}

fn state<S: Hashing>(map: &TestMap<u64, u64, S>) -> [u64; 4] {
    let mut row = [0; 4];
    map.state(&mut row);
    row
}

#[test]
fn each_operation_allocates_what_go_does() {
    let mut made = None;
    assert_eq!(allocated(|| made = Some(build::<u64, u64, GoHash>(TRIE, 1))), (48, 1));
    let mut map = made.expect("built");
    assert_eq!(state(&map), [0; 4]);
    // The key and the value share a block of 16; a root of 160, an entry of 48.
    assert_eq!(allocated(|| _ = map.insert(1000, 5000)), (224, 4));
    assert_eq!(state(&map), [1, 1, 1, 0]);
    // The same again but for the root: nothing of the entry is kept.
    assert_eq!(allocated(|| _ = map.insert(1000, 5001)), (64, 3));
    assert_eq!(kept(|| _ = map.insert(1000, 5002)), 0);
    // Small integers are not allocated.
    assert_eq!(allocated(|| _ = map.insert(7, 255)), (48, 1));
    assert_eq!(allocated(|| _ = map.get(&1000)), (0, 0));
    assert_eq!(allocated(|| _ = map.get(&1001)), (0, 0));
    assert_eq!(allocated(|| map.range(&mut |_, _| ())), (0, 0));
    assert_eq!(allocated(|| _ = map.remove(&7)), (0, 0));
    assert_eq!(kept(|| map.clear()), -64);
    assert_eq!((state(&map), map.len()), ([0, 1, 1, 0], 0));
    // An empty one too, each time.
    assert_eq!(allocated(|| map.clear()), (160, 1));
}

#[test]
fn whatever_comes_first_makes_the_root() {
    type Trie = TestMap<u64, u64, GoHash>;
    type Operation = (fn(&mut Trie), (u64, u64));
    let operations: [Operation; 5] = [
        (|map| assert!(!map.insert(1, 1)), (208, 2)),
        (|map| assert!(map.get(&1).is_none()), (160, 1)),
        (|map| assert!(!map.remove(&1)), (160, 1)),
        (|map| map.range(&mut |_, _| ()), (160, 1)),
        // The first, and the one in its place.
        (|map| map.clear(), (320, 2)),
    ];
    for (number, (operation, expected)) in operations.into_iter().enumerate() {
        let mut map = build::<u64, u64, GoHash>(TRIE, 1);
        let grown = EVENTS.get().grow;
        assert_eq!(allocated(|| assert!(map.peek(&1).is_none() && map.len() == 0)), (0, 0), "nor by who watches");
        map.check_invariants();
        assert_eq!(allocated(|| operation(&mut map)), expected, "operation {number}");
        assert_eq!((EVENTS.get().grow - grown, state(&map)[1]), (1, 1), "operation {number}");
        map.check_invariants();
    }
}

#[test]
fn nodes_come_where_two_hashes_meet_and_go_with_the_last_entry() {
    let mut map = build::<u64, u64, Same>(TRIE, 1);
    let [a, b, c, d] = [0xab00 << 48, 0xab01 << 48, 0xab01 << 48 | 1, 0xac00 << 48];
    let overflow = EVENTS.get().overflow;
    map.insert(a, 0);
    assert_eq!(state(&map), [1, 1, 1, 0]);
    // They part at the fourth digit: a node for each of the second, the third and the fourth. A box for the key.
    assert_eq!(allocated(|| _ = map.insert(b, 0)), (48 + 3 * 160, 1 + 1 + 3));
    assert_eq!((state(&map), EVENTS.get().overflow - overflow), ([2, 4, 4, 0], 3));
    // At the last one: twelve more.
    assert_eq!(allocated(|| _ = map.insert(c, 0)), (16 + 48 + 12 * 160, 1 + 1 + 12));
    assert_eq!((state(&map), EVENTS.get().overflow - overflow), ([3, 16, 16, 0], 15));
    map.insert(d, 0);
    assert_eq!(state(&map), [4, 16, 16, 0]);
    // An entry stays where it is when the one that it met goes.
    assert_eq!(kept(|| _ = map.remove(&b)), -48);
    assert_eq!(state(&map), [3, 16, 16, 0]);
    // The block of its key is the current one, and stays.
    assert_eq!(kept(|| _ = map.remove(&c)), -(48 + 12 * 160));
    assert_eq!(state(&map), [2, 4, 4, 0]);
    map.remove(&a);
    assert_eq!(state(&map), [1, 2, 2, 0]);
    map.remove(&d);
    assert_eq!(state(&map), [0, 1, 1, 0]);
    map.check_invariants();
}

/// A hash of which the last digit is left.
#[derive(Clone)]
struct LastDigit;

impl Hashing for LastDigit {
    fn with_seed(_: u64) -> LastDigit {
        LastDigit
    }
}

impl BuildHasher for LastDigit {
    type Hasher = LastDigitHasher;
    fn build_hasher(&self) -> LastDigitHasher {
        LastDigitHasher(SameHasher(0))
    }
}

struct LastDigitHasher(SameHasher);

impl Hasher for LastDigitHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }
    fn write_u64(&mut self, key: u64) {
        self.0.write_u64(key);
    }
    fn finish(&self) -> u64 {
        self.0.finish() & 15
    }
}

#[test]
fn what_has_one_hash_is_chained_the_newest_first() {
    let mut map = build::<u64, u64, LastDigit>(TRIE, 1);
    let order = |map: &TestMap<u64, u64, LastDigit>| {
        let mut order = Vec::new();
        map.for_each(&mut |&key, &value| order.push((key, value)));
        order
    };
    for key in [0x13, 0x23, 0x33] {
        map.insert(key, 0);
    }
    assert_eq!((order(&map), state(&map)), (vec![(0x33, 0), (0x23, 0), (0x13, 0)], [3, 1, 1, 2]));
    // Overwritten where they are: the middle, the head.
    assert_eq!(allocated(|| _ = map.insert(0x23, 1)), (48, 1));
    map.insert(0x33, 2);
    assert_eq!((order(&map), state(&map)), (vec![(0x33, 2), (0x23, 1), (0x13, 0)], [3, 1, 1, 2]));
    // All of the chain goes down when another hash comes: one node a digit.
    let overflow = EVENTS.get().overflow;
    map.insert(0x14, 0);
    assert_eq!((state(&map), EVENTS.get().overflow - overflow), ([4, 16, 16, 2], 15));
    let structure = map.structure();
    assert_eq!(structure.chain_lengths, Some(vec![0, 1, 0, 1]));
    assert_eq!(structure.hit_probe_lengths, Some(vec![0, 2, 1, 1]));
    assert_eq!((structure.overflow_buckets, structure.chain_length_max), (Some(2), Some(3)));
    assert_eq!((structure.hit_probes, structure.hit_groups), (Some(1 + 1 + 2 + 3), Some(4 * 16)));
    // The middle, the head, the last.
    for (key, overflow) in [(0x23, 1), (0x33, 0), (0x13, 0)] {
        assert!(map.remove(&key));
        assert_eq!(state(&map)[3], overflow);
        map.check_invariants();
    }
    assert_eq!(state(&map), [1, 16, 16, 0]);
    map.remove(&0x14);
    assert_eq!(state(&map), [0, 1, 1, 0]);
}

#[test]
fn the_structure_is_counted() {
    assert_eq!(build::<u64, u64, Same>(TRIE, 1).structure().buckets, Some(0));
    let mut map = build::<u64, u64, Same>(TRIE, 1);
    // Four at the root, three in a node below it, two in one below that.
    for digits in [0x000, 0x100, 0x200, 0x300, 0xa00, 0xa10, 0xa20, 0xaa0, 0xaa1] {
        map.insert(digits << 52, 0);
    }
    let expected = Structure {
        buckets: Some(3),
        overflow_buckets: Some(0),
        chain_length_max: Some(1),
        in_use_bytes: Some(3 * 160 + 9 * 48),
        hit_probes: Some(9),
        hit_groups: Some(4 + 3 * 2 + 2 * 3),
        // Each passes the root, one in 16 the node below it, one in 256 the one below that.
        miss_groups: Some(256 + 16 + 1),
        miss_groups_of: Some(256),
        probe_groups_max: Some(3),
        occupancy: Some(vec![0, 0, 1, 1, 1]),
        chain_lengths: Some(vec![0, 9]),
        hit_probe_lengths: Some(vec![0, 9]),
        hit_group_lengths: Some(vec![0, 4, 3, 2]),
        ..Structure::default()
    };
    assert_eq!(map.structure(), expected);
}
