//! Go's benchmark text: held against the published rules of the format, and read by benchstat.
//!
//! No registry has benchstat (`go install golang.org/x/perf/cmd/benchstat@latest`), so that its test is skipped where it
//! is neither on the PATH nor named by `MAPSCOPE_BENCHSTAT`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::process::Command;

use mapscope::record::Cell;
use mapscope::record::metrics::{self, Better, Class, Metric, Number};

use super::figures::{identity, record, repeated, values, well};
use super::{run_optional, write};

/// One line of figures.
struct Benchmark {
    name: String,
    iterations: u64,
    figures: HashMap<String, f64>,
    configuration: BTreeMap<String, String>,
}

/// A file that keeps every rule of the format; whatever keeps none is refused.
#[derive(Default)]
struct File {
    benchmarks: Vec<Benchmark>,
    units: HashMap<String, BTreeMap<String, String>>,
    ignored: Vec<String>,
}

fn parse(text: &str) -> File {
    let mut file = File::default();
    let mut configuration = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(line.len() < 64 * 1024, "longer than a reader's buffer");
        if let Some(line) = line.strip_prefix("Benchmark") {
            let fields: Vec<&str> = line.split_whitespace().collect();
            assert!(fields.len() >= 4 && fields.len().is_multiple_of(2), "{line}");
            let mut figures = HashMap::new();
            for pair in fields[2..].chunks(2) {
                let value: f64 = pair[0].parse().expect(line);
                assert!(
                    value.is_finite() && figures.insert(pair[1].to_owned(), value).is_none(),
                    "{}: {line}",
                    pair[1]
                );
            }
            let iterations = fields[1].parse().expect(line);
            let name = fields[0].to_owned();
            file.benchmarks.push(Benchmark { name, iterations, figures, configuration: configuration.clone() });
        } else if let Some(line) = line.strip_prefix("Unit ") {
            let mut fields = line.split_whitespace();
            let unit = fields.next().expect(line).to_owned();
            let pairs: BTreeMap<_, _> = fields
                .map(|field| field.split_once('=').expect(line))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            let known = |(key, value): (&String, &String)| {
                matches!((&**key, &**value), ("better", "lower" | "higher") | ("assume", "exact"))
            };
            assert!(!pairs.is_empty() && pairs.iter().all(known), "{line}");
            assert!(file.units.insert(unit, pairs).is_none(), "told twice: {line}");
        } else if line.starts_with('#') {
            file.ignored.push(line.to_owned());
        } else {
            let (key, value) = line.split_once(':').expect(line);
            assert!(key.starts_with(char::is_lowercase), "{line}");
            assert!(!key.contains(|c: char| c.is_whitespace() || c.is_uppercase()), "{line}");
            assert!(value.is_empty() || value.starts_with([' ', '\t']), "{line}");
            match value.trim() {
                "" => configuration.remove(key),
                value => configuration.insert(key.to_owned(), value.to_owned()),
            };
        }
    }
    file
}

/// The file of the record.
fn file() -> (tempfile::TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write("go-bench", record(), folder.path()), ["results.bench.txt"]);
    let text = std::fs::read_to_string(folder.path().join("results.bench.txt")).unwrap();
    (folder, parse(&text))
}

fn unit(metric: &Metric) -> String {
    metric.name.replace("_per_", "/").replace('_', "-")
}

/// The parts of a name, unescaped: what readers find under `/key`.
fn parts(name: &str) -> Vec<(String, String)> {
    let part = |part: &str| {
        let (key, value) = part.split_once('=').expect("a key and a value");
        let mut bytes = Vec::new();
        let mut rest = value.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b'/',
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        (key.to_owned(), String::from_utf8(bytes).unwrap())
    };
    name.split('/').skip(1).map(part).collect()
}

