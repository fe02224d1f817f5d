//! Ranges whose body writes to the map.

use mapscope::workload::{Bytes, Str24};

use super::go_map::BigKey;
use super::go_map::ranges::{self, ranges_keep_their_promise};

#[test]
fn over_small_entries() {
    each_variant!(F => ranges_keep_their_promise::<F, u64, u64>());
}

#[test]
fn over_keys_and_elems_that_own() {
    each_variant!(F => ranges_keep_their_promise::<F, Str24, Bytes>());
}

#[test]
fn over_indirect_keys_and_elems() {
    each_variant!(F => ranges_keep_their_promise::<F, BigKey, [u8; 256]>());
}

#[test]
fn nested_ranges_over_a_growing_map() {
    each_variant!(F => ranges::nested_ranges_over_a_growing_map::<F>());
}

#[test]
fn a_replaced_map_ends_the_range() {
    each_variant!(F => ranges::a_replaced_map_ends_the_range::<F>());
}

#[test]
fn a_panic_in_the_body_ends_the_range() {
    each_variant!(F => ranges::a_panic_in_the_body_ends_the_range::<F>());
}

#[test]
fn the_order_follows_the_seed() {
    each_variant!(F => ranges::the_order_follows_the_seed::<F>());
}
