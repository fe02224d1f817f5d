//! What people read: the table on the terminal, the line on what stands out, results.md.
//!
//! `MAPSCOPE_BLESS=1 cargo test --test suite report_text::` writes the goldens anew.

pub mod fixture;
mod github;

use std::path::Path;

use fixture::{histogram, record, results, undisturbed, whole};
use mapscope::probe::event::Cause;
use mapscope::record::metrics::{self, Better, Quantity};
use mapscope::record::{
    Arrivals, Cell, Distributions, Hashing, HighestRate, OpKind, Pace, Responses, Results, Searches, Sensors, Services,
    Status, Undisturbed,
};
use mapscope::report::FORMATS;
use mapscope::report::table::{findings, summary};
use unicode_width::UnicodeWidthStr as _;

use crate::common::skip;

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("MAPSCOPE_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, expected, "{} differs; MAPSCOPE_BLESS=1 writes it anew", path.display());
}

/// The one file of a format that has one, and its name.
fn rendered(format: &str, results: &Results) -> (String, String) {
    let format = FORMATS.iter().find(|of| of.name == format).expect("the format");
    let mut files = Vec::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        files.push((path.to_owned(), String::from_utf8(bytes.to_vec()).expect("UTF-8")));
        Ok(())
    };
    (format.render)(results, &mut emit).expect("rendered");
    let [file] = files.try_into().expect("one file");
    file
}

/// The first thing that stands out.
fn standout(results: &Results) -> Option<String> {
    findings(results).into_iter().next()
}

fn markdown(results: &Results) -> String {
    let (path, text) = rendered("md", results);
    assert_eq!(path, "results.md");
    text
}

/// Without ANSI styles.
fn bare(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |bare, part| bare + part.split_once('m').expect("a style").1)
}

#[test]
fn the_table_at_80_columns() {
    golden("table-80.txt", &summary(&record(), 80, false));
}

#[test]
fn the_table_at_120_columns() {
    golden("table-120.txt", &summary(&record(), 120, false));
}

#[test]
fn the_markdown() {
    golden("results.md", &markdown(&record()));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut results = record();
    results.cells[0].id.map = "a-map-with-a-name-that-nobody-would-want-to-type".to_owned();
    results.cells[1].id.map = "ключ-値".to_owned();
    for width in [1, 5, 9, 12, 20, 40, 60, 79, 80, 100, 120, 200] {
        for line in bare(&summary(&results, width, true)).lines() {
            assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
        }
    }
}

#[test]
fn every_cell_is_a_row_at_any_width() {
    for width in [40, 80, 100, 120, 200] {
        let text = summary(&record(), width, false);
        for map in ["go-classic", "std", "hashbrown", "indexmap", "btree"] {
            let rows = text.lines().filter(|line| line.trim_start().split(' ').next() == Some(map));
            assert_eq!(rows.count(), 2, "{map} at {width}:\n{text}");
        }
    }
}

#[test]
fn colour_changes_nothing_but_the_colours() {
    for width in [80, 120, 200] {
        let [plain, coloured] = [false, true].map(|colour| summary(&record(), width, colour));
        assert!(!plain.contains('\x1b'));
        assert!(coloured.contains("\x1b[31mpanicked"), "{coloured}");
        assert!(coloured.contains("\x1b[1muniform fill"), "{coloured}");
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trimmed(&bare(&coloured)), trimmed(&plain));
    }
}

#[test]
fn the_best_figures_of_a_workload_are_green_unless_all_are_alike() {
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return skip::skip("colours", "NO_COLOR is set");
    }
    let text = summary(&record(), 120, true);
    let green = |text: &str| text.split("\x1b[38;5;2m").skip(1).filter_map(|part| part.split('\x1b').next()).count();
    let row = |map: &str, nth: usize| text.lines().filter(|line| line.contains(map)).nth(nth).expect("the row");
    // Time, p50, p99, p99.9, allocs and moves are hashbrown's, the last two std's too.
    assert_eq!(green(row("hashbrown", 0)), 6, "{text}");
    assert_eq!(green(row("std", 0)), 2, "{text}");
    assert_eq!(green(row("hashbrown", 1)), 6, "only times differ, those of lookups too: {text}");
    assert_eq!(green(row("std", 1)), 0, "{text}");
}

