//! A report to read, for GitHub and editors: every figure of the table on the terminal and some more.

use std::collections::BTreeSet;
use std::io;

use super::figures::{Column, Figures};
use super::group::{Group, groups, tables};
use super::legend;
use super::number::{decimals, integer, one_line};
use super::sides::SIDES;
use super::standout::findings;
use super::undisturbed;
use super::{Emit, Format};
use crate::record::{Cell, Environment, Results};
use crate::text::{pad, pad_start};

pub(super) const FORMAT: Format = Format {
    name: "md",
    summary: "results.md: the figures as tables to read, with links to what lies beside it",
    always: true,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    emit("results.md", markdown(results).as_bytes())
}

fn markdown(results: &Results) -> String {
    let groups = groups(results);
    let tables = tables(results);
    let mut text = format!("# mapscope: {}\n", escape(&results.profile));
    for (index, finding) in findings(&groups).iter().enumerate() {
        text += &format!("{}- **{}**\n", if index == 0 { "\n" } else { "" }, escape(&finding.text));
    }
    if results.partial {
        text += "\nPartial: the run ended before all cells were done.\n";
    }
    for note in undisturbed::notes(results) {
        text += &format!("\n{}\n", escape(&note));
    }
    for table in &tables {
        text += &section(table);
    }
    text + &beside(&groups) + &reading(&tables) + &environments(results)
}

/// What the columns say that some table shows.
fn reading(groups: &[Group<'_>]) -> String {
    let all = groups.first().map_or(&[][..], |group| &group.columns);
    let shown = |column: &&Column| {
        let rows = || groups.iter().flat_map(|group| &group.rows).filter(|row| !row.failed());
        rows().any(|row| column.value(row).is_some())
    };
    let mut text = READING.to_owned();
    for (names, meaning) in legend::entries(all.iter().filter(shown), groups) {
        let names: Vec<String> = names.iter().map(|name| format!("*{}*", escape(name))).collect();
        text += &format!("- {}: {}.\n", names.join(", "), escape(&meaning));
    }
    legend::of_rows(groups).iter().for_each(|line| text += &format!("- {}\n", escape(line)));
    text + READ_ON
}

const READING: &str = "
## How to read this

- Smaller is better in every column but *rate*; `-` is a figure that the cell can't have or that too few operations tell. Counted figures repeat bit for bit \
with the same seed on any machine, save those of maps marked ~; times are of this machine and this run.
- A *write* is an insert, an overwrite or a remove. A *move* is an entry already in the map that changes its address. A latency \
has one reading of the clock in it.
";

const READ_ON: &str = "\
- How each figure is measured, and what it can't see: docs/METHODOLOGY.md in mapscope's repository. Every metric: \
`results.csv`; every count and histogram: `results.json`.
";

fn section(group: &Group<'_>) -> String {
    let mut text = format!("\n## {}\n", escape(&group.title()));
    let counted = figures(group, false, u8::MAX);
    let timed = figures(group, true, u8::MAX);
    if !counted.is_empty() {
        text += &format!("\nCounted:\n\n{counted}");
    }
    if !timed.is_empty() {
        text += &format!("\nTimed, latencies of {}:\n\n{timed}", group.latencies_of());
    }
    for side in &SIDES {
        let rows = (side.rows)(group);
        if !rows.is_empty() {
            let legend = side.whole_legend(rows.iter());
            let headings = side.headings.iter().map(|&heading| heading.to_owned()).collect();
            let escaped = |row: Vec<String>| row.iter().map(|text| escape(text)).collect();
            let rows: Vec<Vec<String>> = std::iter::once(headings).chain(rows).map(escaped).collect();
            text += &format!("\n{}. {}\n\n{}", side.title, escape(&legend), figures_table(&rows));
        }
    }
    let failed: Vec<&Figures<'_>> = group.rows.iter().filter(|row| row.failed()).collect();
    if !failed.is_empty() {
        text += "\nFailed:\n\n";
    }
    for row in failed {
        let error = row.cell.error.as_deref().map(|error| format!(": {}", escape(error))).unwrap_or_default();
        text += &format!("- {}: **{}**{error}\n", escape(&row.label), row.cell.status.name());
    }
    text
}

/// The counted or the timed columns that have any value and that a terminal would drop no later than `rank_max`, its
/// largest standing for all; a failed cell keeps its row.
pub(super) fn figures(group: &Group<'_>, timed: bool, rank_max: u8) -> String {
    let whole = || group.rows.iter().filter(|row| !row.failed());
    let has_values = |column: &&Column| {
        let wanted = column.metric.timed() == timed && column.rank.unwrap_or(u8::MAX) <= rank_max;
        wanted && whole().any(|row| column.value(row).is_some())
    };
    let columns: Vec<&Column> = group.columns.iter().filter(has_values).collect();
    if columns.is_empty() {
        return String::new();
    }
    let decimals: Vec<usize> =
        columns.iter().map(|column| decimals(whole().filter_map(|row| column.value(row)), column.decimals)).collect();
    let headings = std::iter::once("map".to_owned()).chain(columns.iter().map(|column| column.heading()));
    let mut rows = vec![headings.collect::<Vec<_>>()];
    for row in &group.rows {
        let label = match (row.failed(), row.cell.exact) {
            (true, _) => format!("{} ({})", row.label, row.cell.status.name()),
            (false, false) if !timed => format!("{} ~", row.label),
            _ => row.label.clone(),
        };
        let texts = columns.iter().zip(&decimals).map(|(column, &decimals)| column.text(row, decimals));
        rows.push(std::iter::once(label).chain(texts).map(|text| escape(&text)).collect());
    }
    figures_table(&rows)
}

/// A table of figures, whose source lines up too; the first row is its heading.
fn figures_table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(2);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            text +=
                &if column > 0 { format!("| {} ", pad_start(cell, width)) } else { format!("| {} ", pad(cell, width)) };
        }
        text += "|\n";
        if index == 0 {
            for (column, &width) in widths.iter().enumerate() {
                text += &format!("| {}{} ", "-".repeat(width - 1), if column > 0 { ":" } else { "-" });
            }
            text += "|\n";
        }
    }
    text
}

