use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};

use super::diff::of_recordings;
use super::output;
use crate::ci::github::{SUMMARY_VARIABLE, append_summary};
use crate::gate::{self, FORMATS, Judged, Outcome, Policy, compare, self_test};
use crate::intake;
use crate::plan::UnknownName;
use crate::record::metrics::{self, Metric};
use crate::record::read;
use crate::recording::{self, Recording, Sort};
use crate::text;

/// Compare two runs, or two recordings: did a write get dearer?
#[derive(clap::Args)]
#[command(
    override_usage = "mapscope gate [--policy FILE] [--format FORMAT] BASELINE CURRENT\n       mapscope gate --self-test RESULTS"
)]
#[command(after_help = "\
Cells are matched by identity. Costs (bytes, allocations, moves, probes) must
not get worse beyond the policy, without one not at all; descriptions inform,
times warn, undisturbed ones fail beyond 25 % and the scatter of both runs.
Recordings (of `mapscope record`) are compared by place and type of maps.
Exit codes: 0 pass, 1 regression, 2 could not judge.")]
pub(super) struct Args {
    /// The results.json to hold the other against, or its folder; or a recording
    #[arg(required_unless_present = "self_test")]
    baseline: Option<PathBuf>,
    /// The results.json to judge, or its folder; or a recording
    #[arg(required_unless_present = "self_test")]
    current: Option<PathBuf>,
    /// What may get worse, by how much: TOML
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Form of the verdict: md, github, json, junit (see `mapscope list formats`)
    #[arg(long, value_name = "FORMAT", default_value = FORMATS[0].name, hide_default_value = true)]
    format: String,
    /// Worsen each exact metric of RESULTS in turn: the gate must see it
    #[arg(long, value_name = "RESULTS", conflicts_with_all = ["baseline", "current", "policy", "format"])]
    self_test: Option<PathBuf>,
}

/// A policy of more bytes is none.
const POLICY_BYTES_MAX: u64 = 16 << 20;

pub(super) fn policy_text(path: &Path) -> anyhow::Result<String> {
    let bytes = intake::whole(path, POLICY_BYTES_MAX);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
    text.with_context(|| format!("{}: can't read the policy", text::path(path)))
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let known = || FORMATS.iter().map(|format| format.name);
    let format = gate::find(&args.format).ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, known())))?;
    let (words, outcome, summary) = match (args.self_test, args.baseline, args.current) {
        (None, Some(baseline), Some(current)) => {
            let rules =
                args.policy.as_deref().map(|path| Ok::<_, anyhow::Error>((path, policy_text(path)?))).transpose()?;
            let policy = |metrics: &[Metric]| match &rules {
                Some((path, text)) => Policy::parse(text, &text::path(path), metrics),
                None => Ok(Policy::default()),
            };
            let (words, outcome, markdown) = if of_recordings(&baseline, &current)? {
                let policy = policy(&recording::judged_figures())?;
                let [baseline, current] = [baseline, current].map(|path| Recording::read(&path, Sort::Bytes));
                let (baseline, current) = (baseline?, current?);
                let verdict = recording::compare(&baseline, &current, &policy);
                let places = recording::places(&baseline, &current);
                let judged = Judged { subjects: places.iter().collect(), properties: Vec::new(), verdict: &verdict };
                ((format.render_places)(&judged)?, verdict.outcome(), verdict.markdown())
            } else {
                let (baseline, current) = (read(&baseline)?, read(&current)?);
                let metrics = metrics::of([&baseline, &current]);
                let verdict = compare(&baseline, &current, &policy(&metrics)?, &metrics);
                let judged = Judged::new(&baseline, &current, &verdict);
                ((format.render)(&judged)?, verdict.outcome(), verdict.markdown())
            };
            let summary = std::env::var_os(SUMMARY_VARIABLE).filter(|path| format.step_summary && !path.is_empty());
            (words, outcome, summary.map(|path| (PathBuf::from(path), markdown)))
        }
        (Some(results), ..) => {
            let results = read(&results)?;
            let test = self_test(&results, &metrics::of([&results]));
            (test.markdown(), test.outcome(), None)
        }
        _ => unreachable!("clap asks for both files or for --self-test"),
    };
    if !quiet {
        output::print(&words)?;
    }
    // Last, so that a summary that can't be written takes no verdict along: a regression that was seen is one.
    match summary.map_or(Ok(()), |(path, markdown)| summarise(&path, &markdown)) {
        Err(error) if outcome == Outcome::Regression => output::note(&format!("error: {error:#}")),
        written => written?,
    }
    Ok(ExitCode::from(outcome.exit_code()))
}

/// Adds to GitHub's step summary.
fn summarise(path: &Path, markdown: &str) -> anyhow::Result<()> {
    let added = append_summary(path, markdown)
        .with_context(|| format!("{SUMMARY_VARIABLE}: {}: can't be written", text::path(path)))?;
    if !added {
        output::note("the step summary is full: the verdict is not in it");
    }
    Ok(())
}
