//! `outcomes(insert=,overwrite=,get=,miss=,remove=,remove_miss=,clear=,iterate=,peak=)`: operations by what they come to,
//! each in exact proportion to its weight. An insert is of a new key; overwrites, gets and removes are of records that are
//! there, drawn by the distribution; a miss is a get of a key that never is; clears and iterations are of all records. So a
//! workload has the hits, the misses and the inserts of another one, whatever its keys.
//!
//! What falls short of its proportion most is done next. With `peak`, removes wait until there are so many records, and
//! inserts then wait for removes. What has no record to act on waits; where nothing else is left, it is a miss.
//!
//! Needs 8 bytes of memory a record where there are removes.

use super::{Inputs, Keys, Kind, Loads, Mix, Rng, Row, Term, WorkloadError};
use crate::plan::{Param, Range};

/// Above 2^53 a whole number may not be exact where arguments are reals.
const WHOLE: Range = Range { min: 0.0, max: (1u64 << 53) as f64, above_min: false, below_max: false, integer: true };

const fn weight(name: &'static str, summary: &'static str) -> Param {
    Param::number(name, summary, WHOLE, Some(0.0))
}

pub(super) const ROW: Row = Row {
    term: Term {
        name: "outcomes",
        summary: "operations by what they come to, in exact proportion: inserts of new keys, hits of records, misses",
        source: "",
        params: &[
            weight("insert", "weight of puts of new keys"),
            weight("overwrite", "weight of puts of records that are there"),
            weight("get", "weight of gets that find their record"),
            weight("miss", "weight of gets that don't"),
            weight("remove", "weight of removes that find their record"),
            weight("remove_miss", "weight of removes that don't"),
            weight("clear", "weight of clears, which drop all records"),
            weight("iterate", "weight of iterations over all records"),
            Param::number(
                "peak",
                "records before the first is removed (removes begin at once unless given)",
                Range { min: 1.0, ..WHOLE },
                None,
            ),
        ],
        named: true,
        file: false,
        needs_arguments: true,
    },
    loads: Loads::Nothing,
    scans: false,
    start: |inputs| Ok(Box::new(Outcomes::new(inputs)?)),
};

/// What an operation comes to, in the order of the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Insert,
    Overwrite,
    Get,
    Miss,
    Remove,
    RemoveMiss,
    Clear,
    Iterate,
}

const ALL: [(Outcome, &str); 8] = [
    (Outcome::Insert, "insert"),
    (Outcome::Overwrite, "overwrite"),
    (Outcome::Get, "get"),
    (Outcome::Miss, "miss"),
    (Outcome::Remove, "remove"),
    (Outcome::RemoveMiss, "remove_miss"),
    (Outcome::Clear, "clear"),
    (Outcome::Iterate, "iterate"),
];

struct Outcomes {
    /// How many of each are still to come.
    left: [u64; ALL.len()],
    totals: [u64; ALL.len()],
    /// Operations done, and in all.
    done: u64,
    ops: u64,
    peak: Option<u64>,
    created: u64,
    /// How many had been created when all were dropped last.
    cleared: u64,
    /// That are there.
    records: u64,
    /// By rank: which record it is, in order of creation; empty where none is ever removed by its key.
    live: Vec<u64>,
}

impl Outcomes {
    fn new(inputs: &Inputs) -> Result<Outcomes, WorkloadError> {
        let weights = ALL.map(|(_, name)| inputs.args.real(name) as u64);
        let sum: u128 = weights.into_iter().map(u128::from).sum();
        if sum == 0 {
            let what = "outcomes: all weights are 0; give at least one, as in outcomes(insert=1)";
            return Err(WorkloadError::Parameters(what.to_owned()));
        }
        let (mut so_far, mut before) = (0, 0);
        let totals = weights.map(|weight| {
            so_far += u128::from(weight);
            let upto = (u128::from(inputs.ops) * so_far / sum) as u64;
            upto - std::mem::replace(&mut before, upto)
        });
        let peak = inputs.args.get("peak").map(|peak| peak as u64);
        let (done, ops, live) = (0, inputs.ops, Vec::new());
        Ok(Outcomes { left: totals, totals, done, ops, peak, created: 0, cleared: 0, records: 0, live })
    }

