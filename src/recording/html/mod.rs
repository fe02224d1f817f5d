//! The table as a page: one file that opens offline in any browser, in the report's style, without scripts.

use std::io;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::terminal::{COLUMNS, name_of, summary};
use super::{Format, Recorded, Row};
use crate::report::html::STYLE;
use crate::report::number::fit;

pub(super) const FORMAT: Format = Format { name: "html", binary: false, of_sources: false, render };

const TEMPLATE: &str = include_str!("page.html");
const OWN_STYLE: &str = include_str!("page.css");

/// A longer command is among the facts below.
const TITLE_CHARS_MAX: usize = 60;

/// Everything the template shows.
#[derive(Serialize)]
struct Page {
    mapscope: &'static str,
    styles: [&'static str; 2],
    title: String,
    /// The lines above the table on a terminal.
    summary: Vec<String>,
    heads: [&'static str; COLUMNS.len()],
    places: Vec<Place>,
    hints: Vec<Advice>,
    facts: Vec<(&'static str, String)>,
}

/// What the source says of a place.
#[derive(Serialize)]
struct Advice {
    at: String,
    with: String,
    why: Vec<String>,
}

#[derive(Serialize)]
struct Place {
    at: String,
    function: String,
    ty: String,
    figures: [String; COLUMNS.len()],
    /// Its bytes, in percent of those of the place that allocates most: in all, and what growing left behind.
    bar: [f64; 2],
}

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let most = recorded.table.rows.iter().map(|row| row.counts.alloc_bytes()).max().unwrap_or(0).max(1) as f64;
    let title = match (recorded.processes, recorded.manifest) {
        ([_, _, ..], Some(manifest)) => fit(&manifest.command.join(" "), TITLE_CHARS_MAX),
        ([first, ..], _) => name_of(&first.program).to_owned(),
        ([], _) => "nothing".to_owned(),
    };
    let page = Page {
        mapscope: env!("CARGO_PKG_VERSION"),
        styles: [STYLE, OWN_STYLE],
        title,
        summary: summary(recorded).lines().map(str::to_owned).collect(),
        heads: COLUMNS.map(|(head, ..)| head),
        places: recorded.table.rows.iter().map(|row| place(row, most)).collect(),
        hints: hints(recorded),
        facts: facts(recorded),
    };
    let mut environment = Environment::new();
    // What the template shows is escaped because its name ends in `.html`.
    environment.add_template("page.html", TEMPLATE).map_err(io::Error::other)?;
    let template = environment.get_template("page.html").map_err(io::Error::other)?;
    template.render(Serde(page)).map(String::into_bytes).map_err(io::Error::other)
}

fn hints(recorded: &Recorded<'_>) -> Vec<Advice> {
    let hints = recorded.hints.unwrap_or_default().iter().map(|hint| {
        let row = &recorded.table.rows[hint.row];
        Advice { at: row.place.at.clone(), with: hint.with(), why: hint.why(row) }
    });
    hints.collect()
}

fn place(row: &Row, most: f64) -> Place {
    let counts = &row.counts;
    let percent = |bytes: u64| 100.0 * bytes as f64 / most;
    Place {
        at: row.place.at.clone(),
        function: row.place.function.clone(),
        ty: row.ty.clone(),
        figures: COLUMNS.map(|(_, _, figure)| figure(counts)),
        bar: [percent(counts.alloc_bytes()), percent(counts.abandoned_bytes.min(counts.alloc_bytes()))],
    }
}

fn facts(recorded: &Recorded<'_>) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(manifest) = recorded.manifest {
        facts.push(("command", manifest.command.join(" ")));
        facts.push(("in", crate::text::path(&manifest.folder)));
    }
    for process in recorded.processes {
        facts.push(("process", format!("{}, {}, number {}", process.program, process.built_with, process.pid)));
    }
    facts
}
