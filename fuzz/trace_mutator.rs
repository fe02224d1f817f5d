//! Traces of every format: rows and records moved, repeated and damaged, one format's beginning before another's rest.

use std::path::Path;
use std::sync::LazyLock;

use crate::rng::Rng;
use crate::text_mutator;

/// The sizes of records, and of what they are made of.
const UNITS: [usize; 5] = [4, 8, 16, 24, 32];

/// A tiny file of each format.
pub static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("tests/data/traces").map(|entry| entry.expect("it").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a trace")).collect()
});

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut units = units(seed, rng);
    for _ in 0..=rng.below(3) {
        let (at, to) = (rng.below(units.len()), rng.below(units.len()));
        match rng.below(6) {
            0 => units.swap(at, to),
            1 => units.insert(at, units[to].clone()),
            2 if units.len() > 1 => _ = units.remove(at),
            3 => units[at] = text_mutator::mutate(&units[at], rng),
            4 => {
                let other = rng.of(&CORPUS).clone();
                units.insert(at, self::units(&other, rng)[0].clone());
            }
            _ => {}
        }
    }
    let trace = units.concat();
    match rng.below(12) {
        0 => text_mutator::mutate(&zstd::encode_all(&*trace, 1).expect("packed"), rng),
        1 => zstd::encode_all(&*trace, 1).expect("packed"),
        2 => [b"\xef\xbb\xbf", &*trace].concat(),
        3 => trace[..rng.below(trace.len() + 1)].to_vec(),
        _ => trace,
    }
}

/// Lines, or records of some size; at least one.
fn units(trace: &[u8], rng: &mut Rng) -> Vec<Vec<u8>> {
    let units: Vec<Vec<u8>> = match std::str::from_utf8(trace) {
        Ok(text) if !text.contains('\0') => text.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect(),
        _ => trace.chunks(*rng.of(&UNITS)).map(<[u8]>::to_vec).collect(),
    };
    if units.is_empty() { vec![Vec::new()] } else { units }
}
