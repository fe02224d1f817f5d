//! Files for services that can't be asked from a test: held against the shapes that they publish.

use std::collections::{BTreeMap, HashSet};

use mapscope::record::metrics::{self, Better, Class, Metric};
use mapscope::record::{Cell, Results};
use serde_json::{Map, Value};

use super::figures::{record, repeated, values, well};
use super::write;

/// The files of one format, as JSON, by their names.
fn files(format: &str, results: &Results) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    let paths = write(format, results, folder.path());
    let read = |path: &String| serde_json::from_slice(&std::fs::read(folder.path().join(path)).unwrap()).unwrap();
    paths.iter().map(|path| (path.clone(), read(path))).collect()
}

/// Bencher's benchmarks, each with its measures, after the schema of bencher.dev/bmf.json and the limits of its docs.
fn bencher(results: &Results) -> Map<String, Value> {
    let Value::Object(benchmarks) = files("bencher", results).remove("bencher.json").unwrap() else {
        panic!("no object")
    };
    for (name, measures) in &benchmarks {
        assert!((1..=1024).contains(&name.len()), "{} bytes", name.len());
        assert!(!name.contains(char::is_control), "{name}");
        let ignored = ["_bencher_ignore", "BencherIgnore", "-bencher-ignore"];
        assert!(ignored.iter().all(|suffix| !name.ends_with(suffix)), "{name}");
        for (slug, metric) in measures.as_object().expect("measures") {
            let words = slug
                .split('-')
                .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            assert!(slug.len() <= 64 && words, "{slug}");
            let metric = metric.as_object().expect("a metric");
            assert!(metric.contains_key("value"));
            let known = ["value", "lower_value", "upper_value"];
            assert!(metric.iter().all(|(key, value)| known.contains(&&**key) && value.is_number()), "{metric:?}");
        }
    }
    benchmarks
}

/// The smallest and the largest of what the repetitions gave, where the record has that.
fn bounds(cell: &Cell, metric: &Metric) -> Option<(f64, f64)> {
    let mut repeated = repeated(cell, metric);
    repeated.sort_by(f64::total_cmp);
    Some((*repeated.first()?, *repeated.last()?))
}

#[test]
fn bencher_has_every_metric_of_every_cell_that_ended_well() {
    let benchmarks = bencher(record());
    assert_eq!(benchmarks.len(), well().count());
    for cell in well().filter(|cell| !cell.id.map.contains("own")) {
        let measures = benchmarks[&cell.id.to_string()].as_object().unwrap();
        assert_eq!(measures.len(), values(cell).count());
        for (metric, value) in values(cell) {
            let measure = &measures[&metric.name.replace('_', "-")];
            assert_eq!(measure["value"].to_string().parse(), Ok(value.as_f64()), "{}", metric.name);
            assert!(metric.name != "ns_per_op" || cell.time.is_none() || bounds(cell, metric).is_some());
            if let Some((lower, upper)) = bounds(cell, metric) {
                assert_eq!(
                    (measure["lower_value"].as_f64(), measure["upper_value"].as_f64()),
                    (Some(lower), Some(upper))
                );
            } else {
                assert_eq!(measure.as_object().unwrap().len(), 1, "{}: no range is known", metric.name);
            }
        }
    }
}

#[test]
fn bencher_s_names_stay_within_its_limits_and_apart() {
    let mut results = record().clone();
    results.cells.truncate(1);
    // Alike as far as a name reaches, and cut inside a character if cut by bytes alone.
    for end in ["a", "b", "-bencher-ignore"] {
        let mut cell = results.cells[0].clone();
        cell.id.map = "ä".repeat(1000) + end;
        results.cells.push(cell);
    }
    assert_eq!(bencher(&results).len(), 4);
}

#[test]
fn github_action_benchmark_has_a_file_a_direction() {
    let files = files("github-action-benchmark", record());
    let directions = [("bigger", Better::Higher), ("smaller", Better::Lower)];
    assert_eq!(files.len(), directions.len());
    for (direction, better) in directions {
        let entries = files[&format!("github-action-benchmark.{direction}.json")].as_array().unwrap();
        let expected = || {
            well()
                .flat_map(|cell| values(cell).map(move |value| (cell, value)))
                .filter(|(_, (m, _))| m.better == better)
        };
        assert_eq!(entries.len(), expected().count());
        for (entry, (cell, (metric, value))) in entries.iter().zip(expected()) {
            let entry = entry.as_object().unwrap();
            let known = ["name", "unit", "value", "range", "extra"];
            assert!(entry.keys().all(|key| known.contains(&&**key)), "{entry:?}");
            assert!(["name", "unit", "extra"].iter().all(|key| entry[*key].is_string()));
            if !cell.id.map.contains("own") {
                assert_eq!(entry["name"], format!("{}: {}", cell.id, metric.name));
            }
            assert_eq!(entry["unit"], metric.unit);
            assert_eq!(entry["value"].to_string().parse(), Ok(value.as_f64()), "{}", metric.name);
            // What a filter on exact figures keeps.
            let exact = entry["extra"].as_str().unwrap().starts_with("exact");
            assert_eq!(exact, cell.exact && metric.class == Class::Exact, "{}", metric.name);
            let range = bounds(cell, metric).map(|(a, b)| format!("{a} to {b}"));
            assert_eq!(entry.get("range").and_then(Value::as_str), range.as_deref());
        }
        let names: HashSet<_> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), entries.len(), "the action tells entries apart by name");
    }
    assert!(metrics::all().iter().any(|metric| metric.better == Better::Neither), "which is in neither file");
}
