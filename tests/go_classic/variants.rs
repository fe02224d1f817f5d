//! What the variants of `go-classic` do otherwise, in exact numbers; and that they do nothing else otherwise.

use mapscope::maps::go::{GoClassic, GoClassicInline, GoClassicPooled, GoClassicSlab, heap};
use mapscope::maps::{Hashing, Map, Options, Structure};
use mapscope::workload::{Bytes, Key, Str24, Value};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::go_map::*;

/// What building and filling a map allocates and frees, and the map.
fn filled<F: GoFamily, K: Key, V: Value, S: Hashing>(hint: usize, entries: u64) -> (F::Ranged<K, V, S>, Allocated) {
    let before = ALLOCATED.get();
    let mut map = build::<F, K, V, S>(&options(6.5, hint, 1));
    put::<K, V>(&mut map, 0, entries);
    (map, ALLOCATED.get().since(before))
}

fn put<K: Key, V: Value>(map: &mut impl Map<K, V>, from: u64, to: u64) {
    for id in from..to {
        map.insert(K::from_id(id), V::from_seed(id, 8));
    }
}

fn allocated(bytes: u64, allocs: u64, freed_bytes: u64, frees: u64) -> Allocated {
    Allocated { allocs, bytes, frees, freed_bytes }
}

fn state<K, V>(map: &impl Map<K, V>) -> [u64; 6] {
    let mut state = [0; 6];
    map.state(&mut state);
    state
}

/// The same operations, and after each the same header and the same steps told; at times the same structure.
fn differs_in_memory_only<F: GoFamily, K: Key, V: Value, S: Hashing>(
    options: &Options,
    keys: u64,
    steps: u64,
) -> (u64, u64) {
    let mut random = SplitMix64::seed_from_u64(options.seed);
    let mut classic = build::<GoClassic, K, V, S>(options);
    let mut variant = build::<F, K, V, S>(options);
    let bucket_bytes = |structure: &Structure| {
        let buckets = structure.buckets.zip(structure.overflow_buckets).map_or(0, |(heads, rest)| heads + rest);
        structure.in_use_bytes.unwrap_or(0).checked_div(buckets)
    };
    let start = EVENTS.get();
    let (mut overflow, mut moved) = (0, 0);
    for step in 0..steps {
        let (dice, id) = (random.next_u64() % 100, random.next_u64() % keys);
        let removes = if (step / (keys * 2)).is_multiple_of(2) { 20 } else { 70 };
        let act = |map: &mut dyn Map<K, V>| {
            EVENTS.set(start);
            let hit = match dice {
                0 if id.is_multiple_of(8) => {
                    map.clear();
                    true
                }
                dice if dice < removes => map.remove(&K::from_id(id)),
                _ => map.insert(K::from_id(id), V::from_seed(step, 40)),
            };
            (hit, EVENTS.get())
        };
        let (expected, events) = act(&mut classic);
        let (hit, mut variant_events) = act(&mut variant);
        let at = format!("{}, seed {}, step {step}", F::INFO.term.name, options.seed);
        assert_eq!((hit, state(&variant)), (expected, state(&classic)), "{at}");
        // The first bucket of a small map is its own allocation, or is not.
        let first = F::INFO.term.name == "go-classic-inline" && events.grow > start.grow && variant.len() == 1;
        variant_events.grow += u64::from(first);
        assert_eq!(variant_events, events, "{at}");
        if step.is_multiple_of(64) {
            let (expected, structure) = (classic.structure(), variant.structure());
            let bytes = (bucket_bytes(&expected), bucket_bytes(&structure));
            assert!(bytes.1 <= bytes.0, "{at}: buckets of {bytes:?} bytes");
            assert_eq!(
                Structure { in_use_bytes: None, ..structure },
                Structure { in_use_bytes: None, ..expected },
                "{at}"
            );
        }
        overflow += events.overflow - start.overflow;
        moved += events.moved - start.moved;
    }
    (overflow, moved)
}

