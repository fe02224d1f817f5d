//! Traces and recordings with rows, columns and values changed; now and then packed, whole or cut.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::rng::{NUMBERS, Rng, WORDS};
use crate::text_mutator;

const OPS: [&str; 12] =
    ["new", "insert", "remove", "get", "clear", "iterate", "range", "hash", "INSERT", "put", "", "\"insert\""];

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8(seed.to_vec()).expect("the corpus is text");
    let mut rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    for _ in 0..=rng.below(3) {
        if rows.is_empty() {
            break;
        }
        let at = rng.below(rows.len());
        let column = rng.below(rows[at].len().max(1));
        match rng.below(11) {
            0 => _ = rows.remove(at),
            1 => rows.insert(at, rows[at].clone()),
            2 => {
                let to = rng.below(rows.len());
                rows.swap(at, to);
            }
            3 => rows[at].push("x".to_owned()),
            4 => _ = rows[at].pop(),
            5 => rows.iter_mut().filter(|row| column < row.len()).for_each(|row| _ = row.remove(column)),
            6 => put(&mut rows[at], column, rng.word(&WORDS)),
            7 | 8 => put(&mut rows[at], column, rng.word(&NUMBERS)),
            9 => put(&mut rows[at], column, &format!("{:016x}", rng.next())),
            _ => put(&mut rows[at], 0, rng.word(&OPS)),
        }
    }
    let mut text =
        rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join(rng.word(&["\n", "\n", "\n", "\r\n", "\n\n"]));
    text.push_str(rng.word(&["\n", "", "\n\n"]));
    let text = if rng.one_in(5) { text_mutator::mutate(text.as_bytes(), rng) } else { text.into_bytes() };
    match rng.below(8) {
        0 => {
            let packed = gzip(&text);
            if rng.one_in(2) { text_mutator::mutate(&packed, rng) } else { packed }
        }
        1 => {
            let packed = zstd::encode_all(&*text, 1).expect("packed");
            if rng.one_in(2) { text_mutator::mutate(&packed, rng) } else { packed }
        }
        _ => text,
    }
}

fn put(row: &mut [String], column: usize, text: &str) {
    if let Some(field) = row.get_mut(column) {
        text.clone_into(field);
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text).expect("packed");
    packer.finish().expect("packed")
}
