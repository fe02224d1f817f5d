//! Every format opened by the programs that people read it with, and what those say held against the record.
//!
//! Where a program is not there, its test says so and passes; `MAPSCOPE_CONSUMERS=required` makes that a failure.

mod junit;
mod python;

use std::path::Path;

use mapscope::record::{Results, read};
use mapscope::report;

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

/// Says that a test did not happen.
fn skip(why: &str) {
    assert_ne!(std::env::var("MAPSCOPE_CONSUMERS").as_deref(), Ok("required"), "{why}");
    eprintln!("skipped: {why}");
}