    fn left(&self, outcome: Outcome) -> u64 {
        self.left[outcome as usize]
    }

    /// Whether it can be done now.
    fn is_possible(&self, outcome: Outcome) -> bool {
        let is_full = self.peak.is_some_and(|peak| self.records >= peak);
        match outcome {
            Outcome::Insert => !is_full || self.left(Outcome::Remove) == 0,
            Outcome::Overwrite | Outcome::Get => self.records > 0,
            Outcome::Remove => self.records > 0 && (self.peak.is_none() || is_full || self.left(Outcome::Insert) == 0),
            Outcome::Miss | Outcome::RemoveMiss | Outcome::Clear | Outcome::Iterate => true,
        }
    }

    /// What falls short most of those that are left and possible.
    fn choose(&mut self) -> Outcome {
        self.done += 1;
        let short = |outcome: Outcome| {
            let [left, total] = [self.left(outcome), self.totals[outcome as usize]].map(i128::from);
            total * i128::from(self.done) - (total - left) * i128::from(self.ops)
        };
        let possible =
            ALL.map(|(outcome, _)| outcome).into_iter().filter(|&it| self.left(it) > 0 && self.is_possible(it));
        let chosen = possible.rev().max_by_key(|&outcome| short(outcome));
        // Whatever is left has no record to act on.
        let next = chosen.or_else(|| ALL.map(|(outcome, _)| outcome).into_iter().find(|&it| self.left(it) > 0));
        next.into_iter().for_each(|outcome| self.left[outcome as usize] -= 1);
        chosen.unwrap_or(Outcome::Miss)
    }
}

