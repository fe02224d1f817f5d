//! One row a cell, one column a metric.

use std::io;

use csv::Writer;

use super::identity::columns;
use super::{Emit, Format};
use crate::record::Results;
use crate::record::metrics;

pub(super) const FORMAT: Format = Format {
    name: "csv",
    summary: "results.csv: one row a cell, one column a metric, blank where absent",
    always: true,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut writer = Writer::from_writer(Vec::new());
    let metrics = metrics::of([results]);
    let names = metrics.iter().map(|metric| metric.name);
    writer.write_record(columns().map(|column| column.name()).chain(names))?;
    for cell in &results.cells {
        let identity = columns().map(|column| column.value(cell).map(|value| literal(value.to_string())));
        let values = metrics.iter().map(|metric| metric.value(cell).map(|number| number.to_string()));
        writer.write_record(identity.chain(values).map(Option::unwrap_or_default))?;
    }
    emit("results.csv", &writer.into_inner().map_err(|error| error.into_error())?)
}

/// What a spreadsheet would take for a formula, as text.
fn literal(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
