//! A row each type, or each map, a column a figure.

use std::io;

use super::figures::{COLUMNS, address, is_of_one};
use super::{Format, Shown};

pub(super) const FORMAT: Format = Format { name: "csv", render };

fn render(shown: &Shown<'_>) -> io::Result<String> {
    let columns = || COLUMNS.iter().filter(|(name, _)| !shown.each || is_of_one(name));
    let names =
        ["type", "type_by"].into_iter().chain(shown.each.then_some(["address", "header"]).into_iter().flatten());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(names.chain(columns().map(|(name, _)| *name)))?;
    for row in &shown.table.rows {
        let at = row.map.as_ref().map(|map| [address(row).unwrap_or_default(), map.header().to_owned()]);
        let names = [row.kind.name(), row.kind.by.name().to_owned()].into_iter().chain(at.into_iter().flatten());
        let figures = columns().map(|(_, figure)| figure(row).map(|figure| figure.to_string()).unwrap_or_default());
        writer.write_record(names.chain(figures))?;
    }
    let bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