/// A table of texts; the first row is its heading.
fn text_table(rows: &[Vec<String>]) -> String {
    let mut lines: Vec<String> = rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    lines.insert(1, format!("|{}\n", " --- |".repeat(rows[0].len())));
    lines.concat()
}

/// The files that other formats write, cell by cell.
fn beside(groups: &[Group<'_>]) -> String {
    let mut rows = Vec::new();
    for group in groups {
        for row in &group.rows {
            let files = files(row.cell);
            if files.iter().any(|links| links != "-") {
                let name = escape(&format!("{}, {}", row.label, group.name));
                rows.push(std::iter::once(name).chain(files).collect());
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    rows.insert(0, ["cell", "who allocates", "who copies", "where time goes", "latencies"].map(str::to_owned).to_vec());
    format!(
        "\n## Where to look next\n\nFlame graphs open in a browser, `.pb.gz` in `go tool pprof`, `.hlog` in HdrHistogram's tools.\n\n{}",
        text_table(&rows)
    )
}

/// Links to what allocates, copies and runs, and to the latencies.
fn files(cell: &Cell) -> [String; 4] {
    let stem = cell.id.file_stem();
    let pair = |there: bool, svg: &str, pprof: &str| match there {
        true => format!("[graph](cells/{stem}/{svg}.svg) [pprof](cells/{stem}/{pprof}.pb.gz)"),
        false => "-".to_owned(),
    };
    let profile = cell.profile.as_ref();
    let log = cell.time.as_ref().filter(|time| !time.histograms.is_empty());
    [
        pair(profile.is_some_and(|profile| profile.alloc.iter().any(|stack| stack.alloc_bytes > 0)), "alloc", "heap"),
        pair(profile.is_some_and(|profile| profile.copy.iter().any(|stack| stack.moved_bytes > 0)), "copy", "copy"),
        pair(profile.is_some_and(|profile| profile.cpu.iter().any(|stack| stack.samples > 0)), "cpu", "cpu"),
        log.map_or("-".to_owned(), |_| format!("[log](cells/{stem}/latency.hlog)")),
    ]
}

/// Where the figures come from: one column a machine.
fn environments(results: &Results) -> String {
    type Line = (&'static str, fn(&Environment) -> String);
    const LINES: [Line; 8] = [
        ("cpu", |e| e.cpu.clone()),
        ("cpus", |e| integer(e.cpus)),
        ("kernel", |e| e.kernel.clone()),
        ("page size", |e| format!("{} bytes", integer(e.page_bytes))),
        ("rustc", |e| e.rustc.clone()),
        ("target", |e| e.target.clone()),
        ("allocator", |e| e.allocator.clone()),
        ("mapscope", |e| e.mapscope.clone()),
    ];
    let machines = match results.environments.len() {
        1 => vec!["this run".to_owned()],
        several => (1..=several).map(|machine| format!("machine {machine}")).collect(),
    };
    let mut rows = vec![std::iter::once("environment".to_owned()).chain(machines).collect::<Vec<_>>()];
    for (name, value) in LINES {
        let values = results.environments.iter().map(|environment| escape(&value(environment)));
        rows.push(std::iter::once(name.to_owned()).chain(values).collect());
    }
    let versions = |machine: usize| {
        let cells = results.cells.iter().filter(|cell| cell.environment == machine);
        let versions: BTreeSet<&str> = cells.map(|cell| &*cell.map_version).filter(|text| !text.is_empty()).collect();
        escape(&versions.into_iter().collect::<Vec<_>>().join(", "))
    };
    rows.push(std::iter::once("maps".to_owned()).chain((0..results.environments.len()).map(versions)).collect());
    format!("\n## Environment\n\n{}", text_table(&rows))
}

/// Keeps a text that is not ours from ending its cell of the table or from turning into markup.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}
