use std::collections::BTreeMap;

use mapscope::diff::{Side, diff, terminal, write};
use mapscope::record::{AllocStack, Cell, Executed, Frame, Instructions, OpKind, Profile, Results, Status};
use serde_json::Value;

use super::{changed, compared};
use crate::gate::fixture::{cell, environment, record, timed, with_count};

fn screen(before: &Results, after: &Results) -> String {
    terminal(&compared(before, after), 120, false, 40)
}

#[track_caller]
fn says(screen: &str, words: &[&str]) {
    for word in words {
        assert!(screen.contains(word), "no {word:?} in\n{screen}");
    }
}

fn files(before: &Results, after: &Results) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        assert!(files.insert(path.to_owned(), text).is_none(), "{path} is written twice");
        Ok(())
    };
    write(&compared(before, after), &mut emit).expect("written");
    files
}

#[test]
fn what_list_says_is_what_is_written() {
    let names: Vec<_> = mapscope::diff::FILES.iter().filter_map(|(_, summary)| summary.split_once(": ")).collect();
    let results = record([cell("std")]);
    let written = files(&results, &results);
    let whole: Vec<_> = names.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("cells/")).collect();
    assert!(
        written.keys().eq(["diff.html", "diff.json", "diff.md"])
            && whole.iter().all(|name| written.contains_key(*name))
    );
    assert_eq!(whole.len(), written.len());
}

#[test]
fn equal_runs_differ_in_nothing() {
    let results = record([timed("std", &[100, 101, 102, 103]), cell("btree")]);
    let diff = compared(&results, &results);
    assert!(!diff.differs_exactly() && diff.changes.is_empty());
    let screen = screen(&results, &results);
    says(&screen, &["Nothing differs: 2 cells are the same.", "all cells: u64/u64, 1,100 ops, seed=1"]);
    assert!(!screen.contains("changes") && !screen.contains("Circumstances"), "{screen}");
    let html = &files(&results, &results)["diff.html"];
    says(html, &["Nothing differs: 2 cells are the same.", "Every figure that was compared is the same in both runs."]);
}

#[test]
fn changes_are_sorted_by_size_and_told_apart() {
    let before = record([timed("std", &[100_000, 101_000, 102_000, 103_000]), cell("go-classic")]);
    let mut after = with_count(&before, |count| *count.quantities.entry("alloc_bytes") += 1);
    after.cells[0].time.as_mut().unwrap().clocked_elapsed_ns = vec![200_000, 210_000, 220_000, 230_000];
    let quantities = &mut after.cells[1].count.as_mut().unwrap().quantities;
    for (name, value) in [("alloc_bytes", 3456), ("same_size_grow_events", 2), ("slot_reuses", 500)] {
        *quantities.entry(name) = value;
    }
    let diff = compared(&before, &after);
    let exact = ["same_size_grow_events", "slot_reuse_ratio", "alloc_bytes", "alloc_bytes_per_write", "alloc_bytes"];
    assert_eq!(changed(&diff, true)[..5], exact);
    assert_eq!(changed(&diff, false), ["ns_per_op"]);
    assert_eq!(diff.same(true), 0);
    let screen = screen(&before, &after);
    says(
        &screen,
        &[
            "Exact changes: 6 metrics in 2 of 2 cells\n",
            "  from 0  worse\n",
            "  from 0  better\n",
            "    1,152    3,456         ×3  worse\n",
            "Statistical changes: 1 metric in 1 of 2 cells\n",
        ],
    );
    let line = screen.lines().find(|line| line.contains("+0.0868 %")).expect("the smallest");
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["std", "uniform", "churn", "alloc_bytes", "1,152", "1,153", "+0.0868", "%", "worse",]
    );
}

#[test]
fn instructions_are_of_a_pass_of_their_own() {
    let counted = |build: &str, sum: u64| {
        let sums = Executed { instructions: sum, ..Executed::default() };
        let kinds = [(OpKind::Insert, sums)].into();
        let instructions = Some(Instructions { build: build.to_owned(), kinds, ..Instructions::default() });
        record([Cell { count: None, instructions, ..cell("std") }])
    };
    let (before, after) = (counted("one", 90_000), counted("one", 91_000));
    let sides = |before, after| (Side { name: "a", results: before }, Side { name: "b", results: after });
    let (a, b) = sides(&before, &after);
    let diff = diff(a, b, mapscope::record::metrics::all());
    assert_eq!(changed(&diff, true), ["instructions_per_op", "insert_instructions"]);
    assert!(diff.pairs[0].shares_a_pass());
    let without = record([cell("std")]);
    says(&screen(&without, &before), &["instructions pass", "1 cell has it in B and not in A"]);
    assert_eq!(changed(&compared(&without, &before), true), [""; 0], "a pass that was not run is no change");
}

