//! Runs the program as a process, for tests of what it measures.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod skip;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A row of `results.csv`, by column.
pub type Row = HashMap<String, String>;

/// A metric of a row.
pub fn metric(row: &Row, name: &str) -> f64 {
    row[name].parse().unwrap_or_else(|_| panic!("{name} is {:?}", row[name]))
}

/// A profile for cells that are given beside it, with time for their passes.
pub const PATIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml");

/// The program: that of this build, or the one that `MAPSCOPE_PROGRAM` names, for laws that take an optimised one.
fn program() -> OsString {
    std::env::var_os("MAPSCOPE_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_mapscope").into())
}

/// One `mapscope run` into a folder of its own.
pub struct Run {
    args: Vec<String>,
    folder: tempfile::TempDir,
}

impl Run {
    pub fn new<'a>(args: impl IntoIterator<Item = &'a str>) -> Run {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Run { args: args.into_iter().map(str::to_owned).collect(), folder }
    }

    pub fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Run {
        self.args.extend(args.into_iter().map(str::to_owned));
        self
    }

    /// Where the run writes.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Runs, whatever comes of it.
    pub fn output(&self) -> Output {
        Command::new(program())
            .arg("run")
            .args(&self.args)
            .arg("--quiet")
            .arg("--out")
            .arg(self.out())
            .output()
            .expect("the program starts")
    }

    fn ok(&self) {
        let output = self.output();
        assert!(output.status.success(), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }

    /// The rows of `results.csv`.
    pub fn rows(&self) -> Vec<Row> {
        self.ok();
        let mut reader = csv::Reader::from_path(self.out().join("results.csv")).expect("results.csv");
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }

    /// The cells of `results.json`.
    pub fn cells(&self) -> Vec<Value> {
        self.ok();
        let text = std::fs::read_to_string(self.out().join("results.json")).expect("results.json");
        let results: Value = serde_json::from_str(&text).expect("JSON");
        results["cells"].as_array().expect("cells").clone()
    }
}
