//! What cells can differ in. The registry is [`AXES`]: the keys of a `[[cells]]` table, the flags of verbs that describe
//! cells, the columns of reports and the words of names all derive from it.
//!
//! To add an axis: a file in this folder with its [`Axis`], the row's name in [`AXES`], and the fields for its value in
//! `cell.rs`. What is left is the place where the value has its effect.

mod columns;
mod draft;
mod entry;
mod hint;
mod keys;
mod load_factor;
mod map;
mod mix;
mod names;
mod ops;
mod seed;
mod thread_keys;
mod threads;
mod trace;
mod trace_format;
mod trace_op;

use std::cmp::Ordering;
use std::fmt;

pub(super) use draft::{Called, Draft, Put, Scope, Unfit, named, whole};
pub(super) use keys::are_of_files;
pub(super) use map::called;
pub(super) use trace::{check, make_way};

use super::cell::CellId;
use super::place::Raw;

/// Something that cells can differ in.
pub struct Axis {
    /// The key in a profile, and the column in reports: `load_factor`.
    pub key: &'static str,
    /// The flag: `--load-factor`.
    pub flag: &'static str,
    /// What a sentence calls it: `load factor`.
    pub label: &'static str,
    /// What its values are, in a line of help.
    pub help: &'static str,
    /// The flag of a verb that works on one cell: its help, and what its value is called there. `None` for an axis that
    /// no such verb has.
    pub one: Option<(&'static str, &'static str)>,
    /// What its values look like.
    pub takes: Takes,
    /// What holds where it is not given.
    pub absent: Absent,
    /// The column in reports, and the words in names; `None` for an axis whose values another's column shows.
    pub column: Option<Column>,
    /// How deep it is nested in the loops that make a plan: the cells that differ in the deepest alone come side by side.
    pub(super) depth: u8,
    /// What one item of its list does to a cell; several where the item stands for several values.
    pub(super) read: fn(&Raw, &Scope<'_>) -> Result<Vec<Put>, String>,
    /// Makes a cell in which every axis has its value one that its map can be run with.
    pub(super) settle: fn(&mut Draft, &Scope<'_>, Option<&Raw>) -> Result<(), Unfit>,
}

/// What the values of an axis look like where they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Names and calls: text in quotes.
    Text,
    /// Numbers, and the words that stand for some.
    Numbers(&'static [&'static str]),
    /// Paths and whatever else may hold commas: one value a flag.
    Files,
}

/// What holds where an axis is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// This value.
    Default(&'static str),
    /// No value: what then holds, in words.
    Open(&'static str),
    /// It must be given.
    Needed,
    /// It must be given, unless a trace is.
    NeededWithoutTrace,
}

/// An axis in what identifies a cell. In each text `{}` stands for the value.
pub struct Column {
    /// What the column holds.
    pub kind: Kind,
    /// The cell's value; `None` where it has none, as a map whose load factor can't be set.
    pub value: fn(&CellId) -> Option<Value<'_>>,
    /// In the name of a cell: `load_factor={}`.
    pub whole: &'static str,
    /// In a name that is short beside others: `lf={}`.
    pub short: &'static str,
    /// In the name of a file. It joins on to what comes before by `_`, unless it begins with `-`.
    pub stem: &'static str,
    /// The value that no name has: `0` of a hint.
    pub unsaid: Option<&'static str>,
    /// The value that is no difference from having none.
    pub as_none: Option<&'static str>,
    /// Whether a person reads its digits in groups of three.
    pub grouped: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// Whole numbers.
    Int,
    /// Real numbers.
    Real,
}

/// A cell's value on an axis. Values of one axis are ordered.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Words.
    Text(&'a str),
    /// A whole number.
    Int(u64),
    /// A real number.
    Real(f64),
}

/// The registry: one row an axis, in the order of columns and of help.
pub static AXES: [Axis; 14] = [
    map::AXIS,
    keys::AXIS,
    mix::AXIS,
    load_factor::AXIS,
    hint::AXIS,
    entry::AXIS,
    ops::AXIS,
    seed::AXIS,
    threads::AXIS,
    thread_keys::AXIS,
    trace::AXIS,
    trace_format::AXIS,
    columns::AXIS,
    trace_op::AXIS,
];

impl Axis {
    /// An axis that is fit for every map.
    const PLAIN: Axis = Axis {
        key: "",
        flag: "",
        label: "",
        help: "",
        one: None,
        takes: Takes::Text,
        absent: Absent::Open("none"),
        column: None,
        depth: 0,
        read: |_, _| Ok(Vec::new()),
        settle: |_, _, _| Ok(()),
    };
}

impl Column {
    /// A column of words that stand in names as they are.
    const WORDS: Column = Column {
        kind: Kind::Text,
        value: |_| None,
        whole: "{}",
        short: "{}",
        stem: "{}",
        unsaid: None,
        as_none: None,
        grouped: false,
    };
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Absent::Default(value) => write!(f, "default {value}"),
            Absent::Open(words) => f.write_str(words),
            Absent::Needed => f.write_str("needed"),
            Absent::NeededWithoutTrace => f.write_str("needed, unless a trace is given"),
        }
    }
}

impl Value<'_> {
    fn compared(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Real(a), Value::Real(b)) => a.total_cmp(b),
            _ => unreachable!("the values of an axis are of one kind"),
        }
    }
}

impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared(other)
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value<'_> {}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Int(number) => number.fmt(f),
            Value::Real(number) => number.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_itself_alike_everywhere() {
        for axis in &AXES {
            assert_eq!(axis.flag, format!("--{}", axis.key.replace('_', "-")));
            assert_eq!(axis.label, axis.key.replace('_', " "));
            assert!(!axis.help.is_empty() && !axis.help.ends_with('.'), "{}", axis.key);
            assert_eq!(AXES.iter().filter(|other| other.key == axis.key).count(), 1, "{}", axis.key);
            for template in axis.column.iter().flat_map(|column| [column.whole, column.short, column.stem]) {
                assert_eq!(template.matches("{}").count(), 1, "{}: {template}", axis.key);
            }
        }
    }

    #[test]
    fn the_table_of_the_documents_is_the_registry() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROFILES.md");
        let text = std::fs::read_to_string(path).expect("docs/PROFILES.md");
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| `")).collect();
        let row = |axis: &Axis| {
            let what = axis.help.split(" [default").next().unwrap_or_default();
            format!("| `{}` | `{}` | {what} | {} |", axis.key, axis.flag, axis.absent)
        };
        assert_eq!(rows, AXES.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn reals_are_ordered_and_equal_as_they_are_written() {
        assert!(Value::Real(4.0) < Value::Real(6.5));
        assert_eq!(Value::Real(f64::NAN), Value::Real(f64::NAN));
        assert!(Value::Text("a") < Value::Text("b") && Value::Int(9) < Value::Int(10));
    }
}
