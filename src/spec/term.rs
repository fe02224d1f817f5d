//! The terms a registry offers: names, parameters and their ranges. [`Call`](super::Call) is a user's use of one.

use std::fmt;

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

/// The values that a [`Param`] takes.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// Numbers.
    Numbers {
        /// The numbers allowed.
        range: Range,
        /// The number when none is given. `None` for a parameter that is not required means that the term derives one
        /// itself (from the number of operations, say), and that the canonical form leaves it out.
        default: Option<f64>,
    },
    /// One of these words, letter for letter: 1.3 is not 1.30. The last is the one when none is given, and the canonical
    /// form leaves it out.
    Words(&'static [&'static str]),
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
}

/// The values in words that follow "must be".
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Values::Numbers { range, .. } => range.fmt(f),
            Values::Words(words) => write!(f, "one of {}", words.join(", ")),
        }
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

/// The numbers a [`Param`] allows: an interval with open or closed ends, of reals or of integers.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
    /// Whether `min` itself is excluded.
    pub above_min: bool,
    /// Whether `max` itself is excluded.
    pub below_max: bool,
    /// Whether only whole numbers are allowed.
    pub integer: bool,
}

impl Range {
    /// Whether the range allows `x`. Never true of NaN or an infinity.
    pub fn contains(&self, x: f64) -> bool {
        x.is_finite()
            && (if self.above_min { x > self.min } else { x >= self.min })
            && (if self.below_max { x < self.max } else { x <= self.max })
            && (!self.integer || x.fract() == 0.0)
    }
}

/// The range in words that follow "must be": `a whole number >= 1`, `> 0 and <= 8`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |sign: &str, x: f64| match x.log2() {
            // Nobody reads 9007199254740992 as what it is.
            power if power > 32.0 && power.fract() == 0.0 => format!("{sign} 2^{power}"),
            _ => format!("{sign} {x}"),
        };
        let lower = self.min.is_finite().then(|| end(if self.above_min { ">" } else { ">=" }, self.min));
        let upper = self.max.is_finite().then(|| end(if self.below_max { "<" } else { "<=" }, self.max));
        let number = if self.integer { "a whole number" } else { "a number" };
        match (lower, upper) {
            (Some(lower), Some(upper)) if self.integer => write!(f, "{number} {lower} and {upper}"),
            (Some(lower), Some(upper)) => write!(f, "{lower} and {upper}"),
            (Some(end), None) | (None, Some(end)) if self.integer => write!(f, "{number} {end}"),
            (Some(end), None) | (None, Some(end)) => f.write_str(&end),
            (None, None) => f.write_str(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THETA: Range = Range { min: 0.0, max: 8.0, above_min: true, below_max: false, integer: false };
    const WHOLE: Range = Range { min: 1.0, max: f64::INFINITY, above_min: false, below_max: false, integer: true };

    #[test]
    fn ends_are_open_or_closed() {
        assert!(!THETA.contains(0.0));
        assert!(THETA.contains(f64::MIN_POSITIVE));
        assert!(THETA.contains(8.0));
        assert!(!Range { below_max: true, ..THETA }.contains(8.0));
        assert!(Range { above_min: false, ..THETA }.contains(0.0));
    }

    #[test]
    fn no_range_holds_what_is_not_finite() {
        let all = Range { min: f64::NEG_INFINITY, max: f64::INFINITY, ..THETA };
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!all.contains(x), "{x}");
            assert!(!WHOLE.contains(x), "{x}");
        }
    }

    #[test]
    fn integers_are_whole() {
        assert!(WHOLE.contains(3.0));
        assert!(!WHOLE.contains(3.5));
        assert!(!WHOLE.contains(0.0));
    }

    #[test]
    fn a_range_reads_as_words() {
        assert_eq!(THETA.to_string(), "> 0 and <= 8");
        assert_eq!(WHOLE.to_string(), "a whole number >= 1");
        assert_eq!(Range { max: 9.0, ..WHOLE }.to_string(), "a whole number >= 1 and <= 9");
        assert_eq!(Range { max: (1_u64 << 53) as f64, ..WHOLE }.to_string(), "a whole number >= 1 and <= 2^53");
        assert_eq!(Range { max: f64::INFINITY, ..THETA }.to_string(), "> 0");
        assert_eq!(Range { min: f64::NEG_INFINITY, max: f64::INFINITY, ..THETA }.to_string(), "a number");
    }
}
