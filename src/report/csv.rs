//! `results.csv`: one row a cell, a column a metric.

use std::io;

use super::{Emit, Format};
use crate::record::metrics::{self, Metric};
use crate::record::{Cell, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    summary: "results.csv: one row a cell, one column a metric; for spreadsheets and scripts",
    render,
};

/// The columns before the metrics: what the cell is, and how it ended.
const IDENTITY: [&str; 9] = ["map", "keys", "mix", "load_factor", "hint", "entry", "ops", "seed", "status"];

/// Absent figures are blank, and all figures of a cell that failed: what it did is not what it was asked for.
/// Floats have the shortest digits that read back alike.
fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let metrics = metrics::all();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(IDENTITY.iter().copied().chain(metrics.iter().map(|metric| metric.name)))?;
    for cell in &results.cells {
        csv.write_record(identity(cell).into_iter().chain(metrics.iter().map(|metric| figure(metric, cell))))?;
    }
    emit("results.csv", &csv.into_inner().map_err(|error| error.into_error())?)
}

fn identity(cell: &Cell) -> [String; 9] {
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
    ]
}

fn figure(metric: &Metric, cell: &Cell) -> String {
    let value = if cell.status == Status::Ok { (metric.value)(cell) } else { None };
    value.map(|number| number.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn a_cell_is_a_row_whether_it_failed_or_not() {
        let mut text = Vec::new();
        render(&fixture::results(), &mut |_, bytes| {
            text = bytes.to_vec();
            Ok(())
        })
        .unwrap();
        let mut csv = csv::Reader::from_reader(text.as_slice());
        let header = csv.headers().unwrap().clone();
        let rows: Vec<_> = csv.records().collect::<Result<_, _>>().unwrap();
        let at = |row: usize, name: &str| &rows[row][header.iter().position(|column| column == name).expect(name)];

        assert_eq!(header.len(), 9 + metrics::all().len());
        assert_eq!(rows.len(), 10);
        assert_eq!(at(0, "load_factor"), "6.5");
        assert_eq!(at(1, "load_factor"), "");
        assert_eq!(at(5, "mix"), "mix(insert=40,remove=40,get=20)", "quoted and read back");
        assert_eq!(at(1, "allocs_per_write"), "0.000018");
        assert_eq!(at(1, "alloc_bytes_per_write"), "35.65182");
        assert_eq!(at(1, "overflow_buckets"), "", "std has none");
        assert_eq!(at(9, "status"), "timed-out");
        assert!(rows[9].iter().skip(9).all(str::is_empty), "a failed cell has no figures");
    }
}