fn differ_in_memory_only<F: GoFamily>() {
    for (seed, load_factor, hint) in [(1, 6.5, 0), (2, 1.0, 0), (3, 8.0, 30)] {
        let options = options(load_factor, hint, seed);
        for (overflow, moved) in [
            differs_in_memory_only::<F, u64, u64, AllEqual>(&options, 60, 1_000),
            differs_in_memory_only::<F, Str24, Bytes, FewBits>(&options, 100, 1_000),
        ] {
            assert!(overflow > 0 && moved > 0, "the test tests nothing");
        }
        differs_in_memory_only::<F, u32, u8, LowBits>(&options, 600, 4_000);
    }
    let (overflow, moved) = differs_in_memory_only::<F, u64, u64, Good>(&options(8.0, 0, 4), 3_000, 20_000);
    assert!(overflow > 100 && moved > 1_000, "the test tests little");
}

#[test]
fn the_variants_differ_in_memory_only() {
    differ_in_memory_only::<GoClassicInline>();
    differ_in_memory_only::<GoClassicSlab>();
    differ_in_memory_only::<GoClassicPooled>();
}

fn inline<K: Key, V: Value>(hint: usize, entries: u64) -> Allocated {
    filled::<GoClassicInline, K, V, Good>(hint, entries).1
}

/// Header and bucket are one object, of the size class of both.
#[test]
fn a_small_inline_map_is_one_allocation() {
    for hint in [0, 8] {
        for entries in [0, 1, 8] {
            assert_eq!(inline::<u64, u64>(hint, entries), allocated(48 + 144, 1, 0, 0));
            assert_eq!(inline::<u32, u8>(hint, entries), allocated(112, 1, 0, 0), "48 + 56 bytes");
            assert_eq!(
                inline::<u64, [u8; 64]>(hint, entries),
                allocated(704, 1, 0, 0),
                "48 + 592 bytes, and 8 of Go's"
            );
        }
    }
}

#[test]
fn an_inline_bucket_is_evacuated_and_stays() {
    let start = EVENTS.get();
    let (mut map, used) = filled::<GoClassicInline, u64, u64, Good>(0, 8);
    assert_eq!((used, EVENTS.get()), (allocated(192, 1, 0, 0), start));
    let before = ALLOCATED.get();
    put(&mut map, 8, 9);
    assert_eq!(ALLOCATED.get().since(before), allocated(288, 1, 0, 0));
    let moved = Events { grow: start.grow + 1, moved: start.moved + 8, moved_bytes: start.moved_bytes + 128, ..start };
    assert_eq!(EVENTS.get(), Events { grow_done: start.grow_done + 1, ..moved });
    // Once outgrown, or where a hint asked for more, it is never used again.
    map.clear();
    put(&mut map, 0, 9);
    assert_eq!(ALLOCATED.get().since(before), allocated(288, 1, 0, 0));
    assert_eq!(inline::<u64, u64>(9, 9), allocated(192 + 288, 2, 0, 0));
}

#[test]
fn a_small_inline_map_is_cleared_in_place() {
    let (mut map, _) = filled::<GoClassicInline, u64, u64, Good>(0, 8);
    let before = ALLOCATED.get();
    map.clear();
    put(&mut map, 8, 16);
    assert_eq!((ALLOCATED.get(), state(&map)), (before, [8, 0, 0, 0, 0, 0]));
    map.check_invariants();
}

/// The second overflow bucket doubles the slab, and the directory of chunks.
#[test]
fn a_slab_grows_by_chunks() {
    let (map, used) = filled::<GoClassicSlab, u64, u64, AllEqual>(20, 20);
    assert_eq!(map.structure().overflow_buckets, Some(2));
    let (header, array, slab) = (48, 4 * 144, 32);
    let (chunks, directories) = (144 + 2 * 144, 8 + 16);
    assert_eq!(used, allocated(header + array + slab + chunks + directories, 7, 8, 1));
    // A third one has room.
    let (map, three) = filled::<GoClassicSlab, u64, u64, AllEqual>(20, 26);
    assert_eq!((map.structure().overflow_buckets, three), (Some(3), used));
}

