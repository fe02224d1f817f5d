//! Records the traces in `tests/data/synctrie-*.csv.gz` from real Go programs. Ignored: whoever wants new ones asks for it,
//! with Go 1.24 or later.
//!
//! ```sh
//! GO=~/go1.27/bin/go cargo test --test maps go_syncmap::record -- --ignored
//! ```

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use mapscope::engines::go::{self, Kind, Op, Recorded, Session};
use mapscope::verify::Scenario;

/// Operations of a recording.
const OPS: usize = 1500;

/// Records random work on a map that the program calls `map`, with entries of a shape. A value is made of its key.
fn record(map: &str, shape: &str, mix: &str, keys: u32, seed: u64) {
    let path = std::env::var_os("GO").unwrap_or_else(|| panic!("GO must name a go command"));
    let found = go::find(&[PathBuf::from(path)]).expect("a toolchain");
    let shape = go::SHAPES.iter().find(|known| known.name == shape).expect("a shape");
    let program = found[0].program(*shape).expect("a program");
    let mut session = Session::start(&program, map).expect("it starts");
    session.set_collector(-1, 0, 1).expect("no collections");
    let greeting = session.greeting().clone();
    assert_eq!(greeting.layout, "synctrie");
    let mut text = format!(
        "# go={} layout={} type={} hint=0 key_size={} elem_size={} recorded_by=tests/go_syncmap/record.rs map={map} \
         seed={seed}\nop,key,hash,alloc_bytes,allocs,{}\n",
        greeting.go,
        greeting.layout,
        shape.name,
        greeting.key_bytes,
        greeting.elem_bytes,
        greeting.columns.join(",")
    );
    let built = session.build(0).expect("a map");
    row(&mut text, "new,,", &built);
    // One that leaves the map empty is the first: then hashes may be made to collide.
    let get = Op { kind: Kind::Get, key: 0, value: 0, value_bytes: 0 };
    let mut scenario = Scenario::new(seed, keys, true, true);
    let ops: Vec<Op> = std::iter::once(get).chain(std::iter::repeat_with(|| scenario.next_op())).take(OPS).collect();
    for ops in ops.chunks(500) {
        let recorded = session.record(ops, true, |op, recorded| {
            assert!(recorded.hashes.is_empty(), "a trie makes no inner maps");
            let (hash, key) = (recorded.hash, op.key);
            let begin = match op.kind {
                Kind::Put => format!("insert,{key},{hash:016x}"),
                Kind::Remove => format!("remove,{key},{hash:016x}"),
                Kind::Get => format!("get,{key},{hash:016x}"),
                Kind::Clear => "clear,,".to_owned(),
                Kind::Range => "range,,".to_owned(),
            };
            row(&mut text, &begin, &recorded);
        });
        recorded.expect("it does what it is told");
    }
    let shape = shape.name.replace("b64", "64").replace('/', "-");
    let release: Vec<_> = greeting.go.split('.').take(2).collect();
    let name = format!("synctrie-{shape}-{}{mix}-{OPS}-s{seed}.csv.gz", release.join("."));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let mut file = GzEncoder::new(File::create(path).expect("a file"), Compression::best());
    file.write_all(text.as_bytes()).expect("a disk");
    file.finish().expect("a disk");
}

fn row(text: &mut String, begin: &str, recorded: &Recorded) {
    let state: Vec<_> = recorded.state.iter().map(u64::to_string).collect();
    writeln!(text, "{begin},{},{},{}", recorded.alloc_bytes, recorded.allocs, state.join(",")).expect("memory");
}

#[test]
#[ignore = "records anew, from a Go toolchain"]
fn record_tries() {
    record("syncmap", "u64/u64", "", 600, 31);
}

#[test]
#[ignore = "records anew, from a Go toolchain"]
fn record_other_shapes() {
    record("syncmap", "str/u64", "", 400, 32);
    record("syncmap", "u64/b64", "", 400, 33);
}

/// Hashes that are alike down to their last digits, or altogether, as those of Go's own hash function never are.
#[test]
#[ignore = "records anew, from a Go toolchain"]
fn record_collisions() {
    record("syncmap-colliding", "u64/u64", "collide", 600, 34);
}
