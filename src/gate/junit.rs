//! A verdict as JUnit XML: a test case a cell.

use std::collections::BTreeMap;
use std::io;

use super::by_cell::{CellChanges, line};
use super::format::{Format, Judged};
use super::verdict::{Change, Level, What};
use crate::ci::junit::{Case, Ended, Failure, Suite, document};
use crate::record::{Cell, CellId, Results};

pub(super) const FORMAT: Format = Format {
    name: "junit",
    summary: "JUnit XML, a test case a cell: for Jenkins, GitLab, Azure Pipelines and others",
    render,
    step_summary: false,
};

fn render(judged: &Judged<'_>) -> io::Result<String> {
    let by_cell = judged.verdict.by_cell();
    let changes: BTreeMap<_, &CellChanges<'_>> = by_cell.iter().map(|of| (of.cell.key(), of)).collect();
    let known: BTreeMap<_, &Cell> = judged.baseline.cells.iter().map(|cell| (cell.id.key(), cell)).collect();
    let new = judged.current.cells.iter().filter(|cell| !known.contains_key(&cell.id.key()));
    // As a whole, they were not compared at all.
    let status = |change: &Change| matches!(change.what, What::Status { .. });
    let compared = judged.verdict.tally.cells > 0 || judged.verdict.changes.iter().any(status);
    let cells = judged.baseline.cells.iter().chain(new);
    let cells = cells.filter(|cell| compared || changes.contains_key(&cell.id.key()));
    let whole = judged.verdict.unjudged.iter().map(|why| not_judged(why));
    let cases = cells.map(|cell| case(&cell.id, changes.get(&cell.id.key()).copied()));
    let mut properties = vec![("summary".to_owned(), judged.verdict.summary().replace("**", ""))];
    properties.extend(environments("baseline", judged.baseline));
    properties.extend(environments("current", judged.current));
    let suite = Suite { name: "mapscope gate".to_owned(), properties, cases: whole.chain(cases).collect() };
    document(&suite)
}

fn environments<'a>(side: &'a str, results: &'a Results) -> impl Iterator<Item = (String, String)> + 'a {
    results.environments.iter().enumerate().flat_map(move |(machine, environment)| {
        let place = if machine == 0 { side.to_owned() } else { format!("{side}.{}", machine + 1) };
        environment.fields().map(|(name, value)| (format!("{place}.{name}"), value))
    })
}

fn not_judged(why: &str) -> Case {
    let failure = Failure { kind: "not judged".to_owned(), message: why.to_owned(), text: why.to_owned() };
    let name = "the records".to_owned();
    Case { classname: "mapscope".to_owned(), name, ended: Ended::Errored(failure), output: None }
}

fn case(id: &CellId, changes: Option<&CellChanges<'_>>) -> Case {
    let text = |changes: &CellChanges<'_>| changes.deciding().map(line).collect::<Vec<_>>().join("\n");
    let ended = match changes {
        Some(changes) if changes.level() == Level::Fail => Ended::Failed(Failure {
            kind: changes.changes[0].kind.word().to_owned(),
            message: changes.headline(),
            text: text(changes),
        }),
        Some(changes) if changes.level() == Level::Unjudged => Ended::Skipped { message: changes.headline() },
        _ => Ended::Passed,
    };
    let beside = |changes: &&CellChanges<'_>| matches!(ended, Ended::Passed) && !changes.changes.is_empty();
    let said =
        |changes: &CellChanges<'_>| changes.changes.iter().map(|change| line(change)).collect::<Vec<_>>().join("\n");
    let output = changes.filter(beside).map(said);
    Case { classname: id.workload(), name: id.to_string(), ended, output }
}