#[test]
fn other_work_is_a_difference() {
    let before = record([cell("std")]);
    let mut after = before.clone();
    after.cells[0].expected.inserts = 1001;
    let diff = compared(&before, &after);
    assert_eq!(changed(&diff, true), ["inserts", "alloc_bytes_per_write"]);
    // Neither is better or worse: of a total there is more because there was more to do.
    assert!(diff.changes.iter().all(|change| change.worse().is_none()), "{:?}", diff.changes);
    says(&screen(&before, &after), &["other work"]);
}

#[test]
fn a_time_within_its_noise_is_none() {
    let before = record([timed("std", &[100_000, 101_000, 102_000, 103_000])]);
    let with = |elapsed: [u64; 4]| record([timed("std", &elapsed)]);
    for (elapsed, beyond) in [
        ([100_500, 101_500, 102_500, 103_500], false),
        ([105_000, 108_000, 109_000, 109_500], false),
        ([90_000, 150_000, 200_000, 250_000], false),
        ([140_000, 150_000, 160_000, 170_000], true),
        ([40_000, 50_000, 60_000, 70_000], true),
    ] {
        assert_eq!(compared(&before, &with(elapsed)).changes.len(), usize::from(beyond), "{elapsed:?}");
    }
    assert!(
        !compared(&before, &with([40_000, 50_000, 60_000, 70_000])).differs_exactly(),
        "times are no exact difference"
    );
}

/// The median of one of two equal cells took ten times as long; a record of an older version does not tell how far that
/// scatters.
#[test]
fn a_percentile_has_no_repetitions_to_tell_its_noise() {
    let before = record([timed("std", &[100, 101, 102, 103])]);
    let mut after = before.clone();
    let histogram = &mut after.cells[0].time.as_mut().unwrap().histograms[0];
    histogram.hdr_v2_deflate_base64 = crate::gate::fixture::histogram(&[200, 300, 4000]);
    fn side(results: &Results) -> Side<'_> {
        Side { name: "run", results }
    }
    let metrics = mapscope::record::metrics::all();
    let p50 = |results: &Results| mapscope::record::metrics::find("insert_p50_ns").unwrap().value(&results.cells[0]);
    assert_ne!(p50(&before), p50(&after));
    assert!(diff(side(&before), side(&after), metrics).changes.is_empty());
    after.cells[0].time.as_mut().unwrap().bare_elapsed_ns = vec![500_000; 4];
    let changes = diff(side(&before), side(&after), metrics).changes;
    assert_eq!(changes.iter().map(|change| change.metric.name).collect::<Vec<_>>(), ["ns_per_op"]);
}

#[test]
fn other_circumstances_are_said_and_times_left_alone() {
    let before = record([timed("std", &[100, 101, 102, 103]), timed("btree", &[100, 101, 102, 103])]);
    let mut after = before.clone();
    after.environments = vec![environment(), environment()];
    (after.environments[1].cpu, after.environments[1].rustc) = ("Other CPU".to_owned(), "1.96.0".to_owned());
    after.cells[1].environment = 1;
    after.cells[0].map_version = "std 1.1.0".to_owned();
    after.cells[1].time.as_mut().unwrap().clocked_elapsed_ns = vec![500, 501, 502, 503];
    let diff = compared(&before, &after);
    assert!(diff.changes.is_empty(), "{:?}", diff.changes);
    let screen = screen(&before, &after);
    says(
        &screen,
        &[
            "  map version  std 1.0.0 → std 1.1.0 (1 cell)\n",
            "  cpu          Example CPU → Other CPU (1 cell)\n",
            "  rustc        1.95.0 → 1.96.0 (1 cell)\n",
            "  times        not compared in 1 cell: their environments differ\n",
        ],
    );
    let few = record([timed("std", &[100, 200])]);
    says(
        &self::screen(&few, &few),
        &[
            "times  not compared in 1 cell: can't be told: 2 repetitions, 4 or more are needed\n",
            "Nothing differs: 1 cell is the same in all that was compared.\n",
        ],
    );
}

