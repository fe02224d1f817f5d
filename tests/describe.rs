//! `describe` as a process, and `--like` on real traces.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli_process::Place;

/// What `mapscope describe ARGS --format json` shows.
fn described(place: &Place, args: &[&str]) -> Value {
    let outcome = place.run(&[&["describe", "--format", "json"], args].concat());
    assert_eq!((outcome.code, outcome.left.len()), (Some(0), 0), "{args:?}: {}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

fn file(place: &Place, text: &str) {
    fs::write(place.path().join("t.csv"), text).expect("written");
}

#[test]
fn the_flags_that_say_how_a_trace_is_read_are_those_of_convert() {
    let place = Place::new();
    file(&place, "what,it\nset,4\nread,4\n");
    let named = described(&place, &["t.csv", "--columns", "op=what,key=it"]);
    assert_eq!((&named["operations"]["inserts"], &named["operations"]["get_hits"]), (&1.into(), &1.into()));
    file(&place, "4\n4\n5\n");
    let requests = described(&place, &["t.csv", "--trace-op", "get-or-insert", "--trace-format", "keys"]);
    assert_eq!((&requests["operations"]["all"], &requests["keys"]["uses"]), (&5.into(), &3.into()));
    assert!(requests["read_as"].as_str().expect("words").starts_with("read as keys: "));
}

#[test]
fn bad_input_is_refused_in_words() {
    let place = Place::new();
    file(&place, "op,key\ninsert,1\nrotate,2\n");
    for (args, words) in [
        (&["t.csv"][..], "t.csv:3: unknown op `rotate`"),
        (&["none.csv"], "none.csv: can't be read"),
        (&["t.csv", "--format", "jsn"], "unknown format \"jsn\", did you mean \"json\"?"),
        (&["t.csv", "--trace-format", "lisr"], "did you mean \"lirs\"?"),
    ] {
        let outcome = place.run(&[&["describe"], args].concat());
        assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
    }
}

/// The workload that resembles a trace, run by its command line: what was said of it is what a run finds.
#[test]
fn the_command_of_a_likeness_runs_and_gives_the_figures_that_were_said() {
    let place = Place::new();
    let rows = (0..3000u64).map(|i| match i % 5 {
        0 | 1 => format!("put,{}\n", i * i % 1009 + i / 1500 * 5000),
        2 => format!("get,{}\n", i % 777),
        3 => format!("remove,{}\n", i * 7 % 1009),
        _ => "get,1\n".to_owned(),
    });
    file(&place, &format!("op,key\n{}iterate,\nclear,\n", rows.collect::<String>()));
    let like = &described(&place, &["t.csv", "--like"])["like"];
    let text = place.run(&["describe", "t.csv", "--like"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.starts_with("    --")), "{text}");

    let word = |name: &str| like[name].as_str().expect(name);
    let ops = like["ops"].to_string();
    assert_eq!(ops, "3002");
    let command = format!("mapscope run --keys '{}' --mix '{}' --ops {ops}", word("keys"), word("mix"));
    assert_eq!(word("command"), command);
    let args = ["--keys", word("keys"), "--mix", word("mix"), "--ops", &ops, "--passes", "count", "--out", "o", "-q"];
    let outcome = place.run(&[&["run", "--map", "go-classic,hashbrown,btree"], &args[..]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let record: Value =
        serde_json::from_slice(&fs::read(place.path().join("o/results.json")).expect("a record")).expect("JSON");
    for (compared, cell) in
        like["compared"].as_array().expect("maps").iter().zip(record["cells"].as_array().expect("it"))
    {
        assert_eq!(compared["map"], cell["id"]["map"]);
        let bytes = cell["count"]["quantities"]["alloc_bytes"].as_f64();
        assert_eq!(compared["alloc_bytes"]["like"].as_f64(), bytes, "{}", cell["id"]);
        let hits = &cell["expected"];
        let ratio = hits["get_hits"].as_f64().expect("hits") / hits["gets"].as_f64().expect("gets");
        assert_eq!(compared["get_hit_ratio"]["like"].as_f64(), Some(ratio));
        assert_eq!(compared["get_hit_ratio"]["trace"].as_f64(), Some(ratio), "hits are dealt exactly");
    }
}

/// Bytes, moves and hits of both, by map, of which the workload's may be off by a tenth.
fn off(place: &Place, trace: &str) -> Vec<String> {
    let described = described(place, &[trace, "--like"]);
    let compared = described["like"]["compared"].as_array().expect("maps");
    assert_eq!(compared.len(), 3);
    let mut off = Vec::new();
    for map in compared {
        for figure in ["alloc_bytes", "moved_entries", "get_hit_ratio"] {
            let Some(pair) = map.get(figure) else { continue };
            let [of_trace, of_like] = ["trace", "like"].map(|of| pair[of].as_f64().expect("a number"));
            if (of_like - of_trace).abs() > 0.1 * of_trace {
                off.push(format!("{} {figure}: {of_like}, not {of_trace}", map["map"]));
            }
        }
    }
    off
}

fn shared(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        crate::common::skip::skip("shared", &format!("{} is missing", path.display()));
        return None;
    }
    path.to_str().map(str::to_owned)
}

#[test]
fn a_generated_workload_resembles_real_traces() {
    let place = Place::new();
    for name in ["traces/caf_lirs_2_pools.trace.gz", "traces/words.txt", "traces/cl_kv_traces_1.csv"] {
        let Some(path) = shared(name) else { return };
        assert_eq!(off(&place, &path), Vec::<String>::new(), "{name}");
    }
    // Of 24 entries the hash decides how many buckets overflow: by the seed, from 1,056 to 1,432 bytes and more.
    let Some(path) = shared("traces/csapp_trans.trace") else { return };
    assert_eq!(off(&place, &path), ["\"go-classic\" alloc_bytes: 1056, not 1592"]);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "some hundred counts of 50,000 inserts: run with --release")]
fn a_generated_workload_resembles_longer_real_traces() {
    let place = Place::new();
    for name in [
        "gcc-memory-accesses.csv.gz",
        "cloudphysics-block-io.oraclegeneral.bin",
        "traces/caf_cache2k_web12.trace.xz",
        "traces/lcs_cloudPhysicsIO.vscsi",
    ] {
        let Some(path) = shared(name) else { return };
        assert_eq!(off(&place, &path), Vec::<String>::new(), "{name}");
    }
}