#[test]
fn columns_without_a_value_are_left_out() {
    let mut results = whole();
    results.cells.iter_mut().for_each(|cell| cell.time = None);
    let text = summary(&results, 200, false);
    assert!(!text.contains("p99"), "{text}");
    assert!(!text.contains("clock"), "{text}");
    assert!(text.contains("B/entry"), "{text}");
    assert!(!markdown(&results).contains("Timed"));
}

/// The record with response times at a rate that leaves the first map time to rest, and at one that is too much for it.
fn with_waits() -> Results {
    let mut results = record();
    let waits = |rate_per_s, arrivals, service_ns: u64, p999_ns: u64| Responses {
        services: Services::Observed,
        arrivals,
        rate_per_s: Some(rate_per_s),
        pace: None,
        ops: 100_000,
        service_ns: vec![service_ns, service_ns, 9 * service_ns],
        p50_ns: vec![60, 80, 70],
        p99_ns: vec![],
        p999_ns: vec![p999_ns, 2 * p999_ns, 1],
        max_ns: vec![3_100_000, 900, 10],
    };
    let time = results.cells[0].time.as_mut().expect("a time pass");
    time.responses =
        vec![waits(1_000_000, Arrivals::Poisson, 5_000_000, 12_345), waits(30_000_000, Arrivals::Paced, 5_000_000, 9)];
    results
}

#[test]
fn what_callers_wait_is_a_table_of_its_own() {
    let text = summary(&with_waits(), 80, false);
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let has = |line: &str| assert!(lines.iter().any(|found| found == line), "{line}:\n{text}");
    has("What callers wait");
    // No repetition has a p99.
    has("map rate /s arrivals busy p50 p99.9 max");
    let mut paced = with_waits();
    let responses = &mut paced.cells[0].time.as_mut().expect("a time pass").responses;
    for (one, speed) in responses.iter_mut().zip([1, 1000]) {
        let pace =
            Pace { speed, span_ns: 400_000_000_000, unit_ns: 1_000_000_000, different: 9, most_ops: 7, earlier_ops: 0 };
        (one.arrivals, one.rate_per_s, one.pace) = (Arrivals::Trace, None, Some(pace));
    }
    let text = summary(&paced, 80, false);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_there = |line: &str| assert!(text.lines().any(|found| words(found) == line), "{line}:\n{text}");
    is_there("go-classic 250 trace <0.1 % 70 ns 12 µs 3.1 ms");
    is_there("go-classic 250,000 trace*1000 1.2 % 70 ns 9 ns 3.1 ms");
    // The median of the repetitions, and the largest of all.
    has("go-classic 1,000,000 poisson 5.0 % 70 ns 12 µs 3.1 ms");
    has("go-classic 30,000,000 paced 150.0 % 70 ns 9 ns 3.1 ms");
    assert!(!summary(&record(), 80, false).contains("Response times"));
    for width in [1, 12, 20, 40, 60, 80, 200] {
        for line in summary(&with_waits(), width, false).lines() {
            assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
        }
    }
    let narrow = summary(&with_waits(), 60, false);
    assert!(narrow.lines().any(|line| line.contains("p99.9") && line.ends_with("max")), "{narrow}");
    let source = markdown(&with_waits());
    assert!(
        source.contains("| go-classic |  1,000,000 |  poisson | observed |   5.0 % | 70 ns |   - | 12 µs | 3.1 ms |"),
        "{source}"
    );
    let (_, page) = rendered("html", &with_waits());
    assert!(page.contains("<td class=\"number\">150.0 %</td>"), "the page has them without its scripts");
}

#[test]
fn where_there_is_no_room_for_whose_times_they_are_the_undisturbed_ones_stay() {
    let mut results = with_waits();
    let time = results.cells[0].time.as_mut().expect("a time pass");
    let least = Responses { services: Services::Undisturbed, service_ns: vec![9], ..time.responses[0].clone() };
    time.responses.insert(0, least);
    for (width, rows, said) in [(100, 3, true), (60, 2, false)] {
        let text = summary(&results, width, false);
        let waits: Vec<_> = text.split_once("What callers wait").expect("the table").1.lines().collect();
        let of: Vec<_> = waits.iter().filter(|line| line.contains("go-classic")).collect();
        assert_eq!((of.len(), text.contains("undisturbed ")), (rows, said), "{text}");
        assert_eq!(text.replace('\n', " ").contains("Undisturbed where a cell has such times."), !said, "{text}");
        assert!(!said || of[0].contains("<0.1 %"), "the undisturbed one comes first: {text}");
    }
}