#[test]
fn failed_cells_and_partial_runs_are_said() {
    let before = record(["std", "btree", "go-classic", "indexmap"].map(cell));
    let mut after = before.clone();
    after.partial = true;
    after.cells[0].status = Status::Panicked;
    after.cells[0].error = Some("count pass: \u{1b}[31mindex out of bounds\nsecond line".to_owned());
    after.cells.pop();
    let mut before = before;
    for results in [&mut before, &mut after] {
        results.cells[1].status = Status::TimedOut;
    }
    let diff = compared(&before, &after);
    assert_eq!((diff.endings().count(), diff.failed_alike().count(), diff.same(false)), (1, 1, 1));
    says(
        &screen(&before, &after),
        &[
            "B  b: profile ci, 3 cells, mapscope 0.1.0, partial: it ended before all cells were done\n",
            "Ended differently\n  std uniform churn  ok → panicked: count pass:  [31mindex out of bounds\n",
            "Only in A\n  indexmap uniform churn\n",
            "1 cell is the same, 1 cell is without figures in both runs, 1 cell is only in A.\n",
        ],
    );
}

#[test]
fn a_pass_that_one_run_lacks_is_one_line() {
    let (before, after) = (record([cell("std")]), record([timed("std", &[100, 101, 102, 103])]));
    let diff = compared(&before, &after);
    assert!(diff.changes.is_empty());
    says(&screen(&before, &after), &["time pass     1 cell has it in B and not in A\n"]);
    says(&screen(&before, &after), &["Nothing differs: 1 cell is the same in all that was compared.\n"]);
    let mut uncounted = before.clone();
    uncounted.cells[0].count = None;
    let diff = compared(&before, &uncounted);
    assert!(diff.changes.is_empty(), "{:?}", diff.changes);
    // Nothing but the work was compared: that is not the same.
    assert_eq!((diff.same(false), diff.without_common_pass()), (0, 1));
    says(&screen(&before, &uncounted), &["Nothing to compare, 1 cell is without a pass in common.\n"]);
    // A metric alone is no pass.
    let without = with_count(&before, |count| count.quantities.set("slot_reuses", None));
    assert_eq!(changed(&compared(&before, &without), true), ["slot_reuse_ratio"]);
    says(&screen(&before, &without), &["gone  only in A"]);
}

#[test]
fn counts_of_maps_that_cannot_be_seeded_are_not_exact() {
    let mut before = record([cell("std")]);
    before.cells[0].exact = false;
    let after = with_count(&before, |count| *count.quantities.entry("alloc_bytes") += 1);
    let diff = compared(&before, &after);
    assert_eq!(changed(&diff, true), [] as [&str; 0]);
    assert_eq!(changed(&diff, false).len(), 2);
    assert!(!diff.differs_exactly());
}

#[test]
fn pairs_by_another_field_are_said_though_no_figure_differs() {
    let before = record([cell("go-classic"), cell("std")]);
    let mut after = before.clone();
    after.cells.iter_mut().for_each(|cell| cell.id.seed = 2);
    let screen = self::screen(&before, &after);
    says(&screen, &["Circumstances\n  seed  1 → 2 (2 cells)\n", "Nothing differs: 2 cells are the same.\n"]);
    after.cells[0].id.seed = 3;
    says(&self::screen(&before, &after), &["Circumstances\n  seed  another in B (2 cells)\n"]);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let before = record([cell("go-classic"), cell("std")]);
    let mut after = with_count(&before, |count| {
        *count.quantities.entry("alloc_bytes") = 99;
        *count.quantities.entry("same_size_grow_events") = 3;
    });
    after.cells[0].id.load_factor = Some(5.0);
    after.environments[0].cpu = "表".repeat(80);
    for width in [40, 80, 120] {
        let screen = terminal(&compared(&before, &after), width, false, 40);
        for line in screen.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            assert_eq!(line, line.trim_end());
        }
        says(&screen, &["same_size_grow_events"]);
    }
    let narrow = terminal(&compared(&before, &after), 80, false, 40);
    says(&narrow, &["\n  go-classic uniform churn, load factor 6.5 → 5\n    same_size_grow_events"]);
    assert!(!narrow.contains('\u{1b}'));
    let coloured = terminal(&compared(&before, &after), 120, true, 40);
    says(&coloured, &["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[1mExact changes"]);
    let short = terminal(&compared(&before, &after), 120, false, 1);
    says(&short, &["and 2 smaller: --rows 0 shows all"]);
}

