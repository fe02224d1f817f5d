//! A recording as it is now, whenever somebody asks.

use std::path::PathBuf;

use mapscope_live::Source;

use super::{Format, Recording, Sort, json, openmetrics};
use crate::text;

/// A recording that may go on. It is read anew each time: what the recorded program pays is nothing.
pub struct Live {
    /// Its folder, or the file of one process.
    pub path: PathBuf,
    /// What comes first.
    pub sort: Sort,
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
        self.rendered(&json::FORMAT)
    }

    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        self.rendered(&openmetrics::FORMAT)
    }
}
