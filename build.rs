//! Bakes into the binary what a record's environment must name: the compiler, and the map crates' versions.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().trim_start_matches("rustc ").to_owned())
        .unwrap_or_default();
    println!("cargo::rustc-env=MAPSCOPE_RUSTC={version}");
    println!("cargo::rustc-env=MAPSCOPE_TARGET={}", std::env::var("TARGET").unwrap_or_default());

    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    for name in MAP_CRATES {
        println!("cargo::rustc-env=MAPSCOPE_{}={}", constant(name), locked_version(&lock, name));
    }
    for name in ["griddle", "dashmap"] {
        let version = locked_dependency(&lock, name, "hashbrown");
        println!("cargo::rustc-env=MAPSCOPE_{}_HASHBROWN={version}", constant(name));
    }
}

/// What the maps under test are made of.
const MAP_CRATES: [&str; 13] = [
    "hashbrown",
    "indexmap",
    "foldhash",
    "ahash",
    "rustc-hash",
    "griddle",
    "imbl",
    "crossbeam-skiplist",
    "crossbeam-epoch",
    "dashmap",
    "papaya",
    "flurry",
    "scc",
];

fn constant(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// The newest version of `name` in a `Cargo.lock`, which is the one mapscope itself depends on.
fn locked_version(lock: &str, name: &str) -> String {
    let heading = format!("name = \"{name}\"");
    let versions = lock.split("[[package]]").filter(|package| package.lines().any(|line| line == heading));
    let mut versions: Vec<Vec<u64>> = versions
        .filter_map(|package| package.lines().find_map(|line| line.strip_prefix("version = \"")))
        .map(|version| version.trim_end_matches('"').split('.').map(|part| part.parse().unwrap_or(0)).collect())
        .collect();
    versions.sort();
    let newest = versions.pop().unwrap_or_default();
    newest.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The version of `dependency` that `name` is built on: beside another one in the lock file, it is named with it.
fn locked_dependency(lock: &str, name: &str, dependency: &str) -> String {
    let heading = format!("name = \"{name}\"");
    let mut packages = lock.split("[[package]]");
    let package = packages.find(|package| package.lines().any(|line| line == heading)).unwrap_or_default();
    let prefix = format!(" \"{dependency} ");
    let named = package.lines().find_map(|line| line.strip_prefix(&prefix)?.strip_suffix("\","));
    named.map_or_else(|| locked_version(lock, dependency), str::to_owned)
}
