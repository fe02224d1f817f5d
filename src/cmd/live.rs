//! The endpoint of a recording: where, for whom, and what is said of it.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use mapscope_live::{Bound, Server, Settings, Token};

use super::output;
use crate::recording::{Live, Otlp};
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
    /// Push the same figures as OpenTelemetry metrics, and growths as spans, to a collector: http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// Seconds from one push to the next
    #[arg(long, value_name = "SECONDS", requires = "otlp", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    otlp_every: u64,
    /// Bytes that a map holds after growing from which on there is a span
    #[arg(long, value_name = "BYTES", requires = "otlp", default_value_t = 1 << 20)]
    otlp_growth: u64,
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

    /// Whether there is anything to do while the recording goes on.
    pub(super) fn is_wanted(&self) -> bool {
        self.serve.is_some() || self.otlp.is_some()
    }

    /// Where to push, if anywhere: of a service that OTEL_SERVICE_NAME names, or else by this name.
    pub(super) fn otlp(&self, service: &str) -> anyhow::Result<Option<Otlp>> {
        let Some(url) = &self.otlp else { return Ok(None) };
        let named = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
        let service = named.unwrap_or_else(|| service.to_owned());
        let otlp = Otlp::new(url, Duration::from_secs(self.otlp_every), self.otlp_growth, service);
        otlp.map(Some).map_err(|what| anyhow!("--otlp: {what}"))
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
