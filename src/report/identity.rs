//! What identifies a cell, column by column: the same names, in the same order, wherever a format has columns, labels
//! or parts of a name.

use std::fmt;

use crate::record::Cell;
use crate::record::metrics::Number;

/// A column.
pub(super) struct Column {
    pub(super) name: &'static str,
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only typed formats ask"))]
    pub(super) kind: Kind,
    /// `None` where the cell has none, as a map whose load factor can't be set.
    pub(super) value: fn(&Cell) -> Option<Value>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Real,
}

/// What a column holds for one cell.
pub(super) enum Value {
    Text(String),
    Number(Number),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
        }
    }
}

/// How the cell ended; no part of its identity, but among its columns.
const STATUS: &str = "status";

pub(super) const COLUMNS: [Column; 11] = [
    text("map", |c| Some(Value::Text(c.id.map.clone()))),
    text("keys", |c| Some(Value::Text(c.id.keys.clone()))),
    text("mix", |c| Some(Value::Text(c.id.mix.clone()))),
    Column { name: "load_factor", kind: Kind::Real, value: |c| c.id.load_factor.map(Number::Real).map(Value::Number) },
    int("hint", |c| Some(Value::Number(Number::Int(c.id.hint)))),
    text("entry", |c| Some(Value::Text(c.id.entry.clone()))),
    int("ops", |c| Some(Value::Number(Number::Int(c.id.ops)))),
    int("seed", |c| Some(Value::Number(Number::Int(c.id.seed)))),
    text(STATUS, |c| Some(Value::Text(c.status.name().to_owned()))),
    int("threads", |c| c.id.threads.map(u64::from).map(Number::Int).map(Value::Number)),
    text("thread_keys", |c| c.id.thread_keys.clone().map(Value::Text)),
];

const fn text(name: &'static str, value: fn(&Cell) -> Option<Value>) -> Column {
    Column { name, kind: Kind::Text, value }
}

const fn int(name: &'static str, value: fn(&Cell) -> Option<Value>) -> Column {
    Column { name, kind: Kind::Int, value }
}

/// What makes the cell this cell and no other, by name; what it has none of is left out.
pub(super) fn parts(cell: &Cell) -> impl Iterator<Item = (&'static str, String)> {
    let columns = COLUMNS.iter().filter(|column| column.name != STATUS);
    columns.filter_map(|column| Some((column.name, (column.value)(cell)?.to_string())))
}

/// The cell in one line of at most `most` bytes, different for different cells: where it is cut, a digest ends it.
pub(super) fn name(cell: &Cell, most: usize) -> String {
    const DIGEST_LENGTH: usize = 16;
    let whole = cell.id.to_string();
    let mut name = whole.replace(char::is_control, " ");
    if name != whole || name.len() > most {
        name.truncate(name.floor_char_boundary(most - 1 - DIGEST_LENGTH));
        let digest = blake3::hash(whole.as_bytes()).to_hex();
        name = format!("{name} {}", &digest[..DIGEST_LENGTH]);
    }
    name
}
