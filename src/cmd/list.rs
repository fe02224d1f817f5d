use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value, json};

use comfy_table::{ContentArrangement, Table, presets};
use mapscope_trace::read;

use super::output;
use super::toolchains::Toolchains;
use crate::plan::axes::{AXES, Axis};
use crate::plan::{Catalog, LoadFactors, MapOffer, Meant, Param, SHIPPED, Term};
use crate::record::metrics::{self, Metric};
use crate::report::{FORMATS, Format};
use crate::run::Subjects;
use crate::workload::GRAMMAR;
use crate::{ab, describe, diff, gate};

/// List what can be named: maps, keys, mixes, entries, axes, metrics, profiles, formats, traces
#[derive(clap::Args)]
pub(super) struct Args {
    /// One of them [default: all]
    #[arg(hide_possible_values = true)]
    what: Option<What>,
    /// As text, or as JSON with the same names, an array of objects for each of them
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    #[command(flatten)]
    toolchains: Toolchains,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum What {
    Maps,
    Keys,
    Mixes,
    Entries,
    Axes,
    Metrics,
    Profiles,
    Formats,
    Traces,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(args: Args, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let chosen = args.what.map_or(What::value_variants().to_vec(), |what| vec![what]);
    let found = args.toolchains.found(subjects, |_| chosen.contains(&What::Maps).then_some(Meant::ByPattern))?;
    let catalog = &found.catalog();
    let sections: Vec<_> = chosen.iter().flat_map(|&what| sections(what, catalog)).collect();
    let text = match args.format {
        Form::Text => {
            let width = output::width().unwrap_or(80).min(110);
            sections.into_iter().map(|section| listed(section, width)).collect::<Vec<_>>().join("\n")
        }
        Form::Json => {
            let all: Map<_, _> = (sections.iter().map(|of| Ok((of.key.to_owned(), serde_json::to_value(&of.rows)?))))
                .collect::<serde_json::Result<_>>()?;
            serde_json::to_string_pretty(&all)? + "\n"
        }
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What can be asked for besides the entries that are compiled in.
const ANY_ENTRY: &str = "any other, built by cargo on demand: ";

/// What is listed under one title.
struct Section {
    /// In JSON.
    key: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

/// A name, what it is, and lines on its parameters and its source.
#[derive(Serialize)]
struct Row {
    name: String,
    summary: String,
    #[serde(skip)]
    details: Vec<String>,
    /// The details in JSON.
    #[serde(flatten)]
    facts: Map<String, Value>,
}

impl Row {
    fn new(name: &str, summary: &str, details: Vec<String>, facts: Value) -> Row {
        let Value::Object(mut facts) = facts else { unreachable!("facts are named") };
        facts.retain(|_, value| !value.is_null());
        Row { name: name.to_owned(), summary: summary.to_owned(), details, facts }
    }

    /// Without details.
    fn plain(name: &str, summary: &str) -> Row {
        Row::new(name, summary, Vec::new(), json!({}))
    }
}

fn sections(what: What, catalog: &Catalog) -> Vec<Section> {
    let section = |key, title, rows| Section { key, title, rows };
    match what {
        What::Maps => vec![section("maps", "maps (--map)", catalog.maps.iter().map(map).collect())],
        What::Keys => vec![section("keys", "keys (--keys)", catalog.keys.iter().map(term).collect())],
        What::Mixes => vec![section("mixes", "mixes (--mix)", catalog.mixes.iter().map(term).collect())],
        What::Entries => {
            let any = Row::plain("KEY/VALUE", &format!("{ANY_ENTRY}{GRAMMAR}"));
            vec![section("entries", "entries (--entry)", catalog.entries.iter().map(term).chain([any]).collect())]
        }
        What::Axes => {
            vec![section("axes", "axes (keys of [[cells]], flags of run)", AXES.iter().map(axis).collect())]
        }
        What::Metrics => {
            let title = "metrics (unit, class, rank in the gate, which way is better)";
            vec![section("metrics", title, metrics::all().iter().map(metric).collect())]
        }
        What::Profiles => {
            let rows = SHIPPED.iter().map(|shipped| Row::plain(shipped.name, &shipped.summary())).collect();
            vec![section("profiles", "profiles (run PROFILE)", rows)]
        }
        What::Formats => {
            let verdicts = gate::FORMATS.iter().map(|format| Row::plain(format.name, format.summary)).collect();
            let differences = diff::FILES.iter().map(|(name, summary)| Row::plain(name, summary)).collect();
            let comparisons = ab::FORMATS.iter().map(|format| Row::plain(format.name, format.summary)).collect();
            let descriptions = describe::FORMATS.iter().map(|format| Row::plain(format.name, format.summary)).collect();
            vec![
                section("formats", "formats (--format)", FORMATS.iter().map(format).collect()),
                section("verdicts", "verdicts (gate --format)", verdicts),
                section("differences", "differences (diff --out)", differences),
                section("comparisons", "comparisons (ab --format)", comparisons),
                section("descriptions", "descriptions (describe --format)", descriptions),
            ]
        }
        What::Traces => {
            let title = "traces (--trace-format; packed or not)";
            vec![section("traces", title, read::FORMATS.iter().map(trace).collect())]
        }
    }
}

fn trace(format: &read::Format) -> Row {
    let units = match format.units {
        read::Units::Lines => json!("lines"),
        read::Units::Records(bytes) => json!({ "record_bytes": bytes }),
        read::Units::Rows => json!("rows"),
    };
    Row::new(
        format.name,
        format.summary,
        vec![format.fills.to_owned()],
        json!({ "fills": format.fills, "units": units }),
    )
}

fn format(format: &Format) -> Row {
    let details = format.always.then(|| "written by every run".to_owned()).into_iter().collect();
    Row::new(format.name, format.summary, details, json!({ "always": format.always }))
}

fn listed(Section { title, rows, .. }: Section, width: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width as u16 - 1);
    for Row { name, summary, details, .. } in rows {
        table.add_row([name, std::iter::once(summary).chain(details).collect::<Vec<_>>().join("\n")]);
    }
    let lines: String = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    format!("{title}\n{lines}")
}

fn term(term: &Term) -> Row {
    let name = if term.file { format!("{}:PATH", term.name) } else { term.name.to_owned() };
    let source = Some(term.source).filter(|source| !source.is_empty());
    let details = term.params.iter().map(parameter).chain(source.map(|source| format!("source: {source}"))).collect();
    let params: Vec<_> = term.params.iter().map(parameter_facts).collect();
    Row::new(&name, term.summary, details, json!({ "params": params, "source": source }))
}

fn parameter_facts(param: &Param) -> Value {
    let default = param.values.default().filter(|_| !param.required).map(|default| default.to_string());
    json!({
        "name": param.name, "summary": param.summary, "takes": param.values.to_string(),
        "required": param.required, "default": default,
    })
}

fn parameter(param: &Param) -> String {
    let default = match param.values.default() {
        _ if param.required => ", required".to_owned(),
        Some(default) => format!(", default {default}"),
        None => String::new(),
    };
    format!("({}: {}{default}) {}", param.name, param.values, param.summary)
}

fn axis(axis: &Axis) -> Row {
    let summary = axis.help.split(" [default").next().unwrap_or_default();
    let details = vec![format!("{}: {}", axis.flag, axis.absent)];
    Row::new(axis.key, summary, details, json!({ "flag": axis.flag, "absent": axis.absent.to_string() }))
}

fn map(offer: &MapOffer) -> Row {
    let mut row = term(&offer.term);
    let facts = [
        ("load_factor", offer.load_factor.map(|of| json!({ "min": of.min, "max": of.max, "default": of.default }))),
        ("hint", Some(json!(offer.hint))),
        ("threads", Some(json!(offer.concurrent))),
        ("threads_only_as", Some(json!(offer.concurrent_at)).filter(|_| !offer.concurrent_at.is_empty())),
        ("missing", offer.missing.map(|missing| json!(missing))),
    ];
    row.facts.extend(facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let load_factor = offer.load_factor.map(|LoadFactors { min, max, default, older }| {
        let param = offer.term.params.first().map_or("", |param| param.name);
        let older = older.iter().map(|(release, load_factor)| format!(" ({load_factor} with {param}={release})"));
        format!("load factor {min} to {max}, default {default}{}", older.collect::<String>())
    });
    let hint = offer.hint.then(|| "capacity hint".to_owned());
    let threads = offer.concurrent.then(|| match offer.concurrent_at {
        [] => "several threads".to_owned(),
        words => format!("several threads as {}", words.join(", ")),
    });
    let takes: Vec<_> = load_factor.into_iter().chain(hint).chain(threads).collect();
    if !takes.is_empty() {
        row.details.insert(0, format!("takes: {}", takes.join("; ")));
    }
    row
}

fn metric(metric: &Metric) -> Row {
    let (class, rank) = (metric.class.name(), metric.rank.name());
    let better = metric.better.name().map(|better| format!(", {better} is better")).unwrap_or_default();
    let details = vec![format!("{}, {class}, {rank}{better}", metric.unit)];
    let facts = json!({ "unit": metric.unit, "class": class, "rank": rank, "better": metric.better.name() });
    Row::new(metric.name, metric.summary, details, facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_of_any_kind_says_what_it_takes() {
        let buffer = Param::size("buffer", "of writes", 4 << 10, 1 << 30, Some(64 << 10));
        let sizes = "a size from 4KiB to 1GiB, as 4096, 4KiB or 1MiB";
        assert_eq!(parameter(&buffer), format!("(buffer: {sizes}, default 64KiB) of writes"));
        assert_eq!(parameter(&Param::flag("sync", "each write")), "(sync: yes or no, default no) each write");
        assert_eq!(parameter(&Param::path("folder", "where")), "(folder: a path) where");
        assert_eq!(
            parameter(&Param::word("go", "release", &["1.2", "1.3"])),
            "(go: one of 1.2, 1.3, default 1.3) release"
        );
    }
}
