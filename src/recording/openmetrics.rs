//! OpenMetrics text, which Prometheus' older text suits, too: a family a figure, a sample each place and type.
//!
//! Everything is a gauge, as in the records of runs: what a process has recorded is counted on only while it runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::figures::{COLUMNS, value};
use super::{Format, Process, Recorded, Row};
use crate::report::openmetrics::{head, labels};

pub(super) const FORMAT: Format = Format { name: "openmetrics", binary: false, of_sources: false, render };

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let mut text = String::new();
    const INFO: &str = "mapscope_recording_info";
    head(&mut text, INFO, "gauge", "", "What was recorded: 1 for each process.");
    // A process that becomes another program keeps its number, and a sample may not come twice.
    let processes: BTreeSet<_> = recorded.processes.iter().map(info).collect();
    for labels in processes {
        let _ = writeln!(text, "{INFO}{{{labels}}} 1");
    }
    const DROPPED: &str = "mapscope_recording_dropped";
    head(&mut text, DROPPED, "gauge", "", "What there was no room for.");
    let dropped = recorded.table.dropped;
    let kinds =
        [("maps", dropped.maps), ("places", dropped.places), ("types", dropped.types), ("names", dropped.names)];
    for (kind, count) in kinds {
        let _ = writeln!(text, "{DROPPED}{{kind=\"{kind}\"}} {count}");
    }
    let places: Vec<_> = recorded.table.rows.iter().map(|row| (place(row), row)).collect();
    for column in COLUMNS {
        let (name, unit) = family(column.0);
        let samples = places.iter().filter_map(|(place, row)| Some((place, value(recorded, &row.counts, column)?)));
        let samples: Vec<_> = samples.collect();
        if !samples.is_empty() {
            head(&mut text, &name, "gauge", unit, column.1);
        }
        for (place, value) in samples {
            let _ = writeln!(text, "{name}{{{place}}} {value}");
        }
    }
    text.push_str("# EOF\n");
    Ok(text.into_bytes())
}

fn info(process: &Process) -> String {
    labels([
        ("program", process.program.clone()),
        (process.language.name(), process.built_with.clone()),
        ("pid", process.pid.to_string()),
        ("sample", process.sample().one_of().map_or_else(|| "off".to_owned(), |n| format!("1/{n}"))),
    ])
}

fn place(row: &Row) -> String {
    labels([("place", row.place.at.clone()), ("function", row.place.function.clone()), ("type", row.ty.clone())])
}

/// A figure's name here, in which the unit comes last, and its unit.
fn family(figure: &str) -> (String, &'static str) {
    match figure.strip_suffix("_bytes_max") {
        Some(held) => (format!("mapscope_place_{held}_max_bytes"), "bytes"),
        None if figure.ends_with("_bytes") => (format!("mapscope_place_{figure}"), "bytes"),
        None => (format!("mapscope_place_{figure}"), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_the_end_of_its_name() {
        for (figure, ..) in COLUMNS {
            let (name, unit) = family(figure);
            assert!(name.ends_with(unit) && (unit == "bytes") == name.contains("bytes"), "{name}");
        }
    }
}
