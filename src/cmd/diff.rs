use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::output;
use super::staged::Staged;
use crate::diff::{self, Side};
use crate::record::{metrics, read};
use crate::text;

/// Show what changed between two runs
#[derive(clap::Args)]
#[command(after_help = "\
Cells are matched by identity; what is left over is paired where all of it but
one field agrees. Whether a change may pass is for `mapscope gate` to say.
Exit codes: 0 whether or not anything differs (see --exit-code), 2 bad input.")]
pub(super) struct Args {
    /// The results.json of the run that comes first, or its folder
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The results.json of the run to hold against it, or its folder
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Exit with 1 when anything but times differs
    #[arg(long)]
    exit_code: bool,
    /// The most rows of a table on the terminal; 0 for all
    #[arg(long, value_name = "N", default_value_t = 40)]
    rows: usize,
    /// New folder for diff.html, diff.md, diff.json and differential flame graphs
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let [before, after] = [&args.before, &args.after].map(|path| (text::path(path), read(path)));
    let (before, after) = ((before.0, before.1?), (after.0, after.1?));
    before.1.comparable(&after.1).with_context(|| format!("{} and {} can't be compared", before.0, after.0))?;
    let side = |(name, results)| Side { name, results };
    let metrics = metrics::of([&before.1, &after.1]);
    let diff = diff::diff(side((&before.0, &before.1)), side((&after.0, &after.1)), &metrics);
    let folder = match args.out {
        Some(out) => {
            let staged = Staged::new(Some(out), "diff")?;
            output::write_files(staged.path(), |emit| diff::write(&diff, emit))
                .with_context(|| format!("{}: nothing was left there", text::path(staged.destination())))?;
            Some(staged.publish()?)
        }
        None => None,
    };
    if !quiet {
        let rows = if args.rows == 0 { usize::MAX } else { args.rows };
        let mut screen = diff::terminal(&diff, output::width().unwrap_or(120), output::colour(), rows);
        match folder {
            Some(folder) => {
                screen.push_str(&format!("\nreport: {}\n", text::path(&folder.join("diff.html"))));
                output::announce(&screen, &folder)?;
            }
            None => output::print(&screen)?,
        }
    }
    Ok(ExitCode::from(u8::from(args.exit_code && diff.differs_exactly())))
}
