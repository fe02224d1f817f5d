//! A run as JUnit XML: a test case a cell, which fails where the cell did.

use std::io;

use super::number::one_line;
use super::{Emit, Format};
use crate::ci::junit::{Case, Ended, Failure, Suite, document};
use crate::record::{Cell, Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "junit",
    summary: "junit.xml: a test case a cell, failed where the cell did, for Jenkins, GitLab and others",
    always: false,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut properties = vec![("profile".to_owned(), results.profile.clone())];
    for (machine, environment) in results.environments.iter().enumerate() {
        let place = if machine == 0 { String::new() } else { format!("{}.", machine + 1) };
        properties.extend(environment.fields().map(|(name, value)| (format!("{place}{name}"), value)));
    }
    let cases = results.cells.iter().map(case).collect();
    let suite = Suite { name: format!("mapscope {}", results.profile), properties, cases };
    emit("junit.xml", document(&suite)?.as_bytes())
}

fn case(cell: &Cell) -> Case {
    let error = cell.error.as_deref().unwrap_or_default();
    let message = if error.is_empty() { cell.status.name().to_owned() } else { one_line(error) };
    let failure = |message| Failure { kind: cell.status.name().to_owned(), message, text: error.to_owned() };
    let ended = match cell.status {
        Status::Ok => Ended::Passed,
        Status::NotRun | Status::Unavailable => Ended::Skipped { message },
        // It says nothing of the map.
        Status::HarnessFailed => Ended::Errored(failure(message)),
        _ => Ended::Failed(failure(message)),
    };
    Case { classname: cell.id.workload(), name: cell.id.to_string(), ended, output: None }
}
