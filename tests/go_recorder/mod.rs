//! Writes down what the map of a real Go runtime does, for the recordings in `tests/data`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mapscope::engines::go::{Kind, Op, Recorded, Session, Shape, Toolchain};

/// A map of a real runtime, and what it has done so far.
pub struct Recorder {
    session: Session,
    /// The recording.
    pub text: String,
}

impl Recorder {
    /// `how` says in words without blanks what it is going to do.
    pub fn start(toolchain: &Toolchain, map: &str, shape: Shape, hint: u64, how: &str) -> Recorder {
        let program = toolchain.program(shape).expect("a program for the shape");
        let mut session = Session::start(&program, map).expect("it starts");
        session.set_collector(-1, 0, 1).expect("no collections");
        let greeting = session.greeting().clone();
        let table = if greeting.layout == "swiss" { "group" } else { "bucket" };
        let mut text = format!(
            "# go={} layout={} type={} hint={hint} key_size={} elem_size={} {table}_size={} {table}_pointers={} \
             {how}\nop,key,hash,alloc_bytes,allocs,{}\n",
            greeting.go,
            greeting.layout,
            shape.name,
            greeting.key_bytes,
            greeting.elem_bytes,
            greeting.table_bytes,
            u8::from(greeting.table_pointers),
            greeting.columns.join(",")
        );
        let built = session.build(hint).expect("a map");
        row(&mut text, "new,,", &built);
        Recorder { session, text }
    }

    /// Does operations and writes a row for each.
    pub fn ops(&mut self, ops: &[Op]) {
        let Recorder { session, text } = self;
        let recorded = session.record(ops, true, |op, recorded| {
            for (key, hash) in &recorded.hashes {
                let commas = ",".repeat(recorded.state.len() + 2);
                writeln!(text, "hash,{key},{hash:016x}{commas}").expect("memory");
            }
            let (name, has_key) = match op.kind {
                Kind::Put => ("insert", true),
                Kind::Remove => ("remove", true),
                Kind::Get => ("get", true),
                Kind::Clear => ("clear", false),
                Kind::Range => ("range", false),
            };
            let begin = match has_key {
                true => format!("{name},{},{:016x}", op.key, recorded.hash),
                false => format!("{name},,"),
            };
            row(text, &begin, &recorded);
        });
        recorded.expect("it does what it is told");
    }

    /// The key's hash, by a lookup that changes nothing and is not written down.
    #[allow(dead_code, reason = "each test binary uses its part")]
    pub fn hash(&mut self, key: u64) -> u64 {
        let mut hash = 0;
        let get = Op { kind: Kind::Get, key, value: 0, value_bytes: 0 };
        self.session.record(&[get], true, |_, recorded| hash = recorded.hash).expect("an answer");
        hash
    }
}

/// Where recordings are kept.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn row(text: &mut String, begin: &str, recorded: &Recorded) {
    let state: Vec<_> = recorded.state.iter().map(u64::to_string).collect();
    writeln!(text, "{begin},{},{},{}", recorded.alloc_bytes, recorded.allocs, state.join(",")).expect("memory");
}
