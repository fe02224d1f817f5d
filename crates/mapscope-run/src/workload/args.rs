//! The arguments of a call as the registries use them: by name, with defaults filled in.

use super::WorkloadError;
use crate::plan::{Arg, Call, Range, Term, Values};

/// A call's arguments, held against the ranges of their term.
#[derive(Debug, Clone)]
pub struct Args {
    term: &'static Term,
    values: Vec<Option<f64>>,
}

impl Args {
    /// Checks that `call` is one that `term` allows. A call that came through `plan` always is; one made by hand may
    /// not be, and a distribution must not have to fear a theta that is not a number.
    pub fn new(term: &'static Term, call: &Call) -> Result<Args, WorkloadError> {
        let value = |(i, param): (usize, &crate::plan::Param)| {
            // No key distribution and no mix takes words.
            let Values::Numbers { range, default } = param.values else { return Ok(None) };
            let value = call.args.get(i).and_then(Option::as_ref).and_then(Arg::number).or(default);
            if value.is_some_and(|value| !allows(&range, value)) || (param.required && value.is_none()) {
                let what = value.map_or("is missing".to_owned(), |value| format!("= {value} is out of range"));
                return Err(WorkloadError::Parameters(format!("{}: {} {what}", term.name, param.name)));
            }
            Ok(value)
        };
        let values = term.params.iter().enumerate().map(value).collect::<Result<_, _>>()?;
        Ok(Args { term, values })
    }

    /// The value of a parameter; `None` where the term derives it.
    pub fn get(&self, name: &str) -> Option<f64> {
        let at = self.term.params.iter().position(|param| param.name == name)?;
        self.values[at]
    }

    /// The value of a parameter that has a default or is required.
    pub fn real(&self, name: &str) -> f64 {
        self.get(name).expect("a parameter of this term, with a default")
    }
}

fn allows(range: &Range, value: f64) -> bool {
    let above = if range.above_min { value > range.min } else { value >= range.min };
    let below = if range.below_max { value < range.max } else { value <= range.max };
    above && below && (!range.integer || value.fract() == 0.0)
}
