//! What is read, from which corpus, and by which part of mapscope.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use mapscope::census::{self, Census, Inside, Shown, Sort, Table, Which};
use mapscope::gate::{self, Policy};
use mapscope::plan::{self, Flags, Reading, Requests, SHIPPED, Source, TraceSpec, Widths, WorkloadSpec};
use mapscope::record::{self, metrics};
use mapscope::report::FORMATS;
use mapscope::run::Subjects;
use mapscope::workload::Workload;
use mapscope::{describe, diff, replay};
use mapscope_trace::read;

use crate::rng::Rng;
#[cfg(feature = "parquet")]
use crate::text_mutator;
use crate::{core_mutator, csv_mutator, json_mutator, request_mutator, rng_of, toml_mutator, trace_mutator};

/// Something that reads files.
pub struct Target {
    pub name: &'static str,
    corpus: Vec<Vec<u8>>,
    mutate: fn(&[u8], &mut Rng) -> Vec<u8>,
    /// Reads a mutant with all that follows; true where it is taken.
    pub read: fn(&[u8]) -> bool,
    /// The commands that read such a file, if any do, and its name.
    pub file: &'static str,
    pub commands: &'static [&'static [&'static str]],
}

impl Target {
    /// The mutant of a number.
    pub fn mutant(&self, seed: u64, number: u64) -> Vec<u8> {
        let mut rng = rng_of(seed, number);
        let from = rng.of(&self.corpus).clone();
        // The corpus itself is among its mutants: that it is taken shows that the rest is refused for a reason.
        if rng.one_in(50) { from } else { (self.mutate)(&from, &mut rng) }
    }
}

pub fn all() -> Vec<Target> {
    vec![
        Target {
            name: "record",
            corpus: records(),
            mutate: json_mutator::mutate,
            read: read_record,
            file: "results.json",
            commands: &[
                &["report", ".", "--format", "all"],
                &["gate", ".", "results.json"],
                &["gate", ".", ".", "--format", "github"],
                &["gate", "--self-test", "."],
                &["diff", ".", ".", "--out", "d"],
                &["baseline", "accept", ".", "--reason", "x"],
            ],
        },
        Target {
            name: "profile",
            corpus: SHIPPED
                .iter()
                .map(|shipped| shipped.text)
                .chain([PAIRED])
                .map(|text| text.as_bytes().to_vec())
                .collect(),
            mutate: toml_mutator::mutate,
            read: read_profile,
            file: "p.toml",
            // One that is taken would run for a while.
            commands: &[&["run", "p.toml", "--max-cells", "1", "--ops", "10", "--passes", "count", "-q", "--out", "o"]],
        },
        Target {
            name: "policy",
            corpus: policies(),
            mutate: toml_mutator::mutate,
            read: |mutant| {
                let text = std::str::from_utf8(mutant).unwrap_or("\0");
                Policy::parse(text, "policy.toml", metrics::all()).is_ok()
            },
            file: "policy.toml",
            commands: &[&["gate", "record.json", "record.json", "--policy", "policy.toml"]],
        },
        Target {
            name: "trace",
            corpus: traces(),
            mutate: csv_mutator::mutate,
            read: read_trace,
            file: "t.csv",
            commands: &[
                &["replay", "--map", "go-classic", "t.csv", "--per-op", "rows.csv"],
                &["replay", "--map", "btree", "t.csv", "--check"],
                &["run", "--map", "std", "--trace", "t.csv", "--passes", "count", "-q", "--out", "o"],
                &["inspect", "--map", "go-swiss", "--trace", "t.csv", "--at", "end"],
            ],
        },
        Target {
            name: "formats",
            corpus: trace_mutator::CORPUS.clone(),
            mutate: trace_mutator::mutate,
            read: read_every_format,
            file: "t",
            commands: &[
                &["convert", "t", "out.csv"],
                &["describe", "t"],
                &["replay", "--map", "btree", "t"],
                &["inspect", "--map", "go-classic", "--trace", "t", "--at", "end"],
                &["run", "--map", "std", "--trace", "t", "--passes", "count", "-q", "--out", "o"],
            ],
        },
        Target {
            name: "request",
            corpus: request_mutator::CORPUS.map(|text| text.as_bytes().to_vec()).to_vec(),
            mutate: request_mutator::mutate,
            read: read_request,
            file: "request",
            commands: &[],
        },
        Target {
            name: "core",
            corpus: core_mutator::CORPUS.clone(),
            mutate: core_mutator::mutate,
            read: read_core,
            file: "core",
            commands: &[
                &["census", "core", "--program", "core", "--each"],
                &["census", "core", "--program", "core", "--map", "0xc000000000", "--format", "json"],
                &["census", "core", "--program", "core", "--map", "0xc000000030"],
            ],
        },
        #[cfg(feature = "parquet")]
        Target {
            name: "parquet",
            corpus: parquets(),
            mutate: text_mutator::mutate,
            read: read_trace,
            file: "t.parquet",
            commands: &[
                &["convert", "t.parquet", "out.csv"],
                &["run", "--map", "std", "--trace", "t.parquet", "--passes", "count", "-q", "--out", "o"],
            ],
        },
    ]
}

#[cfg(feature = "parquet")]
fn parquets() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("it").map(|entry| entry.expect("it").path()).collect();
    paths.sort();
    let parquet = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    parquet.map(|path| fs::read(path).expect("a file")).collect()
}

