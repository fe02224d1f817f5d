//! The kinds of parameter: what values a [`Param`](crate::term::Param) takes, how they are written and shown.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The value of a parameter. Its `Display` is the canonical form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arg {
    /// A number.
    Number(f64),
    /// A word.
    Word(String),
    /// Whether it is set.
    Flag(bool),
    /// Bytes.
    Size(u64),
    /// A path.
    Path(PathBuf),
}

impl Arg {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Arg::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The word, if it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Arg::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The path, if it is one.
    pub fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Arg::Path(path) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Number(number) => number.fmt(f),
            Arg::Word(word) => word.fmt(f),
            Arg::Flag(set) => f.write_str(if *set { YES } else { NO }),
            Arg::Size(bytes) => f.write_str(&size(*bytes)),
            Arg::Path(path) => f.write_str(&crate::text::path(path)),
        }
    }
}

/// What a flag is given; its name alone means the first.
pub const YES: &str = "yes";
const NO: &str = "no";

/// The units of sizes, the largest first.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// The values that a [`Param`](crate::term::Param) takes.
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
    /// `yes` or `no`, or its name alone for `yes`. The canonical form leaves `no` out, which is the default.
    Flag,
    /// A number of bytes, plain or in `KiB`, `MiB`, `GiB` or `TiB`; the canonical form has the largest unit of which it is
    /// a whole number.
    Size {
        /// Smallest, in bytes.
        min: u64,
        /// Largest, in bytes.
        max: u64,
        /// When none is given, as a default of numbers.
        default: Option<u64>,
    },
    /// A path, without commas and parentheses; relative ones start from where they are written.
    Path,
}

impl Values {
    /// The value that a text is; `None` for one that is not allowed.
    pub fn parse(&self, text: &str) -> Option<Arg> {
        match *self {
            // Adding zero turns -0 into 0, which prints otherwise.
            Values::Numbers { range, .. } => {
                text.parse().ok().filter(|x| range.contains(*x)).map(|x: f64| Arg::Number(x + 0.0))
            }
            Values::Words(words) => words.contains(&text).then(|| Arg::Word(text.to_owned())),
            Values::Flag => [YES, NO].contains(&text).then_some(Arg::Flag(text == YES)),
            Values::Size { min, max, .. } => bytes(text).filter(|bytes| (min..=max).contains(bytes)).map(Arg::Size),
            Values::Path => (!text.is_empty()).then(|| Arg::Path(text.into())),
        }
    }

    /// The value when none is given.
    pub fn default(&self) -> Option<Arg> {
        match *self {
            Values::Numbers { default, .. } => default.map(Arg::Number),
            Values::Words(words) => words.last().map(|&word| Arg::Word(word.to_owned())),
            Values::Flag => Some(Arg::Flag(false)),
            Values::Size { default, .. } => default.map(Arg::Size),
            Values::Path => None,
        }
    }

    /// Whether the canonical form of a call says the default, too.
    pub fn says_default(&self) -> bool {
        matches!(self, Values::Numbers { .. } | Values::Size { .. } | Values::Path)
    }

    /// Whether it is set or not.
    pub fn is_flag(&self) -> bool {
        matches!(self, Values::Flag)
    }
}

/// The values in words that follow "must be".
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Values::Numbers { range, .. } => range.fmt(f),
            Values::Words(words) => write!(f, "one of {}", words.join(", ")),
            Values::Flag => write!(f, "{YES} or {NO}"),
            Values::Size { min, max, .. } => {
                write!(f, "a size from {} to {}, as 4096, 4KiB or 1MiB", size(min), size(max))
            }
            Values::Path => f.write_str("a path"),
        }
    }
}

/// The bytes that a size has.
fn bytes(text: &str) -> Option<u64> {
    let unit = UNITS.iter().find_map(|&(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
    let (number, unit_bytes) = unit.unwrap_or((text, 1));
    let digits = number.replace('_', "");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| plain)?.checked_mul(unit_bytes)
}

/// So many bytes in the largest unit of which they are a whole number.
fn size(bytes: u64) -> String {
    let unit = UNITS.iter().find(|&&(_, unit_bytes)| bytes >= unit_bytes && bytes.is_multiple_of(unit_bytes));
    unit.map_or_else(|| bytes.to_string(), |(unit, unit_bytes)| format!("{}{unit}", bytes / unit_bytes))
}

/// The numbers a [`Param`](crate::term::Param) allows: an interval with open or closed ends, of reals or of integers.
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
