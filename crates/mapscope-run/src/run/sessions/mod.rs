//! Sessions of maps in this process: one that a thread has to itself, and one that several threads use.

mod alone;
mod batch;
mod content;
mod crew;
mod hands;
mod hashes;
mod idle;
mod observe;
mod pin;
mod row;
mod shared;
mod tested;

pub(super) use alone::Alone;
pub(super) use hands::Hands;

use crate::subject::Failure;

/// Maps were built without a clock, and are asked to be timed with it.
fn unclocked() -> Failure {
    Failure::harness("maps are clocked that are not to be")
}
