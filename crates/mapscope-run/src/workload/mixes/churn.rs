//! `churn(records)`: removes and inserts in turn, so that the size stays and the keys do not.
//!
//! A new record takes the rank of the one that was removed for it. Drawn in `sequential` order the oldest record goes
//! each time, as in a queue; drawn by `zipfian`, some ranks turn over quickly while most keep their record.
//!
//! Needs 8 bytes of memory a record.

use super::{Keys, Kind, Loads, Mix, Rng, Row, WorkloadError, term};

pub(super) const ROW: Row = Row {
    term: term("churn", "removes one of the records and inserts a new one, in turn", ""),
    loads: Loads::Always,
    scans: false,
    start: |inputs| {
        let too_many = |_| {
            WorkloadError::Parameters(format!(
                "churn: no memory for {} records of 8 bytes; set `records` lower",
                inputs.records
            ))
        };
        let mut live = Vec::new();
        live.try_reserve_exact(usize::try_from(inputs.records).unwrap_or(usize::MAX)).map_err(too_many)?;
        live.extend(0..inputs.records);
        Ok(Box::new(Churn { live, created: inputs.records, vacant: None }))
    },
};

struct Churn {
    /// By rank: which record it is, counted in order of creation.
    live: Vec<u64>,
    /// Records created so far.
    created: u64,
    /// The rank whose record has just been removed.
    vacant: Option<usize>,
}

impl Mix for Churn {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        if let Some(rank) = self.vacant.take() {
            self.live[rank] = self.created;
            self.created += 1;
            (Kind::Put, keys.nth(self.live[rank]))
        } else {
            let rank = keys.draw(rng, self.live.len() as u64) as usize;
            self.vacant = Some(rank);
            (Kind::Remove, keys.nth(self.live[rank]))
        }
    }
}
