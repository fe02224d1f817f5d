//! A verdict as JUnit XML: a test case a cell.

use std::collections::BTreeMap;
use std::io;

use super::by_cell::{CellChanges, line};
use super::format::{Format, Judged};
use super::subject::{Identity, Subject};
use super::verdict::{Change, Level, What};
use crate::ci::junit::{Case, Ended, Failure, Suite, document};

pub(super) const FORMAT: Format = Format {
    name: "junit",
    summary: "JUnit XML, a test case a cell: for Jenkins, GitLab, Azure Pipelines and others",
    render,
    render_places: render,
    step_summary: false,
};

fn render<Id: Subject>(judged: &Judged<'_, Id>) -> io::Result<String> {
    let by_cell = judged.verdict.by_cell();
    let changes: BTreeMap<_, &CellChanges<'_, Id>> = by_cell.iter().map(|of| (Identity(of.cell), of)).collect();
    // As a whole, they were not compared at all.
    let status = |change: &Change<Id>| matches!(change.what, What::Status { .. });
    let compared = judged.verdict.tally.cells > 0 || judged.verdict.changes.iter().any(status);
    let subjects = judged.subjects.iter().filter(|&&id| compared || changes.contains_key(&Identity(id)));
    let whole = judged.verdict.unjudged.iter().map(|why| not_judged(why));
    let cases = subjects.map(|&id| case(id, changes.get(&Identity(id)).copied()));
    let mut properties = vec![("summary".to_owned(), judged.verdict.summary().replace("**", ""))];
    properties.extend(judged.properties.iter().cloned());
    let suite = Suite { name: "mapscope gate".to_owned(), properties, cases: whole.chain(cases).collect() };
    document(&suite)
}

fn not_judged(why: &str) -> Case {
    let failure = Failure { kind: "not judged".to_owned(), message: why.to_owned(), text: why.to_owned() };
    let name = "the records".to_owned();
    Case { classname: "mapscope".to_owned(), name, ended: Ended::Errored(failure), output: None }
}

fn case<Id: Subject>(id: &Id, changes: Option<&CellChanges<'_, Id>>) -> Case {
    let text =
        |changes: &CellChanges<'_, Id>| changes.deciding().map(|change| line(change)).collect::<Vec<_>>().join("\n");
    let ended = match changes {
        Some(changes) if changes.level() == Level::Fail => Ended::Failed(Failure {
            kind: changes.changes[0].kind.word().to_owned(),
            message: changes.headline(),
            text: text(changes),
        }),
        Some(changes) if changes.level() == Level::Unjudged => Ended::Skipped { message: changes.headline() },
        _ => Ended::Passed,
    };
    let beside = |changes: &&CellChanges<'_, Id>| matches!(ended, Ended::Passed) && !changes.changes.is_empty();
    let said = |changes: &CellChanges<'_, Id>| {
        changes.changes.iter().map(|change| line(change)).collect::<Vec<_>>().join("\n")
    };
    let output = changes.filter(beside).map(said);
    Case { classname: id.group(), name: id.to_string(), ended, output }
}
