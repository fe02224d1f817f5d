//! `results.parquet`: the table of `results.csv` with types, for DuckDB, pandas, Polars, Spark, ...
//!
//! One row a cell; the columns are those of `results.csv`, in its order: the identity, then every metric. Text is text,
//! what was counted is an unsigned integer of 64 bits, a quotient is a double, and what is absent is null. A column has
//! its type whatever the record holds, so that files of several runs can be read as one table.
//!
//! The file's key-value metadata say what a column means: `metric.NAME` is a JSON object with `unit`, `class` (`exact`,
//! `statistical`), `better` (`lower`, `higher`, `neither`) and `summary`; beside them are `mapscope`, `profile`, and
//! `environments` as in the record. Pages are plain, without compression: a record is small.
//!
//! Behind the cargo feature `parquet`, which is on by default.
//!
//! Source: the Parquet format's `README.md` and `LogicalTypes.md`.

use std::io;
use std::sync::Arc;

use parquet::basic::{LogicalType, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::json;

use super::identity::{Kind, Value, columns};
use super::{Emit, Format};
use crate::record::metrics::{self, Metric, Number};
use crate::record::{Cell, Results};

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    summary: "results.parquet: the table of results.csv with types and units, for DuckDB, pandas, Polars",
    always: false,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    emit("results.parquet", &file(results).map_err(io::Error::other)?)
}

fn file(results: &Results) -> Result<Vec<u8>, ParquetError> {
    let identity = columns().map(|column| field(column.name(), column.kind()));
    let metrics = metrics::of([results]);
    let figures = metrics.iter().map(|metric| field(metric.name, kind(metric)));
    let fields = identity.chain(figures).collect::<Result<_, _>>()?;
    let schema = Type::group_type_builder("mapscope").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_created_by(format!("mapscope {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata(results, &metrics)))
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut rows = file.next_row_group()?;
    for column in columns() {
        write(&mut rows, column.kind(), results.cells.iter().map(|cell| column.value(cell)))?;
    }
    for metric in &metrics {
        let value = |cell: &Cell| metric.value(cell).map(Value::Number);
        write(&mut rows, kind(metric), results.cells.iter().map(value))?;
    }
    rows.close()?;
    file.into_inner()
}

fn kind(metric: &Metric) -> Kind {
    if metric.whole() { Kind::Int } else { Kind::Real }
}

fn field(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Int => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::Real => (Physical::DOUBLE, None),
    };
    Type::primitive_type_builder(name, physical).with_logical_type(logical).build().map(Arc::new)
}

/// The next column: what there is, and where there is nothing.
fn write(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    kind: Kind,
    values: impl Iterator<Item = Option<Value>>,
) -> Result<(), ParquetError> {
    let number = |value| match value {
        Value::Number(number) => number,
        Value::Text(text) => unreachable!("{text} in a column of numbers"),
    };
    match kind {
        Kind::Text => pages::<ByteArrayType>(rows, values, |value| ByteArray::from(value.to_string().into_bytes())),
        Kind::Int => pages::<Int64Type>(rows, values, |value| match number(value) {
            // The bits of an unsigned integer: its logical type says so.
            Number::Int(n) => n as i64,
            Number::Real(x) => unreachable!("{x} in a column of integers"),
        }),
        Kind::Real => pages::<DoubleType>(rows, values, |value| number(value).as_f64()),
    }
}

fn pages<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: impl Iterator<Item = Option<Value>>,
    physical: impl Fn(Value) -> T::T,
) -> Result<(), ParquetError> {
    let mut present = Vec::new();
    let levels: Vec<i16> =
        values.map(|value| i16::from(value.map(|value| present.push(physical(value))).is_some())).collect();
    let mut column = rows.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
    column.typed::<T>().write_batch(&present, Some(&levels), None)?;
    column.close()
}

fn metadata(results: &Results, metrics: &[Metric]) -> Vec<KeyValue> {
    let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let mut pairs = vec![
        pair("mapscope", results.mapscope.clone()),
        pair("profile", results.profile.clone()),
        pair("environments", json!(results.environments).to_string()),
    ];
    pairs.extend(metrics.iter().map(|metric| {
        let better = metric.better.name().unwrap_or("neither");
        let about =
            json!({ "unit": metric.unit, "class": metric.class.name(), "better": better, "summary": metric.summary });
        pair(&format!("metric.{}", metric.name), about.to_string())
    }));
    pairs
}
