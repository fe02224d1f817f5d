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
    println!("\nthe count pass as operations grow tenfold, all maps, fill and churn (s; median of 3 pairs)\n");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut counter = 0;
    let mut seconds = |ops: &str| {
        counter += 1;
        let start = Instant::now();
        let out = folder.path().join(counter.to_string());
        run(&out, &["--passes", "count", "--mix", "fill,churn", "--keys", "uniform", "--ops", ops]);
        start.elapsed().as_secs_f64()
    };
    for (few, many) in [("100000", "1000000"), ("300000", "3000000")] {
        let pairs: Vec<(f64, f64)> = (0..3).map(|_| (seconds(few), seconds(many))).collect();
        let ratio = median(pairs.iter().map(|(few, many)| many / few).collect());
        let (few_s, many_s) =
            (median(pairs.iter().map(|p| p.0).collect()), median(pairs.iter().map(|p| p.1).collect()));
        println!("{few:>8} ops {few_s:>7.2}   {many:>8} ops {many_s:>7.2}   ratio {ratio:.2}");
    }
}

fn run(out: &Path, args: &[&str]) {
    let maps = "go-classic,std,hashbrown,indexmap,btree";
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