#[test]
fn a_small_table_loses_no_figure_to_a_long_name() {
    let mut results = undisturbed(with_waits());
    let waits = results.cells.remove(0).time.expect("a time pass").responses;
    results.cells.truncate(1);
    results.cells[0].id.map = "hashbrown-foldhash-quality".to_owned();
    let time = results.cells[0].time.as_mut().expect("a time pass");
    time.responses = waits;
    time.hashing = Some(Hashing { ops: 100_000, hashed_ns: vec![900_000; 3], idle_ns: vec![200_000; 3] });
    for width in [60, 70] {
        let text = summary(&results, width, false);
        assert!(!text.contains('…') && text.contains("3.1 ms") && text.contains("growing 69 %"), "{text}");
    }
}

#[test]
fn where_an_operation_s_time_goes_and_the_highest_rates_are_tables_of_their_own() {
    let mut results = undisturbed(whole());
    let time = results.cells[1].time.as_mut().unwrap();
    time.hashing = Some(Hashing { ops: 100_000, hashed_ns: vec![900_000; 3], idle_ns: vec![200_000; 3] });
    time.highest_rates = vec![HighestRate {
        services: Services::Observed,
        arrivals: Arrivals::Paced,
        quantile: 0.999,
        limit_ns: 100_000,
        ops: 100_000,
        rates_per_s: vec![3, 1_000_000, 2_000_000],
    }];
    results.cells.truncate(3);
    let text = summary(&results, 80, false);
    let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let has = |line: &str| assert!(lines.iter().any(|found| found.starts_with(line)), "{line}:\n{text}");
    has("Where an operation's time goes");
    has("map time hashing growing adding finding mostly");
    has("std 43.0 7.0 29.6 0 6.4 growing 69 %");
    // Nobody has told whether it hashes.
    has("hashbrown 29.0 - 28.6 0 - -");
    assert!(!text.contains("Entropy") && !text.contains("entropy"), "no column, no word: {text}");
    has("The highest rate that keeps a limit");
    has("std p99.9 100 µs paced 1,000,000");
    let source = markdown(&results);
    assert!(source.contains("| std | p99.9 100 µs |    paced | observed |  1,000,000 |"), "{source}");
    assert!(source.contains("Where an operation's time goes. In ns"), "{source}");
    let (_, page) = rendered("html", &results);
    assert!(page.contains("<h3>Where an operation&#x27;s time goes</h3>") && page.contains("growing 69 %"));
}

#[test]
fn cells_that_differ_in_the_hint_lie_side_by_side() {
    let mut results = whole();
    results.cells.truncate(2);
    let mut hinted = results.cells[1].clone();
    hinted.id.hint = 50_000;
    results.cells.push(hinted);
    let text = summary(&results, 80, false);
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("  std")).collect();
    assert!(rows.len() == 2 && rows[0].contains("std hint=0 ") && rows[1].contains("std hint=50,000 "), "{text}");
    assert!(text.contains("hint: the entries that the map was told to expect."), "{text}");
    assert_eq!(text.matches("uniform fill").count(), 1, "{text}");
    let source = markdown(&results);
    assert!(source.contains("| std hint=50,000 |") && source.contains("| go-classic      |"), "{source}");
}

#[test]
fn a_table_of_lookups_has_theirs_and_those_of_writes_beside_them() {
    let mut results = whole();
    let cell = &mut results.cells[6];
    (cell.expected.gets, cell.expected.overwrites) = (90_000, 10_000);
    results.cells = vec![cell.clone()];
    let text = summary(&results, 120, false);
    let row = text.lines().find(|line| line.starts_with("  std")).expect("the row");
    let figures: Vec<_> = row.split_whitespace().collect();
    // The median of lookups is half of that of overwrites, here.
    assert_eq!(figures[..3], ["std", "35.0", "22"], "{text}");
    assert!(text.contains("latency of one lookup") && !text.contains("of one overwrite"), "{text}");
    assert!(text.lines().next().expect("a heading").contains("writes"), "{text}");
    assert!(markdown(&results).contains("Timed, latencies of lookups:"));
}

