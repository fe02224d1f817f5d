//! Parquet: tables by column, as Spark, DuckDB, pandas and warehouses write them.
//!
//! What is where stands at the end of such a file, so it is not read in its order: [`parquet`] takes one that can be read
//! [anywhere](Anywhere). Without the feature `parquet` it says that it can't.

#[cfg(feature = "parquet")]
mod column;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(feature = "parquet")]
mod schema;

use std::io;

use super::{Columns, Fault, Format, Put, Sample, Says, Units};

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    summary: "a Parquet file: op and key, and maybe hash, value_bytes, key_bytes, time_s; whole numbers or text",
    fills: "without a column op each row is a request of its key",
    units: Units::Rows,
    has_columns: true,
    has_times: false,
    is,
    open: |_, _| {
        Err(Fault { line: None, what: "is no file of lines or records: its rows lie anywhere in it".to_owned() })
    },
};

/// Whether it begins with a Parquet file's four letters and what no text has after them: the header of a page, or the
/// directory of a file without rows.
fn is(sample: &Sample<'_>) -> bool {
    sample.bytes.strip_prefix(b"PAR1").and_then(<[u8]>::first).is_some_and(|&byte| byte == 0x15)
}

/// A file that can be read anywhere.
#[expect(clippy::len_without_is_empty, reason = "what is empty is no Parquet file")]
pub trait Anywhere: Send + Sync {
    /// How many bytes it has.
    fn len(&self) -> u64;

    /// Fills the buffer with what stands at `at`.
    ///
    /// # Errors
    ///
    /// The system's, and a file that ends before that.
    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()>;
}

/// The rows of a file, in their order.
pub trait Rows {
    /// What they say.
    fn says(&self) -> Says;

    /// What the next row asks for, none, one or several operations; false after the last.
    ///
    /// # Errors
    ///
    /// What was expected and what was found. The file can't be read on.
    fn next(&mut self, put: &mut Put<'_>) -> Result<bool, String>;

    /// The number of the row read last, from 1; 0 before the first.
    fn row(&self) -> u64;
}

/// The rows of a Parquet file.
///
/// # Errors
///
/// A file that is none, or that has no columns that operations can be made of.
#[cfg(feature = "parquet")]
pub fn parquet(file: Box<dyn Anywhere>, columns: &Columns) -> Result<Box<dyn Rows>, Fault> {
    let opened = rows::Parquet::open(file, columns).map_err(|what| Fault { line: None, what })?;
    Ok(Box::new(opened))
}

/// The error of a program that was built without them.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "parquet"))]
pub fn parquet(_: Box<dyn Anywhere>, _: &Columns) -> Result<Box<dyn Rows>, Fault> {
    let what = "is a Parquet file, which this mapscope was built without (feature parquet): write it as a table first, as \
                duckdb -c \"copy (from 'IN') to 'OUT.csv'\"";
    Err(Fault { line: None, what: what.to_owned() })
}
