//! The whole census for programs.

use std::io;

use serde_json::{Map, Value, json};

use super::figures::{COLUMNS, address, is_of_one};
use super::{Format, Row, Shown};

pub(super) const FORMAT: Format = Format { name: "json", render };

/// The version of the document.
pub(super) const SCHEMA: u32 = 1;

/// The figures of a type, or of a map.
pub(super) fn fields(row: &Row) -> Value {
    let mut fields = Map::new();
    fields.insert("type".to_owned(), row.kind.name().into());
    fields.insert("type_by".to_owned(), row.kind.by.name().into());
    if row.kind.names.len() > 1 {
        fields.insert("types".to_owned(), row.kind.names.clone().into());
    }
    if let (Some(map), Some(address)) = (&row.map, address(row)) {
        fields.insert("address".to_owned(), address.into());
        fields.insert("header".to_owned(), map.header().into());
    }
    let columns = COLUMNS.iter().filter(|(name, _)| row.map.is_none() || is_of_one(name));
    fields.extend(columns.filter_map(|(name, figure)| Some(((*name).to_owned(), figure(row)?.into()))));
    Value::Object(fields)
}

fn render(shown: &Shown<'_>) -> io::Result<String> {
    let (census, total) = (shown.census, &shown.table.total);
    let rows = shown.table.rows.iter().map(fields);
    let mut document = json!({
        "schema": SCHEMA,
        "of": census.of,
        "program": census.program,
        "go": census.go,
        "heap_bytes": census.heap_bytes,
        "changing_maps": census.changing,
        "is_cut": census.is_cut,
        "total": {
            "maps": total.maps,
            "entries": total.entries,
            "capacity": total.capacity,
            "known_bytes": total.bytes,
            "maps_of_unknown_entries": total.unknown,
        },
    });
    if let Some(tombstones) = total.tombstones {
        document["total"]["tombstones"] = tombstones.into();
    }
    document[if shown.each { "maps" } else { "types" }] = rows.collect();
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
