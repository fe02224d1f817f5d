//! Streams need constant memory: once started they allocate nothing, however many operations they make.

use std::io::Write;

use super::*;
use crate::heap::ALLOCATED;

/// Bytes that a stream allocates when it is started and has made its first batch, and after that to the end (or for
/// the next 20,000 operations).
fn allocated_bytes(spec: &WorkloadSpec) -> (u64, u64) {
    let bytes = || ALLOCATED.get().bytes;
    let workload = open(spec);
    let mut batch = Vec::with_capacity(512);
    let before = bytes();
    let mut stream = workload.stream().unwrap();
    stream.next_batch(&mut batch, 512).unwrap();
    let started = bytes();
    let mut made = 0;
    while !batch.is_empty() && made < 20_000 {
        stream.next_batch(&mut batch, 512).unwrap();
        made += batch.len();
    }
    (started - before, bytes() - started)
}

#[test]
fn generators_are_constant_but_for_churn() {
    for key_row in KEYS.iter().filter(|row| !row.term.file) {
        for mix_row in MIXES {
            let weights = [("insert", 1.0), ("remove", 1.0), ("get", 1.0)];
            let dealt = [("insert", 1.0), ("remove", 1.0), ("get", 1.0), ("peak", 100.0)];
            let args = match mix_row.term.name {
                "mix" => &weights[..],
                // Each record takes 8 bytes.
                "outcomes" => &dealt,
                _ => &[],
            };
            // Ten billion operations on a billion records, except where each record takes 8 bytes.
            let churn = mix_row.term.name == "churn";
            let ops = if churn { 1_000_000 } else { 10_000_000_000 };
            let spec = generated(keys(key_row.term.name, &[]), mix(mix_row.term.name, args), ops);
            let (start, run) = allocated_bytes(&spec);
            let (keys, mix) = (key_row.term.name, mix_row.term.name);
            assert_eq!(run, 0, "{keys} {mix}");
            let records = if churn { 100_000 } else { 100 };
            assert!(start < 1000 + 8 * 2 * records, "{keys} {mix}: {start}");
        }
    }
}

#[test]
fn traces_are_constant_compressed_or_not() {
    let text: String =
        std::iter::once("op,key\n".to_owned()).chain((0..20_000).map(|i| format!("get,{i}\n"))).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    for bytes in [text.as_bytes().to_vec(), gzip.finish().unwrap(), zstd::encode_all(text.as_bytes(), 0).unwrap()] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let (start, run) = allocated_bytes(&traced(file.path()));
        assert!(start < 512 << 10, "{start}");
        assert_eq!(run, 0);
    }
}
