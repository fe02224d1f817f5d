//! The whole recording for programs.

use std::io;

use serde_json::{Map, Value, json};

use super::figures::{COLUMNS, value};
use super::{Counts, Format, Process, Recorded};
use crate::text;

pub(super) const FORMAT: Format = Format { name: "json", binary: false, of_sources: false, render };

/// The version of the document.
const SCHEMA: u32 = 1;

fn figures(recorded: &Recorded<'_>, counts: &Counts) -> Map<String, Value> {
    let figures =
        COLUMNS.iter().filter_map(|column| Some((column.0.to_owned(), value(recorded, counts, column)?.into())));
    figures.collect()
}

/// What was recorded in each period: N, or null where nothing was, and the figures of the maps that were made in it, unless
/// the figures beside them are of some places only.
fn periods(recorded: &Recorded<'_>, process: &Process) -> Value {
    let mut maps = vec![Vec::new(); process.periods.len()];
    for map in process.maps.iter().filter(|_| recorded.packages.is_none()) {
        maps[map.period as usize].push(map);
    }
    let periods = process.periods.iter().zip(maps).map(|(period, maps)| {
        let mut fields = match recorded.packages {
            None => figures(recorded, &Counts::of(process, maps.into_iter())),
            Some(_) => Map::new(),
        };
        fields.insert("since_unix_ms".to_owned(), (period.since.as_millis() as u64).into());
        fields.insert("sample".to_owned(), period.sample.one_of().into());
        Value::Object(fields)
    });
    periods.collect()
}

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let table = recorded.table;
    let processes = recorded.processes.iter().map(|process| {
        let mut fields = json!({
            "file": text::path(&process.path),
            "program": process.program,
            process.language.name(): process.built_with,
            "pid": process.pid,
            "sample": process.sample().one_of(),
            "maps": process.maps.len(),
        });
        if process.periods.len() > 1 {
            fields["periods"] = periods(recorded, process);
        }
        fields
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
    if let Some(packages) = recorded.packages {
        document["packages"] = json!(packages.patterns());
    }
    if let Some(manifest) = recorded.manifest {
        document["recording"] = json!(manifest);
    }
    let mut text = serde_json::to_vec_pretty(&document)?;
    text.push(b'\n');
    Ok(text)
}
