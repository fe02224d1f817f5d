//! What a run writes for GitHub Actions.

use std::collections::BTreeMap;

use mapscope::record::Results;
use mapscope::report::FORMATS;

use super::fixture;

fn files(results: &Results) -> BTreeMap<String, String> {
    let format = FORMATS.iter().find(|format| format.name == "github").expect("the format");
    assert!(!format.always, "only when asked for");
    let mut files = BTreeMap::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        files.insert(path.to_owned(), String::from_utf8(bytes.to_vec()).expect("UTF-8"));
        Ok(())
    };
    (format.render)(results, &mut emit).expect("rendered");
    files
}

#[test]
fn what_failed_and_what_stands_out_is_annotated() {
    let files = files(&fixture::undisturbed(fixture::record()));
    let lines: Vec<&str> = files["github.txt"].lines().collect();
    assert!(lines[0].starts_with("::error title=mapscope%3A panicked indexmap "), "{}", lines[0]);
    assert!(
        lines[0].contains("::count pass: the map panicked at `swap_remove`: index 4 | length 3%0Anote: a backtrace"),
        "{}",
        lines[0]
    );
    let standouts = lines.iter().filter(|line| line.starts_with("::notice title=mapscope%3A what stands out::"));
    assert_eq!((standouts.count(), lines.len()), (3, 4), "{lines:?}");
}

#[test]
fn the_summary_is_short_and_whole() {
    let files = files(&fixture::record());
    let summary = &files["step-summary.md"];
    assert!(summary.starts_with("## mapscope: "), "{summary}");
    assert!(summary.contains("**1 of 10 cells failed.**"), "{summary}");
    assert!(summary.contains("indexmap: **panicked**: count pass: the map panicked"), "{summary}");
    assert!(summary.contains("| alloc B/write |") && summary.contains("| p99.9 ns |"), "{summary}");
    assert!(!summary.contains("p99.99") && !summary.contains("drained"), "columns that a terminal drops are left out");
    let whole = self::files(&fixture::whole());
    assert!(whole["step-summary.md"].contains("All 9 cells ok.\n"));
    assert!(!whole["github.txt"].contains("::error"));
}

#[test]
fn a_summary_that_is_too_large_is_cut() {
    let mut results = fixture::whole();
    let cells = results.cells.clone();
    let seeded = |seed| {
        let reseed = move |mut cell: mapscope::record::Cell| {
            (cell.id.seed, cell.time, cell.profile) = (seed, None, None);
            cell.id.map += &"x".repeat(250);
            cell
        };
        cells.iter().cloned().map(reseed)
    };
    results.cells = (1..=500).flat_map(seeded).collect();
    let summary = &files(&results)["step-summary.md"];
    assert!(summary.len() <= 1 << 20 && summary.len() > 1 << 19, "{}", summary.len());
    let last = summary.lines().last().expect("a word");
    assert!(last.starts_with("**Cut here**: ") && last.contains(" lines more. "), "{last}");
}
