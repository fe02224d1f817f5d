//! Known numbers of the pair of maps: what Go 1.23 on amd64 allocates in single operations.

use mapscope::maps::Map;

use super::*;

type Hash = GoHash;

fn allocated(operation: impl FnOnce()) -> (u64, u64) {
    let tally = watch(operation);
    (tally.bytes, tally.allocs)
}

fn state<K: Key, V: Value>(map: &TestMap<K, V, Hash>) -> [u64; 4] {
    let mut row = [0; 4];
    map.state(&mut row);
    row
}

#[test]
fn each_operation_allocates_what_go_does() {
    let mut made = None;
    assert_eq!(allocated(|| made = Some(build::<u64, u64, Hash>(PAIR, 1))), (32, 1));
    let mut map = made.expect("built");
    // The key and the value share a block of 16; two anys of 16, the entry of 8; a map of 48 with a bucket of 208, and a
    // readOnly of 16.
    assert_eq!(allocated(|| _ = map.insert(1000, 5000)), (328, 8));
    assert_eq!(state(&map), [0, 1, 1, 0]);
    // The boxes and one any.
    assert_eq!(allocated(|| _ = map.insert(1000, 5001)), (32, 3));
    // Small integers are not allocated.
    assert_eq!(allocated(|| _ = map.insert(7, 255)), (40, 3));
    assert_eq!(allocated(|| _ = map.insert(1000, 255)), (32, 2));
    // The second half of that key's block.
    assert_eq!(allocated(|| _ = map.insert(1000, 255)), (16, 2));
    // A miss, and one more, which promotes: a readOnly.
    assert_eq!(allocated(|| _ = map.get(&1000)), (0, 0));
    assert_eq!(state(&map), [0, 2, 1, 1]);
    assert_eq!(allocated(|| _ = map.get(&1000)), (16, 1));
    assert_eq!(state(&map), [2, 0, 0, 0]);
    assert_eq!(allocated(|| _ = map.remove(&7)), (0, 0));
    assert_eq!(state(&map), [2, 0, 0, 0]);
    // A dirty copy without the deleted key.
    assert_eq!(allocated(|| _ = map.insert(8, 8)), (312, 6));
    assert_eq!(state(&map), [2, 2, 1, 0]);
    assert_eq!(allocated(|| map.range(&mut |_, _| ())), (16, 1));
    assert_eq!(state(&map), [2, 0, 0, 0]);
    assert_eq!(allocated(|| map.range(&mut |_, _| ())), (0, 0));
    assert_eq!(allocated(|| map.clear()), (16, 1));
    assert_eq!(allocated(|| map.clear()), (0, 0));
    assert_eq!((state(&map), map.len()), ([0; 4], 0));
}

#[test]
fn steps_are_told() {
    let mut map = build::<u64, u64, Hash>(PAIR, 1);
    let before = EVENTS.get();
    for id in 0..100 {
        map.insert(id, id);
    }
    let filled = EVENTS.get();
    // One map, grown from 1 bucket to 16.
    assert_eq!((filled.dirty_copy - before.dirty_copy, filled.promote - before.promote), (1, 0));
    assert_eq!(filled.grow - before.grow, 5);
    map.range(&mut |_, _| ());
    assert_eq!(EVENTS.get().promote - filled.promote, 1);
    // What the copy takes is told as the copy, though it makes a table.
    map.insert(100, 100);
    let copied = EVENTS.get();
    assert_eq!((copied.dirty_copy - filled.dirty_copy, copied.grow - filled.grow), (1, 0));
}

#[test]
fn a_block_is_freed_with_its_last_object() {
    let mut map = build::<u64, u64, Hash>(PAIR, 1);
    map.insert(1000, 1);
    let live = |map: &mut TestMap<u64, u64, Hash>, id| {
        let put = watch(|| _ = map.insert(id, 1));
        let removed = watch(|| _ = map.remove(&id));
        (put.bytes - put.freed_bytes, removed.freed_bytes, put.allocs - put.frees, removed.frees)
    };
    map.insert(1001, 1); // keeps the misses from promoting
    // 1000 and 1001 share a block; 1002 begins one, with which its remove does nothing: it is the current block. An
    // entry of 8 and an any of 16 come and go; so does the any that is garbage at once.
    assert_eq!(live(&mut map, 1002), (16 + 8 + 16, 8 + 16, 3, 2));
    map.range(&mut |_, _| ());
    map.insert(5, 5);
    // 1003 fills it; its end is that of the block.
    assert_eq!(live(&mut map, 1003), (8 + 16, 16 + 8 + 16, 2, 3));
}
