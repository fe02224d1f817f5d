//! `mapscope census --map`: what is in a map, against what its own program has found in it.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use mapscope::engines::go;
use serde_json::{Value, json};

use super::{build_of, toolchains};
use crate::cli_process::Place;

/// The program while it runs.
struct Running {
    child: Child,
    maps: Vec<Said>,
    stdout: Lines<BufReader<ChildStdout>>,
}

/// A map, as the program says.
struct Said {
    name: String,
    address: String,
    entries: u64,
    found: Value,
}

impl Said {
    fn of(line: &str) -> Said {
        let [name, address, entries, found] = line.splitn(4, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        // A list whose brackets hold no blank: `[0,1],2`.
        let found = serde_json::from_str(&format!("[{found}]")).expect("numbers");
        Said { name: name.to_owned(), address: address.to_owned(), entries: entries.parse().expect("a number"), found }
    }
}

impl Running {
    fn new(place: &Place, args: &[&str]) -> Running {
        let mut command = Command::new(place.path().join("maps"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped")).lines();
        let lines = stdout.by_ref().map(|line| line.expect("a line")).take_while(|line| line != "ready");
        let maps = lines.map(|line| Said::of(&line)).collect();
        Running { child, maps, stdout }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    fn said(&self, name: &str) -> &Said {
        self.maps.iter().find(|map| map.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// The inside of one of its maps.
    fn inside(&self, place: &Place, name: &str) -> Value {
        let address = &self.said(name).address;
        let outcome = place.run(&["census", &self.pid(), "--map", address, "--format", "json"]);
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{name}");
        serde_json::from_str(&outcome.stdout).expect("JSON")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.stdout.by_ref().for_each(drop);
        self.child.wait().expect("it ends");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

/// The sum of a figure over rows, each as often as another says.
fn sum(rows: &Value, figure: &str, times: &str) -> u64 {
    rows.as_array().expect("rows").iter().map(|row| number(&row[figure]) * number(&row[times])).sum()
}

fn is_swiss(go: &go::Toolchain) -> bool {
    ["Go 1.21", "Go 1.22", "Go 1.23"].iter().all(|classic| !go.is_of(classic))
}

/// What a map of groups says of itself, in the form of the program.
fn groups_of(inside: &Value) -> Value {
    let groups = &inside["swiss"]["groups"];
    let slots = number(&groups["full"]) + number(&groups["deleted"]) + number(&groups["empty"]);
    assert_eq!(slots, 8 * number(&groups["groups"]), "{inside:#}");
    assert_eq!(slots, number(&inside["map"]["capacity"]), "{inside:#}");
    // What the tables say of themselves says the same: a removed entry takes up what could be filled before a growth.
    assert_eq!(inside["map"]["tombstones"], groups["deleted"], "{inside:#}");
    let starts: u64 = groups["misses"].as_array().expect("rows").iter().map(|row| number(&row["groups"])).sum();
    assert_eq!(starts, number(&groups["groups"]), "{inside:#}");
    json!([groups["by_full"], groups["deleted"]])
}

/// The same of a map of buckets.
fn buckets_of(inside: &Value) -> Value {
    let classic = &inside["classic"];
    let three = |buckets: &Value| {
        let cells = number(&buckets["entries"]) + number(&buckets["tombstones"]) + number(&buckets["rest"]);
        assert_eq!(cells, 8 * (number(&buckets["buckets"]) + number(&buckets["overflow_buckets"])), "{inside:#}");
        assert_eq!(sum(&buckets["by_entries"], "entries", "buckets"), number(&buckets["entries"]), "{inside:#}");
        json!([buckets["buckets"], buckets["overflow_buckets"], buckets["entries"]])
    };
    let growth = &classic["growth"];
    let (waiting, reached) = match growth.is_null() {
        true => (json!([0, 0, 0]), Value::Null),
        false => (three(&growth["waiting"]), growth["reached"].clone()),
    };
    json!([three(&classic["buckets"]), waiting, reached])
}

#[test]
fn the_inside_of_a_map_is_what_its_program_finds_in_it() {
    for go in toolchains() {
        let place = Place::new();
        build_of("inside", &place, &go, &[]);
        let running = Running::new(&place, &[]);
        for said in &running.maps {
            if ["other", "loop", "reflected"].contains(&&*said.name) {
                continue;
            }
            let about = format!("go{} {}", go.version, said.name);
            let inside = running.inside(&place, &said.name);
            assert_eq!(inside["agrees"], true, "{about}: {inside:#}");
            assert_eq!(inside["map"]["entries"], said.entries, "{about}");
            assert_eq!(inside["map"]["address"], said.address, "{about}");
            let mut expected = said.found.clone();
            if is_swiss(&go) {
                assert_eq!(groups_of(&inside), expected, "{about}");
                continue;
            }
            if inside["classic"]["growth"].is_null() {
                // What it was in the last growth.
                expected[2] = Value::Null;
            }
            assert_eq!(buckets_of(&inside), expected, "{about}");
        }
        if is_swiss(&go) {
            let removed = running.inside(&place, "removed");
            let groups = &removed["swiss"]["groups"];
            assert!(number(&groups["deleted"]) > 0 && number(&groups["without_empty"]) > 0, "{removed:#}");
            assert!(removed["swiss"]["miss_groups_mean"].as_f64() > Some(1.0), "{removed:#}");
            let reflected = running.inside(&place, "reflected");
            assert!(reflected["swiss"]["each_table"][0]["groups"].is_null(), "its type is none of the program's");
        } else {
            let growth = &running.inside(&place, "growing")["classic"]["growth"];
            let [old, evacuated] = ["old", "evacuated"].map(|figure| number(&growth[figure]));
            assert!(evacuated > 0 && number(&growth["entries_to_copy"]) > 0, "{growth:#}");
            assert_eq!(evacuated + number(&growth["waiting"]["buckets"]), old, "{growth:#}");
            let copies = growth["copies"].as_array().expect("a list");
            let listed: u64 = copies.iter().map(|copy| number(&copy["entries"])).sum();
            assert_eq!((listed, growth["is_same_size"].clone()), (number(&growth["entries_to_copy"]), false.into()));
            assert_eq!(running.inside(&place, "same")["classic"]["growth"]["is_same_size"], true);
        }
    }
}

#[test]
fn a_chain_that_leads_back_to_itself_is_cut() {
    for go in toolchains().into_iter().filter(|go| !is_swiss(go)) {
        let place = Place::new();
        build_of("inside", &place, &go, &[]);
        let running = Running::new(&place, &[]);
        // Up to Go 1.21 no object names its type, and the map is none by what agrees in it.
        let address = &running.said("loop").address;
        let outcome = place.run(&["census", &running.pid(), "--map", address, "--format", "json"]);
        if outcome.code == Some(2) {
            assert!(go.is_of("Go 1.21") && outcome.stderr.contains("no map has its header at"), "{}", outcome.stderr);
            continue;
        }
        let inside: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        assert_eq!((&inside["agrees"], &inside["classic"]["buckets"]["cut_chains"]), (&false.into(), &1.into()));
    }
}

#[test]
fn what_is_shown_of_a_map_fits_a_terminal() {
    for go in toolchains() {
        let place = Place::new();
        build_of("inside", &place, &go, &[]);
        let running = Running::new(&place, &[]);
        for said in running.maps.iter().filter(|said| said.name != "other") {
            for top in ["3", "0"] {
                let outcome = place.run(&["census", &running.pid(), "--map", &said.address, "--top", top]);
                let text = outcome.stdout;
                assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}{}", outcome.stderr);
                assert_eq!(text.contains("--top N"), top == "3" && has_more(&text), "{text}");
            }
        }
    }
}

/// Whether there are more than three rows by what comes before them.
fn has_more(text: &str) -> bool {
    let of = |word: &str| text.split_once(word).and_then(|(before, _)| before.rsplit([' ', '\n']).next()?.parse().ok());
    of(" tables,").is_some_and(|tables: u64| tables > 3) || text.contains("old bucket ")
}

#[test]
fn a_map_that_changes_meanwhile_does_no_harm() {
    for go in toolchains() {
        let place = Place::new();
        build_of("inside", &place, &go, &[]);
        let running = Running::new(&place, &["live"]);
        let mut read_once = false;
        for _ in 0..8 {
            let address = &running.said("live").address;
            let outcome = place.run(&["census", &running.pid(), "--map", address, "--format", "json"]);
            if outcome.code == Some(2) && outcome.stderr.contains("no map has its header at") {
                continue;
            }
            read_once = true;
            let inside: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
            let read = if is_swiss(&go) { &inside["swiss"]["groups"]["groups"] } else { &inside["classic"]["array"] };
            assert!(number(read) > 0, "go{}: {inside:#}", go.version);
        }
        assert!(read_once, "go{}", go.version);
    }
}

#[test]
fn what_is_no_map_is_refused_in_words() {
    let Some(go) = toolchains().pop() else { return };
    let place = Place::new();
    build_of("inside", &place, &go, &[]);
    let running = Running::new(&place, &[]);
    let refused = |args: &[&str], why: &str| {
        let outcome = place.run(&[&["census", &running.pid()], args].concat());
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{args:?}");
        assert!(outcome.stderr.contains(why), "{args:?}: {}", outcome.stderr);
    };
    let small = &running.said("small").address;
    let odd = format!("0x{:x}", u64::from_str_radix(&small[2..], 16).expect("an address") + 4);
    for address in [&*running.said("other").address, &odd, "0x0", "0x10", "0xffffffffffffffff"] {
        refused(&["--map", address], "no map has its header at");
        refused(&["--map", address], "`mapscope census --each` lists the addresses");
    }
    for address in ["12", "0x", "0x+1", "map", "0x10000000000000000"] {
        refused(&["--map", address], "expected an address as --each shows it");
    }
    refused(&["--map", small, "--each"], "--each");
    refused(&["--map", small, "--format", "csv"], "csv");
}
