//! Moves as the map tells them, against the addresses of all entries before and after each write.

use mapscope::workload::Str24;

use super::go_map::census::{census_agrees, census_is_amortised};
use super::go_map::*;

fn agrees<F: GoFamily>() {
    for (seed, load_factor) in [(1, 6.5), (2, 1.0), (3, 8.0), (4, 4.5)] {
        census_agrees::<F, u64, u64, Good>(&options(load_factor, 0, seed), 200, 1500);
        census_agrees::<F, Str24, u64, Good>(&options(load_factor, 0, seed), 200, 800);
        census_agrees::<F, u64, u64, AllEqual>(&options(load_factor, 0, seed), 60, 400);
        census_agrees::<F, u64, u64, LowBits>(&options(load_factor, 0, seed), 200, 800);
        census_agrees::<F, u64, u64, HighBits>(&options(load_factor, 0, seed), 100, 400);
        census_agrees::<F, u64, [u8; 64], FewBits>(&options(load_factor, 0, seed), 100, 400);
    }
}

#[test]
fn moves_agree_with_the_census() {
    each_variant!(F => agrees::<F>());
}

#[test]
fn the_census_is_amortised() {
    each_variant!(F => census_is_amortised::<F>());
}
