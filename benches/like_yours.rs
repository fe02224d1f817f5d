//! Whether a map takes as long here as in a program of its user's: ten maps, each beside a hand-written program of that one
//! map (`benches/like_yours`), built at the default release profile, which does the same operations.
//!
//! `cargo bench --bench like_yours [MAP...]`. The two take turns, so that what the machine does in between is in both; the
//! least of the rounds of each is compared. Neither program counts allocations while it is timed, but mapscope's allocator
//! tallies them.
//!
//! `cargo bench --bench like_yours -- --instructions [MAP...]`, with Valgrind on the PATH, compares what both execute for an
//! operation, which repeats: without the loops, mapscope's and the programs', but with that tally.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::plan::{Flags, plan};
use mapscope::record::{self, metrics};
use mapscope::run::Subjects;
use mapscope::workload::{Batch, Kind, Workload};

const MAPS: [&str; 10] = [
    "std",
    "hashbrown",
    "hashbrown-ahash",
    "hashbrown-fxhash",
    "griddle",
    "indexmap",
    "btree",
    "dashmap",
    "imbl-hashmap",
    "skiplist",
];
const MIXES: [&str; 3] = ["fill", "churn", "ycsb-c"];
const OPS: [u64; 2] = [100_000, 1_000_000];
const ROUNDS: usize = 7;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--bench")).collect();
    if args.iter().any(|arg| arg == "--test") {
        return; // `cargo test --benches` only wants to know that it builds
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let programs = build();
    if args.iter().any(|arg| arg == "--instructions") {
        return instructions(&args, &programs, folder.path());
    }
    println!("ns an operation, u64/u64, uniform keys; the least of {ROUNDS} rounds\n");
    println!("{:<18} {:<8} {:>9} {:>9} {:>9} {:>6}", "map", "mix", "ops", "program", "mapscope", "ratio");
    let (mut within_5, mut within_10, mut all) = (0, 0, 0);
    for map in maps(&args) {
        for mix in MIXES {
            for ops in OPS {
                let file = ops_file(mix, ops, folder.path());
                let mut least = [f64::INFINITY; 2];
                for _ in 0..ROUNDS {
                    let times = [theirs(&programs.join(map), &file), ours(map, mix, ops, folder.path())];
                    for (least, ns) in least.iter_mut().zip(times) {
                        *least = least.min(ns / ops as f64);
                    }
                }
                let ratio = least[1] / least[0];
                within_5 += u32::from((0.95..=1.05).contains(&ratio));
                within_10 += u32::from((0.90..=1.10).contains(&ratio));
                all += 1;
                println!("{map:<18} {mix:<8} {ops:>9} {:>9.2} {:>9.2} {ratio:>6.3}", least[0], least[1]);
            }
        }
    }
    println!("\nwithin 5 %: {within_5} of {all}; within 10 %: {within_10}");
}

/// Those that are named, or all.
fn maps(args: &[String]) -> Vec<&'static str> {
    let named = MAPS.into_iter().filter(|map| args.iter().any(|arg| arg == map));
    let named: Vec<_> = named.collect();
    if named.is_empty() { MAPS.to_vec() } else { named }
}

fn instructions(args: &[String], programs: &Path, folder: &Path) {
    let maps = maps(args);
    println!("instructions of an operation, u64/u64, uniform keys, without the loops\n");
    println!("{:<18} {:<8} {:>9} {:>9} {:>9} {:>6}", "map", "mix", "ops", "program", "mapscope", "ratio");
    let (mut within_2, mut all) = (0, 0);
    for mix in MIXES {
        for ops in OPS {
            let out = run("instructions", &maps.join(","), mix, ops, folder);
            let file = ops_file(mix, ops, folder);
            let of = |program| executed(&programs.join(program), &file, folder) / ops as f64;
            let of_loop = of("nothing");
            for cell in &record::read(&out).expect("a record").cells {
                let (map, metric) = (&*cell.id.map, metrics::find("instructions_per_op").expect("it is registered"));
                let (program, own) = (of(map) - of_loop, metric.value(cell).expect("counted").as_f64());
                let ratio = own / program;
                within_2 += u32::from(ratio <= 1.02);
                all += 1;
                println!("{map:<18} {mix:<8} {ops:>9} {program:>9.2} {own:>9.2} {ratio:>6.3}");
            }
        }
    }
    println!("\nat most 1.02: {within_2} of {all}");
}

/// The instructions of a program's measured operations.
fn executed(program: &Path, file: &Path, folder: &Path) -> f64 {
    let seen = folder.join("seen");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*measured*"]);
    valgrind.arg(format!("--callgrind-out-file={}", seen.display())).args([program, file]);
    assert!(valgrind.output().expect("valgrind starts").status.success(), "{}", program.display());
    let seen = fs::read_to_string(seen).expect("what callgrind saw");
    let sum = seen.lines().find_map(|line| line.strip_prefix("totals: ")).expect("a sum");
    sum.trim().parse().expect("a number")
}

/// Builds the programs; gives the folder that they are in.
fn build() -> PathBuf {
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/like_yours");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("like_yours");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(package).args(["build", "--release"]).env("CARGO_TARGET_DIR", &target);
    // As a user builds, with nothing that this workspace sets.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    cargo.args(["--config", "build.rustflags=[]"]);
    assert!(cargo.status().expect("cargo starts").success(), "the programs can't be built");
    target.join("release")
}

/// The very operations that mapscope does, in a file.
fn ops_file(mix: &str, ops: u64, folder: &Path) -> PathBuf {
    let file = folder.join(format!("{mix}-{ops}"));
    if file.exists() {
        return file;
    }
    let ops = ops.to_string();
    let flags = Flags::from([("map", "std"), ("keys", "uniform"), ("mix", mix), ("ops", &ops)]);
    let plan = plan(&[], &flags, &Subjects::builtin().catalog()).expect("a plan");
    let workload = Workload::open(&plan.cells[0].workload).expect("a workload");
    let mut bytes = workload.setup_ops().to_le_bytes().to_vec();
    let mut batches = workload.batches(4096).expect("operations");
    while let Some(Batch { ops, .. }) = batches.next().expect("operations") {
        for op in ops {
            bytes.push(match op.kind {
                Kind::Put => 0,
                Kind::Remove => 1,
                _ => 2,
            });
            bytes.extend([op.key, op.value].into_iter().flat_map(u64::to_le_bytes));
        }
    }
    fs::write(&file, bytes).expect("room for it");
    file
}

fn theirs(program: &Path, file: &Path) -> f64 {
    let output = Command::new(program).arg(file).output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("nanoseconds")
}

fn ours(map: &str, mix: &str, ops: u64, folder: &Path) -> f64 {
    let results = record::read(&run("time", map, mix, ops, folder)).expect("a record");
    let time = results.cells[0].time.as_ref().expect("timed");
    time.bare_elapsed_ns[0] as f64
}

/// Runs a pass of a cell of each of these maps; gives where the record is.
fn run(pass: &str, maps: &str, mix: &str, ops: u64, folder: &Path) -> PathBuf {
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    let (profile, maps) = (folder.join("profile.toml"), maps.replace(',', "\", \""));
    let cells = format!("[[cells]]\nmap = [\"{maps}\"]\nkeys = \"uniform\"\nmix = {mix:?}\nops = {ops}\n");
    fs::write(&profile, format!("passes = [{pass:?}]\nrepetitions = 1\n{cells}")).expect("a profile");
    let mut mapscope = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    mapscope.args(["run", "--quiet", "--out"]).args([&out, &profile]);
    assert!(mapscope.status().expect("mapscope starts").success(), "{maps} {mix}");
    out
}
