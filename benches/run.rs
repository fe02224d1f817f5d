//! What a run itself costs: what the time pass adds to each operation, and how the count pass grows with operations.
//!
//! `cargo bench --bench run`. Ratios and differences are of pairs measured in turn in one process or one after the other,
//! and the median is printed.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return; // `cargo test --benches` only wants to know that it builds
    }
    time_pass();
    count_pass();
}

fn time_pass() {
    println!("what the time pass adds to an operation, u64/u64, uniform keys (ns; median of repetitions)\n");
    println!("{:<12} {:<10} {:>8} {:>8} {:>8} {:>8}", "map", "mix", "bare", "clocked", "added", "floor");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("time");
    run(&out, &["--passes", "time", "--mix", "fill,overwrite,ycsb-c", "--keys", "uniform", "--ops", "1000000"]);
    let text = std::fs::read_to_string(out.join("results.json")).expect("results.json");
    let results: Value = serde_json::from_str(&text).expect("JSON");
    for cell in results["cells"].as_array().expect("cells") {
        let time = &cell["time"];
        let ops = time["ops"].as_f64().expect("ops");
        let each = |name: &str| -> Vec<f64> {
            let elapsed = time[name].as_array().expect("repetitions");
            elapsed.iter().map(|ns| ns.as_f64().expect("ns") / ops).collect()
        };
        let (bare, clocked) = (each("bare_elapsed_ns"), each("clocked_elapsed_ns"));
        let added = bare.iter().zip(&clocked).map(|(bare, clocked)| clocked - bare).collect();
        println!(
            "{:<12} {:<10} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
            cell["id"]["map"].as_str().expect("map"),
            cell["id"]["mix"].as_str().expect("mix"),
            median(bare),
            median(clocked),
            median(added),
            time["clock_floor_ns"].as_f64().expect("floor"),
        );
    }
}

fn count_pass() {
    println!("\nthe count pass as operations grow tenfold, all maps (s; median of 3 pairs)");
    println!(
        "(a map that grows itself falls out of the caches: fill's bare loop grows more than tenfold too, and the census's"
    );
    println!(
        " table with it: each look at an entry waits for memory, where with a tenth of the entries it waited for a cache)\n"
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut counter = 0;
    let mut seconds = |mix: &str, ops: &str| {
        counter += 1;
        let start = Instant::now();
        let out = folder.path().join(counter.to_string());
        run(&out, &["--passes", "count", "--mix", mix, "--keys", "uniform", "--ops", ops]);
        start.elapsed().as_secs_f64()
    };
    for (mix, few, many) in [
        ("overwrite(records=10000)", "500000", "5000000"),
        ("churn(records=10000)", "500000", "5000000"),
        ("fill", "20000", "200000"),
        ("fill", "100000", "1000000"),
    ] {
        let pairs: Vec<(f64, f64)> = (0..3).map(|_| (seconds(mix, few), seconds(mix, many))).collect();
        let ratio = median(pairs.iter().map(|(few, many)| many / few).collect());
        let of = |side: fn(&(f64, f64)) -> f64| median(pairs.iter().map(side).collect());
        println!("{mix:<26} {few:>7} {:>6.2} {many:>9} {:>6.2}  ratio {ratio:>5.2}", of(|p| p.0), of(|p| p.1));
    }
}

fn run(out: &Path, args: &[&str]) {
    let maps = "go-classic,go-swiss,std,hashbrown,indexmap,btree";
    let status = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["run", "--quiet", "--map", maps])
        .args(args)
        .arg("--out")
        .arg(out)
        .status()
        .expect("mapscope starts");
    assert!(status.success(), "mapscope run: {status}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