/// The record that the command line's targets are judged against.
pub fn record() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_cells/record.json");
    fs::read(path).expect("the record")
}

fn records() -> Vec<Vec<u8>> {
    let small = serde_json::json!({
        "schema": record::SCHEMA, "mapscope": "0", "profile": "p", "partial": false, "environments": [], "cells": [],
    });
    vec![record(), record(), serde_json::to_vec(&small).expect("JSON")]
}

fn policies() -> Vec<Vec<u8>> {
    let rules = [
        "[[rule]]\nmetric = \"alloc_bytes*\"\nmap = \"go-*\"\nrelative = 0.01\nabsolute = 0.5\naction = \"fail\"\n",
        "[[rule]]\nmetric = \"*\"\naction = \"ignore\"\n\n[[rule]]\nmetric = \"live_bytes\"\nabsolute = 8\n",
        "[[rule]]\nmetric = \"{insert,get}_p99_ns\"\naction = \"warn\"\nrelative = 0.2\n",
        "[[rule]]\nmetric = \"slot_*\"\naction = \"inform\"\n\n[[slo]]\nlimit = \"live_bytes <= 1e6 bytes\"\ncells = \"std *\"\n",
        "[[slo]]\nlimit = \"get_p999_ns <= 500\"\n\n[[slo]]\nlimit = \"slot_reuse_ratio >= 0.5\"\n",
    ];
    rules.map(|rule| rule.as_bytes().to_vec()).to_vec()
}

fn traces() -> Vec<Vec<u8>> {
    let mut traces: Vec<Vec<u8>> = [
        "op,key\ninsert,1\ninsert,2\nget,1\nremove,2\nclear,\ninsert,3\n",
        "op,key,value_bytes\nnew,,\ninsert,1,100\ninsert,1,0\nget,1,\n",
        "op,key,entries,key_bytes\ninsert,1,,20\nscan,0,5,\ninsert,b,,\nscan,b,1,\nremove,1,,20\n",
        "key,op,hash\n1,insert,0123456789abcdef\n1,get,0123456789abcdef\n2,insert,ffffffffffffffff\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("tests/data").map(|entry| entry.expect("it").path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "gz")) {
        let mut text = String::new();
        GzDecoder::new(fs::File::open(path).expect("a recording")).read_to_string(&mut text).expect("text");
        // Long enough for what a map does; a mutant of a megabyte would only take longer.
        traces.push(text.lines().take(150).collect::<Vec<_>>().join("\n").into_bytes());
    }
    traces
}

/// A file of this process's own with such content.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}-{name}", std::process::id()));
    fs::write(&path, content).expect("written");
    path
}

fn read_record(mutant: &[u8]) -> bool {
    let path = file("results.json", mutant);
    let read = record::read(&path);
    _ = fs::remove_file(&path);
    let Ok(results) = read else { return false };
    // Whatever is taken can be shown, judged and compared.
    for format in FORMATS {
        (format.render)(&results, &mut |_, _| Ok(())).expect("rendered");
    }
    let (policy, metrics) = (Policy::default(), metrics::of([&results]));
    let verdict = gate::compare(&results, &results, &policy, &metrics);
    _ = (verdict.markdown(), verdict.summary());
    _ = gate::self_test(&results, &metrics).markdown();
    let side = || diff::Side { name: "it", results: &results };
    let difference = diff::diff(side(), side(), &metrics);
    diff::write(&difference, &mut |_, _| Ok(())).expect("written");
    _ = diff::terminal(&difference, 80, false, usize::MAX);
    _ = mapscope::report::table::summary(&results, 80, true);
    _ = mapscope::report::table::findings(&results);
    true
}

/// Whatever is taken is whole, and the same however much of it had come in before.
fn read_request(mutant: &[u8]) -> bool {
    let Ok(Some((head, length))) = mapscope_live::parse(mutant) else { return false };
    assert!(head.target.starts_with('/') && length <= mutant.len());
    assert_eq!(mapscope_live::parse(&mutant[..length]), Ok(Some((head, length))));
    for end in 0..length {
        assert_eq!(mapscope_live::parse(&mutant[..end]), Ok(None), "{end} of {length} bytes");
    }
    true
}