#[test]
fn the_lines_keep_the_rules_and_hold_the_record() {
    let (_folder, file) = file();
    let mut lines = file.benchmarks.iter().peekable();
    for cell in well() {
        let repetitions = cell.time.as_ref().map_or(&[][..], |time| &time.bare_elapsed_ns);
        for repetition in 0..repetitions.len().max(1) {
            let line = lines.next().expect("a line");
            let expected: Vec<_> = identity(cell).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            assert_eq!(parts(&line.name), expected);
            assert!(line.name.starts_with("Mapscope/") && line.iterations == cell.id.ops);
            assert!(line.name.rsplit_once('-').is_none_or(|(_, end)| end.parse::<u64>().is_err()), "no GOMAXPROCS");
            assert_eq!(line.figures, figures(cell, repetition), "{}", cell.id);
            let environment = &record().environments[cell.environment];
            assert_eq!(line.configuration["cpu"], environment.cpu.lines().next().unwrap());
            assert_eq!(line.configuration["allocator"], environment.allocator);
            assert_eq!(line.configuration.get("exact").map(String::as_str), (!cell.exact).then_some("false"));
        }
    }
    assert!(lines.next().is_none());
    let names: HashSet<_> = file.benchmarks.iter().map(|line| &line.name).collect();
    assert_eq!(names.len(), well().count(), "a name a cell");
    let [failed] = file.ignored.as_slice() else { panic!("{:?}", file.ignored) };
    assert!(
        failed.contains("map=std") && failed.ends_with(": panicked: time pass: \"index out of bounds\""),
        "{failed}"
    );
}

/// What a line must hold, worked out from the record itself.
fn figures(cell: &Cell, repetition: usize) -> HashMap<String, f64> {
    let mut figures = HashMap::new();
    for (metric, value) in values(cell) {
        let repeated = repeated(cell, metric);
        match repeated.get(repetition) {
            Some(own) => _ = figures.insert(unit(metric), *own),
            None if metric.class == Class::Exact || repetition == 0 => {
                figures.insert(unit(metric), value.as_f64());
            }
            None => {}
        }
    }
    if let Some(count) = &cell.count {
        for (unit, name) in [("B/op", "alloc_bytes"), ("allocs/op", "alloc_count")] {
            let total = count.quantities.get(name).expect(name);
            figures.insert(unit.to_owned(), total as f64 / cell.id.ops as f64);
        }
    }
    figures
}

