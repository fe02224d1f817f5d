//! `results.md`: the report to read, to paste into an issue, to append to a build's summary.

use std::fmt::Write as _;
use std::io;

use super::human::thousands;
use super::table::columns::COLUMNS;
use super::table::group::{self, Group, Row, groups};
use super::{Emit, Format, table};
use crate::record::{Environment, Results};

pub(super) const FORMAT: Format = Format {
    name: "md",
    summary: "results.md: the report as Markdown, with a table a workload; to read and to paste",
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    emit("results.md", document(results).as_bytes())
}

fn document(results: &Results) -> String {
    let groups = groups(results);
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let mut out = format!("# mapscope: {}\n\n", text(&results.profile));
    if results.partial {
        out += "**Partial: the run ended before all cells were done.**\n\n";
    }
    if let Some(standout) = table::standout(results) {
        let _ = writeln!(out, "{}\n", text(&standout));
    }
    for group in &groups {
        let _ = writeln!(out, "## {}\n", text(&group.workload));
        write_table(&mut out, group);
    }
    let failed: Vec<&Row<'_>> = rows().filter(|row| !row.ok()).collect();
    if !failed.is_empty() {
        out += "## Failed cells\n\n";
        for row in failed {
            let _ = writeln!(out, "- `{}`: {}", row.cell.id, text(&row.failure()));
        }
        out.push('\n');
    }
    out += "## How to read it\n\n";
    for (name, words) in group::legend(&group::columns_in_use(rows())) {
        let _ = writeln!(out, "- **{name}**: {words}.");
    }
    for mark in group::marks(results, &groups) {
        let _ = writeln!(out, "- {mark}.");
    }
    out += "- **bold**: the best of its workload. `-`: the map can't have this figure, or too few operations resolve it.\n";
    out += "- All figures of all cells are in `results.csv`; the whole record, histograms and call stacks included, is in \
            `results.json`.\n\n";
    out += "## Where it ran\n\n";
    for (number, environment) in (1..).zip(&results.environments) {
        let machine = if results.environments.len() > 1 { format!("{number}. ") } else { String::new() };
        let _ = writeln!(out, "{machine}{}\n", text(&described(environment)));
    }
    let _ = writeln!(out, "Maps: {}.", text(&versions(results)));
    out
}

fn described(e: &Environment) -> String {
    format!(
        "{}, {} processors; {}, pages of {} bytes; rustc {} for {}; {}; mapscope {}.",
        e.cpu,
        e.cpus,
        e.kernel,
        thousands(e.page_bytes),
        e.rustc,
        e.target,
        e.allocator,
        e.mapscope
    )
}

/// Each map with its version, in the order of the record.
fn versions(results: &Results) -> String {
    let mut versions: Vec<String> = Vec::new();
    for cell in &results.cells {
        let version = match cell.map_version.split(' ').next() == Some(cell.id.map.as_str()) {
            true => cell.map_version.clone(),
            false => format!("{} ({})", cell.id.map, cell.map_version),
        };
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions.join(", ")
}

fn write_table(out: &mut String, group: &Group<'_>) {
    let columns = group::columns_in_use(group.rows.iter());
    let mut header = "| map |".to_owned();
    let mut rule = "|:--|".to_owned();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); group.rows.len()];
    for &at in &columns {
        let scale = group::scale([group], at);
        let _ = write!(header, " {} |", COLUMNS[at].heading(scale.unit));
        rule += "--:|";
        for ((row, best), cells) in group.rows.iter().zip(group::best(group, at, &scale)).zip(&mut cells) {
            let shown = row.shown(at, &scale);
            cells.push(if best { format!("**{shown}**") } else { shown });
        }
    }
    let _ = writeln!(out, "{header}\n{rule}");
    for (row, cells) in group.rows.iter().zip(cells) {
        let label = text(&row.label);
        let _ = match row.ok() {
            true => writeln!(out, "| {} |", [&[label], &cells[..]].concat().join(" | ")),
            false => {
                writeln!(out, "| {label} | *{}* |{}", row.cell.status.name(), " |".repeat(columns.len().max(1) - 1))
            }
        };
    }
    out.push('\n');
}

/// Text in which nothing is Markdown, nor the end of a table's cell.
fn text(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    for c in plain.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '<' | '[' | ']' | '#') {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn every_row_of_a_table_has_as_many_cells_as_its_heading() {
        let document = document(&fixture::results());
        let tables: Vec<Vec<&str>> = document
            .split("\n\n")
            .filter(|block| block.starts_with('|'))
            .map(|block| block.lines().collect())
            .collect();
        assert_eq!(tables.len(), 2);
        for table in tables {
            assert_eq!(table.len(), 7);
            for line in &table {
                assert_eq!(line.matches('|').count(), table[0].matches('|').count(), "{line}");
            }
        }
    }

    #[test]
    fn names_the_failed_and_the_machine() {
        let document = document(&fixture::results());
        let failed = "- `btree zipfian(0.99) mix(insert=40,remove=40,get=20) string(24)/u64 ops=1000000 seed=1`: \
                      timed-out: time pass: still running after 60 s, its limit\n";
        assert!(document.contains(failed));
        assert!(document.contains("AMD EPYC 7B13, 2 processors; Linux 6.12.8, pages of 4,096 bytes; rustc 1.95.0 for"));
        assert!(
            document.contains("Maps: go-classic (Go 1.23.9), std (rustc 1.95.0), hashbrown 0.17.1, indexmap 2.14.2")
        );
    }

    #[test]
    fn a_name_can_t_break_the_table() {
        assert_eq!(text("a|b\n*c*"), "a\\|b \\*c\\*");
    }
}
