use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;
use chrono::{SecondsFormat, Utc};

use super::output;
use crate::diff::{self, Side};
use crate::gate::{Terms, accept};
use crate::record::{Results, metrics, read, write_whole};
use crate::report;
use crate::text;

/// Renew the baseline of the gate
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    Accept(Accept),
}

/// Make a record the baseline, on purpose and with a reason
#[derive(clap::Args)]
#[command(after_help = "\
The baseline's results.json becomes that of RESULTS and keeps its history: the
reason, the commit, the date, the machine, what changed in numbers.
Exit codes: 0 accepted, 2 refused or bad input; nothing is changed then.")]
struct Accept {
    /// The results.json that is to be the baseline, or its folder
    results: PathBuf,
    /// Folder of the baseline; made where there is none
    #[arg(long, value_name = "DIR", default_value = "baseline")]
    baseline: PathBuf,
    /// Why the change is wanted, in at most 1,000 characters
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Accept a record in which cells failed
    #[arg(long)]
    allow_failed: bool,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let Verb::Accept(Accept { results, baseline, reason, allow_failed }) = args.verb;
    let current = read(&results)?;
    let at = baseline.join("results.json");
    let before = match at.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        _ => Some(read(&at).context("the baseline can't be read; remove it to begin anew")?),
    };
    let date = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let terms = Terms { reason, date, commit: commit(&baseline), allow_failed };
    let metrics = metrics::of(before.iter().chain([&current]));
    let accepted = accept(before.as_ref(), &current, terms, &metrics)
        .with_context(|| format!("{}: not accepted", text::path(&results)))?;
    let mut screen = String::new();
    if let Some(before) = before.as_ref().filter(|_| !quiet) {
        let name = text::path(&at);
        let before = Side { name: &format!("{name}, before"), results: before };
        let after = Side { name: &text::path(&results), results: &current };
        let changes = diff::diff(before, after, &metrics);
        screen = diff::terminal(&changes, output::width().unwrap_or(120), output::colour(), usize::MAX) + "\n";
    }
    if !quiet {
        let commit = accepted.accepted.last().and_then(|last| last.commit.as_deref());
        let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
        let cells = accepted.cells.len();
        let plural = if cells == 1 { "" } else { "s" };
        screen.push_str(&format!("accepted: {} has {cells} cell{plural}{commit}\n", text::path(&at)));
    }
    write(&at, &accepted, &screen)
        .with_context(|| format!("{}: can't be written; the baseline is as it was", text::path(&baseline)))?;
    Ok(ExitCode::SUCCESS)
}

/// Renews the baseline and says so. What could not be said is not done: the words come when all is written but the name.
fn write(at: &Path, accepted: &Results, screen: &str) -> anyhow::Result<()> {
    let json = report::find("json").context("no json format")?;
    let folder = at.parent().unwrap_or(Path::new("."));
    let made = !folder.exists();
    let mut unsaid = None;
    let written = (json.render)(accepted, &mut |_, bytes| {
        fs::create_dir_all(folder)?;
        write_whole(at, |file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            output::print(screen).map_err(|error| {
                unsaid = Some(error);
                io::Error::other("not told")
            })
        })
    });
    if written.is_err() && made {
        let _ = fs::remove_dir(folder);
    }
    match unsaid {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

/// The commit that is checked out where `folder` is or will be, `+` at its end where tracked files differ from it.
fn commit(folder: &Path) -> Option<String> {
    let absolute = std::path::absolute(folder).ok()?;
    let there = absolute.ancestors().find(|ancestor| ancestor.is_dir())?;
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(there).args(args).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(text)
    };
    let id = git(&["rev-parse", "--verify", "HEAD"])?;
    let clean = git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if clean { id } else { id + "+" })
}