#[test]
fn files_say_the_same_and_do_no_harm() {
    const HOSTILE: &str = "<b>|`x`";
    let mut before = record([cell("std"), cell("btree")]);
    before.cells[0].id.map = HOSTILE.to_owned();
    let after = with_count(&before, |count| *count.quantities.entry("alloc_bytes") = 2304);
    let files = files(&before, &after);
    assert!(files.keys().eq(["diff.html", "diff.json", "diff.md"]), "{:?}", files.keys());
    let json: Value = serde_json::from_str(&files["diff.json"]).expect("JSON");
    assert_eq!(json["cells"]["same"], 1);
    assert_eq!(json["changes"].as_array().map(Vec::len), Some(2));
    let first = &json["changes"][0];
    assert_eq!((&first["metric"], &first["a"], &first["b"]), (&"alloc_bytes".into(), &1152.into(), &2304.into()));
    assert_eq!((&first["class"], &first["worse"]), (&"exact".into(), &true.into()));
    says(&files["diff.md"], &["| &lt;b>\\|\\`x\\` uniform churn | alloc_bytes           |   1,152 |"]);
    let html = &files["diff.html"];
    assert!(!html.contains(HOSTILE) && !html.contains("<b>"), "foreign text is escaped");
    says(html, &["<td class=\"metric\"", "alloc_bytes</td>", ">×2</td>", "default-src 'none'"]);
    for loading in ["src=\"", "href=\"http", "url(http", "@import", "<link", "<img"] {
        assert!(!html.contains(loading), "{loading}");
    }
    assert_eq!(files, self::files(&before, &after), "the same every time");
}

#[test]
fn stacks_are_held_against_each_other() {
    let stack = |stack: &[u32], alloc_bytes| AllocStack {
        stack: stack.to_vec(),
        alloc_count: 1,
        alloc_bytes,
        live_count: Some(0),
        live_bytes: Some(0),
    };
    let frame = |function: &str| Frame { function: function.to_owned(), file: None, line: None };
    let profiled = |map: &str, alloc: Vec<AllocStack>| {
        let mut cell = cell(map);
        let frames = ["insert", "grow", "split"].map(frame).to_vec();
        cell.profile = Some(Profile { frames, alloc, ..Profile::default() });
        cell
    };
    let before = record([profiled("std", vec![stack(&[0], 8), stack(&[0, 1], 100)])]);
    let after = record([profiled("std", vec![stack(&[0], 8), stack(&[0, 2], 50)])]);
    let written = files(&before, &after);
    let folder = format!("cells/{}", after.cells[0].id.file_stem());
    assert_eq!(
        written[&format!("{folder}/alloc.diff.folded")],
        "map;insert 8 8\nmap;insert;grow 100 0\nmap;insert;split 0 50\n"
    );
    let svg = &written[&format!("{folder}/alloc.diff.svg")];
    says(svg, &["std uniform churn", "split", "</svg>"]);
    assert_eq!(written.keys().filter(|path| path.starts_with("cells/")).count(), 3, "{:?}", written.keys());
    says(&written[&format!("{folder}/alloc.diff.before.svg")], &["std uniform churn", "grow", "</svg>"]);
    let html = &written["diff.html"];
    says(html, &["insert: 108 → 58 bytes (-46.3 %)", "grow: 100 → 0 bytes (gone)", "split: 0 → 50 bytes (new)"]);
    // Those of another map, too, are below one root.
    let swapped = record([profiled("hashbrown", vec![stack(&[0], 9)])]);
    let written = files(&before, &swapped);
    let folder = format!("cells/{}", swapped.cells[0].id.file_stem());
    assert_eq!(written[&format!("{folder}/alloc.diff.folded")], "map;insert 8 9\nmap;insert;grow 100 0\n");
}

#[test]
fn what_chance_makes_of_the_times_is_said_in_every_form() {
    let before = record(["std", "btree"].map(|map| timed(map, &[100_000, 101_000, 102_000, 103_000])));
    let mut after = before.clone();
    after.cells[0].time.as_mut().unwrap().clocked_elapsed_ns = vec![104_000, 105_000, 106_000, 107_000];
    after.cells[1].time.as_mut().unwrap().clocked_elapsed_ns = vec![204_000, 205_000, 206_000, 207_000];
    let said = "2 observed times compared: by chance alone 0.06 would rank apart (Mann-Whitney U, two-sided, at 0.05); 2 did, 1 of \
                these by more than 10 %. A busy machine is not in that number, and times of one cell go up and down \
                together: compare two runs of one build first.";
    let files = files(&before, &after);
    says(&files["diff.html"], &[said]);
    says(&files["diff.md"], &[said]);
    let json: serde_json::Value = serde_json::from_str(&files["diff.json"]).unwrap();
    assert_eq!((&json["times"]["compared"], &json["times"]["apart"]), (&2.into(), &2.into()));
    let screen = screen(&before, &after).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(screen.ends_with(said), "{screen}");
}
