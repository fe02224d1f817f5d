//! A recording as it is now, whenever somebody asks.

use std::path::PathBuf;

use mapscope_live::{Look, Source};
use serde::Deserialize;
use serde_json::json;

use super::inside::Looker;
use super::{Format, Recording, RecordingError, Sample, Sort, openmetrics, running, set_sample};
use crate::text;

/// A recording that may go on. It is read anew each time: what the recorded program pays is nothing.
pub struct Live {
    /// Its folder, or the file of one process.
    pub path: PathBuf,
    /// What comes first.
    pub sort: Sort,
}

/// What is to be recorded from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    sample: String,
}

impl Live {
    fn rendered(&self, format: &Format) -> Result<Vec<u8>, String> {
        // Its description comes with the command.
        if self.path.is_dir() && !Recording::is_at(&self.path) {
            return Err("no process has recorded its maps there yet".to_owned());
        }
        let recording = Recording::read(&self.path, self.sort).map_err(|error| text::one_line(&error.to_string()))?;
        (format.render)(&recording.shown()).map_err(|error| error.to_string())
    }
}

impl Source for Live {
    fn maps(&mut self) -> Result<Vec<u8>, String> {
        self.rendered(&super::json::FORMAT)
    }

    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        self.rendered(&openmetrics::FORMAT)
    }

    fn look(&self) -> Option<Box<dyn Look>> {
        Some(Box::new(Looker { path: self.path.clone(), sort: self.sort }))
    }

    fn record(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
        let wanted: Wanted = serde_json::from_slice(body)
            .map_err(|error| format!("expected {{\"sample\": \"all\"}}, \"1/N\" or \"off\": {error}"))?;
        let sample: Sample = wanted.sample.parse()?;
        let of_file = |error: RecordingError| text::one_line(&error.to_string());
        let running = match self.path.is_dir() {
            true => running(&self.path).map_err(of_file)?.into_iter().map(|(_, path)| path).collect(),
            false => vec![self.path.clone()],
        };
        if running.is_empty() {
            return Err("no process of this recording is running".to_owned());
        }
        // One that can't be changed keeps none of the others from it.
        let outcomes: Vec<_> = running.iter().map(|path| (path, set_sample(path, sample).map_err(of_file))).collect();
        if let [(_, Err(why)), ..] = &outcomes[..]
            && outcomes.iter().all(|(_, outcome)| outcome.is_err())
        {
            return Err(why.clone());
        }
        let changed = outcomes.into_iter().map(|(path, outcome)| match outcome {
            Ok(was) => json!({ "file": text::path(path), "sample": sample.to_string(), "was": was.to_string() }),
            Err(why) => json!({ "file": text::path(path), "error": why }),
        });
        let changed: Vec<_> = changed.collect();
        Ok(format!("{}\n", json!({ "processes": changed })).into_bytes())
    }
}
