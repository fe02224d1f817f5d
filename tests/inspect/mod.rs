//! `mapscope inspect`: what it shows is what the real header showed, each step it tells has happened, and none is missing.
//!
//! `MAPSCOPE_BLESS=1 cargo test --test suite inspect::` writes the goldens anew; read the difference.

mod bad_input;
mod formats;
mod growths;
mod header;
mod open;
mod record;
mod same_size;
mod steps;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli_process::Place;

/// A file of `tests/data`.
fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

/// Text that differs from nothing but by intent.
fn golden(name: &str, text: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inspect/golden").join(name);
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, expected, "{} differs; MAPSCOPE_BLESS=1 writes it anew", path.display());
}

/// What `mapscope inspect ARGS` prints.
fn inspect(args: &[&str]) -> String {
    let outcome = Place::new().run(&[&["inspect"], args].concat());
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
    assert_eq!((outcome.stderr.as_str(), outcome.left.len()), ("", 0), "{args:?}");
    outcome.stdout
}

/// The same as JSON.
fn inspect_json(args: &[&str]) -> Value {
    let text = inspect(&[args, &["--format", "json"]].concat());
    serde_json::from_str(&text).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no word: {value}"))
}

/// Every slot of a moment, with its table, row and bucket.
fn slots(moment: &Value) -> impl Iterator<Item = (&Value, &Value, usize, usize, &Value)> {
    let rows =
        list(&moment["tables"]).iter().flat_map(|table| list(&table["rows"]).iter().map(move |row| (table, row)));
    rows.flat_map(|(table, row)| {
        let buckets = list(&row["buckets"]).iter().enumerate();
        buckets.flat_map(move |(bucket, slots)| {
            list(slots).iter().enumerate().map(move |(slot, it)| (table, row, bucket, slot, it))
        })
    })
}