/// A map of half lookups, half overwrites under two seeds, of which the other has so many lookups more.
fn of_two_seeds(more: u64) -> Results {
    let mut cells = vec![whole().cells[6].clone(); 2];
    (cells[0].expected.gets, cells[0].expected.overwrites) = (50_000 - more, 50_000 + more);
    (cells[1].expected.gets, cells[1].expected.overwrites) = (50_000 + more, 50_000 - more);
    cells[1].id.seed = 2;
    results(cells)
}

#[test]
fn of_a_mix_of_halves_the_latencies_are_those_of_writes_whatever_the_seed() {
    let results = of_two_seeds(100);
    let text = summary(&results, 120, false);
    assert!(text.replace('\n', " ").contains("latency of one overwrite") && !text.contains("(lookups)"), "{text}");
    assert!(markdown(&results).contains("Timed, latencies of overwrites:"));
}

#[test]
fn where_seeds_differ_in_what_their_latencies_are_of_each_row_says_it_and_none_is_the_best() {
    let results = of_two_seeds(9_000);
    let text = summary(&results, 120, true);
    let plain = bare(&text);
    assert!(plain.contains("(latencies of what each row names)"), "{plain}");
    assert!(plain.contains("  std seed=1 (overwrites) ") && plain.contains("  std seed=2 (lookups) "), "{plain}");
    assert!(plain.replace('\n', " ").contains("of the kind that the heading or the row names"), "{plain}");
    let row = text.lines().find(|line| line.contains("(lookups)")).expect("the row");
    assert!(!row.contains("\x1b["), "its median is less, but of others: {row:?}");
    assert!(markdown(&results).contains("Timed, latencies of what each row names:"));
}

#[test]
fn names_and_headings_wrap_and_tails_stay_at_60_columns() {
    let mut results = record();
    results.cells[1].id.map = "a-map-with-a-name-that-nobody-would-want-to-type".to_owned();
    let text = summary(&results, 60, false);
    assert!(
        text.contains("\n  a-map-with-a-name-that-nobody-would-want-to-type\n"),
        "whole, above its figures: {text}"
    );
    let headings: Vec<_> = text.lines().next().expect("a heading").split_whitespace().collect();
    assert!(["time", "p99.9", "max", "live"].iter().all(|of| headings.contains(of)), "{text}");
    assert!(!text.contains('…'), "{text}");
}

/// The record with cells of `maps` of which each repetition does the same, and of which the machine took a share.
fn settled(maps: &[&str], machine_percent: u64) -> Results {
    let mut results = whole();
    for cell in results.cells.iter_mut().filter(|cell| maps.contains(&&*cell.id.map)) {
        let time = cell.time.as_mut().unwrap();
        let blocks_ns = time.bare_elapsed_ns[0] * (100 - machine_percent) / 100;
        time.undisturbed = vec![Undisturbed { repetitions: 3, blocks_ns, histograms: time.histograms.clone() }];
        time.sensors = Some(Sensors { involuntary_switches: vec![400, 5, 7], ..Sensors::default() });
    }
    results
}

#[test]
fn which_times_are_undisturbed_is_said_and_that_the_machine_was_busy() {
    let text = |results: &Results| {
        let table = summary(results, 200, false).replace('\n', " ");
        let markdown = markdown(results);
        let of = |text: &str| (text.contains("Times are undisturbed"), text.contains("The machine was busy: it took"));
        assert_eq!(of(&table), of(&markdown));
        (table, of(&markdown))
    };
    let maps: Vec<String> = whole().cells.iter().map(|cell| cell.id.map.clone()).collect();
    let maps: Vec<&str> = maps.iter().map(String::as_str).collect();
    assert_eq!(text(&whole()).1, (false, false));
    assert!(text(&whole()).0.contains("Times are observed"));
    assert_eq!(text(&settled(&maps, 24)).1, (true, false));
    let (said, both) = text(&settled(&maps, 25));
    assert_eq!(both, (true, true));
    let switches = 412 * whole().cells.len() as u64;
    assert!(said.contains("25 % of the time of half of the cells or more, and took the processor away"), "{said}");
    assert!(said.contains(&format!("{},{:03} times", switches / 1000, switches % 1000)), "{said}");
    let (said, _) = text(&settled(&["std", "btree"], 0));
    assert!(said.contains("but for go-classic, hashbrown and indexmap: those are observed"), "{said}");
    let std = summary(&settled(&["std"], 50), 200, false);
    assert!(
        std.lines().any(|line| line.trim_start().starts_with("std") && line.contains(" 21.5 ")),
        "half of 43: {std}"
    );
}

