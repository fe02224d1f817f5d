use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::output;
use crate::gate::{Policy, compare, self_test};
use crate::record::metrics;
use crate::record::read;

/// Compare two runs: did a write get dearer?
#[derive(clap::Args)]
#[command(override_usage = "mapscope gate [--policy FILE] BASELINE CURRENT\n       mapscope gate --self-test RESULTS")]
#[command(after_help = "\
Cells are matched by identity. Exact metrics must not get worse beyond the
policy, without one not at all; times only warn.
Exit codes: 0 pass, 1 regression, 2 could not judge.")]
pub(super) struct Args {
    /// The results.json to hold the other against, or its folder
    #[arg(required_unless_present = "self_test")]
    baseline: Option<PathBuf>,
    /// The results.json to judge, or its folder
    #[arg(required_unless_present = "self_test")]
    current: Option<PathBuf>,
    /// What may get worse, by how much: TOML
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Worsen each exact metric of RESULTS in turn: the gate must see it
    #[arg(long, value_name = "RESULTS", conflicts_with_all = ["baseline", "current", "policy"])]
    self_test: Option<PathBuf>,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let (words, outcome) = match (args.self_test, args.baseline, args.current) {
        (None, Some(baseline), Some(current)) => {
            let policy = match &args.policy {
                Some(path) => {
                    let text = fs::read_to_string(path)
                        .with_context(|| format!("{}: can't read the policy", path.display()))?;
                    Policy::parse(&text, &path.to_string_lossy(), metrics::all())?
                }
                None => Policy::default(),
            };
            let verdict = compare(&read(&baseline)?, &read(&current)?, &policy, metrics::all());
            (verdict.markdown(), verdict.outcome())
        }
        (Some(results), ..) => {
            let test = self_test(&read(&results)?, metrics::all());
            (test.markdown(), test.outcome())
        }
        _ => unreachable!("clap asks for both files or for --self-test"),
    };
    if !quiet {
        output::print(&words)?;
    }
    Ok(ExitCode::from(outcome.exit_code()))
}
