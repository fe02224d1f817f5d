//! Parquet files, as pyarrow, pandas and DuckDB write them (`tests/data/parquet/make.py`).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use mapscope::plan::{Reading, TraceSpec};

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/parquet");

fn file(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name).with_extension("parquet")
}

fn with_columns(path: &Path, columns: &str) -> Result<Workload, String> {
    let reading = Reading { columns: columns.to_owned(), ..Reading::default() };
    let source = Source::Trace(TraceSpec { path: path.to_owned(), reading });
    let folder = format!("{}/", path.parent().unwrap().display());
    Workload::open(&WorkloadSpec { source, ..traced(path) }).map_err(|error| error.to_string().replace(&folder, ""))
}

fn read(name: &str) -> String {
    brief(&all(&open(&traced(file(name)))))
}

/// The identity of a text.
fn id(text: &[u8]) -> u64 {
    u64::from_le_bytes(*blake3::hash(text).as_bytes().first_chunk().unwrap())
}

#[test]
fn whole_numbers_are_keys_whatever_their_width() {
    for bits in [8, 16, 32, 64] {
        let (least, greatest) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        assert_eq!(read(&format!("int{bits}")), format!("P{} G{greatest} R1", least as u64));
        assert_eq!(read(&format!("uint{bits}")), format!("P0 G{} R1", u64::MAX >> (64 - bits)));
    }
    assert_eq!(read("decimal"), format!("P7 G{} R{}", 7u64.wrapping_neg(), 1u64 << 63));
}

#[test]
fn texts_are_keys_however_they_are_encoded_and_packed() {
    let (the, of) = (id(b"the"), id(b"of"));
    for name in ["none", "snappy", "gzip", "zstd", "lz4", "plain", "binary"] {
        assert_eq!(read(name), format!("P{the} G{of} R{the}"), "{name}");
    }
    let lengths = with_columns(&file("delta"), "key=key").unwrap();
    assert_eq!(brief(&all(&lengths)), format!("P{the} P{of} P{the}"), "as DELTA_LENGTH_BYTE_ARRAY");
    let (first, second) = (id(b"\0a"), id(b"\xffb"));
    assert_eq!(read("fixed"), format!("P{first} G{second} R{first}"));
    for name in ["duckdb", "pandas"] {
        assert_eq!(read(name), "P1 G2 R1", "{name}");
    }
}

#[test]
fn every_column_counts_across_pages_and_groups_of_rows() {
    let workload = open(&traced(file("every")));
    assert!(workload.hashed() && workload.value_lengths() && workload.told().is_none());
    let ops = all(&workload);
    assert_eq!(ops.len(), 3000);
    for (row, op) in (0u64..).zip(&ops) {
        let kind = if row == 1500 { Kind::Clear } else { [Kind::Put, Kind::Get, Kind::Remove][row as usize % 3] };
        let key = if row == 1500 { 0 } else { row / 3 };
        let value_bytes = if kind == Kind::Put { row as u32 } else { 0 };
        assert_eq!((op.kind, op.key, op.hash, op.value_bytes), (kind, key, key * 3, value_bytes), "row {row}");
    }
    // Every other row says how long its key is: 5.
    let lengths = workload.key_lengths().unwrap();
    assert_eq!((lengths.count, lengths.mean, lengths.max), (1500, 5.0, 5));

    let times = with_columns(&file("every"), "key=keys,op=operation,times=n").unwrap();
    assert_eq!(brief(&all(&times)[..6]), "P0 G0 G0 R0 P1 P1");
    assert_eq!(times.ops(), 4500);
}

#[test]
fn columns_are_named_and_nested_ones_by_their_path() {
    let nested = with_columns(&file("nested"), "key=request.key,op=request.op");
    let error = nested.unwrap_err();
    assert!(error.starts_with("nested.parquet: row 3: unknown op nothing; expected `new`"), "{error}");
    let keys = with_columns(&file("none_called_key"), "key=ID").unwrap();
    assert_eq!(brief(&all(&keys)), "P1 P2 P3");
    assert!(keys.told().unwrap().ends_with(
        "read as parquet: without a column op each row is a request of its key; a request \
         is a put (--trace-op get-or-insert: a get, and a put where that misses)"
    ));
}

#[test]
fn what_is_no_operation_is_refused_by_row_and_column() {
    for (name, columns, expected) in [
        (
            "double",
            "",
            "`key` is a column of numbers with a fraction; expected whole numbers or text: cast it, as duckdb",
        ),
        ("lists", "", "no column `key`; it has `key.list.element`: name the columns, as --columns 'key=NAME,op=NAME'"),
        ("lists", "key=key.list.element", "the column `key.list.element` holds lists; expected a value a row"),
        ("none_called_key", "", "no column `key`; it has `op`, `id`: name the columns"),
        ("none_called_key", "key=id,op=what", "no column `what`; it has `op`, `id`: name the columns"),
        ("null_key", "", "row 2: bad key: nothing in the column `key`; expected a number or a text"),
        ("numbered_op", "", "row 1: unknown op `0`; expected `new`, `insert`"),
        (
            "brotli",
            "",
            "the column `op` is packed with brotli; expected snappy, zstd, gzip, lz4 or nothing: write it anew",
        ),
        ("delta", "", "the column `op` holds texts as what differs from the one before (DELTA_BYTE_ARRAY)"),
        ("no_rows", "", "holds no operations"),
        ("every", "key=size,op=operation", "row 2: bad key: nothing in the column `size`"),
        (
            "every",
            "key=keys,value_bytes=note",
            "row 1: bad value_bytes: `x` in the column `note`; expected a number from 0 to",
        ),
        ("every", "key=keys,hash=note", "row 1: bad hash: `x` in the column `note`; expected a number or exactly 16"),
        ("every", "key=keys,hash=hash", "row 1501: bad key: nothing"),
        // Made by hand, to take memory by what they say of themselves.
        ("many_children", "", "can't be read as Parquet (a group of its schema has "),
        ("many_lengths", "", "row 1: can't be read as Parquet (more lengths of texts than the "),
    ] {
        let error = with_columns(&file(name), columns).unwrap_err();
        assert!(error.starts_with(&format!("{name}.parquet: {expected}")), "{error}");
    }
}

#[test]
fn a_file_that_comes_packed_or_as_another_is_read_or_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t");
    let bytes = std::fs::read(file("snappy")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    std::fs::write(&path, packed.finish().unwrap()).unwrap();
    assert_eq!(brief(&all(&open(&traced(&path)))), read("snappy"));
    // A file that was cut, wherever.
    for len in 5..bytes.len() {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let error = with_columns(&path, "").unwrap_err();
        assert!(
            error.starts_with("t: can't be read as Parquet (") || error.starts_with("t: is damaged"),
            "{len}: {error}"
        );
    }
    // Text that begins with the same letters is text.
    std::fs::write(&path, "PAR1\nPAR2\n").unwrap();
    assert_eq!(brief(&all(&open(&traced(&path)))), format!("P{} P{}", id(b"PAR1"), id(b"PAR2")));
    std::fs::write(&path, "PARE\u{1}").unwrap();
    assert!(with_columns(&path, "").unwrap_err().contains("is an encrypted Parquet file"));
}
