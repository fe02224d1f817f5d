//! Readers that are Python packages.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::skip::skip;
use super::{results, write};

/// The Python that has the packages: the one that `MAPSCOPE_PYTHON` names, or the PATH's.
fn python() -> OsString {
    std::env::var_os("MAPSCOPE_PYTHON").unwrap_or_else(|| "python3".into())
}

/// What `script` prints, run in `folder`; `None`, said in a word, where a package it needs is not there.
pub(crate) fn run(packages: &[&str], folder: &Path, script: &str, args: &[&str]) -> Option<String> {
    let there = |package: &&str| {
        let import = Command::new(python()).args(["-c", &format!("import {package}")]).output();
        import.is_ok_and(|output| output.status.success())
    };
    if let Some(missing) = packages.iter().find(|package| !there(package)) {
        skip("python", &format!("Python has no package {missing}"));
        return None;
    }
    let output = Command::new(python()).arg("-c").arg(script).args(args).current_dir(folder).output().expect("Python");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// The log of latencies, interval by interval.
#[test]
fn hdrhistogram_reads_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let results = results();
    const SCRIPT: &str = "
import sys
from hdrh.log import HistogramLogReader
from hdrh.histogram import HdrHistogram
for path in sys.argv[1:]:
    reference = HdrHistogram(1, 2 ** 62, 3)
    reader = HistogramLogReader(path, reference)
    while True:
        histogram = reader.get_next_interval_histogram()
        if histogram is None:
            break
        print(path, histogram.get_tag(), histogram.get_total_count(), histogram.get_max_value())
";
    let paths = write("hdr-log", &results, folder.path());
    assert!(!paths.is_empty());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let Some(printed) = run(&["hdrh"], folder.path(), SCRIPT, &paths) else { return };
    let mut expected = Vec::new();
    for cell in &results.cells {
        for histogram in cell.time.iter().flat_map(|time| &time.histograms) {
            let max_ns = mapscope::record::metrics::latency::decode(histogram).unwrap().max();
            let (kind, cause) = (histogram.kind.name(), histogram.cause.name());
            let path = format!("cells/{}/latency.hlog", cell.id.file_stem());
            expected.push(format!("{path} {kind}.{cause} {} {max_ns}", histogram.count));
        }
    }
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
