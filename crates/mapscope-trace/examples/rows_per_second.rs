//! How many rows of a table the decoder alone takes in a second: `cargo run --release --features read --example
//! rows_per_second`.

use std::hint::black_box;
use std::time::Instant;

use mapscope_trace::read::{Columns, Operation, Sample, detect};

const ROWS: u64 = 10_000_000;

fn main() {
    let operations = ["insert", "get", "remove"];
    let numbers = |row: u64| format!("{},{}\n", operations[row as usize % 3], row * 7919 % 1_000_003);
    let sized = |row: u64| format!("put;user{};{}\n", row * 7919 % 1_000_003, row % 500);
    for (name, header, row) in [
        ("op,key", "op,key\n", &numbers as &dyn Fn(u64) -> String),
        ("text keys and sizes, by semicolons", "op;key;value_bytes\n", &sized),
    ] {
        let text: String = std::iter::once(header.to_owned()).chain((0..ROWS).map(row)).collect();
        let sample = Sample::new(&text.as_bytes()[..64 << 10], false, "t.csv");
        let format = detect(&sample, &Columns::default()).expect("a table");
        let mut decoder = format.open(&sample, &Columns::default()).expect("a header");
        let (begin, mut operations) = (Instant::now(), 0u64);
        for line in text.as_bytes().split(|&byte| byte == b'\n') {
            let put = &mut |operation: Operation<'_>| {
                black_box(operation);
                operations += 1;
            };
            decoder.decode(line, put).expect("a row");
        }
        let seconds = begin.elapsed().as_secs_f64();
        println!("{name}: {:.1} million rows a second", operations as f64 / seconds / 1e6);
    }
}
