//! What is served: as `mapscope maps --format json` and `--format openmetrics` write it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::figures::{COLUMNS, Column, Counts};
use super::table::Table;
use crate::recorder::Reader;

fn value(table: &Table, counts: &Counts, (name, _, of): &Column) -> Option<u64> {
    of(counts).filter(|_| table.has_lookups || !["lookups", "iterations"].contains(name))
}

fn figures(table: &Table, counts: &Counts) -> Map<String, Value> {
    let figures = COLUMNS.iter().filter_map(|column| Some((column.0.to_owned(), value(table, counts, column)?.into())));
    figures.collect()
}

/// N of the last period; none where nothing is recorded.
fn sample(table: &Table) -> Option<u32> {
    table.periods.last().map(|period| period.one_of).filter(|&n| n > 0)
}

pub(super) fn json(from: Reader, table: &Table) -> Vec<u8> {
    let mut process = json!({
        "program": from.text(from.u32(144)),
        "rust": from.text(from.u32(44)),
        "pid": from.u64(16),
        "sample": sample(table),
        "maps": table.total.maps,
    });
    if let Some(path) = from.path() {
        process["file"] = path.into();
    }
    if table.periods.len() > 1 {
        let periods = table.periods.iter().map(|period| {
            let mut fields = figures(table, &period.counts);
            fields.insert("since_unix_ms".to_owned(), period.since_unix_ms.into());
            fields.insert("sample".to_owned(), Some(period.one_of).filter(|&n| n > 0).into());
            Value::Object(fields)
        });
        process["periods"] = periods.collect();
    }
    let rows = table.rows.iter().map(|row| {
        let mut fields = figures(table, &row.counts);
        for (name, value) in [("place", &row.place), ("function", &row.function), ("type", &row.ty)] {
            fields.insert(name.to_owned(), value.as_str().into());
        }
        Value::Object(fields)
    });
    let dropped: Map<_, _> = table.dropped.iter().map(|&(kind, count)| (kind.to_owned(), count.into())).collect();
    let document = json!({
        "schema": 1,
        "processes": [process],
        "total": figures(table, &table.total),
        "dropped": dropped,
        "places": rows.collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
    text.push(b'\n');
    text
}

pub(super) fn openmetrics(from: Reader, table: &Table) -> Vec<u8> {
    let mut text = String::new();
    const INFO: &str = "mapscope_recording_info";
    head(&mut text, INFO, "", "What was recorded: 1 for each process.");
    let info = labels(&[
        ("program", &from.text(from.u32(144))),
        ("rust", &from.text(from.u32(44))),
        ("pid", &from.u64(16).to_string()),
        ("sample", &sample(table).map_or_else(|| "off".to_owned(), |n| format!("1/{n}"))),
    ]);
    let _ = writeln!(text, "{INFO}{{{info}}} 1");
    const DROPPED: &str = "mapscope_recording_dropped";
    head(&mut text, DROPPED, "", "What there was no room for.");
    for (kind, count) in table.dropped {
        let _ = writeln!(text, "{DROPPED}{{kind=\"{kind}\"}} {count}");
    }
    for column in COLUMNS {
        let (name, unit) = family(column.0);
        let samples = table.rows.iter().filter_map(|row| Some((row, value(table, &row.counts, column)?)));
        let mut samples = samples.peekable();
        if samples.peek().is_some() {
            head(&mut text, &name, unit, column.1);
        }
        for (row, value) in samples {
            let place = labels(&[("place", &row.place), ("function", &row.function), ("type", &row.ty)]);
            let _ = writeln!(text, "{name}{{{place}}} {value}");
        }
    }
    (text + "# EOF\n").into_bytes()
}

fn head(text: &mut String, name: &str, unit: &str, help: &str) {
    let _ = writeln!(text, "# TYPE {name} gauge");
    if !unit.is_empty() {
        let _ = writeln!(text, "# UNIT {name} {unit}");
    }
    let _ = writeln!(text, "# HELP {name} {help}");
}

/// `key="value",...`; a label without a value would be the same as none.
fn labels(labels: &[(&str, &str)]) -> String {
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    labels.map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A figure's name here, in which the unit comes last, and its unit.
fn family(figure: &str) -> (String, &'static str) {
    match figure.strip_suffix("_bytes_max") {
        Some(held) => (format!("mapscope_place_{held}_max_bytes"), "bytes"),
        None if figure.ends_with("_bytes") => (format!("mapscope_place_{figure}"), "bytes"),
        None => (format!("mapscope_place_{figure}"), ""),
    }
}
