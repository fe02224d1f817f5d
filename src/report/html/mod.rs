//! A report to look at: one file that opens offline in any browser.
//!
//! What it says without its scripts (what was run, what stands out, the machine, what each metric means) is in the
//! template; everything else is drawn in the page from the data that it carries. A chunk of data is JSON, deflated, in
//! base64: the [overview](data) is unpacked when the page opens, [latencies](curves) and what went on
//! [over time](course) a workload at a time and [stacks](trees) a cell at a time when they are looked at.
//!
//! The charts are drawn by Observable Plot and D3, whose files are in `vendor/` as they were published.

mod course;
mod curves;
mod data;
mod overview;
mod trees;

use std::io::{self, Write as _};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::group::groups;
use super::standout::{FAILURES, findings};
use super::{Emit, Format};
use crate::record::{Results, metrics};

pub(super) const FORMAT: Format = Format {
    name: "html",
    summary: "index.html: the whole run to look at, in one file: findings, tables, charts, flame graphs",
    always: true,
    render,
};

const TEMPLATE: &str = include_str!("page/index.html");
/// The style sheet, shared with other pages.
pub(crate) const STYLE: &str = include_str!("page/style.css");
/// Light and dark, shared as well: `themes()`.
pub(crate) const THEME: &str = include_str!("page/theme.js");
/// In the order in which they build on each other.
const SCRIPTS: [&str; 17] = [
    include_str!("vendor/d3.min.js"),
    include_str!("vendor/plot.umd.min.js"),
    THEME,
    include_str!("page/base.js"),
    include_str!("page/chart.js"),
    include_str!("page/findings.js"),
    include_str!("page/cell.js"),
    include_str!("page/table.js"),
    include_str!("page/view.js"),
    include_str!("page/explore.js"),
    include_str!("page/latency.js"),
    include_str!("page/heat.js"),
    include_str!("page/tail.js"),
    include_str!("page/memory.js"),
    include_str!("page/structure.js"),
    include_str!("page/flame.js"),
    include_str!("page/main.js"),
];
const LICENSES: [&str; 2] = [include_str!("vendor/d3.LICENSE"), include_str!("vendor/plot.LICENSE")];

/// Everything the template shows.
#[derive(Serialize)]
struct Page<'a> {
    overview: overview::Overview<'a>,
    style: &'static str,
    scripts: [&'static str; SCRIPTS.len()],
    licenses: [&'static str; LICENSES.len()],
    chunks: Vec<Chunk>,
}

/// Data of the page under the name by which its scripts ask for it.
#[derive(Serialize)]
struct Chunk {
    name: String,
    deflate_base64: String,
}

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    let groups = groups(results);
    // What failed has a place of its own.
    let mut findings = findings(&groups);
    findings.retain(|finding| finding.subject != FAILURES);
    let mut names = trees::Names::default();
    let mut chunks =
        vec![chunk("overview".to_owned(), &data::Overview::new(&groups, &findings, &metrics::in_reports(results)))?];
    for (index, group) in groups.iter().enumerate() {
        if let Some(latencies) = curves::of(group) {
            chunks.push(chunk(format!("latency-{index}"), &latencies)?);
        }
        if let Some(course) = course::of(group) {
            chunks.push(chunk(format!("course-{index}"), &course)?);
        }
    }
    for (index, row) in groups.iter().flat_map(|group| &group.rows).enumerate().filter(|(_, row)| !row.failed()) {
        if let Some(trees) = trees::of(row.cell, &mut names) {
            chunks.push(chunk(format!("stacks-{index}"), &trees)?);
        }
    }
    chunks.push(chunk("functions".to_owned(), &names)?);
    let overview = overview::Overview::new(results, &groups, findings);
    let page = Page { overview, style: STYLE, scripts: SCRIPTS, licenses: LICENSES, chunks };
    emit("index.html", fill_in(&page).map_err(io::Error::other)?.as_bytes())
}

fn fill_in(page: &Page<'_>) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // What the template shows is escaped because its name ends in `.html`.
    environment.add_template("index.html", TEMPLATE)?;
    environment.get_template("index.html")?.render(Serde(page))
}

fn chunk(name: String, data: &impl Serialize) -> io::Result<Chunk> {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(&serde_json::to_vec(data)?)?;
    Ok(Chunk { name, deflate_base64: BASE64_STANDARD.encode(deflated.finish()?) })
}
