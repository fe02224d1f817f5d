//! The command line: one file per verb.
//!
//! Exit codes are a contract: 0 done, 1 a cell failed, the gate saw a regression or a model differs from what it is a
//! model of, 2 bad input or nothing could be judged or compared, 130 interrupted. Results go to stdout, progress and errors to stderr.

mod ab;
mod baseline;
mod census;
mod completions;
mod convert;
mod describe;
mod diff;
mod fix;
mod flags;
mod gate;
mod inspect;
mod inspect_at;
mod layout;
mod lint;
mod list;
mod live;
mod man;
mod maps;
mod maps_set;
mod output;
mod own;
mod rates;
mod record;
mod recorded;
mod replay;
mod report;
mod run;
mod staged;
mod stdout;
mod toolchains;
mod verify;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::run::{RunError, Subjects};
use crate::text;
use crate::workload::WorkloadError;

/// Bad input.
const BAD_INPUT: u8 = 2;
/// Ended by Ctrl-C, as shells report it.
const INTERRUPTED: u8 = 130;

/// Know what every map write costs: bytes allocated, entries moved, nanoseconds at the tail, and why.
#[derive(Parser)]
#[command(name = "mapscope", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "\"mapscope run\" alone profiles five maps in under a minute.\n\
                        Exit codes: 0 done; 1 a cell failed or regressed, or a model differs;\n\
                        2 bad input, or nothing could be compared; 130 interrupted.")]
struct Cli {
    /// No progress, no summary
    #[arg(short, long, global = true, display_order = 900)]
    quiet: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    Run(Box<run::Args>),
    Diff(diff::Args),
    Gate(gate::Args),
    Ab(Box<ab::Args>),
    Baseline(baseline::Args),
    Replay(replay::Args),
    Inspect(Box<inspect::Args>),
    Layout(layout::Args),
    Record(record::Args),
    Maps(maps::Args),
    Census(census::Args),
    Lint(lint::Args),
    Describe(describe::Args),
    Convert(convert::Args),
    Verify(verify::Args),
    Report(report::Args),
    List(list::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command line of this process over `subjects`. Call it first thing in `main`: your own maps get every verb
/// that mapscope has.
pub fn main(subjects: &Subjects) -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|verb| verb == crate::run::HIDDEN_VERB) {
        return crate::run::child_main(subjects);
    }
    if std::env::args_os().nth(1).is_some_and(|verb| verb == crate::run::TURN_VERB) {
        return crate::run::turn_main(subjects);
    }
    heed_file_sizes();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // What was typed is repeated there, and may have come from anywhere.
            if message.use_stderr() {
                let told = message.render().to_string().trim_end().replace("\n::", "\n| ::");
                let _ = writeln!(io::stderr(), "{}", text::screen(&told));
                return ExitCode::from(BAD_INPUT);
            }
            let help = message.render();
            let help = if output::colour() { help.ansi().to_string() } else { help.to_string() };
            return finished(output::print(&help).map(|()| ExitCode::SUCCESS));
        }
    };
    let done = match cli.verb {
        None => output::print(&Cli::command().render_help().to_string()).map(|()| ExitCode::SUCCESS),
        Some(Verb::Run(args)) => run::run(*args, cli.quiet, subjects),
        Some(Verb::Baseline(args)) => baseline::run(args, cli.quiet),
        Some(Verb::Diff(args)) => diff::run(args, cli.quiet),
        Some(Verb::Gate(args)) => gate::run(args, cli.quiet),
        Some(Verb::Ab(args)) => ab::run(*args, cli.quiet),
        Some(Verb::Replay(args)) => replay::run(args, cli.quiet, subjects),
        Some(Verb::Inspect(args)) => inspect::run(*args, cli.quiet, subjects),
        Some(Verb::Convert(args)) => convert::run(args, cli.quiet),
        Some(Verb::Describe(args)) => describe::run(args, subjects),
        Some(Verb::Layout(args)) => layout::run(args, cli.quiet, subjects),
        Some(Verb::Record(args)) => record::run(args, cli.quiet),
        Some(Verb::Maps(args)) => maps::run(&args, cli.quiet),
        Some(Verb::Census(args)) => census::run(&args),
        Some(Verb::Lint(args)) => lint::run(&args, cli.quiet),
        Some(Verb::Verify(args)) => verify::run(args, cli.quiet),
        Some(Verb::Report(args)) => report::run(args, cli.quiet),
        Some(Verb::List(args)) => list::run(args, subjects),
        Some(Verb::Completions(args)) => completions::run(args, Cli::command()),
        Some(Verb::Man(args)) => man::run(args, Cli::command()),
    };
    finished(done)
}

/// Makes a file that grows beyond what the user's shell allows (`ulimit -f`) an error of its write, which names it, instead
/// of the end of this process and of those that it starts.
fn heed_file_sizes() {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// The exit code; an error is told before.
fn finished(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        if is_interruption(&error) {
            return ExitCode::from(INTERRUPTED);
        }
        output::complain(&error);
        ExitCode::from(BAD_INPUT)
    })
}

/// Whether a verb ended because Ctrl-C was pressed while it read.
fn is_interruption(error: &anyhow::Error) -> bool {
    let run = error.downcast_ref().is_some_and(|error| matches!(error, RunError::Workload(WorkloadError::Interrupted)));
    run || error.downcast_ref().is_some_and(|error| matches!(error, WorkloadError::Interrupted))
}
