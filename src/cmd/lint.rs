use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};

use super::{fix, output};
use crate::hints::form::{FORMATS, Shown};
use crate::hints::{Kind, Source};
use crate::plan::UnknownName;

/// Find maps in Go source that are made without a hint, though their length is known
#[derive(clap::Args)]
#[command(after_help = "\
Examples: mapscope lint ./...
          mapscope lint --kind copy --fix hints.patch ./...
          mapscope lint --format sarif ./... > hints.sarif
copy is sure; each, some and counted are guesses. docs/LINT.md says what they
are worth. Figures are bytes of tables, by the rules of Go 1.24 to 1.27.
A recording knows what a hint saves in your program: mapscope maps --hints.
Exits with 0, also with findings; with 1 if --fail is given and there are any.")]
pub(super) struct Args {
    /// Packages, as the go command takes them
    #[arg(value_name = "PACKAGES", default_value = ".")]
    packages: Vec<String>,
    /// go command or Go installation that reads the source [default: go on the PATH]
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    /// Kinds of findings [default: all; with --fix and --write, copy]
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind)]
    kind: Vec<Kind>,
    /// table, json, or sarif (for code scanning)
    #[arg(long, value_name = "F", default_value = "table")]
    format: String,
    /// Exit with 1 if anything is found
    #[arg(long)]
    fail: bool,
    #[command(flatten)]
    fix: fix::Args,
}

fn kind(name: &str) -> Result<Kind, String> {
    let known = Kind::OF_SOURCE.iter().find(|kind| kind.name() == name);
    let names = Kind::OF_SOURCE.map(Kind::name);
    known.copied().ok_or_else(|| UnknownName::new("kind", name, names).to_string())
}

pub(super) fn run(args: &Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let names = || FORMATS.iter().map(|format| format.name);
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let folder = std::env::current_dir().context("the folder of this process is not there")?;
    let source = Source::new(args.go.as_deref(), &folder)?;
    let linted = source.lint(&args.packages)?;
    let kinds = match &args.kind[..] {
        [] if args.fix.is_wanted() => &[Kind::Copy],
        [] => &Kind::OF_SOURCE[..],
        named => named,
    };
    let findings: Vec<_> = linted.findings.iter().filter(|finding| kinds.contains(&finding.kind)).collect();
    if !args.fix.is_on_stdout() {
        let shown = Shown {
            linted: &linted,
            findings: &findings,
            go: &source.version,
            folder: &folder,
            root: source.root.as_deref(),
        };
        output::print(&(format.render)(&shown))?;
    }
    if args.fix.is_wanted() {
        args.fix.run(&source, &findings, quiet)?;
    }
    Ok(ExitCode::from(u8::from(args.fail && !findings.is_empty())))
}
