//! The passes, each written once: what drives a session and makes a record of what it gives. They know no map and no runtime.

mod count;
mod hashing;
mod instructions;
mod latencies;
mod learnt;
mod least;
mod moments;
mod names;
mod profile;
pub mod responses;
mod searches;
mod sensors;
mod time;
mod timeline;

pub(super) use count::{Counted, count};
pub(super) use instructions::{MEASURED, execute, executed};
pub(super) use latencies::{CLASSES, recorded, sum_kinds};
pub(super) use learnt::{Learnt, learn};
pub(super) use least::{Handed, Least, Left};
pub(super) use names::Names;
pub(super) use profile::{Unnamed, profile};
pub(super) use responses::Arriving;
pub(super) use time::{Wanted, blocks, time};
