//! What the loop itself executes.

use std::hint::black_box;

like_yours::program!(
    (),
    |_: &mut (), key: u64, value: u64| {
        black_box((key, value));
        false
    },
    |_: &mut (), key: u64| {
        black_box(key);
        false
    },
    |_: &(), key: u64| {
        black_box(key);
        false
    }
);
