//! Key distributions: which keys there are, and which one an operation addresses. The registry is [`KEYS`].
//!
//! To add one: a file in this folder with an implementation of [`Keys`] and its [`Row`], and the row's name in
//! [`KEYS`].

mod file;
mod hotspot;
mod latest;
mod runs;
mod scrambled_zipfian;
mod sequential;
mod uniform;
mod zipfian;

use std::sync::Arc;

pub(super) use file::{keys as keys_of_file, take as take_file};

use super::args::Args;
use super::rng::Rng;
use crate::plan::Term;

/// A key distribution at work.
pub trait Keys: Send {
    /// The key of the `i`-th record ever created, from 0. Injective, except where a file repeats a key.
    fn nth(&self, i: u64) -> u64;

    /// The rank of the record that an operation addresses, in `0..n`. Records are ranked by age: 0 is the oldest,
    /// `n - 1` the newest. `n >= 1`, and may change from draw to draw.
    fn draw(&mut self, rng: &mut Rng, n: u64) -> u64;
}

/// A row of the registry.
#[derive(Debug)]
pub struct Row {
    /// The distribution as the user meets it.
    pub term: Term,
    /// Starts it anew.
    pub start: fn(&Inputs) -> Box<dyn Keys>,
}

/// What a distribution is started with.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The arguments of the call.
    pub args: Args,
    /// The workload's seed.
    pub seed: u64,
    /// Scrambled keys are below 2 to this power.
    pub bits: u32,
    /// The keys in the file of a term that takes one, at least one.
    pub file: Option<Arc<[u64]>>,
}

/// Every key distribution.
pub static KEYS: &[Row] = &[
    sequential::ROW,
    uniform::ROW,
    zipfian::ROW,
    scrambled_zipfian::ROW,
    hotspot::ROW,
    latest::ROW,
    runs::ROW,
    file::ROW,
];