#[test]
fn load_factors_and_seeds_are_named_where_they_tell_cells_apart() {
    let mut results = whole();
    let mut other = results.cells[0].clone();
    other.id.load_factor = Some(4.0);
    results.cells.push(other);
    let text = summary(&results, 200, false);
    assert_eq!(text.matches("go-classic lf=6.5").count(), 2, "on each workload, though one has no other: {text}");
    let place = |label| text.find(label).expect("the row");
    assert!(place("go-classic lf=4") < place("go-classic lf=6.5"), "{text}");
    assert!(place("std") < place("go-classic lf=4"), "the quicker map first: {text}");
    assert!(!text.contains("seed="), "{text}");
    assert!(text.contains("lf: load factor."), "{text}");
    assert!(!summary(&whole(), 200, false).contains("lf"), "nothing to tell apart");

    let mut reseeded = results.cells[1].clone();
    reseeded.id.seed = 2;
    results.cells.push(reseeded);
    let text = summary(&results, 200, false);
    assert!(text.contains("std seed=1") && text.contains("std seed=2"), "{text}");
}

#[test]
fn failed_cells_stand_out_first() {
    let line = standout(&record()).unwrap();
    assert_eq!(
        line,
        "1 of 10 cells failed: indexmap, panicked on zipfian(0.99) ycsb-a (count pass: the map panicked at \
         `swap_remove`: index 4 | length 3)"
    );
    let mut all = record();
    for cell in &mut all.cells {
        (cell.status, cell.error) = (Status::TimedOut, Some("x".repeat(500)));
    }
    let line = standout(&all).unwrap();
    assert!(line.starts_with("10 of 10 cells failed: first go-classic, timed-out on uniform fill (xxx"), "{line}");
    assert_eq!(line.width(), 160);
}

#[test]
fn a_growth_that_interruptions_do_not_explain_stands_out() {
    let line = standout(&undisturbed(whole())).unwrap();
    // Two of 48 and 49 µs can't be told apart.
    let least = "up to 64.6 times the 48 to 49 µs of go-classic and btree (std: 910 µs, hashbrown: 880 µs)";
    assert_eq!(line, format!("indexmap's slowest write on uniform fill took 3.1 ms while growing, {least}"));
    assert!(findings(&whole()).iter().all(|line| !line.contains("slowest")), "three repetitions say nothing of times");
}

#[test]
fn with_noise_as_long_as_the_growths_the_counts_stand_out() {
    let mut results = whole();
    let steady = histogram(OpKind::Insert, Cause::Steady, &[(50, 99_999), (1_500_000, 1)]);
    results.cells[0].time.as_mut().unwrap().histograms.push(steady);
    let lines = findings(&undisturbed(results));
    assert!(lines.iter().all(|line| !line.contains("slowest")), "{lines:?}");
    let moves = "btree moves 4.6 entries per insert on uniform fill, 4.01 times the 1.15 of std and hashbrown \
                 (go-classic: 1.31, indexmap: 1.31)";
    assert!(lines.iter().any(|line| line == moves), "a tie is a tie: {lines:?}");
}

#[test]
fn a_single_map_is_held_against_itself() {
    let cell = whole().cells.swap_remove(3);
    let alone = undisturbed(results(vec![cell]));
    let line = standout(&alone).unwrap();
    assert_eq!(
        line,
        "indexmap's slowest write on uniform fill took 3.1 ms while growing, 46,980 times its median of 66 ns"
    );

    let mut few = alone.clone();
    let time = few.cells[0].time.as_mut().unwrap();
    time.ops = 999;
    time.histograms = vec![histogram(OpKind::Insert, Cause::Grow, &[(50, 998), (3_100_000, 1)])];
    let lines = findings(&undisturbed(few));
    assert!(lines.iter().all(|line| !line.contains("slowest")), "{lines:?}");
    let moves = "indexmap moves 1.31 entries per insert on uniform fill, 65,535 in the largest write";
    assert!(lines.iter().any(|line| line == moves), "{lines:?}");

    let mut below_the_clock = alone;
    below_the_clock.cells[0].time.as_mut().unwrap().clock_floor_ns = 70.0;
    assert!(findings(&below_the_clock).iter().all(|line| !line.contains("slowest")));
}

