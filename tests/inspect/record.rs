//! Records the traces in `tests/data/inspect-*.csv` from real Go programs. Ignored: whoever wants new ones asks for it,
//! with Go 1.23 and a Go from 1.24 on.
//!
//! ```sh
//! GO_CLASSIC=~/go1.23/bin/go GO_SWISS=~/go1.27/bin/go cargo test --test suite inspect:: -- --ignored
//! ```

use std::fs;
use std::path::PathBuf;

use mapscope::engines::go::{self, Kind, Op};

use crate::go_recorder::{self, data};

/// A map of a real runtime, and what it has done so far.
struct Recorder(go_recorder::Recorder);

impl Recorder {
    fn start(variable: &str, map: &str, how: &str) -> Recorder {
        let path = std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} must name a go command"));
        let found = go::find(&[PathBuf::from(path)]).expect("a toolchain");
        let how = format!("recorded_by=tests/inspect/record.rs {how}");
        Recorder(go_recorder::Recorder::start(&found[0], map, go::SHAPES[0], 0, &how))
    }

    fn op(&mut self, kind: Kind, key: u64) {
        self.0.ops(&[Op { kind, key, value: key, value_bytes: 0 }]);
    }

    fn hash(&mut self, key: u64) -> u64 {
        self.0.hash(key)
    }

    fn write(&self, name: &str) {
        fs::write(data(name), &self.0.text).expect("a file");
    }
}

#[test]
#[ignore = "records anew, from Go toolchains"]
fn twelve_inserts_and_a_remove() {
    for (variable, map, name) in [
        ("GO_CLASSIC", "map", "inspect-classic-13.csv"),
        ("GO_SWISS", "map", "inspect-swiss-13.csv"),
        ("GO_CLASSIC", "syncmap", "inspect-syncmap-13.csv"),
        ("GO_SWISS", "syncmap", "inspect-synctrie-13.csv"),
    ] {
        let mut recorder = Recorder::start(variable, map, "ops=twelve-inserts-and-a-remove");
        (1..=12).for_each(|key| recorder.op(Kind::Put, key));
        recorder.op(Kind::Remove, 5);
        recorder.write(name);
    }
}

/// Eight buckets, each of which has had an overflow bucket, and few entries enough for another growth.
#[test]
#[ignore = "records anew, from Go toolchains"]
fn a_growth_to_the_same_size() {
    const PER_BUCKET: usize = 9;
    let mut recorder = Recorder::start("GO_CLASSIC", "map", "ops=growth-to-the-same-size");
    // Hashes are seeded anew when a map becomes empty, and at no other time.
    recorder.op(Kind::Put, 1);
    let mut keys: [Vec<u64>; 8] = Default::default();
    let first = recorder.hash(1);
    keys[first as usize & 7].push(1);
    for key in 2..2000 {
        let bucket = recorder.hash(key) as usize & 7;
        if keys[bucket].len() < PER_BUCKET + 3 {
            keys[bucket].push(key);
        }
    }
    let put = |recorder: &mut Recorder, keys: &[u64]| {
        keys.iter().filter(|&&key| key != 1).for_each(|&key| recorder.op(Kind::Put, key));
    };
    (0..5).for_each(|bucket| put(&mut recorder, &keys[bucket][..PER_BUCKET]));
    for bucket in &keys[..3] {
        bucket[1..PER_BUCKET].iter().for_each(|&key| recorder.op(Kind::Remove, key));
    }
    (5..8).for_each(|bucket| put(&mut recorder, &keys[bucket][..PER_BUCKET]));
    // The first of these starts the growth; a lookup does no work for it.
    let [spare_5, spare_7] = [5, 7].map(|bucket| keys[bucket][PER_BUCKET]);
    recorder.op(Kind::Put, spare_5);
    recorder.op(Kind::Get, keys[3][0]);
    recorder.op(Kind::Put, keys[5][PER_BUCKET + 1]);
    recorder.op(Kind::Remove, keys[0][0]);
    recorder.op(Kind::Put, spare_7);
    recorder.op(Kind::Put, keys[5][0]);
    recorder.op(Kind::Put, keys[0][PER_BUCKET]);
    recorder.op(Kind::Get, keys[6][0]);
    recorder.op(Kind::Remove, keys[6][0]);
    recorder.write("inspect-classic-same-size.csv");
}
