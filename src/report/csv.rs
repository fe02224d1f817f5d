//! One row a cell, one column a metric.

use std::io;

use csv::Writer;

use super::{Emit, Format};
use crate::record::metrics::{self, Number};
use crate::record::{Cell, Results};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    summary: "results.csv: one row a cell, one column a metric, blank where absent",
    always: true,
    render,
};

const IDENTITY: [&str; 11] =
    ["map", "keys", "mix", "load_factor", "hint", "entry", "ops", "seed", "status", "threads", "thread_keys"];

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut writer = Writer::from_writer(Vec::new());
    let names = metrics::all().iter().map(|metric| metric.name);
    writer.write_record(IDENTITY.into_iter().chain(names))?;
    for cell in &results.cells {
        let values = metrics::all().iter().map(|metric| (metric.value)(cell).map(text).unwrap_or_default());
        writer.write_record(identity(cell).into_iter().chain(values))?;
    }
    emit("results.csv", &writer.into_inner().map_err(|error| error.into_error())?)
}

fn identity(cell: &Cell) -> [String; 11] {
    let id = &cell.id;
    [
        id.map.clone(),
        id.keys.clone(),
        id.mix.clone(),
        id.load_factor.map(|x| x.to_string()).unwrap_or_default(),
        id.hint.to_string(),
        id.entry.clone(),
        id.ops.to_string(),
        id.seed.to_string(),
        cell.status.name().to_owned(),
        id.threads.map(|n| n.to_string()).unwrap_or_default(),
        id.thread_keys.clone().unwrap_or_default(),
    ]
}

/// The shortest digits that read back as the same number.
fn text(number: Number) -> String {
    match number {
        Number::Int(n) => n.to_string(),
        Number::Real(x) => x.to_string(),
    }
}
