//! The endpoint of a recording: where, for whom, and what is said of it.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use mapscope_live::{Bound, Server, Settings, Token};

use super::output;
use crate::recording::Live;
use crate::text;

/// The flags of it.
#[derive(clap::Args)]
#[command(next_help_heading = "Live")]
#[group(skip)]
pub(super) struct Args {
    /// Show the maps there while they are recorded: a page, /maps (JSON) and /metrics (OpenMetrics); port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    serve: Option<String>,
    /// The token that clients have to give, in a file that only you can read [default: a new one, printed once]
    #[arg(long, value_name = "FILE", requires = "serve")]
    token_file: Option<PathBuf>,
    /// Let other machines connect; what is sent is not encrypted
    #[arg(long, requires = "serve")]
    allow_remote: bool,
    /// Names by which clients may call it, besides localhost and addresses
    #[arg(long, value_name = "NAME", requires = "serve", value_delimiter = ',')]
    allow_host: Vec<String>,
}

impl Args {
    /// Takes the address, if there is to be one. Nothing is written and nothing runs before.
    pub(super) fn bind(&self) -> anyhow::Result<Option<Bound>> {
        let Some(address) = &self.serve else { return Ok(None) };
        let read =
            |path: &PathBuf| Token::read(path).map_err(|what| anyhow!("--token-file {}: {what}", text::path(path)));
        let token = self.token_file.as_ref().map(read).transpose()?;
        if token.is_none() && !io::stderr().is_terminal() {
            bail!(
                "--serve: a new token would be printed, and standard error is no terminal but perhaps a log: give one in a \
                 file with --token-file"
            );
        }
        let settings = Settings {
            allow_remote: self.allow_remote,
            hosts: self.allow_host.clone(),
            token,
            ..Settings::at(address)
        };
        settings.bind().map(Some).context("--serve")
    }

    /// Shows that recording from now on, and says where.
    pub(super) fn serve(&self, bound: Bound, live: Live) -> anyhow::Result<Server> {
        let server = bound.serve(live)?;
        output::note(&format!("live at http://{}/, /maps and /metrics", server.address()));
        if self.token_file.is_none() {
            output::note(&format!("token: {}", server.token().reveal()));
        }
        Ok(server)
    }
}