#[test]
fn units_say_what_is_exact_and_which_way_is_better() {
    let (_folder, file) = file();
    let mut expected = HashMap::new();
    for metric in metrics::all() {
        let better = match metric.better {
            Better::Lower => Some("lower"),
            Better::Higher => Some("higher"),
            Better::Neither => None,
        };
        let assume = (metric.class == Class::Exact).then_some("exact");
        let pairs: BTreeMap<_, _> = [("better", better), ("assume", assume)]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
            .collect();
        if !pairs.is_empty() {
            expected.insert(unit(metric), pairs);
        }
    }
    for unit in ["B/op", "allocs/op"] {
        let pairs = [("better", "lower"), ("assume", "exact")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert!(expected.insert(unit.to_owned(), BTreeMap::from(pairs)).is_none());
    }
    assert_eq!(file.units, expected);
}

/// What benchstat prints, given `arguments`; `None`, said in a word, where it is not there.
fn benchstat(folder: &Path, arguments: &[&str]) -> Option<String> {
    let set = |command: &mut Command| {
        command.args(arguments).current_dir(folder);
    };
    let output = run_optional("benchstat", "MAPSCOPE_BENCHSTAT", set)?;
    let complaints = String::from_utf8(output.stderr).expect("text");
    // It says so of times: five repetitions are too few for a confidence interval.
    let odd = complaints.lines().find(|line| !line.contains("samples") && !line.contains("geomean"));
    assert!(output.status.success() && odd.is_none(), "{complaints}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// The tables of benchstat's CSV: a unit, the columns' labels, and each row's label with its values.
fn tables(csv: &str) -> Vec<(String, Vec<String>, Vec<Vec<String>>)> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    let rows: Vec<Vec<String>> = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let mut tables = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.get(2).is_some_and(|cell| cell == "CI")) {
        let below = rows[at + 1..].iter().take_while(|row| row[0] != "geomean").cloned();
        tables.push((row[1].clone(), rows[at - 1].clone(), below.collect()));
    }
    tables
}

#[test]
fn benchstat_compares_maps() {
    let (folder, _) = file();
    let arguments = [
        "-format=csv",
        "-filter=/seed:1 -/threads:2",
        "-col=/map",
        "-row=/keys,/mix",
        "-ignore=/load_factor",
        "results.bench.txt",
    ];
    let Some(printed) = benchstat(folder.path(), &arguments) else { return };
    let tables = tables(&printed);
    let cells: Vec<_> = well().filter(|cell| cell.id.seed == 1 && cell.exact && cell.id.threads.is_none()).collect();
    assert_eq!(cells.len(), 12, "three maps, two sorts of keys, two mixes");
    let mut seen = 0;
    for metric in metrics::all() {
        let own = unit(metric);
        let (unit, divisor) = match own.contains("ns") && metric.unit.starts_with("ns") {
            true => (own.replace("-ns", "-sec").replace("ns/op", "sec/op"), 1e9),
            false => (own, 1.0),
        };
        let Some((_, columns, rows)) = tables.iter().find(|(of, ..)| *of == unit) else {
            let values: Vec<_> = cells.iter().filter_map(|cell| metric.value(cell)).collect();
            assert!(values.is_empty(), "no table of {unit}, but {values:?}");
            continue;
        };
        for cell in &cells {
            let label = format!("{} {}", cell.id.keys, cell.id.mix);
            let column = columns.iter().position(|column| *column == cell.id.map);
            let shown = rows.iter().find(|row| row[0] == label).zip(column).and_then(|(row, column)| row.get(column));
            let shown = shown.filter(|text| !text.is_empty()).map(|text| text.parse::<f64>().expect(text));
            let mut repeated = repeated(cell, metric);
            repeated.sort_by(f64::total_cmp);
            let expected = repeated.get(repeated.len() / 2).copied().or(metric.value(cell).map(Number::as_f64));
            match (shown, expected) {
                (Some(shown), Some(expected)) if metric.class == Class::Exact => assert_eq!(shown, expected, "{unit}"),
                // benchstat multiplies by 1e-9, and takes the median of that.
                (Some(shown), Some(expected)) => {
                    let difference = (shown - expected / divisor).abs();
                    assert!(difference <= expected / divisor * 1e-12, "{unit}: {shown}, {expected}");
                }
                (shown, expected) => assert_eq!(shown, expected, "{unit} of {}", cell.id),
            }
            seen += usize::from(shown.is_some());
        }
    }
    assert_eq!(seen, cells.iter().map(|cell| values(cell).count()).sum::<usize>(), "every figure is shown");
}

#[test]
fn benchstat_judges_one_run_against_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut results = record().clone();
    results.cells.truncate(1);
    write("go-bench", &results, folder.path());
    std::fs::rename(folder.path().join("results.bench.txt"), folder.path().join("old.txt")).unwrap();
    let quantities = &mut results.cells[0].count.as_mut().unwrap().quantities;
    ["live_bytes", "peak_bytes"].iter().for_each(|name| *quantities.entry(name) *= 2);
    write("go-bench", &results, folder.path());
    let arguments = ["-format=csv", "-filter=.unit:(live-bytes OR drained-bytes)", "old.txt", "results.bench.txt"];
    let Some(printed) = benchstat(folder.path(), &arguments) else { return };
    let tables = tables(&printed);
    let rows = |unit: &str| tables.iter().find(|(of, ..)| of == unit).map(|(.., rows)| rows).expect(unit);
    assert_eq!(rows("live-bytes")[0][5..], ["+100.00%", "n=3"], "exact: no probability");
    assert_eq!(rows("drained-bytes")[0][5..], ["0.00%", "n=3"]);
}
