//! What identifies a cell, column by column: the same names, in the same order, wherever a format has columns, labels
//! or parts of a name.

use std::fmt;

use crate::plan::axes::{self, AXES, Axis};
use crate::record::Cell;
use crate::record::metrics::Number;

pub(super) use crate::plan::axes::Kind;

/// A column: an axis's, or that of how the cell ended, which is no part of its identity.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Axis(&'static Axis, &'static axes::Column),
    Status,
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

impl Column {
    pub(super) fn name(self) -> &'static str {
        match self {
            Column::Axis(axis, _) => axis.key,
            Column::Status => "status",
        }
    }

    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only typed formats ask"))]
    pub(super) fn kind(self) -> Kind {
        match self {
            Column::Axis(_, column) => column.kind,
            Column::Status => Kind::Text,
        }
    }

    /// `None` where the cell has none, as a map whose load factor can't be set.
    pub(super) fn value(self, cell: &Cell) -> Option<Value> {
        match self {
            Column::Axis(_, column) => (column.value)(&cell.id).map(|value| match value {
                axes::Value::Text(text) => Value::Text(text.to_owned()),
                axes::Value::Int(number) => Value::Number(Number::Int(number)),
                axes::Value::Real(number) => Value::Number(Number::Real(number)),
            }),
            Column::Status => Some(Value::Text(cell.status.name().to_owned())),
        }
    }
}

/// The column before that of the status. What has become an axis since comes after it: columns keep their places.
const LAST_BEFORE_STATUS: &str = "seed";

/// Every column, in order.
pub(super) fn columns() -> impl Iterator<Item = Column> {
    axes_with_columns().flat_map(|(axis, column)| {
        let status = (axis.key == LAST_BEFORE_STATUS).then_some(Column::Status);
        [Some(Column::Axis(axis, column)), status].into_iter().flatten()
    })
}

fn axes_with_columns() -> impl Iterator<Item = (&'static Axis, &'static axes::Column)> {
    AXES.iter().filter_map(|axis| Some((axis, axis.column.as_ref()?)))
}

/// What makes the cell this cell and no other, by name; what it has none of is left out.
pub(super) fn parts(cell: &Cell) -> impl Iterator<Item = (&'static str, String)> {
    axes_with_columns().filter_map(|(axis, column)| Some((axis.key, (column.value)(&cell.id)?.to_string())))
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
