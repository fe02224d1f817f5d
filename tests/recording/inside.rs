//! `/map` of the live endpoint, a census of a recorded program, and processes that are known by another number here.

use std::fs;
use std::path::Path;
use std::process::Command;

use mapscope::engines::go;
use serde_json::Value;

use super::live::{Served, TOKEN, program};
use super::switched::Waiting;
use super::{maps, record, rust, toolchains};
use crate::cli_process::Place;
use crate::common::skip::skip;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/inside");

/// A folder with the program, built to record its maps.
pub(super) fn built(go: &go::Toolchain) -> Place {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(PROGRAM).join(file), place.path().join(file)).expect("copied");
    }
    record(&place, go, &["--out", "built", "--", "go", "build", "-o", "program", "."]);
    place
}

/// The place of the line with this comment.
pub(super) fn at(comment: &str) -> String {
    let ends = |line: &str| line.ends_with(&format!("// {comment}"));
    format!("main.go:{}", include_str!("inside/main.go").lines().position(ends).expect("the line") + 1)
}

fn get(served: &Served, path: &str, expected: &str) -> Value {
    let (status, body) = served.get(path, TOKEN);
    assert_eq!(status, expected, "{path}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {body}: {error}"))
}

#[test]
fn the_inside_of_a_map_is_served_by_its_place_and_by_its_address() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = built(&go);
    let mut served = Served::start(&place, "record", &["--out", "live", "--", "./program"]);
    let pid = program(&mut served);
    let filled = at("filled");
    let largest = get(&served, &format!("/map?place={}", filled.replace(':', "%3A")), "200");
    // The largest of the three.
    assert_eq!((&largest["map"]["entries"], &largest["agrees"]), (&2500.into(), &true.into()), "{largest:#}");
    assert_eq!((&largest["place"], &largest["function"]), (&(&*filled).into(), &"main.fill".into()));
    assert_eq!(largest["pid"].to_string(), pid);
    assert_eq!(get(&served, &format!("/map?place={filled}&type=map[uint64]string&pid={pid}"), "200"), largest);

    // By its address it is the same, and the same as on the command line.
    let address = largest["map"]["address"].as_str().expect("an address");
    assert_eq!(get(&served, &format!("/map?at={address}"), "200"), largest);
    let mut shown = largest.clone();
    for field in ["place", "function", "pid"] {
        shown.as_object_mut().expect("an object").remove(field).expect("it is there");
    }
    let outcome = place.run(&["census", &pid, "--map", address, "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&outcome.stdout).expect("JSON"), shown);

    // By the number of its row.
    let rows = maps(&place, "live")["places"].as_array().expect("places").clone();
    let row = rows.iter().position(|row| row["place"] == *at("names")).expect("a row") + 1;
    assert_eq!(get(&served, &format!("/map?place={row}"), "200")["map"]["entries"], 40);

    assert_eq!(served.get(&format!("/map?at={address}"), "another").0, "401");
    let refused = |path: &str, status: &str, why: &str| {
        let said = get(&served, path, status);
        assert!(said["error"].as_str().is_some_and(|said| said.contains(why)), "{path}: {said}");
    };
    refused("/map", "400", "give at=0xADDRESS, or place=PLACE");
    refused("/map?at=12", "400", "expected an address");
    refused("/map?at=0x10", "404", "no map has its header at 0x10");
    refused("/map?place=main.go:1", "404", "no map of that place and type is in a Go process");
    refused(&format!("/map?place={filled}&type=int"), "404", "no map of that place and type is in a Go process");
    refused("/map?place=1&type=int", "400", "without type=");
    refused("/map?place=1000", "404", "/maps has no row 1000");
    refused("/map?place=main.go:1&pid=1", "404", "that process is none of this recording");
    served.end();

    let ended = Served::start(&place, "maps", &["live"]);
    let said = get(&ended, &format!("/map?place={filled}"), "503");
    assert!(
        said["error"].as_str().is_some_and(|said| said.contains("no process of this recording is running")),
        "{said}"
    );
    ended.kill();
}

#[test]
fn a_census_of_a_recorded_program_sees_its_maps_also_when_the_recording_is_deleted() {
    for go in toolchains(true) {
        let place = built(&go);
        let mut served = Served::start(&place, "record", &["--out", "live", "--", "./program"]);
        let pid = program(&mut served);
        let seen = || {
            let outcome = place.run(&["census", &pid, "--each", "--format", "json"]);
            let census: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
            let entries = census["maps"].as_array().expect("maps").iter().filter_map(|map| map["entries"].as_u64());
            let mut entries: Vec<_> = entries.filter(|entries| [5, 2500, 150, 40].contains(entries)).collect();
            entries.sort_unstable();
            entries
        };
        assert!(seen().ends_with(&[40, 150, 2500]) && seen().contains(&5), "go{}: {:?}", go.version, seen());
        let kept = seen();
        let file = maps(&place, "live")["processes"][0]["file"].as_str().expect("a file").to_owned();
        fs::remove_file(place.path().join(file)).expect("removed");
        assert_eq!(seen(), kept, "go{}", go.version);
        let outcome = place.run(&["maps", &pid]);
        assert!(outcome.code == Some(2) && outcome.stderr.contains("was deleted"), "{}", outcome.stderr);
        served.kill();
    }
}

#[test]
fn a_process_that_has_another_number_here_is_found_and_switched() {
    let place = rust::recorded();
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork"]);
        command
    };
    if !unshare().arg("true").status().is_ok_and(|status| status.success()) {
        return skip("namespaces", "let this user have namespaces of its own (unshare --user --pid)");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "-q", "--out", "apart", "--", "unshare", "--user", "--map-root-user", "--pid", "--fork"]);
    let mut running = Waiting::start({
        command.args(["./program", "wait"]).current_dir(place.path());
        command
    });
    running.line();
    assert_eq!(running.line(), "1", "its own number");
    let outcome = place.run(&["maps", "apart", "--set", "sample=1/100"]);
    assert!(outcome.code == Some(0) && outcome.stderr.contains("it was all"), "{}", outcome.stderr);
    assert_eq!(maps(place, "apart")["processes"][0]["sample"], 100);
    running.go_on();
    running.end();
}

#[test]
fn the_inside_of_maps_of_other_languages_is_refused_in_words() {
    let place = rust::recorded();
    let mut served = Served::start(place, "record", &["--out", "other", "--", "./program", "wait"]);
    program(&mut served);
    for path in ["/map?at=0x10", "/map?place=src/main.rs:1"] {
        let said = get(&served, path, "404");
        assert!(said["error"].as_str().is_some_and(|said| said.contains("of Go programs, and process")), "{said}");
        assert!(said["error"].as_str().is_some_and(|said| said.ends_with("is one of Rust")), "{said}");
    }
    served.end();
}
