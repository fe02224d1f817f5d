//! What a map counts itself: declared in its own file, it is in every report and in the gate at once, read by a program that
//! doesn't have the map.

use std::path::Path;
use std::process::{Command, Output};

use mapscope::maps::{Better, Family, FixedFold, Hashing, Info, Options, Quantity};
use mapscope::plan::Term;
use mapscope::probe::event::{Cause, Probe};
use mapscope::record::{self, Status};
use mapscope::workload::{Key, Value};

use super::Bad;

const OWN: &[Quantity] = &[
    Quantity::exact("reports.puts_seen", "count", Better::Lower, "Puts that the map saw itself."),
    Quantity::exact("reports.puts_felt", "count", Better::Neither, "The same by chance.").statistical(),
];
const MISNAMED: &[Quantity] = &[Quantity::exact("puts", "count", Better::Lower, "A name without a subject.")];

bad!(Reports, "reports", || (), false, OWN);
const TWICE: &[Quantity] = &[
    Quantity::exact("stutters.puts_seen", "count", Better::Lower, "Puts that the map saw itself."),
    Quantity::exact("stutters.puts_seen", "count", Better::Higher, "The same once more."),
];
const OTHERWISE: &[Quantity] =
    &[Quantity::exact("reports.puts_seen", "count", Better::Higher, "What another map has a name for.")];

bad!(Misnames, "misnames", || (), false, MISNAMED);
bad!(Stutters, "stutters", || (), false, TWICE);
bad!(Contradicts, "contradicts", || (), false, OTHERWISE);

/// 100 keys, each put twice, by one map and by std.
fn run(folder: &Path, map: &str) -> Output {
    let rows: String = (0..200).map(|op| format!("insert,{}\n", op % 100)).collect();
    std::fs::write(folder.join("trace.csv"), format!("op,key\n{rows}")).expect("a trace");
    let mut run = Command::new(std::env::current_exe().expect("this program"));
    run.args(["run", "--map", map, "--trace", "trace.csv", "--passes", "count", "--out", map]).current_dir(folder);
    run.output().expect("it runs")
}

/// The program as it ships.
fn mapscope(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mapscope")).args(args).current_dir(folder).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

pub(super) fn of_a_map_are_in_every_report_and_gated() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let output = run(folder, "reports,std");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let out = folder.join("reports,std");
    assert_eq!(mapscope(folder, &["report", "reports,std", "--format", "all"]).0, Some(0));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).expect(name);

    let mut csv = csv::Reader::from_path(out.join("results.csv")).expect("the table");
    let header = csv.headers().expect("a header").clone();
    assert_eq!(header.iter().rev().take(2).collect::<Vec<_>>(), ["reports.puts_seen", "reports.puts_felt"]);
    let rows: Vec<Vec<String>> =
        csv.records().map(|row| row.expect("a row").iter().rev().take(2).map(str::to_owned).collect()).collect();
    assert_eq!(rows, [["200", "200"], ["", ""]], "absent of std, and not 0");
    let page = read("index.html");
    assert!(page.contains("id=\"metric-reports.puts_seen\"") && page.contains("Puts that the map saw itself."));
    let markdown = read("results.md");
    let line = |map: &str| markdown.lines().find(|line| line.starts_with(&format!("| {map} "))).expect(map);
    assert!(markdown.contains("| reports.puts_seen count |") && line("reports").contains(" 200 |"), "{markdown}");
    assert!(line("std").ends_with(" - |"), "{markdown}");
    assert!(read("results.bench.txt").contains(" 200 reports.puts-seen"));
    assert!(read("results.prom").contains("mapscope_reports__puts_seen{map=\"reports\""));
    assert!(read("bencher.json").contains("\"reports.puts-seen\""));

    std::fs::create_dir(folder.join("worse")).expect("a folder");
    let mut worse = record::read(&out).expect("the record");
    let quantities = &mut worse.cells[0].count.as_mut().expect("counted").quantities;
    *quantities.entry("reports.puts_seen") += 1;
    *quantities.entry("reports.puts_felt") += 1;
    std::fs::write(folder.join("worse/results.json"), serde_json::to_vec(&worse).expect("JSON")).expect("written");
    let (code, said) = mapscope(folder, &["gate", "reports,std", "worse"]);
    assert!(code == Some(1) && said.contains("reports.puts_seen"), "{said}");
    assert!(!said.contains("felt"), "it has no direction, and may differ: {said}");
    assert_eq!(mapscope(folder, &["gate", "worse", "reports,std"]).0, Some(0), "fewer are better");
    let policy = "[[rule]]\nmetric = \"reports.*\"\nabsolute = 1\n";
    std::fs::write(folder.join("policy.toml"), policy).expect("a policy");
    assert_eq!(mapscope(folder, &["gate", "reports,std", "worse", "--policy", "policy.toml"]).0, Some(0));
    let (code, said) = mapscope(folder, &["diff", "reports,std", "worse"]);
    assert!(code == Some(0) && said.contains("reports.puts_seen"), "{said}");
    let (code, said) = mapscope(folder, &["gate", "--self-test", "reports,std"]);
    assert!(code == Some(0) && said.starts_with("**PASS**"), "{said}");
}

pub(super) fn of_a_map_that_threads_share_are_recorded() {
    let place = tempfile::tempdir().expect("a folder");
    let mut run = Command::new(std::env::current_exe().expect("this program"));
    run.args(["run", "--map", "sound-shared", "--mix", "fill", "--ops", "300", "--threads", "2"]);
    let output = run.args(["--passes", "count", "--out", "out"]).current_dir(place.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let results = record::read(&place.path().join("out")).expect("the record");
    let count = results.cells[0].count.as_ref().expect("counted");
    assert_eq!(count.quantities.get("sound-shared.puts_seen"), Some(300));
    assert_eq!(count.quantities.get("sound-shared.iterations"), Some(0), "the pass's own is none of the map's work");
}

/// It says nothing of the map's content.
pub(super) fn that_are_not_declared_well_fail_their_cell() {
    let place = tempfile::tempdir().expect("a folder");
    for (maps, what) in [
        ("misnames", "the quantity `puts` is not called SUBJECT.NAME"),
        ("stutters", "the quantity stutters.puts_seen comes twice"),
        ("reports,contradicts", "the quantity reports.puts_seen is not what cells[0] declares it to be"),
    ] {
        let output = run(place.path(), maps);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let results = record::read(&place.path().join(maps)).expect("the record");
        let (last, others) = results.cells.split_last().expect("a cell");
        assert_eq!(last.status, Status::HarnessFailed);
        let error = last.error.as_deref().unwrap_or_default();
        assert!(error.starts_with(&format!("count pass: {what}")) && last.count.is_none(), "{error}");
        assert!(others.iter().all(|cell| cell.status == Status::Ok));
    }
}
