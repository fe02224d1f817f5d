//! docs/RECORD.md names the fields that a record has, and no others.

use std::collections::BTreeSet;

use mapscope::probe::event::Cause;
use mapscope::probe::quantity::{Better, Quantity};
use mapscope::record::{
    Acceptance, AcceptedChanges, AllocStack, Arrivals, Cell, CellId, Collector, CopyStack, Count, CpuStack,
    Distributions, EndState, Environment, Executed, Frame, Hashing, HeatMap, HighestRate, Instructions,
    KindPercentiles, LatencyHistogram, Lengths, Moments, OpKind, Pace, Profile, Responses, Results, SCHEMA, Searches,
    Sensors, Services, Spell, Status, TableEvent, ThreadTime, Time, Timeline, Undisturbed,
};
use serde_json::Value;

use crate::common::{PATIENT, Run};

/// What has names of its own in place of fields: an object by kind or cause, or the quantities.
const BY_NAME: [&str; 7] = [
    "cells[].count.quantities",
    "cells[].count.causes",
    "cells[].count.causes.*",
    "cells[].time.kind_ns",
    "cells[].time.moments.left_out",
    "cells[].instructions.kinds",
    "cells[].instructions.idle",
];

const LENGTHS: Lengths = Lengths { puts: 1, mean_bytes: 1.0, p50_bytes: 1, p99_bytes: 1, max_bytes: 1, lengthened: 0 };

/// The paths of all fields of `value`, which lies at `path`.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let name = if BY_NAME.contains(&path) { "*" } else { name };
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, &format!("{path}[]"), found)),
        Value::Null => panic!("{path} is null"),
        _ => {}
    }
}

fn fields_of(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fields(value, "", &mut found);
    found
}

/// Those of the document: the rows below each heading that names one or several objects.
fn documented() -> BTreeSet<String> {
    let text = include_str!("../docs/RECORD.md");
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let (mut objects, mut found) = (Vec::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            objects = quoted(heading);
        } else if let Some(row) = line.strip_prefix("| `") {
            assert_eq!(line.matches('|').count(), 5, "field, type, unit, absent: {line}");
            let field = row.split('`').next().expect("a field");
            for object in &objects {
                let path = if object == "results.json" { field.to_owned() } else { format!("{object}.{field}") };
                assert!(found.insert(path), "twice: {line}");
            }
        }
    }
    found
}

