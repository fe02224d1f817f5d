//! Whether a map takes as long here as in a program of its user's: ten maps, each beside a hand-written program of that one
//! map (`benches/like_yours`), built at the default release profile, which does the same operations.
//!
//! `cargo bench --bench like_yours [MAP...]`. The two take turns, so that what the machine does in between is in both; the
//! least of the rounds of each is compared. Neither program counts allocations while it is timed, but mapscope's allocator
//! tallies them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::plan::{Flags, plan};
use mapscope::record;
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
    println!("ns an operation, u64/u64, uniform keys; the least of {ROUNDS} rounds\n");
    println!("{:<18} {:<8} {:>9} {:>9} {:>9} {:>6}", "map", "mix", "ops", "program", "mapscope", "ratio");
    let (mut within_5, mut within_10, mut all) = (0, 0, 0);
    for map in MAPS.into_iter().filter(|map| args.is_empty() || args.iter().any(|arg| arg == map)) {
        for mix in MIXES {
            for ops in OPS {
                let file = folder.path().join(format!("{mix}-{ops}"));
                if !file.exists() {
                    write_ops(mix, ops, &file);
                }
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

/// The very operations that mapscope does.
fn write_ops(mix: &str, ops: u64, file: &Path) {
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
    fs::write(file, bytes).expect("room for it");
}

fn theirs(program: &Path, file: &Path) -> f64 {
    let output = Command::new(program).arg(file).output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("nanoseconds")
}

fn ours(map: &str, mix: &str, ops: u64, folder: &Path) -> f64 {
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    let ops = ops.to_string();
    let mut mapscope = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    mapscope.args(["run", "--quiet", "--passes", "time", "--repetitions", "1", "--keys", "uniform"]);
    mapscope.args(["--map", map, "--mix", mix, "--ops", &ops]).arg("--out").arg(&out);
    assert!(mapscope.status().expect("mapscope starts").success(), "{map} {mix}");
    let results = record::read(&out).expect("a record");
    let time = results.cells[0].time.as_ref().expect("timed");
    time.bare_elapsed_ns[0] as f64
}
