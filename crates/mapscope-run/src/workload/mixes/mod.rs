//! Mixes: what is done, to which record, in which order. The registry is [`MIXES`].
//!
//! To add one: a file in this folder with an implementation of [`Mix`] and its [`Row`], and the row's name in
//! [`MIXES`].

mod blend;
mod churn;
mod fill;
mod outcomes;
mod overwrite;
mod waves;
mod ycsb;

use super::args::Args;
use super::keys::Keys;
use super::rng::Rng;
use super::{Kind, WorkloadError};
use crate::plan::{Param, Range, Term};

/// A mix at work.
pub trait Mix: Send {
    /// The next measured operation: its kind, and its key.
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64);
    /// How many entries that operation asks for, if it is a scan.
    fn scanned(&self) -> u64 {
        0
    }
}

/// A row of the registry.
#[derive(Debug)]
pub struct Row {
    /// The mix as the user meets it.
    pub term: Term,
    /// When the set-up inserts [`Inputs::records`] records, before anything is measured.
    pub loads: Loads,
    /// Whether it scans, whatever its arguments are.
    pub scans: bool,
    /// Starts it anew, after the set-up.
    pub start: fn(&Inputs) -> Result<Box<dyn Mix>, WorkloadError>,
}

/// When a mix's set-up loads records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loads {
    /// Never: it begins with an empty map.
    Nothing,
    /// Where the call says how many.
    IfGiven,
    /// Always.
    Always,
}

/// What a mix is started with.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The arguments of the call.
    pub args: Args,
    /// The population: the argument `records`, or else a tenth of the operations; at least 1.
    pub records: u64,
    /// Measured operations.
    pub ops: u64,
}

impl Inputs {
    /// For a workload of `ops` measured operations.
    pub(super) fn new(args: Args, ops: u64) -> Inputs {
        let records = args.get(RECORDS.name).map_or((ops / 10).max(1), |records| records as u64);
        Inputs { args, records, ops }
    }

    /// Whether the call itself says how many records there are.
    pub(super) fn given(&self) -> bool {
        self.args.get(RECORDS.name).is_some()
    }

    /// Whether the call gives this argument, and not as 0.
    pub(super) fn weighs(&self, name: &str) -> bool {
        self.args.get(name).is_some_and(|weight| weight > 0.0)
    }

    /// The records that the set-up loads.
    pub(super) fn loaded(&self, loads: Loads) -> u64 {
        match loads {
            Loads::Always => self.records,
            Loads::IfGiven if self.given() => self.records,
            Loads::IfGiven | Loads::Nothing => 0,
        }
    }
}

/// Above 2^53 a whole number may not be exact where arguments are reals.
const RECORDS: Param = Param::number(
    "records",
    "records in the map when it is full (a tenth of the operations unless given)",
    Range { min: 1.0, max: (1u64 << 53) as f64, above_min: false, below_max: false, integer: true },
    None,
);

/// As YCSB draws them: up to 100, each number as often.
const SCAN_MAX: Param = Param::number(
    "scan_max",
    "a scan asks for 1 to so many entries, each number as often",
    Range { min: 1.0, max: 1e9, above_min: false, below_max: false, integer: true },
    None,
);

/// How many entries a scan asks for.
struct ScanLengths {
    max: u64,
    last: u64,
}

impl ScanLengths {
    fn new(args: &Args) -> ScanLengths {
        ScanLengths { max: args.get(SCAN_MAX.name).map_or(100, |max| max as u64), last: 0 }
    }

    fn draw(&mut self, rng: &mut Rng) {
        self.last = 1 + rng.below(self.max);
    }
}

/// A term whose only parameter is `records`.
const fn term(name: &'static str, summary: &'static str, source: &'static str) -> Term {
    Term { params: &[RECORDS], named: true, ..Term::plain(name, summary, source) }
}

/// Every mix.
pub static MIXES: &[Row] = &[
    fill::ROW,
    overwrite::ROW,
    churn::ROW,
    waves::ROW,
    ycsb::A,
    ycsb::B,
    ycsb::C,
    ycsb::D,
    ycsb::E,
    ycsb::F,
    blend::ROW,
    outcomes::ROW,
];