/// Its maps, one by one, and the inside of each. It is its own program's file: what is left out of it isn't there.
fn read_core(mutant: &[u8]) -> bool {
    let path = file("core", mutant);
    let census = Census::of_core(&path, Some(&path));
    let maps = census.as_ref().map_or(&[][..], |census| &census.maps);
    for map in maps.iter().take(4) {
        if let Ok(inside) = Inside::of_core(&path, Some(&path), &Which::At(map.address)) {
            for format in census::INSIDE_FORMATS {
                _ = (format.render)(&inside, 20, 80).expect("rendered");
            }
        }
    }
    _ = fs::remove_file(&path);
    let Ok(census) = &census else { return false };
    let table = Table::new(census, true, Sort::Bytes);
    let shown = Shown { census, table: &table, each: true, rows_max: 20, width: 80 };
    census::FORMATS.iter().for_each(|format| _ = (format.render)(&shown).expect("rendered"));
    !census.maps.is_empty()
}

/// A profile of what none that ships has: lists that go together, and patterns.
const PAIRED: &str = "\
[[cells]]
map = [\"go-*\", \"std\"]
keys = \"*\"
mix = \"ycsb-?\"
ops = [10, 20]
hint = [0, \"ops\"]
entry = \"{u64,string}*\"
threads = 1
pair = [\"ops\", \"hint\"]
";

fn read_profile(mutant: &[u8]) -> bool {
    let path = file("p.toml", mutant);
    let argument = path.to_str().expect("UTF-8").to_owned();
    let plan = plan::plan(&[argument], &Flags::from([("max_cells", "20000")]), &Subjects::builtin().catalog());
    _ = fs::remove_file(&path);
    plan.is_ok()
}

fn read_trace(mutant: &[u8]) -> bool {
    let path = file("t.csv", mutant);
    let spec =
        WorkloadSpec { source: Source::Trace(path.clone().into()), ops: u64::MAX, seed: 1, widths: Widths::WHOLE };
    // What is taken can be described and shown.
    let described = |workload: &Workload| {
        let description = describe::describe(workload, Requests::Insert)?;
        describe::FORMATS.iter().for_each(|format| _ = (format.render)(&description).expect("rendered"));
        workload.expected()
    };
    let taken = Workload::open(&spec).and_then(|workload| described(&workload)).is_ok();
    let replayed = replay(&path);
    _ = fs::remove_file(&path);
    taken || replayed
}

/// As the format that it shows, which alone decides whether it is taken; as each format in turn, whose decoder then meets
/// rows of others; and as a table with columns by number.
fn read_every_format(mutant: &[u8]) -> bool {
    let path = file("t", mutant);
    let format = |format: &read::Format| Reading { format: Some(format.name.to_owned()), ..Reading::default() };
    let numbered = Reading { columns: "op=2,key=1,times=3".to_owned(), ..Reading::default() };
    let timed = Reading { columns: "key=1,time_ms=2".to_owned(), stamps: true, ..Reading::default() };
    let stamped = Reading { stamps: true, ..Reading::default() };
    for reading in read::FORMATS.iter().map(format).chain([numbered, timed, stamped]) {
        for requests in Requests::ALL {
            let source =
                Source::Trace(TraceSpec { path: path.clone(), reading: Reading { requests, ..reading.clone() } });
            let opened = Workload::open(&WorkloadSpec { source, ops: u64::MAX, seed: 1, widths: Widths::WHOLE });
            _ = opened.and_then(|workload| workload.arrivals());
        }
    }
    _ = fs::remove_file(&path);
    read_trace(mutant)
}

/// Plays it on the model that it asks for, or on a map that takes any.
fn replay(path: &Path) -> bool {
    let Ok(mut recording) = replay::Recording::open(path, &Default::default()) else { return false };
    let about = recording.about().clone();
    let entries = about.shape.map_or(replay::Entries::Named("u64/u64"), replay::Entries::Shape);
    let layout = about.layout.as_deref().unwrap_or("classic");
    let go = about.go.as_deref().map(|go| go.trim_start_matches("go"));
    let release = go.zip(replay::model_of(layout)).and_then(|(go, model)| model.release_for(go));
    let release = release.map(|nearest| nearest.release);
    let setup = replay::Setup { entries, hashed: recording.hashed(), hint: about.hint.min(1000), release, ..SETUP };
    let Some(model) = replay::player_of_layout(layout, &setup) else { return false };
    let mut model = replay::Guarded::new(model);
    let mut figures = vec![0; replay::ALLOCATED + replay::Play::info(&model).state.len()];
    let mut wanted = Vec::new();
    let mut first = true;
    loop {
        match recording.next(&mut wanted) {
            Ok(Some(row)) => {
                if std::mem::take(&mut first) && row.action != replay::Action::New {
                    _ = replay::Play::play(&mut model, replay::Row::new(replay::Action::New), &mut figures);
                }
                match replay::Play::play(&mut model, row, &mut figures) {
                    Err(replay::PlayError::Panicked(words)) => panic!("the model: {words}"),
                    Err(_) => return false,
                    Ok(()) => {}
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

const SETUP: replay::Setup<'static> = replay::Setup {
    entries: replay::Entries::Named("u64/u64"),
    hashed: false,
    hint: 0,
    load_factor: None,
    release: None,
    seed: replay::Setup::SEED,
    memory_bytes: 1 << 29,
};
