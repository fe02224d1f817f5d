use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate};

use super::output;

/// Print a shell's completions of this command line, to be sourced by it
#[derive(clap::Args)]
#[command(after_help = "\
bash: mapscope completions bash > ~/.local/share/bash-completion/completions/mapscope
fish: mapscope completions fish > ~/.config/fish/completions/mapscope.fish
zsh:  mapscope completions zsh > _mapscope, in a folder of $fpath")]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: Args, mut command: Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(args.shell, &mut command, name, &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}
