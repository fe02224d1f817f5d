//! The count pass of a cell in this process, for who needs its figures and no record of a run.

use super::opened::blank;
use super::passes;
use super::subjects::Subjects;
use crate::plan::CellSpec;
use crate::record::{Cell, Status};
use crate::subject::{Failure, Opening};
use crate::workload::Workload;

/// The cell's record, with what its count pass counted on this workload, whatever the cell's own is. Nothing is checked but
/// what the map itself answers, and a map that panics ends this process: it is for maps that ship.
///
/// # Errors
///
/// A map that is not there, or that can't do it.
pub fn count_here(cell: &CellSpec, workload: &Workload, subjects: &Subjects) -> Result<Cell, Failure> {
    let name = cell.map.name;
    let subject = subjects.find(name).ok_or_else(|| Failure::harness(format!("there is no map called {name}")))?;
    let mut session = subject.open(Opening { cell, workload, prepared: None })?;
    let (counted, _) = passes::count(&mut *session, workload, None)?;
    let passes::Counted { end, key_bytes, value_bytes, count } = counted;
    let blank = blank(cell, workload, Some(subject));
    Ok(Cell { status: Status::Ok, key_bytes, value_bytes, expected: end, count: Some(count), ..blank })
}
