//! Moves as the map tells them, against the addresses of all entries before and after each write.

use mapscope::maps::Family;
use mapscope::maps::go::GoSwiss;
use mapscope::workload::Str24;

use super::go_map::census::{census_agrees, census_is_amortised};
use super::go_map::*;

#[test]
fn moves_agree_with_the_census() {
    for seed in 1..=4 {
        let options = options(0.0, 0, seed);
        census_agrees::<GoSwiss, u64, u64, Good>(&options, 200, 1500);
        census_agrees::<GoSwiss, Str24, u64, Good>(&options, 200, 800);
        census_agrees::<GoSwiss, u64, u64, AllEqual>(&options, 60, 400);
        census_agrees::<GoSwiss, u64, u64, LowBits>(&options, 200, 800);
        census_agrees::<GoSwiss, u64, u64, HighBits>(&options, 100, 400);
        census_agrees::<GoSwiss, u64, [u8; 64], FewBits>(&options, 100, 400);
    }
}

/// Splits, and with all hashes in one of 64 tables a split of what has just been split.
#[test]
fn moves_of_splits_agree_with_the_census() {
    census_agrees::<GoSwiss, u64, u64, Good>(&options(0.0, 0, 5), 2500, 5000);
    census_agrees::<GoSwiss, u64, u64, DeepBits>(&options(0.0, 0, 6), 1400, 2800);
}

/// Of older releases an overwrite moves entries, too.
#[test]
fn moves_of_every_release_agree_with_the_census() {
    for release in GoSwiss::INFO.releases() {
        let options = |seed| options_of::<GoSwiss>(release, 0, seed);
        census_agrees::<GoSwiss, u64, u64, Good>(&options(7), 200, 1500);
        for seed in 1..=8 {
            census_agrees::<GoSwiss, Str24, u64, Good>(&options(seed), 24, 300);
        }
    }
}

#[test]
fn the_census_is_amortised() {
    census_is_amortised::<GoSwiss>();
}
