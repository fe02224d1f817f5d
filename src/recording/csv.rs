//! A row each place and type, a column a figure.

use std::io;

use super::figures::{COLUMNS, value};
use super::{Format, Recorded};

pub(super) const FORMAT: Format = Format { name: "csv", binary: false, of_sources: false, render };

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["place", "function", "type"].into_iter().chain(COLUMNS.iter().map(|column| column.0)))?;
    for row in &recorded.table.rows {
        let names = [&row.place.at, &row.place.function, &row.ty].map(String::clone);
        let figures = COLUMNS.iter().map(|column| value(recorded, &row.counts, column));
        let figures = figures.map(|figure| figure.map(|figure| figure.to_string()).unwrap_or_default());
        writer.write_record(names.into_iter().chain(figures))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
