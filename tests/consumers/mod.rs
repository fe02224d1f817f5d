//! Every format opened by the programs that people read it with, and what those say held against the record.
//!
//! Where a program is not there, its test is skipped, which is said when the suite ends (`tests/zz_skipped.rs`).

mod dh_view;
mod figures;
mod go_bench;
mod hdr_percentiles;
mod inferno;
mod junit;
mod openmetrics;
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod pprof;
pub(crate) mod python;
mod services;
mod speedscope;
mod trace;

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use mapscope::record::{Results, read};
use mapscope::report;

use crate::common::skip;
use crate::html_browser::browser;

/// A profile for cells that are given beside it, with time for their passes.
const PATIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml");

/// A record of a few cells, with every pass.
fn results() -> Results {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_cells/record.json")).expect("the record")
}

/// Writes one format of `results` into `folder`; gives the paths of its files, relative to the folder.
fn write(format: &str, results: &Results, folder: &Path) -> Vec<String> {
    let format = report::find(format).expect("the format");
    let mut written = Vec::new();
    let mut emit = |path: &str, bytes: &[u8]| {
        let whole = folder.join(path);
        std::fs::create_dir_all(whole.parent().expect("a folder"))?;
        std::fs::write(whole, bytes)?;
        written.push(path.to_owned());
        Ok(())
    };
    (format.render)(results, &mut emit).expect("the format");
    written
}

/// What `program` prints, given the rest of its command by `set`, where it is one that no package registry has: looked for
/// on the PATH, and skipped where it is not; where `variable` names it, it must be there.
pub(crate) fn run_optional(program: &str, variable: &str, set: impl FnOnce(&mut Command)) -> Option<Output> {
    let named = std::env::var_os(variable);
    let mut command = Command::new(named.clone().unwrap_or_else(|| program.into()));
    set(&mut command);
    match command.output() {
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
            skip::skip(program, &format!("{program} is not on the PATH, nor named by {variable}"));
            None
        }
        output => Some(output.unwrap_or_else(|error| panic!("{program}: {error}"))),
    }
}
