//! Fuzzers of what mapscope reads: records, profiles, policies, traces of every format, requests to the live
//! endpoint, core files. Structure-aware (a mutant of a record is JSON with a
//! figure, a field or a list changed; text-level damage comes beside it), seeded, and the same for the same seed.
//!
//! ```sh
//! cargo test --test fuzz                                              # a minute or less
//! cargo test --test fuzz -- --mutants 100000 --through-program 5000 --seed 7
//! cargo test --test fuzz -- --only record --mutants 1 --seed 7 --skip 4711   # one mutant again
//! ```
//!
//! A mutant must be taken or refused in words: no panic, no other exit code than the documented ones, no file left by a
//! refused command, no memory beyond [`MEMORY_MAX`]. A panic prints the target, the seed and the number of its mutant, and
//! leaves the mutant in the target folder.

mod core_mutator;
mod csv_mutator;
mod json_mutator;
mod program;
mod request_mutator;
mod rng;
mod targets;
mod text_mutator;
mod toml_mutator;
mod trace_mutator;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use rng::Rng;
use targets::Target;

/// The most memory of a process that reads a mutant, in bytes.
const MEMORY_MAX: u64 = 1 << 30;

/// What the command line says.
struct Plan {
    /// In process, of each target.
    mutants: u64,
    /// Through the program, of all targets by turns.
    through_program: u64,
    seed: u64,
    skip: u64,
    only: Option<String>,
}

fn plan() -> Plan {
    let mut plan = Plan { mutants: 600, through_program: 120, seed: 1, skip: 0, only: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse().ok()).expect("a number after the flag");
        match arg.as_str() {
            "--mutants" => plan.mutants = number(),
            "--through-program" => plan.through_program = number(),
            "--seed" => plan.seed = number(),
            "--skip" => plan.skip = number(),
            "--only" => plan.only = args.next(),
            // Flags of the standard harness, which `cargo test -- FLAG` gives to every test.
            _ => {}
        }
    }
    plan
}

fn main() -> ExitCode {
    let plan = plan();
    limit_memory();
    let targets = targets::all();
    // A panic is told once, below.
    std::panic::set_hook(Box::new(|_| {}));
    let chosen: Vec<&Target> =
        targets.iter().filter(|target| plan.only.as_deref().is_none_or(|only| only == target.name)).collect();
    let mut faults = Vec::new();
    for target in &chosen {
        let (mut taken, mut refused) = (0u64, 0u64);
        for number in plan.skip..plan.skip + plan.mutants {
            let mutant = target.mutant(plan.seed, number);
            match catch_unwind(AssertUnwindSafe(|| (target.read)(&mutant))) {
                Ok(true) => taken += 1,
                Ok(false) => refused += 1,
                Err(panic) => {
                    let words = panic.downcast_ref::<String>().map(String::as_str);
                    let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                    faults.push(fault(target, plan.seed, number, words, &mutant));
                }
            }
        }
        println!("{}: {} mutants, {taken} taken, {refused} refused", target.name, plan.mutants);
        // A fuzzer whose mutants are all refused, or all taken, tries nothing.
        if plan.mutants >= 100 && (taken == 0 || refused == 0) {
            faults.push(format!("{}: {taken} taken and {refused} refused: its mutants are of one kind", target.name));
        }
    }
    let files: Vec<&Target> = chosen.iter().copied().filter(|target| !target.commands.is_empty()).collect();
    let mut codes = std::collections::BTreeMap::new();
    let through_program = if files.is_empty() { 0 } else { plan.through_program };
    for number in 0..through_program {
        let target = files[number as usize % files.len()];
        let mutant = target.mutant(plan.seed ^ 0x5eed, number);
        match program::read(target, &mutant) {
            Ok(code) => *codes.entry(code).or_insert(0u64) += 1,
            Err(words) => faults.push(fault(target, plan.seed ^ 0x5eed, number, &words, &mutant)),
        }
    }
    println!("through the program: {through_program} mutants, exit codes {codes:?}");
    for fault in &faults {
        println!("FAULT {fault}");
    }
    let failed = faults.len();
    println!("test result: {}. {failed} faults", if failed == 0 { "ok" } else { "FAILED" });
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fault(target: &Target, seed: u64, number: u64, words: &str, mutant: &[u8]) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}-{seed}-{number}", target.name));
    let kept = std::fs::write(&file, mutant).map_or_else(|error| error.to_string(), |()| file.display().to_string());
    format!("{} seed {seed} mutant {number}: {words} ({kept})", target.name)
}

/// Beyond it an allocation fails, and the process aborts with a message.
fn limit_memory() {
    let limit = libc::rlimit { rlim_cur: MEMORY_MAX, rlim_max: MEMORY_MAX };
    // SAFETY: `limit` is a valid `rlimit`.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) }, 0, "the limit of memory can't be set");
}

/// The generator of one mutant.
fn rng_of(seed: u64, number: u64) -> Rng {
    Rng::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03))
}