#[test]
fn a_kind_that_takes_most_of_the_time_out_of_proportion_stands_out() {
    let mut cell = whole().cells.swap_remove(2);
    cell.expected.clears = Some(2000);
    cell.expected.inserts -= 2000;
    let time = cell.time.as_mut().unwrap();
    // Two kinds, of which the least of each operation are in the histograms: 2,000 clears of 72.5 µs each.
    time.kind_ns = [(OpKind::Insert, 1), (OpKind::Clear, 1)].into();
    time.histograms.push(histogram(OpKind::Clear, Cause::Steady, &[(72_500, 6000)]));
    let alone = undisturbed(results(vec![cell]));
    let line = standout(&alone).unwrap();
    let said = "hashbrown's clears take 95.3 % of the time on uniform fill and are 2 % of the operations: 72 µs each, \
                1,004 times what the others take";
    assert_eq!(line, said);
    let table = summary(&alone, 80, false);
    assert!(table.contains("clear 95%"), "{table}");
    assert!(table.contains("most time: the kind of"), "{table}");
    // Latencies of writes have no clear in them, and so no noise of its length.
    assert!(table.contains(" 880"), "{table}");

    let mut held_up = alone.clone();
    let time = held_up.cells[0].time.as_mut().unwrap();
    *time.histograms.last_mut().unwrap() = histogram(OpKind::Clear, Cause::Steady, &[(20, 5999), (9_000_000, 1)]);
    let held_up = undisturbed(held_up);
    assert!(
        findings(&held_up).iter().all(|line| !line.contains("clears")),
        "the machine held one of them up, and the others are cheap"
    );

    let mut even = alone;
    let time = even.cells[0].time.as_mut().unwrap();
    let inserts = metrics::latency::decode(&time.histograms[0]).unwrap().mean();
    *time.histograms.last_mut().unwrap() = histogram(OpKind::Clear, Cause::Steady, &[((9.9 * inserts) as u64, 6000)]);
    let lines = findings(&undisturbed(even));
    assert!(lines.iter().all(|line| !line.contains("clears")), "9.9 times as long as the others is no news: {lines:?}");
}

#[test]
fn keys_that_cluster_stand_out_when_it_was_worst() {
    let mut record = whole();
    record.cells.iter_mut().for_each(|cell| cell.time = None);
    let searches = |ops, hit_groups| Searches { ops, entries: 1000, hit_groups: Some(hit_groups), hit_probes: None };
    let count = |cell: &mut Cell, groups: [u64; 2]| {
        let count = cell.count.as_mut().expect("counted");
        count.searches = vec![searches(1000, groups[0]), searches(2000, groups[1])];
    };
    count(&mut record.cells[1], [1040, 1050]);
    count(&mut record.cells[3], [9450, 1010]);
    let lines = findings(&record);
    let line = lines.iter().find(|line| line.contains("cluster")).unwrap();
    assert_eq!(
        line,
        "indexmap looks at 9.45 groups per hit on uniform fill after 1,000 operations, 9 times std's 1.05: its keys cluster"
    );
    let alone = results(vec![record.cells[3].clone()]);
    assert_eq!(
        standout(&alone).unwrap(),
        "indexmap looks at 9.45 groups per hit on uniform fill after 1,000 operations: its keys cluster"
    );
    count(&mut record.cells[3], [1990, 1010]);
    assert!(findings(&record).iter().all(|line| !line.contains("groups")), "a longer search is no cluster yet");
    // On the way down a trie no entry is in the first node, however well its keys spread.
    count(&mut record.cells[3], [9450, 1010]);
    let lengths = |lengths| Distributions { hit_group_lengths: Some(lengths), ..Distributions::default() };
    record.cells[3].count.as_mut().unwrap().distributions = lengths(vec![0, 0, 0, 1000]);
    assert!(findings(&record).iter().all(|line| !line.contains("groups")), "a trie's depth is no cluster");
    record.cells[3].count.as_mut().unwrap().distributions = lengths(vec![0, 16, 984]);
    assert!(findings(&record).iter().any(|line| line.contains("cluster")));
}

