//! What the page says without its scripts.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::group::Group;
use super::super::number::integer;
use super::super::sides::SIDES;
use super::super::standout::Finding;
use super::super::undisturbed;
use crate::record::metrics::{self, Class};
use crate::record::{Cell, Environment, Results, Status};

#[derive(Serialize)]
pub(super) struct Overview<'a> {
    profile: &'a str,
    mapscope: &'a str,
    partial: bool,
    /// What was run, in a sentence.
    what: String,
    /// What is said of all times.
    notes: Vec<String>,
    /// The sentences on what stands out.
    findings: Vec<String>,
    /// What was run: names and values.
    facts: Vec<(&'static str, String)>,
    cells: String,
    failed: Vec<Failed>,
    environments: Vec<&'a Environment>,
    /// Small tables beside the figures.
    sides: Vec<Beside>,
    /// The versions of the maps on each machine.
    versions: Vec<String>,
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
struct Beside {
    title: &'static str,
    headings: &'static [&'static str],
    legend: String,
    /// Workloads and their rows.
    tables: Vec<(String, Vec<Vec<String>>)>,
}

#[derive(Serialize)]
struct Failed {
    cell: String,
    status: &'static str,
    error: String,
}

#[derive(Serialize)]
struct Metric {
    name: &'static str,
    unit: &'static str,
    exact: bool,
    summary: &'static str,
}

impl<'a> Overview<'a> {
    pub fn new(results: &'a Results, groups: &[Group<'_>], findings: Vec<Finding>) -> Overview<'a> {
        let failed = || results.cells.iter().filter(|cell| cell.status != Status::Ok);
        Overview {
            profile: &results.profile,
            mapscope: &results.mapscope,
            partial: results.partial,
            what: what(results, groups),
            notes: undisturbed::notes(results),
            findings: findings.into_iter().map(|finding| finding.text).collect(),
            facts: facts(results, groups),
            cells: integer(results.cells.len() as u64),
            failed: failed()
                .map(|cell| Failed {
                    cell: cell.id.to_string(),
                    status: cell.status.name(),
                    error: cell.error.clone().unwrap_or_default(),
                })
                .collect(),
            environments: results.environments.iter().collect(),
            sides: (SIDES.iter())
                .map(|side| {
                    let tables: Vec<_> =
                        side.of(groups).into_iter().map(|(group, rows)| (group.title(), rows)).collect();
                    let legend = side.whole_legend(tables.iter().flat_map(|(_, rows)| rows));
                    Beside { title: side.title, headings: side.headings, legend, tables }
                })
                .filter(|side| !side.tables.is_empty())
                .collect(),
            versions: (0..results.environments.len()).map(|machine| versions(results, machine)).collect(),
            metrics: (metrics::of([results]).iter())
                .map(|metric| Metric {
                    name: metric.name,
                    unit: metric.unit,
                    exact: metric.class == Class::Exact,
                    summary: metric.summary,
                })
                .collect(),
        }
    }
}

/// `go-classic and std on 2 workloads of 100,000 operations each, counted and timed on AMD EPYC`.
fn what(results: &Results, groups: &[Group<'_>]) -> String {
    const NAMED_MAX: usize = 8;
    let mut maps = Vec::new();
    for cell in &results.cells {
        if !maps.contains(&cell.id.map) {
            maps.push(cell.id.map.clone());
        }
    }
    let maps = if maps.len() > NAMED_MAX { format!("{} maps", maps.len()) } else { and(&maps) };
    let ops = || results.cells.iter().map(|cell| cell.id.ops);
    let (Some(least), Some(most)) = (ops().min(), ops().max()) else { return String::new() };
    let ops = if least == most { integer(least) } else { format!("{} to {}", integer(least), integer(most)) };
    let operations = if most == 1 { "operation" } else { "operations" };
    let workloads = match groups.len() {
        1 => format!("{}, {ops} {operations}", groups[0].name.replace(&format!(", {ops} ops"), "")),
        several => format!("{several} workloads of {ops} {operations} each"),
    };
    let done: Vec<String> = passes(results).map(|(_, done)| done.to_owned()).collect();
    let done = if done.is_empty() { String::new() } else { format!(", {}", and(&done)) };
    let mut machines: Vec<String> = results.environments.iter().map(|machine| machine.cpu.clone()).collect();
    machines.dedup();
    format!("{maps} on {workloads}{done} on {}", and(&machines))
}

/// `a, b and c`.
fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// The passes whose figures are shown, and what they did to the maps.
fn passes(results: &Results) -> impl Iterator<Item = (&'static str, &'static str)> {
    let any = |has: fn(&Cell) -> bool| results.cells.iter().any(|cell| cell.status == Status::Ok && has(cell));
    let passes = [
        (any(|cell| cell.count.is_some()), ("count", "counted")),
        (any(|cell| cell.time.is_some()), ("time", "timed")),
        (any(|cell| cell.profile.is_some()), ("profile", "profiled")),
        (any(|cell| cell.instructions.is_some()), ("instructions", "run under Valgrind")),
    ];
    passes.into_iter().filter(|(any, _)| *any).map(|(_, names)| names)
}

fn facts(results: &Results, groups: &[Group<'_>]) -> Vec<(&'static str, String)> {
    let ids = || results.cells.iter().map(|cell| &cell.id);
    let machines: Vec<&str> = results.environments.iter().map(|machine| machine.cpu.as_str()).collect();
    let facts = [
        ("Maps", distinct_up_to(40, ids().map(|id| id.map.clone()))),
        ("Workloads", distinct(groups.iter().map(|group| group.name.clone()))),
        ("Entries", distinct(ids().map(|id| id.entry.clone()))),
        ("Operations", distinct(ids().map(|id| integer(id.ops)))),
        ("Load factors", distinct(ids().filter_map(|id| id.load_factor).map(|x| x.to_string()))),
        ("Capacity hints", distinct(ids().filter(|id| id.hint > 0).map(|id| integer(id.hint)))),
        ("Threads", distinct(ids().filter_map(|id| id.threads).map(|threads| threads.to_string()))),
        ("Seeds", distinct(ids().map(|id| id.seed.to_string()))),
        ("Passes", distinct(passes(results).map(|(name, _)| name.to_owned()))),
        ("Machine", machines.join(" · ")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Each once, in the order of the plan; the first few where there are many.
fn distinct(texts: impl Iterator<Item = String>) -> String {
    distinct_up_to(10, texts)
}

fn distinct_up_to(most: usize, texts: impl Iterator<Item = String>) -> String {
    let mut seen = BTreeSet::new();
    let mut all: Vec<String> = texts.filter(|text| seen.insert(text.clone())).collect();
    let left_out = all.len().saturating_sub(most);
    all.truncate(most);
    if left_out > 0 {
        all.push(format!("and {left_out} more"));
    }
    all.join(" · ")
}

fn versions(results: &Results, machine: usize) -> String {
    let cells = results.cells.iter().filter(|cell| cell.environment == machine && !cell.map_version.is_empty());
    distinct_up_to(40, cells.map(|cell| cell.map_version.clone()))
}
