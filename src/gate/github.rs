//! A verdict for GitHub Actions: an annotation for each cell that fails or is worth a look, and the Markdown in the step
//! summary.

use std::io;

use super::by_cell::line;
use super::format::{Format, Judged};
use super::subject::Subject;
use super::verdict::{Level, Outcome};
use crate::ci::github::{Annotation, Severity, commands};

pub(super) const FORMAT: Format = Format {
    name: "github",
    summary: "annotations of GitHub Actions; the Markdown goes into the step summary",
    render,
    render_places: render,
    step_summary: true,
};

/// As many changes of one cell are named.
const LINES_MAX: usize = 8;

fn render<Id: Subject>(judged: &Judged<'_, Id>) -> io::Result<String> {
    let verdict = judged.verdict;
    let mut annotations: Vec<Annotation> = (verdict.unjudged.iter())
        .map(|why| Annotation {
            severity: Severity::Error,
            title: "mapscope: not judged".to_owned(),
            message: why.clone(),
            at: None,
        })
        .collect();
    for cell in verdict.by_cell() {
        let severity = match cell.level() {
            Level::Fail => Severity::Error,
            Level::Unjudged | Level::Warn => Severity::Warning,
            Level::Allowed | Level::Better | Level::Inform | Level::Note => continue,
        };
        let changes: Vec<String> = cell.deciding().map(|change| line(change)).collect();
        let mut lines: Vec<String> = changes.iter().take(LINES_MAX).cloned().collect();
        lines.extend(changes.len().checked_sub(LINES_MAX).filter(|&n| n > 0).map(|more| format!("and {more} more")));
        let title = format!("mapscope: {}", cell.cell);
        let at = cell.cell.line().map(|(file, line)| (file.to_owned(), line.to_owned()));
        annotations.push(Annotation { severity, title, message: lines.join("\n"), at });
    }
    let summary = verdict.summary().replace("**", "");
    let what = match verdict.outcome() {
        Outcome::Pass => "mapscope gate passed",
        Outcome::Regression => "mapscope gate failed",
        Outcome::Unjudged => "mapscope gate could not judge",
    };
    annotations.push(Annotation { severity: Severity::Notice, title: what.to_owned(), message: summary, at: None });
    Ok(commands(&annotations))
}