#[test]
fn where_nothing_happened_nothing_stands_out() {
    assert_eq!(standout(&results(Vec::new())), None);
    let mut not_run = record();
    not_run.cells.iter_mut().for_each(|cell| cell.status = Status::NotRun);
    assert_eq!(standout(&not_run), None, "a cell that a stopped run did not reach has not failed");
}

#[test]
fn markdown_links_only_to_what_there_is() {
    let text = markdown(&record());
    assert_eq!(text.matches("/alloc.svg)").count(), 5, "{text}");
    assert_eq!(text.matches("/latency.hlog)").count(), 10);
    let mut counted = record();
    for cell in &mut counted.cells {
        (cell.time, cell.profile) = (None, None);
    }
    assert!(!markdown(&counted).contains("Where to look next"));
}

#[test]
fn every_row_of_a_markdown_table_has_as_many_cells_as_its_heading() {
    let text = markdown(&record());
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let lines: Vec<&str> = text.lines().collect();
    let mut tables = 0;
    for table in lines.split(|line| !line.starts_with('|')).filter(|lines| !lines.is_empty()) {
        tables += 1;
        assert!(table.iter().all(|line| cells(line) == cells(table[0])), "{table:#?}");
    }
    assert_eq!(tables, 6);
}

/// Names that differ in nothing but what joins their words, units that other formats convert, and the registry's own names.
const DECLARED: [(&str, &str); 14] = [
    ("alloc.bytes", "bytes"),
    ("alloc.count", "count"),
    ("alloc.bytes_per_write", "bytes/write"),
    ("live-bytes.bytes", "bytes"),
    ("cell.info", "count"),
    ("latency.seconds", "seconds"),
    ("latency.seconds_bucket", "count"),
    ("a.b_ns", "ns"),
    ("a.b_seconds", "seconds"),
    ("a.b", "seconds"),
    ("a-b.c", "count"),
    ("a.b_c", "count"),
    ("a.b_count", "count"),
    ("a.bs", "count"),
];

#[test]
fn what_maps_declare_has_a_name_of_its_own_in_every_format() {
    let mut results = whole();
    results.cells.truncate(1);
    let plain = metrics::of([&results]).iter().filter(|metric| metric.value(&results.cells[0]).is_some()).count();
    let count = results.cells[0].count.as_mut().unwrap();
    for (name, unit) in DECLARED {
        let quantity = Quantity::exact(name, unit, Better::Lower, "Of a map of one's own.");
        assert_eq!(quantity.flaw(), None);
        count.declared.push(quantity);
        *count.quantities.entry(name) = 3;
    }
    let expected = plain + DECLARED.len();

    let (_, bencher) = rendered("bencher", &results);
    let bencher: serde_json::Value = serde_json::from_str(&bencher).unwrap();
    let measures = bencher.as_object().unwrap().values().next().unwrap().as_object().unwrap();
    assert_eq!(measures.len(), expected);

    let once = |names: Vec<&str>| {
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{names:?}");
        names.len()
    };
    let (_, prom) = rendered("openmetrics", &results);
    let families = prom.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert_eq!(once(families), expected + 2, "and the cell's state, and its latencies");
    let samples = prom
        .lines()
        .filter_map(|line| Some(line.split_once('{')?.0))
        .filter(|name| *name != "mapscope_latency_seconds_bucket");
    assert_eq!(once(samples.collect()), expected + 1);
    assert_eq!(prom.matches("mapscope_latency__seconds_bucket{").count(), 1);
    for unit in prom.lines().filter_map(|line| line.strip_prefix("# UNIT ")) {
        let (family, unit) = unit.split_once(' ').unwrap();
        assert!(family.ends_with(unit), "{family} {unit}");
    }

    let (_, bench) = rendered("go-bench", &results);
    let line = bench.lines().find(|line| line.starts_with("BenchmarkMapscope")).unwrap();
    once(line.split(' ').skip(3).step_by(2).collect());
}