/// A record with every field that there is: no `..`, so that a new one has to be added here.
fn whole() -> Results {
    let environment = || Environment::detect("system");
    let histogram =
        || LatencyHistogram { kind: OpKind::Get, cause: Cause::Steady, count: 1, hdr_v2_deflate_base64: String::new() };
    let list = || vec![1];
    let time = Time {
        ops: 1,
        bare_elapsed_ns: list(),
        clocked_elapsed_ns: list(),
        clock_floor_ns: 1.0,
        ticks_per_ns: 1.0,
        pinned_to: Some(1),
        started_unix_ms: 1,
        histograms: vec![histogram()],
        kind_ns: [(OpKind::Get, 1)].into(),
        percentiles: vec![KindPercentiles {
            kind: OpKind::Get,
            p50_ns: list(),
            p90_ns: list(),
            p99_ns: list(),
            p999_ns: list(),
            p9999_ns: list(),
            max_ns: list(),
        }],
        threads: vec![ThreadTime {
            ops: 1,
            bare_elapsed_ns: list(),
            pinned_to: Some(1),
            histograms: vec![histogram()],
        }],
        collector: Some(Collector { cycles: list(), pauses_ns: list(), heap_peak_bytes: list() }),
        heat: Some(HeatMap { ops_per_column: 1, columns: vec![vec![(1, 1)]] }),
        moments: Some(Moments {
            ops_per_point: 1,
            elapsed_ns: list(),
            operations: Vec::new(),
            left_out: [(Cause::Grow, 1)].into(),
            spells: vec![Spell { first_op: 1, last_op: 2, start_ns: 1, end_ns: 2, moving_ops: 2, moved_entries: 2 }],
        }),
        responses: vec![Responses {
            services: Services::Observed,
            arrivals: Arrivals::Trace,
            rate_per_s: Some(1),
            pace: Some(Pace { speed: 1, span_ns: 1, unit_ns: 1, different: 1, most_ops: 1, earlier_ops: 0 }),
            ops: 1,
            service_ns: list(),
            p50_ns: list(),
            p99_ns: list(),
            p999_ns: list(),
            max_ns: list(),
        }],
        highest_rates: vec![HighestRate {
            services: Services::Observed,
            arrivals: Arrivals::Paced,
            quantile: 0.5,
            limit_ns: 1,
            ops: 1,
            rates_per_s: list(),
        }],
        undisturbed: vec![Undisturbed { repetitions: 3, blocks_ns: 1, histograms: vec![histogram()] }],
        sensors: Some(Sensors { involuntary_switches: list(), stolen_ms: list(), mhz: vec![1.0], load: vec![1.0] }),
        hashing: Some(Hashing { ops: 1, hashed_ns: list(), idle_ns: list() }),
    };
    let count = Count {
        quantities: [("alloc_bytes", 1)].into_iter().collect(),
        declared: vec![Quantity::exact("own.shifts", "count", Better::Lower, "Shifts.")],
        causes: [(OpKind::Get, [(Cause::Steady, 1)].into())].into(),
        distributions: Distributions {
            occupancy: Some(list()),
            chain_lengths: Some(list()),
            hit_probe_lengths: Some(list()),
            hit_group_lengths: Some(list()),
        },
        timeline: Some(Timeline {
            ops_per_point: 1,
            entries: list(),
            held_bytes: list(),
            peak_bytes: list(),
            capacity: Some(list()),
            events: vec![TableEvent { op: 1, cause: Cause::Grow, alloc_bytes: 1, moved_entries: 1 }],
            events_left_out: 1,
        }),
        searches: vec![Searches { ops: 1, entries: 1, hit_probes: Some(1), hit_groups: Some(1) }],
    };
    let profile = Profile {
        frames: vec![Frame { function: "f".to_owned(), file: Some("f.rs".to_owned()), line: Some(1) }],
        alloc: vec![AllocStack {
            stack: vec![0],
            alloc_count: 1,
            alloc_bytes: 1,
            live_count: Some(1),
            live_bytes: Some(1),
        }],
        copy: vec![CopyStack { stack: vec![0], moved_entries: 1, moved_bytes: 1 }],
        cpu: vec![CpuStack { stack: vec![0], samples: 1 }],
        cpu_frequency_hz: 1,
        cpu_elapsed_ns: 1,
    };
    let executed = || {
        let sums = Executed { instructions: 1, branches: 1, mispredictions: 1, l1_misses: 1, ll_misses: 1 };
        [(OpKind::Get, sums)].into()
    };
    let instructions = Instructions { build: String::new(), kinds: executed(), idle: executed() };
    let cell = Cell {
        id: CellId {
            map: "std".to_owned(),
            keys: "uniform".to_owned(),
            mix: "fill".to_owned(),
            load_factor: Some(1.0),
            hint: 0,
            entry: "u64/u64".to_owned(),
            ops: 1,
            seed: 1,
            threads: Some(1),
            thread_keys: Some("shared".to_owned()),
        },
        status: Status::Panicked,
        error: Some("why".to_owned()),
        exact: true,
        environment: 0,
        map_version: String::new(),
        key_lengths: Some(LENGTHS),
        value_lengths: Some(LENGTHS),
        key_bytes: 8,
        value_bytes: 8,
        expected: EndState { scans: Some(1), scanned_entries: Some(1), ..EndState::none() },
        count: Some(count),
        time: Some(time),
        profile: Some(profile),
        instructions: Some(instructions),
    };
    Results {
        schema: SCHEMA,
        mapscope: String::new(),
        profile: String::new(),
        partial: false,
        environments: vec![environment()],
        accepted: vec![Acceptance {
            date: String::new(),
            reason: String::new(),
            commit: Some(String::new()),
            environments: vec![environment()],
            changes: Some(AcceptedChanges::default()),
        }],
        cells: vec![cell],
    }
}

#[test]
fn the_document_has_every_field_and_no_other() {
    let (written, documented) = (fields_of(&serde_json::to_value(whole()).expect("JSON")), documented());
    let not_in = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).cloned().collect()
    };
    assert_eq!(not_in(&written, &documented), [""; 0], "written, and not in docs/RECORD.md");
    assert_eq!(not_in(&documented, &written), [""; 0], "in docs/RECORD.md, and never written");
}

#[test]
fn what_a_run_writes_is_in_the_document() {
    let documented = documented();
    for args in [
        &["--map", "go-classic,redis-dict", "--rate", "1e6"][..],
        &["--map", "dashmap", "--threads", "2", "--passes", "count,time"],
    ] {
        let run =
            Run::new([PATIENT, "--keys", "uniform", "--mix", "churn", "--ops", "2000"]).args(args.iter().copied());
        let cells = Value::from(run.cells());
        let mut written = BTreeSet::new();
        fields(&cells, "cells", &mut written);
        assert!(written.len() > 60, "{written:?}");
        assert_eq!(written.difference(&documented).collect::<Vec<_>>(), [""; 0]);
        // What is not said to be absent is there: of each cell, and of each object in it.
        for field in ["cells[].id.map", "cells[].expected.payload_bytes", "cells[].time.kind_ns.*"] {
            assert!(written.contains(field), "{field}");
        }
    }
}
