//! The whole recording for programs.

use std::io;

use serde_json::{Map, Value, json};

use super::figures::{COLUMNS, value};
use super::{Counts, Format, Recorded};
use crate::text;

pub(super) const FORMAT: Format = Format { name: "json", binary: false, of_sources: false, render };

/// The version of the document.
const SCHEMA: u32 = 1;

fn figures(recorded: &Recorded<'_>, counts: &Counts) -> Map<String, Value> {
    let figures =
        COLUMNS.iter().filter_map(|column| Some((column.0.to_owned(), value(recorded, counts, column)?.into())));
    figures.collect()
}

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let table = recorded.table;
    let processes = recorded.processes.iter().map(|process| {
        json!({
            "file": text::path(&process.path),
            "program": process.program,
            process.language.name(): process.built_with,
            "pid": process.pid,
            "sample": process.sample,
            "maps": process.maps.len(),
        })
    });
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let mut fields = Map::new();
        for (name, value) in [("place", &row.place.at), ("function", &row.place.function), ("type", &row.ty)] {
            fields.insert(name.to_owned(), value.as_str().into());
        }
        fields.extend(figures(recorded, &row.counts));
        if let Some(hint) = recorded.hint_of(index) {
            fields.insert("hint".to_owned(), hint.json());
        }
        Value::Object(fields)
    });
    let mut document = json!({
        "schema": SCHEMA,
        "processes": processes.collect::<Vec<_>>(),
        "total": figures(recorded, &table.total),
        "dropped": {
            "maps": table.dropped.maps,
            "places": table.dropped.places,
            "types": table.dropped.types,
            "names": table.dropped.names,
        },
        "places": rows.collect::<Vec<_>>(),
    });
    if let Some(manifest) = recorded.manifest {
        document["recording"] = json!(manifest);
    }
    let mut text = serde_json::to_vec_pretty(&document)?;
    text.push(b'\n');
    Ok(text)
}
