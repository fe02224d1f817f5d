//! `mapscope layout` as a process: what it derives is what the count pass then counts, and what it shows can be read.

use std::collections::HashMap;
use std::fs;

use mapscope::workload::ENTRIES;
use serde_json::Value;

use crate::cli_process::{Outcome, Place};

/// Inserts of a cell that is run.
const OPS: u64 = 1000;

#[track_caller]
fn shows(args: &[&str]) -> String {
    let Outcome { code, stdout, stderr, left } = Place::new().run(args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
    assert!(left.is_empty(), "left {left:?}");
    stdout
}

#[track_caller]
fn layouts(args: &[&str]) -> Vec<Value> {
    let text = shows(&[&["layout", "--format", "json", "--quiet"], args].concat());
    let document: Value = serde_json::from_str(&text).expect("JSON");
    document["layouts"].as_array().expect("a list").clone()
}

/// What a fill of so many entries allocates in all; `None` where hashes, chance or another program have a part in it.
fn allocated(layout: &Value, entries: u64) -> Option<[u64; 2]> {
    let rows = |name: &str| layout[name].as_array().into_iter().flatten();
    if layout["tables"] != 1 || layout["steps"].as_array().is_none_or(Vec::is_empty) {
        return None;
    }
    let (mut count, mut bytes) = (0, 0);
    for object in rows("objects") {
        let times = match object["when"].as_str()? {
            "map" => 1,
            "entry" => entries,
            _ => return None,
        };
        count += times;
        bytes += times * object["bytes"].as_u64()?;
    }
    for step in rows("steps").filter(|step| step["from"].as_u64().is_some_and(|from| from <= entries)) {
        let blocks: Vec<_> = step["blocks"].as_array()?.iter().map(|block| block.as_u64()).collect::<Option<_>>()?;
        count += blocks.len() as u64;
        bytes += blocks.iter().sum::<u64>();
    }
    Some([count, bytes])
}

#[test]
fn what_is_derived_is_what_the_count_pass_then_counts() {
    let place = Place::new();
    let (ops, maps, entries) = (OPS.to_string(), "*", "*");
    let cells = ["--map", maps, "--entry", entries];
    let flags =
        ["--keys", "sequential", "--mix", "fill", "--ops", &ops, "--passes", "count", "--quiet", "--out", "out"];
    let outcome = place.run(&[&["run"], &cells[..], &flags].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let csv = fs::read_to_string(place.path().join("out/results.csv")).expect("a CSV");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<HashMap<String, String>> = rows.deserialize().collect::<Result<_, _>>().expect("rows");

    let (mut exact, mut all) = (0, 0);
    for layout in layouts(&[&cells[..], &["--ops", &ops]].concat()) {
        let is_named =
            |row: &&HashMap<String, String>| layout["map"] == *row["map"] && layout["entry"] == *row["entry"];
        let Some(row) = rows.iter().find(is_named) else { continue };
        all += 1;
        let Some(expected) = allocated(&layout, OPS) else { continue };
        exact += 1;
        let counted = |name: &str| row[name].parse::<u64>().expect("a number");
        let at = format!("{} of {}", layout["map"], layout["entry"]);
        assert_eq!(["alloc_count", "alloc_bytes"].map(counted), expected, "{at}");
        // A table that is being emptied may be there as well.
        if let Some(live) = layout["map_bytes"].as_u64() {
            let owned = layout["owns"].as_array().into_iter().flatten().map(|owned| owned["bytes"].as_u64());
            match owned.sum::<Option<u64>>() {
                Some(owned) => assert_eq!(counted("live_bytes"), live + OPS * owned, "{at}"),
                None => assert!(counted("live_bytes") > live, "{at}"),
            }
        }
    }
    // Of nine of the 26 maps everything is exact.
    assert_eq!((all, exact), (26 * ENTRIES.len(), 9 * ENTRIES.len()));
}

#[test]
fn every_map_and_every_entry_has_a_line_that_fits() {
    let lines = shows(&["layout", "--quiet", "--map", "*", "--entry", "*"]);
    assert!(lines.lines().all(|line| line.chars().count() <= 80 && line == line.trim_end()), "{lines}");
    for layout in layouts(&["--map", "*", "--entry", "*"]) {
        let [map, entry] = ["map", "entry"].map(|name| layout[name].as_str().expect("a name").to_owned());
        // The longest names take two lines.
        let is_of_map = |line: &&str| {
            line.split_whitespace()
                .next()
                .is_some_and(|word| map == word || word.ends_with('-') && map.starts_with(word))
        };
        let named = lines.lines().filter(is_of_map).any(|line| line.contains(&entry));
        assert!(named, "no line of {map} with {entry}");
        let (slot, open) = (&layout["slot"], &layout["open"]);
        assert!(slot["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{layout}");
        // What is not exact says so, and why.
        assert!(allocated(&layout, 1_000_000).is_some() || open.is_string(), "{layout}");
        let sizes: Vec<_> =
            layout["steps"].as_array().expect("steps").iter().map(|step| step["bytes"].as_u64()).collect();
        assert!(sizes.is_sorted(), "{layout}");
        let text = shows(&["layout", "--map", &map, "--entry", &entry]);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn an_entry_need_not_be_compiled() {
    let slots = |entry: &str| {
        let layouts = layouts(&["--map", "hashbrown,go-swiss,java-hashmap,skiplist", "--entry", entry]);
        layouts.iter().map(|layout| layout["slot"]["bytes"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(slots("16/u64"), [Some(24), Some(24), Some(32), Some(40)]);
    // A Go struct that ends in a field of no size has a byte more.
    assert_eq!(slots("u64/()"), [Some(8), Some(16), Some(32), Some(24)]);
    assert_eq!(slots("u32/bool"), [Some(8), Some(8), Some(32), Some(24)]);
    assert_eq!(slots("string(40)/bytes(300)"), [Some(32), Some(32), Some(32), Some(48)]);
    // An array is no key in Java, but for that of a UUID.
    assert_eq!(slots("5/u64"), [Some(16), Some(16), None, Some(32)]);
}

#[test]
fn a_map_is_shown_in_full() {
    let text = shows(&["layout", "--map", "indexmap", "--entry", "string(24)/u64", "--ops", "20"]);
    let expected = "\
indexmap, entries of string(24)/u64

 slot       32 bytes, in a table: key 16, value 8, the map's own 8; aligned to
            8; 2 a cache line of 64 bytes
 owned      the key's bytes: 24 bytes
 bytes      1,200 of the map with 20 entries

 slots  from entry  holds  table bytes  blocks  an entry, full..grown
     4           1      3          148       2            49.3..148.0
     8           4      7          312       2             44.6..78.0
    16           8     14          608       2             43.4..76.0
    32          15     28        1,200       2             42.9..80.0
";
    assert_eq!(text, expected);
}

#[test]
fn the_example_of_the_documents_is_what_it_prints() {
    let text = include_str!("../docs/LAYOUT.md");
    let example = text.split("```console\n$ mapscope ").nth(1).and_then(|rest| rest.split("```").next()).expect("one");
    let (command, expected) = example.split_once('\n').expect("a command and what it prints");
    assert_eq!(shows(&command.split(' ').collect::<Vec<_>>()), expected);
}

#[test]
fn releases_and_load_factors_are_those_of_run() {
    let holds = |args: &[&str]| {
        let layouts = layouts(args);
        layouts.iter().map(|layout| layout["steps"][3]["holds"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(holds(&["--map", "go-classic(go=1.21),go-classic"]), [48, 52]);
    assert_eq!(holds(&["--map", "go-classic", "--load-factor", "4,6.5"]), [32, 52]);
    // Elems of more than 128 bytes are objects, and the slot has their addresses.
    let large = &layouts(&["--map", "go-swiss(go=1.24)", "--entry", "u64/256"])[0];
    assert_eq!(large["slot"]["value"], serde_json::json!({ "bytes": 8, "indirect": true }));
    assert_eq!(large["objects"][1], serde_json::json!({ "what": "the elem", "bytes": 256, "when": "entry" }));
}

#[test]
fn what_cannot_be_named_is_an_error_that_says_what_to_do() {
    for (args, words) in [
        (&["--map", "hashbrwn"][..], "hashbrown"),
        (&["--entry", "u64/u63"], "values can be"),
        (&["--map", "std", "--load-factor", "0.5"], "load"),
        (&["--ops", "0"], "1..=1000000000000"),
        (&["--format", "csv"], "csv"),
    ] {
        let outcome = Place::new().run(&[&["layout"], args].concat());
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stdout);
        assert_eq!(outcome.stdout, "");
        assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
    }
}
