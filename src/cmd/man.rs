use std::process::ExitCode;

use anyhow::bail;
use clap::Command;
use clap_mangen::Man;

use super::output;
use crate::text;

/// Print a manual page, of mapscope or of one of its verbs, for `man -l -`
#[derive(clap::Args)]
pub(super) struct Args {
    /// The verb [default: all of mapscope, in short]
    verb: Option<String>,
}

pub(super) fn run(args: Args, mut command: Command) -> anyhow::Result<ExitCode> {
    // Verbs then have their whole names: `mapscope run`.
    command.build();
    let page = match args.verb {
        None => command,
        Some(verb) => match command.find_subcommand(&verb) {
            Some(found) => found.clone(),
            None => bail!("there is no verb {}: `mapscope` alone names them", text::shown(&verb)),
        },
    };
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff)?;
    output::print(&String::from_utf8(roff)?)?;
    Ok(ExitCode::SUCCESS)
}
