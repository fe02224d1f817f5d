//! The Parquet table, read by pyarrow and by DuckDB, value by value beside `results.csv`.

use std::path::Path;

use mapscope::record::metrics;

use super::figures::record;
use super::python::run;
use super::write;

/// The columns of `results.csv` with the type that each must have: text, integer or real number.
fn columns(header: &csv::StringRecord) -> Vec<(String, &'static str)> {
    let kind = |name: &str| match metrics::find(name) {
        Some(metric) if metric.whole() => "int",
        Some(_) => "real",
        None if ["hint", "ops", "seed", "threads"].contains(&name) => "int",
        None if name == "load_factor" => "real",
        None => "text",
    };
    header.iter().map(|name| (name.to_owned(), kind(name))).collect()
}

/// Compares the rows that a reader printed as JSON, after a line with its columns' names and types.
fn compare(printed: &str, folder: &Path, types: [&str; 3]) {
    let mut csv = csv::Reader::from_path(folder.join("results.csv")).unwrap();
    let columns = columns(csv.headers().unwrap());
    let mut lines = printed.lines();
    let schema: Vec<(String, String)> = serde_json::from_str(lines.next().expect("the schema")).unwrap();
    let named = |kind: &str| types[["text", "int", "real"].iter().position(|of| *of == kind).unwrap()].to_owned();
    assert_eq!(schema, columns.iter().map(|(name, kind)| (name.clone(), named(kind))).collect::<Vec<_>>());
    let (mut rows, mut values, mut absent) = (0, 0, 0);
    for row in csv.records() {
        let row = row.unwrap();
        let read: Vec<Option<String>> = serde_json::from_str(lines.next().expect("a row")).unwrap();
        assert_eq!(read.len(), columns.len());
        for ((expected, read), (name, kind)) in row.iter().zip(read).zip(&columns) {
            match read {
                None => assert_eq!(expected, "", "{name}"),
                Some(read) if *kind == "real" => {
                    assert_eq!(read.parse::<f64>().unwrap(), expected.parse::<f64>().expect(name), "{name}");
                }
                Some(ref read) => assert_eq!(read, expected, "{name}"),
            }
            if expected.is_empty() { absent += 1 } else { values += 1 }
        }
        rows += 1;
    }
    assert_eq!((rows, lines.next()), (record().cells.len(), None));
    assert!(values > 600 && absent > 300, "{values} values, {absent} absent");
}

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write("csv", record(), folder.path());
    assert_eq!(write("parquet", record(), folder.path()), ["results.parquet"]);
    folder
}

#[test]
fn pyarrow_reads_the_table() {
    const SCRIPT: &str = "
import json
import pyarrow.parquet
table = pyarrow.parquet.read_table('results.parquet')
table.validate(full=True)
print(json.dumps([[field.name, str(field.type)] for field in table.schema]))
for row in zip(*(column.to_pylist() for column in table.columns)):
    print(json.dumps([None if value is None else str(value) for value in row]))
";
    let folder = written();
    let Some(printed) = run(&["pyarrow"], folder.path(), SCRIPT, &[]) else { return };
    compare(&printed, folder.path(), ["string", "uint64", "double"]);
}

#[test]
fn duckdb_reads_the_table() {
    const SCRIPT: &str = "
import json
import duckdb
table = duckdb.sql(\"from 'results.parquet'\")
print(json.dumps([[name, str(kind)] for name, kind in zip(table.columns, table.types)]))
for row in table.fetchall():
    print(json.dumps([None if value is None else str(value) for value in row]))
";
    let folder = written();
    let Some(printed) = run(&["duckdb"], folder.path(), SCRIPT, &[]) else { return };
    compare(&printed, folder.path(), ["VARCHAR", "UBIGINT", "DOUBLE"]);
}

#[test]
fn the_metadata_say_what_a_column_means() {
    const SCRIPT: &str = "
import duckdb
for key, value in duckdb.sql(\"select key, value from parquet_kv_metadata('results.parquet')\").fetchall():
    print(key.decode(), value.decode(), sep='\\t')
";
    let folder = written();
    let Some(printed) = run(&["duckdb"], folder.path(), SCRIPT, &[]) else { return };
    let pairs: Vec<_> = printed.lines().map(|line| line.split_once('\t').expect(line)).collect();
    let value = |key: &str| pairs.iter().find(|(of, _)| *of == key).map(|(_, value)| *value);
    for metric in metrics::all() {
        let about: serde_json::Value =
            serde_json::from_str(value(&format!("metric.{}", metric.name)).unwrap()).unwrap();
        assert_eq!((&about["unit"], &about["summary"]), (&metric.unit.into(), &metric.summary.into()));
        assert_eq!(about["class"], metric.class.name());
        assert_eq!(about["better"], metric.better.name().unwrap_or("neither"));
    }
    assert_eq!(value("profile"), Some(&*record().profile));
    let environments: Vec<mapscope::record::Environment> =
        serde_json::from_str(value("environments").unwrap()).unwrap();
    assert_eq!(environments, record().environments);
}