/// An index takes 4 bytes less than a pointer, where the alignment of the entries does not take them back.
#[test]
fn slab_links_are_half_as_large() {
    fn bytes<F: GoFamily, K: Key, V: Value>() -> u64 {
        filled::<F, K, V, Good>(0, 8).0.structure().in_use_bytes.expect("one bucket")
    }
    assert_eq!((bytes::<GoClassic, u64, u64>(), bytes::<GoClassicSlab, u64, u64>()), (144, 144));
    assert_eq!((bytes::<GoClassic, u64, u8>(), bytes::<GoClassicSlab, u64, u8>()), (88, 88));
    assert_eq!((bytes::<GoClassic, u32, u8>(), bytes::<GoClassicSlab, u32, u8>()), (56, 52));
    assert_eq!((bytes::<GoClassic, u16, u16>(), bytes::<GoClassicSlab, u16, u16>()), (48, 44));
    // What the heap makes of a whole array.
    let all = |used: Allocated| (used.bytes, used.allocs);
    assert_eq!(all(filled::<GoClassic, u32, u8, Good>(6_500, 0).1), (48 + 24 + 65_536, 3));
    assert_eq!(all(filled::<GoClassicSlab, u32, u8, Good>(6_500, 0).1), (48 + 57_344, 2));
}

/// What is live once a growth is done: header, array, and the slab with as many chunks as it ever needed.
#[test]
fn slab_bytes_are_those_of_its_chunks() {
    let before = ALLOCATED.get();
    let mut map = build::<GoClassicSlab, u64, u64, Good>(&options(6.5, 0, 1));
    let (mut needed, mut checked) = (0, 0);
    for id in 0..6_000 {
        map.insert(id, id);
        needed = needed.max(map.structure().overflow_buckets.expect("counted"));
        let [_, b, _, _, growing, _] = state(&map);
        if growing == 1 {
            continue;
        }
        let base = 48 + heap::occupied_bytes(144 << b, true);
        let slab = |chunks: u32| {
            let buckets: usize = (0..chunks).map(|n| heap::occupied_bytes(144 << n, true)).sum();
            let mut capacity = 0;
            while capacity < chunks as usize {
                capacity = heap::appended_capacity(capacity, 8, false);
            }
            32 + buckets + heap::occupied_bytes(8 * capacity, false)
        };
        let live = ALLOCATED.get().since(before).live();
        // One evacuation links new buckets before it lets go of old ones.
        let chunks = (needed..=needed + 2).map(|needed| if needed == 0 { 0 } else { needed.ilog2() + 1 });
        let mut expected = chunks.map(|chunks| base + if chunks == 0 { 0 } else { slab(chunks) });
        assert!(expected.any(|expected| expected as u64 == live), "{id}: {live} bytes, {needed} overflow buckets");
        checked += 1;
    }
    assert!(checked > 4_000 && needed > 100, "{checked} {needed}");
}

/// The same 50,000 entries, in so many bytes and objects.
#[test]
fn fills_allocate_exactly() {
    fn used<F: GoFamily>() -> Allocated {
        filled::<F, u64, u64, Good>(0, 50_000).1
    }
    assert_eq!(used::<GoClassic>(), allocated(2_860_760, 1_937, 1_478_216, 1_121));
    // One object less, whose bytes are never freed.
    assert_eq!(used::<GoClassicInline>(), allocated(2_860_760, 1_936, 1_478_216 - 144, 1_120));
    assert_eq!(used::<GoClassicSlab>(), allocated(2_663_464, 32, 1_184_232, 17));
    assert_eq!(used::<GoClassicPooled>(), allocated(2_695_584, 852, 1_304_800, 34));
}

/// What a map allocates when it is filled again after a clear, with other keys; and what was live in between.
fn second_wave<F: GoFamily, K: Key>(entries: u64) -> (Allocated, u64) {
    let before = ALLOCATED.get();
    let (mut map, _) = filled::<F, K, u64, Good>(0, entries);
    map.clear();
    let cleared = ALLOCATED.get();
    put::<K, u64>(&mut map, entries, 2 * entries);
    let second = ALLOCATED.get().since(cleared);
    map.check_invariants();
    let at_keys = ALLOCATED.get();
    let keys: Vec<_> = (entries..2 * entries).map(K::from_id).collect();
    let keys = ALLOCATED.get().since(at_keys).allocs - u64::from(!keys.is_empty());
    (Allocated { allocs: second.allocs - keys, ..second }, cleared.since(before).live())
}

