//! `mapscope maps PID --set sample=1/100`: what a running program records from now on.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use super::output;
use crate::recording::{Sample, running, set_sample};
use crate::text;

/// `sample=1/100`.
pub(super) fn setting(text: &str) -> Result<Sample, String> {
    let value = text.strip_prefix("sample=").ok_or("give sample=all, sample=1/N or sample=off")?;
    value.parse()
}

/// Changes what the process of a file records, or each that runs of a folder.
pub(super) fn run(path: &Path, pid: Option<u32>, sample: Sample, quiet: bool) -> anyhow::Result<ExitCode> {
    let processes = match path.is_dir() {
        true => running(path)?.into_iter().map(|(pid, path)| (format!("process {pid}"), path)).collect(),
        false => vec![(pid.map_or_else(|| text::path(path), |pid| format!("process {pid}")), path.to_owned())],
    };
    if processes.is_empty() {
        bail!("{}: no process of this recording is running: what it records can't be changed", text::path(path));
    }
    // One that can't be changed keeps none of the others from it.
    let mut failed = Ok(ExitCode::SUCCESS);
    for (name, path) in processes {
        match set_sample(&path, sample) {
            Ok(_) if quiet => {}
            Ok(before) => output::note(&format!("{name}: sample={sample} for maps made from now on; it was {before}")),
            Err(error) => failed = failed.and(Err(error.into())),
        }
    }
    failed
}
