//! OpenMetrics text, read by the Python client's strict parser and by promtool.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;

use mapscope::record::Cell;
use mapscope::record::metrics::latency::decode;

use super::figures::{identity, record, values, well};
use super::python::run;
use super::{run_optional, write};

/// The labels of a series, those left out that are empty.
fn labels(cell: &Cell, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = identity(cell).into_iter().map(|(key, value)| (key.to_owned(), value));
    own.chain(more.iter().map(|&(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

#[test]
fn prometheus_client_reads_every_figure() {
    // One line a sample, as JSON: the name, the labels, the value, and the family's type, unit and help.
    const SCRIPT: &str = "
import json
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open('results.prom', encoding='utf-8', newline='').read()):
    for sample in family.samples:
        about = [family.name, family.type, family.unit, family.documentation]
        print(json.dumps([sample.name, sample.labels, sample.value, about]))
";
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write("openmetrics", record(), folder.path()), ["results.prom"]);
    let Some(printed) = run(&["prometheus_client"], folder.path(), SCRIPT, &[]) else { return };
    let mut samples = BTreeMap::new();
    for line in printed.lines() {
        let (name, labels, value, about): (String, BTreeMap<String, String>, f64, [String; 4]) =
            serde_json::from_str(line).unwrap();
        assert!(samples.insert((name, labels), (value, about)).is_none(), "twice: {line}");
    }
    let of = |name: &str, labels: BTreeMap<String, String>| {
        let key = (format!("mapscope_{name}"), labels);
        samples.get(&key).unwrap_or_else(|| panic!("no {key:?}"))
    };
    let mut expected = 0;
    let mut histograms = BTreeMap::new();
    for cell in well() {
        for (metric, value) in values(cell) {
            let (name, unit, divisor) = family(metric.name, metric.unit);
            let (shown, [_, kind, shown_unit, help]) = of(&name, labels(cell, &[]));
            assert_eq!(*shown, value.as_f64() / divisor, "{name}");
            assert_eq!((kind.as_str(), shown_unit.as_str()), ("gauge", unit.as_str()), "{name}");
            assert_eq!(help, &format!("{} Class: {}.", metric.summary, metric.class.name()));
            expected += 1;
        }
        for histogram in cell.time.iter().flat_map(|time| &time.histograms) {
            let own = labels(cell, &[("kind", histogram.kind.name()), ("cause", histogram.cause.name())]);
            assert!(histograms.insert(own, decode(histogram).unwrap()).is_none());
        }
    }
    let mut whole = 0;
    for ((name, labels), (shown, [family, kind, unit, _])) in &samples {
        if name == "mapscope_latency_seconds_bucket" {
            assert_eq!((&**family, &**kind, &**unit), ("mapscope_latency_seconds", "histogram", "seconds"));
            let mut own = labels.clone();
            let le = own.remove("le").expect("a bound");
            let histogram = histograms.get(&own).unwrap_or_else(|| panic!("nothing is known of {own:?}"));
            let bound_ns = if le == "+Inf" { u64::MAX } else { (le.parse::<f64>().unwrap() * 1e9).round() as u64 };
            assert_eq!(*shown, histogram.count_between(0, bound_ns) as f64, "{own:?} up to {le}");
            whole += usize::from(le == "+Inf");
            expected += 1;
        }
    }
    assert_eq!(whole, histograms.len());
    assert!(expected > 20 * whole, "bounds between the ends");
    for cell in &record().cells {
        let environment = &record().environments[cell.environment];
        let exact = cell.exact.to_string();
        let more = [
            ("status", cell.status.name()),
            ("exact", &*exact),
            ("map_version", &*cell.map_version),
            ("cpu", &*environment.cpu),
            ("kernel", &*environment.kernel),
            ("rustc", &*environment.rustc),
            ("target", &*environment.target),
            ("allocator", &*environment.allocator),
            ("mapscope", &*environment.mapscope),
        ];
        assert_eq!(of("cell_info", labels(cell, &more)).0, 1.0);
        expected += 1;
    }
    assert_eq!(samples.len(), expected, "nothing else is there");
}

/// The family of a metric, its unit, and what its values are divided by.
fn family(name: &str, unit: &str) -> (String, String, f64) {
    let (base, divisor) = match unit {
        "count" | "count/op" => return (name.replace("_count", "s"), String::new(), 1.0),
        "ns" => ("seconds", 1e9),
        "ns/op" => ("seconds_per_op", 1e9),
        "ops/s" => ("ops_per_second", 1.0),
        "percent" => ("ratio", 100.0),
        unit => (&*unit.replace('/', "_per_"), 1.0),
    };
    let name = name.replace('-', "_");
    let own_time = || name.strip_suffix("_ns").filter(|_| unit.starts_with("ns/"));
    let stem = name.strip_suffix(&unit.replace('/', "_per_")).or_else(own_time).unwrap_or(&name).trim_end_matches('_');
    let family = if stem.is_empty() { base.to_owned() } else { format!("{stem}_{base}") };
    (family, base.to_owned(), divisor)
}

/// promtool reads Prometheus' own text format, which has the same lines; its linter knows one unit too few.
#[test]
fn promtool_finds_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    write("openmetrics", record(), folder.path());
    let file = File::open(folder.path().join("results.prom")).unwrap();
    let check = |command: &mut Command| {
        command.args(["check", "metrics"]).stdin(file);
    };
    let Some(output) = run_optional("promtool", "MAPSCOPE_PROMTOOL", check) else { return };
    let complaints = String::from_utf8_lossy(&output.stderr);
    let expected = "mapscope_bucket_entropy_bits use base unit \"bytes\" instead of \"bits\"";
    assert_eq!(complaints.trim(), expected, "entropy is measured in bits, and is no size");
}
