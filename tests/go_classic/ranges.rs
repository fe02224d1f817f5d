//! Ranges whose body writes to the map.

use mapscope::maps::go::GoClassic;
use mapscope::workload::{Bytes, Str24};

use super::go_map::BigKey;
use super::go_map::ranges::{self, ranges_keep_their_promise};

#[test]
fn over_small_entries() {
    ranges_keep_their_promise::<GoClassic, u64, u64>();
}

#[test]
fn over_keys_and_elems_that_own() {
    ranges_keep_their_promise::<GoClassic, Str24, Bytes>();
}

#[test]
fn over_indirect_keys_and_elems() {
    ranges_keep_their_promise::<GoClassic, BigKey, [u8; 256]>();
}

#[test]
fn nested_ranges_over_a_growing_map() {
    ranges::nested_ranges_over_a_growing_map::<GoClassic>();
}

#[test]
fn a_replaced_map_ends_the_range() {
    ranges::a_replaced_map_ends_the_range::<GoClassic>();
}

#[test]
fn a_panic_in_the_body_ends_the_range() {
    ranges::a_panic_in_the_body_ends_the_range::<GoClassic>();
}

#[test]
fn the_order_follows_the_seed() {
    ranges::the_order_follows_the_seed::<GoClassic>();
}
