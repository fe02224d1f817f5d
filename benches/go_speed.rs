//! The models of Go's maps against Go's own runtimes: nanoseconds an operation, u64 keys and values.
//!
//! `GO_CLASSIC=path/to/go1.23/bin/go GO_SWISS=path/to/go1.27/bin/go cargo bench --bench go_speed`. A runtime that is not
//! given is skipped. `GO_SPEED_SAMPLES` sets how many pairs are measured, `GO_SPEED_ONLY` names what to measure, as
//! `go-swiss` or `go-swiss,churn`.
//!
//! Every sample is a process of its own, of the model and of Go's runtime by turns, with the collector off and one
//! processor; the ratio is that of the medians. The model runs with its own hasher and no probe.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use mapscope::maps::go::{GoClassic, GoSwiss};
use mapscope::maps::{Family, Hashing, Map, Options};
use mapscope::probe::event::Off;

const WORKLOADS: [&str; 5] = ["fill", "presized-fill", "churn", "hit", "miss"];
const ENTRIES: [u64; 2] = [50_000, 1_000_000];
/// What a sample does of churn, hits and misses.
const ROUNDS: u64 = 2_000_000;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[1..] {
        ["--sample", map, workload, entries] => {
            let entries = entries.parse().expect("a number of entries");
            let ns = match map {
                "go-classic" => sample::<GoClassic>(workload, entries),
                _ => sample::<GoSwiss>(workload, entries),
            };
            println!("{ns}");
        }
        _ if args.contains(&"--test") => {} // `cargo test --benches` only wants to know that it builds
        _ => compare(),
    }
}

/// `splitmix64` of an index: keys without a pattern, in an order that no memory follows.
#[inline]
fn key(index: u64) -> u64 {
    let mut x = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn filled<F: Family>(hint: usize, entries: u64) -> F::Map<u64, u64, F::Hasher, Off> {
    let options = Options { load_factor: F::INFO.load_factor.map_or(0.0, |x| x.default), hint, seed: 1, release: None };
    let mut map = F::build::<u64, u64, F::Hasher, Off>(&options, F::Hasher::with_seed(1), Off);
    for index in 0..entries {
        map.insert(key(index), index);
    }
    map
}

/// Nanoseconds an operation of one workload; the same as `go_speed/main.go` does.
fn sample<F: Family>(workload: &str, entries: u64) -> f64 {
    drop(black_box(filled::<F>(0, 1000)));
    let mut map = filled::<F>(0, if workload.ends_with("fill") { 0 } else { entries });
    let mut sum = 0;
    let start = Instant::now();
    let operations = match workload {
        "fill" => {
            map = filled::<F>(0, entries);
            entries
        }
        "presized-fill" => {
            map = filled::<F>(entries as usize, entries);
            entries
        }
        "churn" => {
            for index in 0..ROUNDS {
                map.remove(&key(index));
                map.insert(key(entries + index), index);
            }
            2 * ROUNDS
        }
        "hit" => {
            for index in 0..ROUNDS {
                sum += map.get(&key(key(index) % entries)).map_or(0, |(_, value)| *value);
            }
            ROUNDS
        }
        "miss" => {
            for index in 0..ROUNDS {
                sum += u64::from(map.get(&key(entries + index)).is_some());
            }
            ROUNDS
        }
        other => panic!("no workload {other}"),
    };
    let elapsed = start.elapsed();
    black_box((sum, map.len()));
    elapsed.as_nanos() as f64 / operations as f64
}

fn compare() {
    let samples: usize = std::env::var("GO_SPEED_SAMPLES").map_or(11, |n| n.parse().expect("a number of samples"));
    let only = std::env::var("GO_SPEED_ONLY").unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{:<12} {:<14} {:>9} {:>9} {:>9} {:>6}", "map", "workload", "entries", "model ns", "go ns", "ratio");
    for (map, variable) in [("go-classic", "GO_CLASSIC"), ("go-swiss", "GO_SWISS")] {
        if !only.is_empty() && !only.contains(map) {
            continue;
        }
        let Some(go) = std::env::var_os(variable) else {
            println!("{map:<12} skipped: {variable} does not name a go command");
            continue;
        };
        let program = build(Path::new(&go), &folder.path().join(map));
        for workload in WORKLOADS {
            if only.contains(',') && !only.ends_with(workload) {
                continue;
            }
            for entries in ENTRIES {
                let (mut model, mut real) = (Vec::new(), Vec::new());
                for _ in 0..samples {
                    let this = std::env::current_exe().expect("a path to this program");
                    let arguments = ["--sample", map, workload, &entries.to_string()].map(str::to_owned);
                    model.push(run(Command::new(this).args(arguments)));
                    let arguments = [workload.to_owned(), entries.to_string(), ROUNDS.to_string()];
                    real.push(run(Command::new(&program).args(arguments).env("GOGC", "off").env("GOMAXPROCS", "1")));
                }
                let (model, real) = (median(model), median(real));
                println!(
                    "{map:<12} {workload:<14} {entries:>9} {model:>9.1} {real:>9.1} {ratio:>6.2}",
                    ratio = model / real
                );
            }
        }
    }
}

fn build(go: &Path, program: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/go_speed/main.go");
    let status = Command::new(go)
        .args(["build", "-o"])
        .arg(program)
        .arg(source)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .status()
        .expect("the go command starts");
    assert!(status.success(), "go build: {status}");
    program.to_owned()
}

/// The number that a process prints.
fn run(command: &mut Command) -> f64 {
    let output = command.output().expect("the sample starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
