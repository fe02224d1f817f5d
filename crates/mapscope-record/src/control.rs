//! What is recorded, switched while the program runs: as `mapscope maps PID --set` does from outside.

use std::io;
use std::num::NonZeroU32;

/// N is at most so large.
const SAMPLE_MAX: u32 = 1_000_000;

/// Has one of so many maps that are made from now on recorded, chosen at random, or none. Maps that are recorded already go
/// on being recorded; with `None`, the record of each of them ends with the next operation, before it, and no map comes
/// back.
///
/// # Errors
/// In a program that is not recorded, or without the feature `record`; for a number beyond 1,000,000; where it has been
/// changed 4,095 times.
pub fn set_sample(one_of: Option<NonZeroU32>) -> io::Result<()> {
    let one_of = one_of.map_or(0, NonZeroU32::get);
    if one_of > SAMPLE_MAX {
        let what = format!("one map of {one_of}: give 1 to {SAMPLE_MAX}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    set(one_of)
}

#[cfg(all(feature = "record", target_os = "linux"))]
use crate::recorder::set_sample as set;

#[cfg(not(all(feature = "record", target_os = "linux")))]
fn set(_one_of: u32) -> io::Result<()> {
    let why = "maps are those of the standard library: the feature `record` is off, or this is not Linux";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}
