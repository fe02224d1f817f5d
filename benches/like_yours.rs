//! Whether a map takes as long here as in a program of its user's: ten maps, each beside a hand-written program of that one
//! map (`benches/like_yours`), built at the default release profile, which does the same operations.
//!
//! `cargo bench --bench like_yours [MAP...]`. The two take turns, as those of `mapscope ab` do, so that what the machine does in
//! between is in both. Each first does a run that is not timed. Of each block of 64 operations the least counts that it took
//! in any run; their sums are compared. Neither program counts allocations while it is timed, but mapscope's allocator tallies
//! them.
//!
//! `cargo bench --bench like_yours -- --instructions [MAP...]`, with Valgrind on the PATH, compares what both execute for an
//! operation while it is timed, their loops and mapscope's tally of allocations included; these counts repeat.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use mapscope::ab::Slices;
use mapscope::plan::{Flags, plan};
use mapscope::run::{Asked, Subjects, Turn, Turning};
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
const ROUNDS: u32 = 15;

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
    println!("ns an operation, u64/u64, uniform keys; the sum of least blocks over {ROUNDS} rounds\n");
    println!("{:<18} {:<8} {:>9} {:>9} {:>9} {:>6}", "map", "mix", "ops", "program", "mapscope", "ratio");
    let (mut within_5, mut within_10, mut all) = (0, 0, 0);
    for map in maps(&args) {
        for mix in MIXES {
            for ops in OPS {
                let file = ops_file(mix, ops, folder.path());
                let [program, mapscope] = by_turns(&programs.join(map), &file, &asked(map, mix, ops), ops);
                let ratio = mapscope / program;
                within_5 += u32::from((0.95..=1.05).contains(&ratio));
                within_10 += u32::from((0.90..=1.10).contains(&ratio));
                all += 1;
                println!("{map:<18} {mix:<8} {ops:>9} {program:>9.2} {mapscope:>9.2} {ratio:>6.3}");
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
    println!("instructions of an operation, u64/u64, uniform keys\n");
    println!("{:<18} {:<8} {:>9} {:>9} {:>9} {:>6}", "map", "mix", "ops", "program", "mapscope", "ratio");
    let (mut within_2, mut all) = (0, 0);
    for map in maps(args) {
        for mix in MIXES {
            for ops in OPS {
                let file = ops_file(mix, ops, folder);
                let program =
                    executed("measured", &programs.join(map), folder, |program| Program::begin(program, &file).end());
                let mapscope =
                    executed("measured_ops", Path::new(env!("CARGO_BIN_EXE_mapscope")), folder, |mapscope| {
                        Turning::begin(mapscope, &asked(map, mix, ops), ops).and_then(Turning::end).expect("a turn")
                    });
                let ratio = mapscope / program;
                within_2 += u32::from(ratio <= 1.02);
                all += 1;
                println!(
                    "{map:<18} {mix:<8} {ops:>9} {:>9.2} {:>9.2} {ratio:>6.3}",
                    program / ops as f64,
                    mapscope / ops as f64
                );
            }
        }
    }
    println!("\nat most 1.02: {within_2} of {all}");
}

/// The instructions of the functions whose names contain that, in the one run that `turn` has the program do: that which
/// warms up, after which none is asked for.
fn executed<T>(function: &str, program: &Path, folder: &Path, turn: impl FnOnce(&Path) -> T) -> f64 {
    let (counting, seen) = (folder.join("counting"), folder.join("seen"));
    let valgrind = format!(
        "#!/bin/sh\nexec valgrind --quiet --tool=callgrind --collect-atstart=no '--toggle-collect=*{function}*' \
         '--callgrind-out-file={}' '{}' \"$@\"\n",
        seen.display(),
        program.display()
    );
    fs::write(&counting, valgrind).expect("room for it");
    fs::set_permissions(&counting, Permissions::from_mode(0o700)).expect("it can be run");
    let _ = fs::remove_file(&seen);
    turn(&counting);
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
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "");
    assert!(cargo.status().expect("cargo starts").success(), "the programs can't be built");
    target.join("release")
}

/// The very operations that mapscope does, in a file.
fn ops_file(mix: &str, ops: u64, folder: &Path) -> PathBuf {
    let file = folder.join(format!("{mix}-{ops}"));
    if file.exists() {
        return file;
    }
    let plan = plan(&[], &asked("std", mix, ops).flags, &Subjects::builtin().catalog()).expect("a plan");
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

/// The cell, as mapscope is asked for it.
fn asked(map: &str, mix: &str, ops: u64) -> Asked {
    let ops = ops.to_string();
    Asked { flags: Flags::from([("map", map), ("keys", "uniform"), ("mix", mix), ("ops", &ops)]), cell: 0 }
}

/// What the program and mapscope take for an operation, in nanoseconds: slice by slice, each after the other's.
fn by_turns(program: &Path, file: &Path, asked: &Asked, ops: u64) -> [f64; 2] {
    let begin = || Turning::begin(Path::new(env!("CARGO_BIN_EXE_mapscope")), asked, ops).and_then(Turning::ready);
    let first = || -> Result<Turn, _> {
        let mut turning = begin()?;
        turning.go(3)?;
        turning.end()
    };
    let first = first().expect("a turn");
    let slices = Slices::of(Duration::from_nanos(first.run_ns));
    let mut least = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        let (mut program, mut turning) = (Program::begin(program, file), begin().expect("a turn"));
        for _ in 0..slices.number {
            program.go(slices.runs);
            turning.go(slices.runs).expect("runs");
        }
        lower(&mut least[0], program.end());
        lower(&mut least[1], turning.end().expect("times").block_ticks);
    }
    least.map(|blocks| blocks.iter().sum::<u64>() as f64 / first.ticks_per_ns / first.ops as f64)
}

fn lower(least: &mut Vec<u64>, blocks: Vec<u64>) {
    if least.is_empty() {
        *least = blocks;
    } else {
        assert_eq!(least.len(), blocks.len(), "the same operations");
        least.iter_mut().zip(blocks).for_each(|(least, block)| *least = block.min(*least));
    }
}

/// A hand-written program that takes a turn.
struct Program {
    child: Child,
    says: BufReader<ChildStdout>,
}

impl Program {
    fn begin(program: &Path, file: &Path) -> Program {
        let mut child = Command::new(program);
        let mut child = child.arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let says = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut program = Program { child, says };
        program.wait();
        program
    }

    fn go(&mut self, runs: u32) {
        writeln!(self.child.stdin.as_mut().expect("a pipe"), "{runs}").expect("it reads");
        self.wait();
    }

    fn wait(&mut self) {
        let mut line = String::new();
        self.says.read_line(&mut line).expect("it says that it is done");
        assert_eq!(line, "\n");
    }

    /// The least of each block, in ticks.
    fn end(mut self) -> Vec<u64> {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.says.read_to_string(&mut text).expect("times");
        assert!(self.child.wait().expect("it ends").success());
        text.split(' ').map(|ticks| ticks.parse().expect("a number")).collect()
    }
}
