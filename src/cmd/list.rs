use std::process::ExitCode;

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};

use super::output;
use super::toolchains::Toolchains;
use crate::plan::axes::{AXES, Axis};
use crate::plan::{Catalog, LoadFactors, MapOffer, Meant, Param, SHIPPED, Term};
use crate::record::metrics::{self, Metric};
use crate::report::{FORMATS, Format};
use crate::run::Subjects;
use crate::workload::GRAMMAR;
use crate::{diff, gate};

/// List what can be named: maps, keys, mixes, entries, axes, metrics, profiles, formats
#[derive(clap::Args)]
pub(super) struct Args {
    /// One of them [default: all]
    #[arg(hide_possible_values = true)]
    what: Option<What>,
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
}

pub(super) fn run(args: Args, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let chosen = args.what.map_or(What::value_variants().to_vec(), |what| vec![what]);
    let found = args.toolchains.found(subjects, |_| chosen.contains(&What::Maps).then_some(Meant::ByPattern))?;
    let catalog = &found.catalog();
    let width = output::width().unwrap_or(80).min(110);
    let sections: Vec<_> = chosen.iter().map(|&what| section(what, catalog, width)).collect();
    output::print(&sections.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What can be asked for besides the entries that are compiled in.
const ANY_ENTRY: &str = "any other, built by cargo on demand: ";

/// A name, what it is, and lines on its parameters and its source.
struct Row {
    name: String,
    summary: String,
    details: Vec<String>,
}

fn section(what: What, catalog: &Catalog, width: usize) -> String {
    let (title, rows): (_, Vec<Row>) = match what {
        What::Maps => ("maps (--map)", catalog.maps.iter().map(map).collect()),
        What::Keys => ("keys (--keys)", catalog.keys.iter().map(term).collect()),
        What::Mixes => ("mixes (--mix)", catalog.mixes.iter().map(term).collect()),
        What::Entries => {
            let any = Row { name: "KEY/VALUE".to_owned(), summary: format!("{ANY_ENTRY}{GRAMMAR}"), details: vec![] };
            ("entries (--entry)", catalog.entries.iter().map(term).chain([any]).collect())
        }
        What::Axes => ("axes (keys of [[cells]], flags of run)", AXES.iter().map(axis).collect()),
        What::Metrics => (
            "metrics (unit, class, rank in the gate, which way is better)",
            metrics::all().iter().map(metric).collect(),
        ),
        What::Profiles => {
            let row = |name: &str, summary| Row { name: name.to_owned(), summary, details: vec![] };
            ("profiles (run PROFILE)", SHIPPED.iter().map(|shipped| row(shipped.name, shipped.summary())).collect())
        }
        What::Formats => {
            let row = |format: &Format| Row {
                name: format.name.to_owned(),
                summary: format.summary.to_owned(),
                details: format.always.then(|| "written by every run".to_owned()).into_iter().collect(),
            };
            ("formats (--format)", FORMATS.iter().map(row).collect())
        }
    };
    let mut text = listed(title, rows, width);
    if what == What::Formats {
        let row =
            |name: &str, summary: &str| Row { name: name.to_owned(), summary: summary.to_owned(), details: vec![] };
        let verdicts = gate::FORMATS.iter().map(|format| row(format.name, format.summary)).collect();
        let differences = diff::FILES.iter().map(|(name, summary)| row(name, summary)).collect();
        text += &format!("\n{}", listed("verdicts (gate --format)", verdicts, width));
        text += &format!("\n{}", listed("differences (diff --out)", differences, width));
    }
    text
}

fn listed(title: &str, rows: Vec<Row>, width: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width as u16 - 1);
    for Row { name, summary, details } in rows {
        table.add_row([name, std::iter::once(summary).chain(details).collect::<Vec<_>>().join("\n")]);
    }
    let lines: String = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    format!("{title}\n{lines}")
}

fn term(term: &Term) -> Row {
    let name = if term.file { format!("{}:PATH", term.name) } else { term.name.to_owned() };
    let source = (!term.source.is_empty()).then(|| format!("source: {}", term.source));
    let details = term.params.iter().map(parameter).chain(source).collect();
    Row { name, summary: term.summary.to_owned(), details }
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
    Row {
        name: axis.key.to_owned(),
        summary: summary.to_owned(),
        details: vec![format!("{}: {}", axis.flag, axis.absent)],
    }
}

fn map(offer: &MapOffer) -> Row {
    let mut row = term(&offer.term);
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
    Row { name: metric.name.to_owned(), summary: metric.summary.to_owned(), details }
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
