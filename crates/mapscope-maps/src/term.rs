//! The terms a registry offers: names and parameters. A plan's `Call` is a user's use of one.

use crate::values::{Range, Values};

/// One row of a registry as the user meets it: a name, what it is, where it comes from, its parameters.
///
/// Maps, key distributions, mixes and entries each carry one; `list`, validation and the "did you mean" hints derive
/// from it.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// The name as typed, unique in its registry.
    pub name: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// The paper, specification or code base that defines it; empty where the summary says it all.
    pub source: &'static str,
    /// Its parameters, in positional order.
    pub params: &'static [Param],
    /// Whether the canonical form names its arguments (`mix(insert=50)`) or not (`zipfian(0.99)`).
    pub named: bool,
    /// Whether the term takes a file, written `name:PATH`.
    pub file: bool,
    /// Whether the term means nothing without arguments, though none is required by itself.
    pub needs_arguments: bool,
}

impl Term {
    /// A term without parameters.
    pub const fn plain(name: &'static str, summary: &'static str, source: &'static str) -> Term {
        Term { name, summary, source, params: &[], named: false, file: false, needs_arguments: false }
    }
}

/// A parameter of a [`Term`].
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// The name, as in `theta`.
    pub name: &'static str,
    /// One line for `list`.
    pub summary: &'static str,
    /// The values allowed, and the one when none is given.
    pub values: Values,
    /// Whether it must be given.
    pub required: bool,
}

impl Param {
    /// A parameter that takes numbers.
    pub const fn number(name: &'static str, summary: &'static str, range: Range, default: Option<f64>) -> Param {
        Param { name, summary, values: Values::Numbers { range, default }, required: false }
    }

    /// A parameter that takes one of `words`, by default the last.
    pub const fn word(name: &'static str, summary: &'static str, words: &'static [&'static str]) -> Param {
        Param { name, summary, values: Values::Words(words), required: false }
    }

    /// A parameter that is set or not, by default not.
    pub const fn flag(name: &'static str, summary: &'static str) -> Param {
        Param { name, summary, values: Values::Flag, required: false }
    }

    /// A parameter that takes a size of `min` to `max` bytes.
    pub const fn size(name: &'static str, summary: &'static str, min: u64, max: u64, default: Option<u64>) -> Param {
        Param { name, summary, values: Values::Size { min, max, default }, required: false }
    }

    /// A parameter that takes the path of a file or a folder.
    pub const fn path(name: &'static str, summary: &'static str) -> Param {
        Param { name, summary, values: Values::Path, required: false }
    }
}

/// The load factors that a map can be set to: `min <= x <= max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadFactors {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// The map's own.
    pub default: f64,
    /// That of releases of which it was another.
    pub older: &'static [(&'static str, f64)],
}

impl LoadFactors {
    /// The same in every release.
    pub const fn new(min: f64, max: f64, default: f64) -> LoadFactors {
        LoadFactors { min, max, default, older: &[] }
    }

    /// The map's own at a release, `None` being the newest.
    pub fn of_release(&self, release: Option<&str>) -> f64 {
        let older = self.older.iter().find(|(older, _)| Some(*older) == release);
        older.map_or(self.default, |&(_, load_factor)| load_factor)
    }
}
