//! A recording pushed to an OpenTelemetry collector while it goes on: OTLP over HTTP, in protobuf.
//!
//! The messages are declared here, as those of pprof are, and sent by a client without TLS: OpenTelemetry's own exporter
//! would be a hundred packages more, for requests whose content is known already.

mod messages;
mod requests;

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::messages::Span;
use self::requests::{Growths, Moment};
use super::{Recording, Sort};
use crate::text;

/// Where to, and what.
#[derive(Debug, Clone)]
pub struct Otlp {
    url: String,
    /// How often.
    pub every: Duration,
    /// A map that grew to so many bytes has a span.
    pub growth_bytes_min: u64,
    /// The name of the service.
    pub service: String,
}

/// Spans that wait for a collector that does not answer; the others are counted.
const WAITING_MAX: usize = 4096;

impl Otlp {
    /// To the collector at this URL, of which `/v1/metrics` and `/v1/traces` follow.
    ///
    /// # Errors
    /// It is none.
    pub fn new(url: &str, every: Duration, growth_bytes_min: u64, service: String) -> Result<Otlp, String> {
        let host = url.strip_prefix("http://").unwrap_or_default();
        match host.split('/').next() {
            Some(host) if !host.is_empty() && !host.contains('@') => {
                Ok(Otlp { url: url.trim_end_matches('/').to_owned(), every, growth_bytes_min, service })
            }
            _ if url.starts_with("https://") => Err(format!(
                "{}: mapscope has no TLS: give the http:// of a collector on this machine, which can send it on",
                text::quoted(url)
            )),
            _ => Err(format!("{}: give the URL of a collector, as http://127.0.0.1:4318", text::quoted(url))),
        }
    }

    /// Pushes this recording from now on, and once more at the end. What fails is said, once for each time that it begins
    /// to.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn start(self, path: PathBuf, say: fn(&str)) -> std::io::Result<Pushing> {
        let (stop, stopped) = mpsc::sync_channel(1);
        let mut pusher = Pusher::new(self, path, say);
        let thread = thread::Builder::new().name("mapscope-otlp".to_owned()).spawn(move || {
            while stopped.recv_timeout(pusher.to.every) == Err(RecvTimeoutError::Timeout) {
                pusher.push();
            }
            pusher.push();
            pusher.end();
        })?;
        Ok(Pushing { stop, thread: Some(thread) })
    }
}

/// A recording that is pushed, until this is dropped.
pub struct Pushing {
    stop: SyncSender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Pushing {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Pusher {
    to: Otlp,
    path: PathBuf,
    say: fn(&str),
    agent: ureq::Agent,
    growths: Growths,
    last: Moment,
    waiting: Vec<Span>,
    dropped: usize,
    fails: bool,
}

impl Pusher {
    fn new(to: Otlp, path: PathBuf, say: fn(&str)) -> Pusher {
        // The command's end waits for the last push.
        const TIMEOUT: Duration = Duration::from_secs(3);
        // A proxy of the environment is for other places than a collector.
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).max_redirects(0).proxy(None).build();
        let (mut growths, last) = (Growths::default(), now());
        // What grew before is none of this.
        if let Ok(recording) = Recording::read(&path, Sort::Bytes) {
            growths.since(&recording, u64::MAX, [last; 2]);
        }
        let (waiting, agent) = (Vec::new(), config.into());
        Pusher { to, path, say, agent, growths, last, waiting, dropped: 0, fails: false }
    }

    fn push(&mut self) {
        // Before the first process there is nothing to push; what is wrong with a recording, `maps` says.
        let Ok(recording) = Recording::read(&self.path, Sort::Bytes) else { return };
        let times = [self.last, now()];
        self.last = times[1];
        let mut spans = self.growths.since(&recording, self.to.growth_bytes_min, times);
        let room = WAITING_MAX.saturating_sub(self.waiting.len()).min(spans.len());
        self.dropped += spans.len() - room;
        self.waiting.extend(spans.drain(..room));
        let metrics = requests::metrics(&recording.shown(), &self.to.service, times[1]);
        let mut pushed = self.post("metrics", metrics);
        let mut what = "nothing is";
        // There are collectors of one of both alone.
        if !self.waiting.is_empty() {
            let traces = self.post("traces", requests::traces(self.waiting.clone(), &self.to.service));
            if traces.is_ok() {
                self.waiting.clear();
                what = "metrics are not";
            } else if pushed.is_ok() {
                what = "spans are not";
            }
            pushed = pushed.and(traces);
        }
        if let (Err(why), false) = (&pushed, self.fails) {
            (self.say)(&format!("--otlp: {what} pushed for now: {}: {}", self.to.url, text::one_line(why)));
        }
        self.fails = pushed.is_err();
    }

    fn post(&self, signal: &str, body: Vec<u8>) -> Result<(), String> {
        let url = format!("{}/v1/{signal}", self.to.url);
        let request = self.agent.post(&url).header("Content-Type", "application/x-protobuf");
        let answer = request.send(&body).map_err(|error| error.to_string())?;
        match answer.status().as_u16() {
            200..300 => Ok(()),
            other => Err(format!("/v1/{signal} is answered with {other}")),
        }
    }

    fn end(&self) {
        let lost = self.dropped + self.waiting.len();
        if lost > 0 {
            (self.say)(&format!("--otlp: {lost} spans of growths were not pushed"));
        }
    }
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
