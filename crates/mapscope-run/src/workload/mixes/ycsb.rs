//! `ycsb-a` to `-f`: the core workloads of the Yahoo! Cloud Serving Benchmark (Cooper et al.,
//! "Benchmarking Cloud Serving Systems with YCSB", SoCC 2010; proportions as in its files `workloads/workload[a-f]`).
//! `-e` scans, which needs a map that keeps the order of keys; stores without one have no scans (its binding for
//! memcached answers that they are not implemented). Their requests go to `scrambled-zipfian` keys, `-d`'s to
//! `latest`; any distribution can be used with any of them.

use super::{Inputs, Keys, Kind, Loads, Mix, RECORDS, Rng, Row, SCAN_MAX, ScanLengths, Term, WorkloadError, term};

const SOURCE: &str = "YCSB core workloads (Cooper et al., SoCC 2010)";

pub(super) const A: Row = Row {
    term: term("ycsb-a", "50 % gets, 50 % overwrites", SOURCE),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ycsb::start(inputs, 0.5, Update::Overwrite),
};

pub(super) const B: Row = Row {
    term: term("ycsb-b", "95 % gets, 5 % overwrites", SOURCE),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ycsb::start(inputs, 0.95, Update::Overwrite),
};

pub(super) const C: Row = Row {
    term: term("ycsb-c", "gets only", SOURCE),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ycsb::start(inputs, 1.0, Update::Overwrite),
};

pub(super) const D: Row = Row {
    term: term("ycsb-d", "95 % gets, 5 % inserts; meant for the keys `latest`", SOURCE),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ycsb::start(inputs, 0.95, Update::Insert),
};

pub(super) const E: Row = Row {
    term: Term {
        params: &[RECORDS, SCAN_MAX],
        ..term("ycsb-e", "95 % scans of 1 to 100 entries, 5 % inserts; of maps that keep the order of keys", SOURCE)
    },
    loads: Loads::Always,
    scans: true,
    start: |inputs| {
        let scan_lengths = Some(ScanLengths::new(&inputs.args));
        Ok(Box::new(Ycsb { reads: 0.95, update: Update::Insert, records: inputs.records, read: None, scan_lengths }))
    },
};

pub(super) const F: Row = Row {
    term: term("ycsb-f", "50 % gets, 50 % read-modify-writes: a get, then an overwrite of its key", SOURCE),
    loads: Loads::Always,
    scans: false,
    start: |inputs| Ycsb::start(inputs, 0.5, Update::ReadModifyWrite),
};

/// What a request that is not a read does.
enum Update {
    Overwrite,
    Insert,
    /// Two operations.
    ReadModifyWrite,
}

struct Ycsb {
    /// The fraction of requests that are reads.
    reads: f64,
    update: Update,
    records: u64,
    /// The key that a read-modify-write has read and is about to write.
    read: Option<u64>,
    /// Of a workload whose reads are scans.
    scan_lengths: Option<ScanLengths>,
}

impl Ycsb {
    fn start(inputs: &Inputs, reads: f64, update: Update) -> Result<Box<dyn Mix>, WorkloadError> {
        Ok(Box::new(Ycsb { reads, update, records: inputs.records, read: None, scan_lengths: None }))
    }
}

impl Mix for Ycsb {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        if let Some(key) = self.read.take() {
            return (Kind::Put, key);
        }
        let read = rng.unit() < self.reads;
        if !read && matches!(self.update, Update::Insert) {
            self.records += 1;
            return (Kind::Put, keys.nth(self.records - 1));
        }
        let rank = keys.draw(rng, self.records);
        let key = keys.nth(rank);
        match self.update {
            _ if read => match &mut self.scan_lengths {
                Some(lengths) => {
                    lengths.draw(rng);
                    (Kind::Scan, key)
                }
                None => (Kind::Get, key),
            },
            Update::ReadModifyWrite => {
                self.read = Some(key);
                (Kind::Get, key)
            }
            _ => (Kind::Put, key),
        }
    }

    fn scanned(&self) -> u64 {
        self.scan_lengths.as_ref().map_or(0, |lengths| lengths.last)
    }
}