impl Mix for Outcomes {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        let removes = self.totals[Outcome::Remove as usize] > 0;
        let outcome = self.choose();
        let kind = match outcome {
            Outcome::Insert => {
                let record = self.created;
                self.created += 1;
                self.records += 1;
                if removes {
                    self.live.push(record);
                }
                return (Kind::Put, keys.nth(record));
            }
            Outcome::Miss | Outcome::RemoveMiss => {
                // A record that never comes: there is one for each miss, behind those that do.
                let misses = self.totals[Outcome::Miss as usize] + self.totals[Outcome::RemoveMiss as usize];
                let rank = keys.draw(rng, misses.max(1));
                let kind = if outcome == Outcome::Miss { Kind::Get } else { Kind::Remove };
                return (kind, keys.nth(self.totals[Outcome::Insert as usize] + rank));
            }
            Outcome::Clear => {
                self.cleared = self.created;
                self.records = 0;
                self.live.clear();
                return (Kind::Clear, 0);
            }
            Outcome::Iterate => return (Kind::Iterate, 0),
            Outcome::Overwrite => Kind::Put,
            Outcome::Get => Kind::Get,
            Outcome::Remove => Kind::Remove,
        };
        let rank = keys.draw(rng, self.records);
        let record = if removes { self.live[rank as usize] } else { self.cleared + rank };
        if outcome == Outcome::Remove {
            self.records -= 1;
            self.live.swap_remove(rank as usize);
        }
        (kind, keys.nth(record))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Call, Source, Widths, WorkloadSpec};
    use crate::workload::{Expected, Workload, keys};

    fn workload(mix: &str, ops: u64) -> Workload {
        let terms: Vec<_> = keys::KEYS.iter().map(|row| row.term).collect();
        let keys = Call::parse("zipfian", "key distribution", &terms).unwrap();
        let mix = Call::parse(mix, "mix", &[ROW.term]).unwrap();
        Workload::open(&WorkloadSpec { source: Source::Generated { keys, mix }, ops, seed: 3, widths: Widths::WHOLE })
            .unwrap()
    }

    fn outcomes(workload: &Workload) -> [u64; 8] {
        let Expected { inserts, overwrites, gets, get_hits, removes, remove_hits, clears, iterations, .. } =
            workload.expected().unwrap();
        [inserts, overwrites, get_hits, gets - get_hits, remove_hits, removes - remove_hits, clears, iterations]
    }

    #[test]
    fn each_outcome_comes_as_often_as_its_weight_says() {
        let mix = "outcomes(insert=300,overwrite=50,get=500,miss=120,remove=25,remove_miss=3,clear=1,iterate=1)";
        assert_eq!(outcomes(&workload(mix, 1000)), [300, 50, 500, 120, 25, 3, 1, 1]);
        assert_eq!(outcomes(&workload(mix, 3000)), [900, 150, 1500, 360, 75, 9, 3, 3]);
        let cleared = "outcomes(insert=300,overwrite=500,get=100,clear=10,iterate=90)";
        assert_eq!(outcomes(&workload(cleared, 1000)), [300, 500, 100, 0, 0, 0, 10, 90]);
        assert_eq!(outcomes(&workload("outcomes(insert=1,get=2)", 10)).iter().sum::<u64>(), 10);
        // Nothing lags behind: after each tenth of the operations a tenth of the inserts is done.
        let mut stream = workload(mix, 1000).stream().unwrap();
        let mut ops = Vec::new();
        for _ in 0..10 {
            stream.next_batch(&mut ops, 100).unwrap();
            let inserts: i64 = ops.iter().filter(|op| op.kind == Kind::Put).count() as i64;
            assert!((inserts - 35).abs() <= 2, "{inserts}");
        }
    }

    #[test]
    fn records_rise_to_the_peak_and_stay_there_while_both_are_left() {
        let sizes = |mix: &str, ops: u64| {
            let mut ops_done = Vec::new();
            workload(mix, ops).stream().unwrap().next_batch(&mut ops_done, usize::MAX).unwrap();
            let mut live = BTreeMap::new();
            let size = |op: &crate::workload::Op| {
                match op.kind {
                    Kind::Put => _ = live.insert(op.key, ()),
                    _ => _ = live.remove(&op.key),
                }
                live.len()
            };
            ops_done.iter().map(size).collect::<Vec<_>>()
        };
        let steady = sizes("outcomes(insert=100,remove=80,peak=30)", 180);
        assert_eq!(steady[..30], (1..=30).collect::<Vec<_>>());
        assert!(steady[30..160].iter().all(|&size| size == 29 || size == 30), "{steady:?}");
        assert_eq!((steady.iter().max(), steady.last()), (Some(&30), Some(&20)));
        // Up to the top, and down to the bottom.
        let once: Vec<usize> = (1..=50).chain((0..50).rev()).collect();
        assert_eq!(sizes("outcomes(insert=50,remove=50,peak=50)", 100), once);
        assert_eq!(sizes("outcomes(insert=50,remove=50,peak=90)", 100), once);
        let at_once = sizes("outcomes(insert=50,remove=50)", 100);
        assert_eq!(at_once, (0..100).map(|at| (at + 1) % 2).collect::<Vec<_>>());
    }

    #[test]
    fn what_has_no_record_to_act_on_is_a_miss() {
        assert_eq!(outcomes(&workload("outcomes(get=5,overwrite=2)", 7)), [0, 0, 0, 7, 0, 0, 0, 0]);
        assert_eq!(outcomes(&workload("outcomes(insert=1,remove=3)", 4)), [1, 0, 0, 2, 1, 0, 0, 0]);
        let mix = Call::parse("outcomes(insert=0)", "mix", &[ROW.term]).unwrap();
        let args = crate::workload::args::Args::new(&ROW.term, &mix).unwrap();
        let error = Outcomes::new(&Inputs::new(args, 9)).err().unwrap().to_string();
        assert!(error.contains("all weights are 0"), "{error}");
    }
}
