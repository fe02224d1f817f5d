//! A record with figures of every sort, for the formats that hold figures.

use std::process::Command;
use std::sync::OnceLock;

use mapscope::record::metrics::{self, Metric, Number};
use mapscope::record::{Cell, KindPercentiles, Results, Status, read};

/// Cells of a real run, on one thread and on two, and four that are changed by hand:
///
/// - one on another machine, which does not repeat bit for bit, with a seed that fills its 64 bits, and a map whose name
///   has everything that a format could stumble over;
/// - one that failed, though it has figures, with an error of several lines;
/// - one without any pass, and one whose operations took no time at all.
pub(super) fn record() -> &'static Results {
    static RECORD: OnceLock<Results> = OnceLock::new();
    RECORD.get_or_init(|| {
        let one = "--map go-classic,std,btree --keys uniform,zipfian(0.99) --mix fill,churn --ops 4000";
        let two = "--map rwlock-hashbrown --keys uniform --mix churn --threads 2 --ops 4000";
        let mut results = run(one);
        results.cells.extend(run(two).cells);
        results.environments.push(mapscope::record::Environment {
            cpu: "a \"quoted\" \\ processor\nof two lines".to_owned(),
            ..results.environments[0].clone()
        });
        let mut odd = results.cells[0].clone();
        odd.id.map = "my \"own\" \\ 50%+/map\u{a0}-8".to_owned();
        (odd.id.seed, odd.exact, odd.environment) = (u64::MAX, false, 1);
        let mut failed = results.cells[1].clone();
        (failed.id.seed, failed.status) = (2, Status::Panicked);
        failed.error = Some("time pass: \"index out of bounds\"\nBenchmarkMapscope 1 2 ns/op".to_owned());
        let mut empty = results.cells[1].clone();
        (empty.id.seed, empty.count, empty.time) = (3, None, None);
        let mut instant = results.cells[1].clone();
        instant.id.seed = 4;
        instant.time.as_mut().expect("timed").bare_elapsed_ns.fill(0);
        results.cells.extend([odd, failed, empty, instant]);
        results
    })
}

fn run(arguments: &str) -> Results {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["run", super::PATIENT]).args("--quiet --passes count,time --out".split(' '));
    command.arg(&out).args(arguments.split(' '));
    let output = command.output().expect("mapscope");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&out).expect("the record")
}

/// The cells whose figures count.
pub(super) fn well() -> impl Iterator<Item = &'static Cell> {
    record().cells.iter().filter(|cell| cell.status == Status::Ok)
}

/// The metrics that the cell has.
pub(super) fn values(cell: &Cell) -> impl Iterator<Item = (&'static Metric, Number)> {
    metrics::all().iter().filter_map(|metric| Some((metric, metric.value(cell)?)))
}

/// The metric of each repetition, where the record has that: of the time over all operations, of hashing, and of
/// percentiles.
pub(super) fn repeated(cell: &Cell, metric: &Metric) -> Vec<f64> {
    let Some(time) = &cell.time else { return Vec::new() };
    if metric.name == "ns_per_op" {
        return time.bare_elapsed_ns.iter().map(|&ns| ns as f64 / time.ops as f64).collect();
    }
    if metric.name == "hash_ns" && metric.value(cell).is_some() {
        let Some(of) = &time.hashing else { return Vec::new() };
        let both = of.hashed_ns.iter().zip(&of.idle_ns);
        return both.map(|(&hashed, &idle)| hashed.saturating_sub(idle) as f64 / of.ops as f64).collect();
    }
    let of_kind = |own: &&KindPercentiles| metric.name.starts_with(&format!("{}_", own.kind.name()));
    let Some(own) = time.percentiles.iter().find(of_kind) else { return Vec::new() };
    let list = match metric.name.split_once('_').expect("a kind").1 {
        "p50_ns" => &own.p50_ns,
        "p90_ns" => &own.p90_ns,
        "p99_ns" => &own.p99_ns,
        "p999_ns" => &own.p999_ns,
        "p9999_ns" => &own.p9999_ns,
        "max_ns" => &own.max_ns,
        _ => return Vec::new(),
    };
    list.iter().map(|&ns| ns as f64).collect()
}

/// What identifies the cell, by name; what it has none of is left out.
pub(super) fn identity(cell: &Cell) -> Vec<(&'static str, String)> {
    let id = &cell.id;
    let all = [
        ("map", Some(id.map.clone())),
        ("keys", Some(id.keys.clone())),
        ("mix", Some(id.mix.clone())),
        ("load_factor", id.load_factor.map(|x| x.to_string())),
        ("hint", Some(id.hint.to_string())),
        ("entry", Some(id.entry.clone())),
        ("ops", Some(id.ops.to_string())),
        ("seed", Some(id.seed.to_string())),
        ("threads", id.threads.map(|n| n.to_string())),
        ("thread_keys", id.thread_keys.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[test]
fn the_record_has_figures_of_every_sort() {
    let with = |name: &str| well().filter(|cell| values(cell).any(|(metric, _)| metric.name == name)).count();
    assert_eq!(well().count(), 16);
    for (name, cells) in [("writes", 16), ("live_bytes", 15), ("ns_per_op", 15), ("slowest_thread_ns_per_op", 1)] {
        assert_eq!(with(name), cells, "{name}");
    }
    assert!(well().any(|cell| values(cell).any(|(_, value)| value == Number::Int(0))));
}