#[test]
fn a_cleared_pooled_map_is_filled_again_for_nothing() {
    let (classic, classic_held) = second_wave::<GoClassic, u64>(10_000);
    let (pooled, pooled_held) = second_wave::<GoClassicPooled, u64>(10_000);
    assert_eq!((classic, pooled), (allocated(2_192, 9, 1_016, 7), Allocated::default()));
    // The pool's fields, 101 buckets, and their list with room for 143.
    assert_eq!(pooled_held - classic_held, 24 + 101 * 144 + (24 + 1_152));
    // After the clear hashes are others: more overflow buckets than the pool has are allocated.
    let pooled = second_wave::<GoClassicPooled, u64>(12_000).0;
    assert_eq!((second_wave::<GoClassic, u64>(12_000).0.allocs, pooled), (126, allocated(15 * 144, 15, 0, 0)));
    // With pointers there is no list.
    let (classic, classic_held) = second_wave::<GoClassic, Str24>(12_000);
    let (pooled, pooled_held) = second_wave::<GoClassicPooled, Str24>(12_000);
    assert_eq!((classic.allocs, pooled.allocs), (129, 0));
    assert_eq!(pooled_held - classic_held, 24 + 140 * 208);
}

/// The bytes of an array of `2^7` buckets of u64/u64 with its reserve.
const ARRAY_BYTES: u64 = 20_480;

/// A window of keys wanders, so that a table of `2^7` buckets grows to the same size again and again, until `stop`
/// growths are done. Returns what the map allocated from the start of one growth to the start of the next.
fn wandering<F: GoFamily>(stop: usize) -> (F::Ranged<u64, u64, Good>, Vec<Allocated>) {
    let mut map = build::<F, u64, u64, Good>(&options(6.5, 0, 1));
    let mut cycles = Vec::with_capacity(stop + 1);
    let mut before = ALLOCATED.get();
    let mut growths = EVENTS.get().same_size_grow;
    for id in 0.. {
        map.insert(id, 0);
        if id >= 700 {
            map.remove(&(id - 700));
        }
        if EVENTS.get().same_size_grow > growths {
            growths += 1;
            cycles.push(ALLOCATED.get().since(before));
            before = ALLOCATED.get();
        }
        if cycles.len() == stop && state(&map)[4] == 0 {
            break;
        }
    }
    map.check_invariants();
    assert_eq!(state(&map)[1], 7);
    (map, cycles)
}

#[test]
fn growths_to_the_same_size_need_an_array_or_nothing() {
    let (_, classic) = wandering::<GoClassic>(5);
    assert!(classic[1..].iter().all(|cycle| cycle.bytes > ARRAY_BYTES + 100 * 144), "{classic:?}");
    // The slab's overflow buckets are those that the last growth let go of; its arrays have no reserve.
    let (_, slab) = wandering::<GoClassicSlab>(5);
    assert_eq!(slab[1..], [allocated(128 * 144, 1, 128 * 144, 1); 4]);
    let (_, pooled) = wandering::<GoClassicPooled>(5);
    assert_eq!(pooled[2..], [Allocated::default(), Allocated::default(), allocated(6 * 144, 6, 0, 0)]);
}

/// The array that a growth to the same size left in the pool is of no use to a larger table.
#[test]
fn a_pooled_array_is_freed_when_the_table_grows() {
    fn freed_by_growing<F: GoFamily>() -> Allocated {
        let (mut map, _) = wandering::<F>(2);
        for id in 1 << 40.. {
            let before = ALLOCATED.get();
            map.insert(id, 0);
            let [_, b, ..] = state(&map);
            if b == 8 {
                return Allocated { allocs: 0, bytes: 0, ..ALLOCATED.get().since(before) };
            }
        }
        unreachable!("it grows");
    }
    assert_eq!(freed_by_growing::<GoClassic>(), Allocated::default());
    assert_eq!(freed_by_growing::<GoClassicPooled>(), allocated(0, 0, ARRAY_BYTES, 1));
}
