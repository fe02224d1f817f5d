//! `mix(insert=,remove=,get=)`: puts, removes and gets of keys drawn from a fixed domain of `records`, in proportion to
//! their weights. A key need not be there: a put can turn out an insert or an overwrite, a remove or a get can miss. With
//! `records` given, all of them are there at first; without, none is.

use super::{Keys, Kind, Loads, Mix, RECORDS, Rng, Row, Term, WorkloadError};
use crate::plan::{Param, Range};

const fn weight(name: &'static str, summary: &'static str) -> Param {
    let range = Range { min: 0.0, max: 1e9, above_min: false, below_max: false, integer: false };
    Param::number(name, summary, range, Some(0.0))
}

pub(super) const ROW: Row = Row {
    term: Term {
        name: "mix",
        summary: "puts, removes and gets of keys drawn from a domain of `records`, by weight; given, they are loaded first",
        source: "",
        params: &[
            weight("insert", "weight of puts, which insert or overwrite"),
            weight("remove", "weight of removes, which may miss"),
            weight("get", "weight of gets, which may miss"),
            RECORDS,
        ],
        named: true,
        file: false,
        needs_arguments: true,
    },
    loads: Loads::IfGiven,
    start: |inputs| {
        let weight = |name| inputs.args.real(name);
        let (insert, remove, get) = (weight("insert"), weight("remove"), weight("get"));
        let sum = insert + remove + get;
        if sum <= 0.0 {
            let what = "mix: the weights of insert, remove and get are all 0; give at least one, as in mix(insert=1)";
            return Err(WorkloadError::Parameters(what.to_owned()));
        }
        let (insert_below, remove_below) = (insert / sum, (insert + remove) / sum);
        Ok(Box::new(Blend { insert_below, remove_below, records: inputs.records }))
    },
};

struct Blend {
    insert_below: f64,
    remove_below: f64,
    records: u64,
}

impl Mix for Blend {
    fn next(&mut self, keys: &mut dyn Keys, rng: &mut Rng) -> (Kind, u64) {
        let chosen = rng.unit();
        let kind = if chosen < self.insert_below {
            Kind::Put
        } else if chosen < self.remove_below {
            Kind::Remove
        } else {
            Kind::Get
        };
        let rank = keys.draw(rng, self.records);
        (kind, keys.nth(rank))
    }
}
