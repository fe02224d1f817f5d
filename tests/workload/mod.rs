//! Workloads, through the library's public face. Here is what the tests share.

mod formats;
mod memory;
#[cfg(feature = "parquet")]
mod parquet;
mod stamps;
mod streams;
mod traces;

use std::path::PathBuf;

use mapscope::plan::{Arg, Call, Source, Term, Widths, WorkloadSpec};
use mapscope::workload::keys::KEYS;
use mapscope::workload::mixes::MIXES;
use mapscope::workload::{Kind, Op, Workload};

/// `name(args..)` of one of `terms`, with its defaults, as `plan` would hand it over.
fn call(mut terms: impl Iterator<Item = Term>, name: &str, args: &[(&str, f64)]) -> Call {
    let term = terms.find(|term| term.name == name).expect(name);
    let given = |name| args.iter().find(|(given, _)| *given == name).map(|&(_, value)| value);
    Call {
        name: term.name,
        args: term.params.iter().map(|param| given(param.name).map(Arg::Number).or(param.values.default())).collect(),
        arg_names: if term.named { term.params.iter().map(|param| param.name).collect() } else { Vec::new() },
        path: None,
    }
}

pub fn keys(name: &str, args: &[(&str, f64)]) -> Call {
    call(KEYS.iter().map(|row| row.term), name, args)
}

pub fn key_file(path: impl Into<PathBuf>) -> Call {
    Call { path: Some(path.into()), ..keys("file", &[]) }
}

pub fn mix(name: &str, args: &[(&str, f64)]) -> Call {
    call(MIXES.iter().map(|row| row.term), name, args)
}

pub fn generated(keys: Call, mix: Call, ops: u64) -> WorkloadSpec {
    WorkloadSpec { source: Source::Generated { keys, mix }, ops, seed: 1, widths: Widths::WHOLE }
}

pub fn traced(path: impl Into<PathBuf>) -> WorkloadSpec {
    WorkloadSpec { source: Source::Trace(path.into().into()), ops: u64::MAX, seed: 1, widths: Widths::WHOLE }
}

pub fn open(spec: &WorkloadSpec) -> Workload {
    Workload::open(spec).unwrap_or_else(|error| panic!("{error}"))
}

/// The first operations, at most `max`, asked for `batch` at a time.
pub fn take(workload: &Workload, max: usize, batch: usize) -> Vec<Op> {
    let (mut stream, mut ops, mut buffer) = (workload.stream().unwrap(), Vec::new(), Vec::new());
    while ops.len() < max {
        stream.next_batch(&mut buffer, batch.min(max - ops.len())).unwrap();
        if buffer.is_empty() {
            break;
        }
        ops.extend_from_slice(&buffer);
    }
    ops
}

/// All operations.
pub fn all(workload: &Workload) -> Vec<Op> {
    take(workload, usize::MAX, 4096)
}

/// Operations as `P7 R7 G3 C I S5+10`.
pub fn brief(ops: &[Op]) -> String {
    let brief = |op: &Op| match op.kind {
        Kind::Put => format!("P{}", op.key),
        Kind::Remove => format!("R{}", op.key),
        Kind::Get => format!("G{}", op.key),
        Kind::Clear => "C".to_owned(),
        Kind::Iterate => "I".to_owned(),
        Kind::Scan => format!("S{}+{}", op.key, op.value),
    };
    ops.iter().map(brief).collect::<Vec<_>>().join(" ")
}
