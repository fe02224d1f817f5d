//! The Markdown, held against files. `MAPSCOPE_BLESS=1 cargo test --test suite gate::` writes them anew; read the difference.

use std::fs;
use std::path::Path;

use mapscope::gate::{Policy, compare, self_test};
use mapscope::record::{Results, Status};

use super::fixture::{METRICS, cell, record, timed, with_count};

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gate/golden").join(name);
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, expected, "{name} differs; MAPSCOPE_BLESS=1 accepts it");
}

fn markdown(baseline: &Results, current: &Results, policy: &str) -> String {
    compare(baseline, current, &Policy::parse(policy, "gate.toml", METRICS).unwrap(), METRICS).markdown()
}

#[test]
fn nothing_changed_is_one_line() {
    let results = record([cell("std"), cell("btree")]);
    assert_eq!(markdown(&results, &results, ""), "**PASS** 10 exact metrics in 2 cells compared: nothing changed\n");
    let results = record([timed("std", &[100, 100, 100, 100])]);
    assert_eq!(
        markdown(&results, &results, ""),
        "**PASS** 5 exact metrics and 1 time in 1 cell compared: nothing changed\n"
    );
}

#[test]
fn a_regression() {
    let baseline = record([cell("std"), cell("btree"), cell("go-classic")]);
    let mut current = with_count(&baseline, |count| *count.quantities.entry("alloc_bytes") += 1);
    let go = &mut current.cells[2].count.as_mut().unwrap().quantities;
    *go.entry("alloc_bytes") = 1728;
    *go.entry("same_size_grow_events") = 2;
    *current.cells[1].count.as_mut().unwrap().quantities.entry("alloc_bytes") = 1000;
    golden("regression.md", &markdown(&baseline, &current, ""));
}

#[test]
fn everything_at_once() {
    let maps = ["std", "hashbrown", "btree", "indexmap", "go-classic", "go-swiss"];
    let mut baseline = record(maps.map(|map| timed(map, &[100_000, 101_000, 101_000, 102_000])));
    let mut current = baseline.clone();
    let count = |results: &mut Results, index: usize, edit: fn(&mut mapscope::record::Count)| {
        edit(results.cells[index].count.as_mut().unwrap());
    };
    count(&mut current, 0, |count| *count.quantities.entry("alloc_bytes") = 1153);
    current.cells[0].time.as_mut().unwrap().clocked_elapsed_ns = vec![200_000, 210_000, 210_000, 220_000];
    current.cells[0].map_version = "std 1.1.0".to_owned();
    current.cells[1].status = Status::Panicked;
    current.cells[1].error = Some("count pass: index out of bounds: `a|b` <T>\nsecond line".to_owned());
    current.cells[2].count = None;
    current.cells[2].time = None;
    current.cells[3].expected.inserts = 1001;
    count(&mut baseline, 4, |count| count.quantities.set("slot_reuses", None));
    count(&mut current, 4, |count| *count.quantities.entry("alloc_bytes") = 1160);
    current.cells.pop();
    current.cells.push(cell("java-hashmap"));
    baseline.cells.push(timed("chained", &[1, 2, 3]));
    baseline.cells[6].status = Status::TimedOut;
    current.cells.push(timed("chained", &[1, 2, 3]));
    let policy = "[[rule]]\nmetric = \"alloc_*\"\nmap = \"go-*\"\nrelative = 0.01\n";
    golden("everything.md", &markdown(&baseline, &current, policy));
}

#[test]
fn not_judged() {
    let mut baseline = record([cell("std"), cell("btree")]);
    baseline.partial = true;
    baseline.cells[1].status = Status::NotRun;
    golden("not-judged.md", &markdown(&baseline, &record([cell("std"), cell("btree")]), ""));
    golden("nothing-in-common.md", &markdown(&record([cell("std")]), &record([cell("btree")]), ""));
}

#[test]
fn the_self_test() {
    let mut results = record([cell("std"), cell("go-classic")]);
    golden("self-test.md", &self_test(&results, METRICS).markdown());
    results.cells[0].status = Status::Aborted;
    golden("self-test-failed-cell.md", &self_test(&results, METRICS).markdown());
    results.cells.pop();
    golden("self-test-nothing.md", &self_test(&results, METRICS).markdown());
}
