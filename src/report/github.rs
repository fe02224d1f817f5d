//! A run for GitHub Actions: annotations for what failed and what stands out, and a short table for the step summary.

use std::io;

use super::group::{Group, groups, tables};
use super::markdown::{escape, figures};
use super::standout::{FAILURES, findings};
use super::{Emit, Format};
use crate::ci::github::{Annotation, SUMMARY_BYTES_MAX, Severity, commands, cut};
use crate::record::{Results, Status};

pub(super) const FORMAT: Format = Format {
    name: "github",
    summary: "github.txt, step-summary.md: annotations to print, a short table to append, in GitHub Actions",
    always: false,
    render,
};

/// The columns of the short table: those that a terminal of some 100 columns shows.
const RANK_MAX: u8 = 7;

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let mut found = findings(&groups(results));
    // What failed has annotations of its own.
    found.retain(|finding| finding.subject != FAILURES);
    let standouts: Vec<String> = found.into_iter().map(|finding| finding.text).collect();
    emit("github.txt", commands(&annotations(results, &standouts)).as_bytes())?;
    emit("step-summary.md", cut(&summary(results, &tables(results), &standouts), SUMMARY_BYTES_MAX).as_bytes())
}

fn annotations(results: &Results, standouts: &[String]) -> Vec<Annotation> {
    let failed = results.cells.iter().filter(|cell| cell.status != Status::Ok).map(|cell| {
        let severity = match cell.status {
            Status::NotRun | Status::Unavailable => Severity::Warning,
            _ => Severity::Error,
        };
        let title = format!("mapscope: {} {}", cell.status.name(), cell.id);
        let message = cell.error.clone().unwrap_or_else(|| cell.status.name().to_owned());
        Annotation { severity, title, message, at: None }
    });
    let stands_out = standouts.iter().map(|text| Annotation {
        severity: Severity::Notice,
        title: "mapscope: what stands out".to_owned(),
        message: text.clone(),
        at: None,
    });
    failed.chain(stands_out).collect()
}

fn summary(results: &Results, groups: &[Group<'_>], standouts: &[String]) -> String {
    let failed = results.cells.iter().filter(|cell| cell.status != Status::Ok).count();
    let mut text = format!("## mapscope: {}\n\n", escape(&results.profile));
    text += &match failed {
        0 => format!("All {} cells ok.\n", results.cells.len()),
        failed => format!("**{failed} of {} cells failed.**\n", results.cells.len()),
    };
    if results.partial {
        text += "Partial: the run ended before all cells were done.\n";
    }
    standouts.iter().enumerate().for_each(|(index, line)| {
        text += &format!("{}- {}\n", if index == 0 { "\n" } else { "" }, escape(line));
    });
    for group in groups {
        text += &format!("\n### {}\n", escape(&group.title()));
        for table in [false, true].map(|timed| figures(group, timed, RANK_MAX)).iter().filter(|table| !table.is_empty())
        {
            text += &format!("\n{table}");
        }
        for row in group.rows.iter().filter(|row| row.failed()) {
            let error = row.cell.error.as_deref().map(|error| format!(": {}", escape(error))).unwrap_or_default();
            text += &format!("\n{}: **{}**{error}\n", escape(&row.label), row.cell.status.name());
        }
    }
    text
}
