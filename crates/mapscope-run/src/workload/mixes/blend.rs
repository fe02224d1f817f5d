//! `mix(insert=,remove=,get=,rmw=,clear=,iterate=,scan=)`: operations on keys drawn from a fixed domain of `records`, in
//! proportion to their weights. A key need not be there: a put can turn out an insert or an overwrite, a remove or a get can miss. With
//! `records` given, all of them are there at first; without, none is.
//!
//! A scan is of 1 to `scan_max` entries from its key on, which need not be there. A read-modify-write is two operations, as in YCSB: a get, then a put of its key.

use super::{Keys, Kind, Loads, Mix, RECORDS, Rng, Row, SCAN_MAX, ScanLengths, Term, WorkloadError};
use crate::plan::{Param, Range};

const WEIGHT: Range = Range { min: 0.0, max: 1e9, above_min: false, below_max: false, integer: false };

const fn weight(name: &'static str, summary: &'static str) -> Param {
    Param::number(name, summary, WEIGHT, Some(0.0))
}

/// One that no name of a mix has which doesn't give it.
const fn rarer(name: &'static str, summary: &'static str) -> Param {
    Param::number(name, summary, WEIGHT, None)
}

pub(super) const ROW: Row = Row {
    term: Term {
        name: "mix",
        summary: "operations by weight, on keys drawn from a domain of `records`; given, they are loaded first",
        source: "",
        params: &[
            weight("insert", "weight of puts, which insert or overwrite"),
            weight("remove", "weight of removes, which may miss"),
            weight("get", "weight of gets, which may miss"),
            RECORDS,
            rarer("rmw", "weight of read-modify-writes: a get, then a put of its key"),
            rarer("clear", "weight of clears, which drop all entries"),
            rarer("iterate", "weight of iterations over all entries"),
            rarer("scan", "weight of scans of entries from a key on, in order"),
            SCAN_MAX,
        ],
        named: true,
        file: false,
        needs_arguments: true,
    },
    loads: Loads::IfGiven,
    scans: false,
    start: |inputs| {
        let mut below = 0.0;
        let shares = KINDS.map(|(name, kind)| {
            below += inputs.args.get(name).unwrap_or(0.0);
            (below, kind)
        });
        if below <= 0.0 {
            let what = "mix: all weights are 0; give at least one, as in mix(insert=1)";
            return Err(WorkloadError::Parameters(what.to_owned()));
        }
        let shares = shares.map(|(up_to, kind)| (up_to / below, kind));
        Ok(Box::new(Blend {
            shares,
            records: inputs.records,
            read: None,
            scan_lengths: ScanLengths::new(&inputs.args),
        }))
    },
};

/// What a weight is of.
#[derive(Debug, Clone, Copy)]
enum Request {
    One(Kind),
    ReadModifyWrite,
}

/// Gets come last: their share ends at 1, whatever it was rounded to.
const KINDS: [(&str, Request); 7] = [
    ("insert", Request::One(Kind::Put)),
    ("remove", Request::One(Kind::Remove)),
    ("rmw", Request::ReadModifyWrite),
    ("clear", Request::One(Kind::Clear)),
    ("iterate", Request::One(Kind::Iterate)),
    ("scan", Request::One(Kind::Scan)),
    ("get", Request::One(Kind::Get)),
];

struct Blend {
    /// Of [0, 1), the end of each request's part.
    shares: [(f64, Request); KINDS.len()],
    records: u64,
    /// The key that a read-modify-write has read and is about to write.
    read: Option<u64>,
    scan_lengths: ScanLengths,
}

impl Mix for Blend {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        if let Some(key) = self.read.take() {
            return (Kind::Put, key);
        }
        let chosen = rng.unit();
        let request = self.shares.iter().find(|(up_to, _)| chosen < *up_to).map(|(_, request)| *request);
        if let Some(Request::One(kind)) = request
            && !kind.has_key()
        {
            return (kind, 0);
        }
        let rank = keys.draw(rng, self.records);
        let key = keys.nth(rank);
        match request {
            Some(Request::One(kind)) => {
                if kind == Kind::Scan {
                    self.scan_lengths.draw(rng);
                }
                (kind, key)
            }
            Some(Request::ReadModifyWrite) => {
                self.read = Some(key);
                (Kind::Get, key)
            }
            None => (Kind::Get, key),
        }
    }

    fn scanned(&self) -> u64 {
        self.scan_lengths.last
    }
}
